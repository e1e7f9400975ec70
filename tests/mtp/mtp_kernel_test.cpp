// The four obligations of a potential: equals the plain reference; forces and virial are minus the gradient; design
// rows and energy agree; invariances.
#include "sinter/mtp/mtp_kernel.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "backends.hpp"
#include "mtp/mtp_obligations.hpp"
#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::testModel;
using reference::testStructures;
using test::derivative;
using test::deviation;
using test::plainReference;
using test::Rows;

template <class ExecutionSpace>
class MtpKernelTest : public testing::Test {};
TYPED_TEST_SUITE(MtpKernelTest, test::ExecutionSpaces);

std::vector<std::vector<std::int32_t>> const species_sets = {{14}, {14, 8}, {29, 14, 8}};

TYPED_TEST(MtpKernelTest, EqualsPlainReference) {
  for (auto const& species : species_sets) {
    for (int const level : {2, 6, 12, 16, 20}) {
      if (level == 20 && species.size() > 1) continue;  // the plain reference is slow
      auto const model = testModel(level, species);
      auto const structures = testStructures({species.begin(), species.end()});
      auto const results = MtpEvaluator<TypeParam>(model).evaluate(structures);
      for (std::size_t s = 0; s < structures.size(); ++s) {
        auto const expected = plainReference(model, structures[s]);
        // Rounding of sums over neighbours and products of moments: some hundred operations of double.
        EXPECT_LE(deviation(results[s], expected, model.max_dist), 1e-12)
            << "level " << level << ", " << species.size() << " species, structure " << s;
      }
    }
  }
}

TYPED_TEST(MtpKernelTest, MixedPrecisionIsCloseToDouble) {
  auto const model = testModel(16);
  auto const structures = testStructures();
  auto const mixed = MtpEvaluator<TypeParam>(model, Precision::mixed).evaluate(structures);
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const expected = plainReference(model, structures[s]);
    EXPECT_LE(deviation(mixed[s], expected, model.max_dist), 2e-5)
        << "structure " << s;  // some hundred operations of float
    if (expected.energy != model.species_coeffs[0]) {
      EXPECT_GT(deviation(mixed[s], expected, model.max_dist), 0);
    }
    // What a pair gives to its two atoms cancels to the last bit, so only the rounding of double sums is left.
    Vector3 resultant{};
    double scale = 1;
    for (auto const& force : mixed[s].forces)
      for (int x = 0; x < 3; ++x) {
        resultant[x] += force[x];
        scale += std::abs(force[x]);
      }
    for (double const sum : resultant) EXPECT_LE(std::abs(sum), 1e-13 * scale) << "structure " << s;
  }
}

TYPED_TEST(MtpKernelTest, ForcesAreMinusTheGradient) {
  for (auto const& species : species_sets)
    for (auto const& structure : testStructures({species.begin(), species.end()}))
      test::expectForcesAreMinusTheGradient<TypeParam>(testModel(12, species), structure);
}

TYPED_TEST(MtpKernelTest, VirialIsMinusTheStrainDerivative) {
  for (auto const& structure : testStructures({14, 8}))
    test::expectVirialIsMinusTheStrainDerivative<TypeParam>(testModel(12, {14, 8}), structure);
}

TYPED_TEST(MtpKernelTest, CellDerivativesFollowFromForcesAndVirial) {
  // Moving a lattice vector alone (atoms fixed in fractional coordinates): dE/dh = -h^-1 W.
  auto const model = testModel(10);
  MtpEvaluator<TypeParam> const evaluator(model);
  auto const structure = testStructures()[1];
  auto const result = evaluator.evaluate({&structure, 1})[0];
  auto const& w = result.virial;
  Matrix3 const virial{{{w[0], w[5], w[4]}, {w[5], w[1], w[3]}, {w[4], w[3], w[2]}}};
  Matrix3 inverse;
  double const det = determinant(structure.cell);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      auto const& h = structure.cell;
      int const a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
      inverse[i][j] = (h[a][c] * h[b][d] - h[a][d] * h[b][c]) / det;
    }
  for (int d = 0; d < 3; ++d)
    for (int x = 0; x < 3; ++x) {
      double const numeric = derivative(
          [&](double h) {
            Structure moved = structure;
            moved.cell[d][x] += h;
            for (std::size_t i = 0; i < structure.size(); ++i) {
              double f = 0;  // fractional coordinate along d
              for (int y = 0; y < 3; ++y) f += structure.positions[i][y] * inverse[y][d];
              moved.positions[i][x] += f * h;
            }
            return evaluator.evaluate({&moved, 1})[0].energy;
          },
          1e-3);
      double expected = 0;
      for (int y = 0; y < 3; ++y) expected -= inverse[y][d] * virial[y][x];
      EXPECT_NEAR(expected, numeric, 1e-8 * (1 + plainReference(model, structure).gradient_norm));
    }
}

