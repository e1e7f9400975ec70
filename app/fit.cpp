/// \file
/// `sinter fit`: settings from TOML, data from files, a potential and a report into a folder.
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "fit_report.hpp"
#include "interrupt.hpp"
#include "json_report.hpp"
#include "kokkos_session.hpp"
#include "label_keys.hpp"
#include "output_path.hpp"
#include "progress.hpp"
#include "sha256.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/fitting/checkpoint.hpp"
#include "sinter/fitting/communicator.hpp"
#include "sinter/fitting/design_rows.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/potential_fit.hpp"
#include "sinter/fitting/process_memory.hpp"
#include "sinter/fitting/structure_set.hpp"
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

/// The structures of several files, in memory when they take `memory` bytes at most.
StructureSet readSet(std::vector<std::string> const& files, FitSettings const& settings, std::size_t memory) {
  SpeciesMap const species_map(settings.species, static_cast<int>(settings.species.size()));
  std::vector<LabelsPresent> labels(files.size());
  StructureSet set(files, settings.keys, settings.species, memory,
                   [&](std::size_t file, std::string const& name, Structure const& structure) {
                     stopWhenInterrupted();
                     (void)species_map.typesOf(structure, name);  // unknown species are found now, not after the fit
                     labels[file].add(structure);
                   });
  for (std::size_t file = 0; file < files.size(); ++file)
    labels[file].check(settings.keys, {"data.energy_key", "data.force_key", "data.virial_key"}, files[file]);
  return set;
}

/// Structures to learn from and to test with; a part of the memory that the program does not take itself is theirs.
std::pair<StructureSet, StructureSet> readData(FitSettings const& settings) {
  std::size_t const free = settings.max_memory - std::min(settings.max_memory, residentBytes());
  return {readSet(settings.train, settings, free / 4), readSet(settings.test, settings, free / 16)};
}

std::size_t peakMemoryBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

/// Calls `use` with each labelled structure and what the potential says of it, and with its standard deviations for
/// each of `spreads`, in their order.
template <class Space, class Use>
void forPredictions(MtpModel const& model, StructureSet const& set, std::vector<SpreadEvaluator<Space>> const& spreads,
                    Use const& use) {
  MtpEvaluator<Space> const evaluator(model);
  constexpr std::size_t frames_per_batch = 64, atoms_per_batch = 4096;
  for (std::size_t begin = 0; begin < set.size();) {
    stopWhenInterrupted();
    std::size_t const end = set.chunkEnd(begin, atoms_per_batch, frames_per_batch);
    auto const structures = set.load(begin, end);
    auto const results = evaluator.evaluate(structures, set.namesOf(begin, end));
    std::vector<std::vector<PredictionSpread>> deviations;
    for (auto const& spread : spreads) deviations.push_back(spread.evaluate(structures));
    for (std::size_t s = 0; s < results.size(); ++s) {
      std::vector<PredictionSpread const*> own;
      for (auto const& of_method : deviations) own.push_back(&of_method[s]);
      use(structures[s], results[s], own);
    }
    begin = end;
  }
}

class Fit {
 public:
  explicit Fit(FitOptions const& options) : _options(options) {}

  void run() {
    try {
      runOnRanks();
    } catch (std::exception const&) {
      if (_is_saved && interruptRaised()) throw Interrupted("the same command with --resume goes on");
      throw;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  void runOnRanks() {
    withRanks([this] {
      _ranks.together([this] {
        _settings = readFitSettings(_options.settings, _options.overrides);
        checkOutputFolder("output.dir", _settings.output_dir);
      });
      KokkosSession const session;
      withBackend(_options.backend, [&]<class Space>() { runOn<Space>(); });
    });
  }

  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - _begin).count(); }

  template <class Space>
  void runOn() {
    std::optional<std::pair<StructureSet, StructureSet>> data;
    MtpModel start;
    std::optional<FitState> resumed;
    double nearest = 0;
    Space const space;
    _ranks.together([&] {
      data = readData(_settings);
      start = makeStartModel(space, _settings, data->first);
      _settings.method = methodOf(_settings, start);
      if (_options.resume) resumed = readCheckpoint(inFolder("checkpoint.h5"));
      if (_settings.levels.size() > 1)
        nearest = measureDistances(space, SpeciesMap(start.species, start.species_count), data->first, start.max_dist)
                      .mean_nearest;
    });
    StructureSet const &train = data->first, &test = data->second;
    if (_options.dry_run) return printPlan<Space>(start, train, test);

    FitResult result;
    result.fit = fitPotential<Space>(_settings, start, nearest, train, hooks(train), resumed);
    result.fit_seconds = seconds();
    _ranks.together([&] {
      if (_ranks.rank() > 0) return;
      assess<Space>(result, train, test);
      makeOutputFolder(_settings.output_dir);
      writeResult(result);
      if (!_options.quiet) printSummary(result);
    });
  }

