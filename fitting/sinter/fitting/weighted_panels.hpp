/// \file
/// The weighted equations of a batch where an execution space has its rows.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <span>

#include "sinter/fitting/design_panels.hpp"

namespace sinter {

/// A panel of weighted rows, batch after batch. Columns: unknowns as in DesignPanels, energies of species, right-hand
/// side. The rows of a structure do not depend on the batch; bitwise repeatable as DesignPanels.
template <class ExecutionSpace>
class WeightedPanels {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  /// For each structure how many of its rows are not zero (0), and whether some number was not finite (1).
  using RowCounts = Kokkos::View<int* [2], Kokkos::LayoutRight, Kokkos::HostSpace>;

  /// \param model a checked model; `setCoefficients` gives it coefficients
  /// \param fitted_species species whose energies are unknowns: all or 0
  /// \param max_memory as in DesignPanels
  WeightedPanels(MtpModel const& model, RowColumns which, int fitted_species, std::size_t max_memory,
                 ExecutionSpace const& space = {});

  /// As MtpRowFactors::setCoefficients.
  void setCoefficients(MtpModel const& model) { _panels.setCoefficients(model); }

  [[nodiscard]] int columns() const { return _columns; }
  /// Columns of basis functions and radial coefficients.
  [[nodiscard]] int designColumns() const { return _design; }

  /// Makes the equations of a batch in the place of those before; waits for them. Memory: 8 bytes per row and column.
  /// \param scale square root of the weight of each row of a panel; \param target its label
  /// \throws InputError where scale or target are not one per row.
  RowCounts load(NeighborList<memory_space> const& list, std::span<double const> scale, std::span<double const> target);

  /// A row of the batch and those after it, `columns` apart.
  [[nodiscard]] double* row(std::size_t number) const { return _panel.data() + number * _panel.extent(1); }

  /// Step of `load`: puts energies of species and the right-hand side into a panel and multiplies each row with its
  /// scale. (Public, because nvcc takes device lambdas from public functions only.)
  [[nodiscard]] RowCounts finishRows(NeighborList<memory_space> const& list, std::span<double const> scale,
                                     std::span<double const> target) const;

 private:
  using Panel = typename DesignPanels<ExecutionSpace>::Panel;

  ExecutionSpace _space;
  RowColumns _which;
  int _fitted_species, _design, _columns;
  DesignPanels<ExecutionSpace> _panels;
  Panel _panel;
};

}  // namespace sinter
