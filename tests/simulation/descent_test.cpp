// Minimisation of functions whose minima are known.
#include "sinter/simulation/descent.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace sinter {
namespace {

using Vector = Descent::Vector;

struct Point {
  double value;
  Vector gradient;
};

double norm(Vector const& v) { return std::sqrt(dot(v, v)); }

double unlimited(Vector const&) { return 1; }

// Descends until the gradient is small; the values of steps down must not rise. Returns the evaluations.
template <class Function>
int minimise(Function const& function, Descent& descent, double tolerance, Vector& end) {
  double last = std::numeric_limits<double>::infinity();
  for (int n = 1; n <= 2000; ++n) {
    end = descent.point();
    Point const p = function(end);
    if (norm(p.gradient) < tolerance) return n;
    if (descent.take(p.value, p.gradient, unlimited)) {
      EXPECT_LE(p.value, last);
      last = p.value;
    }
    if (descent.isStuck()) break;
  }
  ADD_FAILURE() << "no minimum";
  return 0;
}

TEST(DescentTest, QuadraticFormsOfManyScales) {
  auto const form = [](Vector const& x) {
    Point p{0, Vector(x.size())};
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const curvature = std::pow(10.0, 3.0 * static_cast<double>(i) / static_cast<double>(x.size() - 1));
      p.value += curvature * (x[i] - 1) * (x[i] - 1) / 2;
      p.gradient[i] = curvature * (x[i] - 1);
    }
    return p;
  };
  Descent descent(Vector(30, 0.0), 0.01);
  Vector end;
  EXPECT_LT(minimise(form, descent, 1e-8, end), 300);
  for (double const x : end) EXPECT_NEAR(x, 1, 1e-8);  // gradient / the smallest curvature, 1
}

TEST(DescentTest, Rosenbrock) {
  auto const banana = [](Vector const& x) {
    double const a = 1 - x[0], b = x[1] - x[0] * x[0];
    return Point{a * a + 100 * b * b, {-2 * a - 400 * x[0] * b, 200 * b}};
  };
  Descent descent({-1.2, 1}, 0.001);
  Vector end;
  EXPECT_LT(minimise(banana, descent, 1e-9, end), 100);
  EXPECT_NEAR(end[0], 1, 1e-8);  // the smallest curvature is 0.4
  EXPECT_NEAR(end[1], 1, 1e-8);
}

TEST(DescentTest, StepsKeepToTheLimit) {
  Descent descent({5.0}, 1);
  double x = 5, moved = 0;
  for (int n = 0; n < 100 && std::abs(x) > 1e-6; ++n) {
    descent.take(x * x, {2 * x}, [](Vector const& step) { return std::min(1.0, 0.3 / std::abs(step[0])); });
    moved = std::max(moved, std::abs(descent.point()[0] - x));
    x = descent.point()[0];
  }
  EXPECT_NEAR(x, 0, 1e-6);
  EXPECT_LE(moved, 0.3 * (1 + 1e-12));
  EXPECT_GT(moved, 0.29);
}

// Nothing is lower in the direction that its gradient calls down.
TEST(DescentTest, GivesUpWhereNothingIsLower) {
  Descent descent({0.0}, 1);
  int evaluations = 0;
  for (; evaluations < 100 && !descent.isStuck(); ++evaluations)
    EXPECT_EQ(descent.take(std::abs(descent.point()[0]), {-1}, unlimited), evaluations == 0);
  EXPECT_TRUE(descent.isStuck());
}

}  // namespace
}  // namespace sinter
