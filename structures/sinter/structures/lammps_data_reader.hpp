/// \file
/// Reading LAMMPS data files.
#pragma once

#include <optional>
#include <string>

#include "sinter/structures/reader.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

/// The one structure of a LAMMPS data file (what `read_data` reads and `write_data` writes), units metal (A).
///
/// - The box: `xlo xhi`, `ylo yhi`, `zlo zhi`, with `xy xz yz` a restricted triclinic one; or `avec`, `bvec`, `cvec`
///   (with `abc origin`), a general one. Positions stay as they are; image flags are checked and not applied.
/// - A data file does not say what is periodic: all directions are, unless the title (first line) has
///   `boundary = p p f` (as LammpsDataWriter writes). A title with `units = ...` other than metal is refused.
/// - `Atoms` of the styles atomic, charge, bond, angle, molecular and full; the comment `Atoms # style` says which
/// (also
///   with /kk and the like). Without it 5 or 8 words in the first line mean atomic and 7 or 10 full; others are
///   refused. Atoms are sorted by their ids, which need not be contiguous.
/// - A type has a name where `Atom Type Labels`, or else a comment in `Masses` (`1 28.085 # Si`), has the symbol of an
///   element. Other types stay without names: type t is -t in `Structure::species`. Masses alone name nothing.
/// - Velocities, topology and coefficients are passed over; sections with a known number of lines must have as many.
///
/// Source: LAMMPS documentation, `read_data`.
class LammpsDataReader final : public StructureReader {
 public:
  /// \throws InputError when the file cannot be read.
  explicit LammpsDataReader(std::string const& file);

  /// \throws InputError "file:line: found ..., expected ..." on a malformed file, also one without atoms.
  std::optional<Structure> next() override;

 private:
  TextSource _source;
  bool _finished = false;
};

}  // namespace sinter
