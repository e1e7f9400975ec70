// The LAMMPS plugin, run by LAMMPS itself: what the pair styles give equals what the library gives, in every way LAMMPS
// can be set up; bad input stops with a message; energy is conserved.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "mtp_reference.hpp"
#include "neighbor_reference.hpp"
#include "pair_kokkos/lammps_run.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::diamond;
using reference::testModel;
using test::LammpsRun;
using test::LammpsSetup;
using test::readDump;
using test::runLammps;
using test::runLammpsWell;
using test::TemporaryFolder;
using test::writeLammpsData;

// LAMMPS's bar per eV/A^3 in units metal (force->nktv2p).
constexpr double bar = 1.6021765e6;

std::filesystem::path const paper_potential =
    std::filesystem::path(SINTER_SHARED_DATA) / "si_mtp_paper" / "PQ1k-1_g18_rand_u16_fw0.1.mtp";

Evaluation evaluate(MtpModel const& model, Structure const& structure) {
  return MtpEvaluator<Kokkos::DefaultHostExecutionSpace>(model).evaluate({&structure, 1})[0];
}

// All ways to set up LAMMPS that are valid: with `neigh full` LAMMPS itself wants newton off.
std::vector<LammpsSetup> allSetups(std::vector<int> const& rank_counts = {1, 2}) {
  std::vector<LammpsSetup> setups;
  for (int const ranks : rank_counts) {
    for (bool const newton : {true, false}) setups.push_back({false, 1, ranks, newton, "half"});
    for (int const threads : {1, 2}) {
      setups.push_back({true, threads, ranks, true, "half"});
      setups.push_back({true, threads, ranks, false, "full"});
      setups.push_back({true, threads, ranks, false, "half"});
    }
  }
  return setups;
}

// One of each kind, for tests of things that do not depend on numbers of ranks and threads.
std::vector<LammpsSetup> const few_setups = {{false, 1, 1, true, "half"}, {true, 2, 1, false, "full"}};

std::string nameOf(testing::TestParamInfo<LammpsSetup> const& info) { return info.param.name(); }

// Sets up a box of a data file with a potential, LAMMPS's types named `names`.
std::string setUp(std::string const& potential, std::string const& names, std::string const& boundary = "p p p",
                  std::string const& data = "data") {
  return "boundary " + boundary + "\natom_style atomic\nread_data " + data + "\nneighbor 1.0 bin\npair_style mtp " +
         potential + "\npair_coeff * * " + names + "\n";
}

// Prints lines "energy", "virial" (bar, as LAMMPS orders it) and "volume", and writes forces.
std::string staticPoint(std::string const& dump = "forces.dump") {
  return R"in(
compute p all pressure NULL virial
thermo_style custom step pe c_p[1] c_p[2] c_p[3] c_p[4] c_p[5] c_p[6]
run 0 post no
print "energy $(pe:%.17g)"
print "virial $(c_p[1]:%.17g) $(c_p[2]:%.17g) $(c_p[3]:%.17g) $(c_p[4]:%.17g) $(c_p[5]:%.17g) $(c_p[6]:%.17g)"
print "volume $(vol:%.17g)"
write_dump all custom )in" +
         dump + " id fx fy fz modify sort id format float %23.17g\n";
}

