/// \file
/// Packs of numbers, one lane per centre, and what Kokkos SIMD does not have for them.
#pragma once

#include <Kokkos_Core.hpp>
#include <Kokkos_SIMD.hpp>
#include <limits>
#include <type_traits>
#include <utility>

#include "sinter/core/execution.hpp"

namespace sinter {

/// A register full of `Real` on the host, one number on a device: lanes are centres.
template <class ExecutionSpace, class Real>
using Pack = Kokkos::Experimental::basic_simd<
    Real, std::conditional_t<is_device_space<ExecutionSpace>, Kokkos::Experimental::simd_abi::scalar,
                             typename Kokkos::Experimental::simd<Real>::abi_type>>;

/// The numbers of a pack, one per lane (packs in memory are arrays of their lanes).
template <class Real, class Abi>
KOKKOS_FORCEINLINE_FUNCTION Real* lanesOf(Kokkos::Experimental::basic_simd<Real, Abi>& pack) {
  return reinterpret_cast<Real*>(&pack);
}
template <class Real, class Abi>
KOKKOS_FORCEINLINE_FUNCTION Real const* lanesOf(Kokkos::Experimental::basic_simd<Real, Abi> const& pack) {
  return reinterpret_cast<Real const*>(&pack);
}

/// 1 / sqrt(x) of each lane to two units in the last place; not a number where x is zero or infinite.
///
/// Where the processor has an estimate to start from, Newton's method takes a quarter of the time of root and division.
template <class Real, class Abi>
KOKKOS_FORCEINLINE_FUNCTION Kokkos::Experimental::basic_simd<Real, Abi> inverseSqrt(
    Kokkos::Experimental::basic_simd<Real, Abi> const& x) {
  using Number = Kokkos::Experimental::basic_simd<Real, Abi>;
#if defined(__AVX512F__) && !defined(__CUDACC__)
  if constexpr (sizeof(Number) == 64) {
    Number y;
    if constexpr (std::is_same_v<Real, double>)
      y = Number(_mm512_rsqrt14_pd(static_cast<__m512d>(x)));
    else
      y = Number(_mm512_rsqrt14_ps(static_cast<__m512>(x)));
    for (int correct_bits = 14; correct_bits < std::numeric_limits<Real>::digits; correct_bits *= 2)
      y = Kokkos::fma(Number(Real(0.5)) * y, Kokkos::fma(-(x * y), y, Number(Real(1))), y);
    return y;
  }
#endif
  return Number(Real(1)) / Kokkos::sqrt(x);
}

/// Picks for each lane one of a pack of numbers, where the processor does that by one instruction (`is_fast`).
template <class Number>
class LaneLookup;
template <class Real, class Abi>
class LaneLookup<Kokkos::Experimental::basic_simd<Real, Abi>> {
 public:
  using Number = Kokkos::Experimental::basic_simd<Real, Abi>;
#if defined(__AVX512F__) && !defined(__CUDACC__)
  static constexpr bool is_fast = sizeof(Number) == 64;
  explicit LaneLookup(int const (&indices)[Number::size()]) {
    if constexpr (std::is_same_v<Real, double>)
      _indices = _mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<__m256i const*>(indices)));
    else
      _indices = _mm512_loadu_si512(indices);
  }
  Number operator()(Number const& numbers) const {
    if constexpr (std::is_same_v<Real, double>)
      return Number(_mm512_permutexvar_pd(_indices, static_cast<__m512d>(numbers)));
    else
      return Number(_mm512_permutexvar_ps(_indices, static_cast<__m512>(numbers)));
  }

 private:
  __m512i _indices;
#else
  static constexpr bool is_fast = false;
#endif
};

/// Transposes a matrix of `rows` rows that lies row by row in `packs`; afterwards column by column. `rows` and the
/// number of lanes are powers of two.
///
/// One shuffle of all packs like a deck of cards moves the first bit of an element's position to its end.
template <int rows, int count, class Real, class Abi>
KOKKOS_FORCEINLINE_FUNCTION void transpose(Kokkos::Experimental::basic_simd<Real, Abi> (&packs)[count]) {
  using Number = Kokkos::Experimental::basic_simd<Real, Abi>;
  constexpr int lanes = static_cast<int>(Number::size());
#if !defined(__CUDACC__)
  if constexpr (lanes > 1 && count > 1) {
    using Vector [[gnu::vector_size(sizeof(Number)), gnu::may_alias]] = Real;
    Vector deck[count], shuffled[count];
    for (int i = 0; i < count; ++i) deck[i] = reinterpret_cast<Vector const&>(packs[i]);
    for (int bits = rows; bits > 1; bits /= 2) {
      [&]<int... l>(std::integer_sequence<int, l...>) {
        for (int i = 0; i < count / 2; ++i) {
          shuffled[2 * i] = __builtin_shufflevector(deck[i], deck[count / 2 + i], (l / 2 + l % 2 * lanes)...);
          shuffled[2 * i + 1] =
              __builtin_shufflevector(deck[i], deck[count / 2 + i], (lanes / 2 + l / 2 + l % 2 * lanes)...);
        }
      }
      (std::make_integer_sequence<int, lanes>{});
      for (int i = 0; i < count; ++i) deck[i] = shuffled[i];
    }
    for (int i = 0; i < count; ++i) reinterpret_cast<Vector&>(packs[i]) = deck[i];
    return;
  }
#endif
  Real from[count * lanes];
  for (int e = 0; e < count * lanes; ++e) from[e] = lanesOf(packs[e / lanes])[e % lanes];
  constexpr int columns = count * lanes / rows;
  for (int e = 0; e < count * lanes; ++e) lanesOf(packs[e / lanes])[e % lanes] = from[e % rows * columns + e / rows];
}

