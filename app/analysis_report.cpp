#include "analysis_report.hpp"

#include <algorithm>

#include "html_report.hpp"
#include "html_texts.hpp"
#include "json_report.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/structures/features.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

template <class Values, class Function>
Json listOf(Values const& values, Function const& function) {
  Json list = Json::array();
  for (auto const& value : values) list.push_back(function(value));
  return list;
}

template <class Value>
Json orNull(std::optional<Value> const& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json peakJson(std::optional<DiffractionPeak> const& peak) {
  if (!peak) return nullptr;
  return {{"q", peak->q}, {"height", peak->height}, {"inverse_height", peak->inverseHeight()}};
}

Json numberOf(std::optional<DiffractionPeak> const& peak, char const* name) {
  return peak ? peakJson(peak)[name] : Json(nullptr);
}

std::optional<std::int64_t> timestepOf(Structure const& structure) {
  auto const* const text = findFeature(structure, "timestep");
  return text == nullptr ? std::nullopt : parseInteger(*text);
}

Json anglesJsonOf(AngleStatistics const& angles) {
  return {{"count", angles.count()}, {"mean", angles.mean()}, {"standard_deviation", angles.standardDeviation()}};
}

// Means by the symbols of pairs of species, where there are several, as columns A-B.
template <class Curves>
void addPartials(Json& columns, Curves const& partials) {
  if (partials.size() > 1)
    for (auto const& [species, curve] : partials)
      columns[chemicalSymbol(species.first) + "-" + chemicalSymbol(species.second)] = curve.mean();
}

// A line of names, and a line for each place of the lists.
std::string table(Json const& columns) {
  std::string text;
  std::size_t rows = 0;
  for (auto const& [name, values] : columns.items()) {
    text += (text.empty() ? "" : ",") + name;
    rows = values.size();
  }
  text += "\n";
  for (std::size_t row = 0; row < rows; ++row) {
    bool is_first = true;
    for (auto const& values : columns) {
      if (!is_first) text += ",";
      is_first = false;
      if (std::string const cell = toText(values[row]); cell != "null") text += cell;  // also what is not a number
    }
    text += "\n";
  }
  return text;
}

// Adds the lists by crystals that are members of a section, as columns <member>_<crystal>.
void addColumns(Json& columns, Json const& section, std::vector<std::string> const& members) {
  for (auto const& member : members)
    for (auto const& [crystal, values] : section.at(member).items()) columns[member + "_" + crystal] = values;
}

// The tables of `OrderReport`.
void addOrderTables(Json const& report, std::map<std::string, std::string>& tables) {
  Json const frames = {{"index", report.at("frames").at("index")}};
  auto const& section = report.at("grains");
  Json crystals = frames, grains = frames, sizes = section.at("sizes");
  addColumns(crystals, report.at("similarity"), {"frame", "atom_mean"});
  addColumns(crystals, report.at("crystals"), {"fraction"});
  addColumns(grains, section, {"number", "largest", "mean", "dimensions"});
  sizes.erase("number");
  addColumns(sizes, section.at("sizes"), {"number"});
  tables["crystals.csv"] = table(crystals);
  tables["grains.csv"] = table(grains);
  tables["grain_sizes.csv"] = table(sizes);
}

}  // namespace

void AnalysisReport::add(ChosenFrame const& frame, FrameMetrics const& metrics) {
  Row row;
  row.index = frame.index;
  row.timestep = timestepOf(frame.structure);
  row.atoms = frame.structure.size();
  row.volume = volume(frame.structure);
  row.coordination = metrics.coordination;
  if (metrics.angles) {  // without their histograms
    row.angles = metrics.angles->all.withoutHistogram();
    row.five_fold = metrics.angles->five_fold.withoutHistogram();
  }
  row.transformed_peak = metrics.transformed_peak;
  row.direct_peak = metrics.direct_peak;
  _rows.push_back(std::move(row));
  _species.insert(frame.structure.species.begin(), frame.structure.species.end());
  _metrics.add(metrics);
  for (auto const& [metric, reason] : metrics.failures) _failures[metric].push_back({frame.index, reason});
}

Json AnalysisReport::speciesJson() const {
  return listOf(_species, [](std::int32_t species) { return chemicalSymbol(species); });
}

Json AnalysisReport::json() const {
  return {{"settings", settingsJson()},         {"frames", framesJson()},
          {"coordination", coordinationJson()}, {"bond_angles", anglesJson()},
          {"pair_distribution", pairsJson()},   {"structure_factor", structureFactorJson()}};
}

Json AnalysisReport::settingsJson() const {
  return {{"bond_cutoff", _settings.bond_cutoff},
          {"angle_bin", _settings.angle_bin},
          {"r_max", _settings.r_max},
          {"r_bin", _settings.r_bin},
          {"q_max", _settings.q_max},
          {"q_bin", _settings.q_bin},
          {"lorch", _settings.lorch},
          {"vectors_per_bin", _settings.vectors_per_bin},
          {"seed", _settings.seed},
          {"peak_from", _settings.peak_from},
          {"peak_to", _settings.peak_to}};
}

Json AnalysisReport::failuresJson(std::string const& metric) const {
  auto const found = _failures.find(metric);
  if (found == _failures.end()) return Json::array();
  return listOf(found->second, [](Failure const& f) { return Json{{"frame", f.frame}, {"reason", f.reason}}; });
}

