/// \file
/// LAMMPS's positions, types and neighbour list as an `EnvironmentSource`, without a copy.
#pragma once

#include <Kokkos_Core.hpp>

#include "lmptype.h"
#include "sinter/neighbor/environment_source.hpp"

namespace sinter {

/// Centres are the atoms of the list (owned ones), neighbours may be ghosts; positions of ghosts carry their image
/// already. \tparam Neighbors has `numNeighbors(i)` and `neighbor(i, k)` (masked) for an atom i
template <class MemorySpace, class Positions, class Types, class Neighbors>
struct LammpsEnvironment {
  using memory_space = MemorySpace;

  Positions x;                                     ///< (owned + ghosts, 3) A
  Types lammps_type;                               ///< (owned + ghosts) 1, 2, ...
  Kokkos::View<int const*, MemorySpace> type_map;  ///< species of the potential for LAMMPS types; -1 for NULL
  Kokkos::View<int const*, MemorySpace> centres;   ///< atoms of the list that the potential describes
  Neighbors list;
  int atoms = 0, most_neighbors = 0;
  bool all_described = true;  ///< no LAMMPS type is NULL

  [[nodiscard]] int numCentres() const { return static_cast<int>(centres.extent(0)); }
  [[nodiscard]] int maxNeighbors() const { return most_neighbors; }
  [[nodiscard]] int forceExtent() const { return atoms; }
  [[nodiscard]] KOKKOS_FUNCTION int numGroups() const { return 1; }

  KOKKOS_FUNCTION int groupBegin(int group) const { return group == 0 ? 0 : static_cast<int>(centres.extent(0)); }
  KOKKOS_FUNCTION int centre(int c) const { return centres(c); }
  KOKKOS_FUNCTION int numNeighbors(int c) const { return list.numNeighbors(centres(c)); }
  KOKKOS_FUNCTION int neighbor(int c, int k) const { return list.neighbor(centres(c), k); }
  KOKKOS_FUNCTION int type(int atom) const { return type_map(lammps_type(atom)); }
  KOKKOS_FUNCTION Displacement displacement(int c, int k) const {
    int const i = centres(c), j = list.neighbor(i, k);
    // An atom of a NULL type is nobody's neighbour: beyond any cutoff.
    if (!all_described && type_map(lammps_type(j)) < 0) return {1e30, 0, 0};
    return {x(j, 0) - x(i, 0), x(j, 1) - x(i, 1), x(j, 2) - x(i, 2)};
  }
};

/// The rows of a plain LAMMPS neighbour list.
struct PlainNeighbors {
  int const* counts;
  int const* const* rows;

  KOKKOS_FUNCTION int numNeighbors(int i) const { return counts[i]; }
  KOKKOS_FUNCTION int neighbor(int i, int k) const { return rows[i][k] & NEIGHMASK; }
};

/// The table of a KOKKOS neighbour list.
template <class Counts, class Table>
struct KokkosNeighbors {
  Counts counts;
  Table table;

  KOKKOS_FUNCTION int numNeighbors(int i) const { return counts(i); }
  KOKKOS_FUNCTION int neighbor(int i, int k) const { return table(i, k) & NEIGHMASK; }
};

}  // namespace sinter
