// Variable projection: the gauge, the ranks, the derivatives of the loss, and that the loss comes down.
#include "sinter/fitting/variable_projection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "radial_fit_case.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/bfgs.hpp"
#include "sinter/fitting/checkpoint.hpp"
#include "sinter/fitting/linear_fit.hpp"
#include "sinter/fitting/potential_fit.hpp"
#include "sinter/linalg/dense.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::diamond;
using reference::randomStructure;
using reference::testModel;
using test::labelled;
using test::withOtherRadial;

template <class ExecutionSpace>
class VariableProjectionTest : public testing::Test {};
TYPED_TEST_SUITE(VariableProjectionTest, test::ExecutionSpaces);

// The templates hold basis functions that depend on others exactly: ranks found by others for every level.
TYPED_TEST(VariableProjectionTest, RanksOfTheTemplates) {
  struct Expected {
    int level, functions, rank;
  };
  for (auto const& [level, functions, rank] : {Expected{8, 9, 9},
                                               {12, 29, 29},
                                               {16, 92, 91},
                                               {18, 163, 161},
                                               {20, 288, 282},
                                               {22, 500, 486},
                                               {24, 864, 831}}) {
    auto const model = testModel(level, {14}, 5.0, 2);
    std::vector<Structure> structures;
    for (int n = 0; n < 2 + functions / 40; ++n)  // several equations per function
      structures.push_back(randomStructure(26, {{{7.5, 0, 0}, {0, 7.5, 0}, {0, 0, 7.5}}}, {true, true, true}, 1.9, {14},
                                           static_cast<std::uint64_t>(n) + 1));
    for (auto& s : structures) {
      s.energy = 1;
      s.forces.assign(s.size(), {});
    }
    FitSettings settings;
    settings.e0 = {{14, 0.0}};
    TrainingRows<TypeParam> training(settings, model, structures);
    ASSERT_EQ(model.alpha_moment_mapping.size(), static_cast<std::size_t>(functions));
    EXPECT_EQ(independentColumns(training, model).size(), static_cast<std::size_t>(rank)) << "level " << level;
    if (!std::is_same_v<TypeParam, Kokkos::DefaultExecutionSpace> && level == 20) break;  // once is enough
  }
}

// S has exactly K (K + 1) / 2 null directions, and they are those of the gauge, for one and for two species.
TYPED_TEST(VariableProjectionTest, GaugeIsTheNullSpace) {
  for (auto const& [level, species] : {std::pair{8, 1}, {12, 1}, {16, 1}, {8, 2}, {12, 2}}) {
    SCOPED_TRACE("level " + std::to_string(level) + ", " + std::to_string(species) + " species");
    std::vector<std::int32_t> const elements =
        species == 1 ? std::vector<std::int32_t>{14} : std::vector<std::int32_t>{14, 8};
    auto const truth = testModel(level, elements);
    auto const structures = labelled(truth, 24 * species, 12, 0.1);
    TrainingRows<TypeParam> training({}, truth, structures);
    auto const start = withOtherRadial(truth, 0.3);
    VarproOptions options;
    options.ridge = 0;  // which would lift null directions by as much
    VariableProjection<TypeParam> projection(training, start, independentColumns(training, start), options);
    auto const schur = projection.projectedGram();
    auto const model = projection.model();
    auto const n = model.radial_coeffs.size();
    auto const k = static_cast<std::size_t>(model.radial_funcs_count), gauge = k * (k + 1) / 2;

    // On the gauge S vanishes: it is a difference of numbers of the size of J^T J, and the normal equations know the
    // projection to epsilon times the square of a condition of up to 1e5.
    auto const directions = gaugeDirections(model);
    ASSERT_EQ(directions.size(), gauge * n);
    auto const basis = orthonormalBasis(directions, static_cast<int>(n), static_cast<int>(gauge));
    double largest = 0;
    for (std::size_t i = 0; i < n; ++i) largest = std::max(largest, schur[i * n + i]);
    auto const times = [&](double const* vector) {
      std::vector<double> image(n, 0.0);
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t i = 0; i < n; ++i) image[i] += schur[j * n + i] * vector[j];
      return image;
    };
    double of_gauge = 0;
    for (std::size_t g = 0; g < gauge; ++g)
      for (double const x : times(basis.data() + g * n)) of_gauge = std::max(of_gauge, std::abs(x));
    EXPECT_LT(of_gauge, 1e-9 * largest);

    // In its complement S is positive: no null direction was missed.
    auto const free = n - gauge;
    std::vector<double> reduced(free * free, 0.0);
    for (std::size_t c = 0; c < free; ++c) {
      auto const image = times(basis.data() + (gauge + c) * n);
      for (std::size_t r = 0; r < free; ++r)
        for (std::size_t i = 0; i < n; ++i) reduced[c * free + r] += basis[(gauge + r) * n + i] * image[i];
    }
    double const least = symmetricEigenvalues(reduced, static_cast<int>(free)).front();
    EXPECT_GT(least, 30 * of_gauge);
    EXPECT_GT(least, 1e-11 * largest);
    std::printf("level %d, %d species: on the gauge %.1e, least outside %.1e of the largest\n", level, species,
                of_gauge / largest, least / largest);
  }
}

