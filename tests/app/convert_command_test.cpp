// `sinter convert`, and `sinter eval` on the files it makes.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
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
  expectConverts(structures, folder / "a.h5");
  auto const from_database = energies(folder / "a.h5");
  ASSERT_EQ(from_database.size(), 5U);
  for (std::size_t n = 0; n < 5; ++n) EXPECT_NEAR(from_database[n], expected[n], tolerance);
  std::string const dump = folder.write(
      "a.dump",
      "ITEM: TIMESTEP\n0\nITEM: NUMBER OF ATOMS\n3\nITEM: BOX BOUNDS xy xz yz pp pp pp\n0 22.4 0.3\n0 5.1 17.1\n0 "
      "5.2 0\nITEM: ATOMS id type x y z\n3 1 0.1 2.5 2.3\n1 1 0 0 0\n2 2 2.4 0.2 0\n");
  EXPECT_NEAR(energies(dump, "--species Si,O").at(0), expected[0], tolerance);
}

TEST_F(Convert, FitsFromADatabaseAsFromText) {
  expectConverts(structures, folder / "a.h5");
  auto const model = [&](std::string const& file) {
    std::string const settings = folder.write(
        "fit.toml", "[model]\nlevel = 4\nspecies = [\"Si\", \"O\"]\nmin_dist = 1\nmax_dist = 4\n[data]\ntrain = [\"" +
                        file + "\"]\n[solver]\nmethod = \"linear\"\n[output]\ndir = \"" + (folder / "out") + "\"\n");
    Outcome const outcome = run("fit " + quoted(settings) + " --quiet");
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return contentOf(folder / "out/model.mtp");
  };
  std::string const from_text = model(structures);
  EXPECT_NE(from_text.find("moment_coeffs"), std::string::npos);
  EXPECT_EQ(model(folder / "a.h5"), from_text);
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
  for (auto const* const name : {"b.xyz", "b.cfg", "b.data", "b.h5"})
    expectFailure("convert " + quoted(structures) + " " + quoted(folder / name), "cannot write", 1,
                  "trap '' XFSZ; ulimit -f 1; ");
}

TEST_F(Convert, FullDiskLeavesTheOldDatabase) {
  write(std::vector<Structure>(300, makeStructures()[0]), structures);
  std::string const database = folder / "b.h5";
  expectConverts(structures, database, "--frames 0:10");
  std::string const before = contentOf(database);
  auto const blocks = std::to_string(before.size() / 512 + 1);
  // No room for the copy of the old file, and none for what is added to it.
  for (std::string const& limit : {std::string("1"), blocks})
    expectFailure("convert " + quoted(structures) + " " + quoted(database) + " --append", "cannot write", 1,
                  "trap '' XFSZ; ulimit -f " + limit + "; ");
  EXPECT_TRUE(contentOf(database) == before);
  expectConverts(structures, database, "--append");
  EXPECT_EQ(readStructures(database).size(), 310U);
}

TEST_F(Convert, InterruptLeavesTheOldDatabase) {
  std::string const pipe = folder / "pipe.xyz", database = folder / "b.h5";
  expectInterruptible({"convert", pipe, database}, pipe, contentOf(structures));
  expectConverts(structures, database);
  std::string const before = contentOf(database);
  expectInterruptible({"convert", pipe, database, "--append"}, pipe, contentOf(structures));
  EXPECT_TRUE(contentOf(database) == before);
}

TEST_F(Convert, DatabaseThereAndBackIsTheSameFile) {
  expectConverts(structures, folder / "b.h5");
  expectConverts(folder / "b.h5", folder / "c.xyz");
  EXPECT_EQ(contentOf(folder / "c.xyz"), contentOf(structures));
  expectConverts(structures, folder / "b.cfg", "--species O,Si");
  expectConverts(folder / "b.cfg", folder / "b.h5");
  expectConverts(folder / "b.h5", folder / "c.cfg");
  EXPECT_EQ(contentOf(folder / "c.cfg"), contentOf(folder / "b.cfg"));
  std::string const dump = folder.write(
      "a.dump",
      "ITEM: TIMESTEP\n70\nITEM: NUMBER OF ATOMS\n1\nITEM: BOX BOUNDS pp pp ff\n0 2.5\n0.1 2.6\n-1 1.5\nITEM: ATOMS id "
      "element x y z fx fy fz\n1 Si 0.1 0.2 0.3 1 2 3\n");
  expectConverts(dump, folder / "b.h5");
  expectConverts(folder / "b.h5", folder / "c.xyz");
  expectConverts(dump, folder / "d.xyz");
  EXPECT_EQ(contentOf(folder / "c.xyz"), contentOf(folder / "d.xyz"));
}

TEST_F(Convert, JoinsAppendsAndChooses) {
  std::string const one = folder / "one.h5", two = folder / "two.h5";
  expectConverts(structures, one);
  expectConverts(structures, one, "--append --frames 1:3");
  Outcome const outcome = run("convert " + quoted(structures) + " " + quoted(one) + " " + quoted(two) + " --frames :2");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  auto const types = [](std::string const& file) {
    std::string text;
    for (auto const& frame : readStructures(file)) text += frame.config_type.back();
    return text;
  };
  EXPECT_EQ(types(one), "0123412");
  EXPECT_EQ(types(two), "0101");
  expectConverts(one, two, "--append --frames=-1");
  EXPECT_EQ(types(two), "01012");
}

