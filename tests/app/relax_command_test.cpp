// `sinter relax` as its users meet it: files in, relaxed files and reports out, failures.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command_test.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"
#include "sinter/simulation/batch_relaxation.hpp"
#include "sinter/structures/reader.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using nlohmann::json;
using test::contentOf;
using test::Outcome;

/// A rattled crystal with labels, one with two atoms in one place, a molecule, and a strained crystal.
class RelaxCommand : public test::CommandTest {
 protected:
  void SetUp() override {
    writeMtp(reference::solidModel(), potential);
    Structure rattled = reference::diamond(1, 5.3, 0.1), overlapping = rattled, molecule;
    rattled.energy = -7;
    rattled.forces.assign(8, {0.5, 0, -0.5});
    rattled.virial = Voigt{1, 2, 3, 4, 5, 6};
    rattled.config_type = "rattled";
    rattled.features = {{"pressure", "10"}, {"origin", "a test"}};
    overlapping.positions[1] = overlapping.positions[0];
    overlapping.features = {{"pressure", "0"}, {"enthalpy", "-999"}};
    molecule.positions = {{0, 0, 0}, {2.2, 0.1, 0}, {1.0, 2.1, 0.2}};
    molecule.species = {14, 14, 14};
    molecule.features = {{"pressure", "5"}};
    Structure strained = reference::diamond(1, 5.6, 0);
    strained.features = {{"pressure", "-1.5"}};
    frames = {rattled, overlapping, molecule, strained};
    write(frames, start);
  }

  Outcome relaxWell(std::string const& options) const {
    Outcome outcome = run("relax " + quoted(potential) + " " + quoted(start) + " " + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  }

  static std::string feature(Structure const& structure, std::string const& name) {
    for (auto const& [key, value] : structure.features)
      if (key == name) return value;
    return "";
  }

  std::vector<Structure> frames;
  std::string const potential = folder / "si.mtp", start = folder / "start.xyz", out = folder / "out.xyz",
                    report = folder / "out.json";
};

TEST_F(RelaxCommand, WritesWhatTheLibraryRelaxes) {
  Outcome const outcome = relaxWell("--pressure 3 -o " + quoted(out) + " --json " + quoted(report) + " --quiet");
  EXPECT_EQ(outcome.out + outcome.err, "");
  RelaxationSettings settings;
  settings.pressure = 3 / gpa_per_ev_per_cubic_angstrom;
  settings.pressure_tolerance = 0.01 / gpa_per_ev_per_cubic_angstrom;
  auto const expected = relax<Kokkos::Serial>(reference::solidModel(), settings, frames);
  auto const relaxed = readStructures(out);
  json const all = json::parse(contentOf(report));
  EXPECT_EQ(all["sinter"]["precision"], "double");
  EXPECT_EQ(all["potential"]["kind"], "mtp");
  EXPECT_EQ(all["relaxation"]["pressure"], 3);
  EXPECT_EQ(all["relaxation"]["min_distance"], 0.8);
  ASSERT_EQ(relaxed.size(), frames.size());
  ASSERT_EQ(all["frames"].size(), frames.size());
  int steps = 0;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    SCOPED_TRACE(f);
    auto const& goal = expected[f];
    json const& frame = all["frames"][f];
    EXPECT_EQ(relaxed[f].cell, goal.structure.cell);
    EXPECT_EQ(relaxed[f].positions, goal.structure.positions);
    EXPECT_EQ(relaxed[f].energy, goal.structure.energy);
    EXPECT_EQ(relaxed[f].forces, goal.structure.forces);
    EXPECT_EQ(relaxed[f].virial.has_value(), goal.structure.virial.has_value());
    EXPECT_EQ(feature(relaxed[f], "relax_status"), nameOf(goal.status));
    EXPECT_EQ(feature(relaxed[f], "relax_steps"), std::to_string(goal.steps()));
    EXPECT_EQ(frame["index"], f);
    EXPECT_EQ(frame["natoms"], frames[f].size());
    EXPECT_EQ(frame["status"], nameOf(goal.status));
    EXPECT_EQ(frame["steps"], goal.steps());
    steps += goal.steps();
    if (!goal.enthalpy) {
      EXPECT_TRUE(frame["enthalpy"].is_null() && frame["energy"].is_null() && frame["pressure"].is_null());
      EXPECT_EQ(feature(relaxed[f], "enthalpy"), "");
      continue;
    }
    EXPECT_EQ(std::stod(feature(relaxed[f], "enthalpy")), *goal.enthalpy);
    EXPECT_EQ(frame["enthalpy"], *goal.enthalpy);
    EXPECT_LE(frame["max_force"], 1e-3);
    if (!goal.structure.virial) {
      EXPECT_TRUE(frame["volume"].is_null() && frame["pressure"].is_null());
      continue;
    }
    EXPECT_NEAR(frame["pressure"], 3, 0.01);
    EXPECT_EQ(frame["external_pressure"], 3);
    EXPECT_LE(frame["max_stress_deviation"], 0.01);
    EXPECT_NEAR(frame["energy"].get<double>() + settings.pressure * frame["volume"].get<double>(), *goal.enthalpy,
                1e-12);
  }
  EXPECT_EQ(all["frames"][0]["config_type"], "rattled");
  EXPECT_EQ(all["frames"][1]["status"], "overlap");
  EXPECT_EQ(all["summary"]["converged"], 3);
  EXPECT_EQ(all["summary"]["overlap"], 1);
  EXPECT_EQ(all["summary"]["frames"], 4);
  EXPECT_EQ(all["summary"]["atoms"], 27);
  EXPECT_EQ(all["summary"]["steps"], steps);
  // Labels of the start, and what else was said of it, stay.
  std::string const text = contentOf(out);
  EXPECT_NE(text.find("ref_energy=-7"), std::string::npos) << text;
  EXPECT_NE(text.find("ref_forces:R:3"), std::string::npos);
  EXPECT_NE(text.find("ref_virial="), std::string::npos);
  EXPECT_EQ(feature(relaxed[0], "origin"), "a test");
  EXPECT_EQ(relaxed[0].config_type, "rattled");
}

