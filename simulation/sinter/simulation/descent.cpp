#include "sinter/simulation/descent.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sinter {

namespace {

constexpr double decrease = 1e-4;
constexpr double rounding = 1e-14;  // of a value: sums of some hundred numbers
constexpr int most_trials = 15;
constexpr std::size_t remembered = 20;

}  // namespace

Descent::Descent(Vector start, double first_step) : _trial(std::move(start)), _first_step(first_step) {}

bool Descent::isLower(double value, Vector const& gradient) const {
  if (value <= _value + decrease * _length * _slope) return true;
  return value <= _value + rounding * std::abs(_value) && dot(gradient, _direction) <= (2 * decrease - 1) * _slope;
}

bool Descent::take(double value, Vector gradient, Limit const& limit) {
  if (_has_begun && !isLower(value, gradient)) {
    if (++_trials < most_trials) {
      double const parabola = -_slope * _length * _length / (2 * (value - _value - _slope * _length));
      _length = std::clamp(parabola, 0.1 * _length, 0.5 * _length);
      moveTrial();
    } else if (_pairs.size() > 0) {
      _pairs.clear();
      setOut(limit);
    } else {
      _is_stuck = true;
    }
    return false;
  }
  if (_has_begun) {
    Vector step(_trial), change(gradient);
    for (std::size_t i = 0; i < step.size(); ++i) {
      step[i] -= _point[i];
      change[i] -= _gradient[i];
    }
    _pairs.add(std::move(step), std::move(change), remembered);
  }
  _has_begun = true;
  _point = _trial;
  _value = value;
  _gradient = std::move(gradient);
  setOut(limit);
  return true;
}

void Descent::setOut(Limit const& limit) {
  _direction = _pairs.direction(_gradient);
  _slope = dot(_gradient, _direction);
  if (!(_slope < 0)) {  // rounding
    _pairs.clear();
    _direction = _pairs.direction(_gradient);
    _slope = dot(_gradient, _direction);
  }
  auto const shorten = [&](double factor) {
    for (double& d : _direction) d *= factor;
    _slope *= factor;
  };
  if (_pairs.size() == 0) shorten(_first_step);
  shorten(limit(_direction));
  _length = 1;
  _trials = 0;
  moveTrial();
}

void Descent::moveTrial() {
  for (std::size_t i = 0; i < _trial.size(); ++i) _trial[i] = _point[i] + _length * _direction[i];
}

}  // namespace sinter
