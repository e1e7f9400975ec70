#include "probes.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstdint>
#include <limits>

#include "sinter/core/simd.hpp"

namespace sinter::perf {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
using Numbers = Kokkos::View<double*, Space::memory_space>;

struct FmaKernel {
  static constexpr int chains = 12;  // more than latency times throughput of any core so far

  Numbers results;  // written, so that the loop cannot be removed
  int steps;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const {
    using Number = Pack<Space, double>;
    Number sums[chains];
    for (int c = 0; c < chains; ++c) sums[c] = Number(1.0 + c);
    Number const a(0.999999999), b(1e-9);
    for (int s = 0; s < steps; ++s)
      for (auto& sum : sums) sum = Kokkos::fma(sum, a, b);
    Number total(0.0);
    for (auto const& sum : sums) total = total + sum;
    results(i) = lanesOf(total)[0];
  }
};

struct TriadKernel {
  Numbers a, b, c;

  KOKKOS_FUNCTION void operator()(std::int64_t i) const { a(i) = b(i) + 3.0 * c(i); }
};

// Seconds of the fastest of some launches.
template <class Kernel>
double bestTime(Kernel const& kernel, std::int64_t items, int repeats) {
  Kokkos::RangePolicy<Space, Kokkos::IndexType<std::int64_t>> const policy(0, items);
  double best = std::numeric_limits<double>::max();
  for (int repeat = 0; repeat < repeats; ++repeat) {
    Kokkos::fence();
    Kokkos::Timer const timer;
    Kokkos::parallel_for("sinter::perf::probe", policy, kernel);
    Kokkos::fence();
    best = std::min(best, timer.seconds());
  }
  return best;
}

}  // namespace

double measureFmaRate() {
  int const items = is_device_space<Space> ? 1 << 20 : Space().concurrency();
  int const steps = is_device_space<Space> ? 2'000 : 2'000'000;
  FmaKernel const kernel{Numbers("sinter::perf::fma", items), steps};
  double const flops = 2.0 * FmaKernel::chains * steps * Pack<Space, double>::size() * items;
  return flops / bestTime(kernel, items, 20);
}

double measureTriadRate() {
  std::int64_t const size = std::int64_t(1) << 25;
  TriadKernel const kernel{Numbers("sinter::perf::a", size), Numbers("sinter::perf::b", size),
                           Numbers("sinter::perf::c", size)};
  return 24.0 * static_cast<double>(size) / bestTime(kernel, size, 5);
}

}  // namespace sinter::perf
