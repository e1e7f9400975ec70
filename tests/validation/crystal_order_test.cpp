// Similarities, classes and grains of a frame together: two crystals in one box.
#include "sinter/validation/crystal_order.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "rotated_crystals.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::angleBetween;
using test::expectInputError;
using test::rotated;
using test::simpleHexagonal;

template <class ExecutionSpace>
class CrystalOrderTest : public testing::Test {
 protected:
  // A quick descriptor, and a threshold that it tells sh from diamond by, also at boundaries.
  static CrystalOrderSettings settings() {
    CrystalOrderSettings result;
    result.soap.cutoff = 3.4;
    result.soap.cutoff_width = 0.4;
    result.soap.n_max = 4;
    result.soap.l_max = 4;
    result.threshold = 0.7;
    return result;
  }
  static ReferenceStructures crystals() {
    return {{simpleHexagonal(), reference::diamond(1, 5.43, 0)}, {"sh", "dia"}, {"sh", "dia"}};
  }
};
TYPED_TEST_SUITE(CrystalOrderTest, test::ExecutionSpaces);

// 48 A along x and 24 A across, the left half of one crystal and the right of another, both moved by `shift` (A); with
// `gap` (A) around them there is one boundary.
Structure bicrystal(Structure const& left, Structure const& right, Vector3 const& shift, double gap = 0) {
  constexpr double size = 24;
  Structure result;
  result.cell = {{{2 * size + gap, 0, 0}, {0, size + gap, 0}, {0, 0, size + gap}}};
  result.periodic = {true, true, true};
  for (auto const* half : {&left, &right}) {
    Vector3 const origin = {half == &left ? 0 : size, 0, 0};
    for (int n = 0; n < 61 * 61 * 61; ++n) {
      std::array<int, 3> const m = {n % 61 - 30, n / 61 % 61 - 30, n / 3721 - 30};
      for (auto const& base : half->positions) {
        Vector3 r = base;
        bool is_inside = true;
        for (std::size_t x = 0; x < 3; ++x) {
          for (std::size_t d = 0; d < 3; ++d) r[x] += m[d] * half->cell[d][x];
          r[x] += origin[x] + shift[x];
          is_inside = is_inside && r[x] >= origin[x] && r[x] < origin[x] + size;
        }
        if (!is_inside) continue;
        bool const is_close = std::any_of(result.positions.begin(), result.positions.end(), [&](Vector3 const& other) {
          double squared = 0;
          for (std::size_t x = 0; x < 3; ++x) {
            double const d = r[x] - other[x];
            squared += std::pow(d - result.cell[x][x] * std::round(d / result.cell[x][x]), 2);
          }
          return squared < 2.1 * 2.1;
        });
        if (!is_close) result.positions.push_back(r);
      }
    }
  }
  result.species.assign(result.size(), 14);
  return result;
}

// Wherever the planes between them cut the crystals.
TYPED_TEST(CrystalOrderTest, OfGrainsWithKnownDirections) {
  Structure const left = rotated(simpleHexagonal(), {1, 0, 0}, 30), right = rotated(simpleHexagonal(), {0, 1, 0.2}, 75);
  auto settings = this->settings();
  CrystalOrder<TypeParam> order(settings, this->crystals());
  settings.misorientation = 90;
  CrystalOrder<TypeParam> order_of_any_direction(settings, this->crystals());
  for (Vector3 const& shift : {Vector3{0, 0, 0}, {0.3, 1.1, 2.3}, {0.7, 2.9, 0.2}, {1.3, 0.4, 1.9}, {2.1, 1.7, 0.9}}) {
    SCOPED_TRACE(testing::PrintToString(shift));
    Structure const frame = bicrystal(left, right, shift);
    auto const found = order.measure(frame, "frame");
    EXPECT_TRUE(found.failures.empty());
    EXPECT_GT(found.fractions[0], 0.8);
    ASSERT_GE(found.grains.grains.size(), 2U);
    ASSERT_EQ(found.axes.size(), found.grains.grains.size());
    bool is_left_found = false, is_right_found = false;
    for (std::size_t g = 0; g < 2; ++g) {
      EXPECT_GT(found.grains.grains[g].atoms, 400);
      EXPECT_EQ(found.grains.grains[g].crystal, 0);
      EXPECT_FALSE(found.grains.grains[g].along[0]);  // the other one is in its way
      ASSERT_TRUE(found.axes[g]);
      EXPECT_GT(found.axes[g]->alignment, 0.6);
      is_left_found = is_left_found || angleBetween(found.axes[g]->direction, left.cell[2]) < 5;
      is_right_found = is_right_found || angleBetween(found.axes[g]->direction, right.cell[2]) < 5;
    }
    EXPECT_TRUE(is_left_found && is_right_found);
    // Atoms in the middle of a half are in the same grain.
    for (std::size_t i = 0; i < frame.size(); ++i)
      if (int const g = found.grains.of_atoms[i]; g == 0 || g == 1) {
        double const x = frame.positions[i][0];
        bool const is_left = angleBetween(found.axes[g]->direction, left.cell[2]) < 5;
        if (std::abs(x - 12) < 6) {
          EXPECT_TRUE(is_left);
        } else if (std::abs(x - 36) < 6) {
          EXPECT_FALSE(is_left);
        }
      }
    auto const together = order_of_any_direction.measure(frame, "frame");
    EXPECT_EQ(together.classes, found.classes);
    EXPECT_GT(together.grains.grains[0].atoms, found.grains.grains[0].atoms + 400);
    EXPECT_EQ(together.grains.grains[0].dimensions, 3);
    EXPECT_LT(together.axes[0]->alignment, 0.6);
  }
}

