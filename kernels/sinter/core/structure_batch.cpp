#include "sinter/core/structure_batch.hpp"

#include <cmath>
#include <limits>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"

namespace sinter {

namespace {

Vector3 cross(Vector3 const& a, Vector3 const& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
double norm(Vector3 const& v) { return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]); }
Vector3 unit(Vector3 const& v) {
  double const n = norm(v);
  return {v[0] / n, v[1] / n, v[2] / n};
}

// Lattice vectors of periodic directions stay; the others become unit vectors orthogonal to them.
Matrix3 completedCell(Structure const& s) {
  Matrix3 cell = s.cell;
  std::array<bool, 3> known = s.periodic;
  for (int d = 0; d < 3; ++d) {
    if (known[d]) continue;
    int const e = (d + 1) % 3, f = (d + 2) % 3;
    if (known[e] && known[f]) {
      cell[d] = unit(cross(cell[e], cell[f]));
    } else if (known[e] || known[f]) {
      Vector3 const& other = cell[known[e] ? e : f];
      int smallest = 0;  // the axis least parallel to the known vector
      for (int x = 1; x < 3; ++x)
        if (std::abs(other[x]) < std::abs(other[smallest])) smallest = x;
      Vector3 axis{};
      axis[smallest] = 1;
      cell[d] = unit(cross(other, axis));
    } else {
      cell[d] = {};
      cell[d][d] = 1;
    }
    known[d] = true;
  }
  return cell;
}

DeviceCell deviceCell(Structure const& s) {
  DeviceCell result{};
  Matrix3 const cell = completedCell(s);
  double const det = determinant(cell);
  for (int d = 0; d < 3; ++d) {
    Vector3 const normal = cross(cell[(d + 1) % 3], cell[(d + 2) % 3]);
    for (int x = 0; x < 3; ++x) {
      result.vectors[d][x] = cell[d][x];
      result.inverse[x][d] = normal[x] / det;
    }
    result.height[d] = std::abs(det) / norm(normal);
    result.periodic[d] = s.periodic[d];
  }
  return result;
}

}  // namespace

template <class MemorySpace>
StructureBatch<MemorySpace> makeStructureBatch(std::span<Structure const> structures, SpeciesMap const& species_map,
                                               std::span<std::string const> names) {
  std::size_t atoms = 0;
  for (auto const& s : structures) atoms += s.size();
  if (atoms > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw InputError("found " + std::to_string(atoms) + " atoms in one batch, expected at most 2147483647");

  StructureBatch<MemorySpace> batch;
  using Kokkos::view_alloc;
  using Kokkos::WithoutInitializing;
  batch.positions = decltype(batch.positions)(view_alloc("sinter::batch::positions", WithoutInitializing), atoms);
  batch.types = decltype(batch.types)(view_alloc("sinter::batch::types", WithoutInitializing), atoms);
  batch.structure = decltype(batch.structure)(view_alloc("sinter::batch::structure", WithoutInitializing), atoms);
  batch.offsets =
      decltype(batch.offsets)(view_alloc("sinter::batch::offsets", WithoutInitializing), structures.size() + 1);
  batch.cells = decltype(batch.cells)(view_alloc("sinter::batch::cells", WithoutInitializing), structures.size());

  auto const positions = Kokkos::create_mirror_view(batch.positions);
  auto const types = Kokkos::create_mirror_view(batch.types);
  auto const structure = Kokkos::create_mirror_view(batch.structure);
  auto const offsets = Kokkos::create_mirror_view(batch.offsets);
  auto const cells = Kokkos::create_mirror_view(batch.cells);

  std::size_t atom = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const& one = structures[s];
    auto const one_types = species_map.typesOf(one, s < names.size() ? names[s] : "structure " + std::to_string(s));
    offsets(s) = static_cast<std::int64_t>(atom);
    cells(s) = deviceCell(one);
    for (std::size_t i = 0; i < one.size(); ++i, ++atom) {
      for (int x = 0; x < 3; ++x) positions(atom, x) = one.positions[i][x];
      types(atom) = one_types[i];
      structure(atom) = static_cast<int>(s);
    }
  }
  offsets(structures.size()) = static_cast<std::int64_t>(atom);

  Kokkos::deep_copy(batch.positions, positions);
  Kokkos::deep_copy(batch.types, types);
  Kokkos::deep_copy(batch.structure, structure);
  Kokkos::deep_copy(batch.offsets, offsets);
  Kokkos::deep_copy(batch.cells, cells);
  return batch;
}

template StructureBatch<Kokkos::HostSpace> makeStructureBatch(std::span<Structure const>, SpeciesMap const&,
                                                              std::span<std::string const>);
#define SINTER_INSTANTIATE(SPACE)                                                                                \
  template StructureBatch<SPACE::memory_space> makeStructureBatch(std::span<Structure const>, SpeciesMap const&, \
                                                                  std::span<std::string const>);
SINTER_FOR_EACH_DEVICE_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
