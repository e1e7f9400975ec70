// Splines of cells over pressure.
#include "sinter/validation/pressure_adjusted_crystal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::expectInputError;

// Diamond whose cell is `edge`.
Structure crystal(double edge) {
  Structure structure = reference::diamond(1, edge, 0);
  structure.cell[1][0] = 0.01 * edge * edge;  // a skew cell, for all nine numbers to matter
  return structure;
}

PressureAdjustedCrystal through(std::vector<double> const& pressures, std::vector<double> const& edges) {
  std::vector<Structure> structures;
  for (double const edge : edges) structures.push_back(crystal(edge));
  return {"dia", structures, pressures};
}

TEST(PressureAdjustedCrystal, PassesThroughItsKnots) {
  std::vector<double> const pressures = {-2, 0, 1, 4, 20}, edges = {5.5, 5.43, 5.4, 5.3, 5.0};
  auto const splines = through(pressures, edges);
  EXPECT_EQ(splines.name(), "dia");
  EXPECT_EQ(splines.leastPressure(), -2);
  EXPECT_EQ(splines.mostPressure(), 20);
  for (std::size_t k = 0; k < pressures.size(); ++k) {
    auto const found = splines.at(pressures[k]), expected = crystal(edges[k]);
    EXPECT_EQ(found.species, expected.species);
    EXPECT_EQ(found.periodic, expected.periodic);
    for (std::size_t d = 0; d < 3; ++d)
      for (std::size_t x = 0; x < 3; ++x) EXPECT_NEAR(found.cell[d][x], expected.cell[d][x], 1e-13);
    for (std::size_t i = 0; i < expected.size(); ++i)
      for (std::size_t x = 0; x < 3; ++x) EXPECT_NEAR(found.positions[i][x], expected.positions[i][x], 1e-12);
  }
}

TEST(PressureAdjustedCrystal, IsTheNaturalCubicSpline) {
  // Through (0, 5), (1, 6), (2, 5): 5 + 1.5 p - 0.5 p^3 up to 1, and its mirror image.
  auto const three = through({2, 0, 1}, {5, 5, 6});
  for (double p = 0; p <= 2; p += 0.125) {
    double const q = p <= 1 ? p : 2 - p;
    EXPECT_NEAR(three.at(p).cell[0][0], 5 + 1.5 * q - 0.5 * q * q * q, 1e-14) << p;
  }
  // A straight line is its own spline, and two knots are one.
  EXPECT_NEAR(through({0, 3, 4, 10}, {5, 5.3, 5.4, 6}).at(7.7).cell[2][2], 5.77, 1e-14);
  EXPECT_NEAR(through({0, 10}, {5, 6}).at(7.7).cell[2][2], 5.77, 1e-14);
  // A cubic with knots that are not even: exact but for the curvature that is missing at the ends, which dies away by a
  // factor of 2 + sqrt(3) per knot.
  auto const cubic = [](double p) { return 5 + 0.1 * p - 0.02 * p * p + 0.001 * p * p * p; };
  std::vector<double> pressures, edges;
  for (int k = 0; k <= 40; ++k) {
    pressures.push_back(0.25 * k + 0.02 * (k % 3));
    edges.push_back(cubic(pressures.back()));
  }
  auto const many = through(pressures, edges);
  for (double p = 4; p < 6; p += 0.1) EXPECT_NEAR(many.at(p).cell[0][0], cubic(p), 1e-10) << p;
  EXPECT_GT(std::abs(many.at(0.1).cell[0][0] - cubic(0.1)), 1e-6);  // natural ends
}

TEST(PressureAdjustedCrystal, AtomsMoveOverFaces) {
  auto const chain = [](double fraction) {
    Structure structure = reference::cubicCrystal(reference::simple_cubic, 3, 1);
    structure.positions.push_back({3 * fraction, 1.5, -4.5});
    structure.species.push_back(14);
    return structure;
  };
  PressureAdjustedCrystal const splines("chain", std::vector{chain(0.96), chain(0.02), chain(1.08)},
                                        std::vector<double>{0, 1, 2});
  auto const found = splines.at(0.5).positions[1];
  EXPECT_NEAR(found[0], 3 * 0.99, 1e-12);
  EXPECT_NEAR(found[1], 1.5, 1e-12);
  EXPECT_NEAR(found[2], -4.5, 1e-12);
}

