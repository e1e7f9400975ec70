/// \file
/// The weighted equations of a training set, and what passes over them give: normal equations, triangular factors,
/// the gradient of the loss. Structures, neighbour lists and rows live as long as memory allows.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "sinter/fitting/equation_batches.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/row_passes.hpp"
#include "sinter/fitting/structure_set.hpp"
#include "sinter/linalg/least_squares.hpp"
#include "sinter/linalg/panel_algebra.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_rows.hpp"

namespace sinter {

/// Where rows of MtpRows are made for a backend: on the host, with its threads where the backend has them.
template <class ExecutionSpace>
using RowSpace = std::conditional_t<is_device_space<ExecutionSpace>, Kokkos::DefaultHostExecutionSpace, ExecutionSpace>;

/// Where a backend's passes are made: there, unless it has no dense algebra.
template <class ExecutionSpace>
using PassSpace = std::conditional_t<has_panel_algebra<ExecutionSpace>, ExecutionSpace, RowSpace<ExecutionSpace>>;

/// Who makes the rows of passes: the backend as it is best (threads of a host a structure at a time, a device a batch
/// at a time), or every backend as a device does, for tests.
enum class PassesBy { backend, panels };

/// Equations of a training set: a row per energy, force component and virial component with a label and a weight > 0,
/// multiplied with the square root of its weight.
///
/// Sums over rows have the same order whatever the number of threads and the memory. Structures in memory stay where
/// they are and must outlive this object. Batches are as large as max_memory allows, and what is left keeps rows; where
/// nothing is left, batches are as small as can be (`memory` tells). Under MPI every rank makes the same calls: the
/// work is dealt out, the results are the same on all and those of one rank, bit for bit.
template <class ExecutionSpace>
class TrainingRows {
 public:
  /// \param model its species, cutoff and (for `RBChebyshev_repuls`) min_dist are used; the pair repulsion goes to the
  ///              right-hand side
  /// \throws InputError for unknown species, labels or weights that are no numbers, and when no label has a weight > 0.
  TrainingRows(FitSettings const& settings, MtpModel const& model, StructureSet structures, FitProgress progress = {},
               PassesBy by = PassesBy::backend);
  TrainingRows(TrainingRows const&) = delete;
  TrainingRows& operator=(TrainingRows const&) = delete;

  [[nodiscard]] std::size_t structures() const { return _batches.structures(); }
  [[nodiscard]] std::size_t equations() const { return _batches.equations(); }
  [[nodiscard]] std::size_t atoms() const { return _batches.atoms(); }
  [[nodiscard]] int fittedSpecies() const { return _batches.fittedSpecies(); }
  [[nodiscard]] int linearColumns(MtpRows const& rows) const { return rows.basisFunctions() + fittedSpecies(); }

  /// One pass for the linear unknowns.
  [[nodiscard]] LinearNormalEquations linearPass(MtpRows const& rows) { return _passes->linearPass(rows); }

  /// One pass for the radial coefficients, with the coefficients that `rows` has now. Reuses the rows of the last
  /// `linearPass` where memory has kept them: call it with the same radial coefficients.
  [[nodiscard]] RadialNormalEquations radialPass(MtpRows const& rows) { return _passes->radialPass(rows); }

  /// Makes the next pass compute all rows: the radial coefficients are others than those of the last `linearPass`.
  void forgetRows() { _passes->forgetRows(); }

  /// Triangular factors of the linear unknowns of `folds` parts of the training set.
  [[nodiscard]] std::vector<TriangularFactor> factors(MtpRows const& rows, int folds) {
    return _passes->factors(rows, folds);
  }

  /// sum of weighted squared residuals of `model` and its gradient by all coefficients: xi_k, c[z1][z2][mu][n], fitted
  /// species energies. `rows` must have the coefficients of `model`.
  [[nodiscard]] double lossGradient(MtpRows const& rows, MtpModel const& model, std::vector<double>& gradient);

  /// Unknowns of a solution as coefficients of a model.
  void putSolution(std::span<double const> x, MtpModel& model) const;

  /// What passes with such rows take.
  [[nodiscard]] FitMemory memory(MtpRows const& rows) const { return _batches.memory(rows); }

 private:
  using Space = PassSpace<ExecutionSpace>;

  EquationBatches<Space> _batches;
  std::vector<std::int32_t> _species;
  std::unique_ptr<RowPasses> _passes;
};

}  // namespace sinter
