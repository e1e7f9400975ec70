// `sinter validate` as its users meet it: settings in, one report out, parts that fail, runs that go on.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command_test.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/simulation/crystals.hpp"
#include "sinter/simulation/phonons.hpp"
#include "sinter/simulation/point_defects.hpp"
#include "sinter/simulation/same_crystal.hpp"
#include "sinter/simulation/static_properties.hpp"
#include "sinter/simulation/surfaces.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_map.hpp"
#include "sinter/structures/label_errors.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using nlohmann::json;
using test::contentOf;
using test::Outcome;

/// Two potentials, structures with labels of another one, and settings that ask for all sections.
class ValidateCommand : public test::CommandTest {
 protected:
  void SetUp() override {
    writeMtp(reference::solidModel(), solid);
    MtpModel stiffer = reference::solidModel();
    for (double& coefficient : stiffer.moment_coeffs) coefficient *= 1.25;
    for (double& coefficient : stiffer.species_coeffs) coefficient *= 1.25;
    writeMtp(stiffer, stiff);
    reference::Random random(5);
    for (std::uint64_t n = 1; n <= 6; ++n) {
      labelled.push_back(reference::diamond(1, 5.3 + 0.02 * static_cast<double>(n), 0.1, {14}, n));
      labelled.back().config_type = n % 2 == 0 ? "even" : "odd";
      reference::label(labelled.back(), reference::solidModel(), random, 0.01);
    }
    write(labelled, set);
  }

  // TOML with paths in this folder; `more` behind it.
  std::string settings(std::string const& more) const {
    std::string const text = "[potentials]\nsolid = \"" + solid + "\"\nstiff = \"" + stiff + "\"\n" + more +
                             "\n[output]\ndir = \"" + out + "\"\n";
    return folder.write("validate.toml", text);
  }

  json reportOf(std::string const& more, int code = 0) const {
    Outcome const outcome = run("validate --quiet --backend serial " + quoted(settings(more)));
    EXPECT_EQ(outcome.code, code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    return json::parse(contentOf(out + "/report.json"));
  }

  std::string errorsOf(std::string const& file) const { return "[errors.sets]\nrattled = \"" + file + "\"\n"; }

  std::string const solid = folder / "solid.mtp", stiff = folder / "stiff.mtp", set = folder / "set.extxyz",
                    out = folder / "out";
  std::vector<Structure> labelled;
};

TEST_F(ValidateCommand, ErrorsAreThoseOfTheLibrary) {
  json const report = reportOf(errorsOf(set));
  for (auto const& [name, file] : {std::pair("solid", solid), std::pair("stiff", stiff)}) {
    MtpEvaluator<Kokkos::Serial> const evaluator(readMtp(file));
    auto const predicted = evaluator.evaluate(labelled);
    LabelErrors errors;
    for (std::size_t n = 0; n < labelled.size(); ++n) errors.add(labelled[n], predicted[n]);
    json const& found = report["errors"]["rattled"][name];
    EXPECT_EQ(found["frames"], labelled.size());
    EXPECT_EQ(found["errors"]["all"]["energy_rmse"], *errors.all().energy.rmse());
    EXPECT_EQ(found["errors"]["even"]["force_mae"], *errors.byConfigType().at("even").force.mae());
    EXPECT_EQ(found["parity"]["force"]["reference"].size(), labelled.size() * 24);
    EXPECT_EQ(report["potentials"][name]["file"], file);
  }
  EXPECT_GT(report["errors"]["rattled"]["stiff"]["errors"]["all"]["energy_rmse"],
            10 * report["errors"]["rattled"]["solid"]["errors"]["all"]["energy_rmse"].get<double>());
  std::string const table = contentOf(out + "/csv/errors.csv");
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 2 * 3);
  std::string const page = contentOf(out + "/report.html");
  EXPECT_NE(page.find("<section id=\"errors\">"), std::string::npos);
  EXPECT_EQ(page.find("<section id=\"phonons\">"), std::string::npos);  // was not asked for
  EXPECT_FALSE(std::filesystem::exists(out + "/parts"));
}

TEST_F(ValidateCommand, StandardChecksPass) {
  json const report = reportOf(errorsOf(set));
  EXPECT_EQ(report["checks"].size(), 6);
  for (auto const& check : report["checks"]) EXPECT_TRUE(check["passed"]) << check;
}

