#include "sinter/fitting/design_panels.hpp"

#include <string>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/linalg/dense.hpp"

namespace sinter {

template <class ExecutionSpace>
DesignPanels<ExecutionSpace>::DesignPanels(MtpModel const& model, std::size_t max_memory, ExecutionSpace const& space)
    : _factors(model, space), _algebra(space), _max_memory(max_memory) {}

// Adds D X, or D_z,n Y, to the force and virial rows of the centres loaded.
template <class ExecutionSpace>
void DesignPanels<ExecutionSpace>::multiply(std::vector<std::int64_t> const& first_row, bool by_adjoints, int width,
                                            int shift, Panel const& panel) {
  auto const stride = static_cast<int>(panel.stride(0));
  for (auto const& segment : _factors.segments()) {
    double* const rows = panel.data() + (first_row[static_cast<std::size_t>(segment.structure)] + 1) * stride + shift;
    _algebra.addToPanel(segment.derivatives, segment.rows, segment.inner, segment.inner,
                        by_adjoints ? segment.adjoints : segment.gradients, width, width, rows, stride);
  }
}

template <class ExecutionSpace>
void DesignPanels<ExecutionSpace>::addRows(NeighborList<memory_space> const& list, RowColumns which,
                                           Panel const& panel) {
  OneBlasThread const guard;
  auto const offsets = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), list.batch.offsets);
  std::size_t const structures = offsets.extent(0) - 1;
  std::vector<std::int64_t> first_row;
  for (std::size_t s = 0; s <= structures; ++s) first_row.push_back(3 * offsets(s) + 7 * static_cast<std::int64_t>(s));
  int const width = columns(which);
  if (static_cast<std::int64_t>(panel.extent(0)) < first_row.back() || static_cast<int>(panel.extent(1)) < width)
    throw InputError("DesignPanels: found a panel of " + std::to_string(panel.extent(0)) + " x " +
                     std::to_string(panel.extent(1)) + " numbers, expected " + std::to_string(first_row.back()) +
                     " x " + std::to_string(width));
  auto const rows = copyTo<memory_space>(first_row, "sinter::fitting::first_rows");

  int const radial_begin = width - columns(RowColumns::radial);
  std::size_t s = 0;
  for (int begin = 0; begin < list.numCentres();) {
    int end = begin;
    for (std::size_t bytes = 0; end < list.numCentres(); ++end) {
      while (offsets(s + 1) <= end) ++s;
      auto const atoms = static_cast<std::size_t>(offsets(s + 1) - offsets(s));
      std::size_t const of_centre = _factors.bytesPerCentre(static_cast<int>(atoms), which);
      // A structure is cut only where it has no room by itself, so that its rows do not depend on the others.
      std::size_t const wanted = end == offsets(s) ? atoms * of_centre : of_centre;
      if (bytes + wanted > _max_memory && end > begin) break;
      bytes += of_centre;
    }
    _factors.load(list, begin, end, which);
    _factors.addEnergies(rows, panel);
    _factors.differentiate();
    multiply(first_row, false, width, 0, panel);
    if (which != RowColumns::basis)
      for (int z = 0; z < _factors.species(); ++z)
        for (int n = 0; n < _factors.radialSize(); ++n) {
          _factors.differentiate(z, n);
          multiply(first_row, true, _factors.adjointColumns(), radial_begin + _factors.adjointShift(z, n), panel);
        }
    begin = end;
  }
}

#define SINTER_INSTANTIATE(SPACE) template class DesignPanels<SPACE>;
SINTER_FOR_EACH_ALGEBRA_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
