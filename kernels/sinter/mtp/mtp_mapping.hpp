/// \file
/// Who works on a centre: SIMD lanes of the host, or threads, warps or blocks of a device.
#pragma once

#include <Kokkos_Core.hpp>

namespace sinter {

/// How centres are given to a processor.
enum class MtpMapping {
  automatic,  ///< by the size of the potential, see evaluateMtp
  lanes,      ///< host: a thread works on a pack of centres, one in each SIMD lane
  thread,     ///< device: a thread works on one centre, with its sums in registers
  warp,       ///< device: the vector lanes of a warp work on one centre
  block       ///< device: all warps of a block work on one centre
};

namespace detail {

/// Loops of those who work on one centre (with `lanes` on one pack). After each of them all see what the others wrote.
template <MtpMapping mapping, class Member>
class MtpWorkers {
 public:
  static constexpr bool is_one = mapping == MtpMapping::lanes || mapping == MtpMapping::thread;

  KOKKOS_FORCEINLINE_FUNCTION explicit MtpWorkers(Member const& team) : _team(team) {}

  /// body(i) for begin <= i < end
  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void forEach(int begin, int end, Body const& body) const {
    if constexpr (is_one) {
      for (int i = begin; i < end; ++i) body(i);
    } else if constexpr (mapping == MtpMapping::warp) {
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(_team, begin, end), body);
    } else {
      Kokkos::parallel_for(Kokkos::TeamVectorRange(_team, begin, end), body);
      _team.team_barrier();
    }
  }

  /// The sum of what body(i, sum) adds to `sum`, 0 <= i < count; all get it.
  template <class Sum, class Body>
  [[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION Sum sum(int count, Body const& body) const {
    Sum total(0.0);
    if constexpr (is_one) {
      for (int i = 0; i < count; ++i) body(i, total);
    } else if constexpr (mapping == MtpMapping::warp) {
      Kokkos::parallel_reduce(Kokkos::ThreadVectorRange(_team, count), body, Kokkos::Sum<Sum>(total));
      finishLanes();
    } else {
      Kokkos::parallel_reduce(Kokkos::TeamVectorRange(_team, count), body, Kokkos::Sum<Sum>(total));
      _team.team_barrier();
    }
    return total;
  }

  /// body(i, slot, final) as in Kokkos::parallel_scan: `slot` counts what body adds to it. Returns the count.
  template <class Body>
  [[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION int scan(int count, Body const& body) const {
    int total = 0;
    if (mapping == MtpMapping::warp || _team.team_rank() == 0) {
      Kokkos::parallel_scan(Kokkos::ThreadVectorRange(_team, count), body, total);
      finishLanes();
    }
    if constexpr (mapping == MtpMapping::block) _team.team_broadcast(total, 0);
    return total;
  }

  /// body() by one of them.
  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void once(Body const& body) const {
    if constexpr (is_one) {
      body();
    } else if constexpr (mapping == MtpMapping::warp) {
      Kokkos::single(Kokkos::PerThread(_team), body);
      finishLanes();
    } else {
      Kokkos::single(Kokkos::PerTeam(_team), body);
      _team.team_barrier();
    }
  }

 private:
  // A loop over vector lanes ends with a barrier, a scan or reduction does not.
  KOKKOS_FORCEINLINE_FUNCTION void finishLanes() const {
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(_team, 0), [](int) {});
  }

  Member const& _team;
};

}  // namespace detail
}  // namespace sinter