TEST_F(ValidateCommand, StaticPropertiesAreThoseOfTheLibrary) {
  json const report = reportOf(
      "[static]\nelement = \"Si\"\ndiamond_volume = 18\ncrystals = [\"dia\", \"bSn\"]\nvolumes = [0.96, 0.98, 1, 1.02, "
      "1.04]\nelastic = [\"dia\"]\npressures = [0, 5]\ndefects = [\"vacancy\"]\nsupercell = 1\nsurfaces = [\"111\"]\n"
      "planes = 6\nphonons = [\"G\", \"X\"]\n");
  MtpModel const model = readMtp(solid);
  json const& found = report["static"]["solid"];
  json const& dia = found["crystals"]["dia"];
  double const a = dia["lattice_constant"];
  EXPECT_NEAR(dia["volume"], a * a * a / 8, 1e-9);
  Structure const crystal = crystalPrototype("dia", 14, dia["volume"], CrystalCell::conventional);
  auto const energy = MtpEvaluator<Kokkos::Serial>(model).evaluate(std::vector{crystal})[0].energy;
  EXPECT_NEAR(dia["energy"], energy / 8, 1e-9);
  auto const constants = elasticConstants<Kokkos::Serial>(model, crystal);
  json const& elastic = found["elastic"]["dia"];
  EXPECT_NEAR(elastic["c11"], constants.c[0][0] * gpa_per_ev_per_cubic_angstrom, 1e-3);
  EXPECT_NEAR(elastic["c44"], constants.c[3][3] * gpa_per_ev_per_cubic_angstrom, 1e-3);
  EXPECT_NEAR(dia["bulk_modulus"], elastic["bulk_modulus"], 0.02 * elastic["bulk_modulus"].get<double>());
  // All energies are 5/4 times those of the other one, and so are their derivatives.
  json const& stiffer = report["static"]["stiff"];
  EXPECT_NEAR(stiffer["elastic"]["dia"]["c11"], 1.25 * elastic["c11"].get<double>(), 0.05);
  EXPECT_NEAR(stiffer["crystals"]["bSn"]["relative_energy"],
              1.25 * found["crystals"]["bSn"]["relative_energy"].get<double>(), 1e-4);
  EXPECT_NEAR(found["crystals"]["bSn"]["relative_energy"],
              found["crystals"]["bSn"]["energy"].get<double>() - dia["energy"].get<double>(), 1e-12);
  PointDefect const vacancy = PointDefect::vacancy;
  auto const defects = pointDefectEnergies<Kokkos::Serial>(model, 14, a, 1, {&vacancy, 1});
  EXPECT_NEAR(found["defects"]["vacancy"]["energy"], defects[0].formation_energy, 1e-4);
  DiamondSurface const surface = DiamondSurface::s111;
  auto const surfaces = surfaceEnergies<Kokkos::Serial>(model, 14, a, 6, {&surface, 1});
  EXPECT_NEAR(found["surfaces"]["111"]["relaxed"], surfaces[0].energy, 1e-5);
  Structure const primitive = crystalPrototype("dia", 14, dia["volume"]);
  Vector3 const x = fcc_x;
  auto const modes = phononModes<Kokkos::Serial>(model, primitive, {&x, 1});
  ASSERT_EQ(found["phonons"]["X"].size(), 6);
  for (std::size_t n = 0; n < 6; ++n) EXPECT_NEAR(found["phonons"]["X"][n], modes[0].frequencies[n], 1e-3);
  for (std::size_t n = 0; n < 3; ++n) EXPECT_NEAR(found["phonons"]["G"][n], 0, 0.02);
  EXPECT_EQ(found["phases"]["pressures"], (json{0, 5}));
  EXPECT_NEAR(found["phases"]["enthalpy"]["dia"][0], dia["energy"], 1e-6);
  std::string const table = contentOf(out + "/csv/static.csv");
  EXPECT_NE(table.find("\nsolid,/elastic/dia/c11,"), std::string::npos);
}

