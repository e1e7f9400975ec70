#include "order_report.hpp"

#include <algorithm>
#include <bit>

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t most_listed = 20;  // grains of the last frame

}  // namespace

void OrderReport::add(std::int64_t frame, FrameOrder const& order, std::optional<double> pressure) {
  Row& row = _rows.emplace_back();
  row.index = frame;
  row.pressure = pressure;
  row.frame = order.similarity.frame;
  row.atom_mean = order.similarity.atom_mean;
  row.fractions = order.fractions;
  row.failures = order.failures;
  _last_grains = Json::array();
  if (order.failures.empty()) addGrains(order, row);
}

void OrderReport::addGrains(FrameOrder const& order, Row& row) {
  for (auto* numbers : {&row.grains, &row.largest, &row.mean, &row.dimensions}) numbers->resize(_names.size());
  auto const& grains = order.grains.grains;
  for (std::size_t g = 0; g < grains.size(); ++g) {
    auto const crystal = static_cast<std::size_t>(grains[g].crystal);
    auto const atoms = static_cast<double>(grains[g].atoms);
    ++row.grains[crystal];
    row.largest[crystal] = std::max(row.largest[crystal], atoms);
    row.mean[crystal] += atoms;
    row.dimensions[crystal] = std::max<double>(row.dimensions[crystal], grains[g].dimensions);
    auto const bin = static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(grains[g].atoms))) - 1;
    if (_sizes[crystal].size() <= bin)
      for (auto& sizes : _sizes) sizes.resize(std::max(sizes.size(), bin + 1));
    ++_sizes[crystal][bin];
    if (g >= most_listed) continue;
    Json grain = {{"crystal", _names[crystal]}, {"atoms", grains[g].atoms}, {"dimensions", grains[g].dimensions},
                  {"along", grains[g].along},   {"axis", nullptr},          {"alignment", nullptr}};
    if (auto const& axis = order.axes[g]) {
      grain["axis"] = axis->direction;
      grain["alignment"] = axis->alignment;
    }
    _last_grains.push_back(std::move(grain));
  }
  for (std::size_t r = 0; r < _names.size(); ++r) row.mean[r] /= row.grains[r];  // not a number without grains
}

Json OrderReport::json() const {
  Json pressures = Json::array();
  for (Row const& row : _rows) pressures.push_back(row.pressure ? Json(*row.pressure) : Json(nullptr));
  return {
      {"similarity",
       {{"file", _file},
        {"preset", _preset},
        {"zeta", _settings.zeta},
        {"crystals", _names},
        {"pressure_key", _pressure_key ? Json(*_pressure_key) : Json(nullptr)},
        {"pressure", pressures},
        {"frame", listsJson(&Row::frame, _names)},
        {"atom_mean", listsJson(&Row::atom_mean, _names)},
        {"failures", failuresJson("similarity")}}},
      {"crystals",
       {{"threshold", _settings.threshold}, {"classes", _classes}, {"fraction", listsJson(&Row::fractions, _classes)}}},
      {"grains", grainsJson()}};
}

Json OrderReport::grainsJson() const {
  Json from = Json::array(), to = Json::array(), number = Json::object();
  for (std::size_t bin = 0; bin < (_sizes.empty() ? 0 : _sizes[0].size()); ++bin) {
    from.push_back(std::int64_t{1} << bin);
    to.push_back((std::int64_t{2} << bin) - 1);
  }
  for (auto const& crystal : _classes) number[crystal] = _sizes[placeOf(crystal)];
  return {{"bond_cutoff", _settings.bond_cutoff},
          {"least_grain", _settings.least_grain},
          {"misorientation", _settings.misorientation},
          {"number", listsJson(&Row::grains, _classes)},
          {"largest", listsJson(&Row::largest, _classes)},
          {"mean", listsJson(&Row::mean, _classes)},
          {"dimensions", listsJson(&Row::dimensions, _classes)},
          {"sizes", {{"from", from}, {"to", to}, {"number", number}}},
          {"last_frame", _last_grains},
          {"failures", failuresJson("grains")}};
}

std::size_t OrderReport::placeOf(std::string const& crystal) const {
  return static_cast<std::size_t>(std::find(_names.begin(), _names.end(), crystal) - _names.begin());
}

// By crystal a list with a number per frame.
Json OrderReport::listsJson(Numbers Row::*member, std::vector<std::string> const& crystals) const {
  Json result = Json::object();
  for (auto const& crystal : crystals) {
    std::size_t const r = placeOf(crystal);
    Json& list = result[crystal] = Json::array();
    for (Row const& row : _rows) list.push_back((row.*member).empty() ? Json(nullptr) : Json((row.*member)[r]));
  }
  return result;
}

Json OrderReport::failuresJson(std::string const& metric) const {
  Json result = Json::array();
  for (Row const& row : _rows)
    if (auto const found = row.failures.find(metric); found != row.failures.end())
      result.push_back({{"frame", row.index}, {"reason", found->second}});
  return result;
}

}  // namespace sinter::app
