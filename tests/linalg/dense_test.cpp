#include "sinter/linalg/dense.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "sinter/core/error.hpp"
#include "sinter/linalg/regularized.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

std::vector<double> randomNumbers(std::size_t count, std::uint64_t seed) {
  reference::Random random(seed);
  std::vector<double> numbers(count);
  for (double& x : numbers) x = random();
  return numbers;
}

TEST(Dense, GramAndProductEqualPlainLoops) {
  int const rows = 30, m = 7, n = 5, p_stride = 9, q_stride = 6;
  auto const p = randomNumbers(rows * p_stride, 1), q = randomNumbers(rows * q_stride, 2);
  std::vector<double> gram(m * m, 1), product(m * n, 1);
  addGram(p.data(), rows, m, p_stride, gram.data());
  addProduct(p.data(), rows, m, p_stride, q.data(), n, q_stride, product.data());
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = 1;
      for (int r = 0; r < rows; ++r) sum += p[r * p_stride + i] * p[r * p_stride + j];
      EXPECT_NEAR(gram[j * m + i], sum, 1e-13);
    }
    for (int j = 0; j < n; ++j) {
      double sum = 1;
      for (int r = 0; r < rows; ++r) sum += p[r * p_stride + i] * q[r * q_stride + j];
      EXPECT_NEAR(product[j * m + i], sum, 1e-13);
    }
  }
  std::vector<double> row_gram(rows * rows, 1), row_product(rows * n, 1);
  addRowGram(p.data(), rows, p_stride, row_gram.data());
  addRowProduct(p.data(), rows, q.data(), n, q_stride, row_product.data());
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j <= i; ++j) {
      double sum = 1;
      for (int k = 0; k < p_stride; ++k) sum += p[i * p_stride + k] * p[j * p_stride + k];
      EXPECT_NEAR(row_gram[j * rows + i], sum, 1e-13);
    }
    for (int j = 0; j < n; ++j) {
      double sum = 1;
      for (int k = 0; k < q_stride; ++k) sum += p[i * q_stride + k] * q[j * q_stride + k];
      EXPECT_NEAR(row_product[i * n + j], sum, 1e-13);
    }
  }
  std::vector<double> result(3 * 2, 0);
  double const left[6] = {1, 2, 3, 4, 5, 6}, right[4] = {1, 10, 2, 20};  // (3, 2), (2, 2)
  addMatrixProduct(left, right, 3, 2, 2, result.data());
  EXPECT_EQ(result, (std::vector<double>{41, 52, 63, 82, 104, 126}));
}

TEST(Dense, CholeskySolvesAndRefuses) {
  std::vector<double> const matrix = {4, 2, 0, 2, 5, 1, 0, 1, 3};
  auto const factor = Cholesky::factorize(matrix, 3);
  ASSERT_TRUE(factor);
  std::vector<double> x = {1, 2, 3};
  factor->solve(x.data(), 1);
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(matrix[i] * x[0] + matrix[3 + i] * x[1] + matrix[6 + i] * x[2], i + 1, 1e-14);
  std::vector<double> y = {1, 2, 3};
  factor->solveLower(y.data(), 1);  // |L^-1 b|^2 = b A^-1 b
  EXPECT_NEAR(std::inner_product(y.begin(), y.end(), y.begin(), 0.0), x[0] + 2 * x[1] + 3 * x[2], 1e-14);
  EXPECT_FALSE(Cholesky::factorize({1, 2, 2, 1}, 2));
}

TEST(Dense, OrthonormalBasisHasSpanAndComplement) {
  int const rows = 6, count = 2;
  auto const vectors = randomNumbers(rows * count, 3);
  auto const basis = orthonormalBasis(vectors, rows, count);
  for (int a = 0; a < rows; ++a)
    for (int b = 0; b < rows; ++b)
      EXPECT_NEAR(std::inner_product(&basis[a * rows], &basis[a * rows] + rows, &basis[b * rows], 0.0), a == b, 1e-14);
  for (int a = count; a < rows; ++a)
    for (int v = 0; v < count; ++v)
      EXPECT_NEAR(std::inner_product(&basis[a * rows], &basis[a * rows] + rows, &vectors[v * rows], 0.0), 0, 1e-14);
}