  template <class Space>
  static void assess(FitResult& result, StructureSet const& train, StructureSet const& test) {
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
  [[nodiscard]] FitHooks hooks(StructureSet const& train) {
    FitHooks hooks;
    hooks.pass = [](std::size_t) { stopWhenInterrupted(); };
    hooks.step = [this, &train](FitStage const& stage) {
      if (_options.quiet || stage.losses.empty()) return;
      fmt::print(stderr, "{}{}{}: step {}, loss {:.6g}, {:.3g} s\n",
                 stage.level > 0 ? fmt::format("level {}", stage.level) : "template",
                 _settings.seeds > 1 ? fmt::format(", start {}", stage.start) : "",
                 stage.all_data ? fmt::format(", all {} structures", train.size()) : ", a part of the data",
                 stage.state.iterations, stage.losses.back(), seconds());
    };
    if (_settings.method != FitMethod::linear && _settings.method != FitMethod::bfgs)
      hooks.save = [this](FitState const& state) {
        makeOutputFolder(_settings.output_dir);
        writeCheckpoint(inFolder("checkpoint.h5"), state);
        _is_saved = true;
      };
    return hooks;
  }

  template <class Space>
  void printPlan(MtpModel const& start, StructureSet const& train, StructureSet const& test) const {
    TrainingRows<Space> training(_settings, start, train);
    MtpRows rows(start);
    rows.setCoefficients(start);
    auto const begin = Clock::now();
    (void)training.linearPass(rows);
    double const pass = std::chrono::duration<double>(Clock::now() - begin).count();
    if (_ranks.rank() > 0) return;
    fmt::print("train: {} structures, {} atoms; test: {} structures, {} atoms\n", train.size(), train.atoms(),
               test.size(), test.atoms());
    fmt::print("{} equations for {} basis functions and {} species energies; min_dist {:.4f}, max_dist {:.4f} A\n",
               training.equations(), rows.basisFunctions(), training.fittedSpecies(), start.min_dist, start.max_dist);
    bool const is_linear = _settings.method == FitMethod::linear;
    if (!is_linear)
      fmt::print(
          "{} radial coefficients, {} of them free; method {}\n", start.radial_coeffs.size(),
          static_cast<int>(start.radial_coeffs.size()) - start.radial_funcs_count * (start.radial_funcs_count + 1) / 2,
          methodName(_settings.method));
    printMemory(train, training.memory(rows));
    // A step is a pass for linear and one for radial coefficients, half as dear again; twenty steps are usual, with
    // L-BFGS two hundred.
    double const passes = is_linear ? 2 : 2.5 * (_settings.method == FitMethod::lbfgs ? 200 : 20);
    fmt::print("one pass takes {:.3g} s; the fit about {:.3g} s\n", pass, passes * pass);
  }

  void printMemory(StructureSet const& train, FitMemory const& memory) const {
    auto const line = [](char const* what, std::size_t bytes, bool kept, char const* otherwise) {
      fmt::print("{}: {:.1f} MiB, {}\n", what, static_cast<double>(bytes) / 0x1p20, kept ? "kept" : otherwise);
    };
    auto const equations = std::min(memory.equations, memory.spare / 4), rows = memory.rows;
    if (train.isStreamed())
      fmt::print("structures: more than a quarter of solver.max_memory, read from their files in every pass\n");
    line("labels and neighbour lists", memory.equations, equations == memory.equations,
         "more than solver.max_memory has room for: made anew in every pass but the first ones");
    line("rows", rows, rows <= memory.spare / 2, "more than half of solver.max_memory: made anew in every pass");
    fmt::print("memory: about {:.1f} MiB of {:.1f} MiB\n",
               static_cast<double>(memory.program + memory.needed + equations + (rows <= memory.spare / 2 ? rows : 0)) /
                   0x1p20,
               static_cast<double>(_settings.max_memory) / 0x1p20);
  }

  static std::string methodName(FitMethod method) {
    switch (method) {
      case FitMethod::linear:
        return "linear";
      case FitMethod::varpro:
        return "varpro";
      case FitMethod::lbfgs:
        return "lbfgs";
      case FitMethod::bfgs:
        return "bfgs";
    }
    return {};
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
  Communicator const& _ranks = Communicator::world();
  FitSettings _settings;
  bool _is_saved = false;  // a checkpoint is there to go on from
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
  addBackendOption(*command, options->backend);
  command->add_flag("--dry-run", options->dry_run,
                    "Only reads the data and says what the fit will take: rows, memory, time");
  command->add_flag("--resume", options->resume, "Goes on from checkpoint.h5 in the output folder");
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Fit>(*options); });
}

}  // namespace sinter::app
