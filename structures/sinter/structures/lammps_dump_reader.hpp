/// \file
/// Reading LAMMPS dumps.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinter/structures/reader.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

/// Frames of a text dump of the styles atom and custom, one in memory at a time; units metal (A, eV/A), others are
/// refused where the dump names them (`ITEM: UNITS`).
///
/// - `ITEM: BOX BOUNDS`, orthogonal, restricted triclinic (`xy xz yz`: bounds are those of the bounding box) or general
///   (`abc origin`). Boundaries: `pp` is periodic, all others are not; where they are missing, all are periodic.
/// - `ITEM: ATOMS` columns in any order: positions from the first that is there of `x y z`, `xu yu zu`, `xs ys zs`,
///   `xsu ysu zsu` (the last two in parts of the box); `fx fy fz`; `type`, and `element` or `typelabel`, which name an
///   atom where they are the symbol of an element: others stay without names, type t is -t in `Structure::species`.
///   Atoms are sorted by `id` where there is one. Other columns are passed over.
/// - The time step is the feature `timestep`.
///
/// Source: LAMMPS documentation, `dump` and `Howto_triclinic`.
class LammpsDumpReader final : public StructureReader {
 public:
  /// \throws InputError when the file cannot be read.
  explicit LammpsDumpReader(std::string const& file);

  /// \throws InputError "file:line: found ..., expected ..." on a malformed frame, also one without atoms.
  std::optional<Structure> next() override;

 private:
  TextSource _source;
  std::vector<std::string_view> _words;
};

}  // namespace sinter