// Compares static point number `point` of a run with what the library says.
void expectEqual(LammpsRun const& run, std::string const& dump, Structure const& structure, Evaluation const& expected,
                 std::size_t point = 0) {
  if (run.exit_code != 0) return;
  auto const atoms = static_cast<double>(structure.size());
  // Sums of `atoms` numbers of some eV each, in any order: rounding of about 1e-16 sqrt(atoms) eV per atom.
  EXPECT_NEAR(run.lines("energy").at(point).at(0), expected.energy, 1e-10 * atoms);

  constexpr int lammps_order[6] = {0, 1, 2, 5, 4, 3};  // xx yy zz xy xz yz
  double scale = 0;
  for (double const w : expected.virial) scale = std::max(scale, std::abs(w));
  auto const pressure = run.lines("virial").at(point);
  double const volume = run.lines("volume").at(point).at(0);
  for (int v = 0; v < 6; ++v)
    EXPECT_NEAR(pressure.at(v) * volume / bar, expected.virial[lammps_order[v]], 1e-10 * scale) << "virial " << v;

  auto const frames = readDump(dump);
  ASSERT_EQ(frames.size(), 1U);
  ASSERT_EQ(frames[0].size(), structure.size());
  double worst = 0;
  for (std::size_t i = 0; i < structure.size(); ++i) {
    ASSERT_EQ(frames[0][i].at(0), static_cast<double>(i + 1));
    for (int x = 0; x < 3; ++x) worst = std::fmax(worst, std::abs(frames[0][i].at(x + 1) - expected.forces[i][x]));
  }
  EXPECT_LE(worst, 1e-10);
}

// A structure with LAMMPS's types and what else the input says.
struct Point {
  Structure structure;
  std::vector<int> types;
  std::string boundary = "p p p", more = "";
};

// All points in one run of LAMMPS, with `clear` between them.
void checkPoints(MtpModel const& model, std::string const& names, int type_count, std::vector<Point> const& points,
                 LammpsSetup const& setup) {
  TemporaryFolder const folder;
  writeMtp(model, folder / "test.mtp");
  std::string input;
  for (std::size_t p = 0; p < points.size(); ++p) {
    std::string const data = "data" + std::to_string(p);
    writeLammpsData(folder, data, points[p].structure, points[p].types, type_count);
    if (p > 0) input += "clear\n" + setup.begin();
    input += setUp("test.mtp", names, points[p].boundary, data) + points[p].more + staticPoint(data + ".dump");
  }
  auto const run = runLammpsWell(folder, input, setup);
  for (std::size_t p = 0; p < points.size(); ++p) {
    SCOPED_TRACE("point " + std::to_string(p));
    expectEqual(run, folder / ("data" + std::to_string(p) + ".dump"), points[p].structure,
                evaluate(model, points[p].structure), p);
  }
}

// ---- bulk silicon, every set-up

struct Bulk {
  Structure structure = diamond(10, 5.43, 0.15);  // 8000 atoms
  std::string potential_text;
  Evaluation expected;

  explicit Bulk(MtpModel const& model) : potential_text(formatMtp(model)), expected(evaluate(model, structure)) {}
};

void checkBulk(Bulk const& bulk, LammpsSetup const& setup) {
  TemporaryFolder const folder;
  writeLammpsData(folder, "data", bulk.structure, std::vector<int>(bulk.structure.size(), 1), 1);
  auto const potential = folder.write("test.mtp", bulk.potential_text);
  auto const run = runLammpsWell(folder, setUp(potential, "Si") + staticPoint(), setup);
  expectEqual(run, folder / "forces.dump", bulk.structure, bulk.expected);
}

class LammpsSetupTest : public testing::TestWithParam<LammpsSetup> {};
INSTANTIATE_TEST_SUITE_P(All, LammpsSetupTest, testing::ValuesIn(allSetups()), nameOf);

TEST_P(LammpsSetupTest, BulkEqualsEvaluator) {
  static Bulk const bulk(testModel(12));
  checkBulk(bulk, GetParam());
}

TEST_P(LammpsSetupTest, BulkWithPaperPotentialEqualsEvaluator) {
  if (!std::filesystem::exists(paper_potential)) GTEST_SKIP() << "no " << paper_potential;
  static Bulk const bulk(readMtp(paper_potential.string()));
  checkBulk(bulk, GetParam());
}

// ---- per atom

struct PerAtom {
  std::vector<double> energy;
  std::vector<std::array<double, 6>> virial;           // half of a pair's term to either atom
  std::vector<std::array<double, 9>> centroid_virial;  // all of it to the neighbour
};

