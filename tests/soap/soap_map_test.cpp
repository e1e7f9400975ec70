// Maps: against plain loops and Jacobi's rotations, and against what defines them.
#include "sinter/soap/soap_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "backends.hpp"
#include "jacobi.hpp"
#include "sinter/core/error.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using Matrix = std::vector<std::vector<double>>;

// Vectors of length 1 with positive components, as far apart as SOAP vectors of different crystals.
std::vector<double> unitVectors(int n, int dimension, std::uint64_t seed = 1) {
  reference::Random random(seed);
  std::vector<double> result;
  for (int i = 0; i < n; ++i) {
    std::vector<double> v;
    for (int k = 0; k < dimension; ++k) v.push_back(1.1 + random());
    double const length = std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
    for (double const x : v) result.push_back(x / length);
  }
  return result;
}

Matrix kernelMatrix(std::vector<double> const& p, int dimension, double zeta) {
  std::size_t const n = p.size() / dimension;
  Matrix k(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double dot = 0;
      for (int c = 0; c < dimension; ++c) dot += p[i * dimension + c] * p[j * dimension + c];
      k[i][j] = std::pow(dot, zeta);
    }
  return k;
}

// Principal components of rows: eigenvectors of their covariance, coordinates, sums of their squares, mean.
struct PrincipalComponents {
  reference::Eigenpairs axes;
  std::vector<double> mean;
  double total = 0;

  explicit PrincipalComponents(Matrix const& rows) : mean(rows[0].size(), 0) {
    std::size_t const width = mean.size();
    for (auto const& row : rows)
      for (std::size_t k = 0; k < width; ++k) mean[k] += row[k] / static_cast<double>(rows.size());
    Matrix covariance(width, std::vector<double>(width, 0));
    for (auto const& row : rows)
      for (std::size_t a = 0; a < width; ++a)
        for (std::size_t b = 0; b < width; ++b) covariance[a][b] += (row[a] - mean[a]) * (row[b] - mean[b]);
    axes = reference::jacobiEigenpairs(covariance);
    total = std::accumulate(axes.values.begin(), axes.values.end(), 0.0);
  }

  [[nodiscard]] double coordinate(std::vector<double> const& row, int component) const {
    double sum = 0;
    for (std::size_t k = 0; k < mean.size(); ++k) sum += (row[k] - mean[k]) * axes.vectors[component][k];
    return sum;
  }

  // All coordinates of a component, with the sign of the map's.
  void expectSame(Matrix const& rows, SoapMap const& map, int component, double tolerance) const {
    double overlap = 0;
    for (std::size_t i = 0; i < rows.size(); ++i)
      overlap += coordinate(rows[i], component) * map.coordinates()[i * map.components() + component];
    for (std::size_t i = 0; i < rows.size(); ++i)
      EXPECT_NEAR(map.coordinates()[i * map.components() + component],
                  std::copysign(1, overlap) * coordinate(rows[i], component), tolerance)
          << i << " " << component;
    EXPECT_NEAR(map.eigenvalues()[component], axes.values[component], tolerance);
    EXPECT_NEAR(map.explained()[component], axes.values[component] / total, tolerance);
  }
};

Matrix rowsOf(std::vector<double> const& vectors, int dimension) {
  Matrix rows;
  for (std::size_t begin = 0; begin < vectors.size(); begin += dimension)
    rows.emplace_back(vectors.begin() + begin, vectors.begin() + begin + dimension);
  return rows;
}

template <class ExecutionSpace>
class SoapMapTest : public testing::Test {};
TYPED_TEST_SUITE(SoapMapTest, test::ExecutionSpaces);

TYPED_TEST(SoapMapTest, LinearKernelIsOrdinaryPrincipalComponents) {
  int const n = 30, dimension = 7;
  auto const vectors = unitVectors(n, dimension);
  SoapMap const map(vectors, dimension, {.zeta = 1, .components = 4}, TypeParam());
  auto const rows = rowsOf(vectors, dimension);
  PrincipalComponents const plain(rows);
  for (int a = 0; a < 4; ++a) plain.expectSame(rows, map, a, 1e-12);  // sums of 30 terms of size 1
}

