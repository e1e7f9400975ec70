/// \file
/// How a thread of the host, or a block of a device, works on one centre: loops, and the products of small matrices
/// that nearly all of SOAP is.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>

#include "sinter/core/execution.hpp"
#include "sinter/core/simd.hpp"
#include "sinter/mtp/mtp_mapping.hpp"
#include "sinter/mtp/mtp_shape.hpp"

namespace sinter::detail {

/// What kernels of one execution space and precision have in common. A pack holds neighbouring columns of a matrix; on
/// a device it holds one number, and the threads of a block share the packs.
template <class ExecutionSpace, class Real>
struct SoapTeam {
  using Number = Pack<ExecutionSpace, Real>;
  using Policy = Kokkos::TeamPolicy<ExecutionSpace>;
  using Member = typename Policy::member_type;
  static constexpr bool on_device = is_device_space<ExecutionSpace>;
  using Workers = MtpWorkers<on_device ? MtpMapping::block : MtpMapping::lanes, Member>;
  static constexpr int lanes = static_cast<int>(Number::size());

  /// `units` teams with `bytes` of scratch each: in fast memory where it fits.
  [[nodiscard]] static Policy makePolicy(ExecutionSpace const& space, int units, std::size_t bytes, int& level) {
    level = bytes <= static_cast<std::size_t>(Policy::scratch_size_max(0)) ? 0 : 1;
    Policy policy(space, units, on_device ? 4 : 1, on_device ? 32 : 1);
    policy.set_scratch_size(level, Kokkos::PerTeam(static_cast<int>(bytes)));
    return policy;
  }
};

/// The smaller number, by value: constants have no address on a device.
KOKKOS_FORCEINLINE_FUNCTION constexpr int smaller(int a, int b) { return a < b ? a : b; }

/// One tile of a product: put(m, p, sum_k a[m a_row + k a_step] b[k b_row + p]) for m < rows, p < packs.
template <int rows, int packs, class Number, class Real, class Put>
KOKKOS_FORCEINLINE_FUNCTION void multiplyTile(int depth, Real const* a, int a_row, int a_step, Number const* b,
                                              int b_row, Put const& put) {
  Number sums[rows][packs];
  unrolled<rows>([&](auto m) SINTER_ALWAYS_INLINE {
    unrolled<packs>([&](auto p) SINTER_ALWAYS_INLINE { sums[m][p] = Number(Real(0)); });
  });
  for (int k = 0; k < depth; ++k) {
    Number right[packs];
    unrolled<packs>([&](auto p) SINTER_ALWAYS_INLINE { right[p] = b[k * b_row + p]; });
    unrolled<rows>([&](auto m) SINTER_ALWAYS_INLINE {
      Number const left(a[m * a_row + k * a_step]);
      unrolled<packs>([&](auto p) SINTER_ALWAYS_INLINE { sums[m][p] = Kokkos::fma(left, right[p], sums[m][p]); });
    });
  }
  unrolled<rows>([&](auto m) SINTER_ALWAYS_INLINE {
    unrolled<packs>([&](auto p) SINTER_ALWAYS_INLINE { put(int(m), int(p), sums[m][p]); });
  });
}

/// The largest tile: as many sums as a host with 16 registers holds beside factors. Sanitizers, which instrument each
/// of them, would make such tiles into minutes of compilation.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr int tile_rows = 2, tile_packs = 2;
#else
inline constexpr int tile_rows = 5, tile_packs = 2;
#endif

/// The same for up to `most` rows and tile_packs packs.
template <int most = tile_rows, class Number, class Real, class Put>
KOKKOS_FORCEINLINE_FUNCTION void multiply(int rows, int packs, int depth, Real const* a, int a_row, int a_step,
                                          Number const* b, int b_row, Put const& put) {
  if constexpr (most > 1)
    if (rows < most) return multiply<most - 1>(rows, packs, depth, a, a_row, a_step, b, b_row, put);
  if (packs == 1)
    multiplyTile<most, 1>(depth, a, a_row, a_step, b, b_row, put);
  else
    multiplyTile<most, 2>(depth, a, a_row, a_step, b, b_row, put);
}

/// body(i, j) for all i < outer, j < inner.
template <class Workers, class Body>
KOKKOS_FORCEINLINE_FUNCTION void forEachOf(Workers const& workers, int outer, int inner, Body const& body) {
  if constexpr (Workers::is_one) {
    for (int i = 0; i < outer; ++i)
      for (int j = 0; j < inner; ++j) body(i, j);
  } else {
    workers.forEach(0, outer * inner, [&](int e) { body(e / inner, e % inner); });
  }
}

/// sum_i a[i] b[i], the same for all workers.
template <class Workers>
KOKKOS_FUNCTION double dotProduct(Workers const& workers, int count, double const* a, double const* b) {
  if constexpr (Workers::is_one) {
    constexpr int chains = 8;  // sums that a processor can work on at the same time
    double sums[chains] = {}, total = 0;
    int i = 0;
    for (; i + chains <= count; i += chains)
      for (int s = 0; s < chains; ++s) sums[s] += a[i + s] * b[i + s];
    for (; i < count; ++i) total += a[i] * b[i];
    for (double const sum : sums) total += sum;
    return total;
  } else {
    return workers.template sum<double>(count, [&](int i, double& sum) { sum += a[i] * b[i]; });
  }
}

}  // namespace sinter::detail
