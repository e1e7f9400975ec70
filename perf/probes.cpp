#include "probes.hpp"

#include <Kokkos_Core.hpp>
#include <Kokkos_SIMD.hpp>
#include <algorithm>
#include <chrono>

#include "sinter/core/execution.hpp"

namespace sinter::perf {

double measureFmaRate() {
  using Number = Pack<Kokkos::Serial, double>;
  constexpr int chains = 12;  // more than latency times throughput of any core so far
  constexpr int steps = 2'000'000;
  double best = 0, sink = 0;
  for (int repeat = 0; repeat < 5; ++repeat) {
    Number sums[chains];
    for (int c = 0; c < chains; ++c) sums[c] = Number(1.0 + c);
    Number const a(0.999999999), b(1e-9);
    auto const begin = std::chrono::steady_clock::now();
    for (int s = 0; s < steps; ++s)
      for (auto& sum : sums) sum = Kokkos::fma(sum, a, b);
    std::chrono::duration<double> const time = std::chrono::steady_clock::now() - begin;
    for (auto const& sum : sums) sink += sum[0];
    best = std::max(best, 2.0 * chains * steps * Number::size() / time.count());
  }
  return sink > 0 ? best : 0;  // the sums are used, so the loop cannot be removed
}

}  // namespace sinter::perf
