/// \file
/// Passes over a training set by the threads of the host: each makes the rows of a structure (MtpRows) and adds them to
/// the structure's sum.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "sinter/fitting/equation_batches.hpp"
#include "sinter/fitting/row_passes.hpp"

namespace sinter {

/// Rows of basis functions are kept from one pass to the next where memory allows.
template <class ExecutionSpace>
class HostPasses : public RowPasses {
 public:
  /// \param batches must outlive this object
  explicit HostPasses(EquationBatches<ExecutionSpace>& batches);

  [[nodiscard]] LinearNormalEquations linearPass(MtpRows const& rows) override;
  [[nodiscard]] RadialNormalEquations radialPass(MtpRows const& rows) override;
  [[nodiscard]] std::vector<TriangularFactor> factors(MtpRows const& rows, int folds) override;
  [[nodiscard]] double lossGradient(MtpRows const& rows, MtpModel const& model, std::vector<double>& gradient) override;
  void forgetRows() override;

 private:
  using Batch = Equations<ExecutionSpace>;
  using Number = MtpRows::Number;
  // What one thread works with.
  struct Workspace {
    MtpRows::Workspace rows;
    std::vector<Number> basis_panel, radial_panel;

    static Number* grow(std::vector<Number>& panel, std::size_t size) {
      if (panel.size() < size) panel.resize(size);
      return panel.data();
    }
  };
  struct Nothing {
    void operator()(Batch const&) const {}
  };

  [[nodiscard]] std::unique_ptr<Workspace> takeWorkspace();
  void giveBack(std::unique_ptr<Workspace> workspace);
  template <class Body, class Prepare = Nothing>
  void forStructures(StructureTasks const& tasks, Body const& body, Prepare const& prepare = {});
  void fillBasisPanel(MtpRows const& rows, Batch const& data, std::size_t local, Workspace& workspace,
                      Number* panel) const;
  [[nodiscard]] Number const* basisPanel(MtpRows const& rows, Batch const& data, std::size_t local,
                                         Workspace& workspace, bool fresh);
  void scaleRows(Number* panel, int width, Batch const& data, std::size_t local) const;
  [[nodiscard]] std::vector<int> panelColumns(MtpRows const& rows) const;

  EquationBatches<ExecutionSpace>& _batches;
  int _fitted_species;
  std::vector<std::vector<Number>> _kept;  // basis panels
  bool _keeps = false;
  std::vector<std::unique_ptr<Workspace>> _idle;
  std::mutex _idle_guard;
};

}  // namespace sinter
