/// \file
/// The weighted equations of a training set, and what passes over them give: normal equations, triangular factors,
/// the gradient of the loss. Structures, neighbour lists and rows live as long as memory allows.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "sinter/core/species_map.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/structure_set.hpp"
#include "sinter/linalg/least_squares.hpp"
#include "sinter/linalg/panel_algebra.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_row_factors.hpp"
#include "sinter/mtp/mtp_rows.hpp"

namespace sinter {

/// Called with the number of structures done.
using FitProgress = std::function<void(std::size_t)>;

/// Where triangular factors and the gradient of the loss are computed for a backend: on the host, with its threads
/// where the backend has them. Normal equations of a device are summed there (PanelSums).
template <class ExecutionSpace>
using RowSpace = std::conditional_t<is_device_space<ExecutionSpace>, Kokkos::DefaultHostExecutionSpace, ExecutionSpace>;

template <class ExecutionSpace>
class PanelSums;  // panel_sums.hpp

/// A^T A, A^T b and b^T b of the linear unknowns (xi_k, then species energies unless they are fixed) as one symmetric
/// matrix, (columns + 1)^2, the right-hand side last.
struct LinearNormalEquations {
  int columns = 0;
  std::vector<double> gram;

  [[nodiscard]] double operator()(int i, int j) const {
    return gram[static_cast<std::size_t>(j) * (static_cast<std::size_t>(columns) + 1) + static_cast<std::size_t>(i)];
  }
};

/// J^T J and J^T [A b] with the derivatives J of the prediction by the radial coefficients c[z1][z2][mu][n].
struct RadialNormalEquations {
  int columns = 0;
  std::vector<double> gram;   ///< (columns, columns), symmetric
  std::vector<double> cross;  ///< (columns, linear columns + 1), column-major
};

/// What the passes over a training set take in memory (bytes).
struct FitMemory {
  std::size_t program = 0;    ///< this process with its libraries and the structures that it keeps
  std::size_t needed = 0;     ///< sums, panels, and a batch as small as can be
  std::size_t spare = 0;      ///< of max_memory beyond these two; a part of it is left to the allocator
  std::size_t equations = 0;  ///< labels and neighbour lists of all structures: kept up to a quarter of `spare`
  std::size_t rows = 0;       ///< of all structures: kept when they take half of `spare` at most
};

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
  TrainingRows(FitSettings const& settings, MtpModel const& model, StructureSet structures, FitProgress progress = {});

  [[nodiscard]] std::size_t structures() const { return _structures.size(); }
  [[nodiscard]] std::size_t equations() const { return _equations; }
  [[nodiscard]] std::size_t atoms() const { return _atoms; }
  [[nodiscard]] int fittedSpecies() const { return _fitted_species; }
  [[nodiscard]] int linearColumns(MtpRows const& rows) const;

  /// One pass for the linear unknowns.
  [[nodiscard]] LinearNormalEquations linearPass(MtpRows const& rows);

  /// One pass for the radial coefficients, with the coefficients that `rows` has now. Reuses the rows of the last
  /// `linearPass` where memory has kept them: call it with the same radial coefficients.
  [[nodiscard]] RadialNormalEquations radialPass(MtpRows const& rows);

  /// The sums of a pass with all rows made where the backend works: what `linearPass` and `radialPass` take on a
  /// device.
  [[nodiscard]] PanelSums<ExecutionSpace> panelSums(MtpModel const& model, RowColumns which) const
      requires(has_panel_algebra<ExecutionSpace>);

  /// Makes the next pass compute all rows: the radial coefficients are others than those of the last `linearPass`.
  void forgetRows();

  /// Triangular factors of the linear unknowns of `folds` parts of the training set.
  [[nodiscard]] std::vector<TriangularFactor> factors(MtpRows const& rows, int folds);

  /// sum of weighted squared residuals of `model` and its gradient by all coefficients: xi_k, c[z1][z2][mu][n], fitted
  /// species energies. `rows` must have the coefficients of `model`.
  [[nodiscard]] double lossGradient(MtpRows const& rows, MtpModel const& model, std::vector<double>& gradient);

  /// Unknowns of a solution as coefficients of a model.
  void putSolution(std::span<double const> x, MtpModel& model) const;

  /// What passes with such rows take.
  [[nodiscard]] FitMemory memory(MtpRows const& rows) const;

 private:
  using Space = RowSpace<ExecutionSpace>;
  using Number = MtpRows::Number;
  struct Equations;
  struct Batch;
  struct Workspace;
  struct State;
  struct Nothing {
    void operator()(Equations const&) const {}
  };

  [[nodiscard]] std::shared_ptr<Equations const> makeEquations(std::size_t begin, std::size_t end,
                                                               std::function<bool(std::size_t)> const& takes,
                                                               double* energy = nullptr,
                                                               std::size_t* atoms_with_energy = nullptr) const;
  void readStructures(MtpRows const& rows);
  void shuffle();
  [[nodiscard]] std::size_t bytesOfSums(MtpRows const& rows) const;
  [[nodiscard]] std::size_t bytesOfWork(MtpRows const& rows, std::size_t largest_structure, int most_neighbors) const;
  [[nodiscard]] std::size_t keptBytes(MtpRows const& rows) const;
  [[nodiscard]] static std::size_t threads();
  template <class TaskOf, class Body, class Prepare = Nothing>
  void forStructures(std::size_t tasks, TaskOf const& taskOf, Body const& body, Prepare const& prepare = {});
  [[nodiscard]] std::vector<double> sumOf(std::vector<std::vector<double>>& addends) const;
  [[nodiscard]] int tailWidth() const;
  void fillBasisPanel(MtpRows const& rows, Equations const& data, std::size_t local, Workspace& workspace,
                      Number* panel) const;
  [[nodiscard]] Number const* basisPanel(MtpRows const& rows, Equations const& data, std::size_t local,
                                         Workspace& workspace, bool fresh);
  void scaleRows(Number* panel, int width, Equations const& data, std::size_t local) const;
  [[nodiscard]] std::vector<int> panelColumns(MtpRows const& rows) const;
  [[nodiscard]] int foldOf(std::size_t s, int folds) const;

  FitSettings _settings;
  StructureSet _structures;
  SpeciesMap _species_map;
  std::vector<std::int32_t> _species;
  double _cutoff;
  std::size_t _atoms = 0, _equations = 0, _all_rows = 0, _equation_bytes = 0, _kept_bytes = 0;
  FitMemory _memory;
  int _fitted_species;
  double _reference_energy = 0;  // per atom, taken off the labels where species energies are fitted
  std::shared_ptr<MtpEvaluator<ExecutionSpace> const> _repulsion;  // what no basis function has, where there is some
  FitProgress _progress;
  std::shared_ptr<State> _state;
};

}  // namespace sinter
