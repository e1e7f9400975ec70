/// \file
/// The weighted equations of a training set, and what passes over them give: normal equations, triangular factors,
/// the gradient of the loss. The rows themselves live a structure at a time, or as long as memory allows.
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
#include "sinter/core/structure.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/linalg/least_squares.hpp"
#include "sinter/linalg/panel_algebra.hpp"
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

/// Equations of a training set: a row per energy, force component and virial component with a label and a weight > 0,
/// multiplied with the square root of its weight.
///
/// Sums over rows have the same order whatever the number of threads. Structures stay where they are and must outlive
/// this object.
template <class ExecutionSpace>
class TrainingRows {
 public:
  /// \param model its species, cutoff and (for `RBChebyshev_repuls`) min_dist are used; the pair repulsion goes to the
  ///              right-hand side
  /// \throws InputError for unknown species, labels or weights that are no numbers, and when no label has a weight > 0.
  TrainingRows(FitSettings const& settings, MtpModel const& model, std::span<Structure const> structures,
               FitProgress progress = {});

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

  /// Bytes that rows take where they are kept.
  [[nodiscard]] std::size_t keptBytes(MtpRows const& rows) const;

 private:
  using Space = RowSpace<ExecutionSpace>;
  using Number = MtpRows::Number;
  struct Equations;
  struct Batch;
  struct Task;

  void readEquations(FitSettings const& settings, MtpModel const& model);
  void makeBatches();
  [[nodiscard]] NeighborList<Kokkos::HostSpace> listOf(Batch const& batch) const;
  template <class Body>
  void forStructures(std::size_t tasks, Body const& body);
  [[nodiscard]] int tailWidth() const;
  void fillBasisPanel(MtpRows const& rows, NeighborList<Kokkos::HostSpace> const& list, std::size_t s, int local,
                      Task& task, Number* panel) const;
  [[nodiscard]] Number const* basisPanel(MtpRows const& rows, NeighborList<Kokkos::HostSpace> const& list,
                                         std::size_t s, int local, Task& task, bool fresh);
  void scaleRows(Number* panel, int width, std::size_t s) const;
  [[nodiscard]] std::vector<int> panelColumns(MtpRows const& rows) const;
  [[nodiscard]] int foldOf(std::size_t s, int folds) const;

  std::span<Structure const> _structures;
  SpeciesMap _species_map;
  std::vector<std::int32_t> _species;
  double _cutoff;
  std::size_t _max_memory, _atoms = 0, _equations = 0, _list_bytes = 0;
  int _fitted_species;
  std::map<std::int32_t, double> _e0;
  double _reference_energy = 0;  // per atom, taken off the labels where species energies are fitted
  FitProgress _progress;
  std::shared_ptr<Equations> _data;
};

}  // namespace sinter