TEST_F(ValidateCommand, CrystalsThatDoNotRelaxOrAreTheSame) {
  auto const phasesOf = [&](std::string const& crystals) {
    return reportOf("[static]\nelement = \"Si\"\ndiamond_volume = 18\ncrystals = [" + crystals +
                        "]\nvolumes = [0.96, 0.98, 1, 1.02]\npressures = [-1000, 0, 5]\n",
                    2);
  };
  json const report = phasesOf("\"Imma\", \"dia\", \"sh\""), backwards = phasesOf("\"sh\", \"dia\", \"Imma\"");
  json const &found = report["static"]["solid"], &phases = found["phases"];
  ASSERT_FALSE(phases["failures"].empty());
  for (auto const& failure : phases["failures"]) {
    EXPECT_NEAR(failure["pressure"], -1000, 1e-6);
    EXPECT_NE(failure["reason"].get<std::string>().find("the relaxation ended with"), std::string::npos);
    EXPECT_TRUE(phases["enthalpy"][failure["crystal"].get<std::string>()][0].is_null());
  }
  EXPECT_NEAR(phases["enthalpy"]["dia"][1], found["crystals"]["dia"]["energy"], 1e-6);
  EXPECT_EQ(report["failures"][0]["where"], "/static/solid/phases");
  json const& other = backwards["static"]["solid"];
  EXPECT_EQ(phases["transitions"], other["phases"]["transitions"]);
  EXPECT_EQ(phases["same_as"], other["phases"]["same_as"]);
  for (char const* name : {"dia", "sh", "Imma"}) {
    EXPECT_EQ(found["crystals"][name]["same_as"], other["crystals"][name]["same_as"]);
    EXPECT_EQ(found["crystals"][name]["neighbor_distances"].size(), compared_neighbors);
  }
}

TEST_F(ValidateCommand, SpeciesOfUnnamedTypes) {
  MtpModel unnamed = reference::solidModel();
  unnamed.species.clear();
  writeMtp(unnamed, solid);
  auto const settingsFor = [&](std::string const& species) {
    return folder.write("validate.toml", "species = \"" + species + "\"\n[potentials]\nsolid = \"" + solid +
                                             "\"\n[static]\nelement = \"Si\"\ndiamond_volume = 18\nphonons = "
                                             "[\"G\"]\n[references]\nnone = \"none.json\"\n[output]\ndir = \"" +
                                             out + "\"\n");
  };
  EXPECT_EQ(run("validate --quiet --backend serial " + quoted(settingsFor("Si"))).code, 2);  // no none.json: parts stay
  EXPECT_TRUE(json::parse(contentOf(out + "/report.json"))["static"]["solid"]["phonons"].contains("G"));
  EXPECT_EQ(run("validate --quiet --resume --backend serial " + quoted(settingsFor("Ge"))).code, 2);
  EXPECT_TRUE(json::parse(contentOf(out + "/report.json"))["static"]["solid"]["phonons"].contains("failure"));
}

TEST_F(ValidateCommand, DiamondStructureThatIsNone) {
  json const report =
      reportOf("[static]\nelement = \"Si\"\ndiamond_volume = 2000\ndefects = [\"vacancy\"]\nsupercell = 1\n", 2);
  EXPECT_NE(report["static"]["solid"]["defects"]["vacancy"]["failure"].get<std::string>().find(
                "expected neighbours within the cutoff"),
            std::string::npos);
}

TEST_F(ValidateCommand, MapIsThatOfTheLibrary) {
  std::vector<Structure> const first(labelled.begin(), labelled.begin() + 4),
      second(labelled.begin() + 4, labelled.end());
  write(first, folder / "first.extxyz");
  write(second, folder / "second.extxyz");
  json const report = reportOf("[map]\nkind = \"paper\"\n[map.files]\na = \"" + (folder / "first.extxyz") +
                               "\"\nb = \"" + (folder / "second.extxyz") + "\"\n");
  SoapEvaluator<Kokkos::Serial> const soap(soapPreset("paper-2022", 14));
  SoapMapSettings settings;
  settings.kind = SoapMapKind::distance_pca;
  SoapMap const map(soap.evaluate(labelled, SoapAverage::inner), soap.dimension(), settings);
  json const& points = report["map"]["points"];
  ASSERT_EQ(points["a"]["soap_map_1"].size(), 4);
  ASSERT_EQ(points["b"]["soap_map_2"].size(), 2);
  EXPECT_NEAR(points["a"]["soap_map_1"][1], map.coordinates()[2], 1e-12);
  EXPECT_NEAR(points["b"]["soap_map_2"][0], map.coordinates()[9], 1e-12);
  EXPECT_NEAR(points["b"]["pressure"][1],
              pressureOf(*labelled[5].virial, *volume(labelled[5])) * gpa_per_ev_per_cubic_angstrom, 1e-12);
}

