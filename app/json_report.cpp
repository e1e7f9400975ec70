#include "json_report.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sha256.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/version.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

Json number(std::optional<double> value) { return value ? Json(*value) : Json(nullptr); }

Json groupJson(ErrorGroup const& group) {
  Json json = {{"frames", group.frames}, {"atoms", group.atoms}};
  auto const add = [&](std::string const& name, ErrorStatistics const& statistics) {
    json[name + "_mae"] = number(statistics.mae());
    json[name + "_rmse"] = number(statistics.rmse());
    json[name + "_max"] = number(statistics.largest());
  };
  add("energy", group.energy);
  add("force", group.force);
  add("virial", group.virial);
  return json;
}

std::string indented(Json const& json, std::size_t depth) {
  bool const is_plain = std::none_of(json.begin(), json.end(), [](Json const& item) { return item.is_structured(); });
  if (!json.is_structured() || json.empty() || (json.is_array() && is_plain)) return toText(json);
  std::string const margin(2 * (depth + 1), ' ');
  std::string text;
  for (auto const& [key, value] : json.items())
    text += (text.empty() ? "\n" : ",\n") + margin + (json.is_object() ? toText(Json(key)) + ": " : std::string()) +
            indented(value, depth + 1);
  text += "\n" + std::string(2 * depth, ' ');
  return json.is_object() ? "{" + text + "}" : "[" + text + "]";
}

}  // namespace

Json sinterJson(std::string const& backend, std::string const& precision) {
  return {{"version", version()}, {"git", gitCommit()}, {"backend", backend}, {"precision", precision}};
}

Json potentialJson(std::string const& file, MtpModel const& model) {
  Json species = Json::array();
  for (int type = 0; type < model.species_count; ++type)
    species.push_back(chemicalSymbol(model.species.empty() ? std::int32_t{-1} - type
                                                           : model.species[static_cast<std::size_t>(type)]));
  return {{"file", file},       {"sha256", sha256OfFile(file)}, {"kind", "mtp"},
          {"species", species}, {"cutoff", model.max_dist},     {"basis_functions", model.alpha_moment_mapping.size()}};
}

Json errorsJson(LabelErrors const& errors) {
  Json json = {{"all", groupJson(errors.all())}};
  for (auto const& [name, group] : errors.byConfigType())
    json[name == "all" ? "config_type all" : name] = groupJson(group);
  return json;
}

Json spreadJson(SpreadStatistics const& statistics) {
  return {{"count", statistics.count()},
          {"rms_std", number(statistics.rmsDeviation())},
          {"rms_error", number(statistics.rmsError())},
          {"correlation", number(statistics.correlation())}};
}

std::string toText(Json const& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string toIndentedText(Json const& json) { return indented(json, 0) + "\n"; }

}  // namespace sinter::app