// By definition, centre by centre, from the pair gradients of the plain reference.
PerAtom perAtomReference(MtpModel const& model, Structure const& structure) {
  constexpr int row[9] = {0, 1, 2, 0, 0, 1, 1, 2, 2}, column[9] = {0, 1, 2, 1, 2, 2, 0, 0, 1};
  auto const types = reference::typesOf(model, structure);
  std::vector<std::vector<reference::Pair>> pairs_of(structure.size());
  for (auto const& pair : reference::allPairs(structure, model.max_dist)) pairs_of[pair.i].push_back(pair);
  PerAtom result;
  result.virial.resize(structure.size());
  result.centroid_virial.resize(structure.size());
  for (auto const& pairs : pairs_of) {
    // Each neighbour on its own index, so that its force is minus the gradient of this centre alone.
    std::vector<int> environment_types{types[pairs.front().i]};
    auto environment = pairs;
    for (auto& pair : environment) {
      environment_types.push_back(types[pair.j]);
      pair.i = 0;
      pair.j = static_cast<int>(environment_types.size()) - 1;
    }
    auto const centre = reference::evaluateMtp(model, environment_types, environment);
    result.energy.push_back(centre.site_energies[0]);
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      auto const& r = pairs[k].displacement;
      auto const& force = centre.forces[k + 1];
      for (int v = 0; v < 9; ++v) result.centroid_virial[pairs[k].j][v] += r[row[v]] * force[column[v]];
      for (int v = 0; v < 6; ++v) {
        double const half = (r[row[v]] * force[column[v]] + r[column[v]] * force[row[v]]) / 4;
        result.virial[pairs[k].i][v] += half;
        result.virial[pairs[k].j][v] += half;
      }
    }
  }
  return result;
}

// Rows of a dump: id, energy, six components of the virial and nine of the centroid virial.
void expectEqualPerAtom(std::vector<std::vector<double>> const& rows, PerAtom const& expected) {
  ASSERT_EQ(rows.size(), expected.energy.size());
  double energy_error = 0, virial_error = 0, centroid_error = 0, scale = 1;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    energy_error = std::fmax(energy_error, std::abs(rows[i].at(1) - expected.energy[i]));
    for (int v = 0; v < 6; ++v) {
      scale = std::max(scale, std::abs(expected.virial[i][v]));
      virial_error = std::fmax(virial_error, std::abs(-rows[i].at(2 + v) / bar - expected.virial[i][v]));
    }
    for (int v = 0; v < 9; ++v)
      centroid_error = std::fmax(centroid_error, std::abs(-rows[i].at(8 + v) / bar - expected.centroid_virial[i][v]));
  }
  EXPECT_LE(energy_error, 1e-10);
  EXPECT_LE(virial_error, 1e-10 * scale);
  EXPECT_LE(centroid_error, 1e-10 * scale);
}

TEST_P(LammpsSetupTest, PerAtomEnergiesAndVirials) {
  std::vector<std::int32_t> const species = {14, 8};
  static auto const model = testModel(8, species);
  static auto const structure = diamond(3, 5.43, 0.15, {14, 8});
  static auto const expected = perAtomReference(model, structure);
  TemporaryFolder const folder;
  std::vector<int> types;
  for (int const s : structure.species) types.push_back(s == 14 ? 1 : 2);
  writeLammpsData(folder, "data", structure, types, 2);
  writeMtp(model, folder / "test.mtp");
  std::string const plain = setUp("test.mtp", "Si O");
  std::string const hybrid =  // with a Lennard-Jones potential of no depth
      "read_data data\nneighbor 1.0 bin\npair_style hybrid/overlay mtp test.mtp lj/cut 4.0\n"
      "pair_coeff * * mtp Si O\npair_coeff * * lj/cut 0.0 1.0\n";
  std::vector<std::string> inputs = {plain, hybrid};
  if (!GetParam().kokkos && !GetParam().newton) {  // off for pairs only: then LAMMPS does collect from ghosts
    inputs.push_back("newton off on\n" + plain);
    inputs.push_back("newton off on\n" + hybrid);
  }
  for (auto const& input : inputs) {
    SCOPED_TRACE(input);
    // "run 1" with a time step of 0: per-atom arrays must start from zero every time.
    auto const run = runLammpsWell(folder, input + R"(
compute e all pe/atom
compute s all stress/atom NULL pair
compute c all centroid/stress/atom NULL pair
dump atoms all custom 1 atoms.dump id c_e c_s[*] c_c[*]
dump_modify atoms sort id format float %23.17g
fix move all nve
timestep 0
run 1 post no
)",
                                   GetParam());
    if (run.exit_code != 0) continue;
    auto const frames = readDump(folder / "atoms.dump");
    ASSERT_EQ(frames.size(), 2U);
    for (auto const& frame : frames) expectEqualPerAtom(frame, expected);
  }
}

