/// \file
/// Reading the configurations of MLIP-2 and MLIP-3 (`.cfg`).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinter/structures/reader.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

/// Configurations between `BEGIN_CFG` and `END_CFG`, one in memory at a time.
///
/// - `Size`; `Supercell` with 0 to 3 lattice vectors (A): periodic along those, none is a molecule.
/// - `AtomData:` columns in any order: `type` (from 0), `cartes_x cartes_y cartes_z` (A) or `direct_x direct_y
///   direct_z` (in lattice vectors, of which there must be three), `fx fy fz` (eV/A) and `id`; others are passed over.
///   Atoms are stored in the order of `id`.
/// - `Energy` (eV); `PlusStress:` (eV), the virial W, its components in the order that the line names.
/// - `Feature config_type X` is the configuration's kind; the others (`EFS_by`, ...) become `Structure::features`,
/// those
///   of one name joined by line breaks. `ref_energy`, `ref_virial` and `ref_forces` (see cfg_writer.hpp) are passed
///   over.
///
/// Types stay without names: `Structure::species` is -1 - type.
///
/// Source: MLIP-2 v1.1.0, `Configuration::Load`. Deviation: `Stress:` (the opposite sign) and anything unknown is an
/// error here.
class CfgReader final : public StructureReader {
 public:
  /// \throws InputError when the file cannot be read.
  explicit CfgReader(std::string const& file);

  /// \throws InputError "file:line: found ..., expected ..." on a malformed configuration.
  std::optional<Structure> next() override;

 private:
  TextSource _source;
  std::vector<std::string_view> _words;
};

}  // namespace sinter
