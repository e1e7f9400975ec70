#include "validation_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/toml_reader.hpp"
#include "sinter/simulation/crystals.hpp"

namespace sinter::app {

namespace {

using detail::TomlTable;

void requireOneOf(TomlTable const& table, std::string const& key, std::string const& word,
                  std::vector<std::string> const& words) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return;
  std::string expected;
  for (auto const& one : words) expected += (expected.empty() ? "\"" : ", \"") + one + "\"";
  table.fail(key, "found \"" + word + "\", expected one of " + expected);
}

// name = "file" for each key.
std::vector<NamedFile> namedFiles(std::optional<TomlTable> table) {
  std::vector<NamedFile> files;
  if (!table) return files;
  for (auto const& name : table->keys()) {
    if (name.empty()) table->fail(name, "found an empty name, expected letters");
    if (name.find('/') != std::string::npos || name.find('~') != std::string::npos)
      table->fail(name, "found / or ~ in a name, expected one without");  // in paths of values
    files.push_back({name, *table->text(name)});
  }
  return files;
}

std::string presetOf(TomlTable& table, char const* key) {
  auto const preset = table.text(key).value_or("paper-2022");
  requireOneOf(table, key, preset, {"paper-2022", "paper-2022-scripts"});
  return preset;
}

void readErrors(TomlTable table, ValidationSettings& settings) {
  settings.sets = namedFiles(table.table("sets"));
  settings.keys.energy = table.text("energy_key").value_or("");
  settings.keys.force = table.text("force_key").value_or("");
  settings.keys.virial = table.text("virial_key").value_or("");
  settings.costs = table.text("costs").value_or("");
  table.finish();
  if (settings.sets.empty())
    table.fail("sets", "found none, expected structures with labels: sets = { name = \"file\" }");
}

std::vector<std::string> wordsOf(TomlTable& table, std::string const& key, std::vector<std::string> const& known) {
  auto const words = table.texts(key).value_or(std::vector<std::string>{});
  for (auto word = words.begin(); word != words.end(); ++word) {
    requireOneOf(table, key, *word, known);
    if (std::find(words.begin(), word, *word) != word)
      table.fail(key, "found \"" + *word + "\" twice, expected it once");
  }
  return words;
}

// The kinds of this name, of all kinds that there are.
template <class Kind>
std::vector<Kind> kindsOf(TomlTable& table, std::string const& key, std::vector<Kind> const& all) {
  std::vector<std::string> names;
  for (Kind const kind : all) names.push_back(nameOf(kind));
  std::vector<Kind> kinds;
  for (auto const& word : wordsOf(table, key, names))
    kinds.push_back(all[static_cast<std::size_t>(std::find(names.begin(), names.end(), word) - names.begin())]);
  return kinds;
}

std::vector<double> ascending(TomlTable& table, std::string const& key, std::vector<double> fallback) {
  auto values = table.numbers(key).value_or(std::move(fallback));
  if (std::adjacent_find(values.begin(), values.end(), std::greater_equal<>()) != values.end())
    table.fail(key, "expected numbers in ascending order");
  return values;
}

void readStatic(TomlTable table, ValidationSettings& settings) {
  auto& statics = settings.statics.emplace();
  auto const symbol = table.text("element").value_or("");
  statics.element = atomicNumber(symbol);
  if (statics.element == 0) table.fail("element", "found \"" + symbol + "\", expected a chemical symbol");
  auto const prototypes = crystalPrototypeNames();
  std::vector<std::string> const crystals(prototypes.begin(), prototypes.end());
  statics.diamond_volume = table.positive("diamond_volume", siliconVolumePerAtom("dia"));
  statics.crystals = wordsOf(table, "crystals", crystals);
  statics.volumes =
      ascending(table, "volumes", {0.88, 0.9, 0.92, 0.94, 0.96, 0.98, 1, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12});
  if (statics.volumes.size() < 4 || statics.volumes.front() <= 0)
    table.fail("volumes", "expected four numbers > 0 or more, relative to the relaxed volume");
  statics.elastic = wordsOf(table, "elastic", crystals);
  statics.pressures = ascending(table, "pressures", {});
  if (!statics.pressures.empty() && statics.crystals.empty())
    table.fail("crystals", "expected crystals, whose enthalpies are asked for by pressures");
  statics.defects = kindsOf<PointDefect>(
      table, "defects",
      {PointDefect::vacancy, PointDefect::dumbbell, PointDefect::hexagonal, PointDefect::tetrahedral});
  statics.supercell = table.positiveInteger("supercell", statics.supercell);
  statics.surfaces =
      kindsOf<DiamondSurface>(table, "surfaces", {DiamondSurface::s100, DiamondSurface::s110, DiamondSurface::s111});
  statics.planes = table.positiveInteger("planes", statics.planes);
  statics.phonons = wordsOf(table, "phonons", {"G", "X", "L"});
  constexpr int most_cells = 20, most_planes = 200;
  if (statics.supercell > most_cells)
    table.fail("supercell", fmt::format("found {}, expected {} at most", statics.supercell, most_cells));
  if (statics.planes > most_planes)
    table.fail("planes", fmt::format("found {}, expected {} at most", statics.planes, most_planes));
  table.finish();
  if (statics.crystals.empty() && statics.elastic.empty() && statics.defects.empty() && statics.surfaces.empty() &&
      statics.phonons.empty())
    table.fail("found nothing to compute, expected crystals, elastic, defects, surfaces or phonons");
}

void readTrajectories(TomlTable table, ValidationSettings& settings) {
  auto& analysis = settings.analysis;
  auto& metrics = analysis.metrics;
  settings.analysis_text = table.contentWithout("files");
  settings.trajectories = namedFiles(table.table("files"));
  analysis.trajectory.frames = table.text("frames").value_or(analysis.trajectory.frames);
  analysis.trajectory.species = table.text("species").value_or("");
  metrics.bond_cutoff = table.positive("bond_cutoff", metrics.bond_cutoff);
  metrics.angle_bin = table.positive("angle_bin", metrics.angle_bin);
  metrics.r_max = table.positive("r_max", metrics.r_max);
  metrics.r_bin = table.positive("r_bin", metrics.r_bin);
  metrics.q_max = table.positive("q_max", metrics.q_max);
  metrics.q_bin = table.positive("q_bin", metrics.q_bin);
  metrics.lorch = table.boolean("lorch").value_or(metrics.lorch);
  metrics.vectors_per_bin = table.positiveInteger("vectors", metrics.vectors_per_bin);
  if (auto const seed = table.integer("seed")) {
    if (*seed < 0) table.fail("seed", "found a negative number, expected one >= 0");
    metrics.seed = static_cast<std::uint64_t>(*seed);
  }
  metrics.peak_from = table.positive("peak_from", metrics.peak_from);
  metrics.peak_to = table.positive("peak_to", metrics.peak_to);
  analysis.similarity = table.text("similarity");
  auto const of_similarity = [&](char const* key) {
    if (table.has(key) && !analysis.similarity) table.fail(key, "found no similarity, expected the file of crystals");
    return key;
  };
  analysis.pressure_key = table.text(of_similarity("similarity_pressure_key"));
  analysis.preset = presetOf(table, of_similarity("preset"));
  analysis.classes =
      fmt::format("{}", fmt::join(table.texts(of_similarity("classes")).value_or(std::vector<std::string>{}), ","));
  auto& order = analysis.order;
  order.threshold = table.positive(of_similarity("threshold"), order.threshold);
  order.least_grain = table.positiveInteger(of_similarity("least_grain"), static_cast<int>(order.least_grain));
  order.misorientation = table.positive(of_similarity("misorientation"), order.misorientation);
  table.finish();
  if (settings.trajectories.empty())
    table.fail("files", "found none, expected trajectories: files = { name = \"file\" }");
  try {
    checkMetricSettings(metrics);
  } catch (InputError const& error) {
    table.fail(error.what());
  }
}

void readMap(TomlTable table, ValidationSettings& settings) {
  settings.mapped = namedFiles(table.table("files"));
  settings.mapped_frames = table.text("frames").value_or(settings.mapped_frames);
  settings.map_kind = table.text("kind").value_or(settings.map_kind);
  settings.preset = presetOf(table, "preset");
  table.finish();
  if (settings.mapped.empty()) table.fail("files", "found none, expected structures: files = { name = \"file\" }");
  requireOneOf(table, "kind", settings.map_kind, {"kpca", "paper"});
}

PassBand readBand(TomlTable table, std::string const& name) {
  PassBand band;
  band.name = name;
  band.value = table.text("value").value_or("");
  if (!band.value.starts_with('/'))
    table.fail("value",
               "found \"" + band.value +
                   "\", expected where the number stands in report.json, for example \"/static/*/elastic/dia/c11\"");
  band.source = table.text("source").value_or("");
  if (band.source.empty()) table.fail("source", "expected where the limits come from");
  if (auto const low = table.number("low")) band.low = *low;
  if (auto const high = table.number("high")) band.high = *high;
  if (!table.has("low") && !table.has("high")) table.fail("low", "expected low, high or both");
  if (!(band.low <= band.high)) table.fail("high", "found a limit below low, expected one above it");
  table.finish();
  return band;
}

}  // namespace

