#include "sinter/linalg/least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "sinter/core/error.hpp"

extern "C" {
void dgeqrf_(int const* m, int const* n, double* a, int const* lda, double* tau, double* work, int const* lwork,
             int* info);
void dgeqp3_(int const* m, int const* n, double* a, int const* lda, int* jpvt, double* tau, double* work,
             int const* lwork, int* info);
void dormqr_(char const* side, char const* trans, int const* m, int const* n, int const* k, double const* a,
             int const* lda, double const* tau, double* c, int const* ldc, double* work, int const* lwork, int* info);
void dtrtrs_(char const* uplo, char const* trans, char const* diag, int const* n, int const* nrhs, double const* a,
             int const* lda, double* b, int const* ldb, int* info);
}

namespace sinter {

namespace {

void check(int info, char const* routine) {
  if (info != 0) throw SystemError(std::string("LAPACK ") + routine + " failed, info = " + std::to_string(info));
}

// Calls a LAPACK routine twice: for the size of its workspace, then to work.
template <class Call>
void withWorkspace(char const* routine, Call const& call) {
  double size = 0;
  int query = -1, info = 0;
  call(&size, &query, &info);
  check(info, routine);
  int length = static_cast<int>(size);
  std::vector<double> work(static_cast<std::size_t>(length));
  call(work.data(), &length, &info);
  check(info, routine);
}

}  // namespace

StreamedLeastSquares::StreamedLeastSquares(int columns)
    : _columns(columns), _capacity(columns + 1 + std::max(4 * columns, 256)) {
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
  int const diagonal = std::min(_filled, columns);
  std::vector<double> tau(static_cast<std::size_t>(diagonal));
  withWorkspace("dgeqrf", [&](double* work, int const* length, int* info) {
    dgeqrf_(&_filled, &columns, _panel.data(), &_capacity, tau.data(), work, length, info);
  });
  for (int c = 0; c < columns; ++c)
    for (int r = c + 1; r < _filled; ++r) _panel[static_cast<std::size_t>(c) * _capacity + r] = 0;
  _filled = diagonal;
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
    check(info, "dtrtrs");
    solution.condition = diagonal(0) / diagonal(static_cast<std::size_t>(solution.rank) - 1);
  }
  solution.x.assign(n, 0);
  for (int i = 0; i < solution.rank; ++i) {
    auto const column = static_cast<std::size_t>(pivots[i] - 1);
    solution.x[column] = b[i] / norms[column];
  }

  // |A x - b|^2 = |R x - Q^T b|^2 + what lay outside the range of the columns.
  double sum = 0;
  for (std::size_t r = 0; r < static_cast<std::size_t>(_filled); ++r) {
    double residual = -_panel[n * stride + r];
    for (std::size_t c = r; c < n; ++c) residual += _panel[c * stride + r] * solution.x[c];
    sum += residual * residual;
  }
  solution.residual_norm = std::sqrt(sum);
  return solution;
}

}  // namespace sinter