TEST(Dense, SingularAndEigenvalues) {
  auto const values = symmetricEigenvalues({2, 1, 1, 2}, 2);
  EXPECT_NEAR(values[0], 1, 1e-14);
  EXPECT_NEAR(values[1], 3, 1e-14);
  auto const a = randomNumbers(16, 4);
  auto const svd = singularValues(a, 4);
  for (int r = 0; r < 4; ++r)
    for (int c = 0; c < 4; ++c) {
      double sum = 0;
      for (int i = 0; i < 4; ++i) sum += svd.u[i * 4 + r] * svd.s[i] * svd.vt[c * 4 + i];
      EXPECT_NEAR(sum, a[c * 4 + r], 1e-14);
    }
}

// Random rows with a dependent column, in folds.
struct Problem {
  int const columns = 8, rows = 60;
  std::vector<double> panel;
  std::vector<TriangularFactor> folds;
  TriangularFactor all;

  Problem() : panel(randomNumbers(static_cast<std::size_t>(rows) * 9, 5)) {
    for (int r = 0; r < rows; ++r) {
      double* const row = &panel[static_cast<std::size_t>(r) * 9];
      row[3] *= 1e4;
      row[6] = row[1] - 2 * row[2];
    }
    for (int f = 0; f < 3; ++f) {
      StreamedLeastSquares fold(columns);
      fold.appendRows(&panel[static_cast<std::size_t>(f) * 20 * 9], 20, 9);
      folds.push_back(fold.factor());
    }
    StreamedLeastSquares problem(columns);
    problem.appendRows(panel.data(), static_cast<std::size_t>(rows), 9);
    all = problem.factor();
  }
};

TEST(TriangularFactor, OfFoldsIsThatOfAllRows) {
  Problem const problem;
  StreamedLeastSquares merged(problem.columns), direct(problem.columns);
  for (auto const& fold : problem.folds) merged.append(fold);
  direct.appendRows(problem.panel.data(), 60, 9);
  EXPECT_EQ(merged.rows(), 60U);
  auto const expected = direct.solve(), found = merged.solve();
  EXPECT_EQ(expected.rank, 7);
  EXPECT_EQ(expected.kept.size(), 7U);
  EXPECT_NEAR(found.residual_norm, expected.residual_norm, 1e-12);
  auto const x = randomNumbers(8, 6);
  double sum = 0;
  for (int r = 0; r < 60; ++r) {
    double residual = -problem.panel[r * 9 + 8];
    for (int c = 0; c < 8; ++c) residual += problem.panel[r * 9 + c] * x[c];
    sum += residual * residual;
  }
  EXPECT_NEAR(problem.all.residual(x), sum, 1e-12 * sum);
  EXPECT_NEAR(merged.factor().residual(x), sum, 1e-12 * sum);
}

