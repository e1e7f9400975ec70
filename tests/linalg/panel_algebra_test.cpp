// The algebra of every execution space equals plain loops.
#include "sinter/linalg/panel_algebra.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "backends.hpp"
#include "sinter/core/error.hpp"
#include "sinter/linalg/panel_factor.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

// Numbers on the host with their copy in the memory of an execution space.
template <class ExecutionSpace>
struct Numbers {
  Kokkos::View<double*, typename ExecutionSpace::memory_space> device;
  typename decltype(device)::host_mirror_type host;

  explicit Numbers(std::vector<double> const& values)
      : device("numbers", values.size()), host(Kokkos::create_mirror(device)) {
    for (std::size_t i = 0; i < values.size(); ++i) host(i) = values[i];
    Kokkos::deep_copy(device, host);
  }
  static Numbers random(int count, std::uint64_t seed) {
    reference::Random next(seed);
    std::vector<double> values(static_cast<std::size_t>(count));
    for (double& x : values) x = next();
    return Numbers(values);
  }
  double* data() const { return device.data(); }
  // Waits, and copies the results to the host.
  void fetch() { Kokkos::deep_copy(host, device); }
  double operator[](int i) const { return host(i); }
};

template <class ExecutionSpace>
class PanelAlgebraTest : public testing::Test {
 protected:
  PanelAlgebra<ExecutionSpace> const algebra{ExecutionSpace()};
};
TYPED_TEST_SUITE(PanelAlgebraTest, test::ExecutionSpaces);

constexpr double tolerance = 1e-13;  // sums of 30 numbers of size 1

TYPED_TEST(PanelAlgebraTest, SumsOfProductsEqualPlainLoops) {
  int const rows = 30, m = 7, n = 5, p_stride = 9, q_stride = 6;
  using Matrix = Numbers<TypeParam>;
  auto const p = Matrix::random(rows * p_stride, 1), q = Matrix::random(rows * q_stride, 2),
             factor = Matrix::random(m * q_stride, 3);
  Matrix gram(std::vector<double>(m * m, 1)), product(std::vector<double>(m * n, 1)),
      panel(std::vector<double>(rows * q_stride, 1));
  this->algebra.addGram(p.data(), rows, m, p_stride, gram.data());
  this->algebra.addProduct(p.data(), rows, m, p_stride, q.data(), n, q_stride, product.data());
  this->algebra.addToPanel(p.data(), rows, m, p_stride, factor.data(), n, q_stride, panel.data(), q_stride);
  for (auto* result : {&gram, &product, &panel}) result->fetch();
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = 1;
      for (int r = 0; r < rows; ++r) sum += p[r * p_stride + i] * p[r * p_stride + j];
      EXPECT_NEAR(gram[j * m + i], sum, tolerance);
      EXPECT_TRUE(i == j || gram[i * m + j] == 1);  // the upper triangle is nobody's
    }
    for (int j = 0; j < n; ++j) {
      double sum = 1;
      for (int r = 0; r < rows; ++r) sum += p[r * p_stride + i] * q[r * q_stride + j];
      EXPECT_NEAR(product[j * m + i], sum, tolerance);
    }
  }
  for (int r = 0; r < rows; ++r)
    for (int c = 0; c < q_stride; ++c) {
      double sum = 1;
      for (int i = 0; i < m && c < n; ++i) sum += p[r * p_stride + i] * factor[i * q_stride + c];
      EXPECT_NEAR(panel[r * q_stride + c], sum, tolerance) << r << " " << c;
    }
}

// R^T R = A^T A, for panels with more and with fewer rows than columns.
TYPED_TEST(PanelAlgebraTest, TriangularFactorKeepsTheGramMatrix) {
  int const columns = 6, stride = 25;
  for (int const rows : {20, 4}) {
    auto matrix = Numbers<TypeParam>::random(stride * columns, 4);
    std::vector<double> gram(columns * columns);
    for (int i = 0; i < columns; ++i)
      for (int j = 0; j < columns; ++j)
        for (int r = 0; r < rows; ++r) gram[i * columns + j] += matrix[i * stride + r] * matrix[j * stride + r];
    this->algebra.triangularize(matrix.data(), rows, columns, stride);
    matrix.fetch();
    for (int i = 0; i < columns; ++i)
      for (int j = 0; j < columns; ++j) {
        double sum = 0;
        for (int r = 0; r <= std::min({i, j, rows - 1}); ++r) sum += matrix[i * stride + r] * matrix[j * stride + r];
        EXPECT_NEAR(sum, gram[i * columns + j], tolerance) << rows << " rows";
      }
  }
}

