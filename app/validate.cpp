/// \file
/// `sinter validate`: potentials, structures and trajectories judged part by part, and one report of all.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "command_line.hpp"
#include "interrupt.hpp"
#include "json_report.hpp"
#include "kokkos_session.hpp"
#include "output_path.hpp"
#include "part_store.hpp"
#include "potential_file.hpp"
#include "sha256.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/core/version.hpp"
#include "static_section.hpp"
#include "validation_report.hpp"
#include "validation_sections.hpp"
#include "validation_settings.hpp"

namespace sinter::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct ValidateOptions {
  std::string settings;
  std::vector<std::string> overrides;
  std::string backend = backendName<Kokkos::DefaultExecutionSpace>();
  bool quiet = false, resume = false;
};

/// One run of the command.
class Validate {
 public:
  explicit Validate(ValidateOptions const& options) : _options(options) {}

  void run() {
    _settings = readValidationSettings(_options.settings, _options.overrides);
    checkOutputFolder("output.dir", _settings.output_dir);
    for (char const* name : {"report.json", "report.html"})
      if (fs::exists(_settings.output_dir)) checkOutputPath("output.dir", inFolder(name), {_options.settings});
    KokkosSession const session;
    try {
      validate();
    } catch (std::exception const&) {
      if (interruptRaised()) throw Interrupted("the same command with --resume goes on");
      throw;
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// A part of the report: where it stands, what it depends on, how it is computed.
  struct Part {
    std::vector<std::string> path;
    Json inputs;
    std::function<Json()> compute;
  };

  [[nodiscard]] std::string inFolder(std::string const& name) const {
    return (fs::path(_settings.output_dir) / name).string();
  }

  void validate() {
    PartStore const store(inFolder("parts"), _options.resume);
    Json report = {{"sinter", sinterJson(_options.backend, "double")},
                   {"command", commandLine()},
                   {"settings", {{"file", _options.settings}, {"sha256", sha256OfFile(_options.settings)}}},
                   {"potentials", Json::object()},
                   {"references", Json::object()}};
    readPotentials(report["potentials"]);
    for (auto const& [name, file] : _settings.references)
      report["references"][name] = orFailure([&] { return readJson(file); });
    if (!_settings.costs.empty()) report["costs"] = orFailure([&] { return readJson(_settings.costs); });
    std::vector<Part> parts;
    withBackend(_options.backend, [&]<class Space>() { parts = partsOn<Space>(); });
    for (std::size_t n = 0; n < parts.size(); ++n) computePart(parts[n], n, parts.size(), store, report);
    finish(report, store);
  }

  // What fails for a bad input fails alone.
  template <class Compute>
  static Json orFailure(Compute const& compute) {
    try {
      return compute();
    } catch (Interrupted const&) {
      throw;
    } catch (InputError const& error) {
      stopWhenInterrupted();
      return {{"failure", error.what()}};
    }
  }

  void readPotentials(Json& potentials) {
    for (auto const& [name, file] : _settings.potentials)
      potentials[name] = orFailure([&, &name = name, &file = file] {
        MtpModel model = readTrainedPotential(file);
        Json facts = potentialJson(file, model);
        _models.push_back({name, facts["sha256"], std::move(model)});
        return facts;
      });
  }

  static Json readJson(std::string const& file) {
    std::string const hash = sha256OfFile(file);  // throws where there is nothing to read
    std::ifstream stream(file);
    Json values = Json::parse(stream, nullptr, false);
    if (!values.is_object()) throw InputError(file, 0, "found no JSON object, expected one");
    values["file"] = file;
    values["sha256"] = hash;
    return values;
  }

  template <class Space>
  [[nodiscard]] std::vector<Part> partsOn() const {
    std::vector<Part> parts;
    auto const& keys = _settings.keys;
    parts.push_back({{"checks"}, {}, [] { return standardChecksJson<Space>(); }});
    for (auto const& set : _settings.sets)
      for (auto const& model : _models)
        parts.push_back(
            {{"errors", set.name, model.name},
             {{"set", hashOf(set.file)}, {"potential", model.hash}, {"keys", {keys.energy, keys.force, keys.virial}}},
             [&] { return labelErrorsJson<Space>(model.model, set, _settings.keys); }});
    if (_settings.statics)
      for (auto const& model : _models)
        for (auto& [path, inputs, compute] : staticParts<Space>(model.model, *_settings.statics)) {
          path.insert(path.begin(), {"static", model.name});
          parts.push_back({path, {{"potential", model.hash}, {"settings", inputs}}, compute});
        }
    for (auto const& trajectory : _settings.trajectories) {
      Json inputs = {{"file", hashOf(trajectory.file)}, {"settings", _settings.analysis_text}};
      if (_settings.analysis.similarity) inputs["similarity"] = hashOf(*_settings.analysis.similarity);
      parts.push_back({{"trajectories", trajectory.name}, inputs, [&] {
                         AnalysisOptions options = _settings.analysis;
                         options.trajectory.file = trajectory.file;
                         TrajectoryAnalysis analysis(options);
                         analysis.measure<Space>();
                         return analysis.json();
                       }});
    }
    if (!_settings.mapped.empty()) {
      Json inputs = {{"frames", _settings.mapped_frames}, {"kind", _settings.map_kind}, {"preset", _settings.preset}};
      for (auto const& file : _settings.mapped) inputs["files"][file.name] = hashOf(file.file);
      parts.push_back({{"map"}, inputs, [&] { return frameMapJson<Space>(_settings); }});
    }
    return parts;
  }

  // Null where there is no such file: the part says so.
  static Json hashOf(std::string const& file) {
    try {
      return sha256OfFile(file);
    } catch (InputError const&) {
      return nullptr;
    }
  }

  void computePart(Part const& part, std::size_t n, std::size_t count, PartStore const& store, Json& report) const {
    Json* place = &report;
    std::string title;
    for (auto const& member : part.path) {
      place = &(*place)[member];
      title += (title.empty() ? "" : ", ") + member;
    }
    Json const key = {{"sinter", fmt::format("{} ({})", version(), gitCommit())},
                      {"backend", _options.backend},
                      {"part", part.path},
                      {"inputs", part.inputs}};
    auto const begin = Clock::now();
    bool const is_kept = _options.resume && store.has(key);
    *place = orFailure([&] { return store.get(key, part.compute); });
    stopWhenInterrupted();
    if (_options.quiet) return;
    double const seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    fmt::print(stderr, "{} of {}: {}: {}\n", n + 1, count, title,
               place->contains("failure") ? "failed"
               : is_kept                  ? "there"
                                          : fmt::format("{:.3g} s", seconds));
  }

  void finish(Json& report, PartStore const& store) const {
    addRelativeEnergies(report);
    for (auto& check : checksJson(_settings.bands, report)) report["checks"].push_back(std::move(check));
    report["failures"] = failuresJson(report);
    report["time"] = {{"wall_s", std::chrono::duration<double>(Clock::now() - _begin).count()}};
    makeOutputFolder(inFolder("csv"));
    for (auto const& [name, text] : validationTables(report)) writeFile(inFolder("csv/" + name), text);
    writeFile(inFolder("report.json"), toIndentedText(report));
    writeFile(inFolder("report.html"), validationHtml(report));
    store.clear();
    auto const& failures = report["failures"];
    if (!_options.quiet) printSummary(report);
    if (!failures.empty())
      throw InputError(fmt::format("{}: {} ({} parts failed; {} holds the others)",
                                   failures[0]["where"].get<std::string>(), failures[0]["reason"].get<std::string>(),
                                   failures.size(), inFolder("report.html")));
  }

  // Energies of crystals above that of the diamond structure (eV/atom).
  static void addRelativeEnergies(Json& report) {
    if (!report.contains("static")) return;
    for (auto& properties : report["static"]) {
      if (!properties.contains("crystals") || !properties["crystals"].contains("dia")) continue;
      Json& crystals = properties["crystals"];
      Json const base = crystals["dia"].value("energy", Json());
      for (auto& crystal : crystals)
        if (base.is_number() && crystal.contains("energy"))
          crystal["relative_energy"] = crystal["energy"].get<double>() - base.get<double>();
    }
  }

  void printSummary(Json const& report) const {
    auto const& checks = report["checks"];
    std::size_t passed = 0;
    for (auto const& check : checks) passed += check["passed"].get<bool>() ? 1 : 0;
    fmt::print("{} of {} checks passed\n", passed, checks.size());
    for (auto const& check : checks)
      if (!check["passed"].get<bool>())
        fmt::print("  not passed: {}: {} = {}, expected {} to {} ({})\n", check["name"].get<std::string>(),
                   check["value"].get<std::string>(), toText(check["found"]), toText(check["low"]),
                   toText(check["high"]), check["source"].get<std::string>());
    fmt::print("{} written in {:.3g} s\n", inFolder("report.html"), report["time"]["wall_s"].get<double>());
  }

  struct NamedModel {
    std::string name;
    Json hash;
    MtpModel model;
  };

  ValidateOptions const& _options;
  ValidationSettings _settings;
  std::vector<NamedModel> _models;  // those that could be read
  Clock::time_point _begin = Clock::now();
};

}  // namespace

void addValidateCommand(CLI::App& app) {
  auto const options = std::make_shared<ValidateOptions>();
  CLI::App* const command = app.add_subcommand(
      "validate",
      "Judges potentials by their physics: errors, crystals, defects, phonons, trajectories, maps; report.html, "
      "report.json and csv/ in a folder");
  command
      ->add_option("SETTINGS", options->settings,
                   "TOML file: [potentials], [references], [errors], [static], [trajectories], [map], [checks], "
                   "[output]")
      ->required();
  command->add_option("--set", options->overrides, "Overrides a setting, as in --set output.dir=elsewhere; repeatable")
      ->allow_extra_args(false);
  addBackendOption(*command, options->backend);
  command->add_flag("--resume", options->resume, "Goes on with the parts that a stopped run has left in output.dir");
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Validate>(*options); });
}

}  // namespace sinter::app
