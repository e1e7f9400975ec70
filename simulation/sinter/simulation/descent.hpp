/// \file
/// Minimisation of a function that somebody else evaluates, a point at a time, so that many descents share launches.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "sinter/core/lbfgs.hpp"

namespace sinter {

/// L-BFGS with steps that always lead down: a step is halved (or goes to the minimum of the parabola through what is
/// known) until the value has decreased by 1e-4 of what the slope promises, or the slope itself by as much where the
/// value changes by rounding only. Pairs with negative curvature are not remembered; where a direction leads nowhere,
/// what is remembered is forgotten, and the descent goes on along the gradient.
///
/// Source: J. Nocedal and S. J. Wright, Numerical Optimization, 2nd ed., algorithm 7.5 with backtracking (algorithm
/// 3.1); W. W. Hager and H. Zhang, SIAM J. Optim. 16, 170 (2005), eq. (4.1), for the decrease of the slope.
class Descent {
 public:
  using Vector = std::vector<double>;
  using Limit = std::function<double(Vector const&)>;

  /// \param start the first point
  /// \param first_step by which the gradient is multiplied where no curvature is known
  Descent(Vector start, double first_step);

  /// Where the function is to be evaluated.
  [[nodiscard]] Vector const& point() const { return _trial; }

  /// Takes value and gradient at `point` (finite) and goes on to the next point.
  /// \param limit by what a step is to be multiplied so that it is not too long (at most 1)
  /// \returns whether `point` was a step down; the value of steps down never rises but by rounding.
  bool take(double value, Vector gradient, Limit const& limit);

  /// No lower point was found along the gradient: the function is flat but for rounding, or has a kink.
  [[nodiscard]] bool isStuck() const { return _is_stuck; }

 private:
  [[nodiscard]] bool isLower(double value, Vector const& gradient) const;
  void setOut(Limit const& limit);
  void moveTrial();

  Vector _point, _gradient, _direction, _trial;
  LbfgsPairs _pairs;
  double _value = 0, _slope = 0, _length = 0, _first_step;
  int _trials = 0;
  bool _has_begun = false, _is_stuck = false;
};

}  // namespace sinter
