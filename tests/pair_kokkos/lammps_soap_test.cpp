// The compute sinter/soap, run by LAMMPS itself: what it gives for atoms and groups of them equals what the library and
// `sinter soap` give for the frames that LAMMPS dumps; bad input stops with a message.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

#include "pair_kokkos/lammps_systems.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_kernel.hpp"
#include "sinter/soap/soap_similarity.hpp"
#include "sinter/soap/soap_sinks.hpp"
#include "sinter/structures/extxyz_writer.hpp"
#include "sinter/structures/reader.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using reference::diamond;
using reference::testModel;

constexpr double tolerance = 1e-12;  // sums of some hundred products that are 1 together, to the fourth power

std::vector<LammpsSetup> const setups = {{false, 1, 1, true, "half"},
                                         {false, 1, 2, false, "half"},
                                         {true, 1, 1, true, "half"},
                                         {true, 2, 1, false, "full"},
                                         {true, 1, 2, false, "half"}};

// What the compute is about: settings, references, and LAMMPS's types.
struct Question {
  SoapSettings settings = soapPreset("paper-2022-scripts", 14);
  std::vector<Structure> references = readStructures(SINTER_SOAP_CRYSTALS);
  double zeta = 4;
  std::vector<std::int32_t> species_of_types = {14};
};

struct Answer {
  std::vector<std::vector<double>> atoms;  // rows, zero of atoms that are not chosen
  std::vector<double> group;
};

Answer answer(Question const& question, Structure const& structure, std::vector<bool> const& chosen) {
  SoapEvaluator<Kokkos::Serial> const soap(question.settings);
  SoapSimilarity<Kokkos::Serial> const similarity(soap.evaluate(question.references, SoapAverage::inner),
                                                  soap.dimension(), question.zeta);
  auto const count = static_cast<std::size_t>(similarity.references());
  auto const rows = similarity.evaluate(soap.evaluate({&structure, 1}));
  Answer result;
  for (std::size_t i = 0; i < structure.size(); ++i)
    result.atoms.emplace_back(chosen[i] ? std::vector(&rows[i * count], &rows[(i + 1) * count])
                                        : std::vector<double>(count, 0.0));

  // The inner average over the chosen atoms, by the definition.
  Kokkos::Serial const space;
  auto const list = buildNeighborList(
      space,
      makeStructureBatch<Kokkos::HostSpace>(
          {&structure, 1}, SpeciesMap(question.settings.species, static_cast<int>(question.settings.species.size()))),
      question.settings.cutoff);
  SoapRows<Kokkos::HostSpace, double> const all(soap.plan(), list.numCentres()), mean(soap.plan(), 1);
  evaluateSoap<SoapOutputs::coefficients>(space, soap.plan(), list, SoapRowsSink<Kokkos::Serial, double>{all});
  auto const selected = static_cast<double>(std::count(chosen.begin(), chosen.end(), true));
  for (std::size_t k = 0; k < all.coefficients.extent(1); ++k) {
    double sum = 0;
    for (std::size_t i = 0; i < structure.size(); ++i) sum += chosen[i] ? all.coefficients(i, k) : 0;
    mean.coefficients(0, k) = sum / selected;
  }
  evaluateSpectra(space, soap.plan(), mean, 1);
  result.group = similarity.evaluate({mean.spectra.data(), mean.spectra.size()});
  return result;
}

// Frames of a dump with columns id type x y z c_s[1] ...
std::vector<Structure> framesOf(std::string const& dump, std::vector<std::int32_t> const& species_of_types) {
  auto frames = readStructures(dump);
  for (auto& frame : frames) nameTypes(frame, species_of_types, dump);
  return frames;
}

