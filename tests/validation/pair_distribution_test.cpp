// g(r): plain loops, crystals, independent atoms, invariances.
#include "sinter/validation/pair_distribution.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "sinter/structures/random_bits.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::expectInputError;
using test::listOf;

template <class ExecutionSpace>
class PairDistributionTest : public testing::Test {
 protected:
  static PairDistribution measure(Structure const& structure, double r_max, double width, double list_cutoff = 0) {
    auto const list = listOf<ExecutionSpace>(structure, std::max(r_max, list_cutoff));
    return measurePairDistribution(ExecutionSpace(), list, r_max, width);
  }
};
TYPED_TEST_SUITE(PairDistributionTest, test::ExecutionSpaces);

void expectEqual(std::vector<double> const& found, std::vector<double> const& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t b = 0; b < found.size(); ++b)  // counts are equal; a few operations behind them
    if (!(std::abs(found[b] - expected[b]) <= 1e-12 * expected[b]))
      FAIL() << b << " " << found[b] << " " << expected[b];
}

TYPED_TEST(PairDistributionTest, EqualsPlainLoops) {
  Structure const small = reference::randomStructure(12, {{{5, 0, 0}, {1.5, 4.5, 0}, {-1, 0.7, 5.2}}},
                                                     {true, true, true}, 1.2, {14, 8, 14}, 5);
  for (auto const& [structure, r_max, width] :
       {std::tuple(small, 3.1, 0.1), std::tuple(small, 9.7, 0.11),  // twice the cell
        std::tuple(reference::diamond(1, 5.43, 0.2, {6, 14, 8}), 6.0, 0.25)}) {
    auto const found = this->measure(structure, r_max, width);
    int const bins = static_cast<int>(std::lround(r_max / width));
    ASSERT_EQ(found.bins(), static_cast<std::size_t>(bins));
    EXPECT_NEAR(found.rMax(), r_max, 1e-12);
    EXPECT_NEAR(found.density, structure.size() / *volume(structure), 1e-15);
    expectEqual(found.total, reference::pairDistribution(structure, 0, 0, r_max, bins));
    std::vector<int> species = structure.species;
    std::sort(species.begin(), species.end());
    species.erase(std::unique(species.begin(), species.end()), species.end());
    ASSERT_EQ(found.partials.size(), species.size() * (species.size() + 1) / 2);
    for (auto const& partial : found.partials)
      expectEqual(partial.g,
                  reference::pairDistribution(structure, species[partial.a], species[partial.b], r_max, bins));
  }
}

TYPED_TEST(PairDistributionTest, CountsTheShellsOfCrystals) {
  // Integrals over the peaks: neighbours in the shells.
  Structure const diamond = reference::diamond(1, 5.43, 0);
  auto const found = this->measure(diamond, 7.05, 0.05, 8.0);
  std::vector<std::pair<double, double>> const shells = {{std::sqrt(3.0) / 4, 4},   {std::sqrt(0.5), 12},
                                                         {std::sqrt(11.0) / 4, 12}, {1, 6},
                                                         {std::sqrt(19.0) / 4, 12}, {std::sqrt(1.5), 24}};
  double all = 0;
  for (std::size_t b = 0; b < found.bins(); ++b) {
    double const inner = b * found.bin_width, outer = inner + found.bin_width,
                 count = found.total[b] * found.density * 4 * std::numbers::pi / 3 *
                         (std::pow(outer, 3) - std::pow(inner, 3));
    all += count;
    double expected = 0;
    for (auto const& [r, number] : shells)
      if (5.43 * r >= inner && 5.43 * r < outer) expected += number;
    EXPECT_NEAR(count, expected, 1e-10) << found.r(b);
  }
  EXPECT_NEAR(all, 70, 1e-9);
}

