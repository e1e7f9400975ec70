/// \file
/// Relaxation of hundreds of structures at once, positions or positions and cell under pressure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/simulation/batch_forces.hpp"
#include "sinter/simulation/cell_coordinates.hpp"
#include "sinter/simulation/descent.hpp"

namespace sinter {

/// What is relaxed, and when it is done.
struct RelaxationSettings {
  CellFreedom cell = CellFreedom::full;  ///< of structures that are periodic in all directions
  double pressure = 0;                   ///< external (eV/A^3); positive compresses; `add` may name another one
  double force_tolerance = 1e-3;         ///< of the largest component of a force (eV/A)
  double pressure_tolerance = 6e-5;      ///< of the largest component of stress + pressure (eV/A^3); 0.01 GPa
  int max_steps = 1000;                  ///< evaluations of a structure after the first
  std::optional<double> min_distance;    ///< atoms nearer than this are on top of each other (A); half of min_dist
};

/// How a relaxation ended; all but the first two are failures of the potential or the start.
enum class RelaxationStatus {
  converged,
  max_steps,   ///< the steps were used up
  stuck,       ///< no lower enthalpy along the forces: rounding (tolerances are too small), or a kink
  overlap,     ///< two atoms on top of each other
  collapsed,   ///< the volume is below that of the closest packing of atoms at the smallest distance
  not_finite,  ///< an energy, force or cell is not a number, or neighbours cannot be searched (BatchForces)
};
[[nodiscard]] std::string nameOf(RelaxationStatus status);

/// A relaxed structure. After a failure it is that of the last step downhill: trials that were evaluated and rejected
/// are not kept.
struct RelaxedStructure {
  std::size_t index = 0;  ///< which one: structures are counted as they are added
  Structure structure;    ///< with energy, forces and virial (of cells with a volume); none where all failed
  RelaxationStatus status = RelaxationStatus::not_finite;
  int evaluations = 0;             ///< of the start and of trials; none when the start was not worth any
  std::optional<double> enthalpy;  ///< E + P V, E of structures without a volume (eV)
  Residual residual;               ///< largest force (eV/A), largest deviation from the pressure (eV/A^3)

  /// Evaluations after the first.
  [[nodiscard]] int steps() const { return std::max(evaluations - 1, 0); }
};

/// Relaxations side by side: each structure descends on its own, all are evaluated in one launch, and those that are
/// done make room for others.
///
///     BatchRelaxation<Space> relaxation(model, settings);
///     while (...) {
///       while (relaxation.hasRoom() && ...) relaxation.add(structure, name);
///       for (auto& relaxed : relaxation.step()) ...
///     }
///
/// The enthalpy H = E + P V is minimised by `Descent` (L-BFGS) in `CellCoordinates`, and never rises but by rounding.
/// On the host the result for a structure is the same to the last bit whatever else is relaxed and however many threads
/// there are. Neighbour lists are built anew in every step (a sixth of the time at level 16): lists that were kept
/// would tie structures to each other, and cells change their shape.
template <class ExecutionSpace>
class BatchRelaxation {
 public:
  /// \throws InputError when `model` is not trained, or for settings out of their ranges.
  BatchRelaxation(MtpModel const& model, RelaxationSettings const& settings, ExecutionSpace space = {});

  /// Adds a structure, and says which number it has.
  /// \param name for messages \param pressure (eV/A^3) in the place of that of the settings
  /// \throws InputError for an unknown species, no atoms, a pressure that is not a number, and what `checkStructure`
  /// throws for.
  std::size_t add(Structure structure, std::string const& name, std::optional<double> pressure = {});

  /// Whether a launch could take more atoms without becoming slower for each.
  [[nodiscard]] bool hasRoom() const;

  /// Whether nothing is being relaxed.
  [[nodiscard]] bool empty() const { return _trials.empty() && _failed.empty(); }

  /// Evaluates all structures once, and hands out those that are done, in the order in which they were added.
  [[nodiscard]] std::vector<RelaxedStructure> step();

 private:
  struct Cell {
    CellCoordinates coordinates;
    Descent descent;
    RelaxedStructure result;
    double pressure;
    bool is_done = false;
  };

  [[nodiscard]] std::optional<RelaxationStatus> failureOf(Structure const& trial) const;
  void advance(Cell& cell, Structure& trial, std::optional<CellForces> const& forces) const;

  BatchForces<ExecutionSpace> _forces;
  RelaxationSettings _settings;
  double _min_distance;
  std::vector<Cell> _cells;
  std::vector<Structure> _trials;         // where the cells are evaluated next
  std::vector<RelaxedStructure> _failed;  // before they were evaluated
  std::size_t _atoms = 0, _added = 0;
};

/// Relaxes all structures; results in their order. \param names one per structure for messages; may be empty
/// \param pressures one per structure (eV/A^3), or none: that of the settings
template <class ExecutionSpace>
[[nodiscard]] std::vector<RelaxedStructure> relax(MtpModel const& model, RelaxationSettings const& settings,
                                                  std::span<Structure const> structures,
                                                  std::span<std::string const> names = {},
                                                  std::span<double const> pressures = {}, ExecutionSpace space = {});

/// As `relax`, for structures that must all get there. \param names one per structure
/// \throws InputError naming the first structure whose relaxation did not converge.
template <class ExecutionSpace>
[[nodiscard]] std::vector<RelaxedStructure> relaxConverged(MtpModel const& model, RelaxationSettings const& settings,
                                                           std::span<Structure const> structures,
                                                           std::span<std::string const> names,
                                                           std::span<double const> pressures = {},
                                                           ExecutionSpace space = {});

}  // namespace sinter
