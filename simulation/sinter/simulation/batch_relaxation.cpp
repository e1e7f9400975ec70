#include "sinter/simulation/batch_relaxation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"

namespace sinter {

namespace {

constexpr double first_step = 1.0 / 70;  // A per eV/A: a stiff bond, so that the first step does not overshoot

bool isFinite(Evaluation const& evaluation) {
  auto const finite = [](auto const& numbers) {
    return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
  };
  return std::isfinite(evaluation.energy) && finite(evaluation.virial) &&
         std::all_of(evaluation.forces.begin(), evaluation.forces.end(), finite);
}

[[noreturn]] void fail(std::string const& what, double found, std::string const& expected) {
  throw InputError("relaxation: found " + what + " " + numberText(found) + ", expected " + expected);
}

void checkPressure(double pressure) {
  if (!std::isfinite(pressure)) fail("pressure", pressure, "a finite number (eV/A^3)");
}

void check(RelaxationSettings const& settings) {
  checkPressure(settings.pressure);
  if (!(settings.force_tolerance > 0)) fail("force tolerance", settings.force_tolerance, "> 0 (eV/A)");
  if (!(settings.pressure_tolerance > 0)) fail("pressure tolerance", settings.pressure_tolerance, "> 0 (eV/A^3)");
  if (settings.max_steps < 0) fail("number of steps", settings.max_steps, ">= 0");
  if (settings.min_distance && !(*settings.min_distance >= 0))
    fail("smallest distance", *settings.min_distance, ">= 0 (A)");
}

}  // namespace

std::string nameOf(RelaxationStatus status) {
  switch (status) {
    case RelaxationStatus::converged:
      return "converged";
    case RelaxationStatus::max_steps:
      return "max_steps";
    case RelaxationStatus::stuck:
      return "stuck";
    case RelaxationStatus::overlap:
      return "overlap";
    case RelaxationStatus::collapsed:
      return "collapsed";
    case RelaxationStatus::not_finite:
      break;
  }
  return "not_finite";
}

template <class ExecutionSpace>
BatchRelaxation<ExecutionSpace>::BatchRelaxation(MtpModel const& model, RelaxationSettings const& settings,
                                                 ExecutionSpace space)
    : _forces(model, std::move(space)),
      _settings(settings),
      _min_distance(settings.min_distance.value_or(model.min_dist / 2)) {
  check(settings);
}

template <class ExecutionSpace>
std::size_t BatchRelaxation<ExecutionSpace>::add(Structure structure, std::string const& name,
                                                 std::optional<double> pressure) {
  checkPressure(pressure.value_or(0));
  checkStructure(structure, name);
  if (structure.size() == 0) throw InputError(name + ": found no atoms, expected one at least");
  _forces.checkSpecies(structure, name);
  CellCoordinates coordinates(structure, _settings.cell);
  Structure trial;  // what an evaluation needs
  trial.cell = structure.cell;
  trial.periodic = structure.periodic;
  trial.positions = structure.positions;
  trial.species = structure.species;
  structure.energy.reset();
  structure.forces.clear();
  structure.virial.reset();
  RelaxedStructure result;
  result.index = _added;
  result.structure = std::move(structure);
  if (auto const failure = failureOf(trial)) {
    result.status = *failure;
    _failed.push_back(std::move(result));
    return _added++;
  }
  _atoms += trial.size();
  Descent descent(std::vector<double>(coordinates.size()), first_step);
  _cells.push_back(
      {std::move(coordinates), std::move(descent), std::move(result), pressure.value_or(_settings.pressure), false});
  _trials.push_back(std::move(trial));
  return _added++;
}

template <class ExecutionSpace>
bool BatchRelaxation<ExecutionSpace>::hasRoom() const {
  return _atoms < (is_device_space<ExecutionSpace> ? 50'000 : 4'000);
}

// What is wrong with a structure that is not even to be evaluated.
template <class ExecutionSpace>
std::optional<RelaxationStatus> BatchRelaxation<ExecutionSpace>::failureOf(Structure const& trial) const {
  try {
    checkStructure(trial, "");
  } catch (InputError const&) {
    return RelaxationStatus::not_finite;
  }
  auto const cell_volume = volume(trial);
  double const closest_packing = std::pow(_min_distance, 3) / std::numbers::sqrt2;
  if (cell_volume && *cell_volume < closest_packing * static_cast<double>(trial.size()))
    return RelaxationStatus::collapsed;
  return {};
}

template <class ExecutionSpace>
void BatchRelaxation<ExecutionSpace>::advance(Cell& cell, Structure& trial,
                                              std::optional<CellForces> const& forces) const {
  RelaxedStructure& result = cell.result;
  auto const finish = [&](RelaxationStatus status) {
    result.status = status;
    cell.is_done = true;
  };
  if (!forces) return finish(RelaxationStatus::not_finite);
  ++result.evaluations;
  if (forces->nearest < _min_distance) return finish(RelaxationStatus::overlap);
  if (!isFinite(forces->evaluation)) return finish(RelaxationStatus::not_finite);
  Evaluation const& evaluation = forces->evaluation;
  auto const cell_volume = volume(trial);
  double const enthalpy = evaluation.energy + (cell_volume ? cell.pressure * *cell_volume : 0);
  bool const is_down =
      cell.descent.take(enthalpy, cell.coordinates.gradient(cell.descent.point(), evaluation, cell.pressure),
                        [&](std::vector<double> const& step) { return cell.coordinates.limit(step); });
  if (is_down) {
    result.structure.cell = trial.cell;
    result.structure.positions = trial.positions;
    result.structure.energy = evaluation.energy;
    result.structure.forces = evaluation.forces;
    if (cell_volume) result.structure.virial = evaluation.virial;
    result.enthalpy = enthalpy;
    result.residual = residualOf(trial, evaluation, cell.coordinates.freedom(), cell.pressure);
    if (result.residual.force <= _settings.force_tolerance && result.residual.stress <= _settings.pressure_tolerance)
      return finish(RelaxationStatus::converged);
  }
  if (cell.descent.isStuck()) return finish(RelaxationStatus::stuck);
  if (result.steps() == _settings.max_steps) return finish(RelaxationStatus::max_steps);
  cell.coordinates.place(cell.descent.point(), trial);
  if (auto const failure = failureOf(trial)) finish(*failure);
}

template <class ExecutionSpace>
std::vector<RelaxedStructure> BatchRelaxation<ExecutionSpace>::step() {
  // On a device the host's threads advance the descents.
  using Host = std::conditional_t<is_device_space<ExecutionSpace>, Kokkos::DefaultHostExecutionSpace, ExecutionSpace>;
  auto const forces = _forces.evaluate(_trials);
  Kokkos::parallel_for("sinter::simulation::advance",
                       Kokkos::RangePolicy<Host, Kokkos::Schedule<Kokkos::Dynamic>>(0, _cells.size()),
                       [&](std::size_t c) { advance(_cells[c], _trials[c], forces[c]); });
  std::vector<RelaxedStructure> done = std::exchange(_failed, {});
  std::size_t kept = 0;
  for (std::size_t c = 0; c < _cells.size(); ++c) {
    if (_cells[c].is_done) {
      _atoms -= _trials[c].size();
      done.push_back(std::move(_cells[c].result));
      continue;
    }
    if (kept != c) {
      _cells[kept] = std::move(_cells[c]);
      _trials[kept] = std::move(_trials[c]);
    }
    ++kept;
  }
  _cells.erase(_cells.begin() + static_cast<std::ptrdiff_t>(kept), _cells.end());
  _trials.resize(kept);
  std::sort(done.begin(), done.end(), [](auto const& a, auto const& b) { return a.index < b.index; });
  return done;
}

template <class ExecutionSpace>
std::vector<RelaxedStructure> relax(MtpModel const& model, RelaxationSettings const& settings,
                                    std::span<Structure const> structures, std::span<std::string const> names,
                                    std::span<double const> pressures, ExecutionSpace space) {
  BatchRelaxation<ExecutionSpace> relaxation(model, settings, std::move(space));
  std::vector<RelaxedStructure> results(structures.size());
  std::size_t next = 0;
  while (next < structures.size() || !relaxation.empty()) {
    for (; next < structures.size() && relaxation.hasRoom(); ++next)
      relaxation.add(structures[next], next < names.size() ? names[next] : "structure " + std::to_string(next),
                     next < pressures.size() ? std::optional(pressures[next]) : std::nullopt);
    for (auto& relaxed : relaxation.step()) results[relaxed.index] = std::move(relaxed);
  }
  return results;
}

template <class ExecutionSpace>
std::vector<RelaxedStructure> relaxConverged(MtpModel const& model, RelaxationSettings const& settings,
                                             std::span<Structure const> structures, std::span<std::string const> names,
                                             std::span<double const> pressures, ExecutionSpace space) {
  auto relaxed = relax(model, settings, structures, names, pressures, std::move(space));
  for (auto const& one : relaxed)
    if (one.status != RelaxationStatus::converged)
      throw InputError(names[one.index] + ": found a relaxation that ended with " + nameOf(one.status) +
                       ", expected converged");
  return relaxed;
}

#define SINTER_INSTANTIATE(SPACE)                                                                                      \
  template class BatchRelaxation<SPACE>;                                                                               \
  template std::vector<RelaxedStructure> relax(MtpModel const&, RelaxationSettings const&, std::span<Structure const>, \
                                               std::span<std::string const>, std::span<double const>, SPACE);          \
  template std::vector<RelaxedStructure> relaxConverged(MtpModel const&, RelaxationSettings const&,                    \
                                                        std::span<Structure const>, std::span<std::string const>,      \
                                                        std::span<double const>, SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