TEST_F(ValidateCommand, TrajectoriesAreThoseOfAnalyze) {
  std::string const crystals = folder / "crystals.extxyz", moving = folder / "moving.extxyz", alone = folder / "alone";
  Structure perfect = reference::diamond(1, 5.4, 0);
  perfect.config_type = "dia";
  write({perfect}, crystals);
  write({reference::diamond(2, 5.4, 0.05), reference::diamond(2, 5.5, 0.4)}, moving);
  json const report =
      reportOf("[trajectories]\nr_max = 6\nsimilarity = \"" + crystals +
               "\"\nleast_grain = 20\n[trajectories.files]\n" + "\"8 cells\" = \"" + moving + "\"\n" +
               "[checks.bonds]\nvalue = \"/trajectories/*/coordination/n4\"\nlow = 0\nsource = \"-\"\n");
  Outcome const outcome = run("analyze --quiet --backend serial " + quoted(moving) + " --r-max 6 --similarity " +
                              quoted(crystals) + " --least-grain 20 -o " + quoted(alone));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  json expected = json::parse(contentOf(alone + "/report.json"));
  for (char const* other : {"sinter", "command", "time"}) expected.erase(other);
  EXPECT_EQ(report["trajectories"]["8 cells"], expected);
  EXPECT_EQ(contentOf(out + "/csv/8_cells-frames.csv"), contentOf(alone + "/csv/frames.csv"));
  EXPECT_TRUE(report["checks"].back()["passed"]);
  EXPECT_NE(contentOf(out + "/report.html").find("<section id=\"trajectories\">"), std::string::npos);
}

TEST_F(ValidateCommand, TrajectoryThatEndsTooEarly) {
  std::string const text = contentOf(set);
  (void)folder.write("cut.extxyz", text.substr(0, text.size() - 40));
  json const report = reportOf("[trajectories.files]\ncut = \"" + (folder / "cut.extxyz") + "\"\n", 2);
  EXPECT_EQ(report["trajectories"]["cut"]["trajectory"]["frames"], labelled.size() - 1);
  ASSERT_EQ(report["failures"].size(), 1);
  EXPECT_EQ(report["failures"][0]["where"], "/trajectories/cut");
}

TEST_F(ValidateCommand, BandsJudgeEveryValueTheyMean) {
  json const report = reportOf(
      errorsOf(set) +
      "[checks.forces]\nvalue = \"/errors/*/*/errors/all/force_rmse\"\nhigh = 0.05\nsource = \"noise\"\n"
      "[checks.third]\nvalue = \"/errors/rattled/solid/parity/energy/reference/2\"\nhigh = 0\nsource = "
      "\"-\"\n[checks.nothing]\nvalue = \"/errors/rattled/solid/errors/liquid/force_rmse\"\nlow = 0\nsource = \"-\"\n");
  json const& checks = report["checks"];
  ASSERT_EQ(checks.size(), 6 + 4);
  EXPECT_EQ(checks[6]["value"], "/errors/rattled/solid/errors/all/force_rmse");
  EXPECT_TRUE(checks[6]["passed"]);
  EXPECT_EQ(checks[6]["found"], report["errors"]["rattled"]["solid"]["errors"]["all"]["force_rmse"]);
  EXPECT_FALSE(checks[7]["passed"]);  // the stiffer potential
  EXPECT_EQ(checks[7]["source"], "noise");
  EXPECT_TRUE(checks[7]["low"].is_null());
  EXPECT_FALSE(checks[8]["passed"]);
  EXPECT_TRUE(checks[8]["found"].is_null());
  EXPECT_EQ(checks[9]["found"], report["errors"]["rattled"]["solid"]["parity"]["energy"]["reference"][2]);
  EXPECT_TRUE(checks[9]["passed"]);
}

