// Grains: flood fill by plain loops, shapes that percolate or not, invariances.
#include "sinter/validation/grains.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "sinter/validation/crystal_classes.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::expectInputError;
using test::listOf;
using Translation = std::array<int, 3>;

template <class ExecutionSpace>
class GrainsTest : public testing::Test {
 protected:
  static Grains grains(Structure const& structure, std::vector<int> const& classes, double cutoff,
                       std::int64_t least = 1) {
    return findGrains(ExecutionSpace(), listOf<ExecutionSpace>(structure, cutoff), classes, least);
  }
};
TYPED_TEST_SUITE(GrainsTest, test::ExecutionSpaces);

// All images of an atom that a chain of bonds leads to, up to four cells away.
std::map<int, std::set<Translation>> floodFill(Structure const& structure, std::vector<int> const& classes, int start,
                                               double cutoff) {
  Matrix3 const& a = structure.cell;
  std::map<int, std::set<Translation>> reached = {{start, {{0, 0, 0}}}};
  std::vector<std::pair<int, Translation>> front = {{start, {0, 0, 0}}};
  while (!front.empty()) {
    auto const [i, at] = front.back();
    front.pop_back();
    for (int j = 0; j < static_cast<int>(structure.size()); ++j) {
      if (classes[j] != classes[i]) continue;
      for (int n = 0; n < 27; ++n) {
        Translation const m = {n % 3 - 1, n / 3 % 3 - 1, n / 9 - 1};
        double squared = 0;
        for (int x = 0; x < 3; ++x)
          squared += std::pow(
              structure.positions[j][x] - structure.positions[i][x] + m[0] * a[0][x] + m[1] * a[1][x] + m[2] * a[2][x],
              2);
        if (!(squared < cutoff * cutoff)) continue;
        Translation const to = {at[0] + m[0], at[1] + m[1], at[2] + m[2]};
        if (std::any_of(to.begin(), to.end(), [](int t) { return std::abs(t) > 4; })) continue;
        if (reached[j].insert(to).second) front.emplace_back(j, to);
      }
    }
  }
  return reached;
}

