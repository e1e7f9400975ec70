#include "validation_report.hpp"

#include <cctype>
#include <string_view>
#include <vector>

#include "analysis_report.hpp"
#include "html_report.hpp"
#include "html_texts.hpp"
#include "json_report.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

// Texts with quotes doubled, where they need quotes; nothing for null.
std::string cell(Json const& value) {
  if (value.is_null()) return {};
  if (!value.is_string()) return toText(value);
  auto const text = value.get<std::string>();
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char const c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string line(std::vector<Json> const& cells) {
  std::string text;
  for (auto const& one : cells) text += (&one == &cells.front() ? "" : ",") + cell(one);
  return text + "\n";
}

// A line for each number or text below `json`, with its path.
void addValues(std::string& text, Json const& name, Json const& json, std::string const& path) {
  if (!json.is_structured()) {
    text += line({name, path, json});
    return;
  }
  for (auto const& [key, value] : json.items()) addValues(text, name, value, path + "/" + key);
}

std::string errorsTable(Json const& sets) {
  std::string text;
  for (auto const& [set, results] : sets.items())
    for (auto const& [potential, result] : results.items()) {
      if (!result.contains("errors")) continue;
      for (auto const& [type, group] : result["errors"].items()) {
        std::vector<Json> head = {"set", "potential", "config_type"}, cells = {set, potential, type};
        for (auto const& [name, value] : group.items()) {
          head.push_back(name);
          cells.push_back(value);
        }
        if (text.empty()) text = line(head);
        text += line(cells);
      }
    }
  return text;
}

std::string mapTable(Json const& map) {
  std::string text = "file,frame,soap_map_1,soap_map_2,pressure\n";
  for (auto const& [name, points] : map.at("points").items())
    for (std::size_t n = 0; n < points["frame"].size(); ++n)
      text += line({name, points["frame"][n], points["soap_map_1"][n], points["soap_map_2"][n], points["pressure"][n]});
  return text;
}

// A name as a part of the name of a file, not yet the beginning of one of `tables`.
std::string fileName(std::string name, std::map<std::string, std::string> const& tables) {
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-' && c != '.') c = '_';
  std::string unique = name;
  for (int n = 2; tables.contains(unique + "-frames.csv"); ++n) unique = name + "_" + std::to_string(n);
  return unique;
}

bool isShown(std::string_view section, Json const& report) {
  auto const hasStatic = [&](char const* property) {
    for (char const* from : {"static", "references"}) {
      if (!report.contains(from)) continue;
      for (auto const& one : report[from]) {
        auto const& values = from == std::string_view("static") || !one.contains("static") ? one : one["static"];
        if (values.contains(property)) return true;
      }
    }
    return false;
  };
  if (section == "defects") return hasStatic("defects") || hasStatic("surfaces");
  if (section == "crystals" || section == "elastic" || section == "phases" || section == "phonons")
    return hasStatic(std::string(section).c_str());
  if (section == "failures") return !report.at("failures").empty();
  return section == "checks" || section == "provenance" || report.contains(section);
}

// The sections of validate.html that the report has something for.
std::string bodyFor(Json const& report) {
  std::string_view rest = html_texts::validate_html;
  constexpr std::string_view begin = "<section id=\"", end = "</section>\n";
  std::string body;
  while (!rest.empty()) {
    auto const length = rest.find(end) + end.size();
    auto const section = rest.substr(begin.size(), rest.find('"', begin.size()) - begin.size());
    if (isShown(section, report)) body += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return body;
}

}  // namespace

std::map<std::string, std::string> validationTables(Json const& report) {
  std::map<std::string, std::string> tables;
  std::string& checks = tables["checks.csv"] = "name,value,found,low,high,passed,source\n";
  for (auto const& c : report.at("checks"))
    checks += line({c["name"], c["value"], c["found"], c["low"], c["high"], c["passed"], c["source"]});
  if (report.contains("errors")) tables["errors.csv"] = errorsTable(report["errors"]);
  if (report.contains("static")) {
    std::string& values = tables["static.csv"] = "potential,value,number\n";
    for (auto const& [name, properties] : report["static"].items()) addValues(values, name, properties, "");
    for (auto const& [name, reference] : report.at("references").items())
      if (reference.contains("static")) addValues(values, name, reference["static"], "");
  }
  if (report.contains("trajectories"))
    for (auto const& [name, analysis] : report["trajectories"].items())
      if (analysis.contains("frames")) {
        std::string const own = fileName(name, tables);
        for (auto const& [table, text] : analysisTables(analysis)) tables[own + "-" + table] = text;
      }
  if (report.contains("map") && report["map"].contains("points")) tables["map.csv"] = mapTable(report["map"]);
  return tables;
}

std::string validationHtml(Json const& report) {
  std::string const body = bodyFor(report);
  auto const file = report.at("settings").at("file").get<std::string>();
  return htmlReport({"Validation: " + file, body, html_texts::validate_js}, report);
}

}  // namespace sinter::app
