#include "sinter/fitting/fit_settings.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/memory_size.hpp"
#include "sinter/fitting/toml_reader.hpp"

namespace sinter {

namespace {

using detail::TomlTable;

std::int32_t element(TomlTable const& table, std::string const& key, std::string const& symbol) {
  auto const z = atomicNumber(symbol);
  if (z == 0) table.fail(key, "found '" + symbol + "', expected a chemical symbol");
  return z;
}

// 8, 10, 12, ... on the way to a level up to 16; higher ones start by themselves (docs/fitting.md, Seeds).
std::vector<int> ladderTo(int level) {
  constexpr int highest_ladder = 16;
  std::vector<int> levels;
  if (level <= highest_ladder)
    for (int step = 8; step < level; step += 2) levels.push_back(step);
  levels.push_back(level);
  return levels;
}

void readModel(TomlTable table, FitSettings& settings) {
  auto const levels = table.integers("levels");
  auto const level = table.integer("level");
  settings.levels = levels.value_or(std::vector<int>{});
  if (level) settings.levels = {*level};
  settings.template_file = table.text("template").value_or("");
  if ((level ? 1 : 0) + (levels ? 1 : 0) + (settings.template_file.empty() ? 0 : 1) != 1)
    table.fail(levels ? "levels" : (settings.template_file.empty() ? "level" : "template"),
               "expected either level or template, or a ladder of levels");
  char const* const key = levels ? "levels" : "level";
  for (int const one : settings.levels)
    if (one < 2 || one > 28 || one % 2 != 0)
      table.fail(key, "found " + std::to_string(one) + ", expected an even number from 2 to 28");
  if (level) settings.levels = ladderTo(*level);
  if (levels &&
      (levels->empty() || std::adjacent_find(levels->begin(), levels->end(), std::greater_equal<>()) != levels->end()))
    table.fail(key, "expected levels in ascending order, for example [8, 12, 16]");
  for (auto const& symbol : table.texts("species").value_or(std::vector<std::string>{}))
    settings.species.push_back(element(table, "species", symbol));
  for (auto z = settings.species.begin(); z != settings.species.end(); ++z)
    if (std::find(settings.species.begin(), z, *z) != z)
      table.fail("species", "found " + chemicalSymbol(*z) + " twice, expected every species once");
  if (settings.species.empty()) table.fail("species", "expected the species to fit, for example [\"Si\"]");
  if (!table.isText("min_dist")) {
    if (table.number("min_dist")) settings.min_dist = table.notNegative("min_dist", 0);
  } else if (auto const word = table.text("min_dist"); *word == "auto") {
    settings.min_dist_from_data = true;
  } else {
    table.fail("min_dist", "found \"" + *word + "\", expected a number >= 0 or \"auto\"");
  }
  if (table.number("max_dist")) settings.max_dist = table.positive("max_dist", 0);
  if (settings.min_dist && *settings.min_dist >= settings.max_dist.value_or(default_max_dist))
    table.fail("min_dist", "found " + std::to_string(*settings.min_dist) + ", expected less than max_dist");
  settings.radial_size = table.integer("radial_size");
  if (settings.radial_size && *settings.radial_size < 1) table.fail("radial_size", "expected a number >= 1");
  if (auto const type = table.text("radial_type")) {
    settings.radial_type = radialBasisTypeOf(*type);
    if (!settings.radial_type)
      table.fail("radial_type", "found \"" + *type + "\", expected one of " + radialBasisNames());
  }
  table.finish();
}

void readData(TomlTable table, FitSettings& settings) {
  settings.train = table.texts("train").value_or(std::vector<std::string>{});
  settings.test = table.texts("test").value_or(std::vector<std::string>{});
  if (settings.train.empty()) table.fail("train", "expected at least one file of training structures");
  settings.keys.energy = table.text("energy_key").value_or("");
  settings.keys.force = table.text("force_key").value_or("");
  settings.keys.virial = table.text("virial_key").value_or("");
  if (auto e0 = table.table("e0")) {
    for (auto const& symbol : e0->keys()) settings.e0[element(*e0, symbol, symbol)] = e0->number(symbol).value();
    for (auto const z : settings.species)
      if (!settings.e0.contains(z))
        table.fail("e0", "expected an energy for every species; none for " + chemicalSymbol(z));
    for (auto const& entry : settings.e0)
      if (std::find(settings.species.begin(), settings.species.end(), entry.first) == settings.species.end())
        table.fail("e0", "found an energy of " + chemicalSymbol(entry.first) + ", which is not among the species");
  }
  table.finish();
}

void readWeights(TomlTable table, FitSettings& settings) {
  auto const read = [](TomlTable& from, LabelWeights defaults) {
    return LabelWeights{from.notNegative("energy", defaults.energy), from.notNegative("force", defaults.force),
                        from.notNegative("virial", defaults.virial)};
  };
  settings.weights = read(table, settings.weights);
  auto const mode = table.text("mode").value_or("vibrations");
  if (mode == "vibrations")
    settings.weight_mode = WeightMode::vibrations;
  else if (mode == "molecules")
    settings.weight_mode = WeightMode::molecules;
  else if (mode == "structures")
    settings.weight_mode = WeightMode::structures;
  else
    table.fail("mode", "found \"" + mode + "\", expected \"vibrations\", \"molecules\" or \"structures\"");
  settings.scale_by_force = table.notNegative("scale_by_force", 0);
  if (auto types = table.table("config_type")) {
    for (auto const& name : types->keys()) {
      auto one = types->table(name);
      settings.config_type_weights[name] = read(*one, settings.weights);
      one->finish();
    }
  }
  table.finish();
}

void readSolver(TomlTable table, FitSettings& settings) {
  auto const method = table.text("method").value_or("varpro");
  if (method == "linear")
    settings.method = FitMethod::linear;
  else if (method == "varpro")
    settings.method = FitMethod::varpro;
  else if (method == "lbfgs")
    settings.method = FitMethod::lbfgs;
  else if (method == "bfgs")
    settings.method = FitMethod::bfgs;
  else
    table.fail("method", "found \"" + method + "\", expected \"varpro\", \"lbfgs\", \"linear\" or \"bfgs\"");
  if (settings.method == FitMethod::linear) {
    for (char const* key : {"seeds", "seed", "tolerance", "max_iterations"})
      if (table.has(key)) table.fail(key, "has no meaning for method \"linear\"; expected it to be left out");
    settings.ridge_choice = RidgeChoice::given;
  }
  if (!table.isText("ridge")) {
    if (table.has("ridge")) settings.ridge_choice = RidgeChoice::given;
    settings.ridge = table.notNegative("ridge", 0);
  } else if (auto const word = table.text("ridge"); *word == "cv") {
    settings.ridge_choice = RidgeChoice::cross_validation;
  } else if (*word == "evidence") {
    settings.ridge_choice = RidgeChoice::evidence;
  } else if (*word == "none") {
    settings.ridge_choice = RidgeChoice::given;
  } else {
    table.fail("ridge", "found \"" + *word + "\", expected a number >= 0, \"cv\", \"evidence\" or \"none\"");
  }
  settings.seeds = table.positiveInteger("seeds", settings.seeds);
  settings.seed = table.integer("seed").value_or(settings.seed);
  settings.folds = table.positiveInteger("folds", settings.folds);
  if (settings.folds < 2) table.fail("folds", "found 1, expected at least 2");
  settings.tolerance = table.positive("tolerance", settings.tolerance);
  settings.max_iterations = table.positiveInteger("max_iterations", settings.max_iterations);
  if (auto const text = table.text("max_memory")) {
    auto const memory = parseMemorySize(*text);
    if (!memory) table.fail("max_memory", "found \"" + *text + "\", expected a size like \"4 GiB\"");
    settings.max_memory = *memory;
  }
  table.finish();
}

}  // namespace

FitSettings readFitSettings(std::string const& file, std::vector<std::string> const& overrides) {
  auto top = TomlTable::read(file, overrides);
  FitSettings settings;
  auto const section = [&](char const* name, bool required, auto const& read) {
    if (auto table = top.table(name))
      read(*std::move(table), settings);
    else if (required)
      top.fail(name, "expected a table [" + std::string(name) + "]");
  };
  section("model", true, readModel);
  section("data", true, readData);
  section("weights", false, readWeights);
  section("solver", false, readSolver);
  section("output", false, [](TomlTable table, FitSettings& s) {
    s.output_dir = table.text("dir").value_or(s.output_dir);
    if (s.output_dir.empty()) table.fail("dir", "expected the name of a folder");
    table.finish();
  });
  top.finish();
  bool const climbs = settings.method == FitMethod::varpro || settings.method == FitMethod::lbfgs;
  if (auto const model = top.table("model"); !climbs && model->has("levels") && settings.levels.size() > 1)
    model->fail("levels", "found a ladder of levels, expected one level for methods \"linear\" and \"bfgs\"");
  return settings;
}

}  // namespace sinter
