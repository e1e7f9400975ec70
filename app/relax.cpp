/// \file
/// `sinter relax`: frames are read, relaxed side by side and written in their order; as many as fill a launch are in
/// memory, and those that wait for a slower one before them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chosen_frames.hpp"
#include "command.hpp"
#include "frame_report.hpp"
#include "interrupt.hpp"
#include "json_report.hpp"
#include "kokkos_session.hpp"
#include "output_path.hpp"
#include "potential_file.hpp"
#include "progress.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/simulation/batch_relaxation.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter::app {

namespace {

using Json = nlohmann::ordered_json;

struct RelaxOptions {
  std::string potential, output;
  FrameOptions structures;
  std::optional<std::string> json;
  std::string cell = "full";
  double pressure = 0, force_tolerance = 1e-3, pressure_tolerance = 0.01;  // GPa, eV/A, GPa
  std::optional<std::string> pressure_key;
  std::optional<double> min_distance;
  int max_steps = 1000;
  std::string backend = backendName<Kokkos::DefaultExecutionSpace>();
  bool quiet = false;
};

constexpr std::array<RelaxationStatus, 6> all_statuses = {RelaxationStatus::converged, RelaxationStatus::max_steps,
                                                          RelaxationStatus::stuck,     RelaxationStatus::overlap,
                                                          RelaxationStatus::collapsed, RelaxationStatus::not_finite};

/// How the relaxations of a run ended.
struct RelaxTotals {
  std::array<std::size_t, all_statuses.size()> counts{};
  std::int64_t steps = 0, atom_evaluations = 0;
  std::vector<std::string> unconverged;  // "12 (overlap)"; the first ones

  void add(std::int64_t index, RelaxedStructure const& relaxed) {
    ++counts[static_cast<std::size_t>(relaxed.status)];
    steps += relaxed.steps();
    atom_evaluations += relaxed.evaluations * static_cast<std::int64_t>(relaxed.structure.size());
    if (relaxed.status != RelaxationStatus::converged && unconverged.size() < 10)
      unconverged.push_back(fmt::format("{} ({})", index, nameOf(relaxed.status)));
  }
};

/// One run of the command.
class Relax {
 public:
  explicit Relax(RelaxOptions const& options) : _options(options) {}

  void run() {
    checkOutputs();
    _unnamed = atomicNumbersOf(_options.structures.species);
    _model = readTrainedPotential(_options.potential);
    nameSpecies(_model, _unnamed, _options.potential);
    ChosenFrames frames(_options.structures, _unnamed);
    KokkosSession const session;
    withBackend(_options.backend, [&]<class Space>() { relaxFrames<Space>(frames); });
  }

 private:
  using Clock = std::chrono::steady_clock;

  void checkOutputs() const {
    std::vector<std::string> taken = {_options.potential, _options.structures.file};
    checkLabelledOutput(_options.output, taken);
    taken.push_back(_options.output);
    if (_options.json) checkOutputPath("--json", *_options.json, taken);
  }

  [[nodiscard]] RelaxationSettings settings() const {
    RelaxationSettings result;
    result.cell = _options.cell == "full"        ? CellFreedom::full
                  : _options.cell == "isotropic" ? CellFreedom::isotropic
                                                 : CellFreedom::none;
    result.pressure = _options.pressure / gpa_per_ev_per_cubic_angstrom;
    result.force_tolerance = _options.force_tolerance;
    result.pressure_tolerance = _options.pressure_tolerance / gpa_per_ev_per_cubic_angstrom;
    result.max_steps = _options.max_steps;
    result.min_distance = _options.min_distance.value_or(_model.min_dist / 2);
    return result;
  }

