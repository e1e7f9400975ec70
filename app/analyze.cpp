/// \file
/// `sinter analyze`: structural metrics of a trajectory, frame by frame, and their report.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "analysis_report.hpp"
#include "chosen_frames.hpp"
#include "command.hpp"
#include "command_line.hpp"
#include "interrupt.hpp"
#include "json_report.hpp"
#include "kokkos_session.hpp"
#include "output_path.hpp"
#include "progress.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/structures/extxyz_writer.hpp"
#include "trajectory_analysis.hpp"

namespace sinter::app {

namespace {

namespace fs = std::filesystem;

struct AnalyzeOptions : AnalysisOptions {
  std::string output;
  bool exports = false;
  std::string backend = backendName<Kokkos::DefaultExecutionSpace>();
  bool quiet = false;
};

/// A folder that is made where it is missing, and goes again, with those that were made for it, when it stays empty.
class OutputFolder {
 public:
  explicit OutputFolder(std::string const& folder) {
    for (fs::path path = fs::absolute(fs::path(folder) / ".").parent_path(); !fs::exists(path);
         path = path.parent_path())
      _made.push_back(path);
    makeOutputFolder(folder);
  }
  OutputFolder(OutputFolder const&) = delete;
  OutputFolder& operator=(OutputFolder const&) = delete;
  ~OutputFolder() {
    std::error_code is_not_empty;
    for (auto const& path : _made) fs::remove(path, is_not_empty);
  }

 private:
  std::vector<fs::path> _made;  // innermost first
};

/// One run of the command.
class Analyze {
 public:
  explicit Analyze(AnalyzeOptions const& options) : _options(options) {}

  void run() {
    checkOutputFolder("-o", _options.output);
    checkOutputFolder("-o", inFolder("csv"));
    TrajectoryAnalysis analysis(_options);
    auto const& frames = analysis.frames();
    KokkosSession const session;
    _folder.emplace(_options.output);
    _csv.emplace(inFolder("csv"));
    std::vector<std::string> inputs = {_options.trajectory.file};
    if (_options.similarity) inputs.push_back(*_options.similarity);
    for (char const* name : {"report.json", "report.html"}) checkOutputPath("-o", inFolder(name), inputs);
    if (_options.exports) {
      checkOutputPath("--export", inFolder("frames.extxyz"), inputs);
      _export.emplace(inFolder("frames.extxyz"));
    }
    {
      Progress progress("analyze", frames.size(), _options.quiet);
      withBackend(_options.backend, [&]<class Space>() {
        analysis.measure<Space>([&](ChosenFrame const& frame, FrameMetrics const& metrics, FrameOrder const& order) {
          if (_export) exportFrame(frame.structure, metrics.bonds, order, analysis.crystals());
          progress.update(frames.frames(), frames.atoms());
        });
      });
    }
    if (_export) _export->close();
    writeReport(analysis);
    if (analysis.unreadable())
      throw InputError(*analysis.unreadable() +
                       fmt::format(" ({} holds the {} frames before it)", inFolder("report.json"), frames.frames()));
    if (auto const& refused = analysis.refused(); !refused.empty())
      throw InputError(refused[0]["reason"].get<std::string>() +
                       fmt::format(" ({} frames left out; {} holds the other {})", refused.size(),
                                   inFolder("report.json"), frames.frames()));
    frames.finish();  // labels that no frame has are no reason to lose the report
  }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(Clock::now() - _begin).count(); }
  [[nodiscard]] std::string inFolder(std::string const& name) const {
    return (fs::path(_options.output) / name).string();
  }

  // With columns of what could be measured.
  void exportFrame(Structure const& structure, std::vector<int> const& bonds, FrameOrder const& order,
                   std::vector<std::string> const& names) {
    std::vector<std::pair<std::string, std::vector<double>>> columns;
    if (bonds.size() == structure.size()) columns.push_back({"coordination", {bonds.begin(), bonds.end()}});
    auto const& similarities = order.similarity.atoms;
    std::size_t const crystals = order.fractions.size();
    for (std::size_t r = 0; r < crystals; ++r) {
      auto& values = columns.emplace_back("soap_similarity_" + names[r], std::vector<double>()).second;
      for (std::size_t k = r; k < similarities.size(); k += crystals) values.push_back(similarities[k]);
    }
    if (crystals > 0) {
      auto const add = [&](char const* name, std::vector<int> const& places) {
        auto& numbers = columns.emplace_back(name, std::vector<double>()).second;
        for (int const place : places) numbers.push_back(place + 1);  // 0: none
      };
      add("crystal", order.classes);
      if (!order.failures.contains("grains")) add("grain", order.grains.of_atoms);
    }
    std::vector<StructureWriter::AtomColumn> views;
    for (auto const& [name, values] : columns) views.push_back({name, values});
    _export->write(structure, views);
  }

