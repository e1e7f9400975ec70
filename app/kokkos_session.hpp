/// \file
/// Kokkos for the commands that compute, and the backends of this build by name.
#pragma once

#include <CLI/App.hpp>
#include <Kokkos_Core.hpp>
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sinter/core/execution.hpp"

namespace sinter::app {

/// Whether Kokkos can start: a build for a GPU needs one.
[[nodiscard]] bool deviceAvailable();

/// Kokkos is initialised while one exists; threads come from the environment (OMP_NUM_THREADS).
class KokkosSession {
 public:
  /// \throws SystemError in a build for a GPU on a machine without one.
  KokkosSession();

 private:
  Kokkos::ScopeGuard _guard;
};

/// "serial", "openmp", "cuda" or "hip".
template <class ExecutionSpace>
[[nodiscard]] std::string backendName() {
  std::string name = ExecutionSpace::name();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return name;
}

/// Names of the backends of this build.
[[nodiscard]] inline std::vector<std::string> backendNames() {
  std::vector<std::string> names;
#define SINTER_ADD_NAME(SPACE) names.push_back(backendName<SPACE>());
  SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_ADD_NAME)
#undef SINTER_ADD_NAME
  return names;
}

/// Declares --backend, one of `backendNames`.
void addBackendOption(CLI::App& command, std::string& backend);

/// Declares --precision, double or mixed.
void addPrecisionOption(CLI::App& command, std::string& precision);

/// Calls `call.template operator()<ExecutionSpace>()` for the backend of this name, one of `backendNames`.
template <class Call>
void withBackend(std::string_view name, Call&& call) {
#define SINTER_CALL(SPACE) \
  if (name == backendName<SPACE>()) return call.template operator()<SPACE>();
  SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_CALL)
#undef SINTER_CALL
}

/// Names of the GPUs that this build can use; needs a KokkosSession.
[[nodiscard]] std::vector<std::string> deviceNames();

}  // namespace sinter::app
