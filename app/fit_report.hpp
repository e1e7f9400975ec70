/// \file
/// What `sinter fit` reports: its JSON (contract: the command line reference), and the HTML page drawn from that.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sinter/core/evaluation.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/fitting/potential_fit.hpp"
#include "sinter/structures/label_errors.hpp"
#include "uncertainty_check.hpp"

namespace sinter::app {

/// Pairs of numbers: all of them, or when they are more than `most`, every second, fourth, ... one.
class ThinnedPairs {
 public:
  explicit ThinnedPairs(std::size_t most) : _most(most) {}
  void add(double first, double second);

  [[nodiscard]] std::size_t every() const { return _every; }
  [[nodiscard]] std::vector<std::array<double, 2>> const& pairs() const { return _pairs; }

 private:
  std::size_t _most, _every = 1, _count = 0;
  std::vector<std::array<double, 2>> _pairs;
};

/// Predictions beside labels of one data set.
class ParityPoints {
 public:
  void add(Structure const& labelled, Evaluation const& predicted);

  /// `energy` (eV/atom) and `force` (eV/A, components), each `{every, reference, predicted}`: one point in `every`, so
  /// that there are 2000 at most.
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  static constexpr std::size_t most = 2000;
  ThinnedPairs _energy{most}, _force{most};  // reference, predicted
};

/// Standard deviations against errors.
class Calibration {
 public:
  void add(double deviation, double error);

  /// What `spreadJson` says, and `bins` of equally many predictions (of 100 000 at most) in the order of their
  /// deviation, each `{count, rms_std, rms_error}`.
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  SpreadStatistics _all;
  ThinnedPairs _pairs{100000};
};

/// A fit and what it is worth.
struct FitResult {
  PotentialFit fit;
  std::string model_file, uncertainty_file, method, backend;
  LabelErrors train_errors, test_errors;
  ParityPoints train_points, test_points;
  std::map<std::string, UncertaintyCheck<Calibration>> calibration;  ///< of the test set, by method
  double fit_seconds = 0, wall_seconds = 0;
  std::size_t peak_memory_bytes = 0;
};

/// report.json. \throws InputError when the model file cannot be read.
[[nodiscard]] nlohmann::ordered_json fitReportJson(FitResult const& result);

/// report.html from report.json.
[[nodiscard]] std::string fitReportHtml(nlohmann::ordered_json const& report);

}  // namespace sinter::app
