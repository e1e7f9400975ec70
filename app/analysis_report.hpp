/// \file
/// What `sinter analyze` reports: its JSON (docs/validation.md), tables of comma-separated values and the HTML page,
/// all made from that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "chosen_frames.hpp"
#include "sinter/validation/structure_metrics.hpp"

namespace sinter::app {

/// The frames that were measured; what it keeps does not grow with their size.
class AnalysisReport {
 public:
  explicit AnalysisReport(MetricSettings const& settings) : _settings(settings) {}

  void add(ChosenFrame const& frame, FrameMetrics const& metrics);

  /// Sections `settings`, `frames`, `coordination`, `bond_angles`, `pair_distribution` and `structure_factor`.
  [[nodiscard]] nlohmann::ordered_json json() const;

  /// Symbols of the species of all frames.
  [[nodiscard]] nlohmann::ordered_json speciesJson() const;

 private:
  struct Row {
    std::int64_t index = 0;
    std::optional<std::int64_t> timestep;
    std::size_t atoms = 0;
    std::optional<double> volume;
    CoordinationStatistics coordination;
    AngleStatistics angles, five_fold;
    std::optional<DiffractionPeak> transformed_peak, direct_peak;
  };
  struct Failure {
    std::int64_t frame = 0;
    std::string reason;
  };

  [[nodiscard]] nlohmann::ordered_json settingsJson() const;
  [[nodiscard]] nlohmann::ordered_json framesJson() const;
  [[nodiscard]] nlohmann::ordered_json coordinationJson() const;
  [[nodiscard]] nlohmann::ordered_json anglesJson() const;
  [[nodiscard]] nlohmann::ordered_json pairsJson() const;
  [[nodiscard]] nlohmann::ordered_json structureFactorJson() const;
  [[nodiscard]] nlohmann::ordered_json failuresJson(std::string const& metric) const;

  MetricSettings _settings;
  std::vector<Row> _rows;
  std::set<std::int32_t> _species;
  TrajectoryMetrics _metrics;
  std::map<std::string, std::vector<Failure>> _failures;  // by metric
};

/// The tables of report.json by the name of their file: `frames.csv`, `bond_angles.csv` and so on.
[[nodiscard]] std::map<std::string, std::string> analysisTables(nlohmann::ordered_json const& report);

/// report.html from report.json.
[[nodiscard]] std::string analysisHtml(nlohmann::ordered_json const& report);

}  // namespace sinter::app