TEST_F(ValidateCommand, WhatFailsFailsAlone) {
  MtpModel infinite = reference::solidModel();
  for (double& coefficient : infinite.moment_coeffs)
    coefficient = std::copysign(1.7e308, coefficient);  // sums overflow
  writeMtp(infinite, folder / "infinite.mtp");
  std::string const text = contentOf(set);
  (void)folder.write("cut.extxyz", text.substr(0, text.size() - 40));
  (void)folder.write("broken.mtp", "MTP\nversion = 1.1.0\n");
  json const report =
      reportOf("infinite = \"" + (folder / "infinite.mtp") + "\"\nbroken = \"" + (folder / "broken.mtp") + "\"\n" +
                   errorsOf(set) + "cut = \"" + (folder / "cut.extxyz") + "\"\nnone = \"" + (folder / "none.extxyz") +
                   "\"\n[references]\nother = \"" + set + "\"\n",
               2);
  EXPECT_TRUE(report["errors"]["rattled"]["solid"].contains("errors"));
  auto const failure = [&](std::string const& pointer) {
    return report.value(json::json_pointer(pointer + "/failure"), "none");
  };
  EXPECT_NE(failure("/errors/rattled/infinite").find("not finite"), std::string::npos)
      << failure("/errors/rattled/infinite");
  EXPECT_NE(failure("/errors/cut/solid").find("cut.extxyz:"), std::string::npos);
  EXPECT_NE(failure("/errors/none/solid").find("none.extxyz"), std::string::npos);
  EXPECT_NE(failure("/potentials/broken").find("broken.mtp"), std::string::npos);
  EXPECT_NE(failure("/references/other").find("JSON"), std::string::npos);
  EXPECT_EQ(report["failures"].size(), 1 + 1 + 1 + 2 * 3);
  EXPECT_NE(contentOf(out + "/report.html").find("<section id=\"failures\">"), std::string::npos);
  Outcome const again = run("validate --quiet " + quoted(folder / "validate.toml"));
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.err.find("(failures: 9; "), std::string::npos) << again.err;
  EXPECT_EQ(std::count(again.err.begin(), again.err.end(), '\n'), 1) << again.err;
}

TEST_F(ValidateCommand, WhatFailedIsTriedAgain) {
  std::filesystem::create_directories(out + "/parts");
  (void)folder.write("out/parts/mine.txt", "not a part");
  (void)reportOf(errorsOf(set) + "late = \"" + (folder / "late.extxyz") + "\"\n", 2);
  write(labelled, folder / "late.extxyz");
  Outcome const outcome = run("validate --resume --backend serial " + quoted(folder / "validate.toml"));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.err.find("errors, rattled, solid: there"), std::string::npos) << outcome.err;
  json const report = json::parse(contentOf(out + "/report.json"));
  EXPECT_EQ(report["errors"]["late"], report["errors"]["rattled"]);
  EXPECT_TRUE(report["failures"].empty());
  EXPECT_EQ(contentOf(out + "/parts/mine.txt"), "not a part");
  auto const parts = std::filesystem::directory_iterator(out + "/parts");
  EXPECT_EQ(std::distance(begin(parts), end(parts)), 1);
  // A set that has changed is another one.
  (void)reportOf(errorsOf(set) + "none = \"" + (folder / "none.extxyz") + "\"\n", 2);
  labelled.pop_back();
  write(labelled, set);
  EXPECT_EQ(run("validate --quiet --resume --backend serial " + quoted(folder / "validate.toml")).code, 2);
  EXPECT_EQ(json::parse(contentOf(out + "/report.json"))["errors"]["rattled"]["solid"]["frames"], labelled.size());
}

TEST_F(ValidateCommand, ReferencesHaveTheShapeOfTheReport) {
  std::string const file = folder / "reference.json";
  auto const reasonFor = [&](std::string const& content, int code) {
    (void)folder.write("reference.json", content);
    json const report = reportOf("[references]\nother = \"" + file + "\"\n" + errorsOf(set), code);
    return report["references"]["other"].value("failure", "none");
  };
  EXPECT_EQ(reasonFor(R"({"static": {"elastic": {"dia": {"c11": 153.3}}, "phonons": {"G": [0, 15]},
                          "defects": {"vacancy": 3.67}, "surfaces": {"111": {"relaxed": 0.1}}}})",
                      0),
            "none");
  auto const refused = [&](std::string const& property, std::string const& reason) {
    EXPECT_EQ(reasonFor("{\"static\": {" + property + "}}", 2), file + ": /static/" + reason);
  };
  refused(R"("phonons": {"G": 3})", "phonons/G: found 3, expected a list of numbers");
  refused(R"("elastic": {"dia": {"c11": "153"}})", "elastic/dia/c11: found \"153\", expected a number");
  refused(R"("crystals": {"dia": {"curve": {"volume": [1]}}})",
          "crystals/dia/curve: found {\"volume\":[1]}, expected an object with energy");
  refused(R"("phases": {"pressures": [0], "enthalpy": {"dia": [1, 2]}})",
          "phases/enthalpy/dia: found [1,2], expected as many numbers as pressures");
  EXPECT_EQ(reasonFor(R"({"refused": [1]})", 0), "none");  // names that mean nothing there
}

