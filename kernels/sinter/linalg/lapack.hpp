/// \file
/// BLAS and LAPACK as this folder calls them. Private to it.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"

extern "C" {
void dsyrk_(char const* uplo, char const* trans, int const* n, int const* k, double const* alpha, double const* a,
            int const* lda, double const* beta, double* c, int const* ldc);
void dgemm_(char const* transa, char const* transb, int const* m, int const* n, int const* k, double const* alpha,
            double const* a, int const* lda, double const* b, int const* ldb, double const* beta, double* c,
            int const* ldc);
void dtrsm_(char const* side, char const* uplo, char const* trans, char const* diag, int const* m, int const* n,
            double const* alpha, double const* a, int const* lda, double* b, int const* ldb);
void dpotrf_(char const* uplo, int const* n, double* a, int const* lda, int* info);
void dpotrs_(char const* uplo, int const* n, int const* nrhs, double const* a, int const* lda, double* b,
             int const* ldb, int* info);
void dgeqrf_(int const* m, int const* n, double* a, int const* lda, double* tau, double* work, int const* lwork,
             int* info);
void dorgqr_(int const* m, int const* n, int const* k, double* a, int const* lda, double const* tau, double* work,
             int const* lwork, int* info);
void dsyev_(char const* jobz, char const* uplo, int const* n, double* a, int const* lda, double* w, double* work,
            int const* lwork, int* info);
void dsyevr_(char const* jobz, char const* range, char const* uplo, int const* n, double* a, int const* lda,
             double const* vl, double const* vu, int const* il, int const* iu, double const* abstol, int* m, double* w,
             double* z, int const* ldz, int* isuppz, double* work, int const* lwork, int* iwork, int const* liwork,
             int* info);
void dgesvd_(char const* jobu, char const* jobvt, int const* m, int const* n, double* a, int const* lda, double* s,
             double* u, int const* ldu, double* vt, int const* ldvt, double* work, int const* lwork, int* info);
void dgeqp3_(int const* m, int const* n, double* a, int const* lda, int* jpvt, double* tau, double* work,
             int const* lwork, int* info);
void dormqr_(char const* side, char const* trans, int const* m, int const* n, int const* k, double const* a,
             int const* lda, double const* tau, double* c, int const* ldc, double* work, int const* lwork, int* info);
void dtrtrs_(char const* uplo, char const* trans, char const* diag, int const* n, int const* nrhs, double const* a,
             int const* lda, double* b, int const* ldb, int* info);
}

namespace sinter::detail {

inline void checkLapack(int info, char const* routine) {
  if (info != 0) throw SystemError(std::string("LAPACK ") + routine + " failed, info = " + std::to_string(info));
}

/// Calls a LAPACK routine twice: for the size of its workspace, then to work.
template <class Call>
void withWorkspace(char const* routine, Call const& call) {
  double size = 0;
  int query = -1, info = 0;
  call(&size, &query, &info);
  checkLapack(info, routine);
  int length = static_cast<int>(size);
  std::vector<double> work(static_cast<std::size_t>(length));
  call(work.data(), &length, &info);
  checkLapack(info, routine);
}

/// Householder QR of a column-major matrix in its place; returns the factors of the reflectors.
inline std::vector<double> factorizeQr(double* matrix, int rows, int columns, int stride) {
  std::vector<double> tau(static_cast<std::size_t>(std::min(rows, columns)));
  withWorkspace("dgeqrf", [&](double* work, int const* length, int* info) {
    dgeqrf_(&rows, &columns, matrix, &stride, tau.data(), work, length, info);
  });
  return tau;
}

}  // namespace sinter::detail
