#include "sinter/linalg/regularized.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/linalg/dense.hpp"

namespace sinter {

namespace {

constexpr double smallest_relative_value = 1e-13;  // singular values below this are rounding

}  // namespace

RegularizedLeastSquares::RegularizedLeastSquares(TriangularFactor const& factor, std::vector<int> kept)
    : _columns(factor.columns), _kept(std::move(kept)), _rows(static_cast<double>(factor.rows)) {
  int const size = factor.columns + 1, n = static_cast<int>(_kept.size());
  std::vector<double> matrix(static_cast<std::size_t>(size) * size), right(static_cast<std::size_t>(size));
  auto const entry = [&](int row, int column) { return factor.r[static_cast<std::size_t>(column) * size + row]; };
  _norms.assign(static_cast<std::size_t>(n), 0.0);
  for (int c = 0; c < n; ++c) {
    auto const index = static_cast<std::size_t>(c);
    for (int r = 0; r < size; ++r) _norms[index] = std::hypot(_norms[index], entry(r, _kept[index]));
    if (_norms[index] == 0) _norms[index] = 1;
    for (int r = 0; r < size; ++r)
      matrix[static_cast<std::size_t>(c) * size + r] = entry(r, _kept[index]) / _norms[index];
  }
  // Kept columns alone are a (size, n) matrix, zero columns make it square.
  auto decomposition = singularValues(std::move(matrix), size);
  _s.assign(decomposition.s.begin(), decomposition.s.begin() + n);
  _vt.resize(static_cast<std::size_t>(n) * n);
  // Right singular vectors of the zero columns have the singular value zero and come last; among equal zeros the order
  // is open, but then their part of a solution is dropped anyway.
  for (int c = 0; c < n; ++c)
    for (int i = 0; i < n; ++i)
      _vt[static_cast<std::size_t>(c) * n + i] = decomposition.vt[static_cast<std::size_t>(c) * size + i];
  double total = 0, reached = 0;
  for (int r = 0; r < size; ++r) {
    right[static_cast<std::size_t>(r)] = entry(r, factor.columns);
    total += right[static_cast<std::size_t>(r)] * right[static_cast<std::size_t>(r)];
  }
  _projection.resize(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    double sum = 0;
    for (int r = 0; r < size; ++r)
      sum += decomposition.u[static_cast<std::size_t>(i) * size + r] * right[static_cast<std::size_t>(r)];
    _projection[static_cast<std::size_t>(i)] = sum;
    reached += sum * sum;
  }
  _rest = std::max(total - reached, 0.0);
}

// sum_i amplitude_i v_i in the original columns.
std::vector<double> RegularizedLeastSquares::combine(std::vector<double> const& amplitudes) const {
  auto const n = _kept.size();
  std::vector<double> x(static_cast<std::size_t>(_columns), 0.0);
  for (std::size_t c = 0; c < n; ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += amplitudes[i] * _vt[c * n + i];
    x[static_cast<std::size_t>(_kept[c])] = sum / _norms[c];
  }
  return x;
}

std::vector<double> RegularizedLeastSquares::solve(double ridge) const {
  std::vector<double> amplitudes(_s.size(), 0.0);
  for (std::size_t i = 0; i < _s.size(); ++i)
    if (_s[i] > smallest_relative_value * _s[0]) amplitudes[i] = _s[i] / (_s[i] * _s[i] + ridge) * _projection[i];
  return combine(amplitudes);
}

std::vector<double> RegularizedLeastSquares::truncated(int rank) const {
  std::vector<double> amplitudes(_s.size(), 0.0);
  for (std::size_t i = 0; i < std::min(_s.size(), static_cast<std::size_t>(std::max(rank, 0))); ++i)
    if (_s[i] > smallest_relative_value * _s[0]) amplitudes[i] = _projection[i] / _s[i];
  return combine(amplitudes);
}

double RegularizedLeastSquares::evidenceRidge() const {
  double ridge = 1e-8;
  for (int iteration = 0; iteration < 200; ++iteration) {
    double const effective = effectiveUnknowns(ridge);
    double size = 0, residual = _rest;
    for (std::size_t i = 0; i < _s.size(); ++i) {
      double const square = _s[i] * _s[i], kept = square / (square + ridge);
      double const amplitude = _s[i] / (square + ridge) * _projection[i];
      size += amplitude * amplitude;
      residual += (1 - kept) * (1 - kept) * _projection[i] * _projection[i];
    }
    if (!(size > 0) || !(residual > 0) || !(_rows > effective)) return ridge;
    double const next = effective / size * residual / (_rows - effective);
    bool const done = std::abs(std::log(next / ridge)) < 1e-6;
    ridge = next;
    if (done) break;
  }
  return ridge;
}

double RegularizedLeastSquares::effectiveUnknowns(double ridge) const {
  double sum = 0;
  for (double const s : _s)
    if (s > smallest_relative_value * _s[0]) sum += s * s / (s * s + ridge);
  return sum;
}

std::vector<double> RegularizedLeastSquares::covarianceRoot(double ridge) const {
  auto const n = _kept.size();
  std::vector<double> root(static_cast<std::size_t>(_columns) * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    double const square = _s[i] * _s[i] + ridge;
    if (!(_s[i] > smallest_relative_value * _s[0]) && ridge == 0) continue;
    for (std::size_t c = 0; c < n; ++c)
      root[i * static_cast<std::size_t>(_columns) + static_cast<std::size_t>(_kept[c])] =
          _vt[c * n + i] / (_norms[c] * std::sqrt(square));
  }
  return root;
}

std::vector<RegularizedLeastSquares> withoutEachFold(std::span<TriangularFactor const> folds,
                                                     std::vector<int> const& kept) {
  if (folds.size() < 2) throw InputError("cross-validation: found one fold, expected at least two");
  std::vector<RegularizedLeastSquares> problems;
  for (std::size_t left_out = 0; left_out < folds.size(); ++left_out) {
    StreamedLeastSquares others(folds[left_out].columns);
    for (std::size_t f = 0; f < folds.size(); ++f)
      if (f != left_out) others.append(folds[f]);
    problems.emplace_back(others.factor(), kept);
  }
  return problems;
}

double heldOutError(std::span<TriangularFactor const> folds, std::span<RegularizedLeastSquares const> without,
                    double ridge) {
  double error = 0;
  for (std::size_t f = 0; f < folds.size(); ++f) error += folds[f].residual(without[f].solve(ridge));
  return error;
}

std::vector<RidgeScore> crossValidate(std::span<TriangularFactor const> folds,
                                      std::span<RegularizedLeastSquares const> without) {
  std::vector<RidgeScore> scores{{0, 0}};
  for (int step = -28; step <= -4; ++step) scores.push_back({std::pow(10, 0.5 * step), 0});
  for (auto& score : scores) score.error = heldOutError(folds, without, score.ridge);
  return scores;
}

RidgeScore bestRidge(std::span<RidgeScore const> scores) {
  return *std::min_element(scores.begin(), scores.end(),
                           [](auto const& a, auto const& b) { return a.error < b.error; });
}

}  // namespace sinter
