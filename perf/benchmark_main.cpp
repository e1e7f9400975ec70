/// \file
/// main() of the benchmark programs: Google Benchmark with what a result must say of its origin in the context.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <string>

#include "probes.hpp"
#include "sinter/core/simd.hpp"
#include "sinter/core/version.hpp"

int main(int argc, char** argv) {
  using Space = Kokkos::DefaultExecutionSpace;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Kokkos::ScopeGuard const kokkos(Kokkos::InitializationSettings().set_disable_warnings(true));
  auto const describe = [](char const* key, auto const& value) {
    if constexpr (requires { std::to_string(value); })
      benchmark::AddCustomContext(key, std::to_string(value));
    else
      benchmark::AddCustomContext(key, value);
  };
  describe("sinter", sinter::version());
  describe("commit", sinter::gitCommit());
  describe("compiler", SINTER_PERF_COMPILER);
  describe("flags", SINTER_PERF_FLAGS);
  describe("kokkos", std::to_string(KOKKOS_VERSION / 10000) + "." + std::to_string(KOKKOS_VERSION / 100 % 100) + "." +
                         std::to_string(KOKKOS_VERSION % 100));
  describe("backend", Space::name());
  describe("threads", Space().concurrency());
  describe("vector_width_bits", 64 * sinter::Pack<Space, double>::size());
  describe("fma_probe_flops_per_s", sinter::perf::measureFmaRate());
  describe("triad_probe_bytes_per_s", sinter::perf::measureTriadRate());
  benchmark::RunSpecifiedBenchmarks();
}
