// The `sinter` command as its users meet it: files in, files out, exit codes, messages.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command_test.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter {
namespace {

using nlohmann::json;
using test::contentOf;
using test::Outcome;

// Energies of a few eV and forces summed by atomics in any order: 1e4 roundings of terms of order one at most.
constexpr double tolerance = 1e-11;

/// A potential with made-up coefficients, a few structures with labels, and the command to run on them.
class App : public test::CommandTest {
 protected:
  void SetUp() override {
    writeMtp(model({14}), potential);
    structures = makeStructures();
    write(structures, structure_file);
  }

  static MtpModel model(std::vector<std::int32_t> const& species) {
    MtpModel m = makeMtpTemplate({.level = 8, .species = species, .min_dist = 1.5, .max_dist = 4});
    setExponentialStart(m, 2.35);
    m.species_coeffs.assign(species.size(), -1.5);
    for (std::size_t k = 0; k < m.alpha_moment_mapping.size(); ++k)
      m.moment_coeffs.push_back(0.01 * std::cos(static_cast<double>(k)));
    return m;
  }

  static std::vector<Structure> makeStructures() {
    std::vector<Structure> result;
    for (int n = 0; n < 4; ++n) {
      Structure s;
      s.cell = {{{5, 0, 0}, {0.3, 5.1, 0}, {0.1 * n, 0, 5.2}}};
      s.periodic = {true, true, true};
      s.positions = {{0, 0, 0}, {2.4, 0.2, 0.1 * n}, {0.1, 2.5, 2.3}};
      s.species = {14, 14, 14};
      s.energy = -5 + n;
      s.forces = {{0.1, 0, 0}, {0, 0.2, 0}, {0, 0, -0.3}};
      s.virial = Voigt{1, 2, 3, 0.4, 0.5, 0.6};
      s.config_type = n < 2 ? "first" : "second";
      result.push_back(s);
    }
    Structure molecule = result[0];
    molecule.cell = {};
    molecule.periodic = {};
    molecule.virial.reset();
    molecule.config_type.clear();
    result.push_back(molecule);
    return result;
  }

  Outcome eval(std::string const& options = "") const {
    return run("eval " + quoted(potential) + " " + quoted(structure_file) + " " + options);
  }

  /// Numbers of the library for these structures.
  std::vector<Evaluation> expected(std::vector<Structure> const& frames) const {
    return MtpEvaluator<Kokkos::Serial>(readMtp(potential)).evaluate(frames);
  }

  void expectRefusedStructures(std::string const& name, std::string const& content, std::string const& fragment) const {
    std::string const file = folder.write(name, content);
    expectFailure("eval " + quoted(potential) + " " + quoted(file) + " -o " + quoted(folder / "o.xyz") + " --json " +
                      quoted(folder / "o.json"),
                  fragment);
  }