// ---- several species, cells and boundaries

TEST_P(LammpsSetupTest, PermutedTypesInTriclinicBoxes) {
  auto const model = testModel(8, {14, 8, 6});
  struct Box {
    Matrix3 cell;
    std::array<bool, 3> periodic;
    std::string boundary;
  };
  std::vector<Point> points;
  for (auto const& [cell, periodic, boundary] : std::vector<Box>{
           {{{{13, 0, 0}, {4, 11, 0}, {-3, 2, 12}}}, {true, true, true}, "p p p"},
           {{{{6, 0, 0}, {1, 5.5, 0}, {0.5, -2, 7}}}, {true, true, true}, "p p p"},  // ghosts of ghosts
           {{{{12, 0, 0}, {-3, 12, 0}, {0, 0, 14}}}, {true, true, false}, "p p f"},
           {{{{12, 0, 0}, {3, 12, 0}, {0, 0, 9}}}, {true, true, false}, "p p s"},
           {{{{15, 0, 0}, {0, 12, 0}, {0, 3, 10}}}, {false, true, true}, "s p p"},
       }) {
    int const atoms = static_cast<int>(determinant(cell) / 25);
    Point point{reference::randomStructure(atoms, cell, periodic, 1.8, {8, 14, 6}), {}, boundary};
    for (int const s : point.structure.species)  // LAMMPS: 1 = C, 2 = Si, 3 = O, 4 = Si
      point.types.push_back(s == 6 ? 1 : s == 8 ? 3 : point.types.size() % 2 == 0 ? 2 : 4);
    points.push_back(std::move(point));
  }
  checkPoints(model, "C Si O Si", 4, points, GetParam());
}

TEST(LammpsTest, FourRanksAndTiledCommunication) {
  auto const model = testModel(8, {14, 8});
  Point brick{
      reference::randomStructure(120, {{{16, 0, 0}, {5, 15, 0}, {-3, 4, 14}}}, {true, true, true}, 1.8, {14, 8}), {}};
  for (int const s : brick.structure.species) brick.types.push_back(s == 14 ? 2 : 1);
  Point tiled = brick;
  tiled.more = "comm_style tiled\nbalance 1.0 rcb\n";
  for (auto const& setup : allSetups({4})) {
    if (setup.threads > 1) continue;
    SCOPED_TRACE(setup.name());
    checkPoints(model, "O Si", 2, {brick, tiled}, setup);
  }
}

TEST(LammpsTest, UnnamedSpeciesAreNamedInTheInput) {
  auto model = testModel(8, {14, 8});
  auto const structure = diamond(2, 5.43, 0.15, {14, 8});
  auto const expected = evaluate(model, structure);
  model.species.clear();
  TemporaryFolder const folder;
  std::vector<int> types;
  for (int const s : structure.species) types.push_back(s == 14 ? 2 : 1);
  writeLammpsData(folder, "data", structure, types, 2);
  writeMtp(model, folder / "test.mtp");
  for (auto const& setup : few_setups)
    expectEqual(runLammpsWell(folder, setUp("test.mtp species Si O", "O Si") + staticPoint(), setup),
                folder / "forces.dump", structure, expected);
}

