// Farthest points and CUR: sets whose answer is known, and plain loops.
#include "sinter/soap/soap_selection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <set>
#include <string>
#include <vector>

#include "backends.hpp"
#include "jacobi.hpp"
#include "sinter/core/error.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using Rows = std::vector<std::size_t>;

template <class ExecutionSpace>
class SoapSelectionTest : public testing::Test {
 protected:
  // The message of the error, or "accepted".
  template <class Call>
  static std::string message(Call const& call) {
    try {
      (void)call();
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  }
};
TYPED_TEST_SUITE(SoapSelectionTest, test::ExecutionSpaces);

std::vector<double> onCircle(std::vector<double> const& degrees) {
  std::vector<double> result;
  for (double const angle : degrees) {
    double const t = angle * std::numbers::pi / 180;
    result.insert(result.end(), {std::cos(t), std::sin(t)});
  }
  return result;
}

std::vector<double> randomNumbers(std::size_t count, std::uint64_t seed) {
  reference::Random random(seed);
  std::vector<double> numbers(count);
  for (double& x : numbers) x = random();
  return numbers;
}

TYPED_TEST(SoapSelectionTest, FarthestPointsOnACircle) {
  auto const points = onCircle({0, 20, 30, 80});
  for (double const zeta : {1.0, 4.0}) {
    auto const distance = [&](double degrees) {
      return std::sqrt(2 - 2 * std::pow(std::cos(degrees * std::numbers::pi / 180), zeta));
    };
    SoapSelector<TypeParam> const selector(points, 2);
    auto const found = selector.farthestPoints(4, zeta, 0);
    EXPECT_EQ(found.rows, (Rows{0, 3, 2, 1}));
    ASSERT_EQ(found.distances.size(), 4U);
    EXPECT_NEAR(found.distances[1], distance(80), 1e-14);
    EXPECT_NEAR(found.distances[2], distance(30), 1e-14);
    EXPECT_NEAR(found.distances[3], distance(10), 1e-14);
    // Farthest from the mean, which is near the three others.
    auto const by_mean = selector.farthestPoints(2, zeta);
    EXPECT_EQ(by_mean.rows, (Rows{3, 0}));
    double x = 0, y = 0;
    for (int i = 0; i < 4; ++i) {
      x += points[2 * i] / 4;
      y += points[2 * i + 1] / 4;
    }
    double const expected =
        std::sqrt(1 + std::pow(x * x + y * y, zeta) - 2 * std::pow(x * points[6] + y * points[7], zeta));
    EXPECT_NEAR(by_mean.distances[0], expected, 1e-14);
    EXPECT_NEAR(by_mean.distances[1], distance(80), 1e-14);
  }
}

// Rows of any length, some of them repeated.
TYPED_TEST(SoapSelectionTest, FarthestPointsEqualPlainLoops) {
  int const n = 60, dimension = 19;
  double const zeta = 3;
  auto vectors = randomNumbers(n * dimension, 2);
  for (double& x : vectors) x = 0.3 + 0.2 * x;
  std::copy_n(vectors.begin(), 10 * dimension, vectors.begin() + 50 * dimension);
  auto const kernel = [&](int i, int j) {
    double dot = 0;
    for (int k = 0; k < dimension; ++k) dot += vectors[i * dimension + k] * vectors[j * dimension + k];
    return std::pow(dot, zeta);
  };
  Rows expected = {5};
  std::vector<double> distances = {0};
  while (expected.size() < 50) {
    std::size_t best = 0;
    double largest = -1;
    for (int i = 0; i < n; ++i) {
      double nearest = 1e300;
      for (auto const row : expected) nearest = std::min(nearest, kernel(i, i) + kernel(row, row) - 2 * kernel(i, row));
      if (nearest > largest + 1e-12) {
        largest = nearest;
        best = i;
      }
    }
    expected.push_back(best);
    distances.push_back(std::sqrt(largest));
  }
  SoapSelector<TypeParam> const selector(vectors, dimension);
  std::size_t calls = 0;
  auto const found = selector.farthestPoints(50, zeta, 5, [&](std::size_t chosen) { EXPECT_EQ(chosen, ++calls); });
  EXPECT_EQ(calls, 50U);
  EXPECT_EQ(found.rows, expected);
  for (std::size_t i = 1; i < 50; ++i) EXPECT_NEAR(found.distances[i], distances[i], 1e-12);
  EXPECT_EQ(this->message([&] { return selector.farthestPoints(51, zeta, 5); }),
            "SOAP selection: found 50 different vectors, expected 51 at least");
}

// Pairs that differ by rounding, the second ones longer.
TYPED_TEST(SoapSelectionTest, TheFirstOfEqualVectors) {
  int const n = 30, dimension = 50;
  auto const points = randomNumbers(n * dimension, 8);
  std::vector<double> twice;
  for (int i = 0; i < n; ++i)
    for (double const scale : {1.0, 1 + 1e-15}) {
      for (int k = 0; k < dimension; ++k) twice.push_back(scale * points[i * dimension + k]);
    }
  SoapSelector<TypeParam> const selector(twice, dimension);
  for (auto const& found : {selector.farthestPoints(20, 1), selector.cur(20)})
    for (std::size_t const row : found.rows) EXPECT_EQ(row % 2, 0U);
}

// Multiples of three directions, turned by reflections: the longest of each, and nothing is left.
TYPED_TEST(SoapSelectionTest, CurTakesTheOnlyIndependentRows) {
  for (int const dimension : {5, 30}) {  // fewer and more than rows
    std::vector<double> lengths = {0.5, 1, 0.2, 0.7, 2, 0.1, 0.3, 1.5, 0.4, 0.6, 0.8, 0.9};
    std::vector<int> direction = {0, 1, 2, 0, 0, 2, 1, 0, 1, 0, 1, 0};
    std::vector<double> vectors;
    auto const normal = randomNumbers(dimension, 3);
    double square = 0;
    for (double const x : normal) square += x * x;
    for (std::size_t i = 0; i < lengths.size(); ++i)
      for (int k = 0; k < dimension; ++k)
        vectors.push_back(lengths[i] * ((k == direction[i]) - 2 * normal[k] * normal[direction[i]] / square));
    SoapSelector<TypeParam> const selector(vectors, dimension);
    auto const found = selector.cur(3);
    EXPECT_EQ(found.rows, (Rows{4, 1, 2})) << dimension;
    ASSERT_EQ(found.distances.size(), 3U);
    EXPECT_NEAR(found.distances[0], 2, 1e-13);
    EXPECT_NEAR(found.distances[1], 1, 1e-13);
    EXPECT_NEAR(found.distances[2], 0.2, 1e-13);
    EXPECT_EQ(this->message([&] { return selector.cur(4); }),
              "SOAP selection: found vectors of rank 3, expected 4 at least");
  }
}

// Singular values that fall as those of SOAP vectors do: twelve orders of magnitude, which squares do not have.
TYPED_TEST(SoapSelectionTest, CurOfRowsThatAreNearlyDependent) {
  int const n = 40, dimension = 8;
  auto const directions = randomNumbers(dimension * dimension, 6);
  std::vector<double> vectors;
  reference::Random random(7);
  for (int i = 0; i < n; ++i) {
    std::vector<double> row(dimension, 0);
    for (int a = 0; a < dimension; ++a) {
      double const weight = random() * std::pow(10, -12.0 / 7 * a);
      for (int k = 0; k < dimension; ++k) row[k] += weight * directions[a * dimension + k];
    }
    vectors.insert(vectors.end(), row.begin(), row.end());
  }
  auto const found = SoapSelector<TypeParam>(vectors, dimension).cur(dimension);
  EXPECT_EQ(std::set<std::size_t>(found.rows.begin(), found.rows.end()).size(), 8U);
  auto rest = vectors;  // each is the longest or nearly so of what is left, as one direction dominates that
  for (int step = 0; step < dimension; ++step) {
    std::vector<double> lengths;
    for (int i = 0; i < n; ++i) {
      double square = 0;
      for (int k = 0; k < dimension; ++k) square += rest[i * dimension + k] * rest[i * dimension + k];
      lengths.push_back(std::sqrt(square));
    }
    double const longest = *std::max_element(lengths.begin(), lengths.end());
    EXPECT_GT(lengths[found.rows[step]], 0.9 * longest) << step;
    EXPECT_NEAR(found.distances[step], lengths[found.rows[step]], 1e-3 * longest) << step;
    std::vector<double> row(&rest[found.rows[step] * dimension], &rest[found.rows[step] * dimension] + dimension);
    for (double& x : row) x /= lengths[found.rows[step]];
    for (int pass = 0; pass < 2; ++pass)
      for (int i = 0; i < n; ++i) {
        double dot = 0;
        for (int k = 0; k < dimension; ++k) dot += rest[i * dimension + k] * row[k];
        for (int k = 0; k < dimension; ++k) rest[i * dimension + k] -= dot * row[k];
      }
  }
}

// The definition: eigenvectors of the orthogonalised rows, from the rows themselves in every step.
TYPED_TEST(SoapSelectionTest, CurEqualsPlainLoops) {
  std::size_t const count = 6;
  for (auto const& [n, dimension] : {std::pair(20, 8), std::pair(9, 25)})
    for (int const rank : {1, 3}) {
      auto const vectors = randomNumbers(n * dimension, 4);
      auto rest = vectors;
      Rows expected;
      std::vector<double> distances;
      while (expected.size() < count) {
        std::vector<std::vector<double>> gram(dimension, std::vector<double>(dimension, 0));
        for (int i = 0; i < n; ++i)
          for (int a = 0; a < dimension; ++a)
            for (int b = 0; b < dimension; ++b) gram[a][b] += rest[i * dimension + a] * rest[i * dimension + b];
        auto const pairs = reference::jacobiEigenpairs(gram);
        double largest = 0;
        int best = 0;
        for (int i = 0; i < n; ++i) {
          double score = 0;
          for (int k = 0; k < rank; ++k) {
            double dot = 0;
            for (int a = 0; a < dimension; ++a) dot += rest[i * dimension + a] * pairs.vectors[k][a];
            score += dot * dot / pairs.values[k];
          }
          if (score > largest) {
            largest = score;
            best = i;
          }
        }
        std::vector<double> const row(&rest[best * dimension], &rest[best * dimension] + dimension);
        double square = 0;
        for (double const x : row) square += x * x;
        for (int i = 0; i < n; ++i) {
          double dot = 0;
          for (int a = 0; a < dimension; ++a) dot += rest[i * dimension + a] * row[a];
          for (int a = 0; a < dimension; ++a) rest[i * dimension + a] -= dot / square * row[a];
        }
        expected.push_back(best);
        distances.push_back(std::sqrt(square));
      }
      auto const found = SoapSelector<TypeParam>(vectors, dimension).cur(count, rank);
      EXPECT_EQ(found.rows, expected) << n << " " << rank;
      for (std::size_t i = 0; i < count; ++i) EXPECT_NEAR(found.distances[i], distances[i], 1e-12);
    }
}

TYPED_TEST(SoapSelectionTest, BadInputIsRefused) {
  auto const points = onCircle({0, 20, 30, 80});
  SoapSelector<TypeParam> const selector(points, 2);
  EXPECT_EQ(this->message([&] { return selector.farthestPoints(0); }),
            "SOAP selection: found a count of 0, expected 1 to 4, the number of vectors");
  EXPECT_EQ(this->message([&] { return selector.farthestPoints(5); }),
            "SOAP selection: found a count of 5, expected 1 to 4, the number of vectors");
  EXPECT_EQ(this->message([&] { return selector.cur(0); }),
            "SOAP selection: found a count of 0, expected 1 to 4, the number of vectors");
  EXPECT_EQ(this->message([&] { return selector.farthestPoints(2, 4, 4); }),
            "SOAP selection: found row 4 as the first, expected 0 to 3");
  EXPECT_EQ(this->message([&] { return selector.farthestPoints(2, 0); }),
            "SOAP selection: found zeta = 0.000000, expected a positive number");
  EXPECT_EQ(this->message([&] { return selector.cur(2, 0); }), "SOAP selection: found rank 0, expected one or more");
  EXPECT_EQ(this->message([&] { return SoapSelector<TypeParam>(points, 3); }),
            "SOAP selection: found 8 numbers of vectors, expected a multiple of 3");
  std::vector<double> const bad = {1, std::numeric_limits<double>::infinity()};
  EXPECT_EQ(this->message([&] { return SoapSelector<TypeParam>(bad, 2); }),
            "SOAP selection: found a number that is not finite, expected finite vectors");
}

}  // namespace
}  // namespace sinter
