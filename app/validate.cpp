/// \file
/// `sinter validate`: potentials, structures and trajectories judged part by part, and one report of all.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
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
#include "reference_values.hpp"
#include "sha256.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/core/version.hpp"
#include "sinter/simulation/crystals.hpp"
#include "sinter/simulation/same_crystal.hpp"
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
    if (fs::exists(_settings.output_dir))
      for (char const* name : {"report.json", "report.html"})
        checkOutputPath("output.dir", inFolder(name), inputFiles());
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
    std::vector<std::string> files;
    Json settings;
    std::function<Json()> compute;
  };

  [[nodiscard]] std::string inFolder(std::string const& name) const {
    return (fs::path(_settings.output_dir) / name).string();
  }

  [[nodiscard]] std::vector<std::string> inputFiles() const {
    std::vector<std::string> files = {_options.settings, _settings.costs};
    for (auto const* list :
         {&_settings.potentials, &_settings.references, &_settings.sets, &_settings.trajectories, &_settings.mapped})
      for (auto const& one : *list) files.push_back(one.file);
    if (_settings.analysis.similarity) files.push_back(*_settings.analysis.similarity);
    std::erase(files, "");
    return files;
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
      report["references"][name] = orFailure("/references/" + name, [&, &file = file] { return readReference(file); });
    if (!_settings.costs.empty()) report["costs"] = orFailure("/costs", [&] { return readCosts(_settings.costs); });
    std::vector<Part> parts;
    withBackend(_options.backend, [&]<class Space>() { parts = partsOn<Space>(); });
    for (std::size_t n = 0; n < parts.size(); ++n) computePart(parts[n], n, parts.size(), store, report);
    finish(report, store);
  }

  // What fails for a bad input fails alone.
  template <class Compute>
  Json orFailure(std::string const& where, Compute const& compute) {
    try {
      return compute();
    } catch (Interrupted const&) {
      throw;
    } catch (InputError const& error) {
      stopWhenInterrupted();
      addFailure(where, error.what());
      return {{"failure", error.what()}};
    }
  }

  void addFailure(std::string const& where, Json const& reason) {
    _failures.push_back({{"where", where}, {"reason", reason}});
  }

  void readPotentials(Json& potentials) {
    for (auto const& [name, file] : _settings.potentials)
      potentials[name] = orFailure("/potentials/" + name, [&, &name = name, &file = file] {
        MtpModel model = readTrainedPotential(file);
        nameSpecies(model, atomicNumbersOf(_settings.species), file);
        Json facts = potentialJson(file, model);
        _models.push_back({name, file, std::move(model)});
        return facts;
      });
  }

  template <class Space>
  [[nodiscard]] std::vector<Part> partsOn() const {
    std::vector<Part> parts;
    auto const& keys = _settings.keys;
    parts.push_back({{"checks"}, {}, {}, [] { return standardChecksJson<Space>(); }});
    for (auto const& set : _settings.sets)
      for (auto const& model : _models)
        parts.push_back({{"errors", set.name, model.name},
                         {set.file, model.file},
                         {{"keys", {keys.energy, keys.force, keys.virial}}, {"species", _settings.species}},
                         [&] { return labelErrorsJson<Space>(model.model, set, _settings.keys); }});
    if (_settings.statics)
      for (auto const& model : _models)
        for (auto& [path, inputs, compute] : staticParts<Space>(model.model, *_settings.statics)) {
          path.insert(path.begin(), {"static", model.name});
          parts.push_back({path, {model.file}, inputs, compute});
        }
    for (auto const& trajectory : _settings.trajectories) {
      std::vector<std::string> files = {trajectory.file};
      if (_settings.analysis.similarity) files.push_back(*_settings.analysis.similarity);
      parts.push_back({{"trajectories", trajectory.name}, files, _settings.analysis_text, [&] {
                         AnalysisOptions options = _settings.analysis;
                         options.trajectory.file = trajectory.file;
                         TrajectoryAnalysis analysis(options);
                         analysis.measure<Space>();
                         return analysis.json();
                       }});
    }
    if (!_settings.mapped.empty()) {
      Json map = {{"frames", _settings.mapped_frames}, {"kind", _settings.map_kind}, {"preset", _settings.preset}};
      std::vector<std::string> files;
      for (auto const& [name, file] : _settings.mapped) {
        map["names"].push_back(name);
        files.push_back(file);
      }
      parts.push_back({{"map"}, files, map, [&] { return frameMapJson<Space>(_settings); }});
    }
    return parts;
  }

  // What parts are bound to: they are read more than once, so that pipes cannot be.
  static std::string hashOf(std::string const& file) {
    if (fs::exists(file) && !fs::is_regular_file(file) && !fs::is_directory(file))
      throw InputError(file, 0, "found a pipe or device, expected a file");
    return sha256OfFile(file);
  }

  void computePart(Part const& part, std::size_t n, std::size_t count, PartStore const& store, Json& report) {
    Json* place = &report;
    std::string title, where;
    for (auto const& member : part.path) {
      place = &(*place)[member];
      title += (title.empty() ? "" : ", ") + member;
      where += "/" + member;
    }
    auto const begin = Clock::now();
    bool is_there = false;
    *place = orFailure(where, [&] {
      Json key = {{"sinter", fmt::format("{} ({})", version(), gitCommit())},
                  {"backend", _options.backend},
                  {"part", part.path},
                  {"files", Json::array()},
                  {"settings", part.settings}};
      for (auto const& file : part.files) key["files"].push_back({file, hashOf(file)});
      auto const kept = store.find(key);
      is_there = kept.has_value();
      return is_there ? *kept : store.keep(key, part.compute());
    });
    stopWhenInterrupted();
    if (place->is_object() && place->contains("trajectory")) addFailuresOf((*place)["trajectory"], where);
    if (place->is_object() && place->contains("enthalpy"))
      for (auto const& one : (*place)["failures"])
        addFailure(where, fmt::format("{} at {:.6g} GPa: {}", one["crystal"].get<std::string>(),
                                      one["pressure"].get<double>(), one["reason"].get<std::string>()));
    if (_options.quiet) return;
    double const seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    bool const failed = place->is_object() && place->contains("failure");
    fmt::print(stderr, "{} of {}: {}: {}\n", n + 1, count, title,
               failed     ? "failed"
               : is_there ? "there"
                          : fmt::format("{:.3g} s", seconds));
  }

  // Of a trajectory that was not read as a whole.
  void addFailuresOf(Json const& trajectory, std::string const& where) {
    if (!trajectory["unreadable"].is_null()) addFailure(where, trajectory["unreadable"]);
    for (auto const& frame : trajectory["refused"]) addFailure(where, frame["reason"]);
  }

  void finish(Json& report, PartStore const& store) const {
    if (report.contains("static"))
      for (auto& properties : report["static"])
        if (properties.contains("crystals")) compareCrystals(properties["crystals"]);
    for (auto& check : checksJson(_settings.bands, report)) report["checks"].push_back(std::move(check));
    report["failures"] = _failures;
    report["time"] = {{"wall_s", std::chrono::duration<double>(Clock::now() - _begin).count()}};
    auto const tables = validationTables(report);
    for (auto const& [name, text] : tables) report["tables"].push_back(name);
    removeOlderTables(report["tables"]);
    makeOutputFolder(inFolder("csv"));
    for (auto const& [name, text] : tables) writeFile(inFolder("csv/" + name), text);
    writeFile(inFolder("report.json"), toIndentedText(report));
    writeFile(inFolder("report.html"), validationHtml(report));
    if (_failures.empty()) store.clear();
    if (!_options.quiet) printSummary(report);
    if (!_failures.empty())
      throw InputError(fmt::format("{}: {} (failures: {}; {} holds the rest, with --resume only these are tried again)",
                                   _failures[0]["where"].get<std::string>(), _failures[0]["reason"].get<std::string>(),
                                   _failures.size(), inFolder("report.html")));
  }

  // Those of the report that is replaced, which the new one does not have.
  void removeOlderTables(Json const& tables) const {
    std::ifstream file(inFolder("report.json"));
    Json const older = Json::parse(file, nullptr, false);
    if (!older.is_object()) return;
    for (auto const& name : older.value("tables", Json::array()))
      if (name.is_string() && fs::path(name.get<std::string>()).filename() == name.get<std::string>() &&
          std::find(tables.begin(), tables.end(), name) == tables.end()) {
        std::error_code is_gone;
        fs::remove(inFolder("csv/" + name.get<std::string>()), is_gone);
      }
  }

  // Energies above the diamond structure (eV/atom), and which crystals have relaxed into which other ones.
  static void compareCrystals(Json& crystals) {
    std::vector<std::string> names;
    std::vector<std::optional<CrystalState>> states;
    std::vector<CrystalRank> ranks;
    for (auto const& [name, crystal] : crystals.items()) {
      if (!crystal.contains("energy")) continue;
      names.push_back(name);
      states.push_back(
          CrystalState{crystal["energy"], crystal["volume"], crystal["neighbor_distances"].get<std::vector<double>>()});
      ranks.push_back(crystalRank(name, crystalPrototype(name, 14, siliconVolumePerAtom(name))));
    }
    auto const identities = crystalIdentities(states, ranks);
    for (std::size_t c = 0; c < names.size(); ++c) {
      Json& crystal = crystals[names[c]];
      crystal["same_as"] = identities[c] == c ? Json(nullptr) : Json(names[identities[c]]);
      if (crystals.contains("dia") && crystals["dia"].contains("energy"))
        crystal["relative_energy"] = crystal["energy"].get<double>() - crystals["dia"]["energy"].get<double>();
    }
  }

  void printSummary(Json const& report) const {
    auto const& checks = report["checks"];
    std::size_t passed = 0;
    for (auto const& check : checks) passed += check["passed"].get<bool>() ? 1 : 0;
    fmt::print("{} of {} checks passed\n", passed, checks.size());
    for (auto const& check : checks)
      if (!check["passed"].get<bool>())
        fmt::print("  not passed: {}: {} = {}, expected {}{}{} ({})\n", check["name"].get<std::string>(),
                   check["value"].get<std::string>(), toText(check["found"]),
                   check["low"].is_null() ? "at most " : toText(check["low"]),
                   check["low"].is_null() || check["high"].is_null() ? "" : " to ",
                   check["high"].is_null() ? " or more" : toText(check["high"]), check["source"].get<std::string>());
    fmt::print("{} written in {:.3g} s\n", inFolder("report.html"), report["time"]["wall_s"].get<double>());
  }

  struct NamedModel {
    std::string name, file;
    MtpModel model;
  };

  ValidateOptions const& _options;
  ValidationSettings _settings;
  std::vector<NamedModel> _models;  // those that could be read
  Json _failures = Json::array();
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
