/// \file
/// Regularised solutions of a least-squares problem from its triangular factor: the whole ridge path, truncation,
/// Bayesian evidence and cross-validation without going through the rows again.
#pragma once

#include <span>
#include <vector>

#include "sinter/linalg/least_squares.hpp"

namespace sinter {

/// A factor in terms of its singular values, columns of norm 1. Cost: one singular value decomposition, O(n^3).
class RegularizedLeastSquares {
 public:
  /// \param kept columns that take part; the others are zero in every solution
  RegularizedLeastSquares(TriangularFactor const& factor, std::vector<int> kept);

  /// min |A x - b|^2 + ridge |D x|^2, D = norms of the columns. \param ridge >= 0
  [[nodiscard]] std::vector<double> solve(double ridge) const;

  /// The solution with the `rank` largest singular values alone.
  [[nodiscard]] std::vector<double> truncated(int rank) const;

  /// The ridge with the largest Bayesian evidence: prior D x ~ N(0, 1 / alpha), noise ~ N(0, 1 / beta), ridge = alpha /
  /// beta by fixed-point iteration.
  /// Source: MacKay, Neural Comput. 4, 415 (1992).
  [[nodiscard]] double evidenceRidge() const;

  /// How many unknowns the rows determine against the ridge, sum_i s_i^2 / (s_i^2 + ridge). Source: as above, gamma.
  [[nodiscard]] double effectiveUnknowns(double ridge) const;

  /// Singular values, descending.
  [[nodiscard]] std::vector<double> const& spectrum() const { return _s; }

  /// Covariance of x over the variance of the noise, (A^T A + ridge D^2)^-1: square root C with covariance C C^T,
  /// (columns, kept) column-major.
  [[nodiscard]] std::vector<double> covarianceRoot(double ridge) const;

 private:
  [[nodiscard]] std::vector<double> combine(std::vector<double> const& amplitudes) const;

  int _columns;
  std::vector<int> _kept;
  std::vector<double> _norms, _s, _vt, _projection;  // of the kept columns; U^T Q^T b
  double _rest;                                      // squared norm of b outside the range of the kept columns
  double _rows;
};

/// What cross-validation says of one ridge.
struct RidgeScore {
  double ridge = 0;
  double error = 0;  ///< see `heldOutError`
};

/// The problems of all rows but those of one fold, for each fold.
/// \param folds factors of the rows of each, at least two of the same unknowns
[[nodiscard]] std::vector<RegularizedLeastSquares> withoutEachFold(std::span<TriangularFactor const> folds,
                                                                   std::vector<int> const& kept);

/// The error of one ridge: sum over folds of |A x - b|^2 of the fold, x from the other folds.
/// \param without from `withoutEachFold`
[[nodiscard]] double heldOutError(std::span<TriangularFactor const> folds,
                                  std::span<RegularizedLeastSquares const> without, double ridge);

/// Scores of a range of ridges. \param without from `withoutEachFold`
[[nodiscard]] std::vector<RidgeScore> crossValidate(std::span<TriangularFactor const> folds,
                                                    std::span<RegularizedLeastSquares const> without);

/// The ridge with the smallest error.
[[nodiscard]] RidgeScore bestRidge(std::span<RidgeScore const> scores);

}  // namespace sinter
