/// \file
/// What reports say of the likeness of frames to crystals (docs/validation.md): sections of report.json, beside those
/// of analysis_report.hpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sinter/validation/crystal_similarity.hpp"

namespace sinter::app {

/// What similarities are to, and by which settings.
struct SimilaritySource {
  std::string file, preset;
  std::vector<std::string> crystals;  ///< names
  double zeta = 4;
};

/// The frames that were compared with crystals; what it keeps does not grow with their size.
class OrderReport {
 public:
  explicit OrderReport(SimilaritySource source) : _source(std::move(source)) {}

  void add(std::int64_t frame, FrameSimilarity const& similarity);

  /// A frame that has no similarities, and why.
  void addFailure(std::int64_t frame, std::string const& reason);

  [[nodiscard]] SimilaritySource const& source() const { return _source; }

  /// Section `similarity`.
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  struct Row {
    std::int64_t index = 0;
    std::optional<std::string> failure;
    std::vector<double> frame, atom_mean;  // (crystals); empty with a failure
  };

  [[nodiscard]] nlohmann::ordered_json similarityJson() const;
  [[nodiscard]] nlohmann::ordered_json failuresJson() const;

  SimilaritySource _source;
  std::vector<Row> _rows;
};

}  // namespace sinter::app
