#include "sinter/validation/pair_distribution.hpp"

#include <Kokkos_Core.hpp>
#include <Kokkos_ScatterView.hpp>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/validation/metric_checks.hpp"
#include "sinter/validation/periodic_cell.hpp"

namespace sinter {

namespace detail {

// Distances of the neighbours of one centre.
template <class ExecutionSpace>
struct PairDistributionKernel {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Histogram = Kokkos::View<std::int64_t**, Kokkos::LayoutRight, MemorySpace>;  // (directed pairs of types, bins)
  using Scatter = Kokkos::Experimental::ScatterView<std::int64_t**, Kokkos::LayoutRight, ExecutionSpace>;

  NeighborList<MemorySpace> list;
  int types, bins;
  double squared_r_max, bins_per_length;
  Scatter histogram;

  KOKKOS_FUNCTION void operator()(int i) const {
    auto const environment = list.environment(i);
    auto const counts = histogram.access();
    int const row = list.type(i) * types;
    for (int k = 0; k < environment.size(); ++k) {
      double const squared = environment.displacement(k).squaredNorm();
      if (!(squared < squared_r_max)) continue;
      int const bin = Kokkos::min(static_cast<int>(Kokkos::sqrt(squared) * bins_per_length), bins - 1);
      counts(row + list.type(environment.neighbor(k)), bin) += 1;
    }
  }
};

}  // namespace detail

template <class ExecutionSpace>
PairDistribution measurePairDistribution(ExecutionSpace const& space,
                                         NeighborList<typename ExecutionSpace::memory_space> const& list, double r_max,
                                         double bin_width) {
  using Kernel = detail::PairDistributionKernel<ExecutionSpace>;
  detail::checkReach("measurePairDistribution", "r_max", r_max, list.cutoff);
  if (!(bin_width > 0 && bin_width <= r_max && r_max / bin_width <= 1e6))
    throw InputError("measurePairDistribution: found bin_width " + numberText(bin_width) +
                     ", expected > 0 and 1 to 10^6 bins up to r_max (Angstrom)");
  double const volume = detail::periodicVolume("measurePairDistribution", space, list.batch);
  int const bins = static_cast<int>(std::lround(r_max / bin_width)), atoms = list.numCentres();
  auto const types = detail::toHost(space, list.batch.types);
  int const num_types = *std::max_element(types.begin(), types.end()) + 1;
  std::vector<double> atoms_of(static_cast<std::size_t>(num_types));
  for (int const type : types) ++atoms_of[static_cast<std::size_t>(type)];

  typename Kernel::Histogram histogram("sinter::validation::pairs", num_types * num_types, bins);
  Kernel const kernel{list, num_types, bins, r_max * r_max, bins / r_max, typename Kernel::Scatter(histogram)};
  Kokkos::parallel_for("sinter::validation::pair_distribution", Kokkos::RangePolicy<ExecutionSpace>(space, 0, atoms),
                       kernel);
  Kokkos::Experimental::contribute(space, histogram, kernel.histogram);
  auto const counts = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), histogram);

  PairDistribution result;
  result.bin_width = r_max / bins;
  result.density = atoms / volume;
  result.total.resize(static_cast<std::size_t>(bins));
  std::vector<double> shell(result.bins());  // 4 pi / 3 (r_2^3 - r_1^3) / V
  for (std::size_t b = 0; b < shell.size(); ++b) {
    double const inner = result.bin_width * static_cast<double>(b), outer = inner + result.bin_width;
    shell[b] = 4 * std::numbers::pi / 3 * (outer * outer * outer - inner * inner * inner) / volume;
  }
  for (int type_a = 0; type_a < num_types; ++type_a)
    for (int type_b = type_a; type_b < num_types; ++type_b) {
      double const pairs = atoms_of[static_cast<std::size_t>(type_a)] * atoms_of[static_cast<std::size_t>(type_b)];
      if (pairs == 0) continue;
      auto& partial = result.partials.emplace_back();
      partial.a = type_a;
      partial.b = type_b;
      for (std::size_t b = 0; b < shell.size(); ++b) {
        auto const count = static_cast<double>(counts(type_a * num_types + type_b, b));
        partial.g.push_back(count / (pairs * shell[b]));
        result.total[b] += (type_a == type_b ? 1 : 2) * count;
      }
    }
  for (std::size_t b = 0; b < shell.size(); ++b) result.total[b] /= static_cast<double>(atoms) * atoms * shell[b];
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                                   \
  template PairDistribution measurePairDistribution(SPACE const&, NeighborList<SPACE::memory_space> const&, double, \
                                                    double);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
