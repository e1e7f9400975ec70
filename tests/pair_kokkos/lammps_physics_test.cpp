// What pressure, per-atom virials and heat flux of LAMMPS are with the plugin, against finite differences in the cell
// and in time: nothing here knows how the plugin makes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "pair_kokkos/lammps_systems.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using reference::testModel;

// Plain and KOKKOS, newton on and off, one rank and two.
std::vector<LammpsSetup> const setups = {
    {false, 1, 1, true, "half"}, {true, 2, 1, false, "full"}, {true, 1, 2, false, "half"}};

std::vector<int> const species = {14, 8, 6};
std::string const names = "Si O C";

// An alloy in a skewed box, written as "data" with its potential "test.mtp".
Structure writeAlloy(TemporaryFolder const& folder) {
  auto structure =
      reference::randomStructure(120, {{{13, 0, 0}, {4, 12, 0}, {-3, 2, 14}}}, {true, true, true}, 1.9, species);
  writeLammpsData(folder, "data", structure, typesIn(species, structure), 3);
  writeMtp(testModel(8, {14, 8, 6}), folder / "test.mtp");
  return structure;
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

// With h the cell (rows are its vectors) and the fractional coordinates kept, dE/dh_kl = -sum_a (h^-1)_ak W_al: six
// derivatives for the parameters lx, ly, lz, xy, xz, yz of LAMMPS's box, which determine all six components of W.
TEST(LammpsPhysicsTest, PressureIsTheDerivativeOfTheEnergyInAllSixComponents) {
  constexpr int row[6] = {0, 1, 2, 1, 2, 2}, column[6] = {0, 1, 2, 0, 0, 1};
  constexpr double step = 2e-4;  // A
  constexpr int steps[4] = {-2, -1, 1, 2};
  constexpr double weights[4] = {1. / 12, -8. / 12, 8. / 12, -1. / 12};
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    auto const h = writeAlloy(folder).cell;
    std::string input = "box tilt large\n" + setUp("test.mtp", names) + R"in(
compute p all pressure NULL virial
thermo_style custom step pe vol c_p[1] c_p[2] c_p[3] c_p[4] c_p[5] c_p[6]
thermo_modify norm no
run 0 post no
print "virial $(c_p[1]:%.17g) $(c_p[2]:%.17g) $(c_p[3]:%.17g) $(c_p[4]:%.17g) $(c_p[5]:%.17g) $(c_p[6]:%.17g)"
print "volume $(vol:%.17g)"
)in";
    for (int parameter = 0; parameter < 6; ++parameter)
      for (int const s : steps) {
        auto cell = h;
        cell[row[parameter]][column[parameter]] += s * step;
        input += "change_box all x final 0 " + number(cell[0][0]) + " y final 0 " + number(cell[1][1]) + " z final 0 " +
                 number(cell[2][2]) + " xy final " + number(cell[1][0]) + " xz final " + number(cell[2][0]) +
                 " yz final " + number(cell[2][1]) + " remap units box\n" +
                 "run 0 post no\nprint \"energy $(pe:%.17g)\"\n";
      }
    auto const run = runLammpsWell(folder, input, setup);
    if (run.exit_code != 0) continue;
    auto const pressure = run.line("virial");
    double const volume = run.line("volume").at(0);
    Matrix3 virial{};
    constexpr int first[6] = {0, 1, 2, 0, 0, 1}, second[6] = {0, 1, 2, 1, 2, 2};  // LAMMPS's order
    double scale = 0;
    for (int v = 0; v < 6; ++v) {
      virial[first[v]][second[v]] = virial[second[v]][first[v]] = pressure.at(v) * volume / bar;
      scale = std::max(scale, std::abs(virial[first[v]][second[v]]) / h[2][2]);
    }
    // The inverse of a lower triangular matrix.
    Matrix3 inverse{};
    for (int d = 0; d < 3; ++d) inverse[d][d] = 1 / h[d][d];
    inverse[1][0] = -h[1][0] / (h[0][0] * h[1][1]);
    inverse[2][1] = -h[2][1] / (h[1][1] * h[2][2]);
    inverse[2][0] = (h[1][0] * h[2][1] - h[2][0] * h[1][1]) / (h[0][0] * h[1][1] * h[2][2]);
    auto const energies = run.lines("energy");
    ASSERT_EQ(energies.size(), 24U);
    double worst = 0;
    for (int parameter = 0; parameter < 6; ++parameter) {
      double derivative = 0, expected = 0;
      for (int s = 0; s < 4; ++s) derivative += weights[s] * energies[4 * parameter + s].at(0) / step;
      for (int a = 0; a < 3; ++a) expected -= inverse[a][row[parameter]] * virial[a][column[parameter]];
      worst = std::fmax(worst, std::abs(derivative - expected));
    }
    std::printf("%s: largest deviation %.1e of the largest component\n", setup.name().c_str(), worst / scale);
    EXPECT_LE(worst, 1e-6 * scale);  // rounding of energies, and second derivatives that jump at the cutoff
  }
}

