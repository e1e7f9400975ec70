// Relaxation: minima that are known otherwise, cells that do not feel each other, and what cannot be relaxed.
#include "sinter/simulation/batch_relaxation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/simulation/deformation.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::diamond;
using reference::solidModel;
using test::messageOf;

constexpr Matrix3 sheared = {{{1.03, 0.02, -0.04}, {0.01, 0.98, 0.03}, {0.02, -0.03, 1.05}}};

Structure primitiveDiamond(double a) {
  Structure s;
  s.cell = {{{0, a / 2, a / 2}, {a / 2, 0, a / 2}, {a / 2, a / 2, 0}}};
  s.periodic = {true, true, true};
  s.positions = {{0.3, 0.1, 0}, {0.3 + a / 4, 0.1 + a / 4, a / 4}};
  s.species = {14, 14};
  return s;
}

template <class Space>
class BatchRelaxationTest : public testing::Test {
 protected:
  static std::vector<RelaxedStructure> relaxAll(std::vector<Structure> const& structures,
                                                RelaxationSettings const& settings = {}) {
    return relax<Space>(solidModel(), settings, structures);
  }
  static RelaxedStructure relaxOne(Structure const& s, RelaxationSettings const& settings = {}) {
    return relaxAll({s}, settings).at(0);
  }
};
TYPED_TEST_SUITE(BatchRelaxationTest, test::ExecutionSpaces);

void expectSame(RelaxedStructure const& a, RelaxedStructure const& b) {
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.evaluations, b.evaluations);
  EXPECT_EQ(a.enthalpy, b.enthalpy);
  EXPECT_EQ(a.structure.cell, b.structure.cell);
  EXPECT_EQ(a.structure.positions, b.structure.positions);
  EXPECT_EQ(a.structure.forces, b.structure.forces);
  EXPECT_EQ(a.structure.virial, b.structure.virial);
}

// H(a) = E + P V of the diamond lattice, by evaluating it: a scan, and the parabola through its lowest points.
TYPED_TEST(BatchRelaxationTest, DiamondFindsTheMinimumOfTheScan) {
  MtpEvaluator<Kokkos::Serial> const evaluator(solidModel());
  for (double const pressure : {0.0, 20 / gpa_per_ev_per_cubic_angstrom, -3 / gpa_per_ev_per_cubic_angstrom}) {
    constexpr double step = 0.002;
    auto const enthalpy = [&](int n) {
      double const a = step * n;
      Structure const s = primitiveDiamond(a);
      return evaluator.evaluate({&s, 1})[0].energy + pressure * a * a * a / 4;
    };
    int lowest = 2500;
    for (int n = lowest; n < 2900; ++n)
      if (enthalpy(n) < enthalpy(lowest)) lowest = n;
    double const below = enthalpy(lowest - 1), at = enthalpy(lowest), above = enthalpy(lowest + 1);
    double const a = step * (lowest + 0.5 * (below - above) / (below - 2 * at + above));

    RelaxationSettings settings;
    settings.pressure = pressure;
    settings.pressure_tolerance = 1e-8;
    settings.force_tolerance = 1e-6;
    for (auto const freedom : {CellFreedom::isotropic, CellFreedom::full}) {
      settings.cell = freedom;
      auto const relaxed = this->relaxOne(diamond(1, 5.6, 0), settings);
      ASSERT_EQ(relaxed.status, RelaxationStatus::converged);
      double const v = *volume(relaxed.structure);
      EXPECT_NEAR(std::cbrt(v), a, 1e-5);  // cubic terms of the parabola: step^2 times H''' / H'', some 1 / A
      EXPECT_NEAR(*relaxed.enthalpy / 4, at, 1e-5);
      EXPECT_NEAR(pressureOf(*relaxed.structure.virial, v), pressure, 1e-8);
      EXPECT_LE(relaxed.residual.stress, 1e-8);
      EXPECT_LE(relaxed.residual.force, 1e-6);
    }
  }
}