TEST_F(Convert, DeduplicatesAcrossFormatsAndAppends) {
  std::string const database = folder / "b.h5";
  // The same structures from a .cfg file, in another image of the cell, and one that is a little different.
  auto frames = makeStructures();
  for (auto& s : frames)
    for (std::size_t d = 0; d < 3; ++d)
      for (std::size_t x = 0; x < 3; ++x) s.positions[1][x] += s.periodic[d] ? 2 * s.cell[d][x] : 0;
  frames[1].energy = 7;
  frames[3].positions[2][0] += 1e-4;
  write(frames, folder / "images.xyz");
  expectConverts(structures, folder / "b.cfg", "--species O,Si");
  Outcome const outcome = run("convert " + quoted(structures) + " " + quoted(folder / "b.cfg") + " " +
                              quoted(folder / "images.xyz") + " " + quoted(database) + " --species O,Si --deduplicate");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "6 frames, 18 atoms: " + database +
                             "\n9 duplicates left out, 1 of them with another energy than the first\n");
  EXPECT_EQ(
      convert(structures, database, "--append --deduplicate").out,
      "0 frames, 0 atoms: " + database + "\n5 duplicates left out, 0 of them with another energy than the first\n");
  EXPECT_EQ(readStructures(database).size(), 6U);
}

TEST_F(Convert, SplitsByTrajectory) {
  std::vector<Structure> frames;
  for (int n = 0; n < 200; ++n) {
    frames.push_back(makeStructures()[0]);
    frames.back().energy = n;
    frames.back().features = {{"trajectory", "run" + std::to_string(n % 20)}};
  }
  write(frames, structures);
  std::string const split = "--split train=0.8,test=0.2";
  EXPECT_EQ(convert(structures, folder / "b.h5", split).code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder / "b.h5"));
  auto const energies = [](std::string const& file) {
    std::vector<double> result;
    for (auto const& frame : readStructures(file)) result.push_back(frame.energy.value());
    return result;
  };
  auto const train = energies(folder / "b-train.h5"), test = energies(folder / "b-test.h5");
  EXPECT_EQ(train.size(), 160U);
  EXPECT_EQ(test.size(), 40U);
  std::vector<bool> in_test(20);
  for (double const e : test) in_test[static_cast<std::size_t>(e) % 20] = true;
  for (double const e : train) EXPECT_FALSE(in_test[static_cast<std::size_t>(e) % 20]);
  // From a database, in another order of frames, the same parts; another seed, others.
  std::reverse(frames.begin(), frames.end());
  write(frames, structures);
  expectConverts(structures, folder / "all.h5");
  EXPECT_EQ(convert(folder / "all.h5", folder / "c.xyz", split).code, 0);
  EXPECT_EQ(convert(structures, folder / "d.xyz", split + " --seed 2").code, 0);
  auto sorted = energies(folder / "c-test.xyz");
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, test);
  sorted = energies(folder / "d-test.xyz");
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NE(sorted, test);
  // Whole files, kinds or single frames instead of trajectories.
  std::string const in = "convert " + quoted(structures) + " " + quoted(folder / "e.xyz") + " " + split;
  expectFailure(in + " --by source", "found 1 groups of frames for 2 parts");
  expectFailure(in + " --by config_type", "found 1 groups of frames for 2 parts");
  EXPECT_EQ(run(in + " --by frame").code, 0);
  EXPECT_EQ(energies(folder / "e-test.xyz").size(), 40U);
}

