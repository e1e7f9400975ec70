/// \file
/// Boxes of LAMMPS around structures.
#pragma once

#include "sinter/core/structure.hpp"

namespace sinter::detail {

/// A right-handed box and its corner.
struct LammpsBox {
  Vector3 origin{};
  Matrix3 cell{};

  /// Whether it is what LAMMPS calls orthogonal or restricted triclinic: a along x, b in the plane of x and y, all
  /// three in the positive direction.
  [[nodiscard]] bool restricted() const;
};

/// The box of a structure. A left-handed cell gets its third vector reversed, which leaves the lattice the same. Along
/// directions that are not periodic it holds the atoms: the lattice vector is kept when it does and is normal to the
/// others, else it is replaced by one that is.
[[nodiscard]] LammpsBox lammpsBoxOf(Structure const& structure);

}  // namespace sinter::detail