TEST_F(ValidateCommand, FoldersAndPipesAreNoInputs) {
  std::filesystem::create_directory(folder / "folder");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  json const report =
      reportOf(errorsOf(folder / "folder") + "[trajectories.files]\nfailure = \"" + (folder / "pipe") + "\"\n", 2);
  EXPECT_NE(report["errors"]["rattled"]["solid"]["failure"].get<std::string>().find("found a folder"),
            std::string::npos);
  EXPECT_NE(report["trajectories"]["failure"]["failure"].get<std::string>().find("found a pipe"), std::string::npos);
  EXPECT_EQ(report["failures"].size(), 3);
}

TEST_F(ValidateCommand, TablesAreThoseOfTheReport) {
  json const report = reportOf("[trajectories]\nr_max = 4\nvectors = 1\n[trajectories.files]\n\"a b\" = \"" + set +
                               "\"\na_b = \"" + set + "\"\n");
  EXPECT_EQ(report["tables"].size(), 1 + 2 * 6);
  EXPECT_TRUE(std::filesystem::exists(out + "/csv/a_b_2-frames.csv"));
  (void)folder.write("out/csv/mine.csv", "not a table of the report");
  (void)reportOf(errorsOf(set));
  EXPECT_FALSE(std::filesystem::exists(out + "/csv/a_b-frames.csv"));
  EXPECT_TRUE(std::filesystem::exists(out + "/csv/mine.csv"));
  // The report does not replace what it is made from.
  expectFailure("validate " + quoted(settings("[references]\nold = \"" + out + "/report.json\"\n" + errorsOf(set))),
                "found the name of another input");
}

TEST_F(ValidateCommand, RefusesWhatItCannotMean) {
  auto const refused = [&](std::string const& more, std::string const& fragment) {
    expectFailure("validate " + quoted(settings(more)), fragment);
  };
  (void)settings("");
  refused("", "expected at least one of [errors], [static], [trajectories], [map]");
  refused("[eror]\n", "found an unknown key");
  refused("[static]\nelement = \"Qq\"\n", "expected a chemical symbol");
  refused("[static]\nelement = \"Si\"\ncrystals = [\"diamond\"]\n",
          "static.crystals: found \"diamond\", expected one of");
  refused("[static]\nelement = \"Si\"\ndefects = [\"hole\"]\n", "\"vacancy\"");
  refused("[static]\nelement = \"Si\"\npressures = [5, 0]\n", "ascending");
  refused("[errors]\n", "expected structures with labels");
  refused("[errors.sets]\n\"a/b\" = \"c\"\n", "found / or ~");
  refused(errorsOf(set) + "[checks.a]\nvalue = \"/x\"\nlow = 1\n", "checks.a.source");
  refused(errorsOf(set) + "[checks.a]\nvalue = \"/x\"\nsource = \"-\"\n", "expected low, high or both");
  refused(errorsOf(set) + "[checks.a]\nvalue = \"/x\"\nlow = 2\nhigh = 1\nsource = \"-\"\n", "found a limit below low");
  refused("[trajectories.files]\na = \"b\"\n[trajectories]\nbond_cutoff = 0\n", "bond_cutoff");
  refused("[trajectories.files]\na = \"b\"\n[trajectories]\nr_bin = 100\n", "validate.toml:");
  refused("[static]\nelement = \"Si\"\n", "static: found nothing to compute");
  refused("[static]\nelement = \"Si\"\ndefects = [\"vacancy\", \"vacancy\"]\n", "twice");
  refused("[static]\nelement = \"Si\"\ndefects = [\"vacancy\"]\nsupercell = 200\n", "expected 20 at most");
}

}  // namespace
}  // namespace sinter
