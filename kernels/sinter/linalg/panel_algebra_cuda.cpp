// PanelAlgebra on a CUDA device. Compiled in CUDA builds only.
#include <cublas_v2.h>
#include <cusolverDn.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

Numbers workspaceOf(Space const& space, std::int64_t size) {
  return Numbers(Kokkos::view_alloc(space, Kokkos::WithoutInitializing, "sinter::linalg::workspace"),
                 static_cast<std::size_t>(size));
}

}  // namespace

template <>
struct PanelAlgebra<Space>::Libraries {
  Space space;
  cublasHandle_t blas = nullptr;
  cusolverDnHandle_t solver = nullptr;
  cusolverDnParams_t parameters = nullptr;
  Kokkos::View<int, Kokkos::CudaSpace> info{"sinter::linalg::info"};

  explicit Libraries(Space const& s) : space(s) {
    check(cublasCreate(&blas), "cublasCreate");
    check(cublasSetStream(blas, space.cuda_stream()), "cublasSetStream");
    check(cusolverDnCreate(&solver), "cusolverDnCreate");
    check(cusolverDnSetStream(solver, space.cuda_stream()), "cusolverDnSetStream");
    check(cusolverDnCreateParams(&parameters), "cusolverDnCreateParams");
  }
  Libraries(Libraries const&) = delete;
  Libraries& operator=(Libraries const&) = delete;
  ~Libraries() {
    if (parameters != nullptr) cusolverDnDestroyParams(parameters);
    if (solver != nullptr) cusolverDnDestroy(solver);
    if (blas != nullptr) cublasDestroy(blas);
  }

  // Waits for a routine, so that its workspace may end.
  void finish(std::string const& routine) const {
    int value = 0;
    Kokkos::deep_copy(space, value, info);
    space.fence("sinter::linalg::" + routine);
    if (value != 0) throw SystemError(routine + " failed, info = " + std::to_string(value));
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
  l.finish("cusolverDnDgeqrf");
}

template <>
Eigenpairs PanelAlgebra<Space>::largestEigenpairs(double* matrix, int size, int count) const {
  auto const& l = *_libraries;
  auto const mode = CUSOLVER_EIG_MODE_VECTOR;
  auto const range = CUSOLVER_EIG_RANGE_I;
  auto const triangle = CUBLAS_FILL_MODE_LOWER;
  auto const number = CUDA_R_64F;
  std::int64_t const first = size - count + 1;
  std::int64_t found = 0;
  double unused = 0;
  std::size_t on_device = 0, on_host = 0;  // bytes
  auto const values = workspaceOf(l.space, size);
  check(cusolverDnXsyevdx_bufferSize(l.solver, l.parameters, mode, range, triangle, size, number, matrix, size, &unused,
                                     &unused, first, size, &found, number, values.data(), number, &on_device, &on_host),
        "cusolverDnXsyevdx_bufferSize");
  auto const work = workspaceOf(l.space, static_cast<std::int64_t>(on_device / sizeof(double) + 1));
  std::vector<std::byte> host_work(on_host);
  check(cusolverDnXsyevdx(l.solver, l.parameters, mode, range, triangle, size, number, matrix, size, &unused, &unused,
                          first, size, &found, number, values.data(), number, work.data(), on_device, host_work.data(),
                          on_host, l.info.data()),
        "cusolverDnXsyevdx");
  l.finish("cusolverDnXsyevdx");
  if (found != count) throw SystemError("cusolverDnXsyevdx failed, eigenvalues = " + std::to_string(found));
  auto const toHost = [](double const* from, std::size_t length) {
    std::vector<double> to(length);
    Kokkos::deep_copy(Kokkos::View<double*, Kokkos::HostSpace>(to.data(), length),
                      Kokkos::View<double const*, Kokkos::CudaSpace>(from, length));
    return to;
  };
  auto const n = static_cast<std::size_t>(size), columns = static_cast<std::size_t>(count);
  Eigenpairs result{toHost(values.data(), columns), toHost(matrix, n * columns)};  // ascending
  std::reverse(result.values.begin(), result.values.end());
  for (std::size_t k = 0; k < columns / 2; ++k) {
    auto const column = [&](std::size_t c) { return result.vectors.begin() + static_cast<std::ptrdiff_t>(c * n); };
    std::swap_ranges(column(k), column(k + 1), column(columns - 1 - k));
  }
  return result;
}

}  // namespace sinter
