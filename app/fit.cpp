/// \file
/// `sinter fit`: settings from TOML, data from files, a potential and a report into a folder.
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "command.hpp"
#include "fit_report.hpp"
#include "interrupt.hpp"
#include "json_report.hpp"
#include "kokkos_session.hpp"
#include "label_keys.hpp"
#include "progress.hpp"
#include "sha256.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/fitting/checkpoint.hpp"
#include "sinter/fitting/design_rows.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/potential_fit.hpp"
#include "sinter/fitting/uncertainty_io.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/structures/label_errors.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter::app {

namespace {

struct FitOptions {
  std::string settings;
  std::vector<std::string> overrides;
  std::string backend = backendName<Kokkos::DefaultExecutionSpace>();
  bool dry_run = false, quiet = false, resume = false;
};

/// Structures of several files, with their names for messages.
struct DataSet {
  std::vector<Structure> structures;
  std::vector<std::string> names;
  std::size_t atoms = 0;

  DataSet(std::vector<std::string> const& files, LabelKeys const& keys, std::vector<std::int32_t> const& species) {
    SpeciesMap const species_map(species, static_cast<int>(species.size()));
    for (auto const& file : files) {
      auto const reader = openStructureFile(file, keys);
      LabelsPresent labels;
      for (std::size_t index = 0; auto structure = reader->next(); ++index) {
        stopWhenInterrupted();
        names.push_back(file + ": frame " + std::to_string(index));
        nameTypes(*structure, species, names.back());
        (void)species_map.typesOf(*structure, names.back());  // unknown species are found now, not after the fit
        labels.add(*structure);
        atoms += structure->size();
        structures.push_back(*std::move(structure));
      }
      labels.check(keys, {"data.energy_key", "data.force_key", "data.virial_key"}, file);
    }
  }
};

std::size_t peakMemoryBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

/// Calls `use` with each labelled structure and what the potential says of it, and with its standard deviations for
/// each of `spreads`, in their order.
template <class Space, class Use>
void forPredictions(MtpModel const& model, DataSet const& data, std::vector<SpreadEvaluator<Space>> const& spreads,
                    Use const& use) {
  MtpEvaluator<Space> const evaluator(model);
  constexpr std::size_t frames_per_batch = 64;
  for (std::size_t first = 0; first < data.structures.size(); first += frames_per_batch) {
    stopWhenInterrupted();
    std::size_t const count = std::min(frames_per_batch, data.structures.size() - first);
    auto const structures = std::span(data.structures).subspan(first, count);
    auto const results = evaluator.evaluate(structures, std::span(data.names).subspan(first, count));
    std::vector<std::vector<PredictionSpread>> deviations;
    for (auto const& spread : spreads) deviations.push_back(spread.evaluate(structures));
    for (std::size_t s = 0; s < count; ++s) {
      std::vector<PredictionSpread const*> own;
      for (auto const& of_method : deviations) own.push_back(&of_method[s]);
      use(structures[s], results[s], own);
    }
  }
}

/// Wrong names of the output folder are found before the work, not after it.
void checkOutputFolder(std::string const& folder) {
  auto existing = std::filesystem::absolute(folder);
  std::error_code error;
  while (!std::filesystem::exists(existing, error) && existing.has_relative_path()) existing = existing.parent_path();
  if (!std::filesystem::is_directory(existing))
    throw InputError("output.dir: found '" + folder + "', but " + existing.string() +
                     " is a file, expected a folder or the name of a new one");
}

void makeOutputFolder(std::string const& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!std::filesystem::is_directory(folder))
    throw SystemError("cannot make the folder " + folder + ": " + error.message());
}

class Fit {
 public:
  explicit Fit(FitOptions const& options) : _options(options) {}

