/// \file
/// Homogeneous deformations F of vectors and structures.
#pragma once

#include <cstddef>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Row and column of each component of a symmetric matrix in the order of `Voigt`.
inline constexpr std::size_t voigt_row[6] = {0, 1, 2, 1, 0, 0}, voigt_column[6] = {0, 1, 2, 2, 2, 1};

/// F r.
[[nodiscard]] inline Vector3 deformed(Vector3 const& r, Matrix3 const& f) {
  Vector3 result{};
  for (std::size_t x = 0; x < 3; ++x) result[x] = f[x][0] * r[0] + f[x][1] * r[1] + f[x][2] * r[2];
  return result;
}

/// A structure whose lattice vectors and positions r have become F r; its labels are left as they are.
[[nodiscard]] inline Structure deformed(Structure structure, Matrix3 const& f) {
  for (auto& h : structure.cell) h = deformed(h, f);
  for (auto& r : structure.positions) r = deformed(r, f);
  return structure;
}

}  // namespace sinter
