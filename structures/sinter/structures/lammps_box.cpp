#include "sinter/structures/lammps_box.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sinter/structures/vector_products.hpp"

namespace sinter::detail {

namespace {

Vector3 scaled(Vector3 const& v, double factor) { return {v[0] * factor, v[1] * factor, v[2] * factor}; }

Vector3 unit(Vector3 const& v) { return scaled(v, 1 / std::sqrt(dot(v, v))); }

/// Lowest and highest component of the atoms along `direction`.
std::pair<double, double> extent(Structure const& structure, Vector3 const& direction) {
  double low = dot(structure.positions[0], direction), high = low;
  for (Vector3 const& r : structure.positions) {
    double const component = dot(r, direction);
    low = std::min(low, component);
    high = std::max(high, component);
  }
  return {low, high};
}

// Whether the lattice vectors along directions that are not periodic are normal to all others and hold the atoms.
bool holdsAtoms(Structure const& structure) {
  Matrix3 const& cell = structure.cell;
  if (!(determinant(cell) > 0)) return false;
  for (std::size_t d = 0; d < 3; ++d) {
    if (structure.periodic[d]) continue;
    for (std::size_t e = 0; e < 3; ++e)
      if (e != d && dot(cell[d], cell[e]) != 0) return false;
    auto const [low, high] = extent(structure, cell[d]);
    if (!(low > 0 && high < dot(cell[d], cell[d]))) return false;
  }
  return true;
}

// Unit vectors normal to the periodic directions, for the others, such that all three are right-handed.
Matrix3 normals(Structure const& structure) {
  Matrix3 result{};
  auto const& periodic = structure.periodic;
  auto const count = std::count(periodic.begin(), periodic.end(), true);
  for (std::size_t d = 0; d < 3; ++d) {
    std::size_t const e = (d + 1) % 3, f = (d + 2) % 3;
    if (count == 0) {
      result[d][d] = 1;
    } else if (count == 1 && periodic[d]) {
      Vector3 const along = unit(structure.cell[d]);
      std::size_t axis = e;  // the one that is farthest from the wire, in this order where several are
      for (std::size_t const other : {f, d})
        if (std::abs(along[other]) < std::abs(along[axis])) axis = other;
      Vector3 any{};
      any[axis] = 1;
      result[f] = unit(cross(along, any));
      result[e] = unit(cross(result[f], along));
    } else if (count == 2 && !periodic[d]) {
      result[d] = unit(cross(structure.cell[e], structure.cell[f]));
    }
  }
  return result;
}

}  // namespace

bool LammpsBox::restricted() const {
  auto const& [a, b, c] = cell;
  return a[1] == 0 && a[2] == 0 && b[2] == 0 && a[0] > 0 && b[1] > 0 && c[2] > 0;
}

LammpsBox lammpsBoxOf(Structure const& structure) {
  constexpr double margin = 5;  // Angstrom between the atoms and a wall; any does
  LammpsBox box{.origin = {}, .cell = structure.cell};
  auto const& periodic = structure.periodic;
  if (periodic[0] && periodic[1] && periodic[2]) {
    if (determinant(box.cell) < 0) box.cell[2] = scaled(box.cell[2], -1);
    return box;
  }
  if (holdsAtoms(structure)) return box;
  Matrix3 const normal = normals(structure);
  for (std::size_t d = 0; d < 3; ++d) {
    if (periodic[d]) continue;
    auto const [low, high] = extent(structure, normal[d]);
    box.cell[d] = scaled(normal[d], high - low + 2 * margin);
    for (std::size_t x = 0; x < 3; ++x) box.origin[x] += (low - margin) * normal[d][x];
  }
  return box;
}

}  // namespace sinter::detail
