// Duplicates among frames, and their division into parts.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/structures/duplicate_finder.hpp"
#include "sinter/structures/group_split.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

using test::messageOf;

Structure randomStructure(std::mt19937_64& random, int periodic, std::size_t size = 64) {
  std::uniform_real_distribution<double> number(-10, 10);
  Structure s;
  for (std::size_t d = 0; d < 3; ++d) {
    s.periodic[d] = static_cast<int>(d) < periodic;
    if (!s.periodic[d]) continue;
    for (std::size_t x = 0; x < 3; ++x) s.cell[d][x] = 0.2 * number(random);
    s.cell[d][d] += 11;
  }
  for (std::size_t i = 0; i < size; ++i) {
    s.positions.push_back({number(random), number(random), number(random)});
    s.species.push_back(i % 3 == 0 ? 8 : 14);
  }
  return s;
}

TEST(DuplicateFinder, SeesThroughRoundingAndImages) {
  std::mt19937_64 random(11);
  DuplicateFinder known;
  for (int n = 0; n < 400; ++n) {
    Structure s = randomStructure(random, n % 4);
    EXPECT_TRUE(known.add(s)) << n;
    EXPECT_FALSE(known.add(s)) << n;
    for (auto& r : s.positions) {  // to eight decimals, and moved by lattice vectors
      for (double& x : r) x = std::round(x * 1e8) / 1e8;
      for (std::size_t d = 0; d < 3; ++d) {
        double const images = s.periodic[d] ? static_cast<double>(random() % 5) - 2 : 0;
        for (std::size_t x = 0; x < 3; ++x) r[x] += images * s.cell[d][x];
      }
    }
    EXPECT_FALSE(known.add(s)) << n;
  }
  EXPECT_EQ(known.duplicates(), 800U);
  EXPECT_EQ(known.withOtherEnergy(), 0U);
}

TEST(DuplicateFinder, SmallDifferencesAreDifferences) {
  std::mt19937_64 random(12);
  std::normal_distribution<double> normal(0, 1e-4);
  for (int periodic = 0; periodic <= 3; ++periodic) {
    DuplicateFinder known;
    Structure const s = randomStructure(random, periodic);
    EXPECT_TRUE(known.add(s));
    for (int n = 0; n < 300; ++n) {
      Structure moved = s;  // all atoms a little, one atom, a pattern from atom to atom
      if (n % 3 == 0)
        for (auto& r : moved.positions)
          for (double& x : r) x += normal(random);
      if (n % 3 == 1) moved.positions[static_cast<std::size_t>(n / 3 % 64)][n / 3 / 64] += 1e-3;
      if (n % 3 == 2)
        for (std::size_t i = 0; i < 64; ++i) moved.positions[i][n % 2] += (i % 2 == 0 ? 1e-4 : -1e-4) * n;
      EXPECT_TRUE(known.add(moved)) << periodic << " " << n;
    }
    Structure other = s;
    std::swap(other.species[0], other.species[1]);
    EXPECT_TRUE(known.add(other));
    other = s;
    if (periodic > 0) {
      other.cell[0][1] += 1e-4;
      EXPECT_TRUE(known.add(other));
      other = s;
      other.periodic[0] = false;
      EXPECT_TRUE(known.add(other));
    }
    other = s;
    other.energy = 1;
    EXPECT_FALSE(known.add(other));
    EXPECT_EQ(known.withOtherEnergy(), 1U);
  }
}

TEST(GroupSplit, SharesSeedsAndEmptyParts) {
  auto const split = [](std::string const& parts, std::uint64_t seed, int groups, int largest) {
    GroupSplit result(parts, seed);
    for (int g = 0; g < groups; ++g)
      for (int n = 0; n <= g % largest; ++n) result.count("group " + std::to_string(g));
    result.assign();
    return result;
  };
  auto const many = split("train=0.7,validation=0.2,test=0.1", 1, 500, 20);
  double frames = 0;
  for (auto const& part : many.parts()) frames += static_cast<double>(part.frames);
  for (auto const& part : many.parts())
    EXPECT_NEAR(static_cast<double>(part.frames) / frames, part.share, 0.01) << part.name;
  std::set<std::string> different;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::string assignment;
    for (int g = 0; g < 100; ++g)
      assignment += std::to_string(split("a=0.5,b=0.5", seed, 100, 3).partOf("group " + std::to_string(g)));
    different.insert(assignment);
  }
  EXPECT_EQ(different.size(), 5U);
  // As many groups as parts: one each, however small the share.
  auto const few = split("a=0.98,b=0.01,c=0.01", 3, 3, 1);
  for (auto const& part : few.parts()) EXPECT_EQ(part.groups, 1U);
  EXPECT_NE(messageOf<InputError>([&] { split("a=0.5,b=0.5", 1, 1, 1); }).find("found 1 groups of frames for 2 parts"),
            std::string::npos);
  for (std::string const bad :
       {"", "a", "a=1", "a=0.5,b=0.4", "a=0.5,a=0.5", "a=-1,b=2", "a=0.5,b=nan", "=0.5,b=0.5", "a/b=0.5,c=0.5"})
    EXPECT_NE(messageOf<InputError>([&] { GroupSplit(bad, 1); }).find("split: found "), std::string::npos) << bad;
}

}  // namespace
}  // namespace sinter
