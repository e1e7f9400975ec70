/// \file
/// Sums over the neighbours of a centre.
#pragma once

#include <Kokkos_Core.hpp>

namespace sinter {

/// Sums over the neighbours of a centre, as a sink receives them.
struct PairSums {
  double gradient[3];  ///< sum_j g_j, with the pair derivatives g_j = dE_i/dr_ij
  double virial[6];    ///< -sum_j r_ij (x) g_j: xx yy zz yz xz xy; symmetric, as E_i does not change under rotation;
                       ///< zero unless results.wantsVirials()
};

namespace detail {

// Several numbers that are summed together over vector lanes.
template <class Number, int size>
struct Sums {
  Number values[size];

  KOKKOS_DEFAULTED_FUNCTION Sums() = default;
  KOKKOS_FUNCTION explicit Sums(double zero) {
    for (auto& value : values) value = Number(zero);
  }
  KOKKOS_FUNCTION Sums& operator+=(Sums const& other) {
    for (int i = 0; i < size; ++i) values[i] = values[i] + other.values[i];
    return *this;
  }
};

}  // namespace detail
}  // namespace sinter

template <class Number, int size>
struct Kokkos::reduction_identity<sinter::detail::Sums<Number, size>> {
  KOKKOS_FORCEINLINE_FUNCTION static sinter::detail::Sums<Number, size> sum() {
    return sinter::detail::Sums<Number, size>(0.0);
  }
};
