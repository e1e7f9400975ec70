#include "sinter/linalg/dense.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "sinter/linalg/lapack.hpp"

extern "C" {
// OpenBLAS has these, other libraries do not.
int openblas_get_num_threads() __attribute__((weak));
void openblas_set_num_threads(int) __attribute__((weak));
}

namespace sinter {

namespace {

std::size_t square(int n) { return static_cast<std::size_t>(n) * static_cast<std::size_t>(n); }

}  // namespace

OneBlasThread::OneBlasThread() : _before(openblas_get_num_threads != nullptr ? openblas_get_num_threads() : 1) {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
}
OneBlasThread::~OneBlasThread() {
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(_before);
}

void addGram(double const* panel, int rows, int columns, int stride, double* gram) {
  double const one = 1;  // a row-major panel is its transpose to BLAS
  dsyrk_("L", "N", &columns, &rows, &one, panel, &stride, &one, gram, &columns);
}

void addProduct(double const* p, int rows, int m, int p_stride, double const* q, int n, int q_stride, double* product) {
  double const one = 1;
  dgemm_("N", "T", &m, &n, &rows, &one, p, &p_stride, q, &q_stride, &one, product, &m);
}

void addRowGram(double const* panel, int rows, int columns, double* gram) {
  double const one = 1;
  dsyrk_("L", "T", &rows, &columns, &one, panel, &columns, &one, gram, &rows);
}

void addRowProduct(double const* p, int m, double const* q, int n, int columns, double* product) {
  double const one = 1;  // product^T += Q P^T
  dgemm_("T", "N", &n, &m, &columns, &one, q, &columns, p, &columns, &one, product, &n);
}

void addMatrixProduct(double const* left, double const* right, int m, int n, int k, double* product) {
  double const one = 1;
  dgemm_("N", "N", &m, &n, &k, &one, left, &m, right, &k, &one, product, &m);
}

Cholesky::Cholesky(std::vector<double> factor, int size) : _factor(std::move(factor)), _size(size) {}

std::optional<Cholesky> Cholesky::factorize(std::vector<double> matrix, int size) {
  int info = 0;
  dpotrf_("L", &size, matrix.data(), &size, &info);
  if (info < 0) detail::checkLapack(info, "dpotrf");
  if (info > 0) return {};
  return Cholesky(std::move(matrix), size);
}

void Cholesky::solve(double* right, int columns) const {
  int info = 0;
  dpotrs_("L", &_size, &columns, _factor.data(), &_size, right, &_size, &info);
  detail::checkLapack(info, "dpotrs");
}

void Cholesky::solveLower(double* right, int columns) const {
  double const one = 1;
  dtrsm_("L", "L", "N", "N", &_size, &columns, &one, _factor.data(), &_size, right, &_size);
}

std::vector<double> Cholesky::factor() const {
  auto lower = _factor;
  for (int column = 0; column < _size; ++column)
    std::fill_n(lower.begin() + static_cast<std::ptrdiff_t>(column) * _size, column, 0.0);
  return lower;
}

std::vector<double> orthonormalBasis(std::vector<double> vectors, int rows, int count) {
  auto const tau = detail::factorizeQr(vectors.data(), rows, count, rows);
  vectors.resize(square(rows));
  detail::withWorkspace("dorgqr", [&](double* work, int const* length, int* info) {
    dorgqr_(&rows, &rows, &count, vectors.data(), &rows, tau.data(), work, length, info);
  });
  return vectors;
}

std::vector<double> symmetricEigenvalues(std::vector<double> matrix, int size) {
  std::vector<double> values(static_cast<std::size_t>(size));
  detail::withWorkspace("dsyev", [&](double* work, int const* length, int* info) {
    dsyev_("N", "L", &size, matrix.data(), &size, values.data(), work, length, info);
  });
  return values;
}

Eigenpairs largestEigenpairs(double* matrix, int size, int count) {
  int const first = size - count + 1;
  int found = 0, integers_needed = 0, query = -1, info = 0;
  double const unused = 0, tolerance = 0;
  std::vector<double> values(static_cast<std::size_t>(size)), vectors(static_cast<std::size_t>(size) * count);
  std::vector<int> support(2 * static_cast<std::size_t>(count));
  double numbers_needed = 0;
  auto const call = [&](double* work, int const* length, int* integers, int const* integers_length) {
    dsyevr_("V", "I", "L", &size, matrix, &size, &unused, &unused, &first, &size, &tolerance, &found, values.data(),
            vectors.data(), &size, support.data(), work, length, integers, integers_length, &info);
    detail::checkLapack(info, "dsyevr");
  };
  call(&numbers_needed, &query, &integers_needed, &query);
  std::vector<double> work(static_cast<std::size_t>(numbers_needed));
  std::vector<int> integers(static_cast<std::size_t>(integers_needed));
  int const length = static_cast<int>(numbers_needed);
  call(work.data(), &length, integers.data(), &integers_needed);
  if (found != count) throw SystemError("LAPACK dsyevr failed, eigenvalues = " + std::to_string(found));
  Eigenpairs result;
  for (int k = count - 1; k >= 0; --k) {
    result.values.push_back(values[static_cast<std::size_t>(k)]);
    auto const vector = vectors.begin() + static_cast<std::ptrdiff_t>(k) * size;
    result.vectors.insert(result.vectors.end(), vector, vector + size);
  }
  return result;
}

SingularValues singularValues(std::vector<double> matrix, int size) {
  SingularValues result{std::vector<double>(square(size)), std::vector<double>(static_cast<std::size_t>(size)),
                        std::vector<double>(square(size))};
  detail::withWorkspace("dgesvd", [&](double* work, int const* length, int* info) {
    dgesvd_("A", "A", &size, &size, matrix.data(), &size, result.s.data(), result.u.data(), &size, result.vt.data(),
            &size, work, length, info);
  });
  return result;
}

}  // namespace sinter
