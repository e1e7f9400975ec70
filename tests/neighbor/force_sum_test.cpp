#include "sinter/neighbor/force_sum.hpp"

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "backends.hpp"
#include "sinter/core/structure.hpp"

namespace sinter {
namespace {

template <class ExecutionSpace>
class ForceSumTest : public testing::Test {};
TYPED_TEST_SUITE(ForceSumTest, test::ExecutionSpaces);

TEST(AtomBlocksTest, ShareAllAtomsAmongSixtyFourAtMost) {
  for (int const atoms : {1, 2, 63, 64, 65, 128, 129, 8000, 1000000, 2147483647}) {
    AtomBlocks const blocks(atoms);
    EXPECT_EQ(blocks.of(0), 1U) << atoms;
    EXPECT_NE(blocks.of(atoms - 1), 0U) << atoms;
    EXPECT_LT((atoms - 1) >> blocks.shift, 64) << atoms;
    if (blocks.shift > 0) {
      EXPECT_GE((atoms - 1) >> blocks.shift, 32) << atoms;
    }
  }
}

/// Centre i pushes atom i + `reach` by (1, i, -1) and is pushed back. (A functor, because nvcc takes device lambdas
/// from public functions only.)
template <class ExecutionSpace>
struct Push {
  ForceSum<ExecutionSpace> sum;
  int atoms, reach;
  bool told;  // which blocks it touches

  KOKKOS_FUNCTION void operator()(int i) const {
    auto const& access = sum.access();
    AtomBlocks const blocks(atoms);
    int const j = (i + reach) % atoms;
    double const own[3] = {-1, -static_cast<double>(i), 1};
    access.subtract(j, {own[0], own[1], own[2]});
    access.addToCentre(i, own, told ? blocks.of(i) | blocks.of(j) : AtomBlocks::all);
  }
};

TYPED_TEST(ForceSumTest, AddsWhatAllThreadsLeft) {
  using memory_space = typename TypeParam::memory_space;
  TypeParam const space;
  ForceSum<TypeParam> sum;
  for (int const atoms : {1000, 37, 3, 5000}) {
    for (bool const told : {true, false}) {
      Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces("forces", atoms);
      Kokkos::deep_copy(forces, 0.5);
      int const reach = atoms / 3;
      sum.begin(space, forces);
      Kokkos::parallel_for(Kokkos::RangePolicy<TypeParam>(space, 0, atoms), Push<TypeParam>{sum, atoms, reach, told});
      sum.finish(space);
      space.fence();
      auto const found = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), forces);
      for (int i = 0; i < atoms; ++i) {
        int const pushed_by = (i + atoms - reach) % atoms;
        EXPECT_EQ(found(i, 0), 0.5) << i;
        EXPECT_EQ(found(i, 1), 0.5 + pushed_by - i) << i;
        EXPECT_EQ(found(i, 2), 0.5) << i;
      }
    }
  }
}

// The last third are images of others; what they are given is their atoms'. Forces from before are added to, or not.
TYPED_TEST(ForceSumTest, SendsTheForcesOfImagesHome) {
  if constexpr (!ForceSum<TypeParam>::has_copies) GTEST_SKIP() << "images are sent home on the host only";
  using memory_space = typename TypeParam::memory_space;
  TypeParam const space;
  ForceSum<TypeParam> sum;
  for (int const all : {1500, 36, 6, 9000}) {
    int const atoms = all * 2 / 3, reach = all / 4;
    Kokkos::View<int*, memory_space> homes("homes", all - atoms);
    auto const homeOf = [=](int i) { return i < atoms ? i : (7 * i + 1) % (atoms / 8 + 1); };
    auto const host_homes = Kokkos::create_mirror_view(homes);
    for (int i = atoms; i < all; ++i) host_homes(i - atoms) = homeOf(i);
    Kokkos::deep_copy(homes, host_homes);
    for (bool const replaces : {true, false, true}) {
      Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces("forces", atoms);
      Kokkos::deep_copy(forces, 0.5);
      // Some atoms get nothing at all.
      int const centres = all / 2;
      double const before = replaces ? 0 : 0.5;
      std::vector<Vector3> expected(static_cast<std::size_t>(atoms), Vector3{before, before, before});
      for (int i = 0; i < centres; ++i) {
        auto& centre = expected[static_cast<std::size_t>(homeOf(i))];
        auto& other = expected[static_cast<std::size_t>(homeOf((i + reach) % all))];
        Vector3 const push = {1, static_cast<double>(i), -1};
        for (std::size_t x = 0; x < 3; ++x) {
          centre[x] -= push[x];
          other[x] += push[x];
        }
      }
      sum.begin(space, forces, homes, replaces);
      Kokkos::parallel_for(Kokkos::RangePolicy<TypeParam>(space, 0, centres),
                           Push<TypeParam>{sum, all, reach, all != 36});
      sum.finish(space);
      space.fence();
      auto const found = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), forces);
      for (int i = 0; i < atoms; ++i)
        for (std::size_t x = 0; x < 3; ++x)
          EXPECT_EQ(found(i, x), expected[static_cast<std::size_t>(i)][x]) << all << ' ' << i << ' ' << x;
    }
  }
}

}  // namespace
}  // namespace sinter