  void run() {
    _settings = readFitSettings(_options.settings, _options.overrides);
    checkOutputFolder(_settings.output_dir);
    KokkosSession const session;
    withBackend(_options.backend, [&]<class Space>() { runOn<Space>(); });
  }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - _begin).count(); }

  template <class Space>
  void runOn() {
    DataSet const train(_settings.train, _settings.keys, _settings.species);
    DataSet const test(_settings.test, _settings.keys, _settings.species);
    Space const space;
    MtpModel const start = makeStartModel(space, _settings, train.structures);
    if (_options.dry_run) return printPlan<Space>(start, train, test);
    std::optional<FitState> resumed;
    if (_options.resume) resumed = readCheckpoint(inFolder("checkpoint.h5"));

    double const nearest =
        measureDistances(space, SpeciesMap(start.species, start.species_count), train.structures, start.max_dist)
            .mean_nearest;
    FitResult result;
    result.fit = fitPotential<Space>(_settings, start, nearest, train.structures, hooks(train), resumed);
    result.fit_seconds = seconds();
    assess<Space>(result, train, test);

    makeOutputFolder(_settings.output_dir);
    writeResult(result);
    if (!_options.quiet) printSummary(result);
  }

  template <class Space>
  static void assess(FitResult& result, DataSet const& train, DataSet const& test) {
    auto const& fit = result.fit;
    forPredictions<Space>(fit.model, train, {}, [&](auto const& labelled, auto const& predicted, auto const&) {
      result.train_errors.add(labelled, predicted);
      result.train_points.add(labelled, predicted);
    });
    std::vector<SpreadEvaluator<Space>> spreads;
    std::vector<UncertaintyCheck<Calibration>*> checks;
    for (auto const& [name, spread] :
         {std::pair("covariance", &fit.uncertainty.covariance), std::pair("committee", &fit.uncertainty.committee)}) {
      if (spread->directions.empty()) continue;
      spreads.emplace_back(fit.model, *spread, fit.uncertainty.unknowns);
      checks.push_back(&result.calibration[name]);
    }
    forPredictions<Space>(fit.model, test, spreads,
                          [&](auto const& labelled, auto const& predicted, auto const& deviations) {
                            result.test_errors.add(labelled, predicted);
                            result.test_points.add(labelled, predicted);
                            for (std::size_t m = 0; m < checks.size(); ++m)
                              checks[m]->add(labelled, predicted, *deviations[m]);
                          });
  }

  void writeResult(FitResult& result) const {
    result.model_file = inFolder("model.mtp");
    writeMtp(result.fit.model, result.model_file);
    result.uncertainty_file = uncertaintyFileOf(result.model_file);
    writeUncertainty(result.uncertainty_file, result.fit.uncertainty, sha256OfFile(result.model_file));
    result.method = methodName(_settings.method);
    result.backend = _options.backend;
    result.wall_seconds = seconds();
    result.peak_memory_bytes = peakMemoryBytes();
    auto const report = fitReportJson(result);
    writeFile(inFolder("report.json"), toIndentedText(report));
    writeFile(inFolder("report.html"), fitReportHtml(report));
  }

  [[nodiscard]] std::string inFolder(std::string const& name) const {
    return (std::filesystem::path(_settings.output_dir) / name).string();
  }

  // A line per step, and between them how far the pass is; a state to go on from after every step.
  [[nodiscard]] FitHooks hooks(DataSet const& train) {
    FitHooks hooks;
    hooks.pass = [](std::size_t) { stopWhenInterrupted(); };
    hooks.step = [this, &train](FitStage const& stage) {
      if (_options.quiet || stage.losses.empty()) return;
      fmt::print(stderr, "{}{}{}: step {}, loss {:.6g}, {:.3g} s\n",
                 stage.level > 0 ? fmt::format("level {}", stage.level) : "template",
                 _settings.seeds > 1 ? fmt::format(", start {}", stage.start) : "",
                 stage.all_data ? fmt::format(", all {} structures", train.structures.size()) : ", a part of the data",
                 stage.state.iterations, stage.losses.back(), seconds());
    };
    if (_settings.method == FitMethod::varpro)
      hooks.save = [this](FitState const& state) {
        makeOutputFolder(_settings.output_dir);
        writeCheckpoint(inFolder("checkpoint.h5"), state);
      };
    return hooks;
  }

  template <class Space>
  void printPlan(MtpModel const& start, DataSet const& train, DataSet const& test) const {
    TrainingRows<Space> training(_settings, start, train.structures);
    MtpRows rows(start);
    rows.setCoefficients(start);
    fmt::print("train: {} structures, {} atoms; test: {} structures, {} atoms\n", train.structures.size(), train.atoms,
               test.structures.size(), test.atoms);
    fmt::print("{} equations for {} basis functions and {} species energies; min_dist {:.4f}, max_dist {:.4f} A\n",
               training.equations(), rows.basisFunctions(), training.fittedSpecies(), start.min_dist, start.max_dist);
    bool const is_linear = _settings.method == FitMethod::linear;
    if (!is_linear)
      fmt::print(
          "{} radial coefficients, {} of them free\n", start.radial_coeffs.size(),
          static_cast<int>(start.radial_coeffs.size()) - start.radial_funcs_count * (start.radial_funcs_count + 1) / 2);
    bool const is_kept = training.keptBytes(rows) <= _settings.max_memory / 2;
    fmt::print("rows: {:.1f} MiB, {}\n", static_cast<double>(training.keptBytes(rows)) / 0x1p20,
               is_kept ? "kept" : "more than half of solver.max_memory: made anew in every pass");
    auto const begin = Clock::now();
    (void)training.linearPass(rows);
    double const pass = std::chrono::duration<double>(Clock::now() - begin).count();
    // A step is a pass for linear and one for radial coefficients, half as dear again; twenty steps are usual.
    fmt::print("one pass takes {:.3g} s; the fit about {:.3g} s\n", pass, is_linear ? 2 * pass : 20 * 2.5 * pass);
  }

  static std::string methodName(FitMethod method) {
    return method == FitMethod::linear ? "linear" : (method == FitMethod::varpro ? "varpro" : "bfgs");
  }

  void printSummary(FitResult const& result) const {
    auto const& fit = result.fit;
    fmt::print("{} equations, {} unknowns, rank {}, condition {:.2g}, ridge {:.2g}, loss {:.6g}\n", fit.rows,
               fit.columns, fit.rank, fit.condition, fit.ridge, fit.loss);
    fmt::print("train\n{}", formatErrorTable(result.train_errors));
    if (!_settings.test.empty()) fmt::print("test\n{}", formatErrorTable(result.test_errors));
    fmt::print("{} written in {:.3g} s\n", result.model_file, seconds());
  }

  FitOptions const& _options;
  FitSettings _settings;
  Clock::time_point _begin = Clock::now();
};

}  // namespace

void addFitCommand(CLI::App& app) {
  auto const options = std::make_shared<FitOptions>();
  CLI::App* const command = app.add_subcommand(
      "fit",
      "Fits a moment tensor potential to labelled structures: model.mtp, model.uncertainty.h5 for sinter eval "
      "--uncertainty, report.json and report.html; checkpoint.h5 to go on from");
  command->add_option("SETTINGS", options->settings, "TOML file: [model], [data], [weights], [solver], [output]")
      ->required();
  command->add_option("--set", options->overrides, "Overrides a setting, as in --set output.dir=elsewhere; repeatable")
      ->allow_extra_args(false);
  command->add_option("--backend", options->backend, "Where to compute; threads: OMP_NUM_THREADS")
      ->check(CLI::IsMember(backendNames()))
      ->capture_default_str();
  command->add_flag("--dry-run", options->dry_run,
                    "Only reads the data and says what the fit will take: rows, memory, time");
  command->add_flag("--resume", options->resume, "Goes on from checkpoint.h5 in the output folder");
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Fit>(*options); });
}

}  // namespace sinter::app
