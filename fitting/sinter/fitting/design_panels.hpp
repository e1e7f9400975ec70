/// \file
/// Rows of basis functions and radial coefficients of many structures, made and kept where an execution space works.
/// Slow reference: tests/fitting/basis_differences.hpp; on a host `MtpRows` makes the same rows faster.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sinter/linalg/panel_algebra.hpp"
#include "sinter/mtp/mtp_row_factors.hpp"

namespace sinter {

/// Makes panels of rows of one potential, centres in portions that memory has room for.
template <class ExecutionSpace>
class DesignPanels {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  /// Per structure its energy, three force components of every atom, virial xx yy zz yz xz xy; then the next.
  using Panel = Kokkos::View<double**, Kokkos::LayoutRight, memory_space>;

  /// \param model a checked model; `setCoefficients` gives it coefficients
  /// \param max_memory for what a portion of centres needs (bytes), the panel not counted; one centre is the least
  DesignPanels(MtpModel const& model, std::size_t max_memory, ExecutionSpace const& space = {});

  /// As MtpRowFactors::setCoefficients.
  void setCoefficients(MtpModel const& model) { _factors.setCoefficients(model); }

  /// Columns of basis functions (by number), then those of c[z1][z2][mu][n].
  [[nodiscard]] int columns(RowColumns which) const { return _factors.columns(which); }

  /// Adds the rows of all structures of a list to a panel, asynchronous.
  /// \param panel (3 atoms + 7 structures, columns or more): dimensionless, 1/A, dimensionless for basis functions; for
  /// radial coefficients eV, eV/A, eV per unit of c
  /// \throws InputError when the panel is too small.
  /// Cost per atom of a structure of N atoms with Q accumulated moments: 6 N Q columns flops in matrix products, and 1
  /// + species * radial size times 24 N Q bytes of derivatives. Bitwise repeatable on one machine, whatever the
  /// number of threads and the other structures of the list; structures that need more than `max_memory` by themselves,
  /// for the same `max_memory`.
  void addRows(NeighborList<memory_space> const& list, RowColumns which, Panel const& panel);

 private:
  void multiply(std::vector<std::int64_t> const& first_row, bool by_adjoints, int width, int shift, Panel const& panel);

  MtpRowFactors<ExecutionSpace> _factors;
  PanelAlgebra<ExecutionSpace> _algebra;
  std::size_t _max_memory;
};

}  // namespace sinter