  std::string potential = folder / "Si.mtp", structure_file = folder / "si.extxyz";
  std::string out = folder / "out.extxyz", report = folder / "out.json";
  std::vector<Structure> structures;
};

double rmse(std::vector<double> const& differences) {
  double sum = 0;
  for (double const d : differences) sum += d * d;
  return std::sqrt(sum / static_cast<double>(differences.size()));
}

TEST_F(App, EvalReportHasWhatTheContractSays) {
  Outcome const outcome = eval("--json " + quoted(report));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  json const j = json::parse(contentOf(report));
  for (char const* key : {"version", "git", "backend", "precision"}) EXPECT_TRUE(j["sinter"][key].is_string()) << key;
  EXPECT_EQ(j["sinter"]["precision"], "double");
  json const& p = j["potential"];
  EXPECT_EQ(p["file"], potential);
  EXPECT_EQ(p["kind"], "mtp");
  EXPECT_EQ(p["species"], json::array({"Si"}));
  EXPECT_EQ(p["cutoff"], 4.0);
  EXPECT_EQ(p["basis_functions"], model({14}).alpha_moment_mapping.size());
  EXPECT_EQ(p["sha256"].get<std::string>().size(), 64U);

  auto const results = expected(structures);
  ASSERT_EQ(j["frames"].size(), structures.size());
  for (std::size_t s = 0; s < structures.size(); ++s) {
    json const& frame = j["frames"][s];
    EXPECT_EQ(frame["index"], s);
    EXPECT_EQ(frame["config_type"], structures[s].config_type);
    EXPECT_EQ(frame["natoms"], 3);
    EXPECT_NEAR(frame["energy"].get<double>(), results[s].energy, tolerance);
    auto const cell_volume = volume(structures[s]);
    if (!cell_volume) {
      EXPECT_TRUE(frame["volume"].is_null() && frame["virial"].is_null() && frame["pressure"].is_null()) << frame;
      continue;
    }
    EXPECT_NEAR(frame["volume"].get<double>(), *cell_volume, tolerance);
    Voigt const& w = results[s].virial;
    for (std::size_t v = 0; v < 6; ++v) EXPECT_NEAR(frame["virial"][v].get<double>(), w[v], tolerance);
    EXPECT_NEAR(frame["pressure"].get<double>(), (w[0] + w[1] + w[2]) / 3 / *cell_volume * 160.2176634, tolerance);
  }
  EXPECT_GT(j["time"]["wall_s"].get<double>(), 0);
  EXPECT_GT(j["time"]["atom_evaluations_per_s"].get<double>(), 0);
}

TEST_F(App, EvalErrorsAreThoseOfTheLibraryNumbers) {
  Outcome const outcome = eval("--json " + quoted(report));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("config_type"), std::string::npos) << outcome.out;  // the table
  json const errors = json::parse(contentOf(report))["errors"];
  auto const results = expected(structures);
  std::vector<double> energy, force, virial;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    energy.push_back((results[s].energy - *structures[s].energy) / 3);
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t x = 0; x < 3; ++x) force.push_back(results[s].forces[i][x] - structures[s].forces[i][x]);
    if (!structures[s].virial) continue;
    for (std::size_t v : {0, 1, 2, 3, 3, 4, 4, 5, 5})
      virial.push_back((results[s].virial[v] - (*structures[s].virial)[v]) / 3);
  }
  EXPECT_EQ(errors["all"]["frames"], 5);
  EXPECT_EQ(errors["all"]["atoms"], 15);
  EXPECT_NEAR(errors["all"]["energy_rmse"].get<double>(), rmse(energy), tolerance);
  EXPECT_NEAR(errors["all"]["force_rmse"].get<double>(), rmse(force), tolerance);
  EXPECT_NEAR(errors["all"]["virial_rmse"].get<double>(), rmse(virial), tolerance);
  EXPECT_EQ(errors.size(), 3U);  // the molecule has no config type
  EXPECT_EQ(errors["second"]["frames"], 2);
  for (char const* name : {"energy", "force", "virial"})
    for (char const* kind : {"_mae", "_rmse", "_max"})
      EXPECT_TRUE(errors["first"][std::string(name) + kind].is_number()) << name << kind;
}

TEST_F(App, EvalWithoutLabelsGivesNullErrors) {
  for (Structure& s : structures) {
    s.energy.reset();
    s.forces.clear();
    s.virial.reset();
  }
  write(structures, structure_file);
  Outcome const outcome = eval("--json " + quoted(report));
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << outcome.out;
  json const all = json::parse(contentOf(report))["errors"]["all"];
  EXPECT_EQ(all["frames"], 0);
  for (char const* key : {"energy_mae", "energy_rmse", "energy_max", "force_rmse", "virial_max"})
    EXPECT_TRUE(all.contains(key) && all[key].is_null()) << key;
}

