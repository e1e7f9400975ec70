/// \file
/// Sums of forces.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>

#include "sinter/core/execution.hpp"
#include "sinter/core/simd.hpp"

namespace sinter {

/// Forces that many centres add to at once: on the host a copy for each thread, added to the forces afterwards; on a
/// device atomics on the forces themselves.
///
/// A copy has four numbers for each atom, so that a force fills a register and is added by one instruction.
template <class ExecutionSpace>
class ForceSum {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Forces = Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space>;
  static constexpr bool has_copies = !is_device_space<ExecutionSpace>;

  /// What one thread adds through.
  class Access {
   public:
    KOKKOS_FUNCTION explicit Access(ForceSum const& sum) {
      if constexpr (has_copies) {
        _thread = sum._threads.acquire();
        _forces = sum._copies.data() + static_cast<std::ptrdiff_t>(_thread) * sum._atoms * 4;
      } else {
        _forces = sum._forces.data();
      }
      _sum = &sum;
    }
    Access(Access const&) = delete;
    Access& operator=(Access const&) = delete;
    KOKKOS_FUNCTION ~Access() {
      if constexpr (has_copies) _sum->_threads.release(_thread);
    }

    KOKKOS_FORCEINLINE_FUNCTION void subtract(int i, Triple const& gradient) const {
      if constexpr (has_copies) {
        double* const force = _forces + static_cast<std::ptrdiff_t>(i) * 4;
        (Triple::loadRecord(force) - gradient).storeRecord(force);
      } else {
        for (int x = 0; x < 3; ++x) Kokkos::atomic_sub(_forces + static_cast<std::ptrdiff_t>(i) * 3 + x, gradient[x]);
      }
    }

   private:
    ForceSum const* _sum;
    double* _forces;
    int _thread = 0;
  };
  KOKKOS_FUNCTION Access access() const { return Access(*this); }

  /// Kernels launched from here on add to `forces`, (atoms, 3) eV/A.
  void begin(ExecutionSpace const& space, Forces const& forces) {
    _forces = forces;
    if constexpr (has_copies) {
      _atoms = static_cast<int>(forces.extent(0));
      auto const size = static_cast<std::size_t>(_atoms) * static_cast<std::size_t>(_threads.size());
      if (size <= _copies.extent(0)) return;  // `finish` left zeros
      _copies = {};
      _copies = Copies(Kokkos::view_alloc("sinter::neighbor::force_copies", space), size + size / 8);
    }
  }

  /// Adds what they left to the forces. Atoms before `owned` and those from there on (ghosts, say) are shared among
  /// threads separately, so that a thread mostly adds what it left itself; what no thread touched is not written, so
  /// that it stays in the caches of all.
  void finish(ExecutionSpace const& space, int owned = 0) const {
    if constexpr (has_copies) {
      for (auto const& [begin, end] : {Kokkos::pair<int, int>(0, owned), Kokkos::pair<int, int>(owned, _atoms)})
        if (begin < end) addCopies(space, begin, end);
    }
  }
  /// (Public, because nvcc takes device lambdas from public functions only.)
  void addCopies(ExecutionSpace const& space, int begin, int end) const {
    auto const copies = _copies;
    auto const forces = _forces;
    int const atoms = _atoms, threads = _threads.size();
    Kokkos::parallel_for(
        "sinter::neighbor::add_forces", Kokkos::RangePolicy<ExecutionSpace>(space, begin, end), KOKKOS_LAMBDA(int i) {
          for (int t = 0; t < threads; ++t) {
            double* const copy = &copies(t * static_cast<std::ptrdiff_t>(atoms) + i, 0);
            double const x = copy[0], y = copy[1], z = copy[2];
            if (x == 0 && y == 0 && z == 0) continue;
            forces(i, 0) += x;
            forces(i, 1) += y;
            forces(i, 2) += z;
            Triple(0, 0, 0).storeRecord(copy);
          }
        });
  }

 private:
  using Copies = Kokkos::View<double* [4], Kokkos::LayoutRight, memory_space>;
  Forces _forces;
  Copies _copies;  // (threads x atoms, 4)
  int _atoms = 0;
  Kokkos::Experimental::UniqueToken<ExecutionSpace, Kokkos::Experimental::UniqueTokenScope::Global> _threads;
};

}  // namespace sinter
