// Axes of crystals from their bonds: plain loops, crystals in any direction, disorder.
#include "sinter/validation/crystal_axis.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "neighbor_reference.hpp"
#include "rotated_crystals.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::angleBetween;
using test::expectInputError;
using test::listOf;
using test::rotated;
using test::simpleHexagonal;

template <class ExecutionSpace>
class CrystalAxisTest : public testing::Test {
 protected:
  static constexpr double bond_cutoff = 2.85;

  static std::vector<Voigt> tensors(Structure const& structure, int count) {
    std::vector<int> const counts(structure.size(), count);
    return bondTensors(ExecutionSpace(), listOf<ExecutionSpace>(structure, 1.3 * bond_cutoff), counts);
  }
  static Voigt meanTensor(Structure const& structure, int count) {
    Voigt mean{};
    for (auto const& tensor : tensors(structure, count))
      for (std::size_t v = 0; v < 6; ++v) mean[v] += tensor[v] / static_cast<double>(structure.size());
    return mean;
  }
  static std::optional<BondAxis> axisOf(Structure const& crystal) {
    return bondAxisOf(ExecutionSpace(), crystal, bond_cutoff);
  }
};
TYPED_TEST_SUITE(CrystalAxisTest, test::ExecutionSpaces);

TYPED_TEST(CrystalAxisTest, TensorsEqualPlainLoops) {
  Structure const structure =
      reference::randomStructure(30, {{{9, 0, 0}, {2, 8, 0}, {-1, 1.5, 8.5}}}, {true, true, true}, 1.9, {14}, 3);
  auto const found = this->tensors(structure, 5);
  for (int i = 0; i < 30; ++i) {
    std::vector<std::pair<double, Vector3>> near;
    for (auto const& pair : reference::allPairs(structure, 1.3 * this->bond_cutoff))
      if (pair.i == i)
        near.emplace_back(std::hypot(pair.displacement[0], pair.displacement[1], pair.displacement[2]),
                          pair.displacement);
    std::sort(near.begin(), near.end());
    Voigt expected{};
    constexpr int first[] = {0, 1, 2, 1, 0, 0}, second[] = {0, 1, 2, 2, 2, 1};
    if (near.size() >= 5)
      for (int n = 0; n < 5; ++n)
        for (std::size_t v = 0; v < 6; ++v)
          expected[v] += near[n].second[first[v]] * near[n].second[second[v]] / (near[n].first * near[n].first);
    for (std::size_t v = 0; v < 6; ++v) EXPECT_NEAR(found[i][v], expected[v], 1e-13);
  }
  EXPECT_EQ(this->tensors(structure, 0)[0], Voigt{});
  expectInputError([&] { (void)this->tensors(structure, most_bonds + 1); }, "0 to 16");
}

TYPED_TEST(CrystalAxisTest, OfCrystals) {
  auto const hexagonal = this->axisOf(simpleHexagonal());
  ASSERT_TRUE(hexagonal);
  EXPECT_EQ(hexagonal->bonds, 8);
  EXPECT_NEAR(hexagonal->contrast, -1, 1e-4);                  // eigenvalues 2, 3, 3; the cell has six digits
  auto const crystals = readStructures(SINTER_SOAP_CRYSTALS);  // sh, dia, bSn, hcp
  auto const tin = this->axisOf(crystals[2]);
  ASSERT_TRUE(tin);
  EXPECT_EQ(tin->bonds, 6);
  EXPECT_GT(tin->contrast, 0.3);
  EXPECT_FALSE(this->axisOf(crystals[1]));
  EXPECT_FALSE(this->axisOf(crystals[3]));
  EXPECT_FALSE(this->axisOf(reference::cubicCrystal(reference::simple_cubic, 2.5, 1)));
  EXPECT_FALSE(this->axisOf(reference::cubicCrystal(reference::simple_cubic, 4.0, 1)));  // no bonds
  EXPECT_FALSE(this->axisOf(reference::diamond(1, 5.43, 0.5)));
}

TYPED_TEST(CrystalAxisTest, OfRotatedDisorderedCrystals) {
  auto const bonds = this->axisOf(simpleHexagonal()).value();
  for (double const degrees : {0.0, 20.0, 63.0, 90.0, 137.0, 180.0})
    for (double const deviation : {0.0, 0.1, 0.15}) {
      Structure crystal = rotated(reference::supercell(simpleHexagonal(), {4, 4, 4}), {1, -2, 0.5}, degrees);
      auto const& c = crystal.cell[2];
      reference::Random random(7);
      for (auto& r : crystal.positions)
        for (double& x : r) x += std::sqrt(3.0) * deviation * random();
      auto const axis = crystalAxis(this->meanTensor(crystal, bonds.bonds), bonds);
      EXPECT_NEAR(std::hypot(axis.direction[0], axis.direction[1], axis.direction[2]), 1, 1e-12);
      EXPECT_GT(*std::max_element(axis.direction.begin(), axis.direction.end()), 0.57);  // the sign
      // Of 64 atoms with bonds that deviate by 6 % in direction.
      EXPECT_LT(angleBetween(axis.direction, c), deviation == 0 ? 1e-3 : 3) << degrees << " " << deviation;
      EXPECT_NEAR(axis.alignment, 1, deviation == 0 ? 1e-10 : 0.15);
    }
}

TYPED_TEST(CrystalAxisTest, DirectionsShowAngles) {
  auto const bonds = this->axisOf(simpleHexagonal()).value();
  auto const directionIn = [&](Structure const& crystal, int c) {
    std::vector<int> const classes(crystal.size(), c);
    return axisDirections(TypeParam(), listOf<TypeParam>(crystal, this->bond_cutoff),
                          this->tensors(crystal, bonds.bonds), classes)[0];
  };
  Structure const crystal = reference::supercell(simpleHexagonal(), {2, 2, 2});
  Vector3 const across = {1, 0, 0};  // to c
  for (double const degrees : {0.0, 10.0, 54.7, 90.0}) {
    auto const a = directionIn(crystal, 0), b = directionIn(rotated(crystal, across, degrees), 0);
    double dot = 0;
    for (std::size_t v = 0; v < 6; ++v) dot += a[v] * b[v];
    double const cosine = std::cos(degrees * std::numbers::pi / 180);
    EXPECT_NEAR(dot, (3 * cosine * cosine - 1) / 2, 1e-5);  // the cell has six digits
  }
  // Only neighbours of the same class count: alone, an atom of a disordered crystal shows its own bonds.
  Structure disordered = crystal;
  disordered.positions[0][0] += 0.5;
  auto const list = listOf<TypeParam>(disordered, this->bond_cutoff);
  auto const tensors = this->tensors(disordered, bonds.bonds);
  std::vector<int> classes(crystal.size(), 1);
  auto const among = axisDirections(TypeParam(), list, tensors, classes)[0];
  classes[0] = 0;
  auto const alone = axisDirections(TypeParam(), list, tensors, classes)[0];
  double largest = 0;
  for (std::size_t v = 0; v < 6; ++v) largest = std::max(largest, std::abs(among[v] - alone[v]));
  EXPECT_GT(largest, 0.01);
  expectInputError([&] { (void)axisDirections(TypeParam(), list, tensors, {}); }, "axisDirections: expected a tensor");
}

}  // namespace
}  // namespace sinter