  template <class Space>
  void relaxFrames(ChosenFrames& frames) {
    auto const begin = Clock::now();
    BatchRelaxation<Space> relaxation(_model, settings());
    auto const writer = openStructureWriter(_options.output, _model.species.empty() ? _unnamed : _model.species);
    std::optional<FrameReport> report;
    if (_options.json)
      report.emplace(*_options.json, Json{{"sinter", sinterJson(_options.backend, "double")},
                                          {"potential", potentialJson(_options.potential, _model)},
                                          {"relaxation", settingsJson()}});
    std::map<std::size_t, ChosenFrame> started;  // by their number in the relaxation, until they are written
    std::map<std::size_t, RelaxedStructure> done;
    std::size_t written = 0;
    {
      Progress progress("relax", frames.size(), _options.quiet);
      for (bool more = true; more || !relaxation.empty();) {
        while (more && relaxation.hasRoom()) {
          auto frame = frames.next();
          more = frame.has_value();
          if (more) start(relaxation, *std::move(frame), started);
        }
        for (auto& relaxed : relaxation.step()) done.emplace(relaxed.index, std::move(relaxed));
        stopWhenInterrupted();
        for (; !done.empty() && done.begin()->first == written; ++written, done.erase(done.begin())) {
          auto const frame = started.extract(written);
          finish(*writer, report, frame.mapped(), done.begin()->second);
        }
        progress.update(written + done.size(), static_cast<std::size_t>(_totals.atom_evaluations));
      }
    }
    frames.finish();
    double const wall = std::chrono::duration<double>(Clock::now() - begin).count();
    double const rate = static_cast<double>(_totals.atom_evaluations) / std::max(wall, 1e-9);
    writer->close();
    if (report)
      report->finish(
          {{"summary", summaryJson(frames)}, {"time", {{"wall_s", wall}, {"atom_evaluations_per_s", rate}}}});
    if (!_options.quiet) printSummary(frames, wall, rate);
  }

  template <class Space>
  void start(BatchRelaxation<Space>& relaxation, ChosenFrame frame, std::map<std::size_t, ChosenFrame>& started) const {
    auto const index = relaxation.add(frame.structure, frame.name, pressureFor(frame));
    started.emplace(index, std::move(frame));
  }

  // Of --pressure-key, in eV/A^3, where there is one.
  [[nodiscard]] std::optional<double> pressureFor(ChosenFrame const& frame) const {
    if (!_options.pressure_key) return std::nullopt;
    return pressureByKey(frame, *_options.pressure_key, "--pressure-key") / gpa_per_ev_per_cubic_angstrom;
  }

  void finish(StructureWriter& writer, std::optional<FrameReport>& report, ChosenFrame const& frame,
              RelaxedStructure& relaxed) {
    _totals.add(frame.index, relaxed);
    if (report) report->add(frameJson(frame, relaxed));
    Structure& result = relaxed.structure;
    if (!_model.species.empty()) nameTypes(result, _model.species, frame.name);
    setFeature(result, "relax_status", nameOf(relaxed.status));
    setFeature(result, "relax_steps", std::to_string(relaxed.steps()));
    removeFeature(result, "enthalpy");  // of the start
    if (relaxed.enthalpy) setFeature(result, "enthalpy", fmt::format("{:.17g}", *relaxed.enthalpy));
    writer.write(result, {}, &frame.structure);
  }

  [[nodiscard]] Json frameJson(ChosenFrame const& frame, RelaxedStructure const& relaxed) const {
    Structure const& s = relaxed.structure;
    Json json = {{"index", frame.index},
                 {"config_type", s.config_type},
                 {"natoms", s.size()},
                 {"status", nameOf(relaxed.status)},
                 {"steps", relaxed.steps()},
                 {"enthalpy", nullptr},
                 {"energy", nullptr},
                 {"volume", nullptr},
                 {"external_pressure", nullptr},
                 {"pressure", nullptr},
                 {"max_force", nullptr},
                 {"max_stress_deviation", nullptr}};
    auto const cell_volume = volume(s);
    if (cell_volume) {
      json["volume"] = *cell_volume;
      json["external_pressure"] = pressureFor(frame).value_or(settings().pressure) * gpa_per_ev_per_cubic_angstrom;
    }
    if (!relaxed.enthalpy) return json;
    json["enthalpy"] = *relaxed.enthalpy;
    json["energy"] = *s.energy;
    json["max_force"] = relaxed.residual.force;
    if (cell_volume) {
      json["pressure"] = pressureOf(*s.virial, *cell_volume) * gpa_per_ev_per_cubic_angstrom;
      if (settings().cell != CellFreedom::none)
        json["max_stress_deviation"] = relaxed.residual.stress * gpa_per_ev_per_cubic_angstrom;
    }
    return json;
  }

