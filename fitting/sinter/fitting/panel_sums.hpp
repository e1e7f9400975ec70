/// \file
/// Normal equations summed where an execution space has its rows: panels stay there, only small matrices come back.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "sinter/fitting/design_panels.hpp"
#include "sinter/fitting/training_rows.hpp"

namespace sinter {

/// A^T A of weighted rows, batch after batch. Columns: unknowns as in DesignPanels, energies of species, right-hand
/// side. Bitwise repeatable for the same batches and `max_memory` on one machine.
template <class ExecutionSpace>
class PanelSums {
 public:
  using memory_space = typename ExecutionSpace::memory_space;

  /// \param model its coefficients are used
  /// \param fitted_species species whose energies are unknowns: all or 0
  /// \param max_memory as in DesignPanels
  PanelSums(MtpModel const& model, RowColumns which, int fitted_species, std::size_t max_memory,
            ExecutionSpace const& space = {});

  [[nodiscard]] int columns() const { return _columns; }

  /// Adds the equations of a batch; waits for its rows, not for their sum. Memory: 8 bytes per row and column.
  /// \param first_structure number of the batch's first one, for messages
  /// \param scale square root of the weight of each row of a panel; \param target its label
  /// \throws InputError where scale or target are not one per row, and when rows of a structure are not finite.
  void add(NeighborList<memory_space> const& list, std::size_t first_structure, std::span<double const> scale,
           std::span<double const> target);

  /// Of the linear unknowns; without radial columns.
  [[nodiscard]] LinearNormalEquations linear() const;

  /// Of the radial coefficients; with all columns.
  [[nodiscard]] RadialNormalEquations radial() const;

  /// Step of `add`: puts energies of species and the right-hand side into a panel and multiplies each row with its
  /// scale. (Public, because nvcc takes device lambdas from public functions only.)
  /// \returns for each structure whether a number of it was not finite
  [[nodiscard]] Kokkos::View<int*, Kokkos::HostSpace> finishRows(NeighborList<memory_space> const& list,
                                                                 std::span<double const> scale,
                                                                 std::span<double const> target) const;

 private:
  using Panel = typename DesignPanels<ExecutionSpace>::Panel;

  // Lower triangle on the host: (i, j) is in [j * _columns + i] for i >= j.
  [[nodiscard]] Kokkos::View<double*, Kokkos::HostSpace> gram() const {
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), _gram);
  }

  ExecutionSpace _space;
  RowColumns _which;
  int _basis, _radial, _fitted_species, _columns;
  DesignPanels<ExecutionSpace> _panels;
  PanelAlgebra<ExecutionSpace> _algebra;
  Panel _panel;
  Kokkos::View<double*, memory_space> _gram;
};

}  // namespace sinter
