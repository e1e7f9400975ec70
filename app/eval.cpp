/// \file
/// `sinter eval`: frames are read, evaluated and written in batches, so that memory does not grow with the file.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
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
#include "sha256.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/fitting/uncertainty.hpp"
#include "sinter/fitting/uncertainty_io.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/structures/label_errors.hpp"
#include "sinter/structures/writer.hpp"
#include "uncertainty_check.hpp"

namespace sinter::app {

namespace {

constexpr std::size_t atoms_per_batch = 20'000;

struct EvalOptions {
  std::string potential;
  FrameOptions structures;
  std::optional<std::string> output, json, uncertainty;
  std::string precision = "double";
  std::string backend = backendName<Kokkos::DefaultExecutionSpace>();
  bool quiet = false;
};

double largest(std::vector<Vector3> const& vectors) {
  double result = 0;
  for (auto const& v : vectors) result = std::max({result, v[0], v[1], v[2]});
  return result;
}

nlohmann::ordered_json frameJson(std::int64_t index, Structure const& structure, Evaluation const& evaluation,
                                 PredictionSpread const* spread) {
  nlohmann::ordered_json frame = {
      {"index", index},     {"config_type", structure.config_type}, {"natoms", structure.size()},
      {"volume", nullptr},  {"energy", evaluation.energy},          {"virial", nullptr},
      {"pressure", nullptr}};
  if (auto const cell_volume = volume(structure)) {
    frame["volume"] = *cell_volume;
    frame["virial"] = evaluation.virial;
    frame["pressure"] = pressureOf(evaluation.virial, *cell_volume) * gpa_per_ev_per_cubic_angstrom;
  }
  if (spread != nullptr) {
    frame["energy_std"] = spread->energy;
    frame["force_std_max"] = largest(spread->forces);
  }
  return frame;
}

/// One run of the command.
class Eval {
 public:
  explicit Eval(EvalOptions const& options) : _options(options) {}

  void run() {
    checkOutputs();
    _unnamed = atomicNumbersOf(_options.structures.species);
    _model = readTrainedPotential(_options.potential);
    nameSpecies(_model, _unnamed, _options.potential);
    if (_options.uncertainty) readSpread();
    ChosenFrames frames(_options.structures, _unnamed);
    KokkosSession const session;
    withBackend(_options.backend, [&]<class Space>() { evaluateFrames<Space>(frames); });
  }

 private:
  using Clock = std::chrono::steady_clock;

  static double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

  void checkOutputs() const {
    std::vector<std::string> taken = {_options.potential, _options.structures.file};
    if (_options.uncertainty) taken.push_back(_uncertainty_file);
    if (_options.output) {
      checkLabelledOutput(*_options.output, taken);
      taken.push_back(*_options.output);
    }
    if (_options.json) checkOutputPath("--json", *_options.json, taken);
  }

  void readSpread() {
    auto const uncertainty = readUncertainty(_uncertainty_file, _options.potential, sha256OfFile(_options.potential));
    _unknowns = uncertainty.unknowns;
    _spread = *_options.uncertainty == "committee" ? uncertainty.committee : uncertainty.covariance;
    if (_spread.directions.empty())
      throw InputError(_uncertainty_file, 0, "found no " + *_options.uncertainty + ", expected one");
  }

  template <class Space>
  MtpEvaluator<Space> makeEvaluator() const {
    try {
      return MtpEvaluator<Space>(_model, _options.precision == "mixed" ? Precision::mixed : Precision::full);
    } catch (InputError const& error) {
      throw InputError(_options.potential, 0, error.what());
    }
  }

  template <class Space>
  std::optional<SpreadEvaluator<Space>> makeSpreadEvaluator() const {
    if (!_options.uncertainty) return std::nullopt;
    try {
      return SpreadEvaluator<Space>(_model, _spread, _unknowns);
    } catch (InputError const& error) {
      throw InputError(_uncertainty_file, 0, error.what());
    }
  }

  template <class Space>
  void evaluateFrames(ChosenFrames& frames) {
    auto const begin = Clock::now();
    Clock::duration evaluating{};
    auto const evaluator = makeEvaluator<Space>();
    auto const spread_evaluator = makeSpreadEvaluator<Space>();
    std::unique_ptr<StructureWriter> writer;
    std::optional<FrameReport> report;
    if (_options.output)
      writer = openStructureWriter(*_options.output, _model.species.empty() ? _unnamed : _model.species);
    if (_options.json)
      report.emplace(*_options.json,
                     nlohmann::ordered_json{{"sinter", sinterJson(_options.backend, _options.precision)},
                                            {"potential", potentialJson(_options.potential, _model)}});
    {
      Progress progress("eval", frames.size(), _options.quiet);
      while (auto const batch = frames.nextBatch(atoms_per_batch)) {
        auto const start = Clock::now();
        auto const results = evaluator.evaluate(batch->structures, batch->names);
        evaluating += Clock::now() - start;
        std::vector<PredictionSpread> spreads;
        if (spread_evaluator) spreads = spread_evaluator->evaluate(batch->structures);
        for (std::size_t s = 0; s < results.size(); ++s) {
          auto const* const spread = spreads.empty() ? nullptr : &spreads[s];
          _errors.add(batch->structures[s], results[s]);
          if (spread != nullptr) _check.add(batch->structures[s], results[s], *spread);
          if (writer) writeFrame(*writer, batch->structures[s], results[s], spread);
          if (report) report->add(frameJson(batch->indices[s], batch->structures[s], results[s], spread));
        }
        progress.update(frames.frames(), frames.atoms());
      }
    }
    frames.finish();
    double const rate = static_cast<double>(frames.atoms()) / std::max(seconds(evaluating), 1e-9);
    double const wall = seconds(Clock::now() - begin);
    if (writer) writer->close();
    if (report) {
      nlohmann::ordered_json tail = {{"errors", errorsJson(_errors)}};
      if (auto const uncertainty = uncertaintyJson()) tail["uncertainty"] = *uncertainty;
      tail["time"] = {{"wall_s", wall}, {"atom_evaluations_per_s", rate}};
      report->finish(tail);
    }
    if (!_options.quiet) printSummary(frames, wall, rate);
  }