// The one frame of a dump, and the line "group ..." of number `point` that the run printed.
void expectEqual(LammpsRun const& run, std::string const& dump, Question const& question, std::size_t point = 0,
                 int last_chosen = std::numeric_limits<int>::max()) {
  if (run.exit_code != 0) return;
  auto const structures = framesOf(dump, question.species_of_types);
  auto const found = readDump(dump);
  ASSERT_EQ(structures.size(), 1U);
  ASSERT_EQ(found.size(), 1U);
  std::vector<bool> chosen;
  for (auto const& row : found[0]) chosen.push_back(row[0] <= last_chosen);
  auto const expected = answer(question, structures[0], chosen);
  std::size_t const columns = expected.group.size();
  auto const group = run.lines("group").at(point);
  ASSERT_EQ(group.size(), columns);
  for (std::size_t r = 0; r < columns; ++r) EXPECT_NEAR(group[r], expected.group[r], tolerance) << r;
  double worst = 0;
  for (std::size_t i = 0; i < found[0].size(); ++i) {
    ASSERT_EQ(found[0][i].size(), 5 + columns);
    for (std::size_t r = 0; r < columns; ++r)
      worst = std::fmax(worst, std::abs(found[0][i][5 + r] - expected.atoms[i][r]));
  }
  EXPECT_LE(worst, tolerance);
}

// Prints the global vector of compute s as "group ...", which has so many numbers.
std::string printGroup(int references) {
  std::string line = "print \"group";
  for (int r = 1; r <= references; ++r) line += " $(c_s[" + std::to_string(r) + "]:%.17g)";
  return line + "\"\n";
}

std::string staticSimilarities(int references, std::string const& dump = "atoms.dump") {
  return "dump d all custom 1 " + dump + " id type x y z c_s" + std::string(references > 1 ? "[*]" : "") +
         "\ndump_modify d sort id format float %23.17g\nthermo_style custom step c_s[1]\nrun 0 post no\n" +
         printGroup(references);
}

// ---- 8000 atoms

TEST(LammpsSoapTest, EqualsLibrary) {
  TemporaryFolder const folder;
  writeMtp(testModel(8), folder / "test.mtp");
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    auto const run = runLammpsWell(folder,
                                   std::string(R"in(
lattice diamond 5.43
region box block 0 10 0 10 0 10
create_box 1 box
create_atoms 1 box
mass 1 28.0855
displace_atoms all random 0.2 0.2 0.2 4711
pair_style mtp test.mtp
pair_coeff * * Si
compute s all sinter/soap )in") + SINTER_SOAP_CRYSTALS +
                                       "\n" + staticSimilarities(4),
                                   setup);
    EXPECT_NE(run.output.find("compute s sinter/soap: similarities to 1 sh 2 dia 3 bSn 4 hcp\n"), std::string::npos);
    expectEqual(run, folder / "atoms.dump", {});
  }
}

#if defined(SINTER_COMMAND)
TEST(LammpsSoapTest, EqualsTheCommand) {
  TemporaryFolder const folder;
  writeLammpsData(folder, "data", diamond(3, 5.43, 0.2), std::vector<int>(216, 1), 1);
  auto const run = runLammpsWell(folder,
                                 std::string("read_data data\npair_style zero 5.0\npair_coeff * *\n") +
                                     "compute s all sinter/soap " + SINTER_SOAP_CRYSTALS +
                                     " preset paper-2022 zeta 2\n" + staticSimilarities(4),
                                 setups[3]);
  for (std::string const average : {"none", "inner"}) {
    std::string const command = std::string(SINTER_COMMAND) + " soap " + folder / "atoms.dump" +
                                " --species Si --preset paper-2022 --zeta 2 --average " + average + " --similarity " +
                                SINTER_SOAP_CRYSTALS + " --quiet -o " + folder / (average + ".extxyz");
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }
  auto const found = readDump(folder / "atoms.dump").at(0);
  std::istringstream lines(contentOf(folder / "none.extxyz"));
  std::string line;
  std::getline(lines, line);
  std::getline(lines, line);
  for (auto const& row : found) {
    std::getline(lines, line);
    auto const expected = numbersIn(line.substr(line.find(' ')));  // behind the species
    ASSERT_EQ(expected.size(), 3U + 4U);
    for (int r = 0; r < 4; ++r) ASSERT_NEAR(row.at(5 + r), expected[3 + r], tolerance);
  }
  auto const frame = readStructures(folder / "inner.extxyz").at(0);
  int keys = 0;
  for (auto const& [key, value] : frame.features)
    for (int r = 0; r < 4; ++r)
      if (key == "soap_similarity_" + std::vector<std::string>{"sh", "dia", "bSn", "hcp"}[r]) {
        EXPECT_NEAR(run.line("group").at(r), std::stod(value), tolerance);
        ++keys;
      }
  EXPECT_EQ(keys, 4);
}
#endif

