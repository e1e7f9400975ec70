/// \file
/// Rows of the linear least-squares problem, computed by the evaluation kernel.
#pragma once

#include <Kokkos_Core.hpp>
#include <span>
#include <string>

#include "sinter/core/species_map.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/fitting/structure_set.hpp"
#include "sinter/mtp/mtp_plan.hpp"

namespace sinter {

/// What each basis function adds to energy, forces and virial of a batch of structures (host memory).
struct DesignRows {
  Kokkos::View<double**, Kokkos::LayoutRight, Kokkos::HostSpace> energy;   ///< (structures, basis) dimensionless
  Kokkos::View<double***, Kokkos::LayoutRight, Kokkos::HostSpace> force;   ///< (atoms, 3, basis) 1/A
  Kokkos::View<double***, Kokkos::LayoutRight, Kokkos::HostSpace> virial;  ///< (structures, 6, basis) xx yy zz yz xz xy
};

/// Design rows of `structures` in one launch; blocks until done. Bitwise repeatable on one backend.
/// Cost: memory 8 (3 atoms + 7 structures) basis bytes, on the device and on the host.
template <class ExecutionSpace>
[[nodiscard]] DesignRows computeDesignRows(ExecutionSpace const& space,
                                           MtpPlan<typename ExecutionSpace::memory_space> const& plan,
                                           SpeciesMap const& species_map, std::span<Structure const> structures,
                                           std::span<std::string const> names = {});

/// Distances between neighbours in a set of structures (A).
struct NeighborDistances {
  double smallest = 0;      ///< of all pairs; 0 when no pair is within the cutoff
  double mean_nearest = 0;  ///< mean over atoms of the distance to the nearest neighbour, atoms without one left out
};

/// Measures distances up to `cutoff`, a few structures at a time.
template <class ExecutionSpace>
[[nodiscard]] NeighborDistances measureDistances(ExecutionSpace const& space, SpeciesMap const& species_map,
                                                 StructureSet const& structures, double cutoff);

}  // namespace sinter