// A v = lambda v, and the eigenvalues are those of another routine of LAPACK; one, some, all of them.
TYPED_TEST(PanelAlgebraTest, LargestEigenpairs) {
  for (auto const& [size, count] : {std::pair(1, 1), std::pair(12, 1), std::pair(12, 3), std::pair(40, 40)}) {
    SCOPED_TRACE(std::to_string(count) + " of " + std::to_string(size));
    auto const rows = Numbers<TypeParam>::random(size * 50, 7);
    std::vector<double> full(static_cast<std::size_t>(size) * size, 0), given(full.size(), 0);
    for (int i = 0; i < size; ++i)
      for (int j = 0; j < size; ++j) {
        for (int r = 0; r < 50; ++r) full[i * size + j] += rows[r * size + i] * rows[r * size + j];
        given[i * size + j] = j >= i ? full[i * size + j] : 1e3;  // the upper triangle is not looked at
      }
    auto const all = symmetricEigenvalues(full, size);
    Numbers<TypeParam> const matrix(given);
    auto const pairs = this->algebra.largestEigenpairs(matrix.data(), size, count);
    ASSERT_EQ(pairs.values.size(), static_cast<std::size_t>(count));
    ASSERT_EQ(pairs.vectors.size(), static_cast<std::size_t>(count) * size);
    double const scale = tolerance * all[size - 1];
    for (int k = 0; k < count; ++k) {
      EXPECT_NEAR(pairs.values[k], all[size - 1 - k], scale);
      double const* const v = &pairs.vectors[k * size];
      for (int other = 0; other <= k; ++other)
        EXPECT_NEAR(std::inner_product(v, v + size, &pairs.vectors[other * size], 0.0), other == k, tolerance);
      for (int i = 0; i < size; ++i)
        EXPECT_NEAR(std::inner_product(v, v + size, &full[i * size], 0.0), pairs.values[k] * v[i], scale);
    }
  }
}

// Rows of several panels, some of them zero, against the same rows on the host; cut in another way, bit for bit.
TYPED_TEST(PanelAlgebraTest, PanelFactorIsThatOfStreamedRows) {
  int const unknowns = 6, columns = unknowns + 1, stride = 9;
  for (int const rows : {4, 50, 2000}) {  // fewer than columns, fewer and more than are factorised at a time
    SCOPED_TRACE(std::to_string(rows) + " rows");
    auto panel = Numbers<TypeParam>::random(rows * stride, 5);
    StreamedLeastSquares streamed(unknowns);
    std::size_t filled = 0;
    for (int r = 0; r < rows; ++r)
      if (r % 3 == 1)
        std::fill_n(&panel.host(r * stride), stride, 0.0);
      else
        streamed.append({&panel.host(r * stride), unknowns}, panel.host(r * stride + unknowns)), ++filled;
    Kokkos::deep_copy(panel.device, panel.host);
    PanelFactor<TypeParam> whole(unknowns), pieces(unknowns);
    whole.append(panel.data(), rows, stride, filled);
    for (int begin = 0; begin < rows; begin += 17)
      pieces.append(panel.data() + begin * stride, std::min(17, rows - begin), stride, begin == 0 ? filled : 0);
    auto const expected = streamed.factor(), found = whole.factor();
    EXPECT_EQ(found.columns, unknowns);
    EXPECT_EQ(found.rows, expected.rows);
    EXPECT_EQ(found.r, pieces.factor().r);
    auto const product = [&](TriangularFactor const& factor, int i, int j) {
      double sum = 0;
      for (int k = 0; k < columns; ++k) {
        EXPECT_TRUE(k <= i || factor.r[i * columns + k] == 0);
        sum += factor.r[i * columns + k] * factor.r[j * columns + k];
      }
      return sum;
    };
    for (int i = 0; i < columns; ++i)
      for (int j = 0; j < columns; ++j)
        EXPECT_NEAR(product(found, i, j), product(expected, i, j), tolerance * rows) << i << " " << j;
  }
  PanelFactor<TypeParam> none(unknowns);
  EXPECT_THROW((void)none.factor(), InputError);
  EXPECT_THROW(PanelFactor<TypeParam>(0), InputError);
}

}  // namespace
}  // namespace sinter