TYPED_TEST(BatchRelaxationTest, RattledAndShearedCrystalsReturn) {
  RelaxationSettings settings;
  settings.force_tolerance = 1e-5;
  settings.pressure_tolerance = 1e-6;
  auto const crystal = this->relaxOne(primitiveDiamond(5.4), settings);
  ASSERT_EQ(crystal.status, RelaxationStatus::converged);
  double const per_atom = *crystal.enthalpy / 2, volume_per_atom = *volume(crystal.structure) / 2;
  auto const relaxed = this->relaxAll(
      {deformed(diamond(1, 5.4, 0.15), sheared), deformed(diamond(2, 5.4, 0.1), sheared), diamond(1, 5.0, 0.1)},
      settings);
  for (auto const& one : relaxed) {
    ASSERT_EQ(one.status, RelaxationStatus::converged);
    auto const atoms = static_cast<double>(one.structure.size());
    EXPECT_NEAR(*one.enthalpy / atoms, per_atom, 1e-8);  // force^2 / curvature (1 eV/A^2 or more), and the like
    EXPECT_NEAR(*volume(one.structure) / atoms, volume_per_atom, 1e-4);
    EXPECT_EQ(one.structure.energy, one.enthalpy);
    // Every atom has four neighbours at the same distance again.
    EXPECT_LE(one.residual.force, 1e-5);
  }
}

TYPED_TEST(BatchRelaxationTest, PositionsAloneLeaveTheCell) {
  RelaxationSettings settings;
  settings.cell = CellFreedom::none;
  settings.pressure = 0.1;
  auto const start = diamond(1, 5.6, 0.1);
  auto const relaxed = this->relaxOne(start, settings);
  ASSERT_EQ(relaxed.status, RelaxationStatus::converged);
  EXPECT_EQ(relaxed.structure.cell, start.cell);
  EXPECT_NEAR(*relaxed.enthalpy, *relaxed.structure.energy + 0.1 * *volume(start), 1e-12);
  auto const perfect = this->relaxOne(diamond(1, 5.6, 0), settings);
  EXPECT_NEAR(*relaxed.enthalpy, *perfect.enthalpy, 1e-5);  // force tolerance squared
}

TYPED_TEST(BatchRelaxationTest, MoleculesAndSlabsHaveNoPressure) {
  Structure molecule;
  molecule.positions = {{0, 0, 0}, {2.2, 0.1, 0}, {1.0, 2.1, 0.2}};
  molecule.species = {14, 14, 14};
  Structure slab = diamond(1, 5.43, 0.1);
  slab.periodic[2] = false;
  RelaxationSettings settings;
  settings.pressure = 0.1;
  auto const relaxed = this->relaxAll({molecule, slab}, settings);
  for (auto const& one : relaxed) {
    EXPECT_EQ(one.status, RelaxationStatus::converged);
    EXPECT_LE(one.residual.force, 1e-3);
    EXPECT_EQ(one.enthalpy, one.structure.energy);
    EXPECT_FALSE(one.structure.virial);
  }
  EXPECT_EQ(relaxed[1].structure.cell, slab.cell);
}

// As the path does not depend on where it is cut off, the enthalpies for ever more steps are those along one path.
TYPED_TEST(BatchRelaxationTest, EnthalpyNeverRises) {
  RelaxationSettings settings;
  settings.pressure = 0.05;
  auto const start =
      reference::randomStructure(6, {{{5.2, 0, 0}, {1.1, 4.9, 0}, {0.4, -0.8, 5.3}}}, {true, true, true}, 2.0, {14}, 3);
  double last = std::numeric_limits<double>::infinity();
  for (settings.max_steps = 0; settings.max_steps < 40; ++settings.max_steps) {
    auto const relaxed = this->relaxOne(start, settings);
    ASSERT_TRUE(relaxed.enthalpy);
    double const rounding = is_device_space<TypeParam> ? 1e-9 : 1e-13 * std::abs(*relaxed.enthalpy);
    EXPECT_LE(*relaxed.enthalpy, last + rounding);
    last = *relaxed.enthalpy;
    if (relaxed.status == RelaxationStatus::converged) break;
    EXPECT_EQ(relaxed.status, RelaxationStatus::max_steps);
    EXPECT_EQ(relaxed.steps(), settings.max_steps);
  }
}

std::vector<Structure> mixedCells() {
  std::array<bool, 3> const bulk{true, true, true};
  std::vector<Structure> cells;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    int const atoms = 1 + static_cast<int>(seed * 7 % 11);
    double const edge = std::cbrt(20.0 * atoms);
    cells.push_back(reference::randomStructure(atoms, {{{edge, 0, 0}, {0.3 * edge, edge, 0}, {0, -0.2 * edge, edge}}},
                                               bulk, 1.9, {14}, seed));
  }
  cells.push_back(primitiveDiamond(5.2));
  cells.push_back(diamond(1, 5.43, 0.1));
  Structure molecule;
  molecule.positions = {{0, 0, 0}, {2.2, 0.1, 0}, {1.0, 2.1, 0.2}};
  molecule.species = {14, 14, 14};
  cells.push_back(molecule);
  cells.insert(cells.begin() + 2, diamond(1, 5.43, 0.05));
  cells[2].positions[3] = cells[2].positions[5];  // fails, and must not disturb
  return cells;
}