// Of LAMMPS's pair styles, hybrid ones know types that a sub-style does not: NULL.
TEST_P(LammpsSetupTest, NullTypesAreNotThere) {
  auto const model = testModel(8);
  auto const all = diamond(3, 5.43, 0.15, {14, 8, 14});
  Structure described = all;
  described.positions.clear();
  described.species.clear();
  std::vector<int> types;
  for (std::size_t i = 0; i < all.size(); ++i) {
    types.push_back(all.species[i] == 14 ? 2 : 1);
    if (all.species[i] != 14) continue;
    described.positions.push_back(all.positions[i]);
    described.species.push_back(14);
  }
  auto const some = evaluate(model, described);
  Evaluation expected = some;
  expected.forces.clear();
  for (std::size_t i = 0, next = 0; i < all.size(); ++i)
    expected.forces.push_back(all.species[i] == 14 ? some.forces[next++] : Vector3{});

  TemporaryFolder const folder;
  writeLammpsData(folder, "data", all, types, 2);
  writeMtp(model, folder / "test.mtp");
  auto const run = runLammpsWell(folder,
                                 "read_data data\nneighbor 1.0 bin\n"
                                 "pair_style hybrid/overlay mtp test.mtp zero 4.0\n"
                                 "pair_coeff * * mtp NULL Si\npair_coeff * * zero\n" +
                                     staticPoint(),
                                 GetParam());
  expectEqual(run, folder / "forces.dump", all, expected);
}

TEST(LammpsTest, MixedPrecisionIsCloseToDouble) {
  auto const model = testModel(12);
  auto const structure = diamond(3, 5.43, 0.15);
  auto const expected = evaluate(model, structure);
  TemporaryFolder const folder;
  writeLammpsData(folder, "data", structure, std::vector<int>(structure.size(), 1), 1);
  writeMtp(model, folder / "test.mtp");
  for (auto const& setup : few_setups) {
    auto const run = runLammpsWell(folder, setUp("test.mtp precision mixed", "Si") + staticPoint(), setup);
    if (run.exit_code != 0) continue;
    auto const frame = readDump(folder / "forces.dump").at(0);
    double worst = 0, scale = 1;
    for (std::size_t i = 0; i < structure.size(); ++i)
      for (int x = 0; x < 3; ++x) {
        scale = std::max(scale, std::abs(expected.forces[i][x]));
        worst = std::fmax(worst, std::abs(frame[i].at(x + 1) - expected.forces[i][x]));
      }
    EXPECT_LE(worst, 1e-4 * scale);  // some hundred operations of float
    EXPECT_GT(worst, 1e-10);         // it was not double
  }
}

// ---- few atoms

TEST_P(LammpsSetupTest, FewAtoms) {
  std::vector<Point> points;
  for (bool const periodic : {true, false}) {
    // With two ranks, one of them has neither atoms nor, without periodic images, ghosts; or two ranks have one each.
    for (auto const& positions : std::vector<std::vector<Vector3>>{
             {{3, 4, 5}}, {{3, 4, 5}, {5.4, 4, 5}, {3, 6.1, 5.5}}, {{3, 4, 5}, {33, 4, 5}}}) {
      Point point;
      point.structure.cell = {{{40, 0, 0}, {0, 20, 0}, {0, 0, 20}}};
      point.structure.periodic = {periodic, periodic, periodic};
      point.structure.positions = positions;
      point.structure.species.assign(positions.size(), 14);
      point.types.assign(positions.size(), 1);
      point.boundary = periodic ? "p p p" : "f f f";
      points.push_back(point);
    }
  }
  checkPoints(testModel(8), "Si", 1, points, GetParam());
}

// ---- life cycle

