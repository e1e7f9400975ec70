// Similarities: against plain loops, and those of silicon's crystals.
#include "sinter/soap/soap_similarity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "backends.hpp"
#include "sinter/core/error.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter {
namespace {

template <class ExecutionSpace>
class SoapSimilarityTest : public testing::Test {};
TYPED_TEST_SUITE(SoapSimilarityTest, test::ExecutionSpaces);

TYPED_TEST(SoapSimilarityTest, EqualsPlainLoops) {
  for (int const dimension : {1, 7, 325})
    for (double const zeta : {1.0, 2.5, 4.0}) {
      int const references = 3, rows = 50;
      std::vector<double> reference, vector;
      for (int i = 0; i < references * dimension; ++i) reference.push_back(std::sin(0.3 * i) / std::sqrt(dimension));
      for (int i = 0; i < rows * dimension; ++i) vector.push_back(std::cos(0.7 * i) / std::sqrt(dimension));
      auto const found = SoapSimilarity<TypeParam>(reference, dimension, zeta).evaluate(vector);
      ASSERT_EQ(found.size(), static_cast<std::size_t>(rows * references));
      int negative = 0;
      for (int i = 0; i < rows; ++i)
        for (int r = 0; r < references; ++r) {
          double dot = 0;
          for (int k = 0; k < dimension; ++k) dot += vector[i * dimension + k] * reference[r * dimension + k];
          negative += dot < 0 ? 1 : 0;
          // Sums of up to 325 terms that are 1 together at most.
          EXPECT_NEAR(found[i * references + r], std::pow(std::max(dot, 0.0), zeta), 1e-13);
        }
      EXPECT_GT(negative, 0);
    }
}

TYPED_TEST(SoapSimilarityTest, NotANumberStays) {
  std::vector<double> const reference = {1, 0}, vectors = {1, std::numeric_limits<double>::quiet_NaN(), 0.5, 0.5};
  auto const k = SoapSimilarity<TypeParam>(reference, 2, 4).evaluate(vectors);
  EXPECT_TRUE(std::isnan(k[0]));
  EXPECT_EQ(k[1], 0.0625);
  EXPECT_TRUE(SoapSimilarity<TypeParam>(reference, 2, 4).evaluate({}).empty());
}

// ../shared/design/soap.md, section 3: similarities to simple hexagonal silicon near zero pressure.
TYPED_TEST(SoapSimilarityTest, CrystalsOfSilicon) {
  auto crystals = readStructures(SINTER_SOAP_CRYSTALS);  // sh, dia, bSn, hcp
  crystals.push_back(readStructures(SINTER_SOAP_CMCA)[0]);
  std::size_t const n = crystals.size();
  for (auto const& [preset, expected] :
       {std::pair("paper-2022-scripts", std::vector{1.0, 0.3399, 0.9882, 0.7612, 0.8957}),
        std::pair("paper-2022", std::vector{1.0, 0.4304, 0.9916, 0.7425, 0.8690})}) {
    SoapEvaluator<TypeParam> const soap(soapPreset(preset, 14));
    auto const p = soap.evaluate(crystals, SoapAverage::inner);
    SoapSimilarity<TypeParam> const similarity(p, soap.dimension(), 4);
    auto const k = similarity.evaluate(p);
    for (std::size_t a = 0; a < n; ++a) {
      EXPECT_NEAR(k[n * a], expected[a], 5.1e-5) << preset << " " << a;  // as printed
      EXPECT_NEAR(k[n * a + a], 1, 1e-13);                               // itself
      for (std::size_t b = 0; b < a; ++b) EXPECT_NEAR(k[n * a + b], k[n * b + a], 1e-13);
    }
  }
}

TYPED_TEST(SoapSimilarityTest, BadInputIsRefused) {
  auto const message = [](std::vector<double> const& references, double zeta,
                          std::vector<double> const& vectors) -> std::string {
    try {
      (void)SoapSimilarity<TypeParam>(references, 2, zeta).evaluate(vectors);
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message({1, 0}, 4, {1, 0}), "accepted");
  EXPECT_EQ(message({}, 4, {1, 0}), "SOAP: found 0 numbers of reference vectors, expected one or more times 2");
  EXPECT_EQ(message({1, 0, 1}, 4, {1, 0}), "SOAP: found 3 numbers of reference vectors, expected one or more times 2");
  EXPECT_EQ(message({1, 0}, 4, {1}), "SOAP: found 1 numbers of vectors, expected a multiple of 2");
  EXPECT_EQ(message({1, 0}, 0, {1, 0}), "SOAP: found zeta = 0.000000, expected a positive number");
  EXPECT_EQ(message({1, 0}, std::nan(""), {1, 0}), "SOAP: found zeta = nan, expected a positive number");
}

}  // namespace
}  // namespace sinter
