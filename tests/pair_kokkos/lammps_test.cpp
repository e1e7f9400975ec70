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
#include <utility>
#include <vector>

#include "mtp_reference.hpp"
#include "neighbor_reference.hpp"
#include "pair_kokkos/lammps_systems.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using reference::diamond;
using reference::testModel;

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

// ---- 8000 atoms, every set-up

std::string nameOf(testing::TestParamInfo<LammpsSetup> const& info) { return info.param.name(); }

// A potential, a crystal of 8000 atoms, and what the library says.
struct Bulk {
  Structure structure;
  std::vector<int> types;
  std::string names, potential_text;
  Evaluation expected;

  Bulk(MtpModel const& model, std::string type_names)
      : structure(diamond(10, 5.43, 0.15, {model.species.begin(), model.species.end()})),
        types(typesIn({model.species.begin(), model.species.end()}, structure)),
        names(std::move(type_names)),
        potential_text(formatMtp(model)),
        expected(evaluate(model, structure)) {}
};

// All in one run of LAMMPS, with `clear` between them.
void checkBulk(std::vector<Bulk> const& bulks, LammpsSetup const& setup) {
  TemporaryFolder const folder;
  std::string input;
  for (std::size_t b = 0; b < bulks.size(); ++b) {
    std::string const data = "data" + std::to_string(b), potential = std::to_string(b) + ".mtp";
    writeLammpsData(folder, data, bulks[b].structure, bulks[b].types,
                    *std::max_element(bulks[b].types.begin(), bulks[b].types.end()));
    (void)folder.write(potential, bulks[b].potential_text);
    input += (b > 0 ? "clear\n" + setup.begin() : "") + setUp(potential, bulks[b].names, "p p p", data) +
             staticPoint(data + ".dump");
  }
  auto const run = runLammpsWell(folder, input, setup);
  for (std::size_t b = 0; b < bulks.size(); ++b) {
    SCOPED_TRACE(bulks[b].names);
    expectEqual(run, folder / ("data" + std::to_string(b) + ".dump"), bulks[b].structure, bulks[b].expected, b);
  }
}

class LammpsBulkTest : public testing::TestWithParam<LammpsSetup> {};
INSTANTIATE_TEST_SUITE_P(All, LammpsBulkTest, testing::ValuesIn(allSetups({1, 2, 4})), nameOf);

// Silicon, and alloys of three and five species.
TEST_P(LammpsBulkTest, EqualsEvaluator) {
  static std::vector<Bulk> const bulks = {
      {testModel(12), "Si"}, {testModel(8, {14, 8, 6}), "Si O C"}, {testModel(6, {14, 32, 6, 8, 50}), "Si Ge C O Sn"}};
  checkBulk(bulks, GetParam());
}

TEST(LammpsTest, BulkWithPaperPotentialEqualsEvaluator) {
  if (!std::filesystem::exists(paperPotential())) GTEST_SKIP() << "no " << paperPotential();
  auto model = readMtp(paperPotential().string());
  model.species = {14};
  std::vector<Bulk> const bulk = {{model, "Si"}};
  for (auto const& setup : few_setups) checkBulk(bulk, setup);
}