TYPED_TEST(MtpKernelTest, DesignRowsTimesCoefficientsAreEnergyForcesVirial) {
  test::expectRowsTimesCoefficientsAreTheResult<TypeParam>(testModel(12, {14, 8}));
}

TYPED_TEST(MtpKernelTest, DesignRowsAreBitwiseRepeatable) {
  auto const model = testModel(10);
  auto const structures = testStructures();
  Rows<TypeParam> const a(model, structures), b(model, structures);
  for (std::size_t i = 0; i < a.force.size(); ++i) ASSERT_EQ(a.force.data()[i], b.force.data()[i]);
  for (std::size_t i = 0; i < a.energy.size(); ++i) ASSERT_EQ(a.energy.data()[i], b.energy.data()[i]);
}

TYPED_TEST(MtpKernelTest, Invariances) { test::expectInvariances<TypeParam>(testModel(16, {14, 8})); }

TYPED_TEST(MtpKernelTest, NoNeighborsGivesTheEnergyOfTheSpecies) {
  auto const model = testModel(16, {14, 8});
  Structure lonely;
  lonely.positions = {{0, 0, 0}};
  lonely.species = {8};
  auto const result = MtpEvaluator<TypeParam>(model).evaluate({&lonely, 1})[0];
  EXPECT_EQ(result.energy, model.species_coeffs[1]);
  EXPECT_EQ(result.forces[0], (Vector3{0, 0, 0}));

  // A dimer: one neighbour each, forces along the bond.
  Structure dimer = lonely;
  dimer.positions.push_back({0, 0, 2.3});
  dimer.species.push_back(14);
  auto const pair = MtpEvaluator<TypeParam>(model).evaluate({&dimer, 1})[0];
  EXPECT_NE(pair.energy, model.species_coeffs[0] + model.species_coeffs[1]);
  EXPECT_EQ(pair.forces[0][0], 0);
  EXPECT_NEAR(pair.forces[0][2], -pair.forces[1][2], 1e-13);
}

TYPED_TEST(MtpKernelTest, EnergyIsContinuousAtTheCutoff) {
  auto const model = testModel(12);
  Structure dimer;
  dimer.positions = {{0, 0, 0}, {0, 0, model.max_dist - 1e-7}};
  dimer.species = {14, 14};
  auto const result = MtpEvaluator<TypeParam>(model).evaluate({&dimer, 1})[0];
  EXPECT_NEAR(result.energy, 2 * model.species_coeffs[0], 1e-12);
  EXPECT_NEAR(result.forces[0][2], 0, 1e-6);
}

TYPED_TEST(MtpKernelTest, RefusesWhatCannotBeEvaluated) {
  auto model = testModel(6);
  auto coincident = reference::diamond(1, 5.43, 0);
  coincident.positions[1] = coincident.positions[0];
  EXPECT_THROW((void)MtpEvaluator<TypeParam>(model).evaluate({&coincident, 1}), InputError);
  auto const oxygen = reference::diamond(1, 5.43, 0, {8});
  EXPECT_THROW((void)MtpEvaluator<TypeParam>(model).evaluate({&oxygen, 1}), InputError);
  model.moment_coeffs.clear();
  EXPECT_THROW((void)MtpEvaluator<TypeParam>(model), InputError);
}

}  // namespace
}  // namespace sinter