// Pairs in a bin are Poisson distributed: bins are within 5 standard deviations of the mean, and chi^2 of all is near
// its mean (bins) and deviation (sqrt(2 bins)).
TYPED_TEST(PairDistributionTest, OfIndependentAtomsIsOne) {
  Structure gas;
  gas.cell = {{{20, 0, 0}, {3, 21, 0}, {-2, 4, 19}}};
  gas.periodic = {true, true, true};
  int const atoms = 1500;
  for (std::uint64_t i = 0; i < atoms; ++i) {
    Vector3 r{};
    for (std::uint64_t d = 0; d < 3; ++d)
      for (int x = 0; x < 3; ++x) r[x] += detail::randomNumber(3 * i + d) * gas.cell[d][x];
    gas.positions.push_back(r);
    gas.species.push_back(i % 3 == 0 ? 8 : 14);
  }
  auto const found = this->measure(gas, 9, 0.3);  // below half of the smallest height
  double chi = 0;
  for (std::size_t b = 0; b < found.bins(); ++b) {
    double const inner = b * found.bin_width, outer = inner + found.bin_width,
                 expected = 0.5 * (atoms - 1) * found.density * 4 * std::numbers::pi / 3 *
                            (std::pow(outer, 3) - std::pow(inner, 3)),  // pairs
        pairs = found.total[b] * expected * atoms / (atoms - 1), deviation = (pairs - expected) / std::sqrt(expected);
    EXPECT_NEAR(deviation, 0, 5) << found.r(b);
    chi += deviation * deviation;
  }
  EXPECT_NEAR(chi, found.bins(), 5 * std::sqrt(2.0 * found.bins()));
  EXPECT_EQ(found.partials.size(), 3U);
  for (auto const& partial : found.partials) EXPECT_NEAR(partial.g.back(), 1, 0.05);
}

TYPED_TEST(PairDistributionTest, IsInvariant) {
  Structure const structure =
      reference::randomStructure(30, {{{9, 0, 0}, {2, 8, 0}, {-1, 1.5, 8.5}}}, {true, true, true}, 1.5, {14, 8}, 3);
  auto const found = this->measure(structure, 8, 0.1);
  for (auto const& other :
       {reference::movedAndReversed(structure, {31.2, -7.7, 100.4}), reference::supercell(structure, {2, 1, 3})}) {
    auto const same = this->measure(other, 8, 0.1);
    expectEqual(same.total, found.total);
    for (std::size_t p = 0; p < 3; ++p) expectEqual(same.partials[p].g, found.partials[p].g);
  }
}

TYPED_TEST(PairDistributionTest, OfOneAtomAndOfSomeTypesOnly) {
  Structure atom;
  atom.cell = {{{3, 0, 0}, {0, 3, 0}, {0, 0, 3}}};
  atom.periodic = {true, true, true};
  atom.positions = {{0.1, 0.2, 0.3}};
  atom.species = {14};
  auto const found = this->measure(atom, 4, 0.5);  // its own images: 6 at 3 A
  EXPECT_NEAR(found.total[6] * 4 * std::numbers::pi / 3 * (std::pow(3.5, 3) - 27) / 27, 6, 1e-12);
  auto const list = buildNeighborList(
      TypeParam(), makeStructureBatch<typename TypeParam::memory_space>({&atom, 1}, SpeciesMap({8, 14, 6}, 3)), 4.0);
  auto const typed = measurePairDistribution(TypeParam(), list, 4.0, 0.5);
  ASSERT_EQ(typed.partials.size(), 1U);
  EXPECT_EQ(typed.partials[0].a, 1);
  EXPECT_EQ(typed.partials[0].g, found.total);
}

TYPED_TEST(PairDistributionTest, RefusesWhatHasNoMeaning) {
  Structure const diamond = reference::diamond(1, 5.43, 0);
  auto const list = listOf<TypeParam>(diamond, 5.0);
  TypeParam const space;
  for (double const r_max : {0.0, -1.0, 5.1, std::nan("")})
    expectInputError([&] { (void)measurePairDistribution(space, list, r_max, 0.1); },
                     "measurePairDistribution: found r_max");
  for (double const width : {0.0, 6.0, 1e-7, std::nan("")})
    expectInputError([&] { (void)measurePairDistribution(space, list, 5.0, width); }, "found bin_width");
  expectInputError([&] { (void)measurePairDistribution(space, list, 5.0, -1e-9); }, "found bin_width -1e-09,");
  Structure slab = diamond;
  slab.periodic[1] = false;
  expectInputError([&] { (void)this->measure(slab, 3, 0.1); }, "not periodic along all three lattice vectors");
  Structure empty = diamond;
  empty.positions.clear();
  empty.species.clear();
  expectInputError([&] { (void)this->measure(empty, 3, 0.1); }, "found no atoms");
  std::vector<Structure> const two = {diamond, diamond};
  auto const both =
      buildNeighborList(space, makeStructureBatch<typename TypeParam::memory_space>(two, SpeciesMap({14}, 1)), 3.0);
  expectInputError([&] { (void)measurePairDistribution(space, both, 3.0, 0.1); }, "a batch of 2 structures");
}

}  // namespace
}  // namespace sinter