  void writeFrame(StructureWriter& writer, Structure const& labelled, Evaluation const& evaluation,
                  PredictionSpread const* spread) const {
    Structure result = labelled;
    result.energy = evaluation.energy;
    result.forces = evaluation.forces;
    result.virial.reset();
    if (volume(labelled)) result.virial = evaluation.virial;
    if (!_model.species.empty()) nameTypes(result, _model.species, _options.structures.file);
    std::vector<StructureWriter::AtomColumn> columns = {{"site_energy", evaluation.site_energies}};
    if (spread != nullptr) {
      setFeature(result, "energy_std", fmt::format("{:.17g}", spread->energy));
      std::span<double const> const forces(spread->forces.front().data(), 3 * spread->forces.size());
      if (lowerExtension(*_options.output) == ".cfg")  // has no further columns
        setFeature(result, "forces_std", linesOf(spread->forces));
      else
        columns.push_back({"forces_std", forces, 3});
    }
    writer.write(result, columns, &labelled);
  }

  static std::string linesOf(std::vector<Vector3> const& vectors) {
    std::string lines;
    for (auto const& v : vectors)
      lines += fmt::format("{}{:.17g} {:.17g} {:.17g}", lines.empty() ? "" : "\n", v[0], v[1], v[2]);
    return lines;
  }

  [[nodiscard]] std::optional<nlohmann::ordered_json> uncertaintyJson() const {
    if (!_options.uncertainty) return std::nullopt;
    return nlohmann::ordered_json{{"file", _uncertainty_file},
                                  {"method", *_options.uncertainty},
                                  {"scale", _spread.scale},
                                  {"energy", spreadJson(_check.energy)},
                                  {"force", spreadJson(_check.force)}};
  }

  void printSummary(ChosenFrames const& frames, double wall, double rate) const {
    if (_errors.all().frames > 0) fmt::print("{}", formatErrorTable(_errors));
    if (_options.uncertainty) {
      printSpread("energy", _check.energy, 1e3, "meV/atom");
      printSpread("force", _check.force, 1, "eV/A");
    }
    fmt::print("{} frames, {} atoms in {:.3g} s ({:.3g} atom evaluations/s, {}, {})\n", frames.frames(), frames.atoms(),
               wall, rate, _options.backend, _options.precision);
  }

  void printSpread(char const* name, SpreadStatistics const& check, double unit, char const* unit_name) const {
    if (check.count() == 0) return;
    fmt::print("{} uncertainty ({}): rms {:.4g} {}, of errors {:.4g}; correlation with |error| {}\n", name,
               *_options.uncertainty, *check.rmsDeviation() * unit, unit_name, *check.rmsError() * unit,
               check.correlation() ? fmt::format("{:.2f}", *check.correlation()) : "-");
  }

  EvalOptions const& _options;
  std::string _uncertainty_file = uncertaintyFileOf(_options.potential);
  CoefficientSpread _spread;
  int _unknowns = 0;  // of _spread
  UncertaintyCheck<SpreadStatistics> _check;
  MtpModel _model;
  std::vector<std::int32_t> _unnamed;  // names of the types that the structure file does not name
  LabelErrors _errors;
};

}  // namespace

void addEvalCommand(CLI::App& app) {
  auto const options = std::make_shared<EvalOptions>();
  CLI::App* const command = app.add_subcommand(
      "eval", "Energies (eV), forces (eV/A) and virials (eV) of structures, and their errors where labels are known");
  addPotentialAndFrameOptions(*command, options->potential, options->structures);
  command->add_option(
      "-o,--output", options->output,
      "Extended XYZ or MLIP .cfg with energy, forces, virial and site_energy; labels stay as ref_energy, ref_forces, "
      "ref_virial (features of .cfg)");
  command->add_option("--json", options->json, "Report: frames, errors, provenance, time");
  command
      ->add_flag("--uncertainty{covariance}", options->uncertainty,
                 "Standard deviations of energy (eV) and forces (eV/A) from the file that sinter fit wrote beside "
                 "POTENTIAL (model.uncertainty.h5), as energy_std and forces_std in the outputs; "
                 "--uncertainty=committee for those of the solutions without one fold instead of the covariance")
      ->check(CLI::IsMember({"committee", "covariance"}));
  addPrecisionOption(*command, options->precision);
  addBackendOption(*command, options->backend);
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Eval>(*options); });
}

}  // namespace sinter::app
