#include "sinter/linalg/panel_algebra.hpp"

#include "sinter/linalg/lapack.hpp"

namespace sinter {

template <class ExecutionSpace>
PanelAlgebra<ExecutionSpace>::PanelAlgebra(ExecutionSpace const&) {}

template <class ExecutionSpace>
void PanelAlgebra<ExecutionSpace>::addGram(double const* panel, int rows, int columns, int stride, double* gram) const {
  sinter::addGram(panel, rows, columns, stride, gram);
}

template <class ExecutionSpace>
void PanelAlgebra<ExecutionSpace>::addProduct(double const* p, int rows, int m, int p_stride, double const* q, int n,
                                              int q_stride, double* product) const {
  sinter::addProduct(p, rows, m, p_stride, q, n, q_stride, product);
}

template <class ExecutionSpace>
void PanelAlgebra<ExecutionSpace>::addToPanel(double const* left, int rows, int inner, int left_stride,
                                              double const* right, int columns, int right_stride, double* panel,
                                              int stride) const {
  double const one = 1;  // panel^T += R^T L^T
  dgemm_("N", "N", &columns, &rows, &inner, &one, right, &right_stride, left, &left_stride, &one, panel, &stride);
}

template <class ExecutionSpace>
void PanelAlgebra<ExecutionSpace>::triangularize(double* matrix, int rows, int columns, int stride) const {
  static_cast<void>(detail::factorizeQr(matrix, rows, columns, stride));
}

template <class ExecutionSpace>
Eigenpairs PanelAlgebra<ExecutionSpace>::largestEigenpairs(double* matrix, int size, int count) const {
  return sinter::largestEigenpairs(matrix, size, count);
}

#define SINTER_INSTANTIATE(SPACE) template class PanelAlgebra<SPACE>;
SINTER_FOR_EACH_HOST_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
