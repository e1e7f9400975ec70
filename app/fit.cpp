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
#include "interrupt.hpp"
#include "json_report.hpp"
#include "kokkos_session.hpp"
#include "label_keys.hpp"
#include "progress.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/linear_fit.hpp"
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
  bool dry_run = false, quiet = false;
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

template <class Space>
LabelErrors errorsOf(MtpModel const& model, DataSet const& data) {
  LabelErrors errors;
  MtpEvaluator<Space> const evaluator(model);
  constexpr std::size_t frames_per_batch = 64;
  for (std::size_t first = 0; first < data.structures.size(); first += frames_per_batch) {
    stopWhenInterrupted();
    std::size_t const count = std::min(frames_per_batch, data.structures.size() - first);
    auto const results = evaluator.evaluate(std::span(data.structures).subspan(first, count),
                                            std::span(data.names).subspan(first, count));
    for (std::size_t s = 0; s < count; ++s) errors.add(data.structures[first + s], results[s]);
  }
  return errors;
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
    if (_options.dry_run) return printPlan(start, train, test);

    LinearFit fit;
    {
      Progress progress("fit", train.structures.size(), _options.quiet);
      std::size_t atoms = 0, counted = 0;
      fit = fitLinear(space, _settings, start, train.structures, [&](std::size_t done) {
        stopWhenInterrupted();
        for (; counted < done; ++counted) atoms += train.structures[counted].size();
        progress.update(done, atoms);
      });
    }
    double const fit_seconds = seconds();
    auto const train_errors = errorsOf<Space>(fit.model, train);
    auto const test_errors = errorsOf<Space>(fit.model, test);

    makeOutputFolder(_settings.output_dir);
    std::string const model_file = (std::filesystem::path(_settings.output_dir) / "model.mtp").string();
    writeMtp(fit.model, model_file);
    writeReport(fit, model_file, train_errors, test_errors, fit_seconds);
    if (!_options.quiet) printSummary(fit, model_file, train_errors, test_errors);
  }

  void printPlan(MtpModel const& start, DataSet const& train, DataSet const& test) const {
    std::size_t rows = 0;
    for (auto const& s : train.structures)
      rows += (s.energy ? 1 : 0) + 3 * s.forces.size() + (s.virial && volume(s) ? 6 : 0);
    std::size_t const basis = start.alpha_moment_mapping.size();
    fmt::print("train: {} structures, {} atoms; test: {} structures, {} atoms\n", train.structures.size(), train.atoms,
               test.structures.size(), test.atoms);
    fmt::print("{} equations for {} basis functions and {} species energies; min_dist {:.4f}, max_dist {:.4f} A\n",
               rows, basis, _settings.e0.empty() ? start.species_count : 0, start.min_dist, start.max_dist);
    fmt::print("design rows: {:.1f} MiB in all, made in batches\n",
               static_cast<double>(designRowBytes(train.atoms, train.structures.size(), basis)) / 0x1p20);
  }

  void writeReport(LinearFit const& fit, std::string const& model_file, LabelErrors const& train_errors,
                   LabelErrors const& test_errors, double fit_seconds) const {
    nlohmann::ordered_json const report = {{"sinter", sinterJson(_options.backend, "double")},
                                           {"potential", potentialJson(model_file, fit.model)},
                                           {"method", "linear"},
                                           {"train", errorsJson(train_errors)},
                                           {"test", errorsJson(test_errors)},
                                           {"loss", fit.loss},
                                           {"equations", fit.rows},
                                           {"unknowns", fit.columns},
                                           {"rank", fit.rank},
                                           {"condition", fit.condition},
                                           {"iterations", 1},
                                           {"seeds", nlohmann::ordered_json::array()},
                                           {"time", {{"fit_s", fit_seconds}, {"wall_s", seconds()}}},
                                           {"peak_memory_bytes", peakMemoryBytes()}};
    writeFile((std::filesystem::path(_settings.output_dir) / "report.json").string(), toIndentedText(report));
  }

  void printSummary(LinearFit const& fit, std::string const& model_file, LabelErrors const& train_errors,
                    LabelErrors const& test_errors) const {
    fmt::print("{} equations, {} unknowns, rank {}, condition {:.2g}, loss {:.6g}\n", fit.rows, fit.columns, fit.rank,
               fit.condition, fit.loss);
    fmt::print("train\n{}", formatErrorTable(train_errors));
    if (!_settings.test.empty()) fmt::print("test\n{}", formatErrorTable(test_errors));
    fmt::print("{} written in {:.3g} s\n", model_file, seconds());
  }

  FitOptions const& _options;
  FitSettings _settings;
  Clock::time_point _begin = Clock::now();
};

}  // namespace

void addFitCommand(CLI::App& app) {
  auto const options = std::make_shared<FitOptions>();
  CLI::App* const command =
      app.add_subcommand("fit", "Fits a moment tensor potential to labelled structures: model.mtp and report.json");
  command->add_option("SETTINGS", options->settings, "TOML file: [model], [data], [weights], [solver], [output]")
      ->required();
  command->add_option("--set", options->overrides, "Overrides a setting, as in --set output.dir=elsewhere; repeatable")
      ->allow_extra_args(false);
  command->add_option("--backend", options->backend, "Where to compute; threads: OMP_NUM_THREADS")
      ->check(CLI::IsMember(backendNames()))
      ->capture_default_str();
  command->add_flag("--dry-run", options->dry_run, "Only reads the data and says what the fit will take");
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Fit>(*options); });
}

}  // namespace sinter::app
