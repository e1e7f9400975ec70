// The four obligations for every form of the radial basis, and what is special about each.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "backends.hpp"
#include "mtp/mtp_obligations.hpp"
#include "mtp_reference.hpp"
#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_radial_basis.hpp"
#include "sinter/mtp/mtp_template.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::testModel;
using reference::testStructures;
using test::plainReference;

constexpr RadialBasisType all_types[] = {RadialBasisType::RBChebyshev, RadialBasisType::RBChebyshev_repuls,
                                         RadialBasisType::BChebyshev,  RadialBasisType::BChebyshev_repuls,
                                         RadialBasisType::RBShapeev,   RadialBasisType::RBTaylor};

std::string nameOf(RadialBasisType type) { return std::string(formOf(type).name); }

template <class ExecutionSpace>
class MtpRadialTypesTest : public testing::Test {};
TYPED_TEST_SUITE(MtpRadialTypesTest, test::ExecutionSpaces);

MtpModel modelOf(RadialBasisType type, int level, std::vector<std::int32_t> const& species) {
  return testModel(level, species, 5.0, 1, type);
}

// Moves R_min and R_max a little so that no pair is within 3.2e-3 A of a place where energy (forms without a cutoff
// factor, at R_max) or forces (clamped forms, at R_min) jump: finite differences must not step over it.
MtpModel awayFromJumps(MtpModel model, Structure const& structure) {
  auto const pairs = reference::allPairs(structure, model.max_dist + 1);
  auto const moveAway = [&](double& place) {
    for (double const step = 1e-3;; place += step) {
      bool near = false;
      for (auto const& pair : pairs) {
        auto const& d = pair.displacement;
        near = near || std::abs(std::hypot(d[0], d[1], d[2]) - place) < 3.2e-3;
      }
      if (!near) return;
    }
  };
  auto const& form = formOf(model.radial_basis_type);
  if (form.clamped) moveAway(model.min_dist);
  if (form.envelope == RadialEnvelope::none) moveAway(model.max_dist);
  return model;
}

TYPED_TEST(MtpRadialTypesTest, EqualsPlainReference) {
  for (auto const type : all_types)
    for (std::vector<std::int32_t> const& species : {std::vector<std::int32_t>{14}, {14, 8}, {29, 14, 8}}) {
      SCOPED_TRACE(nameOf(type) + ", " + std::to_string(species.size()) + " species");
      auto const model = modelOf(type, 12, species);
      auto const structures = testStructures({species.begin(), species.end()});
      auto const results = MtpEvaluator<TypeParam>(model).evaluate(structures);
      auto const mixed = MtpEvaluator<TypeParam>(model, Precision::mixed).evaluate(structures);
      for (std::size_t s = 0; s < structures.size(); ++s) {
        auto const expected = plainReference(model, structures[s]);
        // Some hundred operations of double, or of float; without a cutoff factor all neighbours weigh the same.
        EXPECT_LE(test::deviation(results[s], expected, model.max_dist), 1e-12) << "structure " << s;
        EXPECT_LE(test::deviation(mixed[s], expected, model.max_dist), 5e-5) << "structure " << s;
      }
    }
}

TYPED_TEST(MtpRadialTypesTest, ForcesAndVirialAreDerivatives) {
  for (auto const type : all_types)
    for (auto const& structure : testStructures({14, 8})) {
      SCOPED_TRACE(nameOf(type) + ", " + std::to_string(structure.size()) + " atoms");
      auto const model = awayFromJumps(modelOf(type, 10, {14, 8}), structure);
      test::expectForcesAreMinusTheGradient<TypeParam>(model, structure);
      test::expectVirialIsMinusTheStrainDerivative<TypeParam>(model, structure);
    }
}

TYPED_TEST(MtpRadialTypesTest, DesignRowsTimesCoefficientsAreTheResult) {
  for (auto const type : all_types) {
    SCOPED_TRACE(nameOf(type));
    test::expectRowsTimesCoefficientsAreTheResult<TypeParam>(modelOf(type, 10, {14, 8}));
  }
}

TYPED_TEST(MtpRadialTypesTest, Invariances) {
  for (auto const type : all_types) {
    SCOPED_TRACE(nameOf(type));
    test::expectInvariances<TypeParam>(modelOf(type, 12, {14, 8}));
  }
}

