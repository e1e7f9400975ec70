// Coordination and bond angles: plain loops, crystals, invariances.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "sinter/validation/bond_angles.hpp"
#include "sinter/validation/coordination.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::cubicCrystal;
using test::expectInputError;
using test::listOf;

template <class ExecutionSpace>
class Bonds : public testing::Test {
 protected:
  static std::vector<int> bonds(Structure const& structure, double cutoff, double list_cutoff = 0) {
    return countBonds(ExecutionSpace(), listOf<ExecutionSpace>(structure, std::max(cutoff, list_cutoff)), cutoff);
  }
  static BondAngles angles(Structure const& structure, double cutoff, double width = 0.25, double list_cutoff = 0) {
    auto const list = listOf<ExecutionSpace>(structure, std::max(cutoff, list_cutoff));
    return measureBondAngles(ExecutionSpace(), list, cutoff, width);
  }
};
TYPED_TEST_SUITE(Bonds, test::ExecutionSpaces);

// Mean, standard deviation and bins of plain numbers.
void expectStatistics(AngleStatistics const& found, std::vector<double> const& angles, double width) {
  ASSERT_EQ(found.count(), static_cast<std::int64_t>(angles.size()));
  ASSERT_EQ(std::accumulate(found.histogram().begin(), found.histogram().end(), std::int64_t{0}), found.count());
  if (angles.empty()) {
    EXPECT_TRUE(std::isnan(found.mean()));
    EXPECT_TRUE(std::isnan(found.standardDeviation()));
    return;
  }
  double sum = 0, squares = 0;
  std::vector<std::int64_t> histogram(found.histogram().size());
  for (double const angle : angles) {
    sum += angle;
    ++histogram[std::min(static_cast<std::size_t>(angle / width), histogram.size() - 1)];
  }
  double const mean = sum / angles.size();
  for (double const angle : angles) squares += (angle - mean) * (angle - mean);
  // acos of the reference loses half of the digits near 0 and 180 degrees.
  EXPECT_NEAR(found.mean(), mean, 1e-7);
  EXPECT_NEAR(found.standardDeviation(), std::sqrt(squares / angles.size()), 1e-6);
  EXPECT_EQ(found.histogram(), histogram);
}

TYPED_TEST(Bonds, EqualPlainLoopsForEveryKindOfCell) {
  auto structures = reference::testStructures();
  structures.push_back(
      reference::randomStructure(40, {{{9, 0, 0}, {2, 8, 0}, {-1, 1.5, 8.5}}}, {true, true, true}, 1.9));
  std::ptrdiff_t five_fold = 0;
  for (auto const& structure : structures)
    for (double const cutoff : {2.6, 3.4}) {
      auto const expected = reference::bondCounts(structure, cutoff);
      EXPECT_EQ(this->bonds(structure, cutoff), expected);
      EXPECT_EQ(this->bonds(structure, cutoff, 4.1), expected);  // a longer list
      five_fold += std::count(expected.begin(), expected.end(), 5);
      auto const found = this->angles(structure, cutoff, 0.7, cutoff == 2.6 ? 0 : 4.0);
      EXPECT_NEAR(found.bin_width, 180.0 / 257, 1e-13);  // the nearest whole number of bins
      expectStatistics(found.all, reference::bondAngles(structure, cutoff), found.bin_width);
      expectStatistics(found.five_fold, reference::bondAngles(structure, cutoff, 5), found.bin_width);
    }
  EXPECT_GT(five_fold, 10);  // there are such
}