// ---- groups, species, boxes, ranges of neighbours

// One crystal as a reference of all kinds of settings: a vector instead of an array.
TEST(LammpsSoapTest, GroupsAndOneReference) {
  TemporaryFolder const folder;
  Question question;
  question.references.resize(2);
  question.references.erase(question.references.begin());
  question.settings.n_max = 6;
  question.settings.l_max = 4;
  question.settings.cutoff = 4;
  question.settings.cutoff_width = 0.5;
  question.settings.sigma = 0.4;
  question.zeta = 2.5;
  ExtxyzWriter writer(folder / "dia.extxyz");
  writer.write(question.references[0]);
  writer.close();
  writeLammpsData(folder, "data", diamond(3, 5.43, 0.3), std::vector<int>(216, 1), 1);
  writeMtp(testModel(6), folder / "test.mtp");  // its list reaches further
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    auto const run = runLammpsWell(
        folder,
        "read_data data\npair_style mtp test.mtp\npair_coeff * * Si\ngroup some id <= 77\n"
        "compute s some sinter/soap dia.extxyz n_max 6 l_max 4 cutoff 4 cutoff_width 0.5 sigma 0.4 zeta 2.5\n" +
            staticSimilarities(1),
        setup);
    expectEqual(run, folder / "atoms.dump", question, 0, 77);
  }
}

TEST(LammpsSoapTest, NobodyInTheGroup) {
  TemporaryFolder const folder;
  writeLammpsData(folder, "data", diamond(2, 5.43, 0.3), std::vector<int>(64, 1), 1);
  for (auto const& setup : {setups[0], setups[4]}) {
    auto const run = runLammpsWell(folder,
                                   "read_data data\npair_style zero 5.0\npair_coeff * *\ngroup some id 1000\n" +
                                       std::string("compute s some sinter/soap ") + SINTER_SOAP_CRYSTALS + "\n" +
                                       staticSimilarities(4),
                                   setup);
    if (run.exit_code != 0) continue;
    EXPECT_EQ(run.line("group"), std::vector<double>(4, 0.0));
    auto const frames = readDump(folder / "atoms.dump");
    for (auto const& row : frames.at(0)) EXPECT_EQ(row.at(8), 0) << setup.name();
  }
}

