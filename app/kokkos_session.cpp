#include "kokkos_session.hpp"

#include "sinter/core/error.hpp"

#if defined(KOKKOS_ENABLE_CUDA)
#include <cuda_runtime.h>
#elif defined(KOKKOS_ENABLE_HIP)
#include <hip/hip_runtime.h>
#endif

namespace sinter::app {

// Kokkos::num_devices() ends the program where the driver is missing.
bool deviceAvailable() {
#if defined(KOKKOS_ENABLE_CUDA)
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
#elif defined(KOKKOS_ENABLE_HIP)
  int devices = 0;
  return hipGetDeviceCount(&devices) == hipSuccess && devices > 0;
#else
  return true;
#endif
}

namespace {
Kokkos::InitializationSettings settings() {
  if (!deviceAvailable())
    throw SystemError("found no GPU, expected one: this build of sinter is for " +
                      backendName<Kokkos::DefaultExecutionSpace>());
  return Kokkos::InitializationSettings().set_disable_warnings(true);
}
}  // namespace

KokkosSession::KokkosSession() : _guard(settings()) {}

std::vector<std::string> deviceNames() {
  std::vector<std::string> names;
#if defined(KOKKOS_ENABLE_CUDA)
  names.emplace_back(Kokkos::Cuda().cuda_device_prop().name);
#elif defined(KOKKOS_ENABLE_HIP)
  names.emplace_back(Kokkos::HIP().hip_device_prop().name);
#endif
  return names;
}

void addBackendOption(CLI::App& command, std::string& backend) {
  command.add_option("--backend", backend, "Where to compute; threads: OMP_NUM_THREADS")
      ->check(CLI::IsMember(backendNames()))
      ->capture_default_str();
}

void addPrecisionOption(CLI::App& command, std::string& precision) {
  command.add_option("--precision", precision, "Of the neighbour loop: double, or mixed (float there)")
      ->check(CLI::IsMember({"double", "mixed"}))
      ->capture_default_str();
}

}  // namespace sinter::app
