/// \file
/// A trajectory measured frame by frame, for the reports of several commands.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "analysis_report.hpp"
#include "chosen_frames.hpp"
#include "frame_map.hpp"
#include "order_report.hpp"
#include "sinter/structures/reference_structures.hpp"
#include "sinter/validation/crystal_order.hpp"
#include "sinter/validation/structure_metrics.hpp"

namespace sinter::app {

/// What is measured along a trajectory; order and map need `similarity`.
struct AnalysisOptions {
  FrameOptions trajectory;
  MetricSettings metrics;
  std::optional<std::string> similarity;    ///< file of crystals
  std::optional<std::string> pressure_key;  ///< of the pressures of frames that crystals follow
  std::optional<std::string> map;           ///< kpca or paper
  std::string preset = "paper-2022";        ///< of SOAP
  std::string classes;                      ///< names of crystals that atoms may be like, with commas between; or all
  CrystalOrderSettings order;               ///< without what stands above
};

/// One pass over a trajectory. A frame that is no valid structure is left out; one that cannot be read ends the
/// trajectory, since where the next one begins is not known.
class TrajectoryAnalysis {
 public:
  /// Reads the crystals and opens the trajectory. \param options outlive this
  /// \throws InputError for settings out of their ranges, and files that cannot be read.
  explicit TrajectoryAnalysis(AnalysisOptions const& options);

  /// Called for each frame when it has been measured.
  using Use = std::function<void(ChosenFrame const&, FrameMetrics const&, FrameOrder const&)>;

  /// \throws InputError when there is no frame at all; Interrupted.
  template <class ExecutionSpace>
  void measure(Use const& use = {});

  /// Sections `trajectory`, those of `AnalysisReport` and, where they were asked for, of `OrderReport` and `FrameMap`.
  [[nodiscard]] nlohmann::ordered_json json() const;

  [[nodiscard]] ChosenFrames const& frames() const { return _frames; }
  /// Names of the crystals that atoms are compared with.
  [[nodiscard]] std::vector<std::string> const& crystals() const { return _crystals; }
  /// Why reading ended before the end.
  [[nodiscard]] std::optional<std::string> const& unreadable() const { return _unreadable; }
  /// Frames that are no valid structures: a list of `frame`, `reason`.
  [[nodiscard]] nlohmann::ordered_json const& refused() const { return _refused; }

 private:
  [[nodiscard]] CrystalOrderSettings orderSettings() const;
  std::optional<ChosenFrame> nextFrame();

  AnalysisOptions const& _options;
  ReferenceStructures _references;
  std::vector<PressureAdjustedCrystal> _adjusted;
  std::vector<std::string> _crystals;
  AnalysisReport _report;
  std::optional<OrderReport> _order;
  std::optional<FrameMap> _map;
  ChosenFrames _frames;
  nlohmann::ordered_json _refused = nlohmann::ordered_json::array();
  std::optional<std::string> _unreadable;
};

}  // namespace sinter::app