TEST_F(RelaxCommand, NamesWhatDidNotConverge) {
  Outcome const outcome = relaxWell("-o " + quoted(out) + " --max-steps 2 --cell none");
  EXPECT_NE(outcome.out.find("1 of 4 frames converged"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("not converged: frames 0 (max_steps), 1 (overlap), 2 (max_steps)\n"), std::string::npos)
      << outcome.out;
  EXPECT_EQ(readStructures(out).at(3).cell, frames[3].cell);
}

TEST_F(RelaxCommand, CellsThatStayHaveNoStressDeviation) {
  relaxWell("--cell none --pressure 3 -o " + quoted(out) + " --json " + quoted(report) + " --quiet");
  json const frame = json::parse(contentOf(report))["frames"][3];
  EXPECT_TRUE(frame["max_stress_deviation"].is_null());
  EXPECT_TRUE(frame["pressure"].is_number());
  EXPECT_EQ(frame["external_pressure"], 3);
}

TEST_F(RelaxCommand, PressuresOfFrames) {
  relaxWell("--pressure-key pressure --cell isotropic -o " + quoted(out) + " --json " + quoted(report) + " --quiet");
  json const all = json::parse(contentOf(report))["frames"];
  EXPECT_NEAR(all[0]["pressure"], 10, 0.01);
  EXPECT_NEAR(all[0]["external_pressure"], 10, 1e-12);
  EXPECT_NEAR(all[3]["pressure"], -1.5, 0.01);
  auto const cell = readStructures(out).at(0).cell;
  EXPECT_EQ(cell[0][1], 0);
  EXPECT_NEAR(cell[0][0], cell[2][2], 1e-12);
  expectFailure("relax " + quoted(potential) + " " + quoted(start) + " --pressure-key p -o " + quoted(folder / "x.xyz"),
                "start.xyz: frame 0: found no key p (--pressure-key), expected a pressure in GPa");
  expectFailure(
      "relax " + quoted(potential) + " " + quoted(start) + " --pressure-key origin -o " + quoted(folder / "x.xyz"),
      "start.xyz: frame 0: found origin = a test, expected a pressure in GPa");
}

TEST_F(RelaxCommand, CountsEvaluations) {
  std::vector<Structure> const crystals = {reference::diamond(1, 0.5, 0), reference::diamond(1, 5.4, 0.1)};
  write(crystals, start);
  relaxWell("-o " + quoted(out) + " --json " + quoted(report) + " --quiet");
  json const all = json::parse(contentOf(report));
  EXPECT_EQ(all["frames"][0]["status"], "collapsed");
  int const evaluations = all["frames"][1]["steps"].get<int>() + 1;  // the first frame had none
  EXPECT_GT(evaluations, 1);
  EXPECT_NEAR(all["time"]["atom_evaluations_per_s"].get<double>() * all["time"]["wall_s"].get<double>(),
              8 * evaluations, 1e-6);
}

TEST_F(RelaxCommand, FramesAndCfg) {
  std::string const cfg = folder / "out.cfg";
  relaxWell("--frames 3: -o " + quoted(cfg) + " --quiet");
  auto const relaxed = readStructures(cfg);
  ASSERT_EQ(relaxed.size(), 1U);
  EXPECT_EQ(feature(relaxed[0], "relax_status"), "converged");
  EXPECT_TRUE(relaxed[0].energy && relaxed[0].virial);
}

TEST_F(RelaxCommand, BadInput) {
  std::string const base = "relax " + quoted(potential) + " " + quoted(start) + " -o " + quoted(out);
  expectFailure(base + " --force-tolerance 0", "found force tolerance");
  expectFailure(base + " --force-tolerance=-1e-9", "found force tolerance -1e-09, expected > 0 (eV/A)");
  expectFailure(base + " --pressure-tolerance -1", "found pressure tolerance");
  expectFailure(base + " --pressure nan", "found pressure");
  expectFailure(base + " --max-steps -1", "found number of steps");
  expectFailure(base + " --cell cubic", "--cell");
  expectFailure(base + " --pressure 1 --pressure-key pressure", "excludes");
  expectFailure("relax " + quoted(potential) + " " + quoted(start), "--output is required");
  expectFailure("relax " + quoted(potential) + " " + quoted(start) + " -o " + quoted(folder / "out.data"),
                "expected .xyz, .extxyz or .cfg");
  expectFailure(base + " --json " + quoted(out), "found the name of another input or output");
  write({reference::diamond(1, 5.43, 0, {14, 8})}, folder / "oxide.xyz");
  expectFailure("relax " + quoted(potential) + " " + quoted(folder / "oxide.xyz") + " -o " + quoted(out),
                "oxide.xyz: frame 0: ");
  std::string const untrained = folder / "untrained.mtp";
  writeMtp(makeMtpTemplate({.level = 4, .species = {14}, .min_dist = 1.5, .max_dist = 5}), untrained);
  expectFailure("relax " + quoted(untrained) + " " + quoted(start) + " -o " + quoted(out), "untrained.mtp: found no");
}

TEST_F(RelaxCommand, InterruptLeavesNoFile) {
  std::string const pipe = folder / "pipe.xyz";
  expectInterruptible({"relax", potential, pipe, "-o", out, "--json", report}, pipe, contentOf(start));
}

}  // namespace
}  // namespace sinter
