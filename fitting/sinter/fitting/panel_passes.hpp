/// \file
/// Passes over a training set where an execution space has its rows: panels stay there, only small matrices come back.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sinter/fitting/equation_batches.hpp"
#include "sinter/fitting/row_passes.hpp"
#include "sinter/fitting/weighted_panels.hpp"
#include "sinter/linalg/panel_algebra.hpp"

namespace sinter {

/// What a device takes. Rows are made anew in every pass, for a batch at a time; each structure is added to its part by
/// itself, in their order, so that sums depend neither on the batches nor on the number of ranks where its rows and the
/// products of PanelAlgebra do not.
template <class ExecutionSpace>
class PanelPasses : public RowPasses {
 public:
  /// \param batches must outlive this object
  explicit PanelPasses(EquationBatches<ExecutionSpace>& batches) : _batches(batches) {}

  [[nodiscard]] LinearNormalEquations linearPass(MtpRows const& rows) override;
  [[nodiscard]] RadialNormalEquations radialPass(MtpRows const& rows) override;
  [[nodiscard]] std::vector<TriangularFactor> factors(MtpRows const& rows, int folds) override;
  /// As dear as `radialPass`: from the rows of all coefficients.
  [[nodiscard]] double lossGradient(MtpRows const& rows, MtpModel const& model, std::vector<double>& gradient) override;
  void forgetRows() override {}

 private:
  using Batch = Equations<ExecutionSpace>;
  // Partial sums in the memory of the execution space: those of this rank, the others are empty.
  using Sums = std::vector<Kokkos::View<double*, typename ExecutionSpace::memory_space>>;

  // Of one potential: tables, handles of libraries and memory for its panels.
  struct Kept {
    std::uint64_t identity;
    WeightedPanels<ExecutionSpace> panels;
  };

  [[nodiscard]] WeightedPanels<ExecutionSpace>& panelsOf(MtpRows const& rows, RowColumns which);
  template <class Body>
  void forStructures(StructureTasks const& tasks, WeightedPanels<ExecutionSpace>& panels, Body const& body);
  [[nodiscard]] static Sums makeSums(std::size_t size);
  [[nodiscard]] static std::vector<double> total(Sums const& sums, std::size_t size);

  EquationBatches<ExecutionSpace>& _batches;
  PanelAlgebra<ExecutionSpace> _algebra;
  std::optional<Kept> _of_basis, _of_all;  // with the columns of the last passes
};

}  // namespace sinter
