/// \file
/// Triangular factors of rows that arrive as panels in the memory of an execution space.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>

#include "sinter/linalg/least_squares.hpp"
#include "sinter/linalg/panel_algebra.hpp"

namespace sinter {

/// QR of rows that arrive in panels, as StreamedLeastSquares on the host (which solves what comes out): each panel is
/// put below R and factorised with it, and only R comes to the host. What comes out does not depend on how rows are cut
/// into panels. Memory (from the first row on) and cost as there.
template <class ExecutionSpace>
class PanelFactor {
 public:
  /// \param columns number of unknowns, > 0
  explicit PanelFactor(int columns, ExecutionSpace const& space = {});

  /// Appends rows of A with their right-hand sides behind, asynchronous.
  /// \param panel (rows, columns + 1), rows `stride` apart: finite numbers, zeros where there is no equation
  /// \param equations rows that are not zero
  void append(double const* panel, int rows, int stride, std::size_t equations);

  /// Rows appended that are not zero.
  [[nodiscard]] std::size_t rows() const { return _rows; }

  /// The factor of all rows so far. \throws InputError when there are none.
  [[nodiscard]] TriangularFactor factor();

  /// Step of the above: R in the place of all rows. (Public, because nvcc takes device lambdas from public functions
  /// only.)
  void factorize();

 private:
  using Matrix = Kokkos::View<double**, Kokkos::LayoutLeft, typename ExecutionSpace::memory_space>;

  ExecutionSpace _space;
  PanelAlgebra<ExecutionSpace> _algebra;
  int _columns;
  int _filled = 0;        // rows of _matrix in use
  std::size_t _rows = 0;  // equations appended
  Matrix _matrix;         // R on top, new rows below; last column is b
};

}  // namespace sinter