/// Three numbers and a zero, in one register where the host has one for four.
class Triple {
 public:
  KOKKOS_DEFAULTED_FUNCTION Triple() = default;
  KOKKOS_FORCEINLINE_FUNCTION Triple(double x, double y, double z) : _values{x, y, z, 0} {}
  /// From three numbers in memory; a fourth behind them is not touched.
  KOKKOS_FORCEINLINE_FUNCTION static Triple load(double const* numbers) {
#if defined(__AVX__) && !defined(__CUDACC__)
    return Triple(Four(_mm256_maskload_pd(numbers, _mm256_setr_epi64x(-1, -1, -1, 0))));
#else
    return {numbers[0], numbers[1], numbers[2]};
#endif
  }
  /// From and to a record of four, whose fourth is zero.
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION static Triple loadRecord(Real const* record) {
#if defined(__CUDACC__)
    return {static_cast<double>(record[0]), static_cast<double>(record[1]), static_cast<double>(record[2])};
#else
    using Record [[gnu::vector_size(4 * sizeof(Real)), gnu::aligned(alignof(Real)), gnu::may_alias]] = Real;
    return Triple(__builtin_convertvector(*reinterpret_cast<Record const*>(record), Four));
#endif
  }
  template <class Real>
  KOKKOS_FORCEINLINE_FUNCTION void storeRecord(Real* record) const {
#if defined(__CUDACC__)
    for (int x = 0; x < 3; ++x) record[x] = static_cast<Real>(_values[x]);
#else
    using Record [[gnu::vector_size(4 * sizeof(Real)), gnu::aligned(alignof(Real)), gnu::may_alias]] = Real;
    using Converted [[gnu::vector_size(4 * sizeof(Real))]] = Real;
    *reinterpret_cast<Record*>(record) = __builtin_convertvector(_values, Converted);
#endif
  }

  KOKKOS_FORCEINLINE_FUNCTION double operator[](int i) const { return _values[i]; }
#if defined(__CUDACC__)
  KOKKOS_FORCEINLINE_FUNCTION friend Triple operator+(Triple const& a, Triple const& b) {
    return {a[0] + b[0], a[1] + b[1], a[2] + b[2]};
  }
  KOKKOS_FORCEINLINE_FUNCTION friend Triple operator-(Triple const& a, Triple const& b) {
    return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
  }
#else
  KOKKOS_FORCEINLINE_FUNCTION friend Triple operator+(Triple const& a, Triple const& b) {
    return Triple(a._values + b._values);
  }
  KOKKOS_FORCEINLINE_FUNCTION friend Triple operator-(Triple const& a, Triple const& b) {
    return Triple(a._values - b._values);
  }
#endif

  [[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION double squaredNorm() const {
    Triple const& t = *this;
    return t[0] * t[0] + t[1] * t[1] + t[2] * t[2];
  }

  /// Squared lengths of four.
  KOKKOS_FORCEINLINE_FUNCTION static void squaredNorms(Triple const (&triples)[4], double (&squares)[4]) {
#if defined(__CUDACC__)
    for (int i = 0; i < 4; ++i) squares[i] = triples[i].squaredNorm();
#else
    Four square[4];
    for (int i = 0; i < 4; ++i) square[i] = triples[i]._values * triples[i]._values;
    auto const addPairs = [](Four const& a, Four const& b) {
      return __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7);
    };
    Four const a = addPairs(square[0], square[1]), b = addPairs(square[2], square[3]),
               sums = __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
    for (int i = 0; i < 4; ++i) squares[i] = sums[i];
#endif
  }

 private:
#if defined(__CUDACC__)
  using Four = double[4];
#else
  using Four [[gnu::vector_size(4 * sizeof(double))]] = double;
  KOKKOS_FORCEINLINE_FUNCTION explicit Triple(Four const& values) : _values(values) {}
#endif
  Four _values;
};

}  // namespace sinter