int rankOf(std::set<Translation> const& vectors) {
  auto const cross = [](Translation const& u, Translation const& v) {
    return Translation{u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
  };
  int rank = 0;
  for (auto const& u : vectors) {
    rank = std::max(rank, u == Translation{} ? 0 : 1);
    for (auto const& v : vectors) {
      auto const normal = cross(u, v);
      if (normal == Translation{}) continue;
      rank = std::max(rank, 2);
      for (auto const& w : vectors)
        if (normal[0] * w[0] + normal[1] * w[1] + normal[2] * w[2] != 0) return 3;
    }
  }
  return rank;
}

TYPED_TEST(GrainsTest, EqualFloodFill) {
  std::map<int, int> grains_of_rank;
  for (int seed = 1; seed <= 12; ++seed) {
    Structure const structure =
        reference::randomStructure(24, {{{7, 0, 0}, {2, 8, 0}, {-1, 1.5, 7.5}}}, {true, true, true}, 1.3, {14}, seed);
    reference::Random random(100 + seed);
    std::vector<int> classes;
    for (int i = 0; i < 24; ++i) classes.push_back(std::max(no_crystal, static_cast<int>(std::floor(3 * random()))));
    double const cutoff = 2.2 + 0.25 * seed;
    auto const found = this->grains(structure, classes, cutoff);
    std::set<int> seen;
    for (int i = 0; i < 24; ++i) {
      int const g = found.of_atoms[i];
      if (classes[i] == no_crystal) {
        EXPECT_EQ(g, no_crystal);
        continue;
      }
      ASSERT_GE(g, 0);
      Grain const& grain = found.grains[g];
      EXPECT_EQ(grain.crystal, classes[i]);
      if (!seen.insert(g).second) continue;
      EXPECT_EQ(grain.first_atom, i);
      auto const expected = floodFill(structure, classes, i, cutoff);
      EXPECT_EQ(grain.atoms, static_cast<std::int64_t>(expected.size()));
      for (int j = 0; j < 24; ++j) EXPECT_EQ(found.of_atoms[j] == g, expected.contains(j));
      auto const& windings = expected.at(i);
      EXPECT_EQ(grain.dimensions, rankOf(windings));
      ++grains_of_rank[grain.dimensions];
      for (int d = 0; d < 3; ++d)
        EXPECT_EQ(grain.along[d],
                  std::any_of(windings.begin(), windings.end(), [&](Translation const& w) { return w[d] != 0; }));
    }
    EXPECT_EQ(seen.size(), found.grains.size());
  }
  for (int rank = 0; rank < 4; ++rank) EXPECT_GT(grains_of_rank[rank], 0) << rank;  // all kinds were there
}

// Simple cubic, 8 x 8 x 8: the atoms that `chosen` names by their three indices.
template <class Chosen>
std::vector<int> chosenAtoms(Chosen const& chosen) {
  std::vector<int> classes;
  for (auto const& r : reference::cubicCrystal(reference::simple_cubic, 2.5, 8).positions)
    classes.push_back(chosen(std::lround(r[0] / 2.5), std::lround(r[1] / 2.5), std::lround(r[2] / 2.5)) ? 0
                                                                                                        : no_crystal);
  return classes;
}

TYPED_TEST(GrainsTest, Percolate) {
  Structure const crystal = reference::cubicCrystal(reference::simple_cubic, 2.5, 8);
  // The one grain that the chosen atoms are.
  auto const only = [&](auto const& chosen) {
    auto const classes = chosenAtoms(chosen);
    auto const found = this->grains(crystal, classes, 2.6);
    EXPECT_EQ(found.grains.size(), 1U);
    EXPECT_EQ(found.grains.at(0).atoms, std::count(classes.begin(), classes.end(), 0));
    EXPECT_EQ(found.of_atoms, classes);
    return found.grains[0];
  };
  auto const expectAlong = [](Grain const& grain, int dimensions, std::array<bool, 3> const& along) {
    EXPECT_EQ(grain.dimensions, dimensions);
    EXPECT_EQ(grain.percolates(), dimensions > 0);
    EXPECT_EQ(grain.along, along);
  };
  expectAlong(only([](int, int, int) { return true; }), 3, {true, true, true});
  expectAlong(only([](int, int, int z) { return z < 3; }), 2, {true, true, false});               // a slab
  expectAlong(only([](int, int y, int z) { return y < 2 && z == 7; }), 1, {true, false, false});  // a rod
  auto const image = [](int x) { return x < 4 ? x : x - 8; };
  expectAlong(only([&](int x, int y, int z) {  // a sphere around a corner: it is at all faces of the cell
                return std::pow(image(x), 2) + std::pow(image(y), 2) + std::pow(image(z), 2) < 7;
              }),
              0, {false, false, false});
  // As long as the cell, and ends at a plane.
  expectAlong(only([](int x, int, int) { return x != 3; }), 2, {false, true, true});
  // A staircase through the corner, and one that goes round twice along x until it meets itself.
  expectAlong(only([](int x, int y, int z) {
                int const next = (z + 1) % 8;
                return (x == z && y == z) || (x == next && y == z) || (x == next && y == next);
              }),
              1, {true, true, true});
  expectAlong(only([](int x, int y, int z) { return z == 0 && (x - 2 * y + 16) % 8 < 3; }), 1, {true, true, false});
}

TYPED_TEST(GrainsTest, AreSortedAndSmallOnesLeftOut) {
  Structure const crystal = reference::cubicCrystal(reference::simple_cubic, 2.5, 8);
  auto classes = chosenAtoms([](int x, int, int) { return x < 2; });
  std::size_t n = 0;
  for (auto const& r : crystal.positions) {
    long const x = std::lround(r[0] / 2.5), y = std::lround(r[1] / 2.5), z = std::lround(r[2] / 2.5);
    if (x == 4 && y % 4 < 2) classes[n] = 0;   // two plates of 16
    if (x == 6) classes[n] = 2;                // a layer of another class
    if (x == 2 && y + z == 0) classes[n] = 1;  // an atom beside the first slab
    ++n;
  }
  auto const found = this->grains(crystal, classes, 2.6, 2);
  std::vector<std::int64_t> sizes;
  std::vector<int> crystals;
  for (auto const& grain : found.grains) {
    sizes.push_back(grain.atoms);
    crystals.push_back(grain.crystal);
  }
  EXPECT_EQ(sizes, (std::vector<std::int64_t>{128, 64, 16, 16}));
  EXPECT_EQ(crystals, (std::vector<int>{0, 2, 0, 0}));
  EXPECT_LT(found.grains[2].first_atom, found.grains[3].first_atom);
  for (std::size_t i = 0; i < classes.size(); ++i)
    EXPECT_EQ(found.of_atoms[i] == no_crystal, classes[i] == no_crystal || classes[i] == 1);
  // Where the halves of the slab have different directions, there are two of it.
  std::vector<Voigt> directions(crystal.size());
  for (std::size_t i = 0; i < directions.size(); ++i) directions[i][crystal.positions[i][0] < 1 ? 0 : 1] = 1;
  auto const bonds = listOf<TypeParam>(crystal, 2.6);
  GrainDirections apart{.of_atoms = directions, .least = 0.5};
  auto const cut = findGrains(TypeParam(), bonds, classes, 2, apart);
  EXPECT_EQ(cut.grains.size(), 5U);
  EXPECT_EQ(cut.grains[0].atoms, 64);
  apart.least = 0;
  EXPECT_EQ(findGrains(TypeParam(), bonds, classes, 2, apart).of_atoms, found.of_atoms);
  apart.least = 0.5;
  apart.least_atoms = 65;  // more than a half has: their directions do not count
  EXPECT_EQ(findGrains(TypeParam(), bonds, classes, 2, apart).grains.size(), found.grains.size());
  apart.of_atoms = apart.of_atoms.first(3);
  expectInputError([&] { (void)findGrains(TypeParam(), bonds, classes, 2, apart); }, "found 3 directions for");
}

TYPED_TEST(GrainsTest, AreInvariant) {
  Structure const structure =
      reference::randomStructure(40, {{{9, 0, 0}, {2, 8, 0}, {-1, 1.5, 8.5}}}, {true, true, true}, 1.9, {14}, 3);
  std::vector<int> const classes(40, 0);
  for (double const cutoff : {2.2, 2.6, 3.0}) {
    auto const found = this->grains(structure, classes, cutoff);
    Structure const moved = reference::movedAndReversed(structure, {31.2, -7.7, 100.4});
    auto const same = this->grains(moved, classes, cutoff);
    ASSERT_EQ(same.grains.size(), found.grains.size());
    for (int i = 0; i < 40; ++i) {
      Grain const &a = found.grains[found.of_atoms[i]], &b = same.grains[same.of_atoms[39 - i]];
      EXPECT_EQ(b.atoms, a.atoms);
      EXPECT_EQ(b.dimensions, a.dimensions);
      EXPECT_EQ(b.along, a.along);
    }
  }
}

TYPED_TEST(GrainsTest, OfFewAtoms) {
  Structure atom;
  EXPECT_TRUE(this->grains(atom, {}, 2.85).grains.empty());
  atom.positions = {{0.3, 0, 0}};
  atom.species = {14};
  EXPECT_EQ(this->grains(atom, {0}, 2.85).grains.at(0).dimensions, 0);
  EXPECT_TRUE(this->grains(atom, {no_crystal}, 2.85).grains.empty());
  atom.cell = {{{2, 0, 0}, {0, 5, 0}, {0, 0, 5}}};
  atom.periodic = {true, true, true};
  EXPECT_EQ(this->grains(atom, {0}, 2.85).grains.at(0).along, (std::array<bool, 3>{true, false, false}));
  expectInputError([&] { (void)this->grains(atom, {0, 0}, 2.85); }, "findGrains: found 2 classes for 1 atoms");
}

}  // namespace
}  // namespace sinter
