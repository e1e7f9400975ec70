#include "order_report.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

void OrderReport::add(std::int64_t frame, FrameSimilarity const& similarity) {
  _rows.push_back({frame, std::nullopt, similarity.frame, similarity.atom_mean});
}

void OrderReport::addFailure(std::int64_t frame, std::string const& reason) {
  _rows.push_back({frame, reason, {}, {}});
}

Json OrderReport::json() const { return {{"similarity", similarityJson()}}; }

Json OrderReport::similarityJson() const {
  // By crystal a list with a number per frame.
  auto const lists = [&](auto const member) {
    Json result = Json::object();
    for (std::size_t r = 0; r < _source.crystals.size(); ++r) {
      Json& list = result[_source.crystals[r]] = Json::array();
      for (Row const& row : _rows) list.push_back(row.failure ? Json(nullptr) : Json((row.*member)[r]));
    }
    return result;
  };
  return {{"file", _source.file},         {"preset", _source.preset},    {"zeta", _source.zeta},
          {"crystals", _source.crystals}, {"frame", lists(&Row::frame)}, {"atom_mean", lists(&Row::atom_mean)},
          {"failures", failuresJson()}};
}

Json OrderReport::failuresJson() const {
  Json result = Json::array();
  for (Row const& row : _rows)
    if (row.failure) result.push_back({{"frame", row.index}, {"reason", *row.failure}});
  return result;
}

}  // namespace sinter::app
