/// \file
/// Writing the configurations of MLIP-2 and MLIP-3 (`.cfg`).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sinter/structures/frame_text.hpp"
#include "sinter/structures/type_numbers.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter {

/// Writes configurations one after another.
///
/// - `Supercell` holds the lattice vectors of the periodic directions (none for a molecule); a vector along a direction
///   that is not periodic is left out.
/// - `AtomData` has id, type, Cartesian positions (A) and, where there are any, forces (eV/A); a column called
///   `site_energy` becomes `site_en` (eV), and no other column is allowed.
/// - `PlusStress` is the virial (eV); `config_type` and `Structure::features` are `Feature`s, with a line for each of
///   theirs; blanks at the ends of a line of a feature are lost.
/// - Labels of a reference are the features `ref_energy`, `ref_virial` (xx yy zz yz xz xy) and `ref_forces` (a line for
///   each atom): MLIP reads no other columns.
///
/// Types are numbers: those of the file for unnamed types, for elements their place in the order given. Without an
/// order there can be one element only, in the whole file: the order must be that of the potential.
///
/// Source: MLIP-2 v1.1.0, `Configuration::Save`.
class CfgWriter final : public StructureWriter {
 public:
  /// \param species atomic numbers of types 0, 1, ...
  /// \throws SystemError when the file cannot be created.
  explicit CfgWriter(std::string const& file, std::vector<std::int32_t> species = {});

  void close() override;

 private:
  void writeFrame(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) override;
  void writeFeature(std::string_view name, std::string_view value);

  detail::FrameText _text;
  detail::TypeNumbers _types;
};

}  // namespace sinter