// Two atoms at a distance, and two that are alone: each lane of a pack has another number of neighbours.
TYPED_TEST(MtpRadialTypesTest, NoNeighborsAndOneNeighbor) {
  for (auto const type : all_types) {
    SCOPED_TRACE(nameOf(type));
    auto const model = modelOf(type, 8, {14, 8});
    Structure atoms;
    atoms.positions = {{0, 0, 0}, {30, 0, 0}, {30, 0, 2.1}, {60, 0, 0}};
    atoms.species = {14, 8, 14, 8};
    auto const result = MtpEvaluator<TypeParam>(model).evaluate({&atoms, 1})[0];
    EXPECT_EQ(result.site_energies[0], model.species_coeffs[0]);
    EXPECT_EQ(result.site_energies[3], model.species_coeffs[1]);
    EXPECT_EQ(result.forces[0], (Vector3{0, 0, 0}));
    EXPECT_NE(result.site_energies[1], model.species_coeffs[1]);
    EXPECT_NEAR(result.forces[1][2], -result.forces[2][2], 1e-12 * std::abs(result.forces[1][2]));
    // At the cutoff and beyond it nothing is left, whatever the form.
    atoms.positions[2][2] = model.max_dist;
    EXPECT_EQ(MtpEvaluator<TypeParam>(model).evaluate({&atoms, 1})[0].site_energies[1], model.species_coeffs[1]);
  }
}

template <class ExecutionSpace>
Evaluation dimer(MtpEvaluator<ExecutionSpace> const& evaluator, double distance) {
  Structure atoms;
  atoms.positions = {{0, 0, 0}, {0, 0, distance}};
  atoms.species = {14, 14};
  return evaluator.evaluate({&atoms, 1})[0];
}

// Across R_min: the energy is continuous; below, only the repulsion changes, and it counts once for each of the two
// centres; the force jumps there, and on either side it is the derivative.
TYPED_TEST(MtpRadialTypesTest, BelowTheMinimumDistance) {
  for (auto const type : {RadialBasisType::RBChebyshev_repuls, RadialBasisType::BChebyshev_repuls}) {
    SCOPED_TRACE(nameOf(type));
    auto const model = modelOf(type, 8, {14});
    double const edge = model.min_dist;
    MtpEvaluator<TypeParam> const evaluator(model);
    auto const at_edge = dimer(evaluator, edge);
    EXPECT_EQ(at_edge.forces[1][2], 0);  // MLIP takes derivatives as zero at R_min itself
    EXPECT_NEAR(dimer(evaluator, edge - 1e-9).energy, at_edge.energy, 1e-8);
    EXPECT_NEAR(dimer(evaluator, edge + 1e-9).energy, at_edge.energy, 1e-8);
    for (double const r : {0.5, 1.0, 1.9, edge - 1e-3, edge - 1e-6}) {
      auto const result = dimer(evaluator, r);
      bool const repulsive = type == RadialBasisType::RBChebyshev_repuls;
      double const energy = repulsive ? 2e4 * (std::exp(-10 * (r - 1)) - std::exp(-10 * (edge - 1))) : 0;
      double const force = repulsive ? 2e5 * std::exp(-10 * (r - 1)) : 0;
      EXPECT_NEAR(result.energy - at_edge.energy, energy, 1e-12 * (1 + energy)) << r;
      EXPECT_NEAR(result.forces[1][2], force, 1e-12 * (1 + force)) << r;
      EXPECT_NEAR(result.virial[2], r * force, 1e-12 * (1 + r * force)) << r;
    }
    for (double const r : {edge - 0.05, edge + 0.05}) {
      double const slope = test::derivative([&](double h) { return dimer(evaluator, r + h).energy; }, 2e-4);
      EXPECT_NEAR(dimer(evaluator, r).forces[1][2], -slope, 1e-8 * (1 + std::abs(slope))) << r;
    }
    // One step over the kink: the difference quotient is the mean of the two sides' slopes, up to O(h).
    double const h = 1e-6;
    double const across = (dimer(evaluator, edge + h).energy - dimer(evaluator, edge - h).energy) / (2 * h);
    double const mean = -(dimer(evaluator, edge + h).forces[1][2] + dimer(evaluator, edge - h).forces[1][2]) / 2;
    EXPECT_NEAR(across, mean, 1e-4 * (1 + std::abs(mean)));
  }
}