// Alone, together, in another order, or joining one after another: the same bits.
TYPED_TEST(BatchRelaxationTest, CellsDoNotFeelEachOther) {
  if (is_device_space<TypeParam>) GTEST_SKIP() << "forces are added by atomics on a device";
  auto const cells = mixedCells();
  RelaxationSettings settings;
  settings.max_steps = 25;
  settings.force_tolerance = settings.pressure_tolerance = 0.1;  // some converge
  auto const together = this->relaxAll(cells, settings);
  ASSERT_EQ(together.size(), cells.size());
  EXPECT_EQ(together[2].status, RelaxationStatus::overlap);
  std::vector<Structure> backwards(cells.rbegin(), cells.rend());
  auto const reversed = this->relaxAll(backwards, settings);
  BatchRelaxation<TypeParam> relaxation(solidModel(), settings);
  std::vector<RelaxedStructure> one_by_one(cells.size());
  std::size_t added = 0, finished = 0;
  while (added < cells.size() || !relaxation.empty()) {
    if (added < cells.size()) {
      EXPECT_EQ(relaxation.add(cells[added], "cell"), added);
      ++added;
    }
    for (auto& relaxed : relaxation.step()) {
      one_by_one.at(relaxed.index) = relaxed;
      ++finished;
    }
  }
  EXPECT_EQ(finished, cells.size());
  std::size_t converged = 0;
  for (std::size_t c = 0; c < cells.size(); ++c) {
    SCOPED_TRACE(c);
    expectSame(together[c], this->relaxOne(cells[c], settings));
    expectSame(together[c], reversed[cells.size() - 1 - c]);
    expectSame(together[c], one_by_one[c]);
    converged += together[c].status == RelaxationStatus::converged;
  }
  EXPECT_GE(converged, 3U);
}

TYPED_TEST(BatchRelaxationTest, BackendsAndThreadsAgree) {
  if (is_device_space<TypeParam>) GTEST_SKIP() << "forces are added by atomics on a device";
  auto const cells = mixedCells();
  RelaxationSettings settings;
  settings.max_steps = 10;
  auto const serial = relax<Kokkos::Serial>(solidModel(), settings, cells);
  auto const here = this->relaxAll(cells, settings);
  for (std::size_t c = 0; c < cells.size(); ++c) expectSame(serial[c], here[c]);
}

TYPED_TEST(BatchRelaxationTest, FailuresHaveReasons) {
  Structure coincident = diamond(1, 5.43, 0);
  coincident.positions[1] = coincident.positions[0];
  Structure near = diamond(1, 5.43, 0);
  near.positions[1] = {0.5, 0, 0};
  Structure tiny = diamond(1, 0.5, 0), thin = diamond(1, 5.43, 0);
  thin.periodic = {true, true, false};
  thin.cell[0] = {1e-6, 0, 0};
  Structure const good = diamond(1, 5.43, 0.1);
  RelaxationSettings settings;
  settings.force_tolerance = 0.1;
  settings.pressure_tolerance = 0.1;
  auto const relaxed = this->relaxAll({coincident, near, tiny, thin, good}, settings);
  EXPECT_EQ(relaxed[0].status, RelaxationStatus::overlap);
  EXPECT_EQ(relaxed[1].status, RelaxationStatus::overlap);
  EXPECT_EQ(relaxed[2].status, RelaxationStatus::collapsed);
  EXPECT_EQ(relaxed[3].status, RelaxationStatus::not_finite);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(relaxed[i].evaluations, i < 2 ? 1 : 0);
    EXPECT_EQ(relaxed[i].steps(), 0);
    EXPECT_FALSE(relaxed[i].enthalpy);
    EXPECT_FALSE(relaxed[i].structure.energy);
    EXPECT_EQ(relaxed[i].structure.size(), 8U);
  }
  EXPECT_EQ(relaxed[4].status, RelaxationStatus::converged);

  settings.min_distance = 0;
  auto const together = this->relaxAll({coincident, good}, settings);
  EXPECT_EQ(together[0].status, RelaxationStatus::not_finite);
  EXPECT_EQ(together[1].status, RelaxationStatus::converged);
}