TEST(LammpsPhysicsTest, PerAtomVirialsSumToTheGlobalOne) {
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeAlloy(folder);
    auto const run = runLammpsWell(folder, "box tilt large\n" + setUp("test.mtp", names) + R"in(
compute s all stress/atom NULL virial
compute c all centroid/stress/atom NULL virial
compute e all pe/atom
compute half all reduce sum c_s[*]
compute whole all reduce sum c_c[*]
compute energy all reduce sum c_e
compute p all pressure NULL virial
thermo_style custom step pe vol c_p[*] c_half[*] c_whole[*] c_energy
run 0 post no
print "global $(-c_p[1]*vol:%.17g) $(-c_p[2]*vol:%.17g) $(-c_p[3]*vol:%.17g) $(-c_p[4]*vol:%.17g) $(-c_p[5]*vol:%.17g) $(-c_p[6]*vol:%.17g)"
print "half $(c_half[1]:%.17g) $(c_half[2]:%.17g) $(c_half[3]:%.17g) $(c_half[4]:%.17g) $(c_half[5]:%.17g) $(c_half[6]:%.17g)"
print "whole $(c_whole[1]:%.17g) $(c_whole[2]:%.17g) $(c_whole[3]:%.17g) $(c_whole[4]:%.17g) $(c_whole[5]:%.17g) $(c_whole[6]:%.17g)"
print "energies $(pe:%.17g) $(c_energy:%.17g)"
)in",
                                   setup);
    if (run.exit_code != 0) continue;
    auto const global = run.line("global"), half = run.line("half"), whole = run.line("whole");
    double scale = 0;
    for (double const g : global) scale = std::max(scale, std::abs(g));
    for (int v = 0; v < 6; ++v) {
      EXPECT_NEAR(half.at(v), global.at(v), 1e-10 * scale);
      EXPECT_NEAR(whole.at(v), global.at(v), 1e-10 * scale);
    }
    auto const energies = run.line("energies");
    EXPECT_NEAR(energies.at(0), energies.at(1), 1e-10 * std::abs(energies.at(0)));
  }
}

// J = d/dt sum_i r_i e_i with e_i = m v_i^2 / 2 + E_i, and its convective part sum_i e_i v_i, of a cluster that flies
// and whose halves have different temperatures. Velocity Verlet with steps this small is exact to (omega dt)^2 ~ 1e-6.
TEST(LammpsPhysicsTest, HeatFluxIsTheTimeDerivativeOfTheEnergyMoment) {
  auto structure =
      reference::randomStructure(90, {{{12, 0, 0}, {0, 12, 0}, {0, 0, 12}}}, {false, false, false}, 2.0, species);
  structure.cell = {{{40, 0, 0}, {0, 40, 0}, {0, 0, 40}}};
  for (auto& position : structure.positions)
    for (double& x : position) x += 14;
  constexpr double time_step = 1e-5;  // ps
  for (auto const& setup : setups) {
    SCOPED_TRACE(setup.name());
    TemporaryFolder const folder;
    writeLammpsData(folder, "data", structure, typesIn(species, structure), 3);
    writeMtp(testModel(8, {14, 8, 6}), folder / "test.mtp");
    auto const run = runLammpsWell(folder, setUp("test.mtp", names, "f f f") + R"in(
region left block INF 20 INF INF INF INF
group left region left
velocity all create 300 4711 mom yes rot no dist gaussian loop geom
velocity left scale 1500
variable drift equal 3.0
velocity all set 5.0 -3.0 2.0 sum yes
timestep 1e-5
fix move all nve
compute k all ke/atom
compute e all pe/atom
compute s all centroid/stress/atom NULL virial
compute flux all heat/flux k e s
variable ex atom x*(c_k+c_e)
variable ey atom y*(c_k+c_e)
variable ez atom z*(c_k+c_e)
variable vx atom vx*(c_k+c_e)
variable vy atom vy*(c_k+c_e)
variable vz atom vz*(c_k+c_e)
compute moment all reduce sum v_ex v_ey v_ez v_vx v_vy v_vz
thermo 1
thermo_style custom step c_moment[*] c_flux[*]
thermo_modify line yaml format float %.17g
run 4 post no
)in",
                                   setup);
    if (run.exit_code != 0) continue;
    std::vector<std::vector<double>> rows;
    for (auto at = run.output.find("  - ["); at != std::string::npos; at = run.output.find("  - [", at + 1)) {
      std::string line = run.output.substr(at + 5, run.output.find(']', at) - at - 5);
      std::replace(line.begin(), line.end(), ',', ' ');
      rows.push_back(numbersIn(line));
    }
    ASSERT_EQ(rows.size(), 5U) << run.output;
    double worst = 0, worst_convective = 0, scale = 0, static_part = 0;
    for (int x = 0; x < 3; ++x) {
      double const derivative =
          (rows[0].at(1 + x) - 8 * rows[1][1 + x] + 8 * rows[3][1 + x] - rows[4][1 + x]) / (12 * time_step);
      double const flux = rows[2].at(7 + x), convective = rows[2].at(10 + x);
      worst = std::fmax(worst, std::abs(derivative - flux));
      worst_convective = std::fmax(worst_convective, std::abs(convective - rows[2].at(4 + x)));
      scale = std::max(scale, std::abs(flux));
      static_part = std::max(static_part, std::abs(flux - convective));
    }
    std::printf("%s: J %.4g eV A/ps, of it W v %.4g; deviation %.1e\n", setup.name().c_str(), scale, static_part,
                worst);
    EXPECT_GT(static_part, 0.01 * scale);  // of a wrong sign there would be something to see
    EXPECT_LE(worst, 1e-5 * static_part);
    EXPECT_LE(worst_convective, 1e-12 * scale);
  }
}

}  // namespace
}  // namespace sinter
