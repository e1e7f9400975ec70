#include "sinter/neighbor/neighbor_list.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "backends.hpp"
#include "neighbor_reference.hpp"
#include "sinter/core/error.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

template <class ExecutionSpace>
class NeighborListTest : public testing::Test {};
TYPED_TEST_SUITE(NeighborListTest, test::ExecutionSpaces);

// Pairs of the list in host order: (i, j, displacement rounded to 1e-9 A).
using Key = std::tuple<int, int, long long, long long, long long>;
Key key(int i, int j, double x, double y, double z) {
  return {i, j, std::llround(x * 1e9), std::llround(y * 1e9), std::llround(z * 1e9)};
}

template <class ExecutionSpace>
auto batchOf(std::vector<Structure> const& structures) {
  return makeStructureBatch<typename ExecutionSpace::memory_space>(structures, SpeciesMap({14}, 1));
}

template <class ExecutionSpace>
std::vector<Key> pairsOf(NeighborList<typename ExecutionSpace::memory_space> const& list) {
  using memory_space = typename ExecutionSpace::memory_space;
  Kokkos::View<Displacement*, memory_space> const displacement("displacement", list.pairs());
  Kokkos::View<int* [2], Kokkos::LayoutRight, memory_space> const atoms("atoms", list.pairs());
  Kokkos::parallel_for(
      Kokkos::RangePolicy<ExecutionSpace>(0, list.numCentres()), KOKKOS_LAMBDA(int i) {
        auto const environment = list.environment(i);
        for (int k = 0; k < environment.size(); ++k) {
          displacement(list.offsets(i) + k) = environment.displacement(k);
          atoms(list.offsets(i) + k, 0) = i;
          atoms(list.offsets(i) + k, 1) = environment.neighbor(k);
        }
      });
  auto const d = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), displacement);
  auto const a = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), atoms);
  std::vector<Key> keys;
  for (std::size_t p = 0; p < d.extent(0); ++p) keys.push_back(key(a(p, 0), a(p, 1), d(p)[0], d(p)[1], d(p)[2]));
  std::sort(keys.begin(), keys.end());
  return keys;
}

template <class ExecutionSpace>
std::vector<Key> pairsOf(std::vector<Structure> const& structures, double cutoff) {
  return pairsOf<ExecutionSpace>(buildNeighborList(ExecutionSpace(), batchOf<ExecutionSpace>(structures), cutoff));
}

// The list as it is in memory: first pair of each atom, and (j, image) of each pair.
struct Listed {
  std::vector<std::int64_t> offsets;
  std::vector<std::tuple<int, int, int, int>> pairs;
  bool operator==(Listed const&) const = default;
};

template <class ExecutionSpace>
Listed listed(std::vector<Structure> const& structures, double cutoff) {
  auto const list = buildNeighborList(ExecutionSpace(), batchOf<ExecutionSpace>(structures), cutoff);
  auto const offsets = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), list.offsets);
  auto const neighbors = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), list.neighbors);
  auto const images = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), list.images);
  Listed result;
  for (int i = 0; i <= list.numCentres(); ++i) result.offsets.push_back(offsets(i));
  for (std::int64_t p = 0; p < list.pairs(); ++p)
    result.pairs.emplace_back(neighbors(p), images(p)[0], images(p)[1], images(p)[2]);
  return result;
}

