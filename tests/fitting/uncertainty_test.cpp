// Uncertainty equals the normal equations written out, and noise that is known.
#include "sinter/fitting/uncertainty.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "mtp_reference.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/uncertainty_io.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

constexpr int n = 5;
using Row = std::array<double, n + 1>;  // the right-hand side last
using Square = std::array<std::array<double, n>, n>;

// Rows of a random problem with a random right-hand side around A x = b.
std::vector<Row> randomRows(int count, double noise, std::uint64_t seed) {
  reference::Random random(seed);
  std::vector<Row> rows(static_cast<std::size_t>(count));
  for (auto& row : rows) {
    row[n] = 0;
    for (int c = 0; c < n; ++c) {
      row[c] = random() * std::pow(10, c - 2);
      row[n] += row[c] * (c + 1);
    }
    for (int k = 0; k < 12; ++k) row[n] += noise * random() / 2;  // variance noise^2: 12 of 1/12 noise^2
  }
  return rows;
}

Square inverse(Square a) {
  Square result{};
  for (int i = 0; i < n; ++i) result[i][i] = 1;
  for (int p = 0; p < n; ++p) {
    double const pivot = a[p][p];
    for (int j = 0; j < n; ++j) a[p][j] /= pivot, result[p][j] /= pivot;
    for (int i = 0; i < n; ++i) {
      if (i == p) continue;
      double const factor = a[i][p];
      for (int j = 0; j < n; ++j) a[i][j] -= factor * a[p][j], result[i][j] -= factor * result[p][j];
    }
  }
  return result;
}

// (A^T A + ridge diag(norms)^2)^-1, the norms of all rows.
struct NormalEquations {
  Square inverse_matrix, gram{};
  std::array<double, n> right{}, x{};

  NormalEquations(std::vector<Row> const& rows, double ridge) {
    for (auto const& row : rows)
      for (int i = 0; i < n; ++i) {
        for (int j = 0; j < n; ++j) gram[i][j] += row[i] * row[j];
        right[i] += row[i] * row[n];
      }
    Square matrix = gram;
    for (int i = 0; i < n; ++i) matrix[i][i] *= 1 + ridge;
    inverse_matrix = inverse(matrix);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) x[i] += inverse_matrix[i][j] * right[j];
  }

  double residual(std::vector<Row> const& rows) const {
    double sum = 0;
    for (auto const& row : rows) {
      double r = -row[n];
      for (int i = 0; i < n; ++i) r += row[i] * x[i];
      sum += r * r;
    }
    return sum;
  }
};

struct Problem {
  std::vector<std::vector<Row>> rows_of;  // each fold
  std::vector<Row> rows;
  std::vector<TriangularFactor> folds;
  FitUncertainty uncertainty;

  Problem(std::vector<Row> all, int fold_count, double ridge) : rows_of(fold_count), rows(std::move(all)) {
    for (std::size_t r = 0; r < rows.size(); ++r) rows_of[r % fold_count].push_back(rows[r]);
    StreamedLeastSquares whole(n);
    for (auto const& part : rows_of) {
      StreamedLeastSquares fold(n);
      for (auto const& row : part) fold.appendRows(row.data(), 1, n + 1);
      folds.push_back(fold.factor());
      whole.append(folds.back());
    }
    std::vector<int> const kept = {0, 1, 2, 3, 4};
    auto const factor = whole.factor();
    RegularizedLeastSquares const solver(factor, kept);
    std::vector<RegularizedLeastSquares> without;
    if (fold_count > 1) without = withoutEachFold(folds, kept);
    uncertainty = estimateUncertainty(solver, folds, without, ridge, factor.residual(solver.solve(ridge)), rows.size());
  }

  std::vector<Row> rowsWithout(std::size_t fold) const {
    std::vector<Row> others;
    for (std::size_t f = 0; f < rows_of.size(); ++f)
      if (f != fold) others.insert(others.end(), rows_of[f].begin(), rows_of[f].end());
    return others;
  }
};

double variance(CoefficientSpread const& spread, Row const& b) {
  double sum = 0;
  for (std::size_t d = 0; d < spread.directions.size(); d += n) {
    double product = 0;
    for (int i = 0; i < n; ++i) product += spread.directions[d + i] * b[i];
    sum += product * product;
  }
  return sum;
}

