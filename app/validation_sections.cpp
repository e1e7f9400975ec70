#include "validation_sections.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "chosen_frames.hpp"
#include "fit_report.hpp"
#include "frame_map.hpp"
#include "interrupt.hpp"
#include "json_report.hpp"
#include "potential_file.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/structures/label_errors.hpp"
#include "sinter/structures/text_source.hpp"
#include "sinter/validation/standard_checks.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t atoms_per_batch = 20'000;

FrameOptions framesOf(std::string const& file, std::string const& frames, LabelKeys const& keys = {}) {
  FrameOptions options;
  options.file = file;
  options.frames = frames;
  options.keys = keys;
  options.key_options = {"errors.energy_key", "errors.force_key", "errors.virial_key"};
  return options;
}

void requireFinite(Evaluation const& evaluation, std::string const& name) {
  bool is_finite = std::isfinite(evaluation.energy);
  for (auto const& force : evaluation.forces)
    for (double const x : force) is_finite = is_finite && std::isfinite(x);
  for (double const x : evaluation.virial) is_finite = is_finite && std::isfinite(x);
  if (!is_finite) throw InputError(name + ": found an energy, force or virial that is not finite, expected numbers");
}

Json orNull(double number) { return std::isfinite(number) ? Json(number) : Json(nullptr); }

Json checkJson(std::string const& name, std::string const& path, double found, double low, double high,
               std::string const& source) {
  return {{"name", name},
          {"value", path},
          {"found", orNull(found)},
          {"low", orNull(low)},
          {"high", orNull(high)},
          {"source", source},
          {"passed", low <= found && found <= high}};
}

// A member of a JSON pointer, and back.
std::string replaceAll(std::string text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}
std::string unescaped(std::string const& member) { return replaceAll(replaceAll(member, "~1", "/"), "~0", "~"); }
std::string escaped(std::string const& key) { return replaceAll(replaceAll(key, "~", "~0"), "/", "~1"); }

// All places in `json` that a pointer with * means, `path` in front.
void findAll(Json const& json, std::string_view rest, std::string const& path,
             std::vector<std::pair<std::string, Json>>& found) {
  if (rest.empty()) return found.push_back({path, json});
  auto const end = rest.find('/', 1);
  std::string const member(rest.substr(1, end == std::string_view::npos ? end : end - 1)), key = unescaped(member);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  auto const index = parseInteger(key);
  if (member == "*" && json.is_structured())
    for (auto const& [name, value] : json.items()) findAll(value, rest, path + "/" + escaped(name), found);
  else if (json.is_object() && json.contains(key))
    findAll(json[key], rest, path + "/" + member, found);
  else if (json.is_array() && index && *index >= 0 && static_cast<std::size_t>(*index) < json.size())
    findAll(json[static_cast<std::size_t>(*index)], rest, path + "/" + member, found);
  else
    found.push_back({path + "/" + member + std::string(rest), nullptr});
}

}  // namespace

template <class ExecutionSpace>
Json standardChecksJson() {
  Json checks = Json::array();
  for (auto const& check : runStandardChecks<ExecutionSpace>())
    checks.push_back(checkJson(check.name, "standard", check.found, check.low, check.high, check.source));
  return checks;
}

template <class ExecutionSpace>
Json labelErrorsJson(MtpModel const& model, NamedFile const& set, LabelKeys const& keys) {
  auto const options = framesOf(set.file, ":", keys);
  ChosenFrames frames(options, model.species);
  MtpEvaluator<ExecutionSpace> const evaluator(model);
  LabelErrors errors;
  ParityPoints parity;
  while (auto const batch = frames.nextBatch(atoms_per_batch)) {
    auto const results = evaluator.evaluate(batch->structures, batch->names);
    for (std::size_t s = 0; s < results.size(); ++s) {
      requireFinite(results[s], batch->names[s]);
      errors.add(batch->structures[s], results[s]);
      parity.add(batch->structures[s], results[s]);
    }
  }
  frames.finish();
  if (errors.all().frames == 0) throw InputError(set.file + ": found no labels, expected energies, forces or virials");
  return {{"frames", frames.frames()},
          {"atoms", frames.atoms()},
          {"errors", errorsJson(errors)},
          {"parity", parity.json()}};
}

