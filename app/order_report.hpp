/// \file
/// What reports say of the likeness of frames to crystals (docs/validation.md): sections of report.json, beside those
/// of analysis_report.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sinter/validation/crystal_order.hpp"

namespace sinter::app {

/// The frames that were compared with crystals; what it keeps does not grow with their size.
class OrderReport {
 public:
  /// \param file, names of the crystals \param preset of SOAP
  /// \param pressure_key of the pressures of frames, where crystals follow them
  OrderReport(std::string file, std::vector<std::string> names, std::string preset, CrystalOrderSettings settings,
              std::optional<std::string> pressure_key)
      : _file(std::move(file)),
        _preset(std::move(preset)),
        _names(std::move(names)),
        _settings(std::move(settings)),
        _pressure_key(std::move(pressure_key)),
        _classes(_settings.classes.empty() ? _names : _settings.classes),
        _sizes(_names.size()) {}

  /// \param pressure (GPa) that crystals followed
  void add(std::int64_t frame, FrameOrder const& order, std::optional<double> pressure = {});

  /// Sections `similarity`, `crystals` and `grains`.
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  using Numbers = std::vector<double>;  // of the crystals; empty where there are none
  struct Row {
    std::int64_t index = 0;
    std::optional<double> pressure;
    Numbers frame, atom_mean, fractions;
    Numbers grains, largest, mean, dimensions;
    std::map<std::string, std::string> failures;
  };

  void addGrains(FrameOrder const& order, Row& row);
  [[nodiscard]] nlohmann::ordered_json grainsJson() const;
  [[nodiscard]] std::size_t placeOf(std::string const& crystal) const;
  [[nodiscard]] nlohmann::ordered_json listsJson(Numbers Row::*member, std::vector<std::string> const& crystals) const;
  [[nodiscard]] nlohmann::ordered_json failuresJson(std::string const& metric) const;

  std::string _file, _preset;
  std::vector<std::string> _names;
  CrystalOrderSettings _settings;
  std::optional<std::string> _pressure_key;
  std::vector<std::string> _classes;  // crystals that atoms may be like
  std::vector<Row> _rows;
  std::vector<std::vector<std::int64_t>> _sizes;  // (crystals) grains with 2^b to 2^(b + 1) - 1 atoms
  nlohmann::ordered_json _last_grains = nlohmann::ordered_json::array();
};

}  // namespace sinter::app