TEST(LammpsTest, RunsStylesAndBoxesOneAfterAnother) {
  auto const first = testModel(8), second = testModel(10, {14}, 4.5, 7);
  auto const structure = diamond(2, 5.43, 0.15);
  double const first_energy = evaluate(first, structure).energy, second_energy = evaluate(second, structure).energy;
  std::string const run = "run 0 post no\nprint \"energy $(pe:%.17g)\"\n";
  std::string const coeff = "pair_coeff * * Si\n";
  for (auto const& setup : few_setups) {
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeLammpsData(folder, "data", structure, std::vector<int>(structure.size(), 1), 1);
    writeMtp(first, folder / "first.mtp");
    writeMtp(second, folder / "second.mtp");
    auto const result = runLammpsWell(folder,
                                      setUp("first.mtp", "Si") + run + run +                            // twice
                                          "pair_style mtp first.mtp precision mixed\n" + coeff + run +  // other options
                                          "pair_style mtp second.mtp\n" + coeff + run +                 // same style
                                          "pair_style zero 5.0\npair_coeff * *\n" + run +               // another style
                                          "pair_style mtp first.mtp\n" + coeff + run +                  // and back
                                          "clear\n" + setup.begin() + setUp("second.mtp", "Si") + run,  // another box
                                      setup);
    if (result.exit_code != 0) continue;
    auto const energies = result.lines("energy");
    ASSERT_EQ(energies.size(), 7U);
    double const expected[7] = {first_energy, first_energy, first_energy, second_energy, 0,
                                first_energy, second_energy};
    for (int r = 0; r < 7; ++r)
      EXPECT_NEAR(energies[r].at(0), expected[r], r == 2 ? 1e-3 * std::abs(first_energy) : 1e-9) << "run " << r;
  }
}

// ---- bad input

struct BadInput {
  std::string name, input, expected;
};

std::vector<BadInput> badInputs() {
  auto const start = [](std::string const& data) { return "read_data " + data + "\n"; };
  std::string const one = start("data"), two = start("data2"), coeff = "pair_coeff * *\n", run = "run 0\n";
  return {
      {"no file name", one + "pair_style mtp\n", "expected the name of a potential file"},
      {"missing file", one + "pair_style mtp nowhere.mtp\n", "nowhere.mtp"},
      {"truncated potential", one + "pair_style mtp truncated.mtp\n", "truncated.mtp:"},
      {"untrained potential", one + "pair_style mtp untrained.mtp\n", "untrained template"},
      {"unknown keyword", one + "pair_style mtp si.mtp speed high\n", "found keyword 'speed', expected"},
      {"unknown precision", one + "pair_style mtp si.mtp precision single\n", "found precision 'single', expected"},
      {"precision without a value", one + "pair_style mtp si.mtp precision\n", "found precision '', expected"},
      {"no chemical symbol", one + "pair_style mtp si.mtp species silicon\n", "'silicon', expected a chemical symbol"},
      {"too few species", two + "pair_style mtp unnamed.mtp species Si\n", "found 1 species, expected 2"},
      {"species of another file", one + "pair_style mtp si.mtp species Ge\n", "not those that si.mtp names"},
      {"unknown species", one + "pair_style mtp si.mtp\npair_coeff * * Ge\n", "does not know species Ge"},
      {"several species without names", two + "pair_style mtp sio.mtp\n" + coeff, "expected one species per atom type"},
      {"several unnamed species", two + "pair_style mtp unnamed.mtp\npair_coeff * * Si O\n", "does not name its 2"},
      {"too few names", two + "pair_style mtp sio.mtp\npair_coeff * * Si\n", "found 1 species, expected 2"},
      {"too many names", one + "pair_style mtp si.mtp\npair_coeff * * Si Si\n", "found 2 species, expected 1"},
      {"one type", one + "pair_style mtp si.mtp\npair_coeff 1 1 Si\n", "must start with * *"},
      {"no pair_coeff", one + "pair_style mtp si.mtp\n" + run, "pair coeffs are not set"},
      {"no pair_coeff after another potential",
       one + "pair_style mtp si.mtp\n" + coeff + run + "pair_style mtp si.mtp\n" + run, "pair coeffs are not set"},
      {"units", "clear\nunits real\n" + one + "pair_style mtp si.mtp\n" + coeff + run,
       "found units real, expected metal"},
      {"respa", one + "pair_style mtp si.mtp\n" + coeff + "run_style respa 2 2 inner 1 3.0 4.0 outer 2\n" + run,
       "respa"},
  };
}

