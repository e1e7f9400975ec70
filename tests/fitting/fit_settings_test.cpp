// fit.toml: what is read, what is assumed, and what is refused with which words.
#include "sinter/fitting/fit_settings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/temporary_folder.hpp"
#include "sinter/core/error.hpp"

namespace sinter {
namespace {

using test::TemporaryFolder;

FitSettings settingsOf(std::string const& content, std::vector<std::string> const& overrides = {}) {
  TemporaryFolder const folder;
  return readFitSettings(folder.write("fit.toml", content), overrides);
}

std::string const model = "[model]\nlevel = 8\nspecies = [\"Si\"]\n";  // lines 1 to 3
std::string const data = "[data]\ntrain = [\"a.xyz\"]\n";              // lines 4 and 5

TEST(FitSettings, FullExampleOfTheCommandLineReference) {
  auto const s = settingsOf(R"(
[model]    # what is fitted
level = 16
species = ["Si", "O"]
min_dist = 1.5
max_dist = 5.5
radial_size = 9
radial_type = "RBChebyshev_repuls"
[data]
train = ["a.extxyz", "db.extxyz.xz"]
test = ["b.extxyz"]
energy_key = "e"
force_key = "f"
virial_key = "v"
e0 = { Si = -158.54, O = -430 }
[weights]
energy = 2.0
force = 0.2
virial = 0.002
mode = "molecules"
scale_by_force = 0.5
config_type = { liquid = { force = 0.05 }, "a b" = { energy = 3, virial = 0 } }
[solver]
method = "linear"
ridge = 1e-9
max_memory = "3 GiB"
[output]
dir = "somewhere"
)");
  EXPECT_EQ(s.levels, (std::vector<int>{8, 10, 12, 14, 16}));
  EXPECT_EQ(s.template_file, "");
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{14, 8}));
  EXPECT_EQ(s.min_dist, 1.5);
  EXPECT_EQ(s.max_dist, 5.5);
  EXPECT_EQ(s.radial_size, 9);
  EXPECT_EQ(s.radial_type, RadialBasisType::RBChebyshev_repuls);
  EXPECT_EQ(s.train, (std::vector<std::string>{"a.extxyz", "db.extxyz.xz"}));
  EXPECT_EQ(s.test, (std::vector<std::string>{"b.extxyz"}));
  EXPECT_EQ(s.keys.energy, "e");
  EXPECT_EQ(s.keys.force, "f");
  EXPECT_EQ(s.keys.virial, "v");
  EXPECT_EQ(s.e0, (std::map<std::int32_t, double>{{14, -158.54}, {8, -430}}));
  EXPECT_EQ(s.weights.energy, 2);
  EXPECT_EQ(s.weights.force, 0.2);
  EXPECT_EQ(s.weights.virial, 0.002);
  EXPECT_EQ(s.weight_mode, WeightMode::molecules);
  EXPECT_EQ(s.scale_by_force, 0.5);
  ASSERT_EQ(s.config_type_weights.size(), 2U);
  auto const liquid = s.config_type_weights.at("liquid"), other = s.config_type_weights.at("a b");
  EXPECT_EQ(liquid.energy, 2);  // what is not given is as for all
  EXPECT_EQ(liquid.force, 0.05);
  EXPECT_EQ(liquid.virial, 0.002);
  EXPECT_EQ(other.energy, 3);
  EXPECT_EQ(other.force, 0.2);
  EXPECT_EQ(other.virial, 0);
  EXPECT_EQ(s.method, FitMethod::linear);
  EXPECT_EQ(s.ridge_choice, RidgeChoice::given);
  EXPECT_EQ(s.ridge, 1e-9);
  EXPECT_EQ(s.max_memory, std::size_t{3} << 30);
  EXPECT_EQ(s.output_dir, "somewhere");
}

