/// \file
/// The cell of a metric that has a meaning in periodic structures only.
#pragma once

#include <Kokkos_Core.hpp>
#include <cmath>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/core/structure_batch.hpp"

namespace sinter::detail {

/// Volume (A^3) of the one structure of a batch.
/// \throws InputError when there is another number of structures, no atom, or a direction that is not periodic.
template <class ExecutionSpace>
double periodicVolume(char const* function, ExecutionSpace const& space,
                      StructureBatch<typename ExecutionSpace::memory_space> const& batch) {
  auto const fail = [&](std::string const& message) { throw InputError(function + (": " + message)); };
  if (batch.structures() != 1)
    fail("found a batch of " + std::to_string(batch.structures()) + " structures, expected one");
  if (batch.atoms() == 0) fail("found no atoms, expected one at least");
  auto const cells = Kokkos::create_mirror_view(batch.cells);
  Kokkos::deep_copy(space, cells, batch.cells);
  space.fence("sinter::validation::cell");
  Matrix3 vectors;
  for (int d = 0; d < 3; ++d) {
    if (!cells(0).periodic[d])
      fail("found a structure that is not periodic along all three lattice vectors, expected one with a volume");
    for (int x = 0; x < 3; ++x)
      vectors[static_cast<std::size_t>(d)][static_cast<std::size_t>(x)] = cells(0).vectors[d][x];
  }
  return std::abs(determinant(vectors));
}

}  // namespace sinter::detail