ValidationSettings readValidationSettings(std::string const& file, std::vector<std::string> const& overrides) {
  auto top = TomlTable::read(file, overrides);
  ValidationSettings settings;
  settings.potentials = namedFiles(top.table("potentials"));
  settings.references = namedFiles(top.table("references"));
  settings.species = top.text("species").value_or("");
  auto const section = [&](char const* name, bool of_potentials, auto const& read) {
    auto table = top.table(name);
    if (!table) return;
    if (of_potentials && settings.potentials.empty())
      top.fail("potentials",
               "expected a table [potentials] with name = \"file\", which [" + std::string(name) + "] is about");
    read(*std::move(table), settings);
  };
  section("errors", true, readErrors);
  section("static", true, readStatic);
  section("trajectories", false, readTrajectories);
  section("map", false, readMap);
  if (auto bands = top.table("checks"))
    for (auto const& name : bands->keys()) settings.bands.push_back(readBand(*bands->table(name), name));
  section("output", false, [](TomlTable table, ValidationSettings& s) {
    s.output_dir = table.text("dir").value_or(s.output_dir);
    if (s.output_dir.empty()) table.fail("dir", "expected the name of a folder");
    table.finish();
  });
  top.finish();
  if (settings.sets.empty() && !settings.statics && settings.trajectories.empty() && settings.mapped.empty())
    top.fail("errors", "expected at least one of [errors], [static], [trajectories], [map]");
  return settings;
}

}  // namespace sinter::app
