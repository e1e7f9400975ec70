/// \file
/// Reading extended XYZ.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sinter/structures/reader.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

/// Frames of an extended XYZ file, or of a plain XYZ file (symbol x y z, anything behind), one in memory at a time.
///
/// - `Properties=name:type:columns:...`: columns in any order. Atoms are named by `species` (symbols; `X0`, `X1`, ...
///   are the unnamed types -1, -2, ... of `Structure::species`) or else by atomic numbers in `Z` or `numbers`; `pos` in
///   A; forces in eV/A. Other columns are passed over.
/// - `Lattice="ax ay az bx by bz cx cy cz"` (A). `pbc="T T F"`; without it periodic in all directions with a Lattice,
///   in none without.
/// - Labels as `openStructureFile` says. Six numbers are xx yy zz yz xz xy, nine a 3x3 matrix of which the symmetric
///   part is taken. A label named in `LabelKeys` is empty in frames that do not have it. A virial key that has "stress"
///   in its name is a stress with ASE's sign, W = -V stress; where the cell has no volume, a stress is not a label.
///
/// Source: the specification of libAtoms/extxyz; ASE's reader for what it leaves open.
class ExtxyzReader final : public StructureReader {
 public:
  /// \throws InputError when the file cannot be read.
  explicit ExtxyzReader(std::string const& file, LabelKeys keys = {});

  /// \throws InputError "file:line: found ..., expected ..." on a malformed frame.
  std::optional<Structure> next() override;

 private:
  TextSource _source;
  LabelKeys _keys;
  std::vector<std::string_view> _words;
};

}  // namespace sinter
