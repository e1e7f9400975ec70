/// \file
/// The radial coefficients of a moment tensor potential by variable projection and Levenberg-Marquardt steps.
///
/// The loss is min over x of |y - A(c) x|^2 (x: linear unknowns, c: radial coefficients). With the derivatives J of the
/// prediction A x by c, Kaufman's form of the projected Jacobian is -(1 - A A^+) J, so that a Gauss-Newton step solves
///   S dc = J^T (y - A x),   S = J^T J - J^T A (A^T A)^-1 A^T J,
/// made of one Gram matrix of the columns [A J y], which is summed in a pass over the structures.
///
/// Gauge. A basis function is a contraction of tensors M_{mu,nu} = sum_j f_mu u^nu with levels that grow with mu, and
/// the tables hold every contraction up to a level: replacing f_mu by sum_{mu' <= mu} L_{mu,mu'} f_mu' (one matrix L
/// for all pairs of species, because x is common to them) leaves the span of the basis as it is. So the K (K + 1) / 2
/// directions dc[z1][z2][mu] = c[z1][z2][mu'], mu' <= mu, are null directions of S, whatever the data. Steps are taken
/// in their orthogonal complement, and L is chosen such that the coefficient vectors of the f_mu are orthonormal.
#pragma once

#include <optional>
#include <vector>

#include "sinter/core/lbfgs.hpp"
#include "sinter/fitting/training_rows.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// Where a fit of radial coefficients stands; all that a continued run needs.
struct VarproState {
  std::vector<double> radial;  ///< c[z1][z2][mu][n]
  double damping = 1e-3;       ///< of the next step, relative to the diagonal of S
  double growth = 2;           ///< of the damping when the next step fails
  int iterations = 0;          ///< steps taken
  double loss = 0;             ///< sum of weighted squared residuals at `radial`
  bool converged = false;
  // What L-BFGS steps remember (projected_lbfgs.hpp); empty before them.
  std::vector<double> gradient;       ///< of the loss by `radial`
  LbfgsPairs pairs;                   ///< of the last steps
  std::vector<double> recent_losses;  ///< at `radial` and before
};

struct VarproOptions {
  double ridge = 1e-12;     ///< on columns of norm 1, while radial coefficients move
  double tolerance = 1e-4;  ///< stop when a step promises or brings less than this part of the loss
  int max_iterations = 50;
};

/// Directions that leave the basis' span unchanged, (coefficients, K (K + 1) / 2) column-major: see above.
[[nodiscard]] std::vector<double> gaugeDirections(MtpModel const& model);

/// Replaces the radial functions by combinations f_mu <- sum_{mu' <= mu} L_{mu,mu'} f_mu' whose coefficient vectors
/// (all pairs of species together) are orthonormal. Linear coefficients no longer fit and are dropped.
void fixGauge(MtpModel& model);

/// Solution of the linear unknowns for given normal equations.
struct LinearSolution {
  std::vector<double> x;
  double loss = 0;       ///< |y - A x|^2
  double objective = 0;  ///< the same plus the penalty of the ridge
};

/// The linear unknowns `columns` by normal equations; the others are zero. \param ridge on columns of norm 1, at least:
/// more is taken where the matrix is not positive definite \throws SystemError when nothing makes it so
[[nodiscard]] LinearSolution solveLinearUnknowns(LinearNormalEquations const& normal, std::vector<int> const& columns,
                                                 double ridge);

/// Radial coefficients that minimise the loss, step by step.
template <class ExecutionSpace>
class VariableProjection {
 public:
  /// \param start with radial coefficients; gauge-fixed here
  /// \param columns linear unknowns that take part (see `independentColumns`)
  VariableProjection(TrainingRows<ExecutionSpace>& training, MtpModel start, std::vector<int> columns,
                     VarproOptions const& options);

  /// Goes on from a state (of the same model and options).
  void restore(VarproState const& state);

  /// One step: radial coefficients that reduce the loss, or convergence. Returns false when there is nothing to do.
  bool step();

  [[nodiscard]] VarproState const& state() const { return _state; }

  /// The model at the current coefficients; linear ones by the normal equations.
  [[nodiscard]] MtpModel model() const;

  /// The rows of the model at its current coefficients, for a final solution.
  [[nodiscard]] MtpRows const& rows() const { return _rows; }

  /// S at the current coefficients, (radial, radial) column-major: what the tests of the gauge look at.
  [[nodiscard]] std::vector<double> projectedGram();

 private:
  struct Linearization {
    std::vector<double> schur, gradient;  // S and J^T (y - A x)
  };
  void evaluate(MtpModel const& model, LinearSolution& solution, LinearNormalEquations& normal);
  [[nodiscard]] Linearization linearize();
  [[nodiscard]] std::optional<std::vector<double>> solveStep(Linearization const& at, double damping,
                                                             double& predicted) const;

  TrainingRows<ExecutionSpace>& _training;
  MtpModel _model;
  MtpRows _rows;
  std::vector<int> _columns;
  VarproOptions _options;
  VarproState _state;
  LinearNormalEquations _normal;
  LinearSolution _solution;
  bool _is_evaluated = false;
  std::vector<double> _rows_of;  // radial coefficients of the last linear pass
};

/// What rounding leaves of a column of norm 1 that depends on others.
inline constexpr double rank_tolerance = 1e-11;

/// Linear unknowns that do not depend on others, ascending: by pivoted QR of the training rows at the coefficients of
/// `model`. A dependent basis function depends on others for every choice of radial functions, so that the set holds
/// for all of a fit.
/// \param tolerance below which what is left of a column of norm 1 counts as nothing
template <class ExecutionSpace>
[[nodiscard]] std::vector<int> independentColumns(TrainingRows<ExecutionSpace>& training, MtpModel const& model,
                                                  double tolerance = rank_tolerance);

}  // namespace sinter
