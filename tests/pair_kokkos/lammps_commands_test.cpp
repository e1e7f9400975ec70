// Commands of LAMMPS that do something to the box, the atoms or the forces around the plugin's styles: each runs with
// the plain and the KOKKOS style, and both give the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

#include "pair_kokkos/lammps_systems.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using reference::diamond;
using reference::testModel;

// Energy, virial and cell, then positions and forces of all atoms.
std::string const results = R"in(
run 0 post no
print "result $(pe:%.17g) $(c_p[1]:%.17g) $(c_p[2]:%.17g) $(c_p[3]:%.17g) $(c_p[4]:%.17g) $(c_p[5]:%.17g) $(c_p[6]:%.17g)"
print "box $(lx:%.17g) $(ly:%.17g) $(lz:%.17g) $(xy:%.17g) $(xz:%.17g) $(yz:%.17g)"
write_dump all custom atoms.dump id type x y z fx fy fz modify sort id format float %23.17g
)in";

std::string const begin_results = R"(
compute p all pressure NULL virial
thermo_style custom step temp pe vol c_p[*]
thermo_modify norm no
)";

struct Command {
  std::string name, input;
  double tolerance = 1e-8;  // of energy, pressure, lengths, forces: the largest, or 1 eV, 1 GPa, 1 A, 1 eV/A
  bool alloy = false;
  bool same_places = true;
};
void PrintTo(Command const& command, std::ostream* stream) { *stream << command.name; }  // for GoogleTest

// 216 atoms of a solid, or an alloy of three species that only stays where it is.
std::vector<Command> const commands = {
    {"run 0 post no", ""},
    {"fix npt tri", "change_box all triclinic\n" + start_dynamics +
                        "unfix move\nfix move all npt temp 300 300 0.1 tri 0.0 0.0 0.5\nrun 50 post no\nunfix move\n"},
    {"fix npt aniso",
     start_dynamics + "unfix move\nfix move all npt temp 300 300 0.1 aniso 1e4 1e4 0.5\nrun 50 post no\nunfix move\n"},
    {"fix nvt", start_dynamics + "unfix move\nfix move all nvt temp 300 500 0.1\nrun 50 post no\n"},
    // Without noise: the two styles draw different random numbers.
    {"fix langevin (friction)",
     start_dynamics + "fix bath all langevin 0.0 0.0 0.05 4711\nrun 50 post no\nunfix bath\n"},
    {"fix addforce", start_dynamics + "fix push all addforce 0.2 -0.1 0.05\nrun 50 post no\nunfix push\n"},
    // Forces of walls that are there before the pair style's.
    {"fix wall/lj126 fld", "change_box all z final -5 22 boundary p p f units box\n" + start_dynamics +
                               "fix walls all wall/lj126 zlo EDGE 0.2 3.0 7.0 zhi EDGE 0.2 3.0 7.0 fld yes units box\n"
                               "run 50 post no\n"},
    {"neigh_modify exclude",
     start_dynamics + "group some id 3:200:7\nneigh_modify exclude group some all\nrun 20 post no\n"},
    {"minimize (cg)", "min_style cg\nminimize 0 1e-7 200 2000\n", 1e-6},
    {"minimize (fire)", "min_style fire\nminimize 0 1e-5 500 2000\n", 1e-6},
    // As its manual advises, several descents, each from the box of the one before; then one in the box that is found.
    {"fix box/relax",
     "change_box all triclinic\nfix relax all box/relax tri 0.0 vmax 0.002\nmin_style cg\n"
     "variable again loop 4\nlabel descent\nminimize 0 1e-6 400 4000\nnext again\njump SELF descent\n"
     "unfix relax\nminimize 0 1e-7 400 4000\n",
     1e-5, false, false},
    {"fix deform", start_dynamics +
                       "change_box all triclinic\nfix strain all deform 1 xy erate 0.5 z scale 1.01 remap x\n"
                       "run 50 post no\nunfix strain\n"},
    {"change_box", "change_box all triclinic xy final 1.5 yz final -0.7 x scale 1.02 remap units box\n"},
    {"change_box boundary", "change_box all z final -5 25 boundary p p f units box\n"},
    {"delete_atoms", "run 1 post no\ngroup some id 3:200:7\ndelete_atoms group some compress no\n"},
    {"create_atoms", "run 1 post no\ncreate_atoms 1 single 1.2 3.4 5.6 units box\n"},
    {"displace_atoms", "displace_atoms all random 0.1 0.1 0.1 8613 units box\n"},
    {"replicate", "replicate 2 1 1\n"},
    {"set type", "run 0 post no\nset atom 1*20 type 2\nset atom 50*60 type 3\n", 1e-8, true},
    {"rerun", start_dynamics +
                  "dump frames all custom 5 frames.dump id type x y z\n"
                  "dump_modify frames sort id format float %23.17g\nrun 10 post no\nundump frames\nunfix move\n"
                  "rerun frames.dump dump x y z\n"},
    {"fix ave/atom of stresses",
     start_dynamics +
         "compute s all stress/atom NULL\nfix average all ave/atom 2 5 10 c_s[*]\n"
         "run 20 post no\nvariable worst atom f_average[1]\ncompute least all reduce min f_average[*]\n"
         "compute most all reduce max f_average[*]\nthermo_style custom step pe vol c_p[*] c_least[*] c_most[*]\n"
         "run 10 post no\nprint \"result $(c_least[1]:%.17g) $(c_least[2]:%.17g) $(c_least[3]:%.17g) "
         "$(c_least[6]:%.17g) $(c_most[1]:%.17g) $(c_most[4]:%.17g) $(c_most[5]:%.17g)\"\n"},
};