  void writeReport(TrajectoryAnalysis const& analysis) const {
    nlohmann::ordered_json report = {{"sinter", sinterJson(_options.backend, "double")}, {"command", commandLine()}};
    report.update(analysis.json());
    auto const& frames = analysis.frames();
    double const wall = seconds();
    report["time"] = {{"wall_s", wall}, {"atoms_per_s", static_cast<double>(frames.atoms()) / wall}};
    for (auto const& [name, text] : analysisTables(report)) writeFile(inFolder("csv/" + name), text);
    writeFile(inFolder("report.json"), toIndentedText(report));
    writeFile(inFolder("report.html"), analysisHtml(report));
    if (!_options.quiet) printSummary(report);
  }

  void printSummary(nlohmann::ordered_json const& report) const {
    auto const& coordination = report["coordination"];
    fmt::print("{} frames, {} atoms in {:.3g} s\n", report["trajectory"]["frames"].get<std::size_t>(),
               report["trajectory"]["atoms"].get<std::size_t>(), report["time"]["wall_s"].get<double>());
    fmt::print("bonds per atom {:.4f}; N3 {:.3f} %, N4 {:.3f} %, N5 {:.3f} %\n", coordination["mean"].get<double>(),
               100 * coordination["n3"].get<double>(), 100 * coordination["n4"].get<double>(),
               100 * coordination["n5"].get<double>());
    if (auto const& angles = report["bond_angles"]["all"]; !angles.is_null() && angles["count"] > 0)
      fmt::print("bond angles {:.2f} +- {:.2f} degrees\n", angles["mean"].get<double>(),
                 angles["standard_deviation"].get<double>());
    for (char const* kind : {"transformed", "direct"})
      if (auto const& peak = report["structure_factor"][kind]["peak"]; !peak.is_null())
        fmt::print("first peak of S(Q), {}: Q {:.3f} /Angstrom, S {:.3f}, H^-1 {:.3f}\n", kind, peak["q"].get<double>(),
                   peak["height"].get<double>(), peak["inverse_height"].get<double>());
    if (auto const found = report.find("crystals"); found != report.end())
      for (auto const& [name, fractions] : (*found)["fraction"].items()) {
        if (fractions.back().is_null()) continue;
        fmt::print("like {}: {:.2f} % of the atoms of the last frame", name, 100 * fractions.back().get<double>());
        auto const last = [&, &crystal = name](char const* list) { return report["grains"][list][crystal].back(); };
        if (!last("number").is_null() && last("number") > 0)
          fmt::print(", {} grains, the largest of {} atoms; percolation in {} dimensions", last("number").get<int>(),
                     last("largest").get<std::int64_t>(), last("dimensions").get<int>());
        fmt::print("\n");
      }
    if (report.contains("map") && !report["map"]["reason"].is_null())
      fmt::print("map: none; {}\n", report["map"]["reason"].get<std::string>());
    for (auto const& [section, content] : report.items())
      if (auto const failures = content.find("failures"); failures != content.end() && !failures->empty())
        fmt::print("{}: left out for {} of {} frames: {}\n", section, failures->size(),
                   report["trajectory"]["frames"].get<std::size_t>(), (*failures)[0]["reason"].get<std::string>());
    fmt::print("{} written\n", inFolder("report.html"));
  }

  AnalyzeOptions const& _options;
  std::optional<OutputFolder> _folder, _csv;
  std::optional<ExtxyzWriter> _export;  // goes before the folder that it writes to
  Clock::time_point _begin = Clock::now();
};

}  // namespace