Json AnalysisReport::framesJson() const {
  auto const column = [&](auto const& function) { return listOf(_rows, function); };
  auto const fraction = [&](std::size_t bonds) {
    return column([bonds](Row const& row) { return row.coordination.fraction(bonds); });
  };
  return {
      {"index", column([](Row const& row) { return row.index; })},
      {"timestep", column([](Row const& row) { return orNull(row.timestep); })},
      {"atoms", column([](Row const& row) { return row.atoms; })},
      {"volume", column([](Row const& row) { return orNull(row.volume); })},
      {"coordination", column([](Row const& row) { return row.coordination.mean(); })},
      {"n3", fraction(3)},
      {"n4", fraction(4)},
      {"n5", fraction(5)},
      {"angle_mean", column([](Row const& row) { return row.angles.mean(); })},
      {"angle_standard_deviation", column([](Row const& row) { return row.angles.standardDeviation(); })},
      {"five_fold_angle_mean", column([](Row const& row) { return row.five_fold.mean(); })},
      {"five_fold_angle_standard_deviation", column([](Row const& row) { return row.five_fold.standardDeviation(); })},
      {"peak_q", column([](Row const& row) { return numberOf(row.transformed_peak, "q"); })},
      {"peak_height", column([](Row const& row) { return numberOf(row.transformed_peak, "height"); })},
      {"peak_inverse_height", column([](Row const& row) { return numberOf(row.transformed_peak, "inverse_height"); })},
      {"direct_peak_q", column([](Row const& row) { return numberOf(row.direct_peak, "q"); })},
      {"direct_peak_height", column([](Row const& row) { return numberOf(row.direct_peak, "height"); })},
      {"direct_peak_inverse_height",
       column([](Row const& row) { return numberOf(row.direct_peak, "inverse_height"); })},
  };
}

Json AnalysisReport::coordinationJson() const {
  auto const& all = _metrics.coordination;
  Json bonds = Json::array(), fractions = Json::array();
  for (std::size_t n = 0; n < all.histogram().size(); ++n) {
    bonds.push_back(n);
    fractions.push_back(all.fraction(n));
  }
  return {{"mean", all.mean()},
          {"n3", all.fraction(3)},
          {"n4", all.fraction(4)},
          {"n5", all.fraction(5)},
          {"histogram", {{"bonds", bonds}, {"atoms", all.histogram()}, {"fraction", fractions}}},
          {"failures", failuresJson("coordination")}};
}

Json AnalysisReport::anglesJson() const {
  Json section = {{"all", nullptr}, {"five_fold", nullptr}, {"histogram", Json::object()}};
  if (_metrics.angles) {
    auto const& [width, all, five_fold] = *_metrics.angles;
    section["all"] = anglesJsonOf(all);
    section["five_fold"] = anglesJsonOf(five_fold);
    Json angles = Json::array();
    for (std::size_t b = 0; b < all.histogram().size(); ++b) angles.push_back((static_cast<double>(b) + 0.5) * width);
    section["histogram"] = {{"angle", angles}, {"all", all.histogram()}, {"five_fold", five_fold.histogram()}};
  }
  section["failures"] = failuresJson("bond_angles");
  return section;
}

Json AnalysisReport::pairsJson() const {
  Json r = Json::array();
  auto const total = _metrics.pairs.mean();
  for (std::size_t b = 0; b < total.size(); ++b) r.push_back(_metrics.r_bin * (static_cast<double>(b) + 0.5));
  Json curves = {{"r", r}, {"g", total}};
  addPartials(curves, _metrics.partial_pairs);
  return {{"frames", _metrics.pairs.count()}, {"curves", curves}, {"failures", failuresJson("pair_distribution")}};
}

Json AnalysisReport::structureFactorJson() const {
  auto const& direct = _metrics.direct;
  Json transformed = {{"q", Json::array()}, {"s", _metrics.transformed.mean()}};
  if (_metrics.transformed.count() > 0) transformed["q"] = waveNumbers(_settings);
  addPartials(transformed, _metrics.partial_transformed);
  Json sums = {
      {"q", Json::array()}, {"s", Json::array()}, {"standard_error", Json::array()}, {"vectors", Json::array()}};
  for (std::size_t b = 0; b < direct.bins(); ++b) {
    if (direct.vectors(b) == 0) continue;
    sums["q"].push_back(direct.q(b));
    sums["s"].push_back(direct.mean(b));
    sums["standard_error"].push_back(direct.standardError(b));
    sums["vectors"].push_back(direct.vectors(b));
  }
  return {{"transformed",
           {{"peak", peakJson(findFirstPeak(_settings, _metrics.transformed.mean()))}, {"curves", transformed}}},
          {"direct", {{"peak", peakJson(findFirstPeak(_settings, direct))}, {"curves", sums}}},
          {"failures", failuresJson("structure_factor")}};
}

std::map<std::string, std::string> analysisTables(Json const& report) {
  auto const& s = report.at("structure_factor");
  std::map<std::string, std::string> tables = {
      {"frames.csv", table(report.at("frames"))},
      {"coordination.csv", table(report.at("coordination").at("histogram"))},
      {"bond_angles.csv", table(report.at("bond_angles").at("histogram"))},
      {"pair_distribution.csv", table(report.at("pair_distribution").at("curves"))},
      {"structure_factor.csv", table(s.at("transformed").at("curves"))},
      {"structure_factor_direct.csv", table(s.at("direct").at("curves"))}};
  if (report.contains("similarity")) addOrderTables(report, tables);
  if (auto const map = report.find("map"); map != report.end())
    tables["map.csv"] = table({{"index", report.at("frames").at("index")},
                               {"soap_map_1", map->at("soap_map_1")},
                               {"soap_map_2", map->at("soap_map_2")}});
  return tables;
}

std::string analysisHtml(Json const& report) {
  auto const file = report.at("trajectory").at("file").get<std::string>();
  return htmlReport({"Structure of " + file, html_texts::analyze_html, html_texts::analyze_js}, report);
}

}  // namespace sinter::app