TEST_F(Convert, FurtherLabelsAndTheirTeacher) {
  std::string const file = folder.write(
      "k.xyz",
      "1\nenergy=1 dft_energy=2 dft_virial=\"1 2 3 4 5 6\" Properties=species:S:1:pos:R:3:forces:R:3:dft_force:R:3\n"
      "Si 0 0 0 1 1 1 2 2 2\n1\nenergy=5 Properties=species:S:1:pos:R:3\nSi 0 0 0\n");
  std::string const teacher = folder.write("teacher.mtp", "abc");
  std::string const database = folder / "k.h5", labels = " --labels dft=dft_energy,dft_force,";
  expectConverts(file, database, "--energy-key energy --teacher " + quoted(teacher) + labels);
  Structure s = readStructures(database).at(0);
  EXPECT_EQ(s.energy, 1);
  s = readStructures(database, {.energy = "dft/energy", .force = "dft/force", .virial = "dft/virial"}).at(0);
  EXPECT_EQ(s.energy, 2);
  EXPECT_EQ(s.forces.at(0), (Vector3{2, 2, 2}));
  EXPECT_FALSE(s.virial);
  // They stay in further databases, and come out by their keys.
  expectConverts(database, folder / "l.h5");
  expectConverts(folder / "l.h5", folder / "l.xyz", "--energy-key dft/energy");
  auto const frames = readStructures(folder / "l.xyz");
  EXPECT_EQ(frames.at(0).energy, 2);
  EXPECT_EQ(frames.at(1).energy, std::nullopt);
  std::string const info = run("info " + quoted(folder / "l.h5")).out;
  for (std::string const line :
       {"teacher                teacher.mtp\n",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",  // of "abc", FIPS 180-4
        "frames                 2\n", "labels                 energy 2, forces 1, virial 1 frames\n",
        "labels dft             energy 1, forces 1, virial 0 frames\n", "k.xyz 2 frames\n",
        "trajectories           1\n"})
    EXPECT_NE(info.find(line), std::string::npos) << info << "lacks " << line;
  EXPECT_NE(info.find(" --teacher "), std::string::npos) << info;
  std::string const in = "convert " + quoted(file) + " " + quoted(database);
  expectFailure(in + " --append --teacher " + quoted(structures), "found labels of the teacher 'teacher.mtp'");
  expectFailure(in + " --labels dft=a,b", "--labels: found 'dft=a,b', expected NAME=ENERGY,FORCE,VIRIAL");
  expectFailure(in + " --labels dft=none,,", "found no frame with --labels dft none");
  expectFailure(in + " --labels d/t=dft_energy,,", "found the name 'd/t' of labels");
  expectFailure("info " + quoted(folder / "none.h5"), "found nothing to read");
  expectFailure("convert " + quoted(database) + " " + quoted(folder / "m.xyz") + " --energy-key pbe/energy",
                "found no labels 'pbe/energy', expected energy or dft/energy");
}

TEST_F(Convert, MemoryDoesNotGrowWithTheDatabase) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer keeps freed memory";
#endif
  // Up to 10^6 atoms in frames of 1000. (The peak of a process counts what its parent had when it was started: nothing
  // large is kept here.)
  Structure s;
  s.cell = {{{50, 0, 0}, {0, 50, 0}, {0, 0, 50}}};
  s.periodic.fill(true);
  for (int i = 0; i < 1000; ++i) s.positions.push_back({5. * (i % 10), 5. * (i / 10 % 10), 0.05 * i});
  s.species.assign(1000, 14);
  s.forces.assign(1000, {0.1, 0.2, 0.3});
  s.energy = -1;
  auto const peakKilobytes = [&](std::vector<std::string> const& words) {
    ::pid_t const child = start(words);
    int status = 0;
    rusage usage{};
    EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << contentOf(folder / "stderr");
    return usage.ru_maxrss;
  };
  auto const peaksWith = [&](std::size_t frames) {
    std::string const name = folder / std::to_string(frames);
    ExtxyzWriter writer(name + ".xyz");
    for (std::size_t n = 0; n < frames; ++n) writer.write(s);
    writer.close();
    return std::array{peakKilobytes({"convert", name + ".xyz", name + ".h5", "--quiet"}),
                      peakKilobytes({"convert", name + ".xyz", name + ".h5", "--append", "--quiet"}),
                      peakKilobytes({"convert", name + ".h5", name + ".back.xyz", "--quiet"})};
  };
  auto const few = peaksWith(100), many = peaksWith(1000);
  std::printf("peak memory (MB) with 10^5 and 10^6 atoms: written %.1f %.1f, appended %.1f %.1f, read %.1f %.1f\n",
              few[0] / 1e3, many[0] / 1e3, few[1] / 1e3, many[1] / 1e3, few[2] / 1e3, many[2] / 1e3);
  // Ten times as much data (52 bytes per atom, 47 MB more) in about the same memory.
  for (std::size_t k = 0; k < few.size(); ++k) EXPECT_LT(many[k], few[k] + 6000) << k;
}

TEST_F(Convert, WrongUseIsRefused) {
  std::string const in = "convert " + quoted(structures) + " ", cfg = quoted(folder / "b.cfg");
  expectFailure(in + quoted(folder / "b.poscar"), "expected .extxyz, .xyz, .cfg");
  expectFailure(in + quoted(folder / "b.restart"), "found the extension '.restart', expected .extxyz");
  expectFailure(in + quoted(folder / "b.h5md"), "found other periodic directions");
  expectFailure(in + cfg + " --append", "--append: found the output");
  expectFailure(in + cfg + " --teacher x", "--teacher: found the output");
  expectFailure(in + cfg + " --labels dft=a,b,c", "--labels: found the output");
  expectFailure(in + quoted(folder / "b.h5") + " --append --split a=0.5,b=0.5", "--append: found --split");
  expectFailure(in + quoted(folder / "b.h5") + " --split a=0.5,b=0.6",
                "split: found 'a=0.5,b=0.6', expected two or more");
  expectFailure(in + quoted(folder / "b.h5") + " --split a=0.5,b=x", "split: found 'b=x'");
  expectFailure(in + quoted(folder / "b.h5") + " --split a=0.5,a=0.5", "split: found 'a=0.5'");
  expectFailure(in + quoted(folder / "b.h5") + " --split a=1", "split: found 'a=1'");
  expectFailure("convert " + quoted(structures), "FILES: At least 2 required");
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
