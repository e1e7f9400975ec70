#include "sinter/core/structure.hpp"

#include <cmath>

#include "sinter/core/error.hpp"

namespace sinter {

double determinant(Matrix3 const& m) {
  return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
         m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

std::optional<double> volume(Structure const& structure) {
  auto const& p = structure.periodic;
  if (!(p[0] && p[1] && p[2])) return std::nullopt;
  return std::abs(determinant(structure.cell));
}

namespace {

double length(Vector3 const& v) { return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]); }

bool allFinite(std::vector<Vector3> const& vectors) {
  for (auto const& v : vectors)
    for (double const x : v)
      if (!std::isfinite(x)) return false;
  return true;
}

// Volume spanned by the periodic lattice vectors relative to the product of their lengths: 1 for orthogonal ones.
double relativeVolume(Structure const& s) {
  Matrix3 unit{};
  int periodic = 0;
  for (int d = 0; d < 3; ++d) {
    if (!s.periodic[d]) continue;
    double const l = length(s.cell[d]);
    for (int x = 0; x < 3; ++x) unit[periodic][x] = s.cell[d][x] / l;
    ++periodic;
  }
  if (periodic == 3) return std::abs(determinant(unit));
  if (periodic == 2) {
    Vector3 const &a = unit[0], &b = unit[1];
    return length({a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]});
  }
  return 1;
}

}  // namespace

void checkStructure(Structure const& s, std::string const& where) {
  auto const fail = [&](std::string const& message) { throw InputError(where + ": " + message); };
  if (s.species.size() != s.size())
    fail("found " + std::to_string(s.species.size()) + " species for " + std::to_string(s.size()) +
         " atoms, expected one per atom");
  if (!s.forces.empty() && s.forces.size() != s.size())
    fail("found " + std::to_string(s.forces.size()) + " forces for " + std::to_string(s.size()) +
         " atoms, expected one per atom or none");
  if (!allFinite(s.positions)) fail("found a position that is not finite, expected numbers (Angstrom)");
  if (!allFinite(s.forces)) fail("found a force that is not finite, expected numbers (eV/Angstrom)");
  if (s.energy && !std::isfinite(*s.energy)) fail("found an energy that is not finite, expected a number (eV)");
  if (s.virial)
    for (double const w : *s.virial)
      if (!std::isfinite(w)) fail("found a virial that is not finite, expected numbers (eV)");
  for (int d = 0; d < 3; ++d) {
    for (double const x : s.cell[d])
      if (!std::isfinite(x)) fail("found a lattice vector that is not finite, expected numbers (Angstrom)");
    if (s.periodic[d] && !(length(s.cell[d]) > 0))
      fail("found a zero lattice vector " + std::to_string(d + 1) +
           " along a periodic direction, expected a vector (Angstrom)");
  }
  if (!(relativeVolume(s) > 1e-9)) fail("found a cell without volume, expected linearly independent lattice vectors");
}

void nameTypes(Structure& s, std::vector<std::int32_t> const& atomic_numbers, std::string const& where) {
  for (auto& species : s.species) {
    if (species > 0) continue;
    auto const type = static_cast<std::size_t>(-1 - species);
    if (type >= atomic_numbers.size())
      throw InputError(where + ": found atom type " + std::to_string(type) + ", expected a name for it (" +
                       std::to_string(atomic_numbers.size()) + " species were given; types count from 0)");
    species = atomic_numbers[type];
  }
}

}  // namespace sinter