// LAMMPS's types are in another order than species by atomic number, and two of them are the same.
TEST(LammpsSoapTest, SpeciesInTriclinicBoxes) {
  TemporaryFolder const folder;
  Question question;
  question.settings.species = {8, 14};
  question.settings.n_max = 5;
  question.settings.l_max = 3;
  question.species_of_types = {14, 8, 14};
  question.references = {diamond(1, 4.9, 0.1, {14, 8}), diamond(1, 5.4, 0)};
  question.references[0].config_type = "oxide";
  question.references[1].config_type = "crystal";
  ExtxyzWriter writer(folder / "references.extxyz");
  for (auto const& reference : question.references) writer.write(reference);
  writer.close();
  struct Box {
    Matrix3 cell;
    std::array<bool, 3> periodic;
    std::string boundary;
  };
  std::vector<std::string> points;
  for (auto const& [cell, periodic, boundary] :
       std::vector<Box>{{{{{13, 0, 0}, {4, 11, 0}, {-3, 2, 12}}}, {true, true, true}, "p p p"},
                        {{{{5, 0, 0}, {1, 4.5, 0}, {0.5, -2, 5.2}}}, {true, true, true}, "p p p"},  // ghosts of ghosts
                        {{{{12, 0, 0}, {-3, 12, 0}, {0, 0, 14}}}, {true, true, false}, "p p f"}}) {
    auto const structure =
        reference::randomStructure(static_cast<int>(determinant(cell) / 25), cell, periodic, 1.8, {8, 14});
    std::vector<int> types;
    for (std::size_t i = 0; i < structure.size(); ++i)
      types.push_back(structure.species[i] == 8 ? 2 : i % 4 < 2 ? 1 : 3);
    std::string const data = "data" + std::to_string(points.size());
    writeLammpsData(folder, data, structure, types, 3);
    // Without and with a pair style that reaches as far.
    for (std::string const pair : {"comm_modify cutoff 6.5\n", "pair_style zero 6.0\npair_coeff * *\n"})
      points.push_back("boundary " + boundary + "\nread_data " + data + "\nneighbor 1.0 bin\n" + pair +
                       "compute s all sinter/soap references.extxyz species Si O Si n_max 5 l_max 3\n");
  }
  auto const dumpOf = [](std::size_t point) { return std::to_string(point) + ".dump"; };
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    std::string input;
    for (std::size_t p = 0; p < points.size(); ++p)
      input += (p > 0 ? "clear\n" + setup.begin() : "") + points[p] + staticSimilarities(2, dumpOf(p));
    auto const run = runLammpsWell(folder, input, setup);
    for (std::size_t p = 0; p < points.size(); ++p) {
      SCOPED_TRACE(points[p]);
      expectEqual(run, folder / dumpOf(p), question, p);
    }
  }
}

// Atoms of a NULL type are nobody's neighbours.
TEST(LammpsSoapTest, NullTypesAreNotThere) {
  TemporaryFolder const folder;
  auto const structure = diamond(3, 5.43, 0.2);
  std::vector<int> types;
  Structure left = structure;
  left.positions.clear();
  left.species.clear();
  for (std::size_t i = 0; i < structure.size(); ++i) {
    types.push_back(i % 5 == 0 ? 1 : 2);
    if (i % 5 == 0) continue;
    left.positions.push_back(structure.positions[i]);
    left.species.push_back(14);
  }
  writeLammpsData(folder, "data", structure, types, 2);
  auto const expected = answer({}, left, std::vector<bool>(left.size(), true));
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    auto const run = runLammpsWell(folder,
                                   "read_data data\npair_style zero 5.0\npair_coeff * *\ncompute s all sinter/soap " +
                                       std::string(SINTER_SOAP_CRYSTALS) + " species NULL Si\n" + staticSimilarities(4),
                                   setup);
    if (run.exit_code != 0) continue;
    for (int r = 0; r < 4; ++r) EXPECT_NEAR(run.line("group").at(r), expected.group[r], tolerance);
    auto const rows = readDump(folder / "atoms.dump").at(0);
    std::size_t next = 0;
    for (auto const& row : rows) {
      auto const similarities = row[1] == 1 ? std::vector<double>(4, 0.0) : expected.atoms.at(next++);
      for (int r = 0; r < 4; ++r) EXPECT_NEAR(row.at(5 + r), similarities[r], tolerance);
    }
    EXPECT_EQ(next, left.size());
  }
}

// ---- dynamics