TEST(RegularizedLeastSquares, EqualsTheNormalEquations) {
  Problem const problem;
  std::vector<int> const kept = {0, 1, 2, 3, 4, 5, 7};
  RegularizedLeastSquares const solver(problem.all, kept);
  for (double const ridge : {0.0, 1e-6, 0.5}) {
    auto const x = solver.solve(ridge);
    EXPECT_EQ(x[6], 0);
    for (int const c : kept) {  // A^T (A x - b) + ridge D^2 x = 0
      double gradient = 0, norm = 0;
      for (int r = 0; r < 60; ++r) {
        double residual = -problem.panel[r * 9 + 8];
        for (int d = 0; d < 8; ++d) residual += problem.panel[r * 9 + d] * x[d];
        gradient += problem.panel[r * 9 + c] * residual;
        norm += problem.panel[r * 9 + c] * problem.panel[r * 9 + c];
      }
      EXPECT_NEAR(gradient + ridge * norm * x[c], 0, 1e-10 * std::sqrt(norm)) << ridge << " " << c;
    }
  }
  EXPECT_EQ(solver.truncated(0), std::vector<double>(8, 0.0));
  auto const full = solver.truncated(7), plain = solver.solve(0);
  for (int c = 0; c < 8; ++c) EXPECT_NEAR(full[c], plain[c], 1e-12 * (1 + std::abs(plain[c])));
  EXPECT_GT(problem.all.residual(solver.truncated(3)), problem.all.residual(full));
  // Covariance: C C^T is the inverse of the normal matrix.
  auto const root = solver.covarianceRoot(0);
  for (std::size_t i = 0; i < kept.size(); ++i)
    for (std::size_t j = 0; j < kept.size(); ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < kept.size(); ++k)
        for (std::size_t v = 0; v < kept.size(); ++v) {
          double gram = 0;
          for (int r = 0; r < 60; ++r) gram += problem.panel[r * 9 + kept[i]] * problem.panel[r * 9 + kept[k]];
          sum += gram * root[v * 8 + kept[k]] * root[v * 8 + kept[j]];
        }
      EXPECT_NEAR(sum, i == j, 1e-6);
    }
}

// The fixed point maximises the evidence, whose logarithm is written out here.
TEST(RegularizedLeastSquares, EvidenceIsLargest) {
  Problem problem;
  reference::Random random(8);
  StreamedLeastSquares noisy(8);
  for (int r = 0; r < 60; ++r) {  // a signal in four columns, and noise
    double* const row = &problem.panel[static_cast<std::size_t>(r) * 9];
    row[8] = row[0] - row[1] + 0.5 * row[4] + row[5] + 0.3 * random();
    noisy.append({row, 8}, row[8]);
  }
  std::vector<int> const kept = {0, 1, 2, 3, 4, 5, 7};
  auto const factor = noisy.factor();
  RegularizedLeastSquares const solver(factor, kept);
  auto const evidence = [&](double ridge) {  // with the best noise level: -(N/2) log(misfit) + ...
    auto const x = solver.solve(ridge);
    double penalty = 0, determinant = 0;
    for (int const c : kept) {
      double norm = 0;
      for (int r = 0; r < 60; ++r) norm += std::pow(problem.panel[r * 9 + c], 2);
      penalty += norm * x[c] * x[c];
    }
    for (double const s : solver.spectrum()) determinant += std::log(s * s + ridge);
    return -30 * std::log(factor.residual(x) + ridge * penalty) + 3.5 * std::log(ridge) - 0.5 * determinant;
  };
  double const best = solver.evidenceRidge();
  EXPECT_GT(best, 1e-4);
  EXPECT_LT(best, 10);
  for (double const factor_of_ridge : {0.8, 1.25}) EXPECT_GT(evidence(best), evidence(best * factor_of_ridge));
}

TEST(CrossValidation, EqualsFitsWithoutTheFold) {
  Problem const problem;
  std::vector<int> const kept = {0, 1, 2, 3, 4, 5, 7};
  auto const scores = crossValidate(problem.folds, withoutEachFold(problem.folds, kept));
  ASSERT_GT(scores.size(), 10U);
  for (std::size_t s = 0; s < scores.size(); s += 5) {
    double error = 0;
    for (int f = 0; f < 3; ++f) {
      StreamedLeastSquares others(8);
      for (int r = 0; r < 60; ++r)
        if (r / 20 != f) others.append({&problem.panel[static_cast<std::size_t>(r) * 9], 8}, problem.panel[r * 9 + 8]);
      auto const x = RegularizedLeastSquares(others.factor(), kept).solve(scores[s].ridge);
      error += problem.folds[f].residual(x);
    }
    EXPECT_NEAR(scores[s].error, error, 1e-9 * error) << scores[s].ridge;
  }
  auto const best = bestRidge(scores);
  for (auto const& score : scores) EXPECT_LE(best.error, score.error);
  EXPECT_THROW((void)withoutEachFold(std::span(problem.folds).first(1), kept), InputError);
}

}  // namespace
}  // namespace sinter