TEST_F(App, EvalOutputReadsBack) {
  ASSERT_EQ(eval("-o " + quoted(out) + " --quiet").code, 0);
  auto const results = expected(structures);
  auto const back = readStructures(out);
  ASSERT_EQ(back.size(), structures.size());
  for (std::size_t s = 0; s < back.size(); ++s) {
    EXPECT_EQ(back[s].positions, structures[s].positions);
    EXPECT_EQ(back[s].config_type, structures[s].config_type);
    EXPECT_NEAR(*back[s].energy, results[s].energy, tolerance);
    EXPECT_EQ(back[s].virial.has_value(), structures[s].virial.has_value());
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t x = 0; x < 3; ++x) EXPECT_NEAR(back[s].forces[i][x], results[s].forces[i][x], tolerance);
  }
  auto const labels = readStructures(out, {.energy = "ref_energy", .force = "ref_forces", .virial = "ref_virial"});
  for (std::size_t s = 0; s < labels.size(); ++s) {
    EXPECT_EQ(labels[s].energy, structures[s].energy);
    EXPECT_EQ(labels[s].forces, structures[s].forces);
    EXPECT_EQ(labels[s].virial, structures[s].virial);
  }
  EXPECT_NE(contentOf(out).find(":site_energy:R:1"), std::string::npos);
}

TEST_F(App, EvalIsTheSameInEveryBackendAndNearlySoInMixedPrecision) {
  ASSERT_EQ(eval("--backend serial --json " + quoted(report)).code, 0);
  json const serial = json::parse(contentOf(report));
  EXPECT_EQ(serial["sinter"]["backend"], "serial");
  ASSERT_EQ(eval("--precision mixed --json " + quoted(report)).code, 0);
  json const mixed = json::parse(contentOf(report));
  EXPECT_EQ(mixed["sinter"]["precision"], "mixed");
  auto const results = expected(structures);
  for (std::size_t s = 0; s < structures.size(); ++s) {
    EXPECT_NEAR(serial["frames"][s]["energy"].get<double>(), results[s].energy, tolerance);
    // Three site energies of order one in single precision.
    EXPECT_NEAR(mixed["frames"][s]["energy"].get<double>(), results[s].energy, 3e-5);
  }
}

TEST_F(App, EvalTakesFramesAsPythonDoes) {
  auto const indices = [&](std::string const& frames) {
    EXPECT_EQ(eval("--quiet --json " + quoted(report) + " --frames=" + frames).code, 0) << frames;
    std::vector<int> result;
    json const j = json::parse(contentOf(report));
    for (json const& frame : j["frames"]) result.push_back(frame["index"]);
    return result;
  };
  using Indices = std::vector<int>;
  EXPECT_EQ(indices(":"), (Indices{0, 1, 2, 3, 4}));
  EXPECT_EQ(indices("1:3"), (Indices{1, 2}));
  EXPECT_EQ(indices("::2"), (Indices{0, 2, 4}));
  EXPECT_EQ(indices("1::3"), (Indices{1, 4}));
  EXPECT_EQ(indices("-2:"), (Indices{3, 4}));
  EXPECT_EQ(indices(":-3"), (Indices{0, 1}));
  EXPECT_EQ(indices("-99:99"), (Indices{0, 1, 2, 3, 4}));
  EXPECT_EQ(indices("2"), (Indices{2}));
  EXPECT_EQ(indices("-1"), (Indices{4}));
}

TEST_F(App, EvalNamesTypesWithSpecies) {
  MtpModel unnamed = model({14, 8});
  unnamed.species.clear();
  writeMtp(unnamed, potential);
  Structure s = structures[0];
  s.species = {8, 14, 14};
  write({s}, structure_file);
  expectFailure("eval " + quoted(potential) + " " + quoted(structure_file), "--species");
  ASSERT_EQ(eval("--species Si,O --quiet --json " + quoted(report)).code, 0);
  double const named = json::parse(contentOf(report))["frames"][0]["energy"];
  EXPECT_EQ(json::parse(contentOf(report))["potential"]["species"], json::array({"Si", "O"}));
  s.species = {-2, -1, -1};
  write({s}, structure_file);
  ASSERT_EQ(eval("--species Si,O --quiet -o " + quoted(out) + " --json " + quoted(report)).code, 0);
  EXPECT_EQ(json::parse(contentOf(report))["frames"][0]["energy"].get<double>(), named);
  EXPECT_EQ(readStructures(out)[0].species, (std::vector<std::int32_t>{8, 14, 14}));
  ASSERT_EQ(eval("--quiet --json " + quoted(report)).code, 0);  // types as they are
  EXPECT_NEAR(json::parse(contentOf(report))["frames"][0]["energy"].get<double>(), named, tolerance);
}

