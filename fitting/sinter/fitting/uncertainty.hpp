/// \file
/// How far the predictions of a fitted potential can be trusted: standard deviations from the spread of its linear
/// coefficients, by two methods. Both are linear in the rows of the fit (docs/fitting.md, "Uncertainty").
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/species_map.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/linalg/regularized.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_rows.hpp"

namespace sinter {

/// A spread of the linear coefficients x: a prediction b . x has the standard deviation  scale |D b|.
struct CoefficientSpread {
  std::vector<double> directions;  ///< D, (directions, unknowns): xi_k, then species energies unless they are fixed
  double scale = 1;                ///< by which cross-validation found D too small; 1 where there was none
};

/// What a fit knows of its own errors.
struct FitUncertainty {
  int unknowns = 0;           ///< basis functions, and species energies unless they are fixed
  double noise_variance = 0;  ///< of an equation with weight 1
  /// Bayesian ridge: posterior covariance D^T D = noise_variance (A^T A + ridge diag(norms)^2)^-1.
  CoefficientSpread covariance;
  /// Solutions x_f without one of k folds, same ridge; D_f = sqrt((k - 1) / k) (x_f - mean): the jackknife. Empty with
  /// a single fold.
  CoefficientSpread committee;
};

/// Uncertainty of the solution of a ridge regression, from triangular factors alone.
///
///   noise_variance = |A x - b|^2 / (rows - sum_i s_i^2 / (s_i^2 + ridge))
///   scale^2        = sum_f |A_f x_f - b_f|^2 / sum_f |A_f D^T|^2       (f: held-out fold)
///
/// \param problem all rows \param without the same without one fold each; may be empty
/// \param residual |A x - b|^2 at the solution, \param rows number of equations
/// Source: MacKay, Neural Comput. 4, 415 (1992) (covariance, noise); Efron and Stein, Ann. Stat. 9, 586 (1981)
/// (jackknife, here with groups).
/// Cost: folds * unknowns^3 flops.
[[nodiscard]] FitUncertainty estimateUncertainty(RegularizedLeastSquares const& problem,
                                                 std::span<TriangularFactor const> folds,
                                                 std::span<RegularizedLeastSquares const> without, double ridge,
                                                 double residual, std::size_t rows);

/// Standard deviations of what a potential says of one structure.
struct PredictionSpread {
  double energy = 0;            ///< (eV), of the whole structure
  std::vector<Vector3> forces;  ///< (eV/A), of each component
};

/// A potential with a spread of its coefficients.
template <class ExecutionSpace>
class SpreadEvaluator {
 public:
  /// \throws InputError when the spread is not one of `model`: its number of unknowns.
  SpreadEvaluator(MtpModel const& model, CoefficientSpread spread, int unknowns);

  /// Standard deviations for structures (checked ones), on the host. \throws InputError for unknown species.
  /// Cost: the rows of a fit, and directions times more; memory: the rows of a structure per thread.
  [[nodiscard]] std::vector<PredictionSpread> evaluate(std::span<Structure const> structures) const;

 private:
  MtpRows _rows;
  SpeciesMap _species_map;
  double _max_dist, _scale;
  int _width = 0, _count = 0;  // columns of the rows: basis functions, species, padding; directions
  bool _has_species;
  std::vector<double> _directions;  // (_count, _width), column-major
};

/// Predicted standard deviations beside true errors, number by number.
class SpreadStatistics {
 public:
  void add(double deviation, double error);

  [[nodiscard]] std::size_t count() const { return _count; }

  /// Root mean squares; nothing when nothing was added.
  [[nodiscard]] std::optional<double> rmsDeviation() const;
  [[nodiscard]] std::optional<double> rmsError() const;

  /// Pearson's correlation of the deviation and |error|; nothing when one of them is the same everywhere.
  [[nodiscard]] std::optional<double> correlation() const;

 private:
  std::size_t _count = 0;
  double _deviation = 0, _error = 0, _deviation2 = 0, _error2 = 0, _product = 0;  // sums
};

}  // namespace sinter