class LammpsSetupTest : public testing::TestWithParam<LammpsSetup> {};
INSTANTIATE_TEST_SUITE_P(All, LammpsSetupTest, testing::ValuesIn(allSetups()), nameOf);

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
  if (!GetParam().newton && GetParam().neigh == "half") {  // off for pairs only: then LAMMPS does collect from ghosts
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

// Inputs for MLIP-3: types of LAMMPS are those of the file, in its order, when pair_coeff does not name them.
TEST(LammpsTest, AliasMlipRunsInputsForMlip3) {
  auto model = testModel(8, {14, 8});
  auto const structure = diamond(2, 5.43, 0.15, {14, 8});
  auto const expected = evaluate(model, structure);
  model.species.clear();
  TemporaryFolder const folder;
  writeLammpsData(folder, "data", structure, typesIn({14, 8}, structure), 2);
  writeMtp(model, folder / "test.mtp");
  std::string const start = "read_data data\nneighbor 1.0 bin\n";
  for (auto const& setup : few_setups)
    for (std::string const style : {"mlip", "hybrid/overlay"}) {
      SCOPED_TRACE(style + ", " + setup.name());
      bool const hybrid = style != "mlip";
      auto const run = runLammpsWell(folder,
                                     start + "pair_style " + (hybrid ? "hybrid/overlay zero 4.0 " : "") +
                                         "mlip load_from=test.mtp\n" + (hybrid ? "pair_coeff * * zero\n" : "") +
                                         "pair_coeff * * " + (hybrid ? "mlip\n" : "\n") + staticPoint(),
                                     setup);
      expectEqual(run, folder / "forces.dump", structure, expected);
    }
}

// The universal repulsion on top: the sum of what either style gives alone.
TEST(LammpsTest, OverlayWithZbl) {
  auto const model = testModel(8, {14, 8});
  auto const structure = diamond(2, 4.2, 0.3, {14, 8});
  TemporaryFolder const folder;
  writeLammpsData(folder, "data", structure, typesIn({14, 8}, structure), 2);
  writeMtp(model, folder / "test.mtp");
  std::string const start = "read_data data\nneighbor 1.0 bin\n", mtp = "mtp test.mtp ", zbl = "zbl 1.5 2.2 ";
  auto const zblCoeff = [](std::string const& sub) {
    return "pair_coeff 1 1 " + sub + "14 14\npair_coeff 1 2 " + sub + "14 8\npair_coeff 2 2 " + sub + "8 8\n";
  };
  for (auto const& setup : allSetups({1, 2})) {
    if (setup.threads != 1) continue;
    SCOPED_TRACE(setup.name());
    auto const again = "clear\n" + setup.begin() + start;
    auto const run =
        runLammpsWell(folder,
                      start + "pair_style " + mtp + "\npair_coeff * * Si O\n" + staticPoint("mtp.dump") +  //
                          again + "pair_style " + zbl + "\n" + zblCoeff("") + staticPoint("zbl.dump") +    //
                          again + "pair_style hybrid/overlay " + mtp + zbl + "\npair_coeff * * mtp Si O\n" +
                          zblCoeff("zbl ") + staticPoint("both.dump"),
                      setup);
    if (run.exit_code != 0) continue;
    auto const energies = run.lines("energy");
    EXPECT_GT(energies.at(1).at(0), 1);
    EXPECT_NEAR(energies.at(0).at(0) + energies.at(1).at(0), energies.at(2).at(0), 1e-9);
    auto const virials = run.lines("virial");
    for (int v = 0; v < 6; ++v)
      EXPECT_NEAR(virials.at(0).at(v) + virials.at(1).at(v), virials.at(2).at(v), 1e-9 * std::abs(virials.at(2).at(0)));
    auto const a = readDump(folder / "mtp.dump").at(0), b = readDump(folder / "zbl.dump").at(0),
               sum = readDump(folder / "both.dump").at(0);
    double worst = 0;
    for (std::size_t i = 0; i < sum.size(); ++i)
      for (int x = 1; x <= 3; ++x) worst = std::fmax(worst, std::abs(a[i].at(x) + b[i].at(x) - sum[i].at(x)));
    EXPECT_LE(worst, 1e-10);
  }
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
      {"extrapolation control", one + "pair_style mlip load_from=si.mtp extrapolation_control=true\n",
       "found 'extrapolation_control=true', but Sinter computes no extrapolation grades"},
      {"extrapolation control first", one + "pair_style mlip extrapolation_control:threshold_save=2 load_from=si.mtp\n",
       "found 'extrapolation_control:threshold_save=2'"},
      {"save_extrapolative_to", one + "pair_style mlip load_from=si.mtp save_extrapolative_to=a.cfg\n",
       "found 'save_extrapolative_to=a.cfg'"},
      {"threshold_save", one + "pair_style mlip load_from=si.mtp threshold_save=2\n", "found 'threshold_save=2'"},
      {"threshold_break", one + "pair_style mlip load_from=si.mtp threshold_break=10\n", "found 'threshold_break=10'"},
      {"settings of MLIP-2", one + "pair_style mlip mlip.ini\n", "expected load_from=FILE"},
      {"load_from nothing", one + "pair_style mlip load_from=\n", "pair_style mtp: "},
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
       "does not support rRESPA"},
      {"respa without a split", one + "pair_style mtp si.mtp\n" + coeff + "run_style respa 2 2 pair 2\n" + run,
       "found run_style respa, expected verlet"},
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

TEST(LammpsTest, EnergyIsConserved) {
  auto const model = solidModel();
  auto const structure = diamond(4, 5.43, 0);
  auto const atoms = static_cast<double>(structure.size());
  for (auto const& [setup, precision] : {std::pair<LammpsSetup, std::string>{few_setups[0], "double"},
                                         {few_setups[1], "double"},
                                         {few_setups[1], "mixed"}}) {
    SCOPED_TRACE(setup.name() + " " + precision);
    TemporaryFolder const folder;
    writeSystem(folder, model, structure);
    auto const run = runLammpsWell(folder, setUp("test.mtp precision " + precision, "Si") + start_dynamics + R"in(
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
    std::printf("%s, %s: drift %.2e eV/atom/ps, fluctuation %.2e eV/atom, %.1f K\n", setup.name().c_str(),
                precision.c_str(), drift, fluctuation, temperature);
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
    writeSystem(folder, model, structure);
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

// The skin is LAMMPS's business: forces must not know it. Without one, lists are made every step.
TEST(LammpsTest, SkinsGiveTheSameTrajectory) {
  auto const model = solidModel();
  auto const structure = diamond(3, 5.43, 0.05);
  for (auto const& setup : few_setups) {
    std::vector<std::vector<double>> first;
    for (std::string const skin : {"0.0", "0.5", "1.0", "2.0", "3.0"}) {
      SCOPED_TRACE(setup.name() + ", skin " + skin);
      TemporaryFolder const folder;
      writeSystem(folder, model, structure);
      auto const run = runLammpsWell(folder, setUp("test.mtp", "Si") + start_dynamics + "neighbor " + skin + R"( bin
neigh_modify every 1 delay 0 check yes
run 30 post no
write_dump all custom atoms.dump id xu yu zu vx vy vz fx fy fz modify sort id format float %23.17g
)",
                                     setup);
      if (run.exit_code != 0) continue;
      auto const atoms = readDump(folder / "atoms.dump").at(0);
      if (first.empty()) first = atoms;
      double worst = 0;
      for (std::size_t i = 0; i < atoms.size(); ++i)
        for (int c = 1; c <= 9; ++c) worst = std::fmax(worst, std::abs(atoms[i].at(c) - first[i].at(c)));
      EXPECT_LE(worst, 1e-9);
    }
  }
}

// A run that goes on from a restart file equals the one that wrote it to the last bit: same ranks, one thread.
TEST(LammpsTest, RestartContinuesExactly) {
  auto const model = solidModel();
  auto const structure = diamond(3, 5.43, 0.05);
  std::string const write = "run 12 post no\nwrite_dump all custom ",
                    format = " id x y z vx vy vz fx fy fz modify sort id format float %23.17g\n";
  for (auto const& setup : allSetups({1, 2})) {
    if (setup.threads != 1) continue;
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeSystem(folder, model, structure);
    (void)runLammpsWell(folder,
                        setUp("test.mtp", "Si") + start_dynamics + "run 9 post no\nwrite_restart half.restart\n" +
                            write + "first.dump" + format,
                        setup);
    (void)runLammpsWell(folder,
                        "read_restart half.restart\nneighbor 1.0 bin\npair_style mtp test.mtp\npair_coeff * * Si\n"
                        "timestep 0.001\nfix move all nve\n" +
                            write + "second.dump" + format,
                        setup);
    auto const first = contentOf(folder / "first.dump");
    EXPECT_GT(first.size(), 10000U);
    EXPECT_EQ(first, contentOf(folder / "second.dump"));
  }
}

// A plugin that was built for another LAMMPS does not load.
TEST(LammpsTest, PluginOfAnotherVersionIsRefused) {
  auto plugin = contentOf(std::string(SINTER_PLUGIN_FOLDER) + "/sinterplugin.so");
  std::string const version = SINTER_LAMMPS_VERSION;
  std::size_t replaced = 0;
  for (auto at = plugin.find(version); at != std::string::npos; at = plugin.find(version, at)) {
    plugin[at] = '9';
    ++replaced;
  }
  ASSERT_GE(replaced, 1U);
  TemporaryFolder const folder;
  (void)folder.write("sinterplugin.so", plugin);
  for (auto setup : few_setups) {
    setup.plugin_folder = folder / "";
    auto const run = runLammps(folder, "", setup);
    EXPECT_NE(run.exit_code, 0);
    EXPECT_NE(run.output.find("was built for LAMMPS 9"), std::string::npos) << run.output;
  }
}

}  // namespace
}  // namespace sinter
