// PanelAlgebra on a CUDA device. Compiled in CUDA builds only.
#include <cublas_v2.h>
#include <cusolverDn.h>

#include <algorithm>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/linalg/panel_algebra.hpp"

namespace sinter {

namespace {

using Space = Kokkos::Cuda;
using Numbers = Kokkos::View<double*, Kokkos::CudaSpace>;

template <class Status>
void check(Status status, char const* routine) {
  if (static_cast<int>(status) != 0)
    throw SystemError(std::string(routine) + " failed, status = " + std::to_string(static_cast<int>(status)));
}

Numbers workspaceOf(Space const& space, int size) {
  return Numbers(Kokkos::view_alloc(space, Kokkos::WithoutInitializing, "sinter::linalg::workspace"),
                 static_cast<std::size_t>(size));
}

}  // namespace

template <>
struct PanelAlgebra<Space>::Libraries {
  Space space;
  cublasHandle_t blas = nullptr;
  cusolverDnHandle_t solver = nullptr;
  Kokkos::View<int, Kokkos::CudaSpace> info{"sinter::linalg::info"};

  explicit Libraries(Space const& s) : space(s) {
    check(cublasCreate(&blas), "cublasCreate");
    check(cublasSetStream(blas, space.cuda_stream()), "cublasSetStream");
    check(cusolverDnCreate(&solver), "cusolverDnCreate");
    check(cusolverDnSetStream(solver, space.cuda_stream()), "cusolverDnSetStream");
  }
  Libraries(Libraries const&) = delete;
  Libraries& operator=(Libraries const&) = delete;
  ~Libraries() {
    if (solver != nullptr) cusolverDnDestroy(solver);
    if (blas != nullptr) cublasDestroy(blas);
  }
};

template <>
PanelAlgebra<Space>::PanelAlgebra(Space const& space) : _libraries(std::make_shared<Libraries>(space)) {}

template <>
void PanelAlgebra<Space>::addGram(double const* panel, int rows, int columns, int stride, double* gram) const {
  double const one = 1;  // a row-major panel is its transpose to BLAS
  check(cublasDsyrk(_libraries->blas, CUBLAS_FILL_MODE_LOWER, CUBLAS_OP_N, columns, rows, &one, panel, stride, &one,
                    gram, columns),
        "cublasDsyrk");
}

template <>
void PanelAlgebra<Space>::addProduct(double const* p, int rows, int m, int p_stride, double const* q, int n,
                                     int q_stride, double* product) const {
  double const one = 1;
  check(cublasDgemm(_libraries->blas, CUBLAS_OP_N, CUBLAS_OP_T, m, n, rows, &one, p, p_stride, q, q_stride, &one,
                    product, m),
        "cublasDgemm");
}

template <>
void PanelAlgebra<Space>::addToPanel(double const* left, int rows, int inner, int left_stride, double const* right,
                                     int columns, int right_stride, double* panel, int stride) const {
  double const one = 1;  // panel^T += R^T L^T
  check(cublasDgemm(_libraries->blas, CUBLAS_OP_N, CUBLAS_OP_N, columns, rows, inner, &one, right, right_stride, left,
                    left_stride, &one, panel, stride),
        "cublasDgemm");
}

template <>
void PanelAlgebra<Space>::triangularize(double* matrix, int rows, int columns, int stride) const {
  auto const& l = *_libraries;
  int length = 0;
  check(cusolverDnDgeqrf_bufferSize(l.solver, rows, columns, matrix, stride, &length), "cusolverDnDgeqrf_bufferSize");
  auto const tau = workspaceOf(l.space, std::min(rows, columns)), work = workspaceOf(l.space, length);
  check(cusolverDnDgeqrf(l.solver, rows, columns, matrix, stride, tau.data(), work.data(), length, l.info.data()),
        "cusolverDnDgeqrf");
  int value = 0;
  Kokkos::deep_copy(l.space, value, l.info);
  l.space.fence("sinter::linalg::triangularize");  // its workspace ends here
  if (value != 0) throw SystemError("cusolverDnDgeqrf failed, info = " + std::to_string(value));
}

}  // namespace sinter