TEST(LammpsTest, BadInputStopsWithAMessage) {
  TemporaryFolder const folder;
  auto const structure = diamond(1, 5.43, 0.1, {14, 8});
  writeLammpsData(folder, "data", structure, std::vector<int>(8, 1), 1);
  writeLammpsData(folder, "data2", structure, {1, 2, 1, 2, 1, 2, 1, 2}, 2);
  auto const text = formatMtp(testModel(6));
  (void)folder.write("si.mtp", text);
  (void)folder.write("truncated.mtp", text.substr(0, text.size() / 2));
  auto model = testModel(6, {14, 8});
  writeMtp(model, folder / "sio.mtp");
  model.species.clear();
  writeMtp(model, folder / "unnamed.mtp");
  MtpTemplateOptions options;
  options.level = 6;
  options.species = {14};
  writeMtp(makeMtpTemplate(options), folder / "untrained.mtp");
  for (auto const& setup : few_setups) {
    for (auto const& bad : badInputs()) {
      if (setup.kokkos && bad.input.find("run 0") == std::string::npos) continue;  // both styles read it with one code
      SCOPED_TRACE(bad.name + ", " + setup.name());
      auto const run = runLammps(folder, bad.input, setup);
      EXPECT_NE(run.exit_code, 0);
      EXPECT_LT(run.exit_code, 124) << "a signal or a time-out";
      EXPECT_NE(run.output.find("ERROR"), std::string::npos) << run.output;
      EXPECT_NE(run.output.find(bad.expected), std::string::npos) << run.output;
    }
  }
}

// ---- dynamics

// A solid like silicon in the manner of Stillinger and Weber: with f(r) = 1 at the bond length r0 and ranks nu <= 2,
//   E_i = sum_jk A f_j f_k (cos(theta_jk) + 1/3)^2 - 2 (16/9) A sum_j f_j,
// where the terms j = k are the repulsion 16/9 A f^2.
MtpModel solidModel() {
  MtpTemplateOptions options;
  options.level = 12;
  options.species = {14};
  options.min_dist = 1.6;
  MtpModel model = makeMtpTemplate(options);
  setExponentialStart(model, 2.35);
  // The second radial function, which decays as exp(-2 r), alone.
  auto const size = static_cast<std::size_t>(model.radial_basis_size);
  model.radial_coeffs = {model.radial_coeffs.begin() + size, model.radial_coeffs.begin() + 2 * size};
  model.radial_funcs_count = 1;
  model.alpha_index_basic = {{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {0, 2, 0, 0},
                             {0, 1, 1, 0}, {0, 1, 0, 1}, {0, 0, 2, 0}, {0, 0, 1, 1}, {0, 0, 0, 2}};
  model.alpha_index_times = {{0, 0, 1, 10}, {1, 1, 1, 11}, {2, 2, 1, 11}, {3, 3, 1, 11}, {4, 4, 1, 12},
                             {5, 5, 2, 12}, {6, 6, 2, 12}, {7, 7, 1, 12}, {8, 8, 2, 12}, {9, 9, 1, 12}};
  model.alpha_moments_count = 13;
  model.alpha_moment_mapping = {0, 10, 11, 12};
  double const a = 0.5;  // (eV)
  model.moment_coeffs = {-2 * 16. / 9 * a, a / 9, a * 2 / 3, a};
  model.species_coeffs = {0};
  return model;
}

// Starts 512 atoms at 300 K; an ideal crystal is given the kinetic energy that its vibrations will share out.
std::string const start_dynamics = R"(
timestep 0.001
velocity all create 600 8613 mom yes rot no dist gaussian loop geom
fix move all nve
)";

