/// \file
/// SOAP made ready for evaluation: radial functions as piecewise polynomials and constants of the spherical harmonics
/// where a kernel can read them.
#pragma once

#include <Kokkos_Core.hpp>
#include <type_traits>

#include "sinter/core/simd.hpp"
#include "sinter/soap/soap_basis.hpp"

namespace sinter {

/// The evaluation plan on the device (or host) of `MemorySpace`. Copies share data.
///
/// Coefficients X of one centre are a matrix with a row for each (l, m), number l^2 + l + m, and a column for each
/// channel (s, n). So that a radial index fills registers the n_max columns of a species are padded with zeros to
/// `Table::row`.
template <class MemorySpace>
struct SoapPlan {
  using memory_space = MemorySpace;
  template <class T>
  using Data = Kokkos::View<T const*, MemorySpace>;

  static constexpr int degree = 7;  ///< of the polynomials

  /// Polynomials of R_nl; the argument runs from -1 to 1 in an interval.
  template <class Real>
  struct Table {
    /// [interval][l][pack of n][power, highest first][lane], so that a host reads one after another. On a device a pack
    /// is a row, whose numbers neighbouring threads read.
    Data<Real> coefficients;
    int row = 0;                ///< n_max, rounded up to a full register
    Data<Real> central;         ///< (row) what the centre adds to X_{n00} of its own species
    Data<Real> harmonic_start;  ///< (l_max + 1) Q_mm, eq. (4.12)
    Data<Real> harmonic_step;   ///< a_lm and a_lm b_lm of eq. (4.12) at 2 (l (l + 1) / 2 + m)
  };

  /// Rows of X of one l, as many as a kernel works on at a time.
  struct Tile {
    int l, first, rows;  ///< rows `first` to first + rows - 1 of X
  };

  /// Intervals of equal length between two radii.
  struct Zone {
    double begin = 0, inverse_length = 0;
    int first = 0, last = 0;  ///< intervals
  };

  SoapConvention convention = SoapConvention::quip;
  int species_count = 0, n_max = 0, l_max = 0, intervals = 0;
  int dimension = 0;   ///< of a vector
  int components = 0;  ///< of a power spectrum: without the constant at the end of quip's vectors
  double cutoff = 0;   ///< how far neighbours count, `SoapSettings::reach`
  double last_component = 0;
  double table_error = 0;  ///< largest error found of a polynomial, relative to the largest |R_nl(r)|
  Zone zones[2];           ///< up to `cutoff` - w, and from there to `cutoff`
  Table<double> table;
  Table<float> table_single;
  Data<Tile> tiles;

  [[nodiscard]] KOKKOS_FUNCTION int rows() const { return (l_max + 1) * (l_max + 1); }
  [[nodiscard]] KOKKOS_FUNCTION int channels() const { return species_count * n_max; }

  /// Whether vectors have length 1.
  [[nodiscard]] KOKKOS_FUNCTION bool isNormalised() const { return convention == SoapConvention::quip; }

  /// Where products of channels a and b <= a of one l stand in a vector.
  struct Place {
    int component;
    int step;    ///< to that of b + 1, if it is of the same species
    int bend;    ///< by how much more from there to that of b + 2
    int mirror;  ///< component of b and a in conventions that have it too, also where a = b; else -1
  };
  [[nodiscard]] KOKKOS_FUNCTION Place placeOf(int a, int b, int l) const {
    int const angular = l_max + 1;
    if (convention == SoapConvention::quip) return {(a * (a + 1) / 2 + b) * angular + l, angular, 0, -1};
    int const s_a = a / n_max, s_b = b / n_max, n_a = a % n_max, n_b = b % n_max,
              pair = s_b * species_count - s_b * (s_b - 1) / 2 + s_a - s_b;
    if (convention == SoapConvention::rascal) {
      int const block = pair * angular + l;
      return {(block * n_max + n_b) * n_max + n_a, n_max, 0, s_a == s_b ? (block * n_max + n_a) * n_max + n_b : -1};
    }
    // Pairs before this one have n_max^2 products for each l, those of equal species (n_max - 1) n_max / 2 fewer.
    int const first = (pair * n_max * n_max - (s_a == s_b ? s_b : s_b + 1) * (n_max * (n_max - 1) / 2)) * angular;
    if (s_a != s_b) return {first + (l * n_max + n_b) * n_max + n_a, n_max, 0, -1};
    return {first + l * (n_max * (n_max + 1) / 2) + n_b * n_max - n_b * (n_b + 1) / 2 + n_a, n_max - n_b - 1, -1, -1};
  }
  /// Factors of a product of channels, of the pair and of l.
  [[nodiscard]] KOKKOS_FUNCTION double factorOfPair(int a, int b) const {
    bool const is_once = convention == SoapConvention::quip ? a == b : a / n_max == b / n_max;
    return is_once || convention == SoapConvention::dscribe ? 1 : Kokkos::numbers::sqrt2;
  }
  [[nodiscard]] KOKKOS_FUNCTION double factorOfL(int l) const {
    double const sign = convention == SoapConvention::rascal && l % 2 == 1 ? -1 : 1,
                 scale = convention == SoapConvention::dscribe ? Kokkos::numbers::pi * Kokkos::sqrt(8.0) : 1;
    return sign * scale / Kokkos::sqrt(2.0 * l + 1);
  }

  template <class Real>
  [[nodiscard]] KOKKOS_FUNCTION Table<Real> const& tableOf() const {
    if constexpr (std::is_same_v<Real, double>)
      return table;
    else
      return table_single;
  }
  /// Numbers in a row of the matrix X.
  template <class Real>
  [[nodiscard]] KOKKOS_FUNCTION int width() const {
    return species_count * tableOf<Real>().row;
  }
};

/// Makes the plan: intervals are halved until no polynomial is off by more than 1e-13 of the largest |R_nl(r)|, or the
/// rounding errors of R_nl itself are reached (many radial functions that are nearly dependent).
/// \throws InputError when `settings` are out of their ranges (`checkSoapSettings`).
template <class MemorySpace>
[[nodiscard]] SoapPlan<MemorySpace> makeSoapPlan(SoapSettings const& settings);

}  // namespace sinter
