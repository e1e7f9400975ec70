#include "sinter/fitting/variable_projection.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/linalg/dense.hpp"

namespace sinter {

namespace {

constexpr double least_gain = 1e-3;  // of what the linear model promised, for a step to count
constexpr double largest_damping = 1e8;

std::size_t at(std::size_t row, std::size_t column, std::size_t rows) { return column * rows + row; }

// A^T A of the columns that take part, scaled to columns of norm 1, and its Cholesky factor with the ridge; more of it
// where the matrix is not positive definite.
struct ScaledNormalMatrix {
  std::vector<double> norms, matrix;
  double ridge;
  Cholesky factor;

  static ScaledNormalMatrix of(LinearNormalEquations const& normal, std::vector<int> const& columns, double ridge) {
    auto const n = columns.size();
    std::vector<double> norms(n), matrix(n * n);
    for (std::size_t i = 0; i < n; ++i) {
      norms[i] = std::sqrt(normal(columns[i], columns[i]));
      if (!(norms[i] > 0)) norms[i] = 1;
    }
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) matrix[at(i, j, n)] = normal(columns[i], columns[j]) / (norms[i] * norms[j]);
    for (; ridge < 1e-2; ridge = std::max(10 * ridge, 1e-14)) {
      auto shifted = matrix;
      for (std::size_t i = 0; i < n; ++i) shifted[at(i, i, n)] += ridge;
      if (auto factor = Cholesky::factorize(std::move(shifted), static_cast<int>(n)))
        return {std::move(norms), std::move(matrix), ridge, *std::move(factor)};
    }
    throw SystemError("variable projection: the normal equations are not positive definite");
  }
};

}  // namespace

LinearSolution solveLinearUnknowns(LinearNormalEquations const& normal, std::vector<int> const& columns, double ridge) {
  auto const scaled = ScaledNormalMatrix::of(normal, columns, ridge);
  auto const n = columns.size();
  std::vector<double> right(n);
  for (std::size_t i = 0; i < n; ++i) right[i] = normal(columns[i], normal.columns) / scaled.norms[i];
  auto x = right;
  scaled.factor.solve(x.data(), 1);
  LinearSolution solution;
  double penalty = 0, fit = 0;
  for (std::size_t i = 0; i < n; ++i) {
    double product = 0;
    for (std::size_t j = 0; j < n; ++j) product += scaled.matrix[at(i, j, n)] * x[j];
    fit += x[i] * (product - 2 * right[i]);
    penalty += scaled.ridge * x[i] * x[i];
  }
  solution.loss = std::max(normal(normal.columns, normal.columns) + fit, 0.0);
  solution.objective = solution.loss + penalty;
  solution.x.assign(static_cast<std::size_t>(normal.columns), 0.0);
  for (std::size_t i = 0; i < n; ++i) solution.x[static_cast<std::size_t>(columns[i])] = x[i] / scaled.norms[i];
  return solution;
}

std::vector<double> gaugeDirections(MtpModel const& model) {
  auto const functions = static_cast<std::size_t>(model.radial_funcs_count),
             size = static_cast<std::size_t>(model.radial_basis_size);
  std::size_t const all = model.radial_coeffs.size(), pairs = all / (functions * size);
  std::vector<double> directions;
  for (std::size_t mu = 0; mu < functions; ++mu)
    for (std::size_t from = 0; from <= mu; ++from) {
      std::vector<double> direction(all, 0.0);
      for (std::size_t pair = 0; pair < pairs; ++pair)
        for (std::size_t n = 0; n < size; ++n)
          direction[(pair * functions + mu) * size + n] = model.radial_coeffs[(pair * functions + from) * size + n];
      directions.insert(directions.end(), direction.begin(), direction.end());
    }
  return directions;
}

