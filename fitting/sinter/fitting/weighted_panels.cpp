#include "sinter/fitting/weighted_panels.hpp"

#include <string>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"

namespace sinter {

template <class ExecutionSpace>
WeightedPanels<ExecutionSpace>::WeightedPanels(MtpModel const& model, RowColumns which, int fitted_species,
                                               std::size_t max_memory, ExecutionSpace const& space)
    : _space(space), _which(which), _fitted_species(fitted_species), _panels(model, max_memory, space) {
  _design = _panels.columns(which);
  _columns = _design + fitted_species + 1;
}

template <class ExecutionSpace>
typename WeightedPanels<ExecutionSpace>::RowCounts WeightedPanels<ExecutionSpace>::load(
    NeighborList<memory_space> const& list, std::span<double const> scale, std::span<double const> target) {
  std::size_t const rows = 3 * static_cast<std::size_t>(list.numCentres()) + 7 * list.batch.cells.extent(0);
  if (scale.size() != rows || target.size() != rows)
    throw InputError("WeightedPanels: found " + std::to_string(scale.size()) + " scales and " +
                     std::to_string(target.size()) + " targets, expected " + std::to_string(rows) + " of each");
  if (_panel.extent(0) < rows) {
    _panel = {};
    _panel = Panel(Kokkos::view_alloc(_space, Kokkos::WithoutInitializing, "sinter::fitting::panel"), rows, _columns);
  }
  Kokkos::deep_copy(_space, _panel, 0.0);
  _panels.addRows(list, _which, _panel);
  return finishRows(list, scale, target);
}

template <class ExecutionSpace>
typename WeightedPanels<ExecutionSpace>::RowCounts WeightedPanels<ExecutionSpace>::finishRows(
    NeighborList<memory_space> const& list, std::span<double const> scale, std::span<double const> target) const {
  auto const scales = copyTo<memory_space>(scale, "sinter::fitting::scales"),
             targets = copyTo<memory_space>(target, "sinter::fitting::labels");
  auto const structures = static_cast<int>(list.batch.cells.extent(0));
  Kokkos::View<int* [2], Kokkos::LayoutRight, memory_space> const counts("sinter::fitting::row_counts", structures);
  auto const panel = _panel;
  int const columns = _columns, unknowns = _design, species = _fitted_species;
  using Policy = Kokkos::TeamPolicy<ExecutionSpace>;
  Kokkos::parallel_for(
      "sinter::fitting::finish_rows",
      is_device_space<ExecutionSpace> ? Policy(_space, structures, 4, 32) : Policy(_space, structures, 1, 1),
      KOKKOS_LAMBDA(typename Policy::member_type const& team) {
        int const s = team.league_rank(), begin = list.groupBegin(s), end = list.groupBegin(s + 1);
        std::int64_t const first = 3 * static_cast<std::int64_t>(begin) + 7 * static_cast<std::int64_t>(s);
        int const count = 3 * (end - begin) + 7;
        Kokkos::parallel_for(Kokkos::TeamVectorRange(team, species), [&](int z) {
          for (int i = begin; i < end; ++i) panel(first, unknowns + z) += list.type(i) == z ? 1 : 0;
        });
        Kokkos::parallel_for(Kokkos::TeamVectorRange(team, count),
                             [&](int r) { panel(first + r, columns - 1) = targets(first + r); });
        team.team_barrier();
        int filled = 0;
        Kokkos::parallel_reduce(
            Kokkos::TeamThreadRange(team, count),
            [&](int r, int& rows) {
              std::int64_t const row = first + r;
              double const weight = scales(row);
              int numbers = 0;
              Kokkos::parallel_reduce(
                  Kokkos::ThreadVectorRange(team, columns),
                  [&](int c, int& not_zero) {
                    double& number = panel(row, c);
                    if (!Kokkos::isfinite(number)) counts(s, 1) = 1;
                    number *= weight;
                    if (number != 0) ++not_zero;
                  },
                  numbers);
              if (numbers > 0) ++rows;
            },
            filled);
        Kokkos::single(Kokkos::PerTeam(team), [&] { counts(s, 0) = filled; });
      });
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), counts);
}

#define SINTER_INSTANTIATE(SPACE) template class WeightedPanels<SPACE>;
SINTER_FOR_EACH_ALGEBRA_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
