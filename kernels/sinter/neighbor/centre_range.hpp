/// \file
/// Some of the centres of a source, so that what is kept per centre need not be kept for all at once.
#pragma once

#include <Kokkos_Core.hpp>

#include "sinter/neighbor/environment_source.hpp"

namespace sinter {

/// Centres first ... first + count - 1 of a source; models `EnvironmentSource`. It has one group.
template <EnvironmentSource Source>
struct CentreRange {
  using memory_space = typename Source::memory_space;

  Source source;
  int first = 0, count = 0;

  [[nodiscard]] int numCentres() const { return count; }
  [[nodiscard]] int maxNeighbors() const { return source.maxNeighbors(); }
  [[nodiscard]] int forceExtent() const { return source.forceExtent(); }
  [[nodiscard]] KOKKOS_FUNCTION int numGroups() const { return 1; }
  KOKKOS_FUNCTION int groupBegin(int group) const { return group == 0 ? 0 : count; }
  KOKKOS_FUNCTION int centre(int c) const { return source.centre(first + c); }
  KOKKOS_FUNCTION auto environment(int c) const { return source.environment(first + c); }
  KOKKOS_FUNCTION bool isTrimmed(double radius) const { return source.isTrimmed(radius); }
  KOKKOS_FUNCTION int type(int atom) const { return source.type(atom); }
};

}  // namespace sinter