// Printed by thermo and dumped, on the same and on other steps, at and between builds of LAMMPS's list.
TEST(LammpsSoapTest, Dynamics) {
  TemporaryFolder const folder;
  writeSystem(folder, solidModel(), diamond(3, 5.43, 0));
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    auto const run = runLammpsWell(
        folder,
        "read_data data\nneighbor 0.5 bin\nneigh_modify every 1 delay 0 check yes\npair_style mtp test.mtp\n"
        "pair_coeff * * Si\ncompute s all sinter/soap " +
            std::string(SINTER_SOAP_CRYSTALS) + R"in(
velocity all create 6000 8613 mom yes rot no dist gaussian loop geom
timestep 0.001
fix move all nve
dump x all custom 6 positions.dump id type x y z
dump d all custom 12 atoms.dump id c_s[*]
dump_modify x sort id format float %23.17g
dump_modify d sort id format float %23.17g
thermo 6
thermo_style custom step c_s[1] c_s[2] c_s[3] c_s[4]
thermo_modify format float %.17g
run 60
)in",
        setup);
    if (run.exit_code != 0) continue;
    auto const frames = framesOf(folder / "positions.dump", {14});
    auto const atoms = readDump(folder / "atoms.dump");
    auto const begin = run.output.find("Step "), table = run.output.find('\n', begin) + 1;
    auto const thermo = numbersIn(run.output.substr(table, run.output.find("Loop time") - table));
    ASSERT_EQ(frames.size(), 11U);
    ASSERT_EQ(atoms.size(), 6U);
    ASSERT_EQ(thermo.size(), 11U * 5);
    for (std::size_t f = 0; f < frames.size(); ++f) {
      auto const expected = answer({}, frames[f], std::vector<bool>(frames[f].size(), true));
      for (int r = 0; r < 4; ++r) EXPECT_NEAR(thermo[5 * f + 1 + r], expected.group[r], tolerance) << f;
      if (f % 2 != 0) continue;
      for (std::size_t i = 0; i < expected.atoms.size(); ++i)
        for (int r = 0; r < 4; ++r) ASSERT_NEAR(atoms[f / 2][i].at(1 + r), expected.atoms[i][r], tolerance) << f;
    }
    auto const builds = run.output.find("Neighbor list builds = ");
    ASSERT_NE(builds, std::string::npos);
    EXPECT_GE(std::stoi(run.output.substr(builds + 23)), 2) << "nothing moved";
  }
}

// Two atoms first part and then come closer than the cutoff, while LAMMPS sees no reason for a new list of its own. The
// first step is none of the dump's, so that the first list is that of atoms farther apart than it reaches.
TEST(LammpsSoapTest, AtomsComeCloserWithoutANewList) {
  TemporaryFolder const folder;
  auto const pairAt = [](double distance) {
    Structure structure;
    structure.cell = {{{30, 0, 0}, {0, 30, 0}, {0, 0, 30}}};
    structure.positions = {{15 - distance / 2, 15, 15}, {15 + distance / 2, 15, 15}};
    structure.species = {14, 14};
    return structure;
  };
  writeLammpsData(folder, "data", pairAt(6), {1, 1}, 1);
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    auto const run = runLammpsWell(folder,
                                   std::string(R"in(
read_data data
neighbor 2.0 bin
neigh_modify every 1 delay 0 check yes
pair_style zero 5.0
pair_coeff * *
group left id 1
group right id 2
compute s all sinter/soap )in") + SINTER_SOAP_CRYSTALS +
                                       R"in(
reset_timestep 5
fix l left move wiggle -0.8 0 0 2.0
fix r right move wiggle 0.8 0 0 2.0
timestep 0.1
dump d all custom 10 atoms.dump id c_s[*]
dump_modify d sort id format float %23.17g
run 25
)in",
                                   setup);
    if (run.exit_code != 0) continue;
    EXPECT_NE(run.output.find("Neighbor list builds = 0"), std::string::npos) << run.output;
    auto const found = readDump(folder / "atoms.dump");
    ASSERT_EQ(found.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
      double const distance = std::vector{7.6, 4.4, 7.6}[k];
      auto const expected = answer({}, pairAt(distance), {true, true});
      for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t r = 0; r < 4; ++r)
          EXPECT_NEAR(found[k][i].at(1 + r), expected.atoms[i][r], tolerance) << distance;
    }
    EXPECT_GT(std::abs(found[1][0].at(2) - found[0][0].at(2)), 1e-4);
  }
}

