#include "trajectory_analysis.hpp"

#include <Kokkos_Core.hpp>
#include <filesystem>
#include <sstream>

#include "interrupt.hpp"
#include "potential_file.hpp"
#include "sha256.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/structures/frame_error.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

TrajectoryAnalysis::TrajectoryAnalysis(AnalysisOptions const& options)
    : _options(options),
      _report(options.metrics),
      _frames(options.trajectory, atomicNumbersOf(options.trajectory.species)) {
  checkMetricSettings(_options.metrics);
  if (!_options.similarity) return;
  bool const follows_pressure = _options.pressure_key.has_value();
  _references =
      readReferenceStructures(*_options.similarity, atomicNumbersOf(_options.trajectory.species), follows_pressure);
  _crystals = _references.names;
  if (follows_pressure) {
    _adjusted = pressureAdjustedCrystals(_references);
    _crystals.clear();
    for (auto const& crystal : _adjusted) _crystals.push_back(crystal.name());
  }
  auto const settings = orderSettings();
  _order.emplace(*_options.similarity, _crystals, _options.preset, settings, _options.pressure_key);
  if (_options.map) _map.emplace(*_options.map, settings.zeta);
}

CrystalOrderSettings TrajectoryAnalysis::orderSettings() const {
  CrystalOrderSettings settings = _options.order;
  settings.soap = soapPreset(_options.preset, 0);
  settings.bond_cutoff = _options.metrics.bond_cutoff;
  std::istringstream names(_options.classes);
  for (std::string name; std::getline(names, name, ',');) settings.classes.push_back(name);
  return settings;
}

std::optional<ChosenFrame> TrajectoryAnalysis::nextFrame() {
  while (true) try {
      return _frames.next();
    } catch (FrameError const& error) {
      _refused.push_back({{"frame", _frames.read() - 1}, {"reason", error.what()}});
    } catch (InputError const& error) {
      stopWhenInterrupted();
      if (_frames.frames() == 0) throw;
      _unreadable = error.what();
      return std::nullopt;
    }
}

template <class ExecutionSpace>
void TrajectoryAnalysis::measure(Use const& use) {
  StructureMetrics<ExecutionSpace> metrics(_options.metrics);
  std::optional<CrystalOrder<ExecutionSpace>> crystals;
  if (_order && _options.pressure_key)
    crystals.emplace(orderSettings(), _adjusted);
  else if (_order)
    crystals.emplace(orderSettings(), _references);
  while (auto const frame = nextFrame()) {
    auto const found = metrics.measure(frame->structure, frame->name);
    stopWhenInterrupted();
    _report.add(*frame, found);
    FrameOrder order;
    if (crystals) {
      std::optional<double> pressure;  // (GPa) where crystals follow it
      try {
        if (_options.pressure_key)
          pressure = pressureByKey(*frame, *_options.pressure_key, "--similarity-pressure-key");
        order = crystals->measure(frame->structure, frame->name, pressure);
      } catch (InputError const& error) {  // of the first frame a mistake in the command, of later ones theirs
        stopWhenInterrupted();
        if (_frames.frames() == 1) throw;
        order.failures["similarity"] = error.what();
      }
      stopWhenInterrupted();
      _order->add(frame->index, order, pressure);
      if (_map) _map->add(order.similarity.vector);
    }
    if (use) use(*frame, found, order);
  }
  if (_frames.frames() == 0 && !_refused.empty()) throw InputError(_refused[0]["reason"].get<std::string>());
  if (_frames.frames() == 0) _frames.finish();  // throws
  stopWhenInterrupted();
}

Json TrajectoryAnalysis::json() const {
  auto const& file = _options.trajectory.file;
  Json report = {{"trajectory",
                  {{"file", file},
                   {"sha256", nullptr},
                   {"frames", _frames.frames()},
                   {"atoms", _frames.atoms()},
                   {"species", _report.speciesJson()},
                   {"refused", _refused},
                   {"unreadable", nullptr}}}};
  if (std::filesystem::is_regular_file(file)) report["trajectory"]["sha256"] = sha256OfFile(file);
  if (_unreadable) report["trajectory"]["unreadable"] = *_unreadable;
  report.update(_report.json());
  if (_order) report.update(_order->json());
  if (_map) report["map"] = _map->json();
  return report;
}

#define SINTER_INSTANTIATE(SPACE) template void TrajectoryAnalysis::measure<SPACE>(Use const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)
#undef SINTER_INSTANTIATE

}  // namespace sinter::app
