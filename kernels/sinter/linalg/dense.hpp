/// \file
/// The dense linear algebra of the fitter's steps: a thin interface to BLAS and LAPACK. Matrices of panels are
/// row-major (rows of equations), all others column-major.
#pragma once

#include <optional>
#include <span>
#include <vector>

namespace sinter {

/// While one exists OpenBLAS works on the calling thread alone, so that many threads may call it, and results do not
/// depend on their number. With another BLAS it does nothing.
class OneBlasThread {
 public:
  OneBlasThread();
  ~OneBlasThread();
  OneBlasThread(OneBlasThread const&) = delete;
  OneBlasThread& operator=(OneBlasThread const&) = delete;

 private:
  int _before;
};

/// gram += P^T P, lower triangle. \param panel (rows, columns), rows `stride` apart; \param gram (columns, columns)
void addGram(double const* panel, int rows, int columns, int stride, double* gram);

/// product += P^T Q. \param p (rows, m); \param q (rows, n); \param product (m, n)
void addProduct(double const* p, int rows, int m, int p_stride, double const* q, int n, int q_stride, double* product);

/// gram += P P^T, lower triangle. \param panel (rows, columns) row-major; \param gram (rows, rows)
void addRowGram(double const* panel, int rows, int columns, double* gram);

/// product += P Q^T, all row-major. \param p (m, columns); \param q (n, columns); \param product (m, n)
void addRowProduct(double const* p, int m, double const* q, int n, int columns, double* product);

/// product += L R. \param left (m, k), \param right (k, n), \param product (m, n), all column-major
void addMatrixProduct(double const* left, double const* right, int m, int n, int k, double* product);

/// Cholesky factor of a symmetric matrix, of which the lower triangle is given.
class Cholesky {
 public:
  /// Nothing when the matrix is not positive definite to rounding.
  [[nodiscard]] static std::optional<Cholesky> factorize(std::vector<double> matrix, int size);

  /// Replaces `columns` right-hand sides by the solutions.
  void solve(double* right, int columns) const;

  /// Replaces `columns` right-hand sides B by L^-1 B, where L is the factor.
  void solveLower(double* right, int columns) const;

  /// The factor L, with zeros above the diagonal.
  [[nodiscard]] std::vector<double> factor() const;

 private:
  Cholesky(std::vector<double> factor, int size);
  std::vector<double> _factor;
  int _size;
};

/// Orthonormal columns: the first span `vectors` (rows, count; count <= rows), the others its complement.
/// \returns (rows, rows); `count` independent vectors are expected
[[nodiscard]] std::vector<double> orthonormalBasis(std::vector<double> vectors, int rows, int count);

/// Eigenvalues of a symmetric matrix (lower triangle), ascending.
[[nodiscard]] std::vector<double> symmetricEigenvalues(std::vector<double> matrix, int size);

/// The largest eigenvalues of a symmetric matrix and their eigenvectors.
struct Eigenpairs {
  std::vector<double> values;   ///< descending
  std::vector<double> vectors;  ///< (size, count), of length 1
};
/// \param matrix its lower triangle, which is lost; \param count 1 to size. Cost: 4/3 size^3 flops (LAPACK dsyevr)
[[nodiscard]] Eigenpairs largestEigenpairs(double* matrix, int size, int count);

/// Singular value decomposition A = U diag(s) V^T of a square matrix.
struct SingularValues {
  std::vector<double> u, s, vt;  ///< (n, n), descending, (n, n)
};
[[nodiscard]] SingularValues singularValues(std::vector<double> matrix, int size);

}  // namespace sinter