TEST(FitSettings, Defaults) {
  auto const s = settingsOf(model + data);
  EXPECT_EQ(s.levels, (std::vector<int>{8}));
  EXPECT_FALSE(s.min_dist.has_value());
  EXPECT_EQ(s.max_dist, std::nullopt);
  EXPECT_EQ(s.radial_size, std::nullopt);
  EXPECT_TRUE(s.test.empty());
  EXPECT_EQ(s.keys.energy + s.keys.force + s.keys.virial, "");
  EXPECT_TRUE(s.e0.empty());
  EXPECT_EQ(s.weights.energy, 1);
  EXPECT_EQ(s.weights.force, 0.1);
  EXPECT_EQ(s.weights.virial, 0.001);
  EXPECT_EQ(s.weight_mode, WeightMode::vibrations);
  EXPECT_EQ(s.scale_by_force, 0);
  EXPECT_TRUE(s.config_type_weights.empty());
  EXPECT_EQ(s.method, FitMethod::varpro);
  EXPECT_EQ(s.ridge_choice, RidgeChoice::cross_validation);
  EXPECT_EQ(s.ridge, 0);
  EXPECT_EQ(s.folds, 5);
  EXPECT_EQ(s.seeds, 4);
  EXPECT_EQ(s.seed, 1);
  EXPECT_EQ(s.tolerance, 1e-4);
  EXPECT_EQ(s.max_iterations, 50);
  EXPECT_EQ(s.max_memory, std::size_t{4} << 30);
  EXPECT_EQ(s.output_dir, "out");
}

TEST(FitSettings, WordsForNumbers) {
  EXPECT_FALSE(settingsOf(model + "min_dist = \"auto\"\n" + data).min_dist.has_value());
  EXPECT_TRUE(settingsOf(model + "min_dist = \"auto\"\n" + data).min_dist_from_data);
  EXPECT_EQ(settingsOf(model + "min_dist = 0\n" + data).min_dist, 0);
  EXPECT_EQ(settingsOf(model + data + "[solver]\nridge = \"none\"\n").ridge, 0);
  EXPECT_EQ(settingsOf(model + data + "[solver]\nridge = 1\n").ridge, 1);
  EXPECT_EQ(settingsOf(model + data + "[weights]\nmode = \"vibrations\"\n").weight_mode, WeightMode::vibrations);
  EXPECT_EQ(settingsOf(model + data + "[weights]\nmode = \"structures\"\n").weight_mode, WeightMode::structures);
  EXPECT_EQ(settingsOf("[model]\ntemplate = \"a.mtp\"\nspecies = [\"Si\"]\n" + data).template_file, "a.mtp");
}

TEST(FitSettings, LevelsAndSolver) {
  auto const levelsOf = [](std::string const& level) {
    return settingsOf("[model]\n" + level + "\nspecies = [\"Si\"]\n" + data).levels;
  };
  EXPECT_EQ(levelsOf("level = 14"), (std::vector<int>{8, 10, 12, 14}));
  EXPECT_EQ(levelsOf("level = 10"), (std::vector<int>{8, 10}));
  EXPECT_EQ(levelsOf("level = 6"), (std::vector<int>{6}));
  EXPECT_EQ(levelsOf("level = 18"), (std::vector<int>{18}));
  EXPECT_EQ(levelsOf("levels = [16]"), (std::vector<int>{16}));
  auto const s = settingsOf("[model]\nlevels = [8, 12, 16]\nspecies = [\"Si\"]\n" + data + R"(
[solver]
method = "lbfgs"
seeds = 3
seed = -7
folds = 4
tolerance = 1e-3
max_iterations = 9
)");
  EXPECT_EQ(s.levels, (std::vector<int>{8, 12, 16}));
  EXPECT_EQ(s.method, FitMethod::lbfgs);
  EXPECT_EQ(settingsOf(model + data + "[solver]\nmethod = \"bfgs\"\n").method, FitMethod::bfgs);
  EXPECT_EQ(s.seeds, 3);
  EXPECT_EQ(s.seed, -7);
  EXPECT_EQ(s.folds, 4);
  EXPECT_EQ(s.tolerance, 1e-3);
  EXPECT_EQ(s.max_iterations, 9);
  EXPECT_EQ(settingsOf(model + data + "[solver]\nridge = \"cv\"\n").ridge_choice, RidgeChoice::cross_validation);
  EXPECT_EQ(settingsOf(model + data + "[solver]\nridge = \"evidence\"\n").ridge_choice, RidgeChoice::evidence);
  EXPECT_EQ(settingsOf(model + data + "[solver]\nridge = \"none\"\n").ridge_choice, RidgeChoice::given);
  EXPECT_EQ(settingsOf(model + data + "[solver]\nmethod = \"linear\"\n").ridge_choice, RidgeChoice::given);
}

