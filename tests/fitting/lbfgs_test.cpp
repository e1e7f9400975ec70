// L-BFGS: the line search, directions, and variable projection that takes such steps.
#include "sinter/core/lbfgs.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "radial_fit_case.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/checkpoint.hpp"
#include "sinter/fitting/potential_fit.hpp"
#include "sinter/fitting/projected_lbfgs.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::testModel;
using test::labelled;
using test::withOtherRadial;

// Functions with a wall, with an edge far away, and one that is undefined beyond 3.
TEST(Lbfgs, LineSearchKeepsTheStrongWolfeConditions) {
  std::vector<std::function<LinePoint(double)>> const functions = {
      [](double t) {
        return LinePoint{t, (t - 1) * (t - 1), 2 * (t - 1)};
      },
      [](double t) {
        return LinePoint{t, -t / (t * t + 2), (t * t - 2) / ((t * t + 2) * (t * t + 2))};
      },
      [](double t) {
        return LinePoint{t, -std::log1p(t) + 0.01 * t * t, -1 / (1 + t) + 0.02 * t};
      },
      [](double t) {
        return LinePoint{t, -std::sqrt(3 - t) * t, std::sqrt(3 - t) * -1 + t / (2 * std::sqrt(3 - t))};
      },
  };
  for (std::size_t f = 0; f < functions.size(); ++f)
    for (double const first : {1e-3, 0.1, 1.0, 10.0, 1e3}) {
      SCOPED_TRACE(std::to_string(f) + " from " + std::to_string(first));
      double last = 0;
      auto const origin = functions[f](0);
      auto const found = searchLine([&](double t) { return functions[f](last = t); }, origin, first);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->length, last);
      EXPECT_LE(found->value, origin.value + 1e-4 * found->length * origin.slope);
      EXPECT_LE(std::abs(found->slope), 0.9 * std::abs(origin.slope));
    }
  // A slope that lies finds nothing, in finite time.
  EXPECT_FALSE(searchLine([](double t) { return LinePoint{t, t, 1}; }, {0, 0, -1}, 1));
}

// On a quadratic the pairs are those of its Hessian: H y = s for the last one, and -H g is -g without pairs.
TEST(Lbfgs, DirectionsKnowTheCurvatureOfTheLastStep) {
  LbfgsPairs pairs;
  std::vector<double> const gradient = {1, -2, 0.5};
  EXPECT_EQ(pairs.direction(gradient), (std::vector<double>{-1, 2, -0.5}));
  auto const hessian = [](std::vector<double> const& s) {
    return std::vector<double>{4 * s[0] + s[1], s[0] + 3 * s[1], 7 * s[2]};
  };
  for (std::vector<double> const& step : {std::vector<double>{1, 0, 1}, {0.3, -1, 2}, {0, 1, 0.1}}) {
    pairs.add(step, hessian(step), 2);
    auto const direction = pairs.direction(hessian(step));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(direction[i], -step[i], 1e-14);
    EXPECT_LT(dot(pairs.direction(gradient), gradient), 0);
  }
  EXPECT_EQ(pairs.size(), 2U);
  pairs.add({1, 1, 1}, {-1, 0, 0}, 2);  // negative curvature is left out
  EXPECT_EQ(pairs.steps.back(), (std::vector<double>{0, 1, 0.1}));
}

// Random cells with labels of a potential and noise, so that the least loss is not zero.
template <class ExecutionSpace>
class ProjectedLbfgsTest : public testing::Test {};
TYPED_TEST_SUITE(ProjectedLbfgsTest, test::ExecutionSpaces);

// The gradient of the projected loss against differences of it; it has no part along the gauge.
TYPED_TEST(ProjectedLbfgsTest, GradientIsTheDifferenceOfProjectedLosses) {
  for (std::vector<std::int32_t> const& species : {std::vector<std::int32_t>{14}, {14, 8}}) {
    auto const truth = testModel(8, species);
    auto const structures = labelled(truth, 20, 8, 0.1);
    TrainingRows<TypeParam> training({}, truth, structures);
    auto start = withOtherRadial(truth, 0.3);
    ProjectedLbfgs<TypeParam> projection(training, start, independentColumns(training, start), {});
    fixGauge(start);
    std::vector<double> gradient, unused;
    double const loss = projection.evaluate(start.radial_coeffs, gradient);
    ASSERT_EQ(gradient.size(), start.radial_coeffs.size());
    double const size = std::sqrt(dot(gradient, gradient));
    for (std::size_t i = 0; i < gradient.size(); i += 5) {
      auto const moved = [&](double h) {
        auto radial = start.radial_coeffs;
        radial[i] += h;
        return projection.evaluate(radial, unused);
      };
      double const h = 1e-4;  // errors: h^4, and epsilon * loss / h with the condition of the normal equations
      double const difference = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
      EXPECT_NEAR(gradient[i], difference, 1e-5 * size + 1e-8 * loss) << i;
    }
    auto const directions = gaugeDirections(start);
    for (std::size_t g = 0; g * gradient.size() < directions.size(); ++g) {
      std::vector<double> const direction(directions.begin() + static_cast<std::ptrdiff_t>(g * gradient.size()),
                                          directions.begin() + static_cast<std::ptrdiff_t>((g + 1) * gradient.size()));
      EXPECT_NEAR(dot(direction, gradient), 0, 1e-7 * size);
    }
  }
}