void fixGauge(MtpModel& model) {
  auto const functions = static_cast<std::size_t>(model.radial_funcs_count),
             size = static_cast<std::size_t>(model.radial_basis_size);
  std::size_t const pairs = model.radial_coeffs.size() / (functions * size);
  auto const c = [&](std::size_t pair, std::size_t mu, std::size_t n) -> double& {
    return model.radial_coeffs[(pair * functions + mu) * size + n];
  };
  auto const forAll = [&](auto const& body) {
    for (std::size_t pair = 0; pair < pairs; ++pair)
      for (std::size_t n = 0; n < size; ++n) body(pair, n);
  };
  for (std::size_t mu = 0; mu < functions; ++mu) {
    for (int twice = 0; twice < 2; ++twice)  // Gram-Schmidt, again for what rounding left
      for (std::size_t other = 0; other < mu; ++other) {
        double product = 0;
        forAll([&](std::size_t pair, std::size_t n) { product += c(pair, mu, n) * c(pair, other, n); });
        forAll([&](std::size_t pair, std::size_t n) { c(pair, mu, n) -= product * c(pair, other, n); });
      }
    double norm = 0;
    forAll([&](std::size_t pair, std::size_t n) { norm = std::hypot(norm, c(pair, mu, n)); });
    if (!(norm > 1e-13))
      throw InputError("found radial functions that depend on each other, expected independent ones");
    forAll([&](std::size_t pair, std::size_t n) { c(pair, mu, n) /= norm; });
  }
  model.moment_coeffs.clear();
  model.species_coeffs.clear();
}

template <class ExecutionSpace>
std::vector<int> independentColumns(TrainingRows<ExecutionSpace>& training, MtpModel const& model, double tolerance) {
  OneBlasThread const guard;  // the same bits whatever the number of threads
  MtpRows rows(model);
  rows.setCoefficients(model);
  (void)training.linearPass(rows);  // rows that are kept are those of this model
  StreamedLeastSquares all(training.linearColumns(rows));
  for (auto const& factor : training.factors(rows, 1)) all.append(factor);
  return all.solve(tolerance).kept;
}

template <class ExecutionSpace>
VariableProjection<ExecutionSpace>::VariableProjection(TrainingRows<ExecutionSpace>& training, MtpModel start,
                                                       std::vector<int> columns, VarproOptions const& options)
    : _training(training), _model(std::move(start)), _rows(_model), _columns(std::move(columns)), _options(options) {
  fixGauge(_model);
  _state.radial = _model.radial_coeffs;
}

template <class ExecutionSpace>
void VariableProjection<ExecutionSpace>::restore(VarproState const& state) {
  _state = state;
  _model.radial_coeffs = state.radial;
  _is_evaluated = false;
}

template <class ExecutionSpace>
void VariableProjection<ExecutionSpace>::evaluate(MtpModel const& model, LinearSolution& solution,
                                                  LinearNormalEquations& normal) {
  _rows.setCoefficients(model);
  normal = _training.linearPass(_rows);
  _rows_of = model.radial_coeffs;
  solution = solveLinearUnknowns(normal, _columns, _options.ridge);
}

template <class ExecutionSpace>
typename VariableProjection<ExecutionSpace>::Linearization VariableProjection<ExecutionSpace>::linearize() {
  if (!_is_evaluated || _rows_of != _model.radial_coeffs) {  // a step that failed leaves rows of its own
    evaluate(_model, _solution, _normal);
    _state.loss = _solution.loss;
    _is_evaluated = true;
  }
  MtpModel trained = _model;
  _training.putSolution(_solution.x, trained);
  _rows.setCoefficients(trained);
  auto const radial = _training.radialPass(_rows);

  auto const n = _columns.size(), c = static_cast<std::size_t>(radial.columns);
  Linearization result{radial.gram, std::vector<double>(c)};
  for (std::size_t i = 0; i < c; ++i) {
    double sum = radial.cross[at(i, static_cast<std::size_t>(_normal.columns), c)];
    for (int const k : _columns)
      sum -= radial.cross[at(i, static_cast<std::size_t>(k), c)] * _solution.x[static_cast<std::size_t>(k)];
    result.gradient[i] = sum;
  }
  // S = J^T J - W^T W with W = L^-1 A^T J, on columns of norm 1.
  auto const scaled = ScaledNormalMatrix::of(_normal, _columns, _options.ridge);
  std::vector<double> w(n * c);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < c; ++j)
      w[at(i, j, n)] = radial.cross[at(j, static_cast<std::size_t>(_columns[i]), c)] / scaled.norms[i];
  scaled.factor.solveLower(w.data(), static_cast<int>(c));
  for (std::size_t i = 0; i < c; ++i)
    for (std::size_t j = 0; j < c; ++j) {
      double product = 0;
      for (std::size_t k = 0; k < n; ++k) product += w[at(k, i, n)] * w[at(k, j, n)];
      result.schur[at(i, j, c)] -= product;
    }
  return result;
}