std::vector<Key> referencePairs(std::vector<Structure> const& structures, double cutoff) {
  std::vector<Key> keys;
  int first = 0;
  for (auto const& s : structures) {
    for (auto const& p : reference::allPairs(s, cutoff))
      keys.push_back(key(first + p.i, first + p.j, p.displacement[0], p.displacement[1], p.displacement[2]));
    first += static_cast<int>(s.size());
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

TYPED_TEST(NeighborListTest, EqualsBruteForceForEveryKindOfCell) {
  for (double const cutoff : {0.9, 3.1, 5.0, 7.3})
    EXPECT_EQ(pairsOf<TypeParam>(reference::testStructures(), cutoff),
              referencePairs(reference::testStructures(), cutoff))
        << "cutoff " << cutoff;
}

TYPED_TEST(NeighborListTest, ManyRandomCellsInOneBatch) {
  reference::Random random(42);
  std::vector<Structure> structures;
  for (int n = 0; n < 60; ++n) {
    Matrix3 cell;
    do {
      for (auto& row : cell)
        for (double& x : row) x = 5 * random();
    } while (std::abs(determinant(cell)) < 12);
    std::array<bool, 3> const periodic = {random() > -0.5, random() > -0.5, random() > -0.5};
    structures.push_back(reference::randomStructure(1 + n % 4, cell, periodic, 0.3, {14}, 100 + n));
  }
  EXPECT_EQ(pairsOf<TypeParam>(structures, 4.0), referencePairs(structures, 4.0));
}

TYPED_TEST(NeighborListTest, DiamondShells) {
  // Golden facts of diamond at 5.43 A: 4 + 12 + 12 neighbours within 5.0 A, 46 within 6.0, 70 within 7.0.
  std::vector<Structure> const cell{reference::diamond(1, 5.43, 0.0)};
  EXPECT_EQ(pairsOf<TypeParam>(cell, 5.0).size(), 8u * 28);
  EXPECT_EQ(pairsOf<TypeParam>(cell, 6.0).size(), 8u * 46);
  EXPECT_EQ(pairsOf<TypeParam>(cell, 7.0).size(), 8u * 70);
}

TYPED_TEST(NeighborListTest, AtomsOnTheEdgesOfBins) {
  // Simple cubic, 3 A, on edges and middles of bins 6 A wide, cell boundaries included; a shell lies at the cutoff.
  Structure cubic;
  for (int d = 0; d < 3; ++d) cubic.cell[d][d] = 24;
  cubic.periodic = {true, true, false};
  for (int x = -8; x < 0; ++x)
    for (int y = 0; y < 8; ++y)
      for (int z = 0; z < 8; ++z) cubic.positions.push_back({3.0 * x, 3.0 * y, 3.0 * z});
  cubic.species.assign(cubic.positions.size(), 14);
  EXPECT_EQ(pairsOf<TypeParam>({cubic}, 6.0), referencePairs({cubic}, 6.0));
  cubic.periodic = {true, true, true};
  auto const pairs = pairsOf<TypeParam>({cubic}, 6.0);
  EXPECT_EQ(pairs.size(), 512u * 26);  // 6 + 12 + 8; the six at 6 A are out
  EXPECT_EQ(pairs, referencePairs({cubic}, 6.0));
}

TYPED_TEST(NeighborListTest, ThinSlabs) {
  for (int thin = 0; thin < 3; ++thin)
    for (bool const periodic : {true, false}) {
      Matrix3 cell{{{17, 0.4, 0}, {-3, 19, 0.2}, {0.1, 2, 18}}};
      for (double& x : cell[thin]) x /= 9;
      std::array<bool, 3> across{true, true, true};
      across[thin] = periodic;
      auto const slab = reference::randomStructure(40, cell, across, 1.0, {14}, 20 + thin);
      EXPECT_EQ(pairsOf<TypeParam>({slab}, 5.0), referencePairs({slab}, 5.0)) << thin << " " << periodic;
    }
}

TYPED_TEST(NeighborListTest, MoreCandidatesThanAreSearchedAtATime) {
  Structure const atom = reference::randomStructure(1, {{{0.9, 0, 0}, {0.2, 1, 0}, {-0.1, 0.3, 1.1}}},
                                                    {true, true, true}, 0.5);  // some 7 000 images of one atom
  EXPECT_EQ(pairsOf<TypeParam>({atom}, 12.3), referencePairs({atom}, 12.3));
  Structure cloud;  // all atoms in one bin
  reference::Random random(3);
  for (int i = 0; i < 600; ++i) cloud.positions.push_back({4 * random(), 4 * random(), 4 * random()});
  cloud.species.assign(cloud.positions.size(), 14);
  EXPECT_EQ(pairsOf<TypeParam>({cloud}, 9.0), referencePairs({cloud}, 9.0));
  EXPECT_EQ(pairsOf<TypeParam>({cloud}, 1.0), referencePairs({cloud}, 1.0));
}

TYPED_TEST(NeighborListTest, TwoAtomsAtOnePlaceAreNeighbors) {
  auto structure = reference::diamond(1, 5.43, 0.0);
  structure.positions[3] = structure.positions[0];
  EXPECT_EQ(pairsOf<TypeParam>({structure}, 5.0), referencePairs({structure}, 5.0));
}

TYPED_TEST(NeighborListTest, OrderIsFixed) {
  auto structures = reference::testStructures();
  structures.push_back(reference::diamond(6, 5.43, 0.1));
  auto const list = listed<TypeParam>(structures, 5.0);
  EXPECT_EQ(list, listed<TypeParam>(structures, 5.0));
  EXPECT_EQ(list, listed<Kokkos::Serial>(structures, 5.0));

  auto const one_bin = listed<TypeParam>({reference::diamond(1, 5.43, 0.0)}, 5.0);  // images in turn, atoms ascending
  for (std::size_t i = 0; i < 8; ++i) {
    auto const inCellOrder = [](auto const& a, auto const& b) {
      auto const [ja, a0, a1, a2] = a;
      auto const [jb, b0, b1, b2] = b;
      return std::tuple(a0, a1, a2, ja) < std::tuple(b0, b1, b2, jb);
    };
    EXPECT_TRUE(std::is_sorted(one_bin.pairs.begin() + one_bin.offsets[i],
                               one_bin.pairs.begin() + one_bin.offsets[i + 1], inCellOrder));
  }
}

TYPED_TEST(NeighborListTest, BuildsInTheMemoryOfAnEarlierList) {
  NeighborList<typename TypeParam::memory_space> list;
  std::vector<Structure> const small{reference::diamond(1, 5.43, 0.0)}, large = reference::testStructures();
  for (auto const* structures : {&small, &large, &small, &large})
    for (double const cutoff : {3.0, 5.0}) {
      buildNeighborList(TypeParam(), batchOf<TypeParam>(*structures), cutoff, list);
      EXPECT_EQ(pairsOf<TypeParam>(list), referencePairs(*structures, cutoff));
      EXPECT_EQ(list.cutoff, cutoff);
    }
  int const atoms = list.numCentres();
  auto astray = reference::diamond(2, 5.43, 0.0);
  astray.positions[3][1] = 1e6;
  EXPECT_THROW(buildNeighborList(TypeParam(), batchOf<TypeParam>({astray}), 5.0, list), InputError);
  EXPECT_EQ(list.numCentres(), atoms);
  EXPECT_EQ(pairsOf<TypeParam>(list), referencePairs(large, 5.0));
}

TYPED_TEST(NeighborListTest, EmptyBatch) { EXPECT_TRUE(pairsOf<TypeParam>({}, 5.0).empty()); }

TYPED_TEST(NeighborListTest, RefusesNonsense) {
  auto const batch = batchOf<TypeParam>({reference::diamond(1, 5.43, 0.0)});
  for (double const cutoff : {0.0, -1.0, std::nan("")})
    EXPECT_THROW((void)buildNeighborList(TypeParam(), batch, cutoff), InputError);
  auto const tiny_batch = batchOf<TypeParam>({reference::diamond(1, 0.01, 0.0)});
  EXPECT_THROW((void)buildNeighborList(TypeParam(), tiny_batch, 5.0), InputError);
  for (double const x : {std::nan(""), 1e6, 1e300}) {
    auto astray = reference::diamond(1, 5.43, 0.0);
    astray.positions[3][1] = x;
    EXPECT_THROW((void)buildNeighborList(TypeParam(), batchOf<TypeParam>({astray}), 5.0), InputError) << x;
  }
}

}  // namespace
}  // namespace sinter
