#include "fit_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "html_report.hpp"
#include "html_texts.hpp"
#include "json_report.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t most_bins = 20;             // of a calibration plot
constexpr std::size_t least_per_bin = 5;          // predictions
constexpr char const* digits_of_points = "%.8g";  // micro-eV of energies per atom

double rounded(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), digits_of_points, value);
  return std::strtod(text.data(), nullptr);
}

Json pointsJson(ThinnedPairs const& points) {
  Json reference = Json::array(), predicted = Json::array();
  for (auto const& [label, prediction] : points.pairs()) {
    reference.push_back(rounded(label));
    predicted.push_back(rounded(prediction));
  }
  return {{"every", points.every()}, {"reference", reference}, {"predicted", predicted}};
}

// Starts that were tried, with the loss that each reached at the last level it came to.
Json seedsJson(PotentialFit const& fit) {
  auto seeds = Json::array();
  for (auto const& stage : fit.stages) {
    if (stage.all_data || stage.losses.empty()) continue;
    Json const entry = {{"start", stage.start},
                        {"level", stage.level},
                        {"iterations", stage.state.iterations},
                        {"loss", stage.losses.back()}};
    auto const known =
        std::find_if(seeds.begin(), seeds.end(), [&](Json const& s) { return s["start"] == stage.start; });
    if (known != seeds.end())
      *known = entry;
    else
      seeds.push_back(entry);
  }
  return seeds;
}

Json uncertaintyJson(FitResult const& result) {
  auto const& uncertainty = result.fit.uncertainty;
  Json methods = Json::object();
  for (auto const& [name, spread] :
       {std::pair("covariance", &uncertainty.covariance), std::pair("committee", &uncertainty.committee)}) {
    if (spread->directions.empty()) continue;
    auto const found = result.calibration.find(name);
    auto const& check = found == result.calibration.end() ? UncertaintyCheck<Calibration>{} : found->second;
    methods[name] = {{"scale", spread->scale}, {"energy", check.energy.json()}, {"force", check.force.json()}};
  }
  return {{"file", result.uncertainty_file}, {"noise_variance", uncertainty.noise_variance}, {"methods", methods}};
}

}  // namespace

void ThinnedPairs::add(double first, double second) {
  if (_count++ % _every != 0) return;
  _pairs.push_back({first, second});
  if (_pairs.size() <= _most) return;
  for (std::size_t n = 0; 2 * n < _pairs.size(); ++n) _pairs[n] = _pairs[2 * n];
  _pairs.resize((_pairs.size() + 1) / 2);
  _every *= 2;
}

void ParityPoints::add(Structure const& labelled, Evaluation const& predicted) {
  auto const atoms = static_cast<double>(labelled.size());
  if (labelled.energy) _energy.add(*labelled.energy / atoms, predicted.energy / atoms);
  for (std::size_t i = 0; i < labelled.forces.size(); ++i)
    for (std::size_t x = 0; x < 3; ++x) _force.add(labelled.forces[i][x], predicted.forces[i][x]);
}

Json ParityPoints::json() const { return {{"energy", pointsJson(_energy)}, {"force", pointsJson(_force)}}; }

void Calibration::add(double deviation, double error) {
  _all.add(deviation, error);
  _pairs.add(deviation, error);
}

Json Calibration::json() const {
  auto pairs = _pairs.pairs();
  std::sort(pairs.begin(), pairs.end());
  Json json = spreadJson(_all);
  json["bins"] = Json::array();
  std::size_t const bins = std::min(pairs.size() / least_per_bin, most_bins);
  for (std::size_t b = 0; b < bins; ++b) {
    SpreadStatistics bin;
    for (std::size_t n = b * pairs.size() / bins; n < (b + 1) * pairs.size() / bins; ++n)
      bin.add(pairs[n][0], pairs[n][1]);
    json["bins"].push_back({{"count", bin.count()}, {"rms_std", *bin.rmsDeviation()}, {"rms_error", *bin.rmsError()}});
  }
  return json;
}

Json fitReportJson(FitResult const& result) {
  auto const& fit = result.fit;
  Json report = {{"sinter", sinterJson(result.backend, "double")},
                 {"potential", potentialJson(result.model_file, fit.model)},
                 {"method", result.method},
                 {"train", errorsJson(result.train_errors)},
                 {"test", errorsJson(result.test_errors)},
                 {"loss", fit.loss},
                 {"equations", fit.rows},
                 {"unknowns", fit.columns},
                 {"rank", fit.rank},
                 {"condition", fit.condition},
                 {"ridge", fit.ridge},
                 {"cross_validation", Json::array()},
                 {"iterations", std::max(fit.iterations, 1)},
                 {"seeds", seedsJson(fit)},
                 {"convergence", Json::array()},
                 {"spectrum", fit.spectrum},
                 {"uncertainty", uncertaintyJson(result)},
                 {"time", {{"fit_s", result.fit_seconds}, {"wall_s", result.wall_seconds}}},
                 {"peak_memory_bytes", result.peak_memory_bytes},
                 {"parity", {{"train", result.train_points.json()}, {"test", result.test_points.json()}}}};
  for (auto const& score : fit.ridge_scores)
    report["cross_validation"].push_back({{"ridge", score.ridge}, {"loss", score.error}});
  for (auto const& stage : fit.stages)
    report["convergence"].push_back(
        {{"start", stage.start}, {"level", stage.level}, {"all_data", stage.all_data}, {"loss", stage.losses}});
  return report;
}

std::string fitReportHtml(Json const& report) {
  auto const file = report.at("potential").at("file").get<std::string>();
  return htmlReport({"Fit of " + file, html_texts::fit_html, html_texts::fit_js}, report);
}

}  // namespace sinter::app
