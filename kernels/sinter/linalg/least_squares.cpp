#include "sinter/linalg/least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/linalg/lapack.hpp"

namespace sinter {

namespace {

using detail::checkLapack;
using detail::withWorkspace;

}  // namespace

StreamedLeastSquares::StreamedLeastSquares(int columns) : _columns(columns), _capacity(capacityFor(columns)) {
  if (columns <= 0) throw InputError("least squares: found " + std::to_string(columns) + " columns, expected > 0");
  _panel.resize(static_cast<std::size_t>(_capacity) * (static_cast<std::size_t>(_columns) + 1));
}

void StreamedLeastSquares::append(std::span<double const> row, double right_hand_side) {
  if (_filled == _capacity) factorize();
  auto const stride = static_cast<std::size_t>(_capacity);
  auto const position = static_cast<std::size_t>(_filled);
  bool finite = std::isfinite(right_hand_side);
  for (std::size_t c = 0; c < row.size(); ++c) {
    _panel[c * stride + position] = row[c];
    finite = finite && std::isfinite(row[c]);
  }
  if (!finite)
    throw InputError("least squares: found a number that is not finite in row " + std::to_string(_rows) +
                     ", expected numbers");
  _panel[row.size() * stride + position] = right_hand_side;
  ++_filled;
  ++_rows;
}

// QR of the panel; R (with Q^T b in its last column and the norm of the residual below) stays on top.
void StreamedLeastSquares::factorize() {
  int const columns = _columns + 1;
  static_cast<void>(detail::factorizeQr(_panel.data(), _filled, columns, _capacity));
  for (int c = 0; c < columns; ++c)
    for (int r = c + 1; r < _filled; ++r) _panel[static_cast<std::size_t>(c) * _capacity + r] = 0;
  _filled = std::min(_filled, columns);
}

void StreamedLeastSquares::appendRows(double const* numbers, std::size_t rows, std::size_t stride) {
  auto const columns = static_cast<std::size_t>(_columns);
  for (std::size_t r = 0; r < rows; ++r) {
    double const* const row = numbers + r * stride;
    if (std::any_of(row, row + columns + 1, [](double x) { return x != 0; })) append({row, columns}, row[columns]);
  }
}

void StreamedLeastSquares::append(TriangularFactor const& other) {
  if (other.columns != _columns)
    throw InputError("least squares: found a factor of " + std::to_string(other.columns) + " columns, expected " +
                     std::to_string(_columns));
  auto const n = static_cast<std::size_t>(_columns) + 1;
  std::vector<double> row(n);
  std::size_t const before = _rows;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t c = 0; c < n; ++c) row[c] = other.r[c * n + i];
    append({row.data(), n - 1}, row[n - 1]);
  }
  _rows = before + other.rows;
}

TriangularFactor StreamedLeastSquares::factor() {
  if (_rows == 0) throw InputError("least squares: found no rows, expected at least one");
  factorize();
  auto const n = static_cast<std::size_t>(_columns) + 1;
  TriangularFactor result{_columns, _rows, std::vector<double>(n * n)};
  for (std::size_t c = 0; c < n; ++c)
    for (std::size_t i = 0; i < std::min(c + 1, static_cast<std::size_t>(_filled)); ++i)
      result.r[c * n + i] = _panel[c * static_cast<std::size_t>(_capacity) + i];
  return result;
}

double TriangularFactor::residual(std::span<double const> x) const {
  auto const n = static_cast<std::size_t>(columns);
  double sum = 0;
  for (std::size_t i = 0; i <= n; ++i) {
    double difference = -r[n * (n + 1) + i];
    for (std::size_t c = i; c < n; ++c) difference += r[c * (n + 1) + i] * x[c];
    sum += difference * difference;
  }
  return sum;
}

LeastSquaresSolution StreamedLeastSquares::solve(double rank_tolerance, double ridge) {
  if (_rows == 0) throw InputError("least squares: found no rows, expected at least one");
  factorize();
  auto const stride = static_cast<std::size_t>(_capacity);
  auto const n = static_cast<std::size_t>(_columns);
  int const rows = _columns + (ridge > 0 ? _columns : 0);

  // R with columns of norm 1, the ridge below, and the right-hand side.
  std::vector<double> norms(n), matrix(static_cast<std::size_t>(rows) * n), b(static_cast<std::size_t>(rows));
  auto const height = static_cast<std::size_t>(std::min(_filled, _columns));
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t r = 0; r < height; ++r) norms[c] += _panel[c * stride + r] * _panel[c * stride + r];
    norms[c] = norms[c] > 0 ? std::sqrt(norms[c]) : 1;
    for (std::size_t r = 0; r < height; ++r) matrix[c * rows + r] = _panel[c * stride + r] / norms[c];
    if (ridge > 0) matrix[c * rows + n + c] = std::sqrt(ridge);
  }
  for (std::size_t r = 0; r < height; ++r) b[r] = _panel[n * stride + r];

  std::vector<int> pivots(n);
  std::vector<double> tau(n);
  withWorkspace("dgeqp3", [&](double* work, int const* length, int* info) {
    dgeqp3_(&rows, &_columns, matrix.data(), &rows, pivots.data(), tau.data(), work, length, info);
  });
  withWorkspace("dormqr", [&](double* work, int const* length, int* info) {
    int const one = 1;
    dormqr_("L", "T", &rows, &one, &_columns, matrix.data(), &rows, tau.data(), b.data(), &rows, work, length, info);
  });

  LeastSquaresSolution solution;
  auto const diagonal = [&](std::size_t i) { return std::abs(matrix[i * rows + i]); };
  while (solution.rank < _columns && diagonal(solution.rank) > rank_tolerance * diagonal(0)) ++solution.rank;
  if (solution.rank > 0) {
    int const one = 1;
    int info = 0;
    dtrtrs_("U", "N", "N", &solution.rank, &one, matrix.data(), &rows, b.data(), &rows, &info);
    checkLapack(info, "dtrtrs");
    solution.condition = diagonal(0) / diagonal(static_cast<std::size_t>(solution.rank) - 1);
  }
  solution.x.assign(n, 0);
  for (int i = 0; i < solution.rank; ++i) {
    auto const column = static_cast<std::size_t>(pivots[i] - 1);
    solution.kept.push_back(pivots[i] - 1);
    solution.x[column] = b[i] / norms[column];
  }

  std::sort(solution.kept.begin(), solution.kept.end());
  solution.residual_norm = std::sqrt(factor().residual(solution.x));
  return solution;
}

}  // namespace sinter
