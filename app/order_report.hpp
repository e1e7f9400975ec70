/// \file
/// What reports say of the likeness of frames to crystals (docs/validation.md): sections of report.json, beside those
/// of analysis_report.hpp.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sinter/validation/crystal_order.hpp"

namespace sinter::app {

/// The frames that were compared with crystals; what it keeps does not grow with their size.
class OrderReport {
 public:
  /// \param file, names of the crystals; \param preset of SOAP
  OrderReport(std::string file, std::string preset, std::vector<std::string> names, CrystalOrderSettings settings)
      : _file(std::move(file)), _preset(std::move(preset)), _names(std::move(names)), _settings(std::move(settings)) {}

  void add(std::int64_t frame, FrameOrder const& order);

  /// Sections `similarity` and `crystals`.
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  struct Row {
    std::int64_t index = 0;
    std::vector<double> frame, atom_mean, fractions;  // (crystals); empty where there are none
    std::map<std::string, std::string> failures;
  };

  [[nodiscard]] nlohmann::ordered_json listsJson(std::vector<double> Row::*member) const;
  [[nodiscard]] nlohmann::ordered_json failuresJson(std::string const& metric) const;

  std::string _file, _preset;
  std::vector<std::string> _names;
  CrystalOrderSettings _settings;
  std::vector<Row> _rows;
};

}  // namespace sinter::app
