/// \file
/// Writing LAMMPS data files.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sinter/structures/frame_text.hpp"
#include "sinter/structures/type_numbers.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter {

/// Writes one structure as a LAMMPS data file, atom style atomic, units metal, that `read_data` reads. Labels, features
/// and columns have no place there and are left out.
///
/// - A cell with a along x and b in the plane of x and y, both in the positive direction, is written as a restricted
///   box; another one as a general triclinic box (`avec bvec cvec`; LAMMPS of April 2024 and later). A left-handed cell
///   gets its third vector reversed, which leaves the lattice the same.
/// - The box along directions that are not periodic must hold the atoms: the lattice vector is kept when it does and is
///   normal to the others, else it is replaced by one that is. The title says `boundary = p p f`, which
///   LammpsDataReader understands; a LAMMPS input needs the command of that name.
/// - Types 1, 2, ... are the elements in the order given, without an order that in which they occur; `Masses` has
///   standard atomic weights and the symbols as comments. Unnamed types keep their numbers and have no masses.
class LammpsDataWriter final : public StructureWriter {
 public:
  /// \param species atomic numbers of types 1, 2, ...
  /// \throws SystemError when the file cannot be created.
  explicit LammpsDataWriter(std::string const& file, std::vector<std::int32_t> species = {});

  void close() override;

 private:
  void writeFrame(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) override;

  detail::FrameText _text;
  detail::TypeNumbers _types;
  bool _written = false;
};

}  // namespace sinter