// (p . p')^2 is the product of phi = (x^2, sqrt(2) x y, y^2): the map is that of phi, also of vectors it has not seen.
TEST(SoapMap, QuadraticKernelIsPrincipalComponentsOfItsFeatures) {
  auto const features = [](std::vector<double> const& vectors) {
    Matrix rows;
    for (std::size_t i = 0; i < vectors.size(); i += 2)
      rows.push_back(
          {vectors[i] * vectors[i], std::sqrt(2) * vectors[i] * vectors[i + 1], vectors[i + 1] * vectors[i + 1]});
    return rows;
  };
  auto const vectors = unitVectors(20, 2), others = unitVectors(5, 2, 9);
  SoapMap const map(vectors, 2, {.zeta = 2});
  auto const rows = features(vectors), other_rows = features(others);
  PrincipalComponents const plain(rows);
  auto const projected = map.project(others);
  ASSERT_EQ(projected.size(), 10U);
  for (int a = 0; a < 2; ++a) {
    plain.expectSame(rows, map, a, 1e-12);
    double const sign = std::copysign(1, plain.coordinate(rows[0], a) * map.coordinates()[a]);
    for (int i = 0; i < 5; ++i)
      EXPECT_NEAR(projected[i * 2 + a], sign * plain.coordinate(other_rows[i], a), 1e-10) << i << " " << a;
  }
}

// With all components nothing is lost: distances are those of the kernel, and the mean is in the middle.
TEST(SoapMap, AllComponentsKeepDistances) {
  int const n = 15, dimension = 40;
  auto const vectors = unitVectors(n, dimension);
  SoapMap const map(vectors, dimension, {.zeta = 4, .components = n - 1});
  auto const k = kernelMatrix(vectors, dimension, 4);
  auto const& y = map.coordinates();
  for (int a = 0; a < n - 1; ++a) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += y[i * (n - 1) + a];
    EXPECT_NEAR(sum, 0, 1e-12);
    EXPECT_LE(map.eigenvalues()[a], a > 0 ? map.eigenvalues()[a - 1] : n);
  }
  EXPECT_NEAR(std::accumulate(map.explained().begin(), map.explained().end(), 0.0), 1, 1e-12);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      double distance = 0;
      for (int a = 0; a < n - 1; ++a) distance += std::pow(y[i * (n - 1) + a] - y[j * (n - 1) + a], 2);
      EXPECT_NEAR(distance, k[i][i] + k[j][j] - 2 * k[i][j], 1e-13);
    }
}

TYPED_TEST(SoapMapTest, DistancePcaIsThatOfTheRowsOfDistances) {
  int const n = 25, dimension = 12;
  auto const vectors = unitVectors(n, dimension);
  for (double const zeta : {1.0, 4.0}) {
    auto distances = kernelMatrix(vectors, dimension, zeta);
    for (auto& row : distances)
      for (double& x : row) x = 2 - 2 * x;
    SoapMap const map(vectors, dimension, {.kind = SoapMapKind::distance_pca, .zeta = zeta, .components = 3},
                      TypeParam());
    PrincipalComponents const plain(distances);
    for (int a = 0; a < 3; ++a) plain.expectSame(distances, map, a, 1e-11);
    // A new vector is a new row of D.
    auto const other = unitVectors(1, dimension, 5);
    std::vector<double> row;
    for (int j = 0; j < n; ++j)
      row.push_back(2 -
                    2 * std::pow(std::inner_product(other.begin(), other.end(), &vectors[j * dimension], 0.0), zeta));
    auto const projected = map.project(other);
    for (int a = 0; a < 3; ++a) {
      double const sign = std::copysign(1, plain.coordinate(distances[0], a) * map.coordinates()[a]);
      EXPECT_NEAR(projected[a], sign * plain.coordinate(row, a), 1e-10) << zeta << " " << a;
    }
  }
}

TEST(SoapMap, TrainingVectorsAreProjectedOntoThemselves) {
  int const dimension = 30;
  auto const vectors = unitVectors(40, dimension);
  for (auto const kind : {SoapMapKind::kernel_pca, SoapMapKind::distance_pca}) {
    SoapMap const map(vectors, dimension, {.kind = kind, .components = 3});
    auto const projected = map.project(vectors);
    ASSERT_EQ(projected.size(), map.coordinates().size());
    for (std::size_t i = 0; i < projected.size(); ++i) EXPECT_NEAR(projected[i], map.coordinates()[i], 1e-12);
    EXPECT_TRUE(map.project({}).empty());
  }
}

TEST(SoapMap, PermutedVectorsHavePermutedCoordinates) {
  int const n = 20, dimension = 9, step = 7;
  auto const vectors = unitVectors(n, dimension);
  std::vector<double> permuted;
  for (int i = 0; i < n; ++i) {
    auto const begin = vectors.begin() + i * step % n * dimension;
    permuted.insert(permuted.end(), begin, begin + dimension);
  }
  for (auto const kind : {SoapMapKind::kernel_pca, SoapMapKind::distance_pca}) {
    SoapMap const map(vectors, dimension, {.kind = kind}), other(permuted, dimension, {.kind = kind});
    for (int i = 0; i < n; ++i)
      for (int a = 0; a < 2; ++a)
        EXPECT_NEAR(other.coordinates()[i * 2 + a], map.coordinates()[i * step % n * 2 + a], 1e-12) << i << " " << a;
  }
}

