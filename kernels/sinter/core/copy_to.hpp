/// \file
/// Numbers of the host in the memory of an execution space.
#pragma once

#include <Kokkos_Core.hpp>
#include <string>

namespace sinter {

/// A copy of a vector or span, complete on return.
template <class MemorySpace, class Values>
[[nodiscard]] Kokkos::View<typename Values::value_type const*, MemorySpace> copyTo(Values const& values,
                                                                                   std::string const& label) {
  using T = typename Values::value_type;
  Kokkos::View<T*, MemorySpace> const result(Kokkos::view_alloc(label, Kokkos::WithoutInitializing), values.size());
  Kokkos::View<T const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(values.data(),
                                                                                                values.size());
  Kokkos::deep_copy(result, host);
  return result;
}

}  // namespace sinter