  [[nodiscard]] Json settingsJson() const {
    Json pressure = _options.pressure;
    if (_options.pressure_key) pressure = *_options.pressure_key;
    return {{"cell", _options.cell},
            {"pressure", pressure},
            {"force_tolerance", _options.force_tolerance},
            {"pressure_tolerance", _options.pressure_tolerance},
            {"max_steps", _options.max_steps},
            {"min_distance", *settings().min_distance}};
  }

  [[nodiscard]] Json summaryJson(ChosenFrames const& frames) const {
    Json json = {{"frames", frames.frames()}, {"atoms", frames.atoms()}, {"steps", _totals.steps}};
    for (std::size_t s = 0; s < all_statuses.size(); ++s) json[nameOf(all_statuses[s])] = _totals.counts[s];
    return json;
  }

  void printSummary(ChosenFrames const& frames, double wall, double rate) const {
    std::size_t const converged = _totals.counts[0], others = frames.frames() - converged;
    fmt::print("{} of {} frames converged, {:.1f} steps on average\n", converged, frames.frames(),
               static_cast<double>(_totals.steps) / static_cast<double>(frames.frames()));
    if (others > 0)
      fmt::print("not converged: frames {}{}\n", fmt::join(_totals.unconverged, ", "),
                 others > _totals.unconverged.size() ? ", ..." : "");
    fmt::print("{} atoms in {:.3g} s ({:.3g} atom evaluations/s, {})\n", frames.atoms(), wall, rate, _options.backend);
  }

  RelaxOptions const& _options;
  MtpModel _model;
  std::vector<std::int32_t> _unnamed;  // names of the types that the structure file does not name
  RelaxTotals _totals;
};

}  // namespace

void addRelaxCommand(CLI::App& app) {
  auto const options = std::make_shared<RelaxOptions>();
  CLI::App* const command = app.add_subcommand(
      "relax", "Positions, or positions and cells under pressure, relaxed to a minimum of the enthalpy E + P V");
  addPotentialAndFrameOptions(*command, options->potential, options->structures);
  command
      ->add_option(
          "-o,--output", options->output,
          "Extended XYZ or MLIP .cfg: relaxed frames with energy, forces, virial, enthalpy (eV), relax_status, "
          "relax_steps; labels of the start stay as ref_energy, ref_forces, ref_virial (features of .cfg)")
      ->required();
  auto* const pressure =
      command->add_option("--pressure", options->pressure, "External pressure (GPa); positive compresses");
  pressure->capture_default_str();
  command
      ->add_option("--pressure-key", options->pressure_key,
                   "Key of the frames that says at which pressure (GPa) each is relaxed")
      ->excludes(pressure);
  command
      ->add_option("--cell", options->cell,
                   "What of the cell is relaxed: full (six strains), isotropic (volume), none; cells that are not "
                   "periodic in all directions stay as they are")
      ->check(CLI::IsMember({"full", "isotropic", "none"}))
      ->capture_default_str();
  command
      ->add_option("--force-tolerance", options->force_tolerance,
                   "Largest component of a force at which a frame has converged (eV/A)")
      ->capture_default_str();
  command
      ->add_option("--pressure-tolerance", options->pressure_tolerance,
                   "Largest deviation of a component of the stress from the pressure (GPa)")
      ->capture_default_str();
  command->add_option("--max-steps", options->max_steps, "Evaluations of a frame after the first")
      ->capture_default_str();
  command->add_option("--min-distance", options->min_distance,
                      "Atoms nearer than this (A) count as on top of each other (default: half of the potential's "
                      "min_dist)");
  command->add_option("--json", options->json, "Report: frames, totals, provenance, time");
  addBackendOption(*command, options->backend);
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Relax>(*options); });
}

}  // namespace sinter::app