struct Outcome {
  std::vector<std::vector<double>> results, atoms;
  std::vector<double> box;
};

Outcome outcomeOf(Command const& command, LammpsSetup const& setup) {
  TemporaryFolder const folder;
  std::string names = "Si";
  if (command.alloy) {
    auto const structure = diamond(3, 5.43, 0.1, {14, 8, 6});
    writeLammpsData(folder, "data", structure, typesIn({14, 8, 6}, structure), 3);
    writeMtp(testModel(8, {14, 8, 6}), folder / "test.mtp");
    names = "Si O C";
  } else {
    writeSystem(folder, solidModel(), diamond(3, 5.43, 0.1));
  }
  auto const run = runLammpsWell(
      folder, "atom_modify map array\n" + setUp("test.mtp", names) + begin_results + command.input + results, setup);
  if (run.exit_code != 0) return {};
  return {run.lines("result"), readDump(folder / "atoms.dump").at(0), run.line("box")};
}

// Of columns first ... last - 1 of two tables, the largest difference over the largest number, which is at least
// `scale`; not a number if their sizes differ.
double difference(std::vector<std::vector<double>> const& a, std::vector<std::vector<double>> const& b,
                  std::size_t first, std::size_t last, double scale) {
  if (a.size() != b.size() || a.empty()) return NAN;
  double worst = 0;
  for (std::size_t row = 0; row < a.size(); ++row) {
    if (a[row].size() != b[row].size()) return NAN;
    for (std::size_t c = first; c < std::min(last, a[row].size()); ++c) {
      scale = std::fmax(scale, std::abs(a[row][c]));
      if (!(std::abs(a[row][c] - b[row][c]) <= worst)) worst = std::abs(a[row][c] - b[row][c]);
    }
  }
  return worst / scale;
}

class LammpsCommandTest : public testing::TestWithParam<Command> {};
std::string nameOf(testing::TestParamInfo<Command> const& info) {
  std::string name;
  for (char const c : info.param.name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, LammpsCommandTest, testing::ValuesIn(commands), nameOf);

TEST_P(LammpsCommandTest, PlainAndKokkosAgree) {
  auto const& command = GetParam();
  auto const expected = outcomeOf(command, {false, 1, 1, true, "half"});
  ASSERT_FALSE(expected.results.empty());
  for (auto const& setup : {LammpsSetup{true, 2, 1, false, "full"}, LammpsSetup{true, 1, 2, true, "half"}}) {
    SCOPED_TRACE(setup.name());
    auto const found = outcomeOf(command, setup);
    // eV; bar; A; A; eV/A.
    double const energy = difference(found.results, expected.results, 0, 1, 1),
                 pressure = difference(found.results, expected.results, 1, 7, 1e4),
                 box = difference({found.box}, {expected.box}, 0, 6, 1),
                 positions = difference(found.atoms, expected.atoms, 0, 5, 1),
                 forces = difference(found.atoms, expected.atoms, 5, 8, 1);
    std::printf("| `%s` | %s | %.1e | %.1e | %.1e | %.1e |\n", command.name.c_str(), setup.name().c_str(), energy,
                pressure, command.same_places ? std::fmax(box, positions) : box, forces);
    EXPECT_LE(energy, command.tolerance);
    EXPECT_LE(pressure, command.tolerance);
    EXPECT_LE(box, command.tolerance);
    if (command.same_places) {
      EXPECT_LE(positions, command.tolerance);
    }
    EXPECT_LE(forces, command.tolerance);
  }
}

// The inner list of mtp/kk lives for some steps: in hot dynamics of a deforming box it gives what a new list gives.
TEST(LammpsCommandTest, InnerListHoldsWhileAtomsMove) {
  for (auto const& setup : few_setups) {
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeSystem(folder, solidModel(), diamond(3, 5.43, 0));
    auto const run = runLammpsWell(folder, setUp("test.mtp", "Si") + begin_results + R"in(
change_box all triclinic
velocity all create 1500 4711
fix move all npt temp 1500 1500 0.05 tri 20000 20000 0.1
timestep 0.001
run 97 post no
print "old $(pe:%.17g) $(c_p[1]:%.17g) $(c_p[4]:%.17g)"
run 0 post no
print "new $(pe:%.17g) $(c_p[1]:%.17g) $(c_p[4]:%.17g)"
)in",
                                   setup);
    if (run.exit_code != 0) continue;
    auto const before = run.line("old"), after = run.line("new");
    ASSERT_EQ(before.size(), 3);
    EXPECT_NEAR(before[0], after[0], 1e-11 * std::abs(after[0]));
    for (int v : {1, 2}) EXPECT_NEAR(before[v], after[v], 1e-9 * (1e4 + std::abs(after[1])));
  }
}

// With noise: the temperature is that of the bath.
TEST(LammpsCommandTest, LangevinThermostat) {
  for (auto const& setup : few_setups) {
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeSystem(folder, solidModel(), diamond(3, 5.43, 0));
    auto const run = runLammpsWell(folder, setUp("test.mtp", "Si") + start_dynamics + R"in(
fix bath all langevin 600 600 0.02 4711
variable t equal temp
fix average all ave/time 1 400 400 v_t
run 200 post no
run 800 post no
print "temperature $(f_average:%.17g)"
)in",
                                   setup);
    // 648 degrees of freedom, some 20 independent samples: 1 % and something for what is not quite harmonic.
    if (run.exit_code != 0) continue;
    EXPECT_NEAR(run.line("temperature").at(0), 600, 40);
  }
}

}  // namespace
}  // namespace sinter