// Mixing radial functions changes no prediction of the linear fit.
TYPED_TEST(VariableProjectionTest, FixingTheGaugeLeavesTheSpan) {
  auto const truth = testModel(12, {14, 8});
  auto const structures = labelled(truth, 16, 10, 0.1);
  auto const start = withOtherRadial(truth, 0.3);
  MtpModel fixed = start;
  fixGauge(fixed);
  FitSettings settings;
  settings.ridge_choice = RidgeChoice::given;
  auto const before = fitLinear(TypeParam(), settings, start, structures),
             after = fitLinear(TypeParam(), settings, fixed, structures);
  EXPECT_EQ(before.rank, after.rank);
  EXPECT_NEAR(after.loss, before.loss, 1e-8 * before.loss);
  auto const k = static_cast<std::size_t>(fixed.radial_funcs_count),
             r = static_cast<std::size_t>(fixed.radial_basis_size);
  for (std::size_t a = 0; a < k; ++a)
    for (std::size_t b = 0; b < k; ++b) {
      double product = 0;
      for (std::size_t pair = 0; pair < 4; ++pair)
        for (std::size_t n = 0; n < r; ++n)
          product += fixed.radial_coeffs[(pair * k + a) * r + n] * fixed.radial_coeffs[(pair * k + b) * r + n];
      EXPECT_NEAR(product, a == b, 1e-12);
    }
  MtpModel dependent = start;
  std::copy_n(dependent.radial_coeffs.begin(), 8, dependent.radial_coeffs.begin() + 8);
  for (int pair = 1; pair < 4; ++pair)
    std::copy_n(dependent.radial_coeffs.begin() + pair * 24, 8, dependent.radial_coeffs.begin() + pair * 24 + 8);
  EXPECT_THROW(fixGauge(dependent), InputError);
}

