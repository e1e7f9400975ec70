#include "sinter/validation/bond_angles.hpp"

#include <Kokkos_Core.hpp>
#include <Kokkos_ScatterView.hpp>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/validation/metric_checks.hpp"

namespace sinter {

namespace detail {

// Angles at one centre.
template <class ExecutionSpace>
struct BondAnglesKernel {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Histogram = Kokkos::View<std::int64_t* [2], Kokkos::LayoutRight, MemorySpace>;  // all, at atoms with five bonds
  using Scatter = Kokkos::Experimental::ScatterView<std::int64_t* [2], Kokkos::LayoutRight, ExecutionSpace>;

  NeighborList<MemorySpace> list;
  double squared_cutoff, bins_per_degree;
  int last_bin;
  Kokkos::View<int*, MemorySpace> bonds;        // (atoms)
  Kokkos::View<double* [2], MemorySpace> sums;  // (atoms) of angle - shift, and squared
  Scatter histogram;

  // `coincident` becomes 1 + an atom that has a neighbour at its own place.
  KOKKOS_FUNCTION void operator()(int i, int& coincident) const {
    auto const environment = list.environment(i);
    auto const counts = histogram.access();
    int count = 0;
    for (int k = 0; k < environment.size(); ++k) count += environment.displacement(k).squaredNorm() < squared_cutoff;
    double sum = 0, sum_of_squares = 0;
    for (int j = 0; j < environment.size(); ++j) {
      Displacement const a = environment.displacement(j);
      double const aa = a.squaredNorm();
      if (!(aa < squared_cutoff)) continue;
      if (aa == 0) coincident = Kokkos::max(coincident, i + 1);
      for (int k = j + 1; k < environment.size(); ++k) {
        Displacement const b = environment.displacement(k);
        if (!(b.squaredNorm() < squared_cutoff)) continue;
        double const x = a[1] * b[2] - a[2] * b[1], y = a[2] * b[0] - a[0] * b[2], z = a[0] * b[1] - a[1] * b[0];
        double const angle =
            Kokkos::atan2(Kokkos::sqrt(x * x + y * y + z * z), a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) *
            (180 / Kokkos::numbers::pi);
        int const bin = Kokkos::min(static_cast<int>(angle * bins_per_degree), last_bin);
        counts(bin, 0) += 1;
        if (count == 5) counts(bin, 1) += 1;
        double const difference = angle - AngleStatistics::shift;
        sum += difference;
        sum_of_squares += difference * difference;
      }
    }
    bonds(i) = count;
    sums(i, 0) = sum;
    sums(i, 1) = sum_of_squares;
  }
};

}  // namespace detail

template <class ExecutionSpace>
BondAngles measureBondAngles(ExecutionSpace const& space,
                             NeighborList<typename ExecutionSpace::memory_space> const& list, double bond_cutoff,
                             double bin_width) {
  using Kernel = detail::BondAnglesKernel<ExecutionSpace>;
  detail::checkReach("measureBondAngles", "bond_cutoff", bond_cutoff, list.cutoff);
  if (!(bin_width >= 0.001 && bin_width <= 180))
    throw InputError("measureBondAngles: found bin_width " + numberText(bin_width) +
                     ", expected 0.001 to 180 (degrees)");
  int const atoms = list.numCentres();
  auto const bins = static_cast<std::size_t>(std::lround(180 / bin_width));
  typename Kernel::Histogram histogram("sinter::validation::angles", bins);
  Kokkos::View<int*, typename ExecutionSpace::memory_space> const bonds("sinter::validation::bonds", atoms);
  Kokkos::View<double* [2], typename ExecutionSpace::memory_space> const sums("sinter::validation::angle_sums", atoms);
  Kernel const kernel{
      list, bond_cutoff * bond_cutoff,          static_cast<double>(bins) / 180, static_cast<int>(bins) - 1, bonds,
      sums, typename Kernel::Scatter(histogram)};
  int coincident = 0;
  if (atoms > 0)
    Kokkos::parallel_reduce("sinter::validation::bond_angles", Kokkos::RangePolicy<ExecutionSpace>(space, 0, atoms),
                            kernel, Kokkos::Max<int>(coincident));
  if (coincident > 0)
    throw InputError("measureBondAngles: found atom " + std::to_string(coincident - 1) +
                     " at the place of another one, expected distances > 0");
  Kokkos::Experimental::contribute(space, histogram, kernel.histogram);
  auto const host_sums = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sums);
  auto const host_histogram = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), histogram);
  auto const host_bonds = detail::toHost(space, bonds);
  auto const statistics = [&](std::size_t which) {
    std::vector<std::int64_t> counts(bins);
    for (std::size_t b = 0; b < bins; ++b) counts[b] = host_histogram(b, which);
    double sum = 0, sum_of_squares = 0;
    for (int i = 0; i < atoms; ++i) {
      if (which == 1 && host_bonds[static_cast<std::size_t>(i)] != 5) continue;
      sum += host_sums(i, 0);
      sum_of_squares += host_sums(i, 1);
    }
    return AngleStatistics(std::move(counts), sum, sum_of_squares);
  };
  return {180 / static_cast<double>(bins), statistics(0), statistics(1)};
}

AngleStatistics::AngleStatistics(std::vector<std::int64_t> histogram, double sum, double sum_of_squares)
    : _histogram(std::move(histogram)), _sum(sum), _sum_of_squares(sum_of_squares) {
  for (auto const count : _histogram) _count += count;
}

AngleStatistics& AngleStatistics::operator+=(AngleStatistics const& other) {
  _histogram.resize(std::max(_histogram.size(), other._histogram.size()));
  for (std::size_t b = 0; b < other._histogram.size(); ++b) _histogram[b] += other._histogram[b];
  _count += other._count;
  _sum += other._sum;
  _sum_of_squares += other._sum_of_squares;
  return *this;
}

double AngleStatistics::mean() const { return shift + _sum / static_cast<double>(_count); }

double AngleStatistics::standardDeviation() const {
  double const mean = _sum / static_cast<double>(_count),
               variance = _sum_of_squares / static_cast<double>(_count) - mean * mean;
  return variance < 0 ? 0 : std::sqrt(variance);  // below zero by rounding; not a number stays so
}

AngleStatistics AngleStatistics::withoutHistogram() const {
  AngleStatistics result = *this;
  result._histogram.clear();
  return result;
}

#define SINTER_INSTANTIATE(SPACE) \
  template BondAngles measureBondAngles(SPACE const&, NeighborList<SPACE::memory_space> const&, double, double);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
