#include "sinter/validation/coordination.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>

#include "sinter/core/execution.hpp"
#include "sinter/validation/metric_checks.hpp"

namespace sinter {

template <class ExecutionSpace>
std::vector<int> countBonds(ExecutionSpace const& space,
                            NeighborList<typename ExecutionSpace::memory_space> const& list, double bond_cutoff) {
  detail::checkReach("countBonds", "bond_cutoff", bond_cutoff, list.cutoff);
  int const atoms = list.numCentres();
  Kokkos::View<int*, typename ExecutionSpace::memory_space> const bonds("sinter::validation::bonds", atoms);
  double const squared_cutoff = bond_cutoff * bond_cutoff;
  Kokkos::parallel_for(
      "sinter::validation::count_bonds", Kokkos::RangePolicy<ExecutionSpace>(space, 0, atoms), KOKKOS_LAMBDA(int i) {
        auto const environment = list.environment(i);
        int count = 0;
        for (int k = 0; k < environment.size(); ++k)
          count += environment.displacement(k).squaredNorm() < squared_cutoff;
        bonds(i) = count;
      });
  return detail::toHost(space, bonds);
}

CoordinationStatistics::CoordinationStatistics(std::span<int const> bonds)
    : _atoms(static_cast<std::int64_t>(bonds.size())) {
  for (int const n : bonds) {
    auto const place = static_cast<std::size_t>(n);
    if (place >= _histogram.size()) _histogram.resize(place + 1);
    ++_histogram[place];
  }
}

CoordinationStatistics& CoordinationStatistics::operator+=(CoordinationStatistics const& other) {
  _histogram.resize(std::max(_histogram.size(), other._histogram.size()));
  for (std::size_t n = 0; n < other._histogram.size(); ++n) _histogram[n] += other._histogram[n];
  _atoms += other._atoms;
  return *this;
}

double CoordinationStatistics::fraction(std::size_t bonds) const {
  return static_cast<double>(bonds < _histogram.size() ? _histogram[bonds] : 0) / static_cast<double>(_atoms);
}

double CoordinationStatistics::mean() const {
  double sum = 0;
  for (std::size_t n = 0; n < _histogram.size(); ++n)
    sum += static_cast<double>(n) * static_cast<double>(_histogram[n]);
  return sum / static_cast<double>(_atoms);
}

#define SINTER_INSTANTIATE(SPACE) \
  template std::vector<int> countBonds(SPACE const&, NeighborList<SPACE::memory_space> const&, double);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