TEST(FitSettings, SizesOfMemory) {
  auto const size = [](std::string const& text) {
    return settingsOf(model + data + "[solver]\nmax_memory = \"" + text + "\"\n").max_memory;
  };
  EXPECT_EQ(size("100 B"), 100U);
  EXPECT_EQ(size("512KiB"), 512U * 1024);
  EXPECT_EQ(size("1.5 MiB"), 3U * 512 * 1024);
  EXPECT_EQ(size("2 TiB"), std::size_t{2} << 40);
  EXPECT_EQ(size("7 MB"), 7'000'000U);
  EXPECT_EQ(size("3GB"), 3'000'000'000U);
}

TEST(FitSettings, Overrides) {
  auto const s = settingsOf(
      model + data, {"model.level=12", "model.min_dist=1.25", "output.dir=else where", "weights.mode=structures",
                     "weights.config_type.liquid.force=0.5", "data.train=[\"b.xyz\", \"c.xyz\"]", "data.e0={Si = -3}",
                     "solver.max_memory=\"1 GiB\"", "solver.ridge=1e-3", "solver.ridge=1e-4"});
  EXPECT_EQ(s.levels, (std::vector<int>{8, 10, 12}));
  EXPECT_EQ(s.min_dist, 1.25);
  EXPECT_EQ(s.output_dir, "else where");  // neither the table nor quotes need be there
  EXPECT_EQ(s.weight_mode, WeightMode::structures);
  EXPECT_EQ(s.config_type_weights.at("liquid").force, 0.5);
  EXPECT_EQ(s.train, (std::vector<std::string>{"b.xyz", "c.xyz"}));
  EXPECT_EQ(s.e0.at(14), -3);
  EXPECT_EQ(s.max_memory, std::size_t{1} << 30);
  EXPECT_EQ(s.ridge, 1e-4);  // the last one counts
  EXPECT_EQ(settingsOf(model + data, {"data.energy_key=a=b"}).keys.energy, "a=b");
}

// The message is one line "FILE:LINE: ..." with the fragment; without a line when none can be named.
void expectRefused(std::string const& content, std::size_t line, std::string const& fragment,
                   std::vector<std::string> const& overrides = {}) {
  TemporaryFolder const folder;
  std::string const file = folder.write("fit.toml", content);
  auto const message = test::messageOf<InputError>([&] { (void)readFitSettings(file, overrides); });
  std::string const start = file + ":" + (line > 0 ? std::to_string(line) + ":" : "") + " ";
  EXPECT_TRUE(message.starts_with(start)) << message << "\n" << content;
  EXPECT_NE(message.find(fragment), std::string::npos) << message << "\nlacks " << fragment;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(FitSettings, UnknownKeysNameTheNearest) {
  expectRefused(model + data + "[solvers]\n", 6, "solvers: found an unknown key, expected for example 'solver'");
  expectRefused(model + "levle = 3\n" + data, 4, "model.levle: found an unknown key, expected for example 'level'");
  expectRefused(model + data + "tests = []\n", 6, "data.tests: found an unknown key, expected for example 'test'");
  expectRefused(model + data + "[weights]\nforces = 1\n", 7, "weights.forces: found an unknown key, expected for ex");
  expectRefused(model + data + "[weights]\nconfig_type = { a = { forces = 1 } }\n", 7,
                "weights.config_type.a.forces: found an unknown key, expected for example 'force'");
  expectRefused(model + data + "[solver]\nrigde = 1\n", 7,
                "solver.rigde: found an unknown key, expected for example 'r");
  expectRefused(model + data + "[output]\ndirectory = \"a\"\n", 7, "expected for example 'dir'");
  expectRefused("level = 8\n" + model + data, 1, "level: found an unknown key, expected for example 'model'");
}

TEST(FitSettings, WrongModels) {
  auto const refused = [](std::string const& line, std::string const& fragment) {
    expectRefused("[model]\nlevel = 8\n" + line + "\nspecies = [\"Si\"]\n" + data, 3, fragment);
  };
  expectRefused(data, 1, "model: expected a table [model]");
  expectRefused("model = 3\n" + data, 1, "model: found 3, expected a table");
  expectRefused("[model]\nlevel = \"8\"\nspecies = [\"Si\"]\n" + data, 2, "model.level: found");
  expectRefused("[model]\nlevel = 8.5\nspecies = [\"Si\"]\n" + data, 2, "found 8.5, expected a whole number");
  expectRefused("[model]\nlevel = 99999999999\nspecies = [\"Si\"]\n" + data, 2, "expected a whole number");
  expectRefused("[model]\nspecies = [\"Si\"]\n" + data, 1, "expected either level or template");
  expectRefused("[model]\nlevels = [8, 9]\nspecies = [\"Si\"]\n" + data, 2, "found 9, expected an even number");
  expectRefused("[model]\nlevels = [12, 8]\nspecies = [\"Si\"]\n" + data, 2, "expected levels in ascending order");
  expectRefused("[model]\nlevels = []\nspecies = [\"Si\"]\n" + data, 2, "expected levels in ascending order");
  expectRefused("[model]\nlevels = [8.5]\nspecies = [\"Si\"]\n" + data, 2, "expected a list of whole numbers");
  expectRefused("[model]\nlevels = 8\nspecies = [\"Si\"]\n" + data, 2, "expected a list of whole numbers");
  refused("levels = [8]", "expected either level or template");
  for (std::string const method : {"linear", "bfgs"})
    expectRefused("[model]\nlevels = [6, 8]\nspecies = [\"Si\"]\n" + data + "[solver]\nmethod = \"" + method + "\"\n",
                  2, "model.levels: found a ladder of levels, expected one level");
  expectRefused("[model]\nlevel = 8\n" + data, 1, "model.species: expected the species to fit");
  expectRefused("[model]\nlevel = 8\nspecies = []\n" + data, 3, "model.species: expected the species to fit");
  expectRefused("[model]\nlevel = 8\nspecies = \"Si\"\n" + data, 3, "expected a list of texts");
  expectRefused("[model]\nlevel = 8\nspecies = [14]\n" + data, 3, "expected a list of texts");
  expectRefused("[model]\nlevel = 8\nspecies = [\"Qq\"]\n" + data, 3, "found 'Qq', expected a chemical symbol");
  expectRefused("[model]\nlevel = 7\nspecies = [\"Si\"]\n" + data, 2, "found 7, expected an even number from 2 to 28");
  expectRefused("[model]\nlevel = 30\nspecies = [\"Si\"]\n" + data, 2, "found 30, expected an even number");
  expectRefused("[model]\nlevel = 8\nspecies = [\"Si\", \"O\", \"Si\"]\n" + data, 3, "found Si twice");
  refused("template = \"a.mtp\"", "model.template: expected either level or template");
  refused("template = 3", "found 3, expected text in quotes");
  refused("min_dist = \"small\"", "found \"small\", expected a number >= 0 or \"auto\"");
  refused("min_dist = -1", "expected a number >= 0");
  refused("min_dist = true", "found true, expected a number");
  refused("min_dist = 5", "expected less than max_dist");
  refused("max_dist = 0", "expected a number > 0");
  refused("max_dist = nan", "model.max_dist: found nan, expected a number");
  refused("max_dist = inf", "expected a number");
  refused("max_dist = \"5\"", "expected a number");
  refused("radial_size = 0", "expected a number >= 1");
  refused("radial_size = 2.0", "expected a whole number");
  refused("radial_type = \"Bessel\"", "found \"Bessel\", expected one of RBChebyshev, ");
}

TEST(FitSettings, WrongData) {
  auto const refused = [](std::string const& line, std::string const& fragment) {
    expectRefused(model + data + line + "\n", 6, fragment);
  };
  expectRefused(model, 1, "data: expected a table [data]");
  expectRefused(model + "[data]\n", 4, "data.train: expected at least one file");
  expectRefused(model + "[data]\ntrain = []\n", 5, "data.train: expected at least one file");
  expectRefused(model + "[data]\ntrain = \"a.xyz\"\n", 5, "data.train: found");
  expectRefused(model + "[data]\ntrain = [\"a.xyz\", 3]\n", 5, "expected a list of texts");
  refused("test = 3", "data.test: found 3, expected a list of texts");
  refused("energy_key = 3", "data.energy_key: found 3, expected text in quotes");
  refused("e0 = -158", "data.e0: found -158, expected a table");
  refused("e0 = {}", "data.e0: expected an energy for every species; none for Si");
  refused("e0 = { Si = \"x\" }", "data.e0.Si: found");
  refused("e0 = { Si = -1, O = -2 }", "data.e0: found an energy of O, which is not among the species");
  refused("e0 = { Qq = -1 }", "data.e0.Qq: found 'Qq', expected a chemical symbol");
}

TEST(FitSettings, WrongWeights) {
  auto const refused = [](std::string const& line, std::string const& fragment) {
    expectRefused(model + data + "[weights]\n" + line + "\n", 7, fragment);
  };
  refused("energy = -1", "weights.energy: found -1");
  refused("force = true", "weights.force: found true, expected a number");
  refused("virial = [1]", "weights.virial: found [ 1 ], expected a number");
  refused("mode = \"molecule\"", "found \"molecule\", expected \"vibrations\", \"molecules\" or \"structures\"");
  refused("mode = 1", "expected text in quotes");
  refused("scale_by_force = -0.1", "expected a number >= 0");
  refused("config_type = 3", "weights.config_type: found 3, expected a table");
  refused("config_type = { liquid = 3 }", "weights.config_type.liquid: found 3, expected a table");
  refused("config_type = { liquid = { force = -3 } }", "weights.config_type.liquid.force: found -3");
}

TEST(FitSettings, WrongSolverAndOutput) {
  auto const refused = [](std::string const& line, std::string const& fragment) {
    expectRefused(model + data + "[solver]\n" + line + "\n", 7, fragment);
  };
  refused("method = \"newton\"", "found \"newton\", expected \"varpro\", \"lbfgs\", \"linear\" or \"bfgs\"");
  for (std::string const key : {"seeds", "seed", "max_iterations", "tolerance"})
    expectRefused(model + data + "[solver]\nmethod = \"linear\"\n" + key + " = 4\n", 8,
                  "solver." + key + ": has no meaning for method \"linear\"");
  refused("seeds = 0", "found 0, expected a number >= 1");
  refused("max_iterations = 0", "found 0, expected a number >= 1");
  refused("folds = 1", "found 1, expected at least 2");
  refused("tolerance = 0", "expected a number > 0");
  refused("ridge = \"much\"", "found \"much\", expected a number >= 0, \"cv\", \"evidence\" or \"none\"");
  refused("ridge = -1e-3", "expected a number >= 0");
  refused("ridge = true", "found true, expected a number");
  refused("ridge = inf", "found inf, expected a number");
  refused("max_memory = 4", "found 4, expected text in quotes");
  for (std::string const size : {"", "4", "GiB", "4 gigabytes", "-1 GiB", "0 GiB", "inf GiB", "nan GiB", "1e30 GiB"})
    refused("max_memory = \"" + size + "\"", "found \"" + size + "\", expected a size like \"4 GiB\"");
  expectRefused(model + data + "[output]\ndir = \"\"\n", 7, "output.dir: expected the name of a folder");
  expectRefused(model + data + "[output]\ndir = 3\n", 7, "output.dir: found 3, expected text");
  expectRefused(model + data + "output = 3\n[output]\n", 6, "data.output: found an unknown key");
}

TEST(FitSettings, SyntaxErrorsNameTheLine) {
  expectRefused("[model\n", 1, "not valid TOML");
  expectRefused(model + "min_dist =\n" + data, 4, "not valid TOML");
  expectRefused(model + "level = 9\n" + data, 4, "not valid TOML");
  expectRefused(model + data + "[data]\n", 6, "not valid TOML");
  expectRefused("\x01\x02", 1, "not valid TOML");
}

TEST(FitSettings, WrongFiles) {
  TemporaryFolder const folder;
  auto const messageFor = [](std::string const& file) {
    return test::messageOf<InputError>([&] { (void)readFitSettings(file); });
  };
  EXPECT_EQ(messageFor(folder / "none.toml"), (folder / "none.toml") + ": found no such file, expected a TOML file");
  EXPECT_NE(messageFor(folder / ".").find("found a folder or device, expected a TOML file"), std::string::npos);
  EXPECT_NE(messageFor("").find("found no such file"), std::string::npos);
}

TEST(FitSettings, WrongOverrides) {
  auto const refused = [](std::string const& entry, std::string const& fragment) {
    auto const message = test::messageOf<InputError>([&] { (void)settingsOf(model + data, {entry}); });
    EXPECT_NE(message.find(fragment), std::string::npos) << message;
  };
  refused("output.dir", "--set: found 'output.dir', expected key=value");
  refused("=3", "--set: found '=3', expected key=value");
  refused("model.level.deep=3", "--set: found 'model.level.deep', but 'level' is not a table");
  refused("model.levle=3", "model.levle: found an unknown key, expected for example 'level'");
  refused("model.level=eight", "model.level: found");
  refused("model.min_dist=7", "expected less than max_dist");
  refused("solver=linear", "solver: found");
  refused("output.dir=", "output.dir: expected the name of a folder");
}

}  // namespace
}  // namespace sinter
