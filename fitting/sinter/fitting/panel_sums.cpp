#include "sinter/fitting/panel_sums.hpp"

#include <algorithm>
#include <string>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/linalg/dense.hpp"

namespace sinter {

template <class ExecutionSpace>
PanelSums<ExecutionSpace>::PanelSums(MtpModel const& model, RowColumns which, int fitted_species,
                                     std::size_t max_memory, ExecutionSpace const& space)
    : _space(space),
      _which(which),
      _fitted_species(fitted_species),
      _panels(model, max_memory, space),
      _algebra(space) {
  _panels.setCoefficients(model);
  _basis = which == RowColumns::radial ? 0 : _panels.columns(RowColumns::basis);
  _radial = _panels.columns(which) - _basis;
  _columns = _basis + _radial + fitted_species + 1;
  _gram = Kokkos::View<double*, memory_space>("sinter::fitting::gram",
                                              static_cast<std::size_t>(_columns) * static_cast<std::size_t>(_columns));
}

template <class ExecutionSpace>
void PanelSums<ExecutionSpace>::add(NeighborList<memory_space> const& list, std::size_t first_structure,
                                    std::span<double const> scale, std::span<double const> target) {
  std::size_t const rows = 3 * static_cast<std::size_t>(list.numCentres()) + 7 * list.batch.cells.extent(0);
  if (scale.size() != rows || target.size() != rows)
    throw InputError("PanelSums: found " + std::to_string(scale.size()) + " scales and " +
                     std::to_string(target.size()) + " targets, expected " + std::to_string(rows) + " of each");
  if (_panel.extent(0) != rows) {
    _panel = {};
    _panel = Panel(Kokkos::view_alloc(_space, Kokkos::WithoutInitializing, "sinter::fitting::panel"), rows, _columns);
  }
  Kokkos::deep_copy(_space, _panel, 0.0);
  _panels.addRows(list, _which, _panel);
  auto const bad = finishRows(list, scale, target);
  for (std::size_t s = 0; s < bad.extent(0); ++s)
    if (bad(s) != 0)
      throw InputError("structure " + std::to_string(first_structure + s) +
                       ": found an energy or force that is not finite, expected no two atoms at the same place");
  OneBlasThread const guard;
  _algebra.addGram(_panel.data(), static_cast<int>(rows), _columns, _columns, _gram.data());
}

template <class ExecutionSpace>
Kokkos::View<int*, Kokkos::HostSpace> PanelSums<ExecutionSpace>::finishRows(NeighborList<memory_space> const& list,
                                                                            std::span<double const> scale,
                                                                            std::span<double const> target) const {
  auto const scales = copyTo<memory_space>(scale, "sinter::fitting::scales"),
             targets = copyTo<memory_space>(target, "sinter::fitting::labels");
  auto const structures = static_cast<int>(list.batch.cells.extent(0));
  Kokkos::View<int*, memory_space> const bad("sinter::fitting::not_finite", structures);
  auto const panel = _panel;
  int const columns = _columns, unknowns = _basis + _radial, species = _fitted_species;
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
        Kokkos::parallel_for(Kokkos::TeamVectorRange(team, static_cast<std::int64_t>(count) * columns),
                             [&](std::int64_t index) {
                               std::int64_t const row = first + index / columns;
                               double& number = panel(row, index % columns);
                               if (!Kokkos::isfinite(number)) bad(s) = 1;
                               number *= scales(row);
                             });
      });
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), bad);
}

template <class ExecutionSpace>
LinearNormalEquations PanelSums<ExecutionSpace>::linear() const {
  if (_radial > 0) throw InputError("PanelSums: found radial columns, expected linear unknowns alone");
  auto const sums = gram();
  LinearNormalEquations result{_columns - 1, std::vector<double>(sums.extent(0))};
  for (int i = 0; i < _columns; ++i)
    for (int j = 0; j < _columns; ++j)
      result.gram[static_cast<std::size_t>(j) * _columns + i] =
          sums(static_cast<std::size_t>(std::min(i, j)) * _columns + std::max(i, j));
  return result;
}

template <class ExecutionSpace>
RadialNormalEquations PanelSums<ExecutionSpace>::radial() const {
  if (_basis == 0 || _radial == 0) throw InputError("PanelSums: expected basis functions and radial coefficients");
  auto const sums = gram();
  auto const entry = [&](int i, int j) {
    return sums(static_cast<std::size_t>(std::min(i, j)) * _columns + std::max(i, j));
  };
  RadialNormalEquations result;
  result.columns = _radial;
  for (int j = _basis; j < _basis + _radial; ++j)
    for (int i = _basis; i < _basis + _radial; ++i) result.gram.push_back(entry(i, j));
  for (int j = 0; j < _columns; ++j)
    for (int i = _basis; i < _basis + _radial && (j < _basis || j >= _basis + _radial); ++i)
      result.cross.push_back(entry(i, j));
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class PanelSums<SPACE>;
SINTER_FOR_EACH_ALGEBRA_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
