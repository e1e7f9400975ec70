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
  using Homes = Kokkos::View<int const*, memory_space>;
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
    /// \param blocks at least those of the centre and its neighbours (`AtomBlocks` of all atoms, images among them)
    KOKKOS_FUNCTION void addToCentre(int i, double const (&gradient)[3], std::uint64_t blocks = AtomBlocks::all) const {
      subtract(i, {-gradient[0], -gradient[1], -gradient[2]});
      _touched |= blocks;
      // This thread most likely adds up this atom; another one may have set its force to zero.
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

  /// Kernels launched from here on give forces to atoms 0, 1, ...; `finish` adds them to `forces`, (atoms, 3) eV/A.
  /// \param homes (images) the atom, one with forces, that gets what is given to atom forces.extent(0) + k (host only)
  /// \param replaces `forces` are set, not added to (host only)
  void begin(ExecutionSpace const& space, Forces const& forces, Homes const& homes = {}, bool replaces = false) {
    _forces = forces;
    if constexpr (has_copies) {
      _homes = homes;
      _replaces = replaces;
      _atoms = static_cast<int>(forces.extent(0) + homes.extent(0));
      auto const threads = static_cast<std::size_t>(_threads.size()), size = static_cast<std::size_t>(_atoms) * threads;
      if (_touched.extent(0) < threads) _touched = Touched("sinter::neighbor::touched", threads);
      if (size <= _copies.extent(0)) return;  // `finish` left zeros
      _copies = {};
      _copies = Copies(Kokkos::view_alloc("sinter::neighbor::force_copies", space), size + size / 8);
    }
  }

  /// Adds up what they left.
  void finish(ExecutionSpace const& space) const {
    if constexpr (has_copies) {
      if (_homes.extent(0) > 0) sendHome(space);
      addCopies(space);
      Kokkos::deep_copy(space, _touched, 0);
    }
  }

  /// Gives the forces of images to their atoms, in each copy by the thread that has it in its cache.
  /// (These functions are public, because nvcc takes device lambdas from public functions only.)
  void sendHome(ExecutionSpace const& space) const {
    auto const sum = *this;
    int const owned = static_cast<int>(_forces.extent(0)), threads = _threads.size();
    Kokkos::parallel_for(
        "sinter::neighbor::send_home", Kokkos::RangePolicy<ExecutionSpace>(space, 0, threads, Kokkos::ChunkSize(1)),
        KOKKOS_LAMBDA(int thread) {
          AtomBlocks const blocks(sum._atoms);
          std::uint64_t homes = 0;
          forEachRun(blocks, owned, sum._atoms, [&](int begin, int end) {
            double* const copy = sum.used(blocks, thread, begin, end);
            if (!copy) return;
            for (int i = begin; i < end; ++i) {
              int const home = sum._homes(i - owned);
              double* const from = copy + 4 * static_cast<std::ptrdiff_t>(i);
              double* const to = copy + 4 * static_cast<std::ptrdiff_t>(home);
              (Triple::loadRecord(to) + Triple::loadRecord(from)).storeRecord(to);
              Triple(0, 0, 0).storeRecord(from);
              homes |= blocks.of(home);
            }
          });
          sum._touched(thread, 0) |= homes;
        });
  }

  /// Adds up the copies, each thread for the atoms that it has in other loops, too: their forces are in its cache.
  void addCopies(ExecutionSpace const& space) const {
    auto const sum = *this;
    auto const owned = static_cast<std::int64_t>(_forces.extent(0));
    int const threads = _threads.size();
    Kokkos::parallel_for(
        "sinter::neighbor::add_forces", Kokkos::RangePolicy<ExecutionSpace>(space, 0, threads, Kokkos::ChunkSize(1)),
        KOKKOS_LAMBDA(int thread) {
          auto const first = static_cast<int>(owned * thread / threads),
                     last = static_cast<int>(owned * (thread + 1) / threads);
          AtomBlocks const blocks(sum._atoms);
          forEachRun(blocks, first, last, [&](int begin, int end) {
            bool adds = !sum._replaces;
            for (int t = 0; t < threads; ++t) {
              double* const copy = sum.used(blocks, t, begin, end);
              if (!copy) continue;
              for (int i = begin; i < end; ++i) {
                double* const from = copy + 4 * static_cast<std::ptrdiff_t>(i);
                for (int x = 0; x < 3; ++x) sum._forces(i, x) = adds ? sum._forces(i, x) + from[x] : from[x];
                Triple(0, 0, 0).storeRecord(from);
              }
              adds = true;
            }
            if (adds) return;
            for (int i = begin; i < end; ++i)
              for (int x = 0; x < 3; ++x) sum._forces(i, x) = 0;
          });
        });
  }

 private:
  // Calls use(begin, end) for runs of atoms first, ..., last - 1, each within one of the blocks.
  template <class Use>
  KOKKOS_FUNCTION static void forEachRun(AtomBlocks const& blocks, int first, int last, Use const& use) {
    int const length = blocks.shift < 5 ? 1 << blocks.shift : 32;
    for (int begin = first; begin < last;) {
      int const to_end = length - begin % length, end = to_end < last - begin ? begin + to_end : last;
      use(begin, end);
      begin = end;
    }
  }

  // The copy of a thread, if it has something for atoms begin, ..., end - 1 of one block; else null. A copy with
  // nothing for them is not written to, so that those zeros stay in the caches of all threads.
  KOKKOS_FUNCTION double* used(AtomBlocks const& blocks, int thread, int begin, int end) const {
    if ((_touched(thread, 0) & blocks.of(begin)) == 0) return nullptr;
    double* const copy = _copies.data() + static_cast<std::ptrdiff_t>(thread) * _atoms * 4;
    std::uint64_t bits = 0;
    for (std::ptrdiff_t k = 4 * static_cast<std::ptrdiff_t>(begin); k < 4 * static_cast<std::ptrdiff_t>(end); ++k)
      bits |= Kokkos::bit_cast<std::uint64_t>(copy[k]);
    return bits != 0 ? copy : nullptr;
  }

  using Copies = Kokkos::View<double* [4], Kokkos::LayoutRight, memory_space>;
  using Touched = Kokkos::View<std::uint64_t* [8], Kokkos::LayoutRight, memory_space>;
  Forces _forces;
  Homes _homes;
  Copies _copies;    // (threads x atoms, 4)
  Touched _touched;  // (threads, a cache line each): blocks of atoms, in the first number
  int _atoms = 0;    // with images
  bool _replaces = false;
  Kokkos::Experimental::UniqueToken<ExecutionSpace, Kokkos::Experimental::UniqueTokenScope::Global> _threads;
};

}  // namespace sinter