// A potential without a repulsion, with which atoms fall into each other.
TYPED_TEST(BatchRelaxationTest, CollapseEndsWithTheLastGoodStructure) {
  auto model = solidModel();
  model.moment_coeffs = {-1, 0, 0, 0};  // of the number of bonds alone
  auto const relaxed = relax<TypeParam>(model, {}, std::vector<Structure>{diamond(1, 5.43, 0.1)}).at(0);
  EXPECT_TRUE(relaxed.status == RelaxationStatus::overlap || relaxed.status == RelaxationStatus::collapsed)
      << nameOf(relaxed.status);
  EXPECT_GT(relaxed.steps(), 0);
  ASSERT_TRUE(relaxed.enthalpy);
  EXPECT_TRUE(std::isfinite(*relaxed.enthalpy));
  EXPECT_LT(*volume(relaxed.structure), 5.43 * 5.43 * 5.43);
  MtpEvaluator<Kokkos::Serial> const evaluator(model);
  double const energy = evaluator.evaluate({&relaxed.structure, 1})[0].energy;
  EXPECT_NEAR(energy, *relaxed.structure.energy, 1e-10 * std::abs(energy));
}

TYPED_TEST(BatchRelaxationTest, TrialsThatCollapseAreNotCounted) {
  Structure packed;  // closest packing, a little wider than the smallest distance; the pressure takes 14 % off
  packed.cell = {{{0, 2, 2}, {2, 0, 2}, {2, 2, 0}}};
  packed.periodic = {true, true, true};
  packed.positions = {{0, 0, 0}};
  packed.species = {14};
  RelaxationSettings settings;
  settings.pressure = 10;
  settings.min_distance = 2.75;
  auto const relaxed = this->relaxOne(packed, settings);
  EXPECT_EQ(relaxed.status, RelaxationStatus::collapsed);
  EXPECT_EQ(relaxed.evaluations, 1);
  EXPECT_EQ(relaxed.steps(), 0);
  EXPECT_TRUE(relaxed.enthalpy);
  EXPECT_EQ(relaxed.structure.cell, packed.cell);
}

TYPED_TEST(BatchRelaxationTest, BadInput) {
  BatchRelaxation<TypeParam> relaxation(solidModel(), {});
  auto const message = [&](Structure const& s, std::optional<double> pressure = {}) {
    return messageOf<InputError>([&] { relaxation.add(s, "frame 7", pressure); });
  };
  Structure s = diamond(1, 5.43, 0);
  s.positions[2][1] = std::nan("");
  EXPECT_EQ(message(s), "frame 7: found a position that is not finite, expected numbers (Angstrom)");
  s = diamond(1, 5.43, 0);
  s.cell[1] = s.cell[0];
  EXPECT_EQ(message(s), "frame 7: found a cell without volume, expected linearly independent lattice vectors");
  s = diamond(1, 5.43, 0, {14, 8});
  EXPECT_TRUE(message(s).starts_with("frame 7: ")) << message(s);
  EXPECT_EQ(message({}), "frame 7: found no atoms, expected one at least");
  EXPECT_NE(message(diamond(1, 5.43, 0), std::nan("")), "");
  EXPECT_TRUE(relaxation.empty());

  auto const refused = [](auto const& change) {
    RelaxationSettings settings;
    change(settings);
    return messageOf<InputError>([&] { BatchRelaxation<TypeParam>(solidModel(), settings); });
  };
  EXPECT_NE(refused([](auto& x) { x.force_tolerance = 0; }).find("force tolerance"), std::string::npos);
  EXPECT_NE(refused([](auto& x) { x.pressure_tolerance = std::nan(""); }).find("pressure tolerance"),
            std::string::npos);
  EXPECT_NE(refused([](auto& x) { x.pressure = std::nan(""); }).find("pressure"), std::string::npos);
  EXPECT_NE(refused([](auto& x) { x.max_steps = -1; }).find("steps"), std::string::npos);
  EXPECT_NE(refused([](auto& x) { x.min_distance = -1; }).find("distance"), std::string::npos);
  auto untrained = solidModel();
  untrained.moment_coeffs.clear();
  untrained.species_coeffs.clear();
  EXPECT_THROW(BatchRelaxation<TypeParam>(untrained, {}), InputError);
}

}  // namespace
}  // namespace sinter
