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
std::vector<Key> pairsOf(std::vector<Structure> const& structures, double cutoff) {
  using memory_space = typename ExecutionSpace::memory_space;
  auto const batch = makeStructureBatch<memory_space>(structures, SpeciesMap({14}, 1));
  auto const list = buildNeighborList(ExecutionSpace(), batch, cutoff);
  Kokkos::View<Displacement*, memory_space> const displacement("displacement", list.pairs());
  Kokkos::View<int* [2], Kokkos::LayoutRight, memory_space> const atoms("atoms", list.pairs());
  Kokkos::parallel_for(
      Kokkos::RangePolicy<ExecutionSpace>(0, batch.atoms()), KOKKOS_LAMBDA(int i) {
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

TYPED_TEST(NeighborListTest, EmptyBatch) { EXPECT_TRUE(pairsOf<TypeParam>({}, 5.0).empty()); }

TYPED_TEST(NeighborListTest, RefusesNonsense) {
  auto const batch = makeStructureBatch<typename TypeParam::memory_space>(
      std::vector<Structure>{reference::diamond(1, 5.43, 0.0)}, SpeciesMap({14}, 1));
  for (double const cutoff : {0.0, -1.0, std::nan("")})
    EXPECT_THROW((void)buildNeighborList(TypeParam(), batch, cutoff), InputError);
  Structure tiny = reference::diamond(1, 0.01, 0.0);
  auto const tiny_batch =
      makeStructureBatch<typename TypeParam::memory_space>(std::vector<Structure>{tiny}, SpeciesMap({14}, 1));
  EXPECT_THROW((void)buildNeighborList(TypeParam(), tiny_batch, 5.0), InputError);
  for (double const x : {std::nan(""), 1e6, 1e300}) {
    auto astray = reference::diamond(1, 5.43, 0.0);
    astray.positions[3][1] = x;
    auto const astray_batch =
        makeStructureBatch<typename TypeParam::memory_space>(std::vector<Structure>{astray}, SpeciesMap({14}, 1));
    EXPECT_THROW((void)buildNeighborList(TypeParam(), astray_batch, 5.0), InputError) << x;
  }
}

}  // namespace
}  // namespace sinter
