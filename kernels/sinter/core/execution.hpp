/// \file
/// Execution spaces this build has.
#pragma once

#include <Kokkos_Core.hpp>
#include <type_traits>

namespace sinter {

/// Whether an execution space is a device (its parallelism is across vector lanes of a team, not in SIMD registers).
template <class ExecutionSpace>
inline constexpr bool is_device_space =
    !Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename ExecutionSpace::memory_space>::accessible ||
#if defined(KOKKOS_ENABLE_CUDA)
    std::is_same_v<ExecutionSpace, Kokkos::Cuda>;
#elif defined(KOKKOS_ENABLE_HIP)
    std::is_same_v<ExecutionSpace, Kokkos::HIP>;
#else
    false;
#endif

}  // namespace sinter

/// Expands MACRO(ExecutionSpace) for every execution space of this build: explicit instantiations.
#if defined(KOKKOS_ENABLE_CUDA)
#define SINTER_FOR_EACH_DEVICE_SPACE(MACRO) MACRO(Kokkos::Cuda)
#elif defined(KOKKOS_ENABLE_HIP)
#define SINTER_FOR_EACH_DEVICE_SPACE(MACRO) MACRO(Kokkos::HIP)
#else
#define SINTER_FOR_EACH_DEVICE_SPACE(MACRO)
#endif
// Kokkos has one of the two.
#if defined(KOKKOS_ENABLE_OPENMP)
#define SINTER_FOR_EACH_HOST_SPACE(MACRO) MACRO(Kokkos::Serial) MACRO(Kokkos::OpenMP)
#elif defined(KOKKOS_ENABLE_THREADS)
#define SINTER_FOR_EACH_HOST_SPACE(MACRO) MACRO(Kokkos::Serial) MACRO(Kokkos::Threads)
#else
#define SINTER_FOR_EACH_HOST_SPACE(MACRO) MACRO(Kokkos::Serial)
#endif
#define SINTER_FOR_EACH_EXECUTION_SPACE(MACRO) SINTER_FOR_EACH_HOST_SPACE(MACRO) SINTER_FOR_EACH_DEVICE_SPACE(MACRO)
