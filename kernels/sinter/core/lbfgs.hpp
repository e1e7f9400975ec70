/// \file
/// Limited-memory BFGS: directions from the last steps, and a line search with the strong Wolfe conditions.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace sinter {

/// The product of two vectors of one length.
[[nodiscard]] double dot(std::vector<double> const& a, std::vector<double> const& b);

/// The last steps s and the changes y of the gradient along them.
struct LbfgsPairs {
  std::vector<std::vector<double>> steps, changes;  ///< oldest first

  [[nodiscard]] std::size_t size() const { return steps.size(); }
  void clear();

  /// Takes a pair in, unless s . y > 0 does not hold; the oldest of more than `most` is forgotten.
  void add(std::vector<double> step, std::vector<double> change, std::size_t most);

  /// -H g with the inverse Hessian H that the pairs make of s . y / y . y (of the last pair); -g without pairs.
  /// Source: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithm 7.4. Cost: 4 pairs * unknowns.
  [[nodiscard]] std::vector<double> direction(std::vector<double> const& gradient) const;
};

/// A point on a line: how far along the direction, the function there, and its derivative by the length.
struct LinePoint {
  double length = 0, value = 0, slope = 0;
};

/// Looks for a length t > 0 with the strong Wolfe conditions f(t) <= f(0) + 1e-4 t f'(0) and |f'(t)| <= 0.9 |f'(0)|.
/// \param evaluate value and slope at a length; the length that is found was evaluated last
/// \param origin at length 0, its slope negative
/// \param first length to try
/// \returns nothing after 25 evaluations
/// Source: Nocedal and Wright, algorithms 3.5 and 3.6, cubic interpolation (3.59).
[[nodiscard]] std::optional<LinePoint> searchLine(std::function<LinePoint(double)> const& evaluate,
                                                  LinePoint const& origin, double first);

}  // namespace sinter
