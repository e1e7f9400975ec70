/// \file
/// The seam between kernels and whatever knows the neighbours of an atom.
#pragma once

#include <Kokkos_Core.hpp>
#include <concepts>

#include "sinter/core/simd.hpp"

namespace sinter {

/// r_j - r_i with the image applied, subtracted in double (A).
using Displacement = Triple;

/// Centres and their neighbours, as a kernel sees them: no cell, no ghost atom, no LAMMPS view.
///
/// Centres are counted 0 <= c < numCentres(); `centre(c)` is the atom it stands for, `environment(c)` its neighbours:
/// `size()`, and of neighbour k the atom `neighbor(k)` and `displacement(k)`. Neighbours may lie beyond the kernel's
/// cutoff (a list with a skin): the kernel trims them, unless `isTrimmed(cutoff)` says that so few do that the test is
/// not worth its time. Everything but the host queries is callable on the device. `group` ranges let one team own all
/// centres of a structure (deterministic sums without atomics).
template <class Source>
concept EnvironmentSource = requires(Source const& source, int c, int k) {
  typename Source::memory_space;
  { source.numCentres() } -> std::convertible_to<int>;    // host: number of centres
  { source.maxNeighbors() } -> std::convertible_to<int>;  // host: bound of the sizes of environments
  { source.forceExtent() } -> std::convertible_to<int>;   // host: number of atoms that can receive a force
  { source.numGroups() } -> std::convertible_to<int>;     // number of groups of centres (structures)
  { source.groupBegin(c) } -> std::convertible_to<int>;   // first centre of a group; groupBegin(numGroups()) ends it
  { source.centre(c) } -> std::convertible_to<int>;
  { source.environment(c).size() } -> std::convertible_to<int>;
  { source.environment(c).neighbor(k) } -> std::convertible_to<int>;
  { source.environment(c).displacement(k) } -> std::same_as<Displacement>;
  { source.isTrimmed(5.0) } -> std::convertible_to<bool>;
  { source.type(k) } -> std::convertible_to<int>;  // type of an atom (not of a centre)
};

}  // namespace sinter