TEST_F(App, EvalReadsManyBatchesAndTheLabelsItIsTold) {
  std::vector<Structure> many;
  for (int n = 0; n < 1600; ++n)  // 24 000 atoms: more than a batch
    for (Structure const& s : structures) many.push_back(s);
  write(many, structure_file);
  ASSERT_EQ(eval("--quiet --json " + quoted(report)).code, 0);
  json const j = json::parse(contentOf(report));
  ASSERT_EQ(j["frames"].size(), 8000U);
  auto const results = expected(structures);
  for (std::size_t s = 0; s < many.size(); ++s)
    EXPECT_NEAR(j["frames"][s]["energy"].get<double>(), results[s % 5].energy, tolerance) << s;
  EXPECT_EQ(j["errors"]["all"]["atoms"], 24000);
}

TEST_F(App, EvalKnowsItsPotentialByItsSha256) {
  ASSERT_EQ(eval("--json " + quoted(report)).code, 0);
  Outcome const info = run("info " + quoted(potential));
  std::FILE* const pipe = ::popen(("sha256sum " + quoted(potential)).c_str(), "r");
  char digest[65] = {};
  ASSERT_EQ(std::fread(digest, 1, 64, pipe), 64U);
  ::pclose(pipe);
  EXPECT_EQ(json::parse(contentOf(report))["potential"]["sha256"], digest);
  EXPECT_NE(info.out.find(digest), std::string::npos) << info.out;
}

TEST_F(App, InfoOfBuildPotentialAndStructures) {
  Outcome const build = run("info", "LAMMPS_PLUGIN_PATH=" + quoted(folder / "."));
  EXPECT_EQ(build.code, 0) << build.err;
  for (char const* word : {"commit", "Kokkos", "serial", "vector length", "BLAS", "no sinterplugin.so"})
    EXPECT_NE(build.out.find(word), std::string::npos) << build.out;
  (void)folder.write("sinterplugin.so", "");
  EXPECT_NE(run("info", "LAMMPS_PLUGIN_PATH=/nowhere:" + quoted(folder / ".")).out.find("/sinterplugin.so"),
            std::string::npos);
  Outcome const of_potential = run("info " + quoted(potential));
  EXPECT_EQ(of_potential.code, 0) << of_potential.err;
  for (char const* word : {"Si", "4 A", "yes", "trace folding", "rank up to", "RBChebyshev, "})
    EXPECT_NE(of_potential.out.find(word), std::string::npos) << of_potential.out;
  EXPECT_EQ(of_potential.out.find("active set"), std::string::npos) << of_potential.out;

  // Another radial basis, and an active set behind the text.
  auto other = model({14});
  other.radial_basis_type = RadialBasisType::BChebyshev;
  std::size_t const n = other.radial_coeffs.size() + other.species_coeffs.size() + other.moment_coeffs.size();
  std::string const set =
      "#MVS_v1.1\nenergy_weight 0\nforce_weight 0\nstress_weight 0\nsite_en_weight 1\nweight_scaling 2\n#" +
      std::string(16 * n * n, '\0');
  Outcome const program = run("info --program " + quoted(potential));
  EXPECT_EQ(program.code, 0) << program.err;
  EXPECT_NE(program.out.find("flops per atom"), std::string::npos) << program.out;
  EXPECT_NE(program.out.find("reverse"), std::string::npos) << program.out;
  EXPECT_NE(run("info --program").code, 0);
  Outcome const active = run("info " + quoted(folder.write("active.almtp", formatMtp(other) + set)));
  EXPECT_EQ(active.code, 0) << active.err;
  for (std::string const& word : {std::string("BChebyshev, 8 functions"), std::string("jumps at the cutoff"),
                                  "active set             " + std::to_string(n) + " environments or equations"})
    EXPECT_NE(active.out.find(word), std::string::npos) << active.out;
  std::string const cut_off = formatMtp(other) + set.substr(0, set.size() - 1);
  Outcome const refused = run("info " + quoted(folder.write("cut.almtp", cut_off)));
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("the file is cut off"), std::string::npos) << refused.err;
  Outcome const of_structures = run("info " + quoted(structure_file));
  EXPECT_EQ(of_structures.code, 0) << of_structures.err;
  for (char const* word : {"15 (3 to 3 per frame)", "Si 15", "energy 5, forces 5, virial 4", "second 2 frames"})
    EXPECT_NE(of_structures.out.find(word), std::string::npos) << of_structures.out;
}