TYPED_TEST(Bonds, OfCrystals) {
  // Neighbours, and angles between them with the number of each at an atom: from the geometry of the shells.
  struct Crystal {
    Structure structure;
    double cutoff;
    int bonds;
    std::vector<std::pair<double, int>> angles;
  };
  double const tetrahedral = 180 / std::numbers::pi * std::acos(-1.0 / 3), other = 180 - tetrahedral;
  for (int const n : {1, 2})
    for (auto const& crystal : {
             Crystal{reference::diamond(n, 5.43, 0), 2.85, 4, {{tetrahedral, 6}}},
             Crystal{cubicCrystal(reference::simple_cubic, 2.5, n), 3.0, 6, {{90, 12}, {180, 3}}},
             Crystal{cubicCrystal(reference::body_centred, 3.0, n), 2.8, 8, {{other, 12}, {tetrahedral, 12}, {180, 4}}},
             Crystal{cubicCrystal(reference::face_centred, 4.0, n), 3.2, 12, {{60, 24}, {90, 12}, {120, 24}, {180, 6}}},
         }) {
      auto const bonds = this->bonds(crystal.structure, crystal.cutoff);
      EXPECT_EQ(bonds, std::vector<int>(crystal.structure.size(), crystal.bonds));
      CoordinationStatistics const statistics(bonds);
      EXPECT_EQ(statistics.fraction(crystal.bonds), 1);
      EXPECT_EQ(statistics.fraction(3), 0);
      EXPECT_EQ(statistics.mean(), crystal.bonds);
      auto const found = this->angles(crystal.structure, crystal.cutoff, 1);
      double mean = 0, squares = 0, count = 0;
      for (auto const& [angle, number] : crystal.angles) {
        mean += number * angle;
        squares += number * angle * angle;
        count += number;
        // Bins of 1 degree around the angle, which may be at the edge of one.
        auto const& histogram = found.all.histogram();
        auto const bin = static_cast<std::size_t>(angle + 0.5);
        EXPECT_EQ(histogram[bin - 1] + (bin < 180 ? histogram[bin] : 0),
                  number * static_cast<std::int64_t>(crystal.structure.size()))
            << angle;
      }
      mean /= count;
      EXPECT_EQ(found.all.count(), static_cast<std::int64_t>(count * crystal.structure.size()));
      EXPECT_NEAR(found.all.mean(), mean, 1e-10);
      EXPECT_NEAR(found.all.standardDeviation(), std::sqrt(std::max(squares / count - mean * mean, 0.0)), 1e-5);
      EXPECT_EQ(found.five_fold.count(), 0);
    }
}

TYPED_TEST(Bonds, OfDiamondToAllDigits) {
  auto const found = this->angles(reference::diamond(2, 5.43, 0), 2.85);
  EXPECT_NEAR(found.all.mean(), 109.471220634490691, 1e-11);
  EXPECT_LT(found.all.standardDeviation(), 1e-6);  // root of what rounding leaves
  EXPECT_EQ(found.all.histogram()[437], 64 * 6);   // 109.25 to 109.5 degrees
}

TYPED_TEST(Bonds, OfMolecules) {
  // Five bonds: a trigonal bipyramid, without a cell. 90 degrees six times, 120 three times, 180 once.
  Structure molecule;
  double const half = std::sqrt(0.75);
  molecule.positions = {{0, 0, 0}, {2, 0, 0}, {-1, 2 * half, 0}, {-1, -2 * half, 0}, {0, 0, 2}, {0, 0, -2}};
  molecule.species.assign(6, 14);
  EXPECT_EQ(this->bonds(molecule, 2.1), (std::vector<int>{5, 1, 1, 1, 1, 1}));
  auto const found = this->angles(molecule, 2.1);
  EXPECT_EQ(found.all.count(), 10);
  EXPECT_EQ(found.five_fold.count(), 10);
  EXPECT_NEAR(found.five_fold.mean(), (6 * 90 + 3 * 120 + 180) / 10.0, 1e-12);
  CoordinationStatistics const statistics(this->bonds(molecule, 2.1));
  EXPECT_EQ(statistics.histogram(), (std::vector<std::int64_t>{0, 5, 0, 0, 0, 1}));
}

TYPED_TEST(Bonds, OfFewAtoms) {
  Structure atom;
  EXPECT_TRUE(this->bonds(atom, 2.85).empty());
  EXPECT_EQ(this->angles(atom, 2.85).all.count(), 0);
  EXPECT_TRUE(std::isnan(CoordinationStatistics().mean()));
  atom.positions = {{0.3, 0, 0}};
  atom.species = {14};
  EXPECT_EQ(this->bonds(atom, 2.85), std::vector<int>{0});
  EXPECT_EQ(this->angles(atom, 2.85).all.count(), 0);
  atom.cell = {{{2, 0, 0}, {0, 5, 0}, {0, 0, 5}}};
  atom.periodic = {true, true, true};
  EXPECT_EQ(this->bonds(atom, 2.85), std::vector<int>{2});  // its own images
  EXPECT_NEAR(this->angles(atom, 2.85).all.mean(), 180, 1e-12);
}

