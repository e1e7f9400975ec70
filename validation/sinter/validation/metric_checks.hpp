/// \file
/// What the metrics have in common: checks of their settings, results to the host.
#pragma once

#include <Kokkos_Core.hpp>
#include <string>
#include <type_traits>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/core/number_text.hpp"

namespace sinter::detail {

/// \throws InputError unless 0 < reach <= cutoff of the neighbour list (A).
inline void checkReach(char const* function, char const* what, double reach, double cutoff) {
  if (!(reach > 0 && reach <= cutoff))
    throw InputError(std::string(function) + ": found " + what + " " + numberText(reach) +
                     ", expected > 0 and at most the cutoff of the neighbour list, " + numberText(cutoff) +
                     " (Angstrom)");
}

/// \throws InputError unless `value` is a positive number.
inline void checkPositive(char const* function, char const* what, double value) {
  if (!(value > 0 && value <= 1e300))
    throw InputError(std::string(function) + ": found " + what + " " + numberText(value) + ", expected a number > 0");
}

/// A copy of a view of one dimension, complete on return.
template <class ExecutionSpace, class View>
std::vector<typename View::non_const_value_type> toHost(ExecutionSpace const& space, View const& view) {
  std::vector<typename View::non_const_value_type> values(view.extent(0));
  Kokkos::View<typename View::non_const_value_type*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const
      host(values.data(), values.size());
  Kokkos::deep_copy(space, host, view);
  space.fence("sinter::validation::to_host");
  return values;
}

}  // namespace sinter::detail
