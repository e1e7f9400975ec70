/// \file
/// Radial coefficients by variable projection with L-BFGS steps, for radial spaces whose (radial, radial) matrices are
/// too large.
///
/// The projected loss phi(c) = min over x of |y - A(c) x|^2 has the gradient d|y - A(c) x|^2 / dc at the x that
/// minimises (envelope theorem): a pass for the normal equations of x, which are solved exactly, and one for the
/// gradient per evaluation; nothing is quadratic in the number of radial coefficients.
///
/// Gauge (see variable_projection.hpp). phi does not change along the orbits c_mu <- sum_{mu' <= mu} L_{mu,mu'} c_mu',
/// and its gradient is orthogonal to them. After each step c is orthonormalised; what L-BFGS remembers goes along:
/// steps transform as c does, gradients with the inverse transpose of L.
#pragma once

#include <vector>

#include "sinter/core/lbfgs.hpp"
#include "sinter/fitting/training_rows.hpp"
#include "sinter/fitting/variable_projection.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// Radial coefficients that minimise the projected loss, step by step.
template <class ExecutionSpace>
class ProjectedLbfgs {
 public:
  /// As of VariableProjection, but without a ridge, with which the gradient would not be that of phi.
  ProjectedLbfgs(TrainingRows<ExecutionSpace>& training, MtpModel start, std::vector<int> columns,
                 VarproOptions const& options);

  /// Goes on from a state (of the same model and options).
  void restore(VarproState const& state);

  /// One step: radial coefficients that reduce the loss. Returns false when there is nothing to do. Has converged when
  /// ten steps bring less than the tolerance.
  bool step();

  [[nodiscard]] VarproState const& state() const { return _state; }

  /// phi, and its gradient by c[z1][z2][mu][n], at other radial coefficients.
  [[nodiscard]] double evaluate(std::vector<double> const& radial, std::vector<double>& gradient);

 private:
  void fixGaugeOfAll();

  TrainingRows<ExecutionSpace>& _training;
  MtpModel _model;
  MtpRows _rows;
  std::vector<int> _columns;
  VarproOptions _options;
  VarproState _state;
};

}  // namespace sinter