template <class ExecutionSpace>
Json frameMapJson(ValidationSettings const& settings) {
  auto const forFrames = [&](auto const& use) {
    for (auto const& [name, file] : settings.mapped) {
      auto const options = framesOf(file, settings.mapped_frames);
      ChosenFrames frames(options, {});
      while (auto const batch = frames.nextBatch(atoms_per_batch)) use(name, *batch);
      frames.finish();
    }
  };
  std::set<std::int32_t> species;
  forFrames([&](std::string const&, FrameBatch const& batch) {
    for (std::size_t s = 0; s < batch.structures.size(); ++s) {
      species.insert(batch.structures[s].species.begin(), batch.structures[s].species.end());
      if (!species.empty() && *species.begin() < 0)
        throw InputError(batch.names[s] + ": found atom types without names, expected a file that names its species");
    }
  });
  constexpr double zeta = 4;  // of the preset
  SoapSettings soap_settings = soapPreset(settings.preset, 0);
  soap_settings.species.assign(species.begin(), species.end());
  SoapEvaluator<ExecutionSpace> const soap(soap_settings);
  FrameMap map(settings.map_kind, zeta);
  Json points = Json::object();
  forFrames([&](std::string const& name, FrameBatch const& batch) {
    auto const dimension = static_cast<std::ptrdiff_t>(soap.dimension());
    auto const vectors = soap.evaluate(batch.structures, SoapAverage::inner, batch.names);
    for (std::size_t s = 0; s < batch.structures.size(); ++s) {
      auto const vector = vectors.begin() + static_cast<std::ptrdiff_t>(s) * dimension;
      map.add({vector, vector + dimension});
      auto const& structure = batch.structures[s];
      auto const cell_volume = volume(structure);
      bool const has_pressure = cell_volume && structure.virial;
      points[name]["frame"].push_back(batch.indices[s]);
      points[name]["pressure"].push_back(
          has_pressure ? Json(pressureOf(*structure.virial, *cell_volume) * gpa_per_ev_per_cubic_angstrom)
                       : Json(nullptr));
    }
  });
  Json const found = map.json();
  if (!found["reason"].is_null()) throw InputError(found["reason"].get<std::string>());
  std::size_t row = 0;
  for (auto const& file : settings.mapped)
    for (std::size_t n = 0; n < points[file.name]["frame"].size(); ++n, ++row)
      for (char const* coordinate : {"soap_map_1", "soap_map_2"})
        points[file.name][coordinate].push_back(found[coordinate][row]);
  return {{"kind", settings.map_kind},
          {"preset", settings.preset},
          {"zeta", zeta},
          {"explained_fraction", found["explained_fraction"]},
          {"points", std::move(points)}};
}

Json checksJson(std::vector<PassBand> const& bands, Json const& report) {
  Json checks = Json::array();
  for (auto const& band : bands) {
    std::vector<std::pair<std::string, Json>> places;
    findAll(report, band.value, "", places);
    if (places.empty()) places.push_back({band.value, nullptr});
    for (auto const& [path, value] : places)
      checks.push_back(checkJson(band.name, path, value.is_number() ? value.get<double>() : std::nan(""), band.low,
                                 band.high, band.source));
  }
  return checks;
}

#define SINTER_INSTANTIATE(SPACE)                                                            \
  template Json standardChecksJson<SPACE>();                                                 \
  template Json labelErrorsJson<SPACE>(MtpModel const&, NamedFile const&, LabelKeys const&); \
  template Json frameMapJson<SPACE>(ValidationSettings const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)
#undef SINTER_INSTANTIATE

}  // namespace sinter::app
