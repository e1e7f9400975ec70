#include "order_report.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

void OrderReport::add(std::int64_t frame, FrameOrder const& order) {
  _rows.push_back({frame, order.similarity.frame, order.similarity.atom_mean, order.fractions, order.failures});
}

Json OrderReport::json() const {
  return {{"similarity",
           {{"file", _file},
            {"preset", _preset},
            {"zeta", _settings.zeta},
            {"crystals", _names},
            {"frame", listsJson(&Row::frame)},
            {"atom_mean", listsJson(&Row::atom_mean)},
            {"failures", failuresJson("similarity")}}},
          {"crystals",
           {{"threshold", _settings.threshold},
            {"classes", _settings.classes.empty() ? _names : _settings.classes},
            {"fraction", listsJson(&Row::fractions)}}}};
}

// By crystal a list with a number per frame.
Json OrderReport::listsJson(std::vector<double> Row::*member) const {
  Json result = Json::object();
  for (std::size_t r = 0; r < _names.size(); ++r) {
    Json& list = result[_names[r]] = Json::array();
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
