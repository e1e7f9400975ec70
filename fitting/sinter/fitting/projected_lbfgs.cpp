#include "sinter/fitting/projected_lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sinter/core/execution.hpp"
#include "sinter/linalg/dense.hpp"

namespace sinter {

namespace {

constexpr std::size_t most_pairs = 100;  // a pass costs more than all of them
constexpr std::size_t patience = 10;     // steps that together must bring something
constexpr double first_length = 1e-2;    // of the coefficients, where nothing is known of the curvature

}  // namespace

template <class ExecutionSpace>
ProjectedLbfgs<ExecutionSpace>::ProjectedLbfgs(TrainingRows<ExecutionSpace>& training, MtpModel start,
                                               std::vector<int> columns, VarproOptions const& options)
    : _training(training), _model(std::move(start)), _rows(_model), _columns(std::move(columns)), _options(options) {
  fixGauge(_model);
  _state.radial = _model.radial_coeffs;
}

template <class ExecutionSpace>
void ProjectedLbfgs<ExecutionSpace>::restore(VarproState const& state) {
  _state = state;
}

template <class ExecutionSpace>
double ProjectedLbfgs<ExecutionSpace>::evaluate(std::vector<double> const& radial, std::vector<double>& gradient) {
  _model.radial_coeffs = radial;
  _rows.setCoefficients(_model);
  auto const solution = solveLinearUnknowns(_training.linearPass(_rows), _columns, 0);
  MtpModel trained = _model;
  _training.putSolution(solution.x, trained);
  _rows.setCoefficients(trained);
  std::vector<double> by_all;
  double const loss = _training.lossGradient(_rows, trained, by_all);
  auto const first = by_all.begin() + static_cast<std::ptrdiff_t>(trained.moment_coeffs.size());
  gradient.assign(first, first + static_cast<std::ptrdiff_t>(radial.size()));
  return loss;
}

// c = M c' with orthonormal c': steps become M^-1 s, gradients M^T g.
template <class ExecutionSpace>
void ProjectedLbfgs<ExecutionSpace>::fixGaugeOfAll() {
  auto const functions = static_cast<std::size_t>(_model.radial_funcs_count),
             size = static_cast<std::size_t>(_model.radial_basis_size), pairs = _state.radial.size() / functions / size;
  _model.radial_coeffs = _state.radial;
  fixGauge(_model);
  auto const forAll = [&](std::size_t a, std::size_t b, auto const& body) {  // numbers of functions a and b
    for (std::size_t pair = 0; pair < pairs; ++pair)
      for (std::size_t n = 0; n < size; ++n) body((pair * functions + a) * size + n, (pair * functions + b) * size + n);
  };
  std::vector<double> mixing(functions * functions, 0.0);  // M, row-major
  for (std::size_t mu = 0; mu < functions; ++mu)
    for (std::size_t from = 0; from <= mu; ++from)
      forAll(mu, from, [&](std::size_t i, std::size_t j) {
        mixing[mu * functions + from] += _state.radial[i] * _model.radial_coeffs[j];
      });
  auto const transformStep = [&](std::vector<double>& step) {
    for (std::size_t mu = 0; mu < functions; ++mu) {
      for (std::size_t from = 0; from < mu; ++from)
        forAll(mu, from, [&](std::size_t i, std::size_t j) { step[i] -= mixing[mu * functions + from] * step[j]; });
      forAll(mu, mu, [&](std::size_t i, std::size_t) { step[i] /= mixing[mu * functions + mu]; });
    }
  };
  auto const transformGradient = [&](std::vector<double>& gradient) {
    for (std::size_t into = 0; into < functions; ++into) {  // rows of M^T need later ones as they were
      forAll(into, into, [&](std::size_t i, std::size_t) { gradient[i] *= mixing[into * functions + into]; });
      for (std::size_t mu = into + 1; mu < functions; ++mu)
        forAll(into, mu,
               [&](std::size_t i, std::size_t j) { gradient[i] += mixing[mu * functions + into] * gradient[j]; });
    }
  };
  _state.radial = _model.radial_coeffs;
  transformGradient(_state.gradient);
  for (auto& step : _state.pairs.steps) transformStep(step);
  for (auto& change : _state.pairs.changes) transformGradient(change);
}

template <class ExecutionSpace>
bool ProjectedLbfgs<ExecutionSpace>::step() {
  if (_state.converged || _state.iterations >= _options.max_iterations) return false;
  OneBlasThread const guard;  // the same bits whatever the number of threads
  if (_state.gradient.empty()) {
    _state.loss = evaluate(_state.radial, _state.gradient);
    _state.recent_losses = {_state.loss};
  }
  while (true) {
    auto const direction = _state.pairs.direction(_state.gradient);
    LinePoint const origin{0, _state.loss, dot(direction, _state.gradient)};
    bool const is_steepest = _state.pairs.size() == 0;
    std::vector<double> radial, gradient;
    auto const moveTo = [&](double length) {
      radial = _state.radial;
      for (std::size_t i = 0; i < radial.size(); ++i) radial[i] += length * direction[i];
      double const loss = evaluate(radial, gradient);
      return LinePoint{length, loss, dot(gradient, direction)};
    };
    double const size = std::sqrt(dot(_state.radial, _state.radial) / dot(direction, direction));
    auto const found = origin.slope < 0 ? searchLine(moveTo, origin, is_steepest ? first_length * size : 1)
                                        : std::optional<LinePoint>();
    if (!found && is_steepest) {
      _state.converged = true;
      return false;
    }
    if (!found) {
      _state.pairs.clear();
      continue;
    }
    std::vector<double> moved(radial.size()), turned(radial.size());
    for (std::size_t i = 0; i < radial.size(); ++i) {
      moved[i] = radial[i] - _state.radial[i];
      turned[i] = gradient[i] - _state.gradient[i];
    }
    _state.pairs.add(std::move(moved), std::move(turned), most_pairs);
    _state.radial = std::move(radial);
    _state.gradient = std::move(gradient);
    _state.loss = found->value;
    fixGaugeOfAll();
    ++_state.iterations;
    auto& losses = _state.recent_losses;
    losses.push_back(_state.loss);
    if (losses.size() > patience + 1) losses.erase(losses.begin());
    _state.converged = losses.size() > patience && losses.front() - losses.back() < _options.tolerance * losses.front();
    return true;
  }
}

#define SINTER_INSTANTIATE(SPACE) template class ProjectedLbfgs<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