// Directions turn from atom to atom across a boundary, whatever its angle: neighbours there say little.
TYPED_TEST(CrystalOrderTest, OfBoundariesOfAnyAngle) {
  CrystalOrder<TypeParam> order(this->settings(), this->crystals());
  for (double const angle : {8.0, 20.0, 25.0, 45.0, 60.0}) {
    SCOPED_TRACE(angle);
    Structure const left = rotated(simpleHexagonal(), {0, 1, 0}, angle / 2),
                    right = rotated(simpleHexagonal(), {0, 1, 0}, -angle / 2);
    auto const found = order.measure(bicrystal(left, right, {0.3, 1.1, 2.3}, 10), "frame");
    auto const& grains = found.grains.grains;
    ASSERT_GE(grains.size(), 1U);
    if (angle < 15) {
      EXPECT_GT(grains[0].atoms, 0.7 * found.fractions[0] * static_cast<double>(found.classes.size()));  // of both
      continue;
    }
    ASSERT_GE(grains.size(), 2U);
    EXPECT_GT(grains[1].atoms, grains[0].atoms / 2);
    EXPECT_NEAR(angleBetween(found.axes[0]->direction, found.axes[1]->direction), angle, 6);  // small, with surfaces
  }
}

// Thermal motion turns the directions of atoms, but the crystal stays one.
TYPED_TEST(CrystalOrderTest, OfWarmBetaTin) {
  Structure cell;
  cell.cell = {{{4.81148, 0, 0}, {0, 4.81148, 0}, {0, 0, 2.65557}}};
  cell.periodic = {true, true, true};
  for (Vector3 const& f : {Vector3{0, 0, 0}, {0, 0.5, 0.25}, {0.5, 0.5, 0.5}, {0.5, 0, 0.75}})
    cell.positions.push_back({f[0] * 4.81148, f[1] * 4.81148, f[2] * 2.65557});
  cell.species.assign(4, 14);
  ReferenceStructures const crystals = {{cell, reference::diamond(1, 5.43, 0)}, {"bSn", "dia"}, {"bSn", "dia"}};
  Structure warm;
  warm.periodic = cell.periodic;
  reference::Random random(3);
  constexpr std::array<int, 3> times = {5, 5, 8};
  for (std::size_t x = 0; x < 3; ++x) warm.cell[x][x] = times[x] * cell.cell[x][x];
  for (int n = 0; n < times[0] * times[1] * times[2]; ++n)
    for (auto r : cell.positions) {
      std::array<int, 3> const at = {n % times[0], n / times[0] % times[1], n / (times[0] * times[1])};
      for (std::size_t x = 0; x < 3; ++x) {
        double sum = 0;  // of four: near to a normal distribution of variance 4/3
        for (int part = 0; part < 4; ++part) sum += random();
        r[x] += at[x] * cell.cell[x][x] + 0.15 * std::sqrt(0.75) * sum;
      }
      warm.positions.push_back(r);
    }
  warm.species.assign(warm.size(), 14);
  auto settings = this->settings();
  settings.threshold = 0.5;
  auto const found = CrystalOrder<TypeParam>(settings, crystals).measure(warm, "warm");
  EXPECT_GT(found.fractions[0], 0.9);
  ASSERT_GE(found.grains.grains.size(), 1U);
  EXPECT_GT(found.grains.grains[0].atoms, 0.75 * found.fractions[0] * static_cast<double>(warm.size()));
  EXPECT_EQ(found.grains.grains[0].dimensions, 3);
  EXPECT_LT(angleBetween(found.axes[0]->direction, {0, 0, 1}), 5);
}