// (Z^T S Z + damping diag) z = Z^T gradient in the complement Z of the gauge.
template <class ExecutionSpace>
std::optional<std::vector<double>> VariableProjection<ExecutionSpace>::solveStep(Linearization const& lin,
                                                                                 double damping,
                                                                                 double& predicted) const {
  auto const all = lin.gradient.size();
  auto const gauge = static_cast<std::size_t>(_model.radial_funcs_count * (_model.radial_funcs_count + 1) / 2);
  auto const free = all - gauge;
  if (free == 0) return {};
  auto const basis = orthonormalBasis(gaugeDirections(_model), static_cast<int>(all), static_cast<int>(gauge));
  double const* const z = basis.data() + gauge * all;
  auto const size = static_cast<int>(all), reduced = static_cast<int>(free);
  std::vector<double> schur_z(all * free, 0.0), matrix(free * free, 0.0), right(free, 0.0);
  addMatrixProduct(lin.schur.data(), z, size, reduced, size, schur_z.data());
  for (std::size_t i = 0; i < free; ++i) {
    for (std::size_t j = 0; j < free; ++j)
      for (std::size_t k = 0; k < all; ++k) matrix[at(i, j, free)] += z[at(k, i, all)] * schur_z[at(k, j, all)];
    for (std::size_t k = 0; k < all; ++k) right[i] += z[at(k, i, all)] * lin.gradient[k];
  }
  double largest = 0;
  for (std::size_t i = 0; i < free; ++i) largest = std::max(largest, matrix[at(i, i, free)]);
  auto damped = matrix;
  for (std::size_t i = 0; i < free; ++i)
    damped[at(i, i, free)] += damping * std::max(matrix[at(i, i, free)], 1e-6 * largest) + 1e-14 * largest;
  auto const factor = Cholesky::factorize(std::move(damped), reduced);
  if (!factor) return {};
  auto solution = right;
  factor->solve(solution.data(), 1);
  predicted = 0;  // |r|^2 - |r - J dc|^2 of the projected problem
  for (std::size_t i = 0; i < free; ++i) {
    predicted += 2 * solution[i] * right[i];
    for (std::size_t j = 0; j < free; ++j) predicted -= solution[i] * matrix[at(i, j, free)] * solution[j];
  }
  std::vector<double> step(all, 0.0);
  for (std::size_t i = 0; i < free; ++i)
    for (std::size_t k = 0; k < all; ++k) step[k] += z[at(k, i, all)] * solution[i];
  return step;
}

template <class ExecutionSpace>
bool VariableProjection<ExecutionSpace>::step() {
  if (_state.converged || _state.iterations >= _options.max_iterations) return false;
  OneBlasThread const guard;  // the same bits whatever the number of threads
  auto const linearization = linearize();
  auto const reject = [&] {
    _state.damping *= _state.growth;
    _state.growth *= 2;
  };
  while (_state.damping < largest_damping) {
    double predicted = 0;
    auto const change = solveStep(linearization, _state.damping, predicted);
    if (!change) {
      reject();
      continue;
    }
    if (!(predicted > 0.1 * _options.tolerance * _solution.objective)) break;
    MtpModel trial = _model;
    for (std::size_t i = 0; i < trial.radial_coeffs.size(); ++i) trial.radial_coeffs[i] += (*change)[i];
    fixGauge(trial);
    LinearSolution solution;
    LinearNormalEquations normal;
    evaluate(trial, solution, normal);
    double const gain = (_solution.objective - solution.objective) / predicted;
    if (!(gain > least_gain)) {
      reject();
      continue;
    }
    double const progress = 1 - solution.objective / _solution.objective, excess = 2 * gain - 1;
    _state.damping = std::max(_state.damping * std::max(1.0 / 3, 1 - excess * excess * excess), 1e-12);
    _state.growth = 2;
    _model = std::move(trial);
    _state.radial = _model.radial_coeffs;
    _normal = std::move(normal);
    _solution = std::move(solution);
    _state.loss = _solution.loss;
    ++_state.iterations;
    _state.converged = progress < _options.tolerance;
    return true;
  }
  _state.converged = true;
  return false;
}

template <class ExecutionSpace>
MtpModel VariableProjection<ExecutionSpace>::model() const {
  MtpModel result = _model;
  if (_is_evaluated) _training.putSolution(_solution.x, result);
  return result;
}

template <class ExecutionSpace>
std::vector<double> VariableProjection<ExecutionSpace>::projectedGram() {
  return linearize().schur;
}

#define SINTER_INSTANTIATE(SPACE)           \
  template class VariableProjection<SPACE>; \
  template std::vector<int> independentColumns(TrainingRows<SPACE>&, MtpModel const&, double);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
