/// \file
/// LAMMPS's positions, types and neighbour list as an `EnvironmentSource`, without a copy.
#pragma once

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "atom.h"
#include "lmptype.h"
#include "neigh_list.h"
#include "sinter/neighbor/environment_source.hpp"

namespace sinter {

/// Centres are the atoms of the list (owned ones), neighbours may be ghosts; positions of ghosts carry their image
/// already. \tparam Neighbors has `row(i)` for an atom i: `count`, `neighbor(k)` (to be masked)
template <class MemorySpace, class Positions, class Types, class Neighbors>
struct LammpsEnvironment {
  using memory_space = MemorySpace;
  static_assert(std::is_same_v<typename Positions::array_layout, Kokkos::LayoutRight>, "x y z of an atom side by side");

  Positions x;                                     ///< (owned + ghosts, 3) A
  Types lammps_type;                               ///< (owned + ghosts) 1, 2, ...
  Kokkos::View<int const*, MemorySpace> type_map;  ///< species of the potential for LAMMPS types; -1 for NULL
  Kokkos::View<int const*, MemorySpace> centres;   ///< atoms of the list that the potential describes
  Neighbors list;
  int atoms = 0, owned = 0, most_neighbors = 0;            ///< atoms: owned ones and ghosts
  bool all_described = true;                               ///< no LAMMPS type is NULL
  Kokkos::View<std::uint64_t const*, MemorySpace> blocks;  ///< `AtomBlocks` of atoms and their neighbours, if known
  bool trimmed = false;                                    ///< the list has hardly a neighbour beyond the cutoff

  [[nodiscard]] int numCentres() const { return static_cast<int>(centres.extent(0)); }
  [[nodiscard]] int maxNeighbors() const { return most_neighbors; }
  [[nodiscard]] int forceExtent() const { return atoms; }
  [[nodiscard]] KOKKOS_FUNCTION int numGroups() const { return 1; }

  KOKKOS_FUNCTION int groupBegin(int group) const { return group == 0 ? 0 : static_cast<int>(centres.extent(0)); }
  KOKKOS_FUNCTION int centre(int c) const { return centres(c); }
  KOKKOS_FUNCTION int type(int atom) const { return type_map(lammps_type(atom)); }
  KOKKOS_FUNCTION bool isTrimmed(double) const { return trimmed; }

  struct Environment {
    LammpsEnvironment const& source;
    typename Neighbors::Row row;
    double const* positions;
    Displacement own;

    KOKKOS_FUNCTION int size() const { return row.count; }
    KOKKOS_FUNCTION int neighbor(int k) const { return row.neighbor(k) & NEIGHMASK; }
    KOKKOS_FUNCTION Displacement displacement(int k) const {
      int const j = neighbor(k);
      // An atom of a NULL type is nobody's neighbour: beyond any cutoff.
      if (!source.all_described && source.type(j) < 0) return {1e30, 0, 0};
      return Displacement::load(positions + 3 * static_cast<std::ptrdiff_t>(j)) - own;
    }
  };
  KOKKOS_FUNCTION Environment environment(int c) const {
    int const i = centres(c);
    return {*this, list.row(i), x.data(), Displacement::load(&x(i, 0))};
  }
};

/// The rows of a plain LAMMPS neighbour list.
struct PlainNeighbors {
  int const* counts;
  int const* const* rows;

  struct Row {
    int count;
    int const* neighbors;
    KOKKOS_FUNCTION int neighbor(int k) const { return neighbors[k]; }
  };
  KOKKOS_FUNCTION Row row(int i) const { return {counts[i], rows[i]}; }
};

/// What a plain style sees.
using PlainEnvironment = LammpsEnvironment<
    Kokkos::HostSpace,
    Kokkos::View<double const* [3], Kokkos::LayoutRight, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>,
    Kokkos::View<int const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>, PlainNeighbors>;

/// Whether no type is NULL. \param type_map species for LAMMPS types 0 (unused), 1, ...; -1 for NULL
inline bool allDescribed(std::vector<int> const& type_map) {
  return std::find(type_map.begin() + 1, type_map.end(), -1) == type_map.end();
}

/// The environment of a plain list; it points to what is given.
/// \param type_map as for `allDescribed`
/// \param group_bit of LAMMPS's group of the centres
/// \param centres is replaced by the atoms of the list that are in the group and of a type with a species
inline PlainEnvironment plainEnvironment(LAMMPS_NS::Atom const& atom, LAMMPS_NS::NeighList const& list,
                                         std::vector<int> const& type_map, int group_bit, std::vector<int>& centres) {
  PlainEnvironment environment;
  centres.clear();
  centres.reserve(static_cast<std::size_t>(list.inum));
  for (int ii = 0; ii < list.inum; ii++) {
    int const i = list.ilist[ii];
    if (type_map[atom.type[i]] < 0 || (atom.mask[i] & group_bit) == 0) continue;
    centres.push_back(i);
    environment.most_neighbors = std::max(environment.most_neighbors, list.numneigh[i]);
  }
  int const all = atom.nlocal + atom.nghost;
  environment.x = decltype(environment.x)(all > 0 ? &atom.x[0][0] : nullptr, all);
  environment.lammps_type = decltype(environment.lammps_type)(atom.type, all);
  environment.type_map = decltype(environment.type_map)(type_map.data(), type_map.size());
  environment.centres = decltype(environment.centres)(centres.data(), centres.size());
  environment.list = {list.numneigh, list.firstneigh};
  environment.atoms = all;
  environment.owned = atom.nlocal;
  environment.all_described = allDescribed(type_map);
  return environment;
}

/// The table of a KOKKOS neighbour list: rows on the host, columns on a device.
template <class Counts, class Table>
struct KokkosNeighbors {
  Counts counts;
  Table table;

  struct Row {
    int count;
    int const* neighbors;
    std::ptrdiff_t stride;
    KOKKOS_FUNCTION int neighbor(int k) const {
      if constexpr (std::is_same_v<typename Table::array_layout, Kokkos::LayoutRight>)
        return neighbors[k];
      else
        return neighbors[k * stride];
    }
  };
  KOKKOS_FUNCTION Row row(int i) const {
    return {counts(i), &table(i, 0), static_cast<std::ptrdiff_t>(table.stride(1))};
  }
};

}  // namespace sinter