void addAnalyzeCommand(CLI::App& app) {
  auto const options = std::make_shared<AnalyzeOptions>();
  auto& metrics = options->metrics;
  CLI::App* const command = app.add_subcommand("analyze",
                                               "Structure along a trajectory: coordination, bond angles, g(r), S(Q) "
                                               "and its first peak, similarity to crystals; report.html, "
                                               "report.json and csv/ in a folder");
  addFrameOptions(
      *command, options->trajectory, "TRAJECTORY",
      "Elements of types 0, 1, ... (in LAMMPS files 1, 2, ...) where the file does not name them, as in Si,O");
  command->add_option("-o,--output", options->output, "Folder of the report, made if missing")->required();
  auto const add = [&](char const* name, auto& value, char const* help) {
    return command->add_option(name, value, help)->capture_default_str();
  };
  add("--bond-cutoff", metrics.bond_cutoff, "Atoms closer than that are bonded (Angstrom)");
  add("--angle-bin", metrics.angle_bin, "Bins of bond angles (degrees)");
  add("--r-max", metrics.r_max, "g(r) up to there, also beyond half the cell; memory: 10 bytes per pair (Angstrom)");
  add("--r-bin", metrics.r_bin, "Bins of g(r) (Angstrom)");
  add("--q-max", metrics.q_max, "S(Q) up to there (1/Angstrom)");
  add("--q-bin", metrics.q_bin, "Bins of S(Q) (1/Angstrom)");
  command->add_flag("--lorch", metrics.lorch, "S(Q) from g(r) with the window of Lorch");
  add("--vectors", metrics.vectors_per_bin, "S(Q) by direct sums: wave vectors per bin at most, chosen at random");
  command
      ->add_option("--seed", metrics.seed, "Of that choice, up to 2^53")  // larger ones are not exact in JSON
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1} << 53))
      ->capture_default_str();
  add("--peak-from", metrics.peak_from, "The first sharp diffraction peak is looked for from here (1/Angstrom)");
  add("--peak-to", metrics.peak_to, "... to here (1/Angstrom)");
  auto* const similarity = command->add_option(
      "--similarity", options->similarity,
      "REF: crystals, frames with a name or config_type; SOAP similarities of each frame (inner average) and of its "
      "atoms to each of them");
  command
      ->add_option("--preset", options->preset,
                   "SOAP: cutoff 5 Angstrom, sigma 0.5 Angstrom, n_max 12, l_max 6 and cutoff width 2 Angstrom "
                   "(paper-2022) or 1 Angstrom (paper-2022-scripts); similarities (p.p')^4")
      ->check(CLI::IsMember({"paper-2022", "paper-2022-scripts"}))
      ->capture_default_str()
      ->needs(similarity);
  command
      ->add_option(
          "--similarity-pressure-key", options->pressure_key,
          "Compare each frame with crystals at its pressure, the number (GPa) that it has by this name: REF has "
          "each crystal at two pressures or more, frames with one name and a key pressure (GPa), and between "
          "them its cell is a natural cubic spline")
      ->needs(similarity);
  command
      ->add_option(
          "--map", options->map,
          "Two coordinates of each frame, as those of sinter soap --map: principal components in the space of the "
          "kernel (kpca), or of the rows of 2 - 2 (p.p')^4 (paper)")
      ->check(CLI::IsMember({"kpca", "paper"}))
      ->needs(similarity);
  add("--threshold", options->order.threshold,
      "Atoms are like the crystal with the greatest similarity, if it is above that")
      ->needs(similarity);
  command
      ->add_option("--classes", options->classes,
                   "Names of the crystals that atoms may be like, as in dia,sh (all of REF): of crystals that are "
                   "nearly alike, name one")
      ->needs(similarity);
  add("--least-grain", options->order.least_grain, "Atoms of the smallest grain that counts")->needs(similarity);
  add("--misorientation", options->order.misorientation,
      "Bonds connect atoms of a grain when the axes of their crystals (simple hexagonal, beta-tin) include a smaller "
      "angle (degrees; 90: always)")
      ->needs(similarity);
  command->add_flag("--export", options->exports,
                    "Also frames.extxyz, for OVITO: with columns coordination, soap_similarity_<name>, "
                    "crystal (its number in REF, from 1; 0: none) and grain "
                    "(by size, from 1)");
  addBackendOption(*command, options->backend);
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Analyze>(*options); });
}

}  // namespace sinter::app
