#include "sinter/linalg/least_squares.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "sinter/core/error.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

TEST(StreamedLeastSquares, RecoversTheSolutionOfManyPanels) {
  int const columns = 37, rows = 5000;
  reference::Random random(1);
  std::vector<double> truth(columns), row(columns);
  for (double& x : truth) x = random();
  StreamedLeastSquares problem(columns);
  for (int r = 0; r < rows; ++r) {
    double b = 0;
    for (int c = 0; c < columns; ++c) {
      row[c] = random() * std::pow(10, c % 7 - 3);  // columns of very different size
      b += row[c] * truth[c];
    }
    problem.append(row, b);
  }
  auto const solution = problem.solve();
  EXPECT_EQ(solution.rank, columns);
  for (int c = 0; c < columns; ++c) EXPECT_NEAR(solution.x[c], truth[c], 1e-10 * std::pow(10, 3 - c % 7));
  EXPECT_NEAR(solution.residual_norm, 0, 1e-8);
}

TEST(StreamedLeastSquares, ResidualIsOrthogonalToTheColumns) {
  int const columns = 5, rows = 300;
  reference::Random random(2);
  std::vector<std::vector<double>> a(rows, std::vector<double>(columns));
  std::vector<double> b(rows);
  StreamedLeastSquares problem(columns);
  for (int r = 0; r < rows; ++r) {
    for (double& x : a[r]) x = random();
    b[r] = random();
    problem.append(a[r], b[r]);
  }
  auto const solution = problem.solve();
  std::vector<double> gradient(columns);
  double norm = 0;
  for (int r = 0; r < rows; ++r) {
    double residual = -b[r];
    for (int c = 0; c < columns; ++c) residual += a[r][c] * solution.x[c];
    for (int c = 0; c < columns; ++c) gradient[c] += residual * a[r][c];
    norm += residual * residual;
  }
  for (double const g : gradient) EXPECT_NEAR(g, 0, 1e-11);
  EXPECT_NEAR(solution.residual_norm, std::sqrt(norm), 1e-10);
}

TEST(StreamedLeastSquares, DropsDependentAndZeroColumns) {
  reference::Random random(3);
  StreamedLeastSquares problem(4);
  for (int r = 0; r < 50; ++r) {
    double const x = random(), y = random();
    problem.append(std::vector<double>{x, y, x - 2 * y, 0}, 3 * x + y);
  }
  auto const solution = problem.solve();
  EXPECT_EQ(solution.rank, 2);
  EXPECT_NEAR(solution.residual_norm, 0, 1e-12);
  EXPECT_EQ(solution.x[3], 0);
}

TEST(StreamedLeastSquares, FewerRowsThanColumns) {
  StreamedLeastSquares problem(3);
  problem.append(std::vector<double>{1, 2, 3}, 6);
  auto const solution = problem.solve();
  EXPECT_EQ(solution.rank, 1);
  EXPECT_NEAR(solution.x[0] + 2 * solution.x[1] + 3 * solution.x[2], 6, 1e-12);
}

TEST(StreamedLeastSquares, RidgeShrinksTheSolution) {
  reference::Random random(4);
  StreamedLeastSquares problem(1);
  double aa = 0, ab = 0;
  for (int r = 0; r < 20; ++r) {
    double const a = random(), b = random();
    problem.append(std::vector<double>{a}, b);
    aa += a * a;
    ab += a * b;
  }
  EXPECT_NEAR(problem.solve(1e-12, 0.5).x[0], ab / (aa * 1.5), 1e-12);  // penalty relative to a column of norm 1
}

TEST(StreamedLeastSquares, RefusesNonsense) {
  EXPECT_THROW(StreamedLeastSquares(0), InputError);
  StreamedLeastSquares problem(1);
  EXPECT_THROW((void)problem.solve(), InputError);
  EXPECT_THROW(problem.append(std::vector<double>{std::nan("")}, 1), InputError);
}

}  // namespace
}  // namespace sinter