// Both kinds of steps end in the same minimum, from a start that is in its basin (there are others).
TYPED_TEST(ProjectedLbfgsTest, ReachesTheMinimumOfLevenbergMarquardt) {
  for (auto const& [level, species] :
       {std::pair{8, std::vector<std::int32_t>{14}}, {4, std::vector<std::int32_t>{14, 8}}}) {
    auto const truth = testModel(level, species);
    auto const structures = labelled(truth, 40, 10, 0.1);
    TrainingRows<TypeParam> training({}, truth, structures);
    auto const start = withOtherRadial(truth, 0.05);
    auto const columns = independentColumns(training, start);
    VarproOptions options;
    options.tolerance = 1e-10;
    options.max_iterations = 1000;
    VariableProjection<TypeParam> levenberg(training, start, columns, options);
    while (levenberg.step()) {
    }
    ProjectedLbfgs<TypeParam> lbfgs(training, start, columns, options);
    double last = std::numeric_limits<double>::infinity();
    while (lbfgs.step()) {
      EXPECT_LE(lbfgs.state().loss, last);
      last = lbfgs.state().loss;
    }
    std::printf("%zu species: %d steps, Levenberg-Marquardt %d\n", species.size(), lbfgs.state().iterations,
                levenberg.state().iterations);
    EXPECT_TRUE(lbfgs.state().converged);
    EXPECT_NEAR(lbfgs.state().loss, levenberg.state().loss, 1e-6 * levenberg.state().loss);
  }
}

// Going on from a checkpoint is as if nothing had happened.
TYPED_TEST(ProjectedLbfgsTest, RestoredStateGivesTheSameBits) {
  auto const truth = testModel(8, {14, 8});
  auto const structures = labelled(truth, 12, 9, 0.1);
  auto const start = withOtherRadial(truth, 0.4);
  TrainingRows<TypeParam> training({}, truth, structures);
  auto const columns = independentColumns(training, start);
  ProjectedLbfgs<TypeParam> whole(training, start, columns, {});
  for (int n = 0; n < 6; ++n) ASSERT_TRUE(whole.step());
  test::TemporaryFolder const folder;
  writeCheckpoint(folder / "checkpoint.h5", {"17", {{0, 8, true, {1, 2}, whole.state()}}});
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(whole.step());

  TrainingRows<TypeParam> again({}, truth, structures);
  ProjectedLbfgs<TypeParam> rest(again, start, columns, {});
  rest.restore(readCheckpoint(folder / "checkpoint.h5").stages.at(0).state);
  EXPECT_EQ(rest.state().pairs.size(), 6U);
  for (int n = 0; n < 20; ++n) ASSERT_TRUE(rest.step());
  EXPECT_EQ(rest.state().radial, whole.state().radial);
  EXPECT_EQ(rest.state().loss, whole.state().loss);
  EXPECT_EQ(rest.state().pairs.steps, whole.state().pairs.steps);
}

// Chosen by the size of the radial space, or by name.
TEST(ProjectedLbfgs, IsChosenForManyRadialCoefficients) {
  FitSettings settings;
  MtpModel model = testModel(8);
  EXPECT_EQ(methodOf(settings, model), FitMethod::varpro);
  model.radial_coeffs.resize(most_radial_of_levenberg_marquardt);
  EXPECT_EQ(methodOf(settings, model), FitMethod::varpro);
  model.radial_coeffs.resize(most_radial_of_levenberg_marquardt + 1);
  EXPECT_EQ(methodOf(settings, model), FitMethod::lbfgs);
  settings.method = FitMethod::linear;
  EXPECT_EQ(methodOf(settings, model), FitMethod::linear);
  model.radial_basis_type = RadialBasisType::RBChebyshev_repuls;  // no gradient
  settings.method = FitMethod::varpro;
  EXPECT_EQ(methodOf(settings, model), FitMethod::varpro);
  settings.method = FitMethod::lbfgs;
  EXPECT_THROW((void)methodOf(settings, model), InputError);
}

}  // namespace
}  // namespace sinter
