/// \file
/// Crystals of silicon in given directions.
#pragma once

#include <cmath>
#include <numbers>

#include "sinter/core/structure.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter::test {

/// Simple hexagonal silicon near zero pressure, c along z.
inline Structure simpleHexagonal() { return readStructures(SINTER_SOAP_CRYSTALS)[0]; }

/// A vector turned by an angle around an axis (Rodrigues).
inline Vector3 rotated(Vector3 const& r, Vector3 const& axis, double degrees) {
  double const length = std::hypot(axis[0], axis[1], axis[2]), angle = degrees * std::numbers::pi / 180;
  Vector3 const u = {axis[0] / length, axis[1] / length, axis[2] / length};
  double const along = (u[0] * r[0] + u[1] * r[1] + u[2] * r[2]) * (1 - std::cos(angle));
  Vector3 const cross = {u[1] * r[2] - u[2] * r[1], u[2] * r[0] - u[0] * r[2], u[0] * r[1] - u[1] * r[0]};
  Vector3 result;
  for (std::size_t x = 0; x < 3; ++x) result[x] = std::cos(angle) * r[x] + std::sin(angle) * cross[x] + along * u[x];
  return result;
}

/// Atoms and cell.
inline Structure rotated(Structure structure, Vector3 const& axis, double degrees) {
  for (auto& r : structure.positions) r = rotated(r, axis, degrees);
  for (auto& a : structure.cell) a = rotated(a, axis, degrees);
  return structure;
}

/// Between two directions without a sign (degrees).
inline double angleBetween(Vector3 const& a, Vector3 const& b) {
  double const cosine =
      std::abs(a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (std::hypot(a[0], a[1], a[2]) * std::hypot(b[0], b[1], b[2]));
  return std::acos(std::min(cosine, 1.0)) * 180 / std::numbers::pi;
}

}  // namespace sinter::test
