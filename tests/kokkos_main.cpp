// main() of every test program that needs Kokkos. In a CUDA build on a machine without a GPU, all tests are skipped
// visibly.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>

#if defined(KOKKOS_ENABLE_CUDA)
#include <cuda_runtime.h>
#endif

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
#if defined(KOKKOS_ENABLE_CUDA)
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("no CUDA device on this machine: tests of the CUDA build are skipped");
    return 77;  // ctest: SKIP_RETURN_CODE
  }
#endif
  Kokkos::ScopeGuard const guard(Kokkos::InitializationSettings().set_disable_warnings(true));
  return RUN_ALL_TESTS();
}