TEST(SoapMap, SignRule) {
  auto const map = SoapMap(unitVectors(20, 6), 6, {.components = 5});
  for (int a = 0; a < 5; ++a) {
    double largest = 0;
    for (int i = 0; i < 20; ++i)
      if (double const y = map.coordinates()[i * 5 + a]; std::abs(y) > std::abs(largest)) largest = y;
    EXPECT_GT(largest, 0) << a;
  }
  // Of the two ends, which are as far out, the first.
  for (double const angle : {0.3, -0.3}) {
    std::vector<double> arc;
    for (double const t : {0.7 + angle, 0.7, 0.7 - angle}) arc.insert(arc.end(), {std::cos(t), std::sin(t)});
    SoapMap const ends(arc, 2);
    EXPECT_GT(ends.coordinates()[0], 0);
    EXPECT_NEAR(ends.coordinates()[4], -ends.coordinates()[0], 1e-12);
    EXPECT_NEAR(ends.coordinates()[2], 0, 1e-12);
  }
}

TEST(SoapMap, ComponentsWithoutVarianceAreZero) {
  std::vector<double> const vectors = {1, 0, 0.6, 0.8, 1, 0, 0.6, 0.8};  // two, twice
  for (auto const kind : {SoapMapKind::kernel_pca, SoapMapKind::distance_pca}) {
    SoapMap const map(vectors, 2, {.kind = kind});
    EXPECT_NEAR(map.explained()[0], 1, 1e-14);
    EXPECT_EQ(map.explained()[1], 0);
    EXPECT_EQ(map.eigenvalues()[1], 0);
    auto const& y = map.coordinates();
    EXPECT_NEAR(y[0], y[4], 1e-14);
    EXPECT_NEAR(y[0], -y[2], 1e-14);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(y[2 * i + 1], 0);
    EXPECT_EQ(map.project(vectors)[1], 0);
  }
}

TEST(SoapMap, BadInputIsRefused) {
  auto const message = [](std::vector<double> const& vectors, int dimension,
                          SoapMapSettings const& settings = {}) -> std::string {
    try {
      SoapMap const map(vectors, dimension, settings);
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  };
  auto const good = unitVectors(10, 3);
  EXPECT_EQ(message(good, 3), "accepted");
  EXPECT_EQ(message({1, 0, 0, 1}, 2), "SOAP map: found 2 vectors, expected 3 or more");
  EXPECT_EQ(message(good, 3, {.components = 10}), "SOAP map: found 10 vectors, expected 11 or more");
  EXPECT_EQ(message(good, 3, {.components = 0}), "SOAP map: found 0 components, expected one or more");
  EXPECT_EQ(message(good, 4), "SOAP map: found 30 numbers of vectors, expected a multiple of 4");
  EXPECT_EQ(message(good, 3, {.zeta = 0}), "SOAP map: found zeta = 0.000000, expected a positive number");
  EXPECT_EQ(message(good, 3, {.zeta = std::nan("")}), "SOAP map: found zeta = nan, expected a positive number");
  EXPECT_EQ(message({0.6, 0.8, 0.6, 0.8, 0.6, 0.8}, 2),
            "SOAP map: found 3 vectors that are all the same, expected different ones");
  EXPECT_EQ(message({0.6, 0.8, 1, std::numeric_limits<double>::quiet_NaN(), 0.6, 0.8}, 2),
            "SOAP map: found a number that is not finite, expected finite vectors");
  EXPECT_EQ(SoapMap::bytes(10, 3, SoapMapKind::kernel_pca), 8U * (100 + 30));
  EXPECT_EQ(SoapMap::bytes(10, 3, SoapMapKind::distance_pca), 8U * (200 + 30));
  EXPECT_EQ(message(good, 3, {.max_memory = 1040}), "accepted");
  EXPECT_EQ(message(good, 3, {.max_memory = 1039}),
            "SOAP map: found 1 MiB of memory for 10 vectors, expected 1 MiB (a map of landmarks takes less)");
  EXPECT_THROW((void)SoapMap(good, 3).project(std::vector<double>{1, 2}), InputError);
}

}  // namespace
}  // namespace sinter
