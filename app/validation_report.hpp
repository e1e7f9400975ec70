/// \file
/// What `sinter validate` writes beside report.json, made from that.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace sinter::app {

/// The tables of report.json by the name of their file: checks.csv, errors.csv, static.csv, ...
[[nodiscard]] std::map<std::string, std::string> validationTables(nlohmann::ordered_json const& report);

/// report.html.
[[nodiscard]] std::string validationHtml(nlohmann::ordered_json const& report);

}  // namespace sinter::app
