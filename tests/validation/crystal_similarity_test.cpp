// Similarities of frames and atoms to crystals.
#include "sinter/validation/crystal_similarity.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::expectInputError;

template <class ExecutionSpace>
class CrystalSimilarityTest : public testing::Test {
 protected:
  static SoapSettings settings() {
    SoapSettings result = soapPreset("paper-2022", 0);
    result.n_max = 4;
    result.l_max = 3;
    return result;
  }
  static std::vector<Structure> crystals() {
    return {reference::diamond(1, 5.43, 0), reference::cubicCrystal(reference::simple_cubic, 2.5, 1)};
  }
  std::vector<std::string> const names = {"dia", "sc"};
};
TYPED_TEST_SUITE(CrystalSimilarityTest, test::ExecutionSpaces);

double power(double const* a, double const* b, std::size_t length, double zeta) {
  double dot = 0;
  for (std::size_t k = 0; k < length; ++k) dot += a[k] * b[k];
  return std::pow(dot, zeta);
}

TYPED_TEST(CrystalSimilarityTest, IsThatOfVectors) {
  auto const crystals = this->crystals();
  CrystalSimilarity<TypeParam> const similarity(this->settings(), 3, crystals, this->names);
  EXPECT_EQ(similarity.settings().species, std::vector<std::int32_t>{14});
  ASSERT_EQ(similarity.crystals(), 2);
  SoapEvaluator<TypeParam> const soap(similarity.settings());
  auto const length = static_cast<std::size_t>(soap.dimension());
  auto const references = soap.evaluate(crystals, SoapAverage::inner);
  Structure const frame = reference::diamond(2, 5.5, 0.3);
  auto const found = similarity.measure(frame, "frame");
  auto const mean = soap.evaluate({&frame, 1}, SoapAverage::inner), atoms = soap.evaluate({&frame, 1});
  EXPECT_EQ(found.vector, mean);
  ASSERT_EQ(found.atoms.size(), 2 * frame.size());
  for (std::size_t r = 0; r < 2; ++r) {
    double const* const reference = &references[r * length];
    EXPECT_NEAR(found.frame[r], power(mean.data(), reference, length, 3), 1e-13);
    double sum = 0;
    for (std::size_t i = 0; i < frame.size(); ++i) {
      EXPECT_NEAR(found.atoms[2 * i + r], power(&atoms[i * length], reference, length, 3), 1e-13);
      sum += found.atoms[2 * i + r];
    }
    EXPECT_NEAR(found.atom_mean[r], sum / static_cast<double>(frame.size()), 1e-13);
  }
  EXPECT_GT(found.frame[0], found.frame[1] + 0.02);
}

TYPED_TEST(CrystalSimilarityTest, OfACrystalToItself) {
  auto const crystals = this->crystals();
  CrystalSimilarity<TypeParam> similarity(this->settings(), 4, crystals, this->names);
  for (std::size_t r = 0; r < 2; ++r) {
    auto const found = similarity.measure(reference::supercell(crystals[r], {2, 1, 3}), "frame");
    EXPECT_NEAR(found.frame[r], 1, 1e-12);
    EXPECT_LT(found.frame[1 - r], 0.97);
  }
  // Atoms of a simple cubic crystal are its average; those of diamond are not (docs/soap.md).
  EXPECT_NEAR(similarity.measure(crystals[1], "sc").atom_mean[1], 1, 1e-12);
  EXPECT_LT(similarity.measure(crystals[0], "dia").atom_mean[0], 0.99);
  similarity.setCrystals({&crystals[1], 1}, {&this->names[1], 1});
  ASSERT_EQ(similarity.crystals(), 1);
  EXPECT_NEAR(similarity.measure(crystals[1], "sc").frame[0], 1, 1e-12);
}

TYPED_TEST(CrystalSimilarityTest, RefusesOtherSpecies) {
  auto const settings = this->settings();
  auto const crystals = this->crystals();
  CrystalSimilarity<TypeParam> similarity(settings, 4, crystals, this->names);
  Structure other = reference::diamond(1, 5.43, 0, {14, 8});
  similarity.requireKnownSpecies(crystals[0], "silicon");
  expectInputError([&] { similarity.requireKnownSpecies(other, "quartz"); },
                   "quartz: found species O, expected species of the reference crystals: Si");
  expectInputError([&] { similarity.setCrystals({&other, 1}, {&this->names[0], 1}); }, "found species O");
  other.species.assign(8, -1);
  expectInputError([&] { similarity.requireKnownSpecies(other, "dump"); }, "dump: found atom types without names");
  expectInputError(
      [&] {
        CrystalSimilarity<TypeParam>(settings, 4, {&other, 1}, this->names);
      },
      "found crystals with atom types without names");
  expectInputError([&] { CrystalSimilarity<TypeParam>(settings, 4, {}, {}); }, "found no crystals");
  expectInputError([&] { CrystalSimilarity<TypeParam>(settings, 0, crystals, this->names); }, "found zeta = 0");
  expectInputError([&] { (void)similarity.measure({}, "empty"); }, "empty: found no atoms");
}

}  // namespace
}  // namespace sinter
