#include "json_report.hpp"

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

std::string toText(Json const& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string toIndentedText(Json const& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace sinter::app
