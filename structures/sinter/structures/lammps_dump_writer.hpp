/// \file
/// Writing LAMMPS dumps.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sinter/structures/frame_text.hpp"
#include "sinter/structures/type_numbers.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter {

/// Writes frames as a text dump of LAMMPS, style custom, units metal: `id type element x y z`, with `fx fy fz` where
/// there are forces. Energies, virials, other features and columns have no place there and are left out.
///
/// - The time step is the feature `timestep` where that is one, else the number of the frame from 0.
/// - Boxes as in LammpsDataWriter; a restricted triclinic one is written as a general one (`abc origin`; LAMMPS of
/// April
///   2024 and later) where the bounds of the box around it would lose its last bits.
/// - Types 1, 2, ... are the elements in the order given, without an order that in which they occur. Unnamed types keep
///   their numbers, without the column `element`.
class LammpsDumpWriter final : public StructureWriter {
 public:
  /// \param species atomic numbers of types 1, 2, ...
  /// \throws SystemError when the file cannot be created.
  explicit LammpsDumpWriter(std::string const& file, std::vector<std::int32_t> species = {});

  void close() override;

 private:
  void writeFrame(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) override;

  detail::FrameText _text;
  detail::TypeNumbers _types;
  std::int64_t _frames = 0;
};

}  // namespace sinter
