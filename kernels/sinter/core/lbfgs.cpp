#include "sinter/core/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace sinter {

namespace {

using Vector = std::vector<double>;

// a += factor b
void addScaled(Vector& a, double factor, Vector const& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
}

// Where the cubic through two points has its minimum, a tenth of the way from either end at least.
double betweenByCubic(LinePoint const& a, LinePoint const& b) {
  double const width = b.length - a.length;
  double const d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.length - b.length);
  double const d2 = std::copysign(std::sqrt(std::max(d1 * d1 - a.slope * b.slope, 0.0)), width);
  double const length = b.length - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  double const low = std::min(a.length, b.length) + 0.1 * std::abs(width),
               high = std::max(a.length, b.length) - 0.1 * std::abs(width);
  return length >= low && length <= high ? length : (low + high) / 2;
}

}  // namespace

double dot(Vector const& a, Vector const& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

void LbfgsPairs::clear() {
  steps.clear();
  changes.clear();
}

void LbfgsPairs::add(Vector step, Vector change, std::size_t most) {
  if (!(dot(step, change) > 1e-14 * std::sqrt(dot(step, step) * dot(change, change)))) return;
  steps.push_back(std::move(step));
  changes.push_back(std::move(change));
  if (steps.size() <= most) return;
  steps.erase(steps.begin());
  changes.erase(changes.begin());
}

Vector LbfgsPairs::direction(Vector const& gradient) const {
  Vector result = gradient, alpha(size());
  for (std::size_t k = size(); k-- > 0;) {
    alpha[k] = dot(steps[k], result) / dot(steps[k], changes[k]);
    addScaled(result, -alpha[k], changes[k]);
  }
  double const scale = size() == 0 ? 1 : dot(steps.back(), changes.back()) / dot(changes.back(), changes.back());
  for (double& x : result) x *= scale;
  for (std::size_t k = 0; k < size(); ++k)
    addScaled(result, alpha[k] - dot(changes[k], result) / dot(steps[k], changes[k]), steps[k]);
  for (double& x : result) x = -x;
  return result;
}

std::optional<LinePoint> searchLine(std::function<LinePoint(double)> const& evaluate, LinePoint const& origin,
                                    double first) {
  constexpr double decrease = 1e-4, curvature = 0.9;
  constexpr int most_evaluations = 25;
  auto const isHigh = [&](LinePoint const& p) {  // not a number counts as high
    return !(p.value <= origin.value + decrease * p.length * origin.slope);
  };
  auto const isFlat = [&](LinePoint const& p) { return std::abs(p.slope) <= -curvature * origin.slope; };

  LinePoint low = origin, high;  // `low` has the lowest value so far; a good length lies between the two
  bool is_bracketed = false;
  double length = first;
  for (int n = 0; n < most_evaluations; ++n) {
    LinePoint const p = evaluate(length);
    if (isHigh(p) || p.value >= low.value) {
      high = p;
      is_bracketed = true;
    } else {
      if (isFlat(p)) return p;
      if (is_bracketed ? p.slope * (high.length - low.length) >= 0 : p.slope >= 0) {
        high = low;
        is_bracketed = true;
      }
      low = p;
    }
    if (!is_bracketed)
      length *= 2;
    else
      length = std::isfinite(high.value) && std::isfinite(high.slope) ? betweenByCubic(low, high)
                                                                      : (low.length + high.length) / 2;
  }
  return {};
}

}  // namespace sinter
