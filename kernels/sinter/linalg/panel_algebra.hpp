/// \file
/// The dense linear algebra of fits and maps where their rows are: OpenBLAS and LAPACK on the host, cuBLAS and cuSOLVER
/// on a CUDA device. Panels are row-major (rows of equations), all other matrices column-major, as in dense.hpp.
#pragma once

#include <Kokkos_Core.hpp>
#include <memory>

#include "sinter/core/execution.hpp"
#include "sinter/linalg/dense.hpp"

namespace sinter {

/// Whether an execution space has dense algebra.
template <class ExecutionSpace>
inline constexpr bool has_panel_algebra = !is_device_space<ExecutionSpace>;
#if defined(KOKKOS_ENABLE_CUDA)
template <>
inline constexpr bool has_panel_algebra<Kokkos::Cuda> = true;
#endif

/// Dense algebra of one execution space. Pointers are to its memory; calls are asynchronous on `space` where nothing
/// else is said. Results are bitwise repeatable on one machine; on the host with one thread of the BLAS
/// (`OneBlasThread`). \throws SystemError when the library fails.
template <class ExecutionSpace>
class PanelAlgebra {
 public:
  explicit PanelAlgebra(ExecutionSpace const& space = {});

  /// gram += P^T P, lower triangle. \param panel (rows, columns), rows `stride` apart; \param gram (columns, columns)
  void addGram(double const* panel, int rows, int columns, int stride, double* gram) const;

  /// product += P^T Q. \param p (rows, m); \param q (rows, n); \param product (m, n)
  void addProduct(double const* p, int rows, int m, int p_stride, double const* q, int n, int q_stride,
                  double* product) const;

  /// panel += L R, all row-major. \param left (rows, inner); \param right (inner, columns); \param panel (rows,
  /// columns)
  void addToPanel(double const* left, int rows, int inner, int left_stride, double const* right, int columns,
                  int right_stride, double* panel, int stride) const;

  /// Householder QR of a column-major matrix (rows, columns), columns `stride` apart: R in its upper triangle, below
  /// it what is left of the reflectors.
  void triangularize(double* matrix, int rows, int columns, int stride) const;

  /// The largest eigenvalues of a symmetric matrix (size, size) and their eigenvectors. Waits for them.
  /// \param matrix its lower triangle, which is lost; \param count 1 to size
  /// Cost: 4/3 size^3 flops (LAPACK dsyevr, cusolverDnXsyevdx)
  [[nodiscard]] Eigenpairs largestEigenpairs(double* matrix, int size, int count) const;

 private:
  struct Libraries;                       // handles of a device's libraries
  std::shared_ptr<Libraries> _libraries;  // none on the host
};

}  // namespace sinter

/// Expands MACRO(ExecutionSpace) for the execution spaces that have dense algebra.
#if defined(KOKKOS_ENABLE_CUDA)
#define SINTER_FOR_EACH_ALGEBRA_SPACE(MACRO) SINTER_FOR_EACH_HOST_SPACE(MACRO) MACRO(Kokkos::Cuda)
#else
#define SINTER_FOR_EACH_ALGEBRA_SPACE(MACRO) SINTER_FOR_EACH_HOST_SPACE(MACRO)
#endif
