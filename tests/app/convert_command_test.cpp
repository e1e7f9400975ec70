// `sinter convert`, and `sinter eval` on the files it makes.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "command_test.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter {
namespace {

using nlohmann::json;
using test::contentOf;
using test::Outcome;

class Convert : public test::CommandTest {
 protected:
  void SetUp() override { write(makeStructures(), structures); }

  static std::vector<Structure> makeStructures() {
    std::vector<Structure> result;
    for (int n = 0; n < 5; ++n) {
      Structure s;
      s.cell = {{{5, 0, 0}, {0.3, 5.1, 0}, {17.1 + n, 0, 5.2}}};
      s.periodic = {n != 1, n != 1 && n != 2, n != 1 && n != 2 && n != 3};
      for (std::size_t d = 0; d < 3; ++d)
        if (!s.periodic[d]) s.cell[d] = {};
      s.positions = {{0, 0, 0}, {2.4, 0.2, 0.1 * n}, {0.1, 2.5, 2.3}};
      s.species = {14, 8, 14};
      s.energy = -5 + n / 3.;
      s.forces = {{0.1, 0, 0}, {0, 0.2, 0}, {0, 0, -0.3}};
      s.config_type = "number " + std::to_string(n);
      result.push_back(s);
    }
    return result;
  }

  Outcome convert(std::string const& from, std::string const& to, std::string const& options = "") const {
    return run("convert " + quoted(from) + " " + quoted(to) + " " + options);
  }

  void expectConverts(std::string const& from, std::string const& to, std::string const& options = "") const {
    Outcome const outcome = convert(from, to, options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    EXPECT_TRUE(std::filesystem::exists(to)) << to;
  }

  std::string structures = folder / "a.extxyz";
};

TEST_F(Convert, ThereAndBackIsTheSameFile) {
  expectConverts(structures, folder / "b.cfg", "--species O,Si");
  expectConverts(folder / "b.cfg", folder / "c.xyz", "--species O,Si");
  EXPECT_EQ(contentOf(folder / "c.xyz"), contentOf(structures));
  expectConverts(folder / "b.cfg", folder / "d.cfg");
  EXPECT_EQ(contentOf(folder / "d.cfg"), contentOf(folder / "b.cfg"));
}

TEST_F(Convert, OneFrameThroughALammpsDataFile) {
  for (int n = 0; n < 5; ++n) {
    std::string const one = "--frames " + std::to_string(n);
    expectConverts(structures, folder / "b.data", one);
    expectConverts(folder / "b.data", folder / "c.xyz");
    auto const read = readStructures(folder / "c.xyz");
    ASSERT_EQ(read.size(), 1U);
    Structure const expected = makeStructures()[static_cast<std::size_t>(n)];
    EXPECT_EQ(read[0].positions, expected.positions);
    EXPECT_EQ(read[0].species, expected.species);
    EXPECT_EQ(read[0].periodic, expected.periodic);
  }
}

TEST_F(Convert, FramesAndSummary) {
  Outcome const outcome = convert(structures, folder / "b.xyz", "--frames -4::2");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "2 frames, 6 atoms: " + (folder / "b.xyz") + "\n");
  auto const read = readStructures(folder / "b.xyz");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1].config_type, "number 3");
  EXPECT_EQ(convert(structures, folder / "b.xyz", "--quiet").out, "");
}

TEST_F(Convert, KeysOfLabels) {
  std::string const file = folder.write(
      "k.xyz", "1\nenergy=1 mine=2 Properties=species:S:1:pos:R:3:forces:R:3:g:R:3\nSi 0 0 0 1 1 1 2 2 2\n");
  expectConverts(file, folder / "b.cfg", "--energy-key mine --force-key g");
  Structure const s = readStructures(folder / "b.cfg").at(0);
  EXPECT_EQ(s.energy, 2);
  EXPECT_EQ(s.forces.at(0), (Vector3{2, 2, 2}));
  expectFailure("convert " + quoted(file) + " " + quoted(folder / "c.cfg") + " --energy-key none", "--energy-key none");
}

