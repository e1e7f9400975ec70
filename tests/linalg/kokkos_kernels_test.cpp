// Kokkos Kernels as scripts/bootstrap provides it compiles and computes.
#include <KokkosBatched_Gemm_Decl.hpp>
#include <KokkosBatched_Gemm_Serial_Impl.hpp>
#include <Kokkos_Core.hpp>
#include <cmath>
#include <limits>

#include "backends.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

template <class ExecutionSpace>
class KokkosKernelsTest : public testing::Test {};
TYPED_TEST_SUITE(KokkosKernelsTest, test::ExecutionSpaces);

constexpr int batch = 7, rows = 5, columns = 4, inner = 6;

// C <- 2 A B + 3 C for each small matrix of the batch. (A function: device lambdas cannot stand in a test body.)
template <class ExecutionSpace, class View>
void multiplyBatch(View const& a, View const& b, View const& c) {
  Kokkos::parallel_for(
      "sinter::test::multiplyBatch", Kokkos::RangePolicy<ExecutionSpace>(0, batch), KOKKOS_LAMBDA(int n) {
        auto const all = Kokkos::ALL();
        using KokkosBatched::Trans, KokkosBatched::Algo;
        KokkosBatched::SerialGemm<Trans::NoTranspose, Trans::NoTranspose, Algo::Gemm::Unblocked>::invoke(
            2.0, Kokkos::subview(a, n, all, all), Kokkos::subview(b, n, all, all), 3.0,
            Kokkos::subview(c, n, all, all));
      });
}

TYPED_TEST(KokkosKernelsTest, SerialGemmEqualsPlainLoops) {
  using View = Kokkos::View<double***, TypeParam>;
  View const a("a", batch, rows, inner), b("b", batch, inner, columns), c("c", batch, rows, columns);
  reference::Random random(1);
  auto const filled = [&](View const& view) {
    auto const host = Kokkos::create_mirror_view(view);
    for (std::size_t i = 0; i < host.size(); ++i) host.data()[i] = random();
    Kokkos::deep_copy(view, host);
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), host);
  };
  auto const host_a = filled(a), host_b = filled(b);
  auto const before = Kokkos::create_mirror(Kokkos::HostSpace(), c);
  Kokkos::deep_copy(before, filled(c));
  multiplyBatch<TypeParam>(a, b, c);
  auto const after = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), c);
  // inner + 2 terms of size 3 at most, in any order.
  double const tolerance = (inner + 2) * 3 * std::numeric_limits<double>::epsilon();
  for (int n = 0; n < batch; ++n)
    for (int i = 0; i < rows; ++i)
      for (int j = 0; j < columns; ++j) {
        double expected = 3 * before(n, i, j);
        for (int k = 0; k < inner; ++k) expected += 2 * host_a(n, i, k) * host_b(n, k, j);
        EXPECT_NEAR(after(n, i, j), expected, tolerance);
      }
}

}  // namespace
}  // namespace sinter