TEST(LammpsTest, EnergyIsConserved) {
  auto const model = solidModel();
  auto const structure = diamond(4, 5.43, 0);
  auto const atoms = static_cast<double>(structure.size());
  for (auto const& setup : few_setups) {
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeLammpsData(folder, "data", structure, std::vector<int>(structure.size(), 1), 1);
    writeMtp(model, folder / "test.mtp");
    auto const run = runLammpsWell(folder, setUp("test.mtp", "Si") + start_dynamics + R"in(
variable e equal etotal
variable t equal time
variable k equal temp
run 500 post no
fix record all print 5 "sample $(v_t:%.6f) $(v_e:%.17g) $(v_k:%.17g)"
run 2000 post no
)in",
                                   setup);
    if (run.exit_code != 0) continue;
    auto const samples = run.lines("sample");
    ASSERT_GE(samples.size(), 400U);
    double st = 0, se = 0, sk = 0, tt = 0, te = 0, ee = 0;
    for (auto const& s : samples) {
      st += s.at(0);
      se += s.at(1) / atoms;
      sk += s.at(2);
    }
    double const n = static_cast<double>(samples.size());
    for (auto const& s : samples) {
      double const t = s[0] - st / n, e = s[1] / atoms - se / n;
      tt += t * t;
      te += t * e;
      ee += e * e;
    }
    double const drift = te / tt, fluctuation = std::sqrt(ee / n), temperature = sk / n;
    std::printf("%s: drift %.2e eV/atom/ps, fluctuation %.2e eV/atom, %.1f K\n", setup.name().c_str(), drift,
                fluctuation, temperature);
    EXPECT_LE(std::abs(drift), 1e-6);
    EXPECT_GT(fluctuation, 0);
    EXPECT_LE(fluctuation, 1e-5);
    EXPECT_NEAR(temperature, 300, 40);  // it is a solid that vibrates, not one that decays
  }
}

TEST(LammpsTest, TrajectoriesOfAllStylesAreTheSame) {
  auto const model = solidModel();
  auto const structure = diamond(3, 5.43, 0.05);
  std::vector<std::vector<std::vector<double>>> first;
  for (auto const& setup : allSetups()) {
    if (setup.kokkos && setup.threads != setup.ranks) continue;
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeLammpsData(folder, "data", structure, std::vector<int>(structure.size(), 1), 1);
    writeMtp(model, folder / "test.mtp");
    auto const run = runLammpsWell(folder, setUp("test.mtp", "Si") + start_dynamics + R"(
neigh_modify every 1 delay 0 check no
dump atoms all custom 1 atoms.dump id xu yu zu vx vy vz
dump_modify atoms sort id format float %23.17g
run 10 post no
)",
                                   setup);
    if (run.exit_code != 0) continue;
    auto const frames = readDump(folder / "atoms.dump");
    ASSERT_EQ(frames.size(), 11U);
    if (first.empty()) first = frames;
    double worst = 0, moved = 0;
    for (std::size_t f = 0; f < frames.size(); ++f) {
      ASSERT_EQ(frames[f].size(), structure.size());
      for (std::size_t i = 0; i < structure.size(); ++i)
        for (int c = 0; c < 7; ++c) {
          worst = std::fmax(worst, std::abs(frames[f][i].at(c) - first[f][i].at(c)));
          moved = std::fmax(moved, std::abs(frames[f][i].at(c) - frames[0][i].at(c)));
        }
    }
    EXPECT_LE(worst, 1e-9);
    EXPECT_GT(moved, 0.01);
  }
}

}  // namespace
}  // namespace sinter