// A crystal whose atoms have axes of their own, along x and along y, has none: their mean would be z's.
TYPED_TEST(CrystalOrderTest, OfAtomsWithDifferentAxes) {
  Structure net;  // chains along x in one layer, along y in the next
  net.cell = {{{2.4, 0, 0}, {0, 2.4, 0}, {0, 0, 6}}};
  net.periodic = {true, true, true};
  net.positions = {{0, 0, 0}, {0, 0, 3}};
  net.species = {14, 14};
  EXPECT_TRUE(bondAxisOf(TypeParam(), net, 2.5));  // four bonds across z at both
  net.cell[1][1] = 3;
  Structure turned = net;
  turned.cell = {{{4.8, 0, 0}, {0, 4.8, 0}, {0, 0, 6}}};
  turned.positions = {{0, 0, 0}, {2.4, 0, 0}, {0, 2.7, 0}, {2.4, 2.7, 0},
                      {0, 0, 3}, {0, 2.4, 3}, {2.7, 0, 3}, {2.7, 2.4, 3}};
  turned.cell[0][0] = turned.cell[1][1] = 4.8;
  turned.species.assign(8, 14);
  EXPECT_FALSE(bondAxisOf(TypeParam(), turned, 2.45));
}

TYPED_TEST(CrystalOrderTest, OfPureAndOfEmptyFrames) {
  CrystalOrder<TypeParam> order(this->settings(), this->crystals());
  Structure const diamond = reference::diamond(2, 5.43, 0.1);
  auto found = order.measure(diamond, "diamond");
  EXPECT_EQ(found.fractions, (std::vector<double>{0, 1}));
  ASSERT_EQ(found.grains.grains.size(), 1U);
  EXPECT_EQ(found.grains.grains[0].atoms, 64);
  EXPECT_EQ(found.grains.grains[0].crystal, 1);
  EXPECT_EQ(found.grains.grains[0].dimensions, 3);
  EXPECT_FALSE(found.axes[0]);  // it has none
  found = order.measure({}, "empty");
  EXPECT_NE(found.failures.at("similarity").find("found no atoms"), std::string::npos);
  EXPECT_TRUE(found.fractions.empty());
  EXPECT_TRUE(found.grains.grains.empty());
  EXPECT_EQ(order.measure(diamond, "diamond").failures.size(), 0U);  // it goes on behind
}

TYPED_TEST(CrystalOrderTest, FollowsThePressure) {
  std::vector<Structure> const cells = {reference::diamond(1, 5.5, 0), reference::diamond(1, 5.1, 0)};
  auto const adjusted = [&] { return std::vector{PressureAdjustedCrystal("dia", cells, std::vector<double>{0, 20})}; };
  auto settings = this->settings();
  CrystalOrder<TypeParam> order(settings, adjusted());
  EXPECT_NEAR(order.measure(reference::diamond(1, 5.5, 0), "frame", 0).similarity.frame[0], 1, 1e-12);
  Structure const compressed = reference::diamond(2, 5.3, 0);
  auto const found = order.measure(compressed, "frame", 10);
  EXPECT_NEAR(found.similarity.frame[0], 1, 1e-12);
  EXPECT_EQ(found.fractions, std::vector<double>{1});
  EXPECT_LT(order.measure(compressed, "frame", 0).similarity.frame[0], 0.999);
  EXPECT_NE(order.measure(compressed, "frame", 21).failures.at("similarity").find("expected 0 to 20 GPa"),
            std::string::npos);
  expectInputError([&] { (void)order.measure(compressed, "frame"); }, "frame: found no pressure");
}

TYPED_TEST(CrystalOrderTest, RefusesWrongSettings) {
  auto const refused = [&](auto const& change, std::string const& fragment) {
    auto settings = this->settings();
    change(settings);
    expectInputError([&] { CrystalOrder<TypeParam>(settings, this->crystals()); }, fragment);
  };
  refused([](auto& s) { s.bond_cutoff = 0; }, "bond_cutoff: found 0");
  refused([](auto& s) { s.least_grain = 0; }, "least_grain: found 0");
  refused([](auto& s) { s.misorientation = 91; }, "misorientation: found 91");
  refused([](auto& s) { s.threshold = 1; }, "threshold: found 1");
  refused([](auto& s) { s.zeta = 0; }, "zeta");
  refused([](auto& s) { s.soap.n_max = 0; }, "n_max");
  refused([](auto& s) { s.classes = {"dia", "sh", "dia"}; }, "classes: found 'dia' twice");
}

}  // namespace
}  // namespace sinter