TEST(Uncertainty, CovarianceIsThatOfTheNormalEquations) {
  for (double const ridge : {0.0, 0.3}) {
    Problem const problem(randomRows(60, 0.2, 1), 3, ridge);
    NormalEquations const normal(problem.rows, ridge);
    double effective = 0;  // trace of A (A^T A + ridge D^2)^-1 A^T
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) effective += normal.inverse_matrix[i][j] * normal.gram[j][i];
    double const noise = normal.residual(problem.rows) / (60 - effective);
    EXPECT_NEAR(problem.uncertainty.noise_variance, noise, 1e-9 * noise);
    double predicted = 0, held_out = 0;
    for (auto const& b : problem.rows) {
      double expected = 0;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) expected += noise * b[i] * normal.inverse_matrix[i][j] * b[j];
      // Two ways through a matrix of condition 1e4^2 at most, in double.
      EXPECT_NEAR(variance(problem.uncertainty.covariance, b), expected, 1e-7 * expected);
      predicted += expected;
    }
    for (std::size_t f = 0; f < 3; ++f)
      held_out += NormalEquations(problem.rowsWithout(f), ridge).residual(problem.rows_of[f]);
    double const scale = std::sqrt(held_out / predicted);
    EXPECT_NEAR(problem.uncertainty.covariance.scale, scale, 1e-7 * scale);
  }
}

TEST(Uncertainty, CommitteeIsTheJackknifeOfTheFolds) {
  Problem const problem(randomRows(60, 0.2, 2), 4, 0.1);
  std::vector<NormalEquations> members;
  double held_out = 0, predicted = 0;
  for (std::size_t f = 0; f < 4; ++f) {
    members.emplace_back(problem.rowsWithout(f), 0.1);
    held_out += members.back().residual(problem.rows_of[f]);
  }
  for (auto const& b : problem.rows) {
    std::array<double, 4> values{};
    double mean = 0, expected = 0;
    for (std::size_t f = 0; f < 4; ++f) {
      for (int i = 0; i < n; ++i) values[f] += members[f].x[i] * b[i];
      mean += values[f] / 4;
    }
    for (double const value : values) expected += 3.0 / 4 * (value - mean) * (value - mean);
    predicted += expected;
    EXPECT_NEAR(variance(problem.uncertainty.committee, b), expected, 1e-7 * expected + 1e-14);
  }
  double const scale = std::sqrt(held_out / predicted);
  EXPECT_NEAR(problem.uncertainty.committee.scale, scale, 1e-7 * scale);
}

TEST(Uncertainty, BothReproduceAKnownVariance) {
  double const noise = 0.1;
  Row const b = {1, 1, 1, 0.1, 0.01, 0};
  double committee = 0, covariance = 0, expected = 0;
  int const repeats = 150;
  for (std::uint64_t repeat = 0; repeat < repeats; ++repeat) {
    Problem const problem(randomRows(300, noise, 100 + repeat), 10, 0);
    committee += variance(problem.uncertainty.committee, b) / repeats;
    covariance += variance(problem.uncertainty.covariance, b) / repeats;
    NormalEquations const normal(problem.rows, 0);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) expected += noise * noise * b[i] * normal.inverse_matrix[i][j] * b[j] / repeats;
  }
  // A variance from ten members has a relative standard error of sqrt(2 / 9), a mean of 150 of them 4 %; the jackknife
  // itself is too large by about unknowns / rows = 2 %.
  EXPECT_NEAR(committee, expected, 0.16 * expected);
  // The noise variance of 300 rows: sqrt(2 / 295 / 150) = 0.7 %.
  EXPECT_NEAR(covariance, expected, 0.03 * expected);
}

TEST(Uncertainty, OneFoldHasNoCommittee) {
  Problem const problem(randomRows(30, 0.1, 3), 1, 0);
  EXPECT_TRUE(problem.uncertainty.committee.directions.empty());
  EXPECT_EQ(problem.uncertainty.covariance.scale, 1);
  EXPECT_GT(problem.uncertainty.noise_variance, 0);
}