TYPED_TEST(Bonds, AreInvariant) {
  Structure const structure =
      reference::randomStructure(40, {{{9, 0, 0}, {2, 8, 0}, {-1, 1.5, 8.5}}}, {true, true, true}, 1.9, {14}, 3);
  auto const angles = this->angles(structure, 2.85);
  auto bonds = this->bonds(structure, 2.85);
  Structure const moved = reference::movedAndReversed(structure, {31.2, -7.7, 100.4});
  auto moved_bonds = this->bonds(moved, 2.85);
  std::reverse(moved_bonds.begin(), moved_bonds.end());
  EXPECT_EQ(moved_bonds, bonds);
  Structure const larger = reference::supercell(structure, {2, 1, 3});
  EXPECT_EQ(CoordinationStatistics(this->bonds(larger, 2.85)).mean(), CoordinationStatistics(bonds).mean());
  for (auto const& [other, copies] : {std::pair(&moved, 1), std::pair(&larger, 6)}) {
    auto const found = this->angles(*other, 2.85);
    EXPECT_NEAR(found.all.mean(), angles.all.mean(), 1e-10);
    EXPECT_NEAR(found.all.standardDeviation(), angles.all.standardDeviation(), 1e-10);
    EXPECT_EQ(found.five_fold.count(), copies * angles.five_fold.count());
    for (std::size_t b = 0; b < angles.all.histogram().size(); ++b)
      ASSERT_EQ(found.all.histogram()[b], copies * angles.all.histogram()[b]);
  }
}

TYPED_TEST(Bonds, OfTwoFramesTogether) {
  Structure const one = reference::diamond(1, 5.43, 0.3), two = reference::diamond(2, 5.2, 0.4, {14}, 7);
  CoordinationStatistics bonds(this->bonds(one, 2.85));
  bonds += CoordinationStatistics(this->bonds(two, 2.85));
  auto all = reference::bondCounts(one, 2.85);
  auto const counts = reference::bondCounts(two, 2.85);
  all.insert(all.end(), counts.begin(), counts.end());
  EXPECT_EQ(bonds.histogram(), CoordinationStatistics(all).histogram());
  EXPECT_EQ(bonds.atoms(), 72);
  auto angles = this->angles(one, 2.85).all;
  angles += this->angles(two, 2.85).all;
  auto expected = reference::bondAngles(one, 2.85);
  auto const more = reference::bondAngles(two, 2.85);
  expected.insert(expected.end(), more.begin(), more.end());
  expectStatistics(angles, expected, 0.25);
}

TYPED_TEST(Bonds, RefuseWrongSettings) {
  auto const list = listOf<TypeParam>(reference::diamond(1, 5.43, 0), 3.0);
  TypeParam const space;
  for (double const cutoff : {0.0, -1.0, 3.1, std::nan("")}) {
    expectInputError([&] { (void)countBonds(space, list, cutoff); }, "countBonds: found bond_cutoff");
    expectInputError([&] { (void)measureBondAngles(space, list, cutoff); }, "expected > 0 and at most the cutoff");
  }
  for (double const width : {0.0, 181.0, std::nan("")})
    expectInputError([&] { (void)measureBondAngles(space, list, 2.85, width); }, "found bin_width");
  expectInputError([&] { (void)measureBondAngles(space, list, 2.85, -1e-9); }, "found bin_width -1e-09,");
  Structure pair;
  pair.positions = {{1, 1, 1}, {1, 1, 1}};
  pair.species = {14, 14};
  expectInputError([&] { (void)this->angles(pair, 2.85); }, "at the place of another one");
}

}  // namespace
}  // namespace sinter
