#include "sinter/structures/duplicate_finder.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "sinter/structures/random_bits.hpp"
#include "sinter/structures/vector_products.hpp"

namespace sinter {

namespace {

constexpr double tolerance = 1e-6;  // Angstrom
constexpr std::size_t projections = 4;

using detail::cross;
using detail::dot;

double length(Vector3 const& a) { return std::sqrt(dot(a, a)); }

// Lattice vectors, with unit vectors in directions that are not periodic: independent of the others, fixed by them.
Matrix3 completeCell(Structure const& structure) {
  Matrix3 cell{};
  for (std::size_t d = 0; d < 3; ++d)
    if (structure.periodic[d]) cell[d] = structure.cell[d];
  for (std::size_t d = 0; d < 3; ++d) {
    if (structure.periodic[d]) continue;
    double most = -1;
    Vector3 best{};
    for (std::size_t x = 0; x < 3; ++x) {
      Vector3 axis{};
      axis[x] = 1;
      // What is left of the axis without its parts along the vectors that are there (one or two).
      Vector3 const &a = cell[(d + 1) % 3], &b = cell[(d + 2) % 3];
      Vector3 const normal = cross(a, b);
      double left = 1;
      if (length(normal) > 0)
        left = std::abs(dot(axis, normal)) / length(normal);
      else if (double const along = length(a) + length(b); along > 0)
        left = length(cross(axis, length(a) > 0 ? a : b)) / along;
      if (left > most + 1e-6) most = left, best = axis;
    }
    cell[d] = best;
  }
  return cell;
}

// Rows of the inverse, transposed: components of r along the lattice vectors are dot(r, row).
Matrix3 reciprocal(Matrix3 const& cell) {
  double const volume = determinant(cell);
  Matrix3 result{};
  for (std::size_t d = 0; d < 3; ++d) {
    result[d] = cross(cell[(d + 1) % 3], cell[(d + 2) % 3]);
    for (double& x : result[d]) x /= volume;
  }
  return result;
}

std::uint64_t kindOf(Structure const& structure) {
  std::uint64_t kind = 0;
  for (bool const periodic : structure.periodic) kind = detail::randomBits(kind + (periodic ? 1 : 2));
  for (std::int32_t const species : structure.species)
    kind = detail::randomBits(kind + static_cast<std::uint32_t>(species) + 3);
  return kind;
}

std::array<double, projections> projectionsOf(Structure const& structure) {
  Matrix3 const cell = completeCell(structure), inverse = reciprocal(cell);
  constexpr double turn = 2 * std::numbers::pi;
  std::array<double, projections> sum{};
  std::uint64_t state = 0;
  for (Vector3 const& position : structure.positions)
    for (std::size_t d = 0; d < 3; ++d) {
      double const along = dot(position, inverse[d]), scale = length(cell[d]);
      for (double& s : sum) {
        double const random = detail::randomNumber(state++);
        s += structure.periodic[d] ? scale / turn * std::cos(turn * (along + random)) : scale * along * (random - 0.5);
      }
    }
  for (double& s : sum) s /= std::sqrt(static_cast<double>(structure.size()));
  for (std::size_t d = 0; d < 3; ++d)
    for (double const x : cell[d])
      for (double& s : sum) s += x * (detail::randomNumber(state++) - 0.5);
  return sum;
}

}  // namespace

bool DuplicateFinder::add(Structure const& structure) {
  auto const [first, a, b, c] = projectionsOf(structure);
  Known const known{{a, b, c}, kindOf(structure), structure.energy.value_or(std::numeric_limits<double>::quiet_NaN())};
  auto const close = [](double x, double y) { return std::abs(x - y) <= tolerance; };
  for (auto at = _known.lower_bound(first - tolerance); at != _known.end() && close(at->first, first); ++at) {
    Known const& other = at->second;
    if (other.kind != known.kind || !close(other.projections[0], a) || !close(other.projections[1], b) ||
        !close(other.projections[2], c))
      continue;
    ++_duplicates;
    bool const both_without = std::isnan(other.energy) && std::isnan(known.energy);
    if (!both_without && !(std::abs(other.energy - known.energy) <= tolerance)) ++_with_other_energy;
    return false;
  }
  _known.emplace(first, known);
  return true;
}

}  // namespace sinter