TEST_F(Convert, EvaluatesAllKindsOfFiles) {
  MtpModel m = makeMtpTemplate({.level = 4, .species = {8, 14}, .min_dist = 1, .max_dist = 4});
  setExponentialStart(m, 2);
  m.species_coeffs = {-1, -2};
  m.moment_coeffs.assign(m.alpha_moment_mapping.size(), 0.1);
  writeMtp(m, folder / "p.mtp");
  auto const energies = [&](std::string const& file, std::string const& options = "") {
    Outcome const outcome = run("eval " + quoted(folder / "p.mtp") + " " + quoted(file) + " --json " +
                                quoted(folder / "r.json") + " " + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    std::vector<double> result;
    json const report = json::parse(contentOf(folder / "r.json"));
    for (auto const& frame : report["frames"]) result.push_back(frame["energy"]);
    return result;
  };
  constexpr double tolerance = 1e-11;  // sums of a few hundred pairs of some eV by atomics in any order
  auto const expected = energies(structures, "-o " + quoted(folder / "out.cfg"));
  ASSERT_EQ(expected.size(), 5U);
  auto const evaluated = readStructures(folder / "out.cfg");
  ASSERT_EQ(evaluated.size(), 5U);
  EXPECT_EQ(evaluated[0].species, (std::vector<std::int32_t>{-2, -1, -2}));
  EXPECT_NEAR(evaluated[0].energy.value(), expected[0], tolerance);
  EXPECT_TRUE(evaluated[0].virial.has_value());
  EXPECT_FALSE(evaluated[1].virial.has_value());
  EXPECT_NE(contentOf(folder / "out.cfg").find("Feature   ref_energy\t-5\n"), std::string::npos);
  EXPECT_NE(contentOf(folder / "out.cfg").find(" site_en\n"), std::string::npos);
  auto const again = energies(folder / "out.cfg", "--species O,Si");
  for (std::size_t n = 0; n < 5; ++n) {
    EXPECT_NEAR(again[n], expected[n], tolerance);
    expectConverts(structures, folder / "one.lmp", "--species Si,O --frames " + std::to_string(n));
    EXPECT_NEAR(energies(folder / "one.lmp").at(0), expected[n], tolerance);
  }
  std::string const dump = folder.write(
      "a.dump",
      "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n3\nITEM: BOX BOUNDS xy xz yz pp pp pp\n0 22.4 0.3\n0 5.1 17.1\n0 "
      "5.2 0\nITEM: ATOMS id type x y z\n3 1 0.1 2.5 2.3\n1 1 0 0 0\n2 2 2.4 0.2 0\n");
  EXPECT_NEAR(energies(dump, "--species Si,O").at(0), expected[0], tolerance);
}

TEST_F(Convert, InterruptLeavesNothing) {
  std::string const pipe = folder / "pipe.xyz";
  expectInterruptible({"convert", pipe, folder / "b.cfg", "--species", "Si,O"}, pipe, contentOf(structures));
}

TEST_F(Convert, FullDiskLeavesNothing) {
  Structure large;
  for (int n = 0; n < 100; ++n) large.positions.push_back({2.0 * n, 0, 0});
  large.species.assign(large.size(), 14);
  write({large}, structures);
  // No file may grow beyond 512 bytes; the signal is ignored so that writing fails as on a full disk.
  for (auto const* const name : {"b.xyz", "b.cfg", "b.data"})
    expectFailure("convert " + quoted(structures) + " " + quoted(folder / name), "cannot write", 1,
                  "trap '' XFSZ; ulimit -f 1; ");
}

TEST_F(Convert, WrongUseIsRefused) {
  std::string const in = "convert " + quoted(structures) + " ", cfg = quoted(folder / "b.cfg");
  expectFailure(in + quoted(folder / "b.poscar"), "expected .extxyz, .xyz, .cfg");
  expectFailure(in + quoted(folder / "b.dump"), "found the extension '.dump'");
  expectFailure(in + quoted(folder / "b.cfg.gz"), "found the extension '.gz'");
  expectFailure(in + cfg, "a.extxyz: frame 0: CfgWriter::write: found 2 elements");
  expectFailure(in + cfg + " --species Si", "found O, expected an order of species");
  expectFailure(in + cfg + " --species Si,Q", "found 'Q'");
  expectFailure(in + quoted(folder / "b.data"), "frame 1: LammpsDataWriter::write: found a second frame");
  expectFailure(in + quoted(folder / "b.xyz") + " --frames 7:", "found no frames in --frames 7:");
  expectFailure(in + quoted(structures), "another input or output");
  expectFailure(in + quoted(folder / "no") + "/b.cfg", "no folder");
  expectFailure("convert " + quoted(folder / "none.cfg") + " " + cfg, "none.cfg: found nothing to read");
  std::string const bad =
      folder.write("bad.data", "t\n\n1 atoms\n1 atom types\n0 1 xlo xhi\n0 1 ylo yhi\n0 x zlo zhi\n");
  expectFailure("convert " + quoted(bad) + " " + cfg, "bad.data:7: found 'x', expected a number");
}

}  // namespace
}  // namespace sinter