// The gradient of the loss by all coefficients against differences of the loss.
TYPED_TEST(VariableProjectionTest, LossGradientIsTheDifferenceOfLosses) {
  for (std::vector<std::int32_t> const& species : {std::vector<std::int32_t>{14}, {14, 8}}) {
    auto const truth = testModel(8, species);
    auto const structures = labelled(truth, 6, 7, 0.2);
    FitSettings settings;
    settings.scale_by_force = 0.5;
    TrainingRows<TypeParam> training(settings, truth, structures);
    auto model = withOtherRadial(truth, 0.2);
    MtpRows rows(model);
    auto const lossOf = [&](MtpModel const& m, std::vector<double>& gradient) {
      rows.setCoefficients(m);
      return training.lossGradient(rows, m, gradient);
    };
    std::vector<double> gradient, unused;
    (void)lossOf(model, gradient);
    std::size_t const basis = model.moment_coeffs.size(), radial = model.radial_coeffs.size();
    ASSERT_EQ(gradient.size(), basis + radial + species.size());
    for (std::size_t i = 0; i < gradient.size(); i += 3) {
      auto const moved = [&](double h) {
        MtpModel m = model;
        (i < basis ? m.moment_coeffs[i]
                   : (i < basis + radial ? m.radial_coeffs[i - basis] : m.species_coeffs[i - basis - radial])) += h;
        return lossOf(m, unused);
      };
      double const h = 1e-4;
      double const difference = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
      EXPECT_NEAR(gradient[i], difference, 1e-6 * (1 + std::abs(difference))) << i;
    }
  }
}

// The loss of the normal equations is that of the final solution, by other ways; steps bring it down to the labels'.
TYPED_TEST(VariableProjectionTest, FindsRadialFunctionsThatMadeTheLabels) {
  for (std::vector<std::int32_t> const& species : {std::vector<std::int32_t>{14}, {14, 8}}) {
    auto const truth = testModel(8, species);
    auto const structures = labelled(truth, 30, 10);
    TrainingRows<TypeParam> training({}, truth, structures);
    auto const start = withOtherRadial(truth, 0.4);
    VarproOptions options;
    options.tolerance = 1e-6;
    VariableProjection<TypeParam> projection(training, start, independentColumns(training, start), options);
    double first = 0, last = 0;
    FitSettings settings;
    settings.ridge_choice = RidgeChoice::given;
    while (projection.step()) {
      double const loss = projection.state().loss;
      if (first == 0)
        first = loss;
      else
        EXPECT_LE(loss, last);
      last = loss;
    }
    ASSERT_GT(first, 0);
    EXPECT_LT(last, 1e-5 * first);
    EXPECT_NEAR(solveLinear(training, settings, projection.model()).loss * 30, last, 1e-6 * first);
  }
}

TYPED_TEST(VariableProjectionTest, AtomsAtOnePlaceAreNamed) {
  auto const truth = testModel(6);
  auto structures = labelled(truth, 4, 6);
  structures[2].positions[1] = structures[2].positions[0];
  TrainingRows<TypeParam> training({}, truth, structures);
  auto const message = test::messageOf<InputError>([&] { (void)independentColumns(training, truth); });
  EXPECT_EQ(message,
            "structure 2: found an energy or force that is not finite, expected no two atoms at the same place");
}

// What makes a state belong to a fit.
TYPED_TEST(VariableProjectionTest, IdentityKnowsSettingsAndData) {
  auto const truth = testModel(6);
  auto structures = labelled(truth, 3, 6);
  FitSettings settings;
  auto const same = fitIdentity(settings, truth, structures);
  EXPECT_EQ(fitIdentity(settings, truth, structures), same);
  settings.max_memory = 1;  // changes no bit
  EXPECT_EQ(fitIdentity(settings, truth, structures), same);
  settings.weights.force = 0.2;
  EXPECT_NE(fitIdentity(settings, truth, structures), same);
  structures[1].forces[2][0] += 1e-9;
  EXPECT_NE(fitIdentity({}, truth, structures), same);
  EXPECT_NE(fitIdentity({}, withOtherRadial(truth, 1e-9), labelled(truth, 3, 6)), same);
}

TYPED_TEST(VariableProjectionTest, MemoryChangesNoBit) {
  auto const truth = testModel(8, {14, 8});
  auto const structures = labelled(truth, 12, 9, 0.1);
  auto const start = withOtherRadial(truth, 0.4);
  std::vector<VarproState> states;
  for (std::size_t const memory : {std::size_t{1}, std::size_t{4} << 30}) {
    FitSettings settings;
    settings.max_memory = memory;
    TrainingRows<TypeParam> training(settings, truth, structures);
    VariableProjection<TypeParam> projection(training, start, independentColumns(training, start), {});
    for (int n = 0; n < 3; ++n) projection.step();
    states.push_back(projection.state());
  }
  EXPECT_EQ(states[0].radial, states[1].radial);
  EXPECT_EQ(states[0].loss, states[1].loss);
}