// Chebyshev coefficients of a form give its functions: eq. (2.20) against eqs. (2.18), (2.19).
TEST(RadialBasis, ChebyshevFormIsTheBasis) {
  for (auto const type : all_types)
    for (int const size : {1, 2, 3, 8, 12}) {
      MtpModel model;
      model.radial_basis_type = type;
      model.radial_basis_size = size;
      model.min_dist = 1.7;
      model.max_dist = 5.2;
      auto const form = chebyshevForm(type, size, model.min_dist, model.max_dist);
      for (double r = 1.72; r < 5.2; r += 0.1) {
        double const xi = (2 * r - 6.9) / 3.5;
        auto const envelope = formOf(type).envelope;
        double const w = envelope == RadialEnvelope::none     ? 1
                         : envelope == RadialEnvelope::cutoff ? std::pow(r - 5.2, 2)
                                                              : std::pow(1 - 5.2 / r, 2);
        std::vector<double> phi, slope;
        reference::evaluateRadialBasis(model, r, phi, slope);
        for (int n = 0; n < size; ++n) {
          double sum = 0, scale = 0;
          for (int k = 0; k < size; ++k) {
            double const term = w * form[n * size + k] * std::cos(k * std::acos(xi));
            sum += term;
            scale += std::abs(term);
          }
          // The explicit sum for Jacobi polynomials loses up to three digits at n = 11.
          EXPECT_NEAR(sum, phi[n], 1e-12 * (scale + std::abs(phi[n]))) << nameOf(type) << " n = " << n << " r = " << r;
        }
      }
    }
}

// RBShapeev by what defines it: with x = (r - R_min) / (R_max - R_min) and the weight x (1 - x) (r / R_min)^4,
// different functions are orthogonal, and the integral of phi_n^2 is 1 / (8 (n + 1)^2); and by its first function.
TEST(RadialBasis, ShapeevIsOrthogonal) {
  MtpModel model;
  model.radial_basis_type = RadialBasisType::RBShapeev;
  model.radial_basis_size = 12;
  model.min_dist = 2;
  model.max_dist = 5;
  int const points = 4000;
  std::vector<double> products(144), phi, slope;
  for (int i = 0; i < points; ++i) {
    double const x = (i + 0.5) / points, r = 2 + 3 * x;
    reference::evaluateRadialBasis(model, r, phi, slope);
    EXPECT_NEAR(phi[0], std::sqrt(21.0) / 2 * std::pow(2 * (5 - r) / (r * 3), 2), 1e-14);
    for (int n = 0; n < 12; ++n)
      for (int m = 0; m < 12; ++m) products[n * 12 + m] += x * (1 - x) * std::pow(r / 2, 4) * phi[n] * phi[m] / points;
  }
  for (int n = 0; n < 12; ++n)
    for (int m = 0; m < 12; ++m)  // the midpoint rule: error of the order (degree / points)^2
      EXPECT_NEAR(8 * (n + 1) * (m + 1) * products[n * 12 + m], n == m ? 1 : 0, 5e-4) << n << " " << m;
}

TEST(RadialBasis, NamesAreThoseOfTheFiles) {
  for (auto const type : all_types) EXPECT_EQ(radialBasisTypeOf(formOf(type).name), type);
  EXPECT_FALSE(radialBasisTypeOf("RBBessel").has_value());
  EXPECT_EQ(radialBasisNames(), "RBChebyshev, RBChebyshev_repuls, BChebyshev, BChebyshev_repuls, RBShapeev, RBTaylor");
}

// The start of a fit comes near its target on the basis of every form. Forms with fewer zeros at R_max have to
// represent more; the bounds are about three times what is found.
TEST(RadialBasis, ExponentialStartOnEveryForm) {
  for (auto const type : all_types) {
    MtpTemplateOptions options;
    options.level = 8;
    options.radial_basis_type = type;
    auto model = makeMtpTemplate(options);
    setExponentialStart(model, 2.35);
    for (int mu = 0; mu < 2; ++mu) {
      double worst = 0;
      for (double r = 2.02; r < 5; r += 0.02) {
        std::vector<double> phi, slope;
        reference::evaluateRadialBasis(model, r, phi, slope);
        double f = 0;
        for (int n = 0; n < 8; ++n) f += model.radialCoeff(0, 0, mu, n) * phi[n];
        double const target = std::exp(-(mu + 1) * (r - 2.35)) * std::pow((5 - r) / 2.65, 2);
        worst = std::max(worst, std::abs(f - target));
      }
      EXPECT_LE(worst, mu == 0 ? 3e-4 : 3e-3) << nameOf(type);
    }
  }
}

TEST(RadialBasis, LimitsOfTheForms) {
  MtpTemplateOptions options;
  options.level = 4;
  options.radial_basis_type = RadialBasisType::RBShapeev;
  options.radial_basis_size = 12;
  EXPECT_NO_THROW((void)makeMtpTemplate(options));
  options.radial_basis_size = 13;
  EXPECT_THROW((void)makeMtpTemplate(options), InputError);
  options.radial_basis_size = 8;
  options.min_dist = 0;
  EXPECT_THROW((void)makeMtpTemplate(options), InputError);
  options.radial_basis_type = RadialBasisType::RBTaylor;
  EXPECT_NO_THROW((void)makeMtpTemplate(options));
}

}  // namespace
}  // namespace sinter