// ---- bad input

TEST(LammpsSoapTest, BadInputStopsWithAMessage) {
  TemporaryFolder const folder;
  writeLammpsData(folder, "data", diamond(2, 5.43, 0.1), std::vector<int>(64, 1), 1);
  (void)folder.write("empty.extxyz", "");
  std::string const atom = "1\nLattice=\"3 0 0 0 3 0 0 0 3\" Properties=species:S:1:pos:R:3";
  (void)folder.write("unnamed.extxyz", atom + "\nSi 0 0 0\n");
  (void)folder.write("two.extxyz", atom + " name=a\nSi 0 0 0\n" + atom + " name=b\nO 0 0 0\n");
  std::string const start = "read_data data\npair_style zero 5.0\npair_coeff * *\n", crystals = SINTER_SOAP_CRYSTALS,
                    ok = start + "compute s all sinter/soap " + crystals;
  struct Bad {
    std::string input, expected;
  };
  for (auto const& [input, expected] : std::vector<Bad>{
           {start + "compute s all sinter/soap\n", "expected the name of a file of reference crystals"},
           {start + "compute s all sinter/soap none.extxyz\n", "compute sinter/soap: none.extxyz: "},
           {start + "compute s all sinter/soap empty.extxyz\n",
            "compute sinter/soap: empty.extxyz: found no frames, expected at least one"},
           {start + "compute s all sinter/soap unnamed.extxyz\n",
            "unnamed.extxyz: frame 0: found neither name nor config_type, expected one of them"},
           {start + "compute s all sinter/soap two.extxyz\n",
            "found several species in two.extxyz (O,Si), expected species and one of them, or NULL, per atom type"},
           {ok + " species Ge\n", "found species Ge, expected those of " + crystals + ": Si"},
           {ok + " species\n", "found 0 words behind species, expected 1"},
           {ok + " cuttoff 4\n", "found keyword 'cuttoff', expected preset, convention, n_max"},
           {ok + " cutoff\n", "found 0 words behind cutoff, expected 1"},
           {ok + " cutoff long\n", "Expected floating point parameter instead of 'long'"},
           {ok + " n_max 100\n", "SOAP: found n_max = 100, expected 1 to 32"},
           {ok + " zeta 0\n", "SOAP: found zeta = 0.000000, expected a positive number"},
           {ok + " preset paper\n", "found SOAP preset 'paper', expected paper-2022 or paper-2022-scripts"},
           {ok + " convention rascal\n", "found convention rascal, expected quip, whose vectors have length 1"},
           {ok + " cutoff 5.5\nrun 0\n",
            "found ghost atoms up to 7 A, expected 7.5 (cutoff and skin): comm_modify cutoff 7.5"},
           {"neighbor 2.0 multi\n" + ok + "\ncomm_modify mode multi\nrun 0\n",
            "found comm_modify mode multi, expected single"},
           {"compute s all sinter/soap " + crystals + "\n", "expected a simulation box before it"},
           {"units lj\n" + start + "compute s all sinter/soap " + crystals + "\n",
            "found units lj, expected metal or real (Angstrom)"},
       }) {
    for (auto const& setup : {setups[0], setups[3]}) {
      if (setup.kokkos && input.find("run 0") == std::string::npos) continue;  // both styles read it with one code
      SCOPED_TRACE(input + setup.name());
      auto const run = runLammps(folder, input, setup);
      EXPECT_NE(run.exit_code, 0);
      EXPECT_LT(run.exit_code, 124) << "a signal or a time-out";
      EXPECT_NE(run.output.find("ERROR"), std::string::npos) << run.output;
      EXPECT_NE(run.output.find(expected), std::string::npos) << run.output;
    }
  }
}

}  // namespace
}  // namespace sinter