// Going on from a state is as if nothing had happened.
TYPED_TEST(VariableProjectionTest, RestoredStateGivesTheSameBits) {
  auto const truth = testModel(8, {14, 8});
  auto const structures = labelled(truth, 12, 9, 0.1);
  auto const start = withOtherRadial(truth, 0.4);
  TrainingRows<TypeParam> training({}, truth, structures);
  auto const columns = independentColumns(training, start);
  VariableProjection<TypeParam> whole(training, start, columns, {});
  for (int n = 0; n < 2; ++n) ASSERT_TRUE(whole.step());
  test::TemporaryFolder const folder;
  FitState saved{"17", {{0, 8, true, {1, 2}, whole.state()}}};
  writeCheckpoint(folder / "checkpoint.h5", saved);
  for (int n = 0; n < 2; ++n) ASSERT_TRUE(whole.step());

  auto const read = readCheckpoint(folder / "checkpoint.h5");
  EXPECT_EQ(read.identity, saved.identity);
  ASSERT_EQ(read.stages.size(), 1U);
  EXPECT_EQ(read.stages[0].losses, saved.stages[0].losses);
  EXPECT_EQ(read.stages[0].level, 8);
  TrainingRows<TypeParam> again({}, truth, structures);
  VariableProjection<TypeParam> rest(again, start, columns, {});
  rest.restore(read.stages[0].state);
  for (int n = 0; n < 2; ++n) ASSERT_TRUE(rest.step());
  EXPECT_EQ(rest.state().radial, whole.state().radial);
  EXPECT_EQ(rest.state().loss, whole.state().loss);
  EXPECT_EQ(rest.state().damping, whole.state().damping);
  EXPECT_THROW((void)readCheckpoint(folder / "none.h5"), InputError);
}

TYPED_TEST(VariableProjectionTest, BfgsNeverGoesUp) {
  auto const truth = testModel(6);
  auto const structures = labelled(truth, 10, 8);
  TrainingRows<TypeParam> training({}, truth, structures);
  FitSettings settings;
  settings.ridge_choice = RidgeChoice::given;
  auto const start = solveLinear(training, settings, withOtherRadial(truth, 0.4)).model;
  std::vector<double> losses;
  auto const end = minimizeBfgs(training, start, 1e-12, 60, [&](int, double loss) { losses.push_back(loss); });
  ASSERT_EQ(losses.size(), 60U);
  EXPECT_TRUE(std::is_sorted(losses.rbegin(), losses.rend()));
  EXPECT_LT(losses.back(), 0.5 * losses.front());
  MtpRows rows(end);
  rows.setCoefficients(end);
  std::vector<double> gradient;
  EXPECT_EQ(training.lossGradient(rows, end, gradient), losses.back());
}

TYPED_TEST(VariableProjectionTest, LadderKeepsTheRadialFunctions) {
  auto const model = testModel(8, {14, 8});
  auto const higher = atLevel(model, 16, 2.4);
  EXPECT_EQ(higher.radial_funcs_count, 4);
  for (int z1 = 0; z1 < 2; ++z1)
    for (int z2 = 0; z2 < 2; ++z2)
      for (int mu = 0; mu < 2; ++mu)
        for (int n = 0; n < 8; ++n) EXPECT_EQ(higher.radialCoeff(z1, z2, mu, n), model.radialCoeff(z1, z2, mu, n));
  EXPECT_NE(higher.radialCoeff(0, 1, 3, 2), 0);
}

}  // namespace
}  // namespace sinter