TEST(SpreadStatistics, AreThoseOfTheDefinitions) {
  SpreadStatistics none;
  EXPECT_FALSE(none.rmsError() || none.rmsDeviation() || none.correlation());
  SpreadStatistics same;
  for (double const error : {1.0, 2.0, 3.0}) same.add(0.1, error);
  EXPECT_FALSE(same.correlation());
  SpreadStatistics some;  // |errors| 2, 1, 4
  some.add(1, -2), some.add(2, 1), some.add(3, 4);
  EXPECT_EQ(some.count(), 3U);
  EXPECT_DOUBLE_EQ(*some.rmsDeviation(), std::sqrt(14.0 / 3));
  EXPECT_DOUBLE_EQ(*some.rmsError(), std::sqrt(21.0 / 3));
  EXPECT_NEAR(*some.correlation(), 2 / std::sqrt(2 * 14.0 / 3), 1e-12);  // of (-1, 0, 1) and (-1, -4, 5) / 3
}

template <class ExecutionSpace>
class SpreadEvaluatorTest : public testing::Test {};
TYPED_TEST_SUITE(SpreadEvaluatorTest, test::ExecutionSpaces);

// A direction of the coefficients changes a prediction by its product with the row: the plain reference says by what.
TYPED_TEST(SpreadEvaluatorTest, IsTheNormOfWhatTheDirectionsChange) {
  auto const model = reference::testModel(8, {14, 8});
  auto const structures = reference::testStructures({14, 8});
  auto const basis = static_cast<int>(model.moment_coeffs.size());
  for (int const unknowns : {basis, basis + 2}) {
    CoefficientSpread spread;
    spread.scale = 1.5;
    reference::Random random(3);
    for (int k = 0; k < 3 * unknowns; ++k) spread.directions.push_back(random());
    auto const found = SpreadEvaluator<TypeParam>(model, spread, unknowns).evaluate(structures);
    ASSERT_EQ(found.size(), structures.size());
    for (std::size_t s = 0; s < structures.size(); ++s) {
      double energy = 0;
      std::vector<Vector3> forces(structures[s].size(), Vector3{});
      for (int d = 0; d < 3; ++d) {
        MtpModel change = model;
        for (int k = 0; k < basis; ++k) change.moment_coeffs[k] = spread.directions[d * unknowns + k];
        for (int t = 0; t < 2; ++t)
          change.species_coeffs[t] = unknowns > basis ? spread.directions[d * unknowns + basis + t] : 0;
        auto const r = reference::evaluateMtp(change, structures[s], reference::typesOf(model, structures[s]));
        energy += r.energy * r.energy;
        for (std::size_t i = 0; i < forces.size(); ++i)
          for (std::size_t x = 0; x < 3; ++x) forces[i][x] += r.forces[i][x] * r.forces[i][x];
      }
      // Sums over tens of basis functions and neighbours, each of a few roundings.
      double const expected = 1.5 * std::sqrt(energy);
      EXPECT_NEAR(found[s].energy, expected, 1e-11 * (1 + expected)) << s;
      ASSERT_EQ(found[s].forces.size(), forces.size());
      for (std::size_t i = 0; i < forces.size(); ++i)
        for (std::size_t x = 0; x < 3; ++x)
          EXPECT_NEAR(found[s].forces[i][x], 1.5 * std::sqrt(forces[i][x]), 1e-10 * (1 + std::sqrt(forces[i][x])));
    }
  }
  EXPECT_THROW(SpreadEvaluator<TypeParam>(model, {{1, 2, 3}, 1}, 3), InputError);
}

TEST(UncertaintyFile, KeepsEveryBit) {
  test::TemporaryFolder const folder;
  std::string const file = folder / "model.uncertainty.h5";
  EXPECT_EQ(uncertaintyFileOf(folder / "model.mtp"), file);
  auto const written = Problem(randomRows(60, 0.2, 4), 3, 0.1).uncertainty;
  writeUncertainty(file, written, "abc");
  auto const read = readUncertainty(file, "model.mtp", "abc");
  EXPECT_EQ(read.unknowns, written.unknowns);
  EXPECT_EQ(read.noise_variance, written.noise_variance);
  EXPECT_EQ(read.covariance.directions, written.covariance.directions);
  EXPECT_EQ(read.covariance.scale, written.covariance.scale);
  EXPECT_EQ(read.committee.directions, written.committee.directions);
  EXPECT_EQ(read.committee.scale, written.committee.scale);
  EXPECT_EQ(folder.count(), 1);
}

}  // namespace
}  // namespace sinter