TEST_F(App, HelpAndVersionSucceed) {
  for (char const* arguments : {"--help", "--version", "eval --help", "info --help"}) {
    Outcome const outcome = run(arguments);
    EXPECT_EQ(outcome.code, 0) << arguments;
    EXPECT_EQ(outcome.err, "") << arguments;
    EXPECT_NE(outcome.out, "") << arguments;
  }
}

TEST_F(App, BadUsageIsOneLineAndCodeTwo) {
  std::string const good = "eval " + quoted(potential) + " " + quoted(structure_file);
  expectFailure("", "subcommand");
  expectFailure("evaluate", "evaluate");
  expectFailure("eval", "POTENTIAL");
  expectFailure("eval " + quoted(potential), "STRUCTURES");
  expectFailure(good + " --unknown", "--unknown");
  expectFailure(good + " --precision single", "single");
  expectFailure(good + " --backend abacus", "abacus");
  expectFailure(good + " --frames 1:2:3:4", "a:b:c");
  expectFailure(good + " --frames one", "'one'");
  expectFailure(good + " --frames ''", "a:b:c");
  expectFailure(good + " --frames ::0", "step");
  expectFailure(good + " --frames=::-1", "step");
  expectFailure(good + " --frames 7:", "found no frames in --frames 7:");
  expectFailure(good + " --frames 99999999999999999999", "integer");
  expectFailure(good + " --species Si,Qq", "'Qq'");
  expectFailure(good + " --energy-key dft_enrgy", "dft_enrgy");
  expectFailure(good + " -o " + quoted(folder / "out.data"), "expected .xyz, .extxyz or .cfg");
  expectFailure(good + " -o " + quoted(folder / "missing/out.xyz"), "missing");
  expectFailure(good + " -o ''", "expected .xyz");
  expectFailure(good + " -o " + quoted(structure_file), "another input");
  expectFailure(good + " --json " + quoted(potential), "another input");
  expectFailure(good + " --json /dev/full", "device");
  expectFailure(good + " --json " + quoted(folder / "."), "");
}

TEST_F(App, BadPotentialsAreOneLineAndCodeTwo) {
  auto const expectRefused = [&](std::string const& name, std::string const& content, std::string const& fragment) {
    std::string const file = folder.write(name, content);
    expectFailure("eval " + quoted(file) + " " + quoted(structure_file), fragment);
  };
  std::string const good = contentOf(potential);
  expectFailure("eval " + quoted(folder / "none.mtp") + " " + quoted(structure_file), "none.mtp");
  expectFailure("eval " + quoted(folder / ".") + " " + quoted(structure_file), "unknown kind");
  expectRefused("gap.xml", good, "expected .mtp or .almtp");
  expectRefused("empty.mtp", "", "empty.mtp");
  expectRefused("half.mtp", good.substr(0, good.size() / 2), "half.mtp:");
  expectRefused("text.mtp", "not a potential\n", "text.mtp:1:");
  std::string nan = good;
  nan.replace(nan.find("min_dist = 1.5"), 14, "min_dist = nan");
  expectRefused("nan.mtp", nan, "min_dist");
  writeMtp(makeMtpTemplate({.level = 8, .species = {14}}), potential);
  expectFailure("eval " + quoted(potential) + " " + quoted(structure_file), "untrained");
}

