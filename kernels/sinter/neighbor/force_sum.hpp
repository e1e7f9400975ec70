/// \file
/// Sums of forces.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>

#include "sinter/core/execution.hpp"
#include "sinter/core/simd.hpp"

namespace sinter {

/// Up to 64 runs of consecutive atoms, a bit for each.
struct AtomBlocks {
  static constexpr std::uint64_t all = ~std::uint64_t{0};
  int shift = 0;

  KOKKOS_FUNCTION explicit AtomBlocks(int atoms) {
    while ((atoms - 1) >> shift >= 64) ++shift;
  }
  KOKKOS_FUNCTION std::uint64_t of(int atom) const { return std::uint64_t{1} << (atom >> shift); }
};

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
      if constexpr (has_copies) {
        _sum->_touched(_thread, 0) |= _touched;
        _sum->_threads.release(_thread);
      }
    }

    /// The force of a pair on its neighbour i.
    KOKKOS_FORCEINLINE_FUNCTION void subtract(int i, Triple const& gradient) const {
      if constexpr (has_copies) {
        double* const force = _forces + static_cast<std::ptrdiff_t>(i) * 4;
        (Triple::loadRecord(force) - gradient).storeRecord(force);
      } else {
        for (int x = 0; x < 3; ++x) Kokkos::atomic_sub(_forces + static_cast<std::ptrdiff_t>(i) * 3 + x, gradient[x]);
      }
    }

    /// The force of all its pairs on centre i.
    /// \param blocks at least those of the centre and its neighbours (`AtomBlocks` of all that have forces)
    KOKKOS_FUNCTION void addToCentre(int i, double const (&gradient)[3], std::uint64_t blocks = AtomBlocks::all) const {
      subtract(i, {-gradient[0], -gradient[1], -gradient[2]});
      _touched |= blocks;
      // Most likely this thread adds up this atom; another one set its force to zero.
      if constexpr (has_copies)
        KOKKOS_IF_ON_HOST((__builtin_prefetch(_sum->_forces.data() + static_cast<std::ptrdiff_t>(i) * 3, 1);))
    }

   private:
    ForceSum const* _sum;
    double* _forces;
    int _thread = 0;
    mutable std::uint64_t _touched = 0;
  };
  KOKKOS_FUNCTION Access access() const { return Access(*this); }

  /// Kernels launched from here on add to `forces`, (atoms, 3) eV/A.
  void begin(ExecutionSpace const& space, Forces const& forces) {
    _forces = forces;
    if constexpr (has_copies) {
      _atoms = static_cast<int>(forces.extent(0));
      auto const threads = static_cast<std::size_t>(_threads.size()), size = static_cast<std::size_t>(_atoms) * threads;
      if (_touched.extent(0) < threads) _touched = Touched("sinter::neighbor::touched", threads);
      if (size <= _copies.extent(0)) return;  // `finish` left zeros
      _copies = {};
      _copies = Copies(Kokkos::view_alloc("sinter::neighbor::force_copies", space), size + size / 8);
    }
  }

  /// Adds what they left to the forces. The atoms of a block are shared among the threads that touched it, so that what
  /// a thread left alone stays in its own cache, and nobody reads what nobody touched.
  void finish(ExecutionSpace const& space) const {
    if constexpr (has_copies) {
      addCopies(space);
      Kokkos::deep_copy(space, _touched, 0);
    }
  }
  /// (Public, because nvcc takes device lambdas from public functions only.)
  void addCopies(ExecutionSpace const& space) const {
    auto const copies = _copies;
    auto const forces = _forces;
    auto const touched = _touched;
    int const atoms = _atoms, threads = _threads.size();
    AtomBlocks const blocks(atoms);
    Kokkos::parallel_for(
        "sinter::neighbor::add_forces", Kokkos::RangePolicy<ExecutionSpace>(space, 0, threads, Kokkos::ChunkSize(1)),
        KOKKOS_LAMBDA(int thread) {
          for (std::int64_t first = 0; first < atoms; first += std::int64_t{1} << blocks.shift) {
            std::uint64_t const block = blocks.of(static_cast<int>(first));
            if ((touched(thread, 0) & block) == 0) continue;
            std::int64_t const last = first + (std::int64_t{1} << blocks.shift),
                               count = (last < atoms ? last : atoms) - first;
            int sharers = 0, place = 0;
            for (int t = 0; t < threads; ++t) {
              if ((touched(t, 0) & block) == 0) continue;
              if (t < thread) ++place;
              ++sharers;
            }
            std::int64_t const begin = first + count * place / sharers, end = first + count * (place + 1) / sharers;
            for (int t = 0; t < threads; ++t) {
              if ((touched(t, 0) & block) == 0) continue;
              double* const copy = &copies(t * static_cast<std::ptrdiff_t>(atoms), 0);
              for (std::int64_t i = begin; i < end; ++i) {
                for (int x = 0; x < 3; ++x) forces(i, x) += copy[4 * i + x];
                Triple(0, 0, 0).storeRecord(copy + 4 * i);
              }
            }
          }
        });
  }

 private:
  using Copies = Kokkos::View<double* [4], Kokkos::LayoutRight, memory_space>;
  using Touched = Kokkos::View<std::uint64_t* [8], Kokkos::LayoutRight, memory_space>;
  Forces _forces;
  Copies _copies;    // (threads x atoms, 4)
  Touched _touched;  // (threads, a cache line each): blocks of atoms, in the first number
  int _atoms = 0;
  Kokkos::Experimental::UniqueToken<ExecutionSpace, Kokkos::Experimental::UniqueTokenScope::Global> _threads;
};

}  // namespace sinter
