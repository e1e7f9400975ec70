#include "sinter/linalg/panel_factor.hpp"

#include <algorithm>
#include <string>

#include "sinter/core/error.hpp"

namespace sinter {

template <class ExecutionSpace>
PanelFactor<ExecutionSpace>::PanelFactor(int columns, ExecutionSpace const& space)
    : _space(space), _algebra(space), _columns(columns) {
  if (columns <= 0) throw InputError("least squares: found " + std::to_string(columns) + " columns, expected > 0");
}

template <class ExecutionSpace>
void PanelFactor<ExecutionSpace>::append(double const* panel, int rows, int stride, std::size_t equations) {
  if (_matrix.extent(0) == 0)
    _matrix = Matrix(Kokkos::view_alloc(_space, Kokkos::WithoutInitializing, "sinter::linalg::panel_factor"),
                     StreamedLeastSquares::capacityFor(_columns), _columns + 1);
  using Rows = Kokkos::View<double const**, Kokkos::LayoutStride, typename ExecutionSpace::memory_space,
                            Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  auto const capacity = static_cast<int>(_matrix.extent(0));
  for (int begin = 0; begin < rows;) {
    if (_filled == capacity) factorize();
    int const count = std::min(rows - begin, capacity - _filled);
    Rows const from(panel + static_cast<std::ptrdiff_t>(begin) * stride,
                    Kokkos::LayoutStride(count, stride, _columns + 1, 1));
    Kokkos::deep_copy(_space, Kokkos::subview(_matrix, Kokkos::pair(_filled, _filled + count), Kokkos::ALL), from);
    _filled += count;
    begin += count;
  }
  _rows += equations;
}

template <class ExecutionSpace>
void PanelFactor<ExecutionSpace>::factorize() {
  auto const matrix = _matrix;
  int const columns = _columns + 1, filled = _filled;
  _algebra.triangularize(matrix.data(), filled, columns, static_cast<int>(matrix.extent(0)));
  Kokkos::parallel_for(
      "sinter::linalg::drop_reflectors",
      Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<std::int64_t>>(_space, 0,
                                                                           static_cast<std::int64_t>(filled) * columns),
      KOKKOS_LAMBDA(std::int64_t index) {
        std::int64_t const r = index % filled, c = index / filled;
        if (r > c) matrix(r, c) = 0;
      });
  _filled = std::min(filled, columns);
}

template <class ExecutionSpace>
TriangularFactor PanelFactor<ExecutionSpace>::factor() {
  if (_rows == 0) throw InputError("least squares: found no rows, expected at least one");
  factorize();
  Matrix const r("sinter::linalg::triangular_factor", _columns + 1, _columns + 1);
  auto const filled = Kokkos::pair(0, _filled);
  Kokkos::deep_copy(_space, Kokkos::subview(r, filled, Kokkos::ALL), Kokkos::subview(_matrix, filled, Kokkos::ALL));
  _space.fence("sinter::linalg::triangular_factor");
  auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), r);
  return {_columns, _rows, {host.data(), host.data() + host.size()}};
}

#define SINTER_INSTANTIATE(SPACE) template class PanelFactor<SPACE>;
SINTER_FOR_EACH_ALGEBRA_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