TEST_F(App, BadStructuresAreOneLineAndCodeTwo) {
  std::string const cell = "Lattice=\"5 0 0 0 5 0 0 0 5\" Properties=species:S:1:pos:R:3\n";
  expectFailure("eval " + quoted(potential) + " " + quoted(folder / "none.xyz"), "none.xyz");
  std::filesystem::create_directory(folder / "folder.xyz");
  expectFailure("eval " + quoted(potential) + " " + quoted(folder / "folder.xyz"), "directory");
  expectRefusedStructures("a.poscar", "1\n", "unknown kind");
  expectRefusedStructures("empty.xyz", "", "found no frames");
  expectRefusedStructures("nan.xyz", "1\n" + cell + "Si 0 nan 0\n", "nan.xyz:3:");
  expectRefusedStructures("flat.xyz", "1\nLattice=\"5 0 0 0 5 0 5 5 0\" Properties=species:S:1:pos:R:3\nSi 0 0 0\n",
                          "without volume");
  expectRefusedStructures("zero.xyz", "1\nLattice=\"5 0 0 0 5 0 0 0 0\" Properties=species:S:1:pos:R:3\nSi 0 0 0\n",
                          "zero lattice vector");
  expectRefusedStructures("short.xyz", "2\n" + cell + "Si 0 0 0\n", "atom 2 of 2");
  expectRefusedStructures("symbol.xyz", "1\n" + cell + "Qq 0 0 0\n", "'Qq'");
  expectRefusedStructures("columns.xyz", "1\n" + cell + "Si 0 0\n", "columns.xyz:3:");
  expectRefusedStructures("count.xyz", "-1\n" + cell, "count.xyz:1:");
  expectRefusedStructures("other.xyz", "1\n" + cell + "Si 0 0 0\n1\n" + cell + "O 0 0 0\n",
                          "other.xyz: frame 1: found species O");
  expectRefusedStructures("same.xyz", "2\n" + cell + "Si 0 0 0\nSi 0 0 0\n", "same.xyz: frame 0");
  expectRefusedStructures("broken.xyz.xz", "no xz", "xz");
  // Line breaks in names do not break the one line.
  expectFailure("eval " + quoted(potential) + " " + quoted(folder / "two\nlines.xyz"), "two lines");
}

TEST_F(App, FullDiskIsAFailureOfTheMachine) {
  std::vector<Structure> many;
  for (int n = 0; n < 200; ++n) many.push_back(structures[0]);
  write(many, structure_file);
  // No file may grow beyond a few kB; the signal is ignored so that writing fails as on a full disk.
  std::string const limit = "trap '' XFSZ; ulimit -f 8; ";
  std::string const good = "eval " + quoted(potential) + " " + quoted(structure_file);
  expectFailure(good + " -o " + quoted(out), "cannot write", 1, limit);
  expectFailure(good + " --json " + quoted(report), "cannot write", 1, limit);
  expectFailure("info > /dev/full", "standard output", 1);
}

TEST_F(App, FailureKeepsTheOldFile) {
  std::string const old = folder.write("old.xyz", "old");
  std::string const bad = folder.write("bad.xyz", contentOf(structure_file) + "1\n\nSi 0 0\n");
  expectFailure("eval " + quoted(potential) + " " + quoted(bad) + " -o " + quoted(old), "bad.xyz:");
  EXPECT_EQ(contentOf(old), "old");
  ASSERT_EQ(eval("-o " + quoted(old)).code, 0);
  EXPECT_EQ(readStructures(old).size(), structures.size());
}

TEST_F(App, InterruptLeavesNoFile) {
  std::string const pipe = folder / "pipe.xyz";
  expectInterruptible({"eval", potential, pipe, "-o", out, "--json", report}, pipe, contentOf(structure_file));
}

}  // namespace
}  // namespace sinter
