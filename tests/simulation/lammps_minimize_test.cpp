// Relaxed crystals and point defects against LAMMPS: `minimize`, with `fix box/relax` for cells, and the plugin.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <cstdio>
#include <string>
#include <vector>

#include "pair_kokkos/lammps_systems.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/simulation/batch_relaxation.hpp"
#include "sinter/simulation/point_defects.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

/// A rattled diamond crystal whose cell is strained and lower triangular, as LAMMPS wants it.
Structure strainedDiamond(int n, double rattle) {
  Structure s = reference::diamond(n, 5.43, rattle);
  Matrix3 const lower = {{{1.02, 0, 0}, {0.04, 0.97, 0}, {-0.03, 0.02, 1.03}}};  // rows: the new x, y, z
  auto const turn = [&](Vector3 const& v) {
    Vector3 result{};
    for (std::size_t d = 0; d < 3; ++d)
      for (std::size_t x = 0; x < 3; ++x) result[x] += v[d] * lower[d][x];
    return result;
  };
  for (auto& h : s.cell) h = turn(h);
  for (auto& r : s.positions) r = turn(r);
  return s;
}

std::string number(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

// LAMMPS strains the box it started from, and stops where its line search finds nothing lower; minimised several
// times, each time from a new box.
std::string minimise(double pressure_in_bar) {
  return "fix box all box/relax tri " + number(pressure_in_bar) + R"in( vmax 0.005
min_modify line quadratic
thermo_style custom step pe vol press
label again
variable i loop 6
minimize 0 1e-6 400 4000
next i
jump SELF again
print "energy $(pe:%.17g)"
print "volume $(vol:%.17g)"
)in";
}

TEST(LammpsMinimizeTest, EnthalpiesOfRattledCrystalsAgree) {
  auto const model = reference::solidModel();
  std::vector<std::pair<Structure, double>> const cases = {
      {strainedDiamond(1, 0.1), 0}, {strainedDiamond(2, 0.1), 0}, {strainedDiamond(2, 0.05), 10}};  // GPa
  for (auto const& [structure, gpa] : cases) {
    double const pressure = gpa / gpa_per_ev_per_cubic_angstrom;
    RelaxationSettings settings;
    settings.pressure = pressure;
    auto const ours = relax<Kokkos::Serial>(model, settings, {&structure, 1}).at(0);
    ASSERT_EQ(ours.status, RelaxationStatus::converged);

    TemporaryFolder const folder;
    writeSystem(folder, model, structure);
    auto const run = runLammpsWell(folder, setUp("test.mtp", "Si") + minimise(pressure * bar), few_setups[0]);
    if (run.exit_code != 0) continue;
    double const enthalpy = run.line("energy").at(0) + pressure * run.line("volume").at(0);
    auto const atoms = static_cast<double>(structure.size());
    EXPECT_NEAR(*ours.enthalpy / atoms, enthalpy / atoms, 1e-4) << run.output;
  }
}

TEST(LammpsMinimizeTest, EnergiesOfPointDefectsAgree) {
  auto const model = reference::solidModel();
  constexpr double a = 5.43;
  std::vector<PointDefect> const defects = {PointDefect::vacancy, PointDefect::dumbbell};
  for (auto const& ours : pointDefectEnergies<Kokkos::Serial>(model, 14, a, 2, defects)) {
    TemporaryFolder const folder;
    writeSystem(folder, model, diamondWithDefect(ours.defect, 14, a, 2));
    auto const run = runLammpsWell(folder, setUp("test.mtp", "Si") + R"in(
min_modify line quadratic
minimize 0 1e-6 1000 10000
print "energy $(pe:%.17g)"
)in",
                                   few_setups[0]);
    if (run.exit_code != 0) continue;
    // Forces of 0.001 eV/A are left, of a stiffness of some eV/A^2.
    EXPECT_NEAR(*ours.structure.energy, run.line("energy").at(0), 1e-4) << nameOf(ours.defect);
  }
}

}  // namespace
}  // namespace sinter
