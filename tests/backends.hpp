/// \file
/// The execution spaces that typed tests run on.
#pragma once

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>

namespace sinter::test {

#if defined(KOKKOS_ENABLE_CUDA)
using ExecutionSpaces = testing::Types<Kokkos::Serial, Kokkos::OpenMP, Kokkos::Cuda>;
#elif defined(KOKKOS_ENABLE_THREADS)
using ExecutionSpaces = testing::Types<Kokkos::Serial, Kokkos::Threads>;
#else
using ExecutionSpaces = testing::Types<Kokkos::Serial, Kokkos::OpenMP>;
#endif

}  // namespace sinter::test