TEST(PressureAdjustedCrystal, RefusesWhatIsNotKnown) {
  auto const splines = through({0, 10}, {5, 6});
  for (double const p : {-0.01, 10.01, std::nan("")})
    expectInputError([&] { (void)splines.at(p); }, "GPa, expected 0 to 10 GPa, where this crystal is known");
  expectInputError([&] { through({0}, {5}); }, "dia: found 1 structures and 1 pressures, expected two or more");
  expectInputError([&] { through({0, 1}, {5, 5, 5}); }, "found 3 structures and 2 pressures");
  expectInputError([&] { through({1, 0, 1}, {5, 5, 5}); }, "dia: found two structures at 1 GPa");
  expectInputError([&] { through({0, 1}, {5, 7}); }, "dia: found a cell at 1 GPa that differs much");
  expectInputError([&] { through({0, INFINITY}, {5, 5}); }, "expected a number");
  auto other = crystal(5), open = other;
  other.species[3] = 6;
  open.periodic[1] = false;
  for (auto const& [structure, fragment] :
       {std::pair(other, "found other atoms at 1 GPa"), std::pair(open, "found a structure without a volume at 1 GPa")})
    expectInputError(
        [&] {
          PressureAdjustedCrystal("dia", std::vector{crystal(5), structure}, std::vector<double>{0, 1});
        },
        fragment);
}

TEST(PressureAdjustedCrystal, OfFramesByName) {
  ReferenceStructures frames;
  auto const add = [&](std::string const& name, double edge, std::string const& pressure) {
    frames.structures.push_back(crystal(edge));
    if (!pressure.empty()) frames.structures.back().features = {{"pressure", pressure}};
    frames.names.push_back(name);
    frames.places.push_back("file: frame " + std::to_string(frames.places.size()));
  };
  for (auto const& [name, edge, pressure] :
       {std::tuple("b", 6.0, "1"), std::tuple("a", 5.0, "0"), std::tuple("b", 7.0, "-1e0"), std::tuple("a", 4.0, "8")})
    add(name, edge, pressure);
  auto const crystals = pressureAdjustedCrystals(frames);
  ASSERT_EQ(crystals.size(), 2U);
  EXPECT_EQ(crystals[0].name(), "b");
  EXPECT_NEAR(crystals[0].at(0).cell[0][0], 6.5, 1e-14);
  EXPECT_EQ(crystals[1].mostPressure(), 8);
  add("a", 5, "");
  expectInputError([&] { (void)pressureAdjustedCrystals(frames); }, "file: frame 4: found no pressure, expected");
  frames.structures[4].features = {{"pressure", "high"}};
  expectInputError([&] { (void)pressureAdjustedCrystals(frames); }, "file: frame 4: found pressure=high, expected");
}

// Nine phases of silicon at 100 pressures (../shared/data/README.md): every other one predicts the one between.
TEST(PressureAdjustedCrystal, OfSilicon) {
  std::string const file = std::string(SINTER_SHARED_DATA) + "/si_reference_crystals.csv";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  std::map<std::string, std::vector<std::pair<double, Structure>>> cells;
  while (std::getline(stream, line)) {
    std::istringstream numbers(line.substr(line.find(',') + 1));
    double pressure = 0;
    char comma = 0;
    Structure structure;
    numbers >> pressure;
    for (auto& vector : structure.cell)
      for (double& x : vector) numbers >> comma >> x;
    ASSERT_TRUE(numbers) << line;
    structure.periodic = {true, true, true};
    cells[line.substr(0, line.find(','))].emplace_back(pressure, structure);
  }
  EXPECT_EQ(cells.size(), 9U);
  for (auto const& [phase, all] : cells) {
    std::vector<Structure> structures;
    std::vector<double> pressures;
    for (std::size_t k = 0; k < all.size(); k += 2) {
      pressures.push_back(all[k].first);
      structures.push_back(all[k].second);
    }
    PressureAdjustedCrystal const splines(phase, structures, pressures);
    for (std::size_t k = 11; k + 11 < all.size(); k += 2)
      for (std::size_t d = 0; d < 3; ++d)
        for (std::size_t x = 0; x < 3; ++x)
          EXPECT_NEAR(splines.at(all[k].first).cell[d][x], all[k].second.cell[d][x], 0.01) << phase << " " << k;
  }
}

}  // namespace
}  // namespace sinter
