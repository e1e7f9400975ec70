// Coordinates of positions and cell: where they lead, and the gradient of the enthalpy by finite differences.
#include "sinter/simulation/cell_coordinates.hpp"

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <vector>

#include "sinter/mtp/mtp_evaluator.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::Random;
using Vector = CellCoordinates::Vector;

constexpr Matrix3 skewed = {{{4.1, 0.3, -0.2}, {1.9, 4.4, 0.4}, {-1.5, 0.9, 4.6}}};
constexpr double pressure = 0.07;  // eV/A^3, 11 GPa

Structure start() { return reference::randomStructure(4, skewed, {true, true, true}, 2.0); }

Vector randomCoordinates(std::size_t size) {
  Random random(5);
  Vector coordinates(size);
  for (double& x : coordinates) x = 0.1 * random();
  return coordinates;
}

TEST(CellCoordinatesTest, GradientIsThatOfTheEnthalpy) {
  MtpEvaluator<Kokkos::Serial> const evaluator(reference::testModel(8));
  auto const evaluate = [&](Structure const& s) { return evaluator.evaluate({&s, 1})[0]; };
  for (auto const freedom : {CellFreedom::none, CellFreedom::isotropic, CellFreedom::full}) {
    CellCoordinates const coordinates(start(), freedom);
    EXPECT_EQ(coordinates.size(), freedom == CellFreedom::none ? 12U : freedom == CellFreedom::full ? 18U : 13U);
    Vector point = randomCoordinates(coordinates.size());
    Structure s = start();
    auto const enthalpy = [&] {
      coordinates.place(point, s);
      return evaluate(s).energy + pressure * *volume(s);
    };
    coordinates.place(point, s);
    Vector const gradient = coordinates.gradient(point, evaluate(s), pressure);
    double largest = 0;
    for (double const g : gradient) largest = std::max(largest, std::abs(g));
    constexpr double step = 1e-4;
    for (std::size_t i = 0; i < point.size(); ++i) {
      double const at = point[i];
      double difference = 0;
      for (int const n : {-2, -1, 1, 2}) {
        point[i] = at + n * step;
        difference += (n % 2 == 0 ? -1 : 8) * (n < 0 ? -1 : 1) * enthalpy() / (12 * step);
      }
      point[i] = at;
      // Rounding of some 10 eV, 1e-15 / step, and the fourth order, 1e-16 times fifth derivatives.
      EXPECT_NEAR(gradient[i], difference, 1e-9 * std::max(largest, 1.0)) << i;
    }
  }
}

TEST(CellCoordinatesTest, ZeroIsTheStartAndStrainIsSymmetric) {
  CellCoordinates const coordinates(start(), CellFreedom::full);
  Structure s = start();
  coordinates.place(Vector(coordinates.size()), s);
  EXPECT_EQ(s.cell, start().cell);
  EXPECT_EQ(s.positions, start().positions);
  // An xy strain alone takes the unit vector x to (1, e, 0): cell vectors h become h + e (h_y, h_x, 0).
  Vector point(coordinates.size());
  point.back() = 0.1;
  coordinates.place(point, s);
  double const e = (s.cell[0][0] - skewed[0][0]) / skewed[0][1];
  EXPECT_GT(e, 0.01);
  for (std::size_t d = 0; d < 3; ++d) {
    EXPECT_NEAR(s.cell[d][0], skewed[d][0] + e * skewed[d][1], 1e-14);
    EXPECT_NEAR(s.cell[d][1], skewed[d][1] + e * skewed[d][0], 1e-14);
    EXPECT_EQ(s.cell[d][2], skewed[d][2]);
  }
}

TEST(CellCoordinatesTest, OnlyCellsWithAVolumeAreStrained) {
  Structure slab = start();
  slab.periodic[2] = false;
  CellCoordinates const coordinates(slab, CellFreedom::full);
  EXPECT_EQ(coordinates.freedom(), CellFreedom::none);
  EXPECT_EQ(coordinates.size(), 12U);
  Structure moved = slab;
  coordinates.place(randomCoordinates(12), moved);
  EXPECT_EQ(moved.cell, slab.cell);
}

TEST(CellCoordinatesTest, StepsAreLimited) {
  CellCoordinates const coordinates(start(), CellFreedom::full);
  Vector step(coordinates.size());
  step[3] = 0.3, step[4] = 0.4;  // one atom by 0.5 A
  EXPECT_NEAR(coordinates.limit(step), 0.4, 1e-15);
  step[3] = 0.01, step[4] = 0;
  EXPECT_EQ(coordinates.limit(step), 1);
  step[12] = 1;  // e_xx = 1 / (2 A sqrt(4 atoms))
  EXPECT_NEAR(coordinates.limit(step), 0.05 * 4, 1e-15);
}

TEST(CellCoordinatesTest, ResidualsLookAtWhatMayChange) {
  Structure const s = start();
  double const v = *volume(s);
  Evaluation evaluation;
  evaluation.forces = {{0.1, -0.3, 0}, {0.2, 0, 0}};
  evaluation.virial = {v * 0.1, v * 0.2, v * 0.3, 0, v * -0.25, 0};
  EXPECT_EQ(residualOf(s, evaluation, CellFreedom::none, 0.15).force, 0.3);
  EXPECT_EQ(residualOf(s, evaluation, CellFreedom::none, 0.15).stress, 0);
  EXPECT_NEAR(residualOf(s, evaluation, CellFreedom::isotropic, 0.15).stress, 0.05, 1e-15);
  EXPECT_NEAR(residualOf(s, evaluation, CellFreedom::full, 0.15).stress, 0.25, 1e-15);
}

}  // namespace
}  // namespace sinter
