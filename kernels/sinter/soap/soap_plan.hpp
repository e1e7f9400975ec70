/// \file
/// SOAP made ready for evaluation: radial functions as piecewise polynomials and constants of the spherical harmonics
/// where a kernel can read them.
#pragma once

#include <Kokkos_Core.hpp>

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

  int species_count = 0, n_max = 0, l_max = 0, dimension = 0, intervals = 0;
  double cutoff = 0, last_component = 0;
  double table_error = 0;  ///< largest error found of a polynomial, relative to the largest |R_nl(r)|
  Zone zones[2];           ///< up to r_c - w, and from there to r_c
  Table<double> table;
  Table<float> table_single;
  Data<Tile> tiles;

  [[nodiscard]] KOKKOS_FUNCTION int rows() const { return (l_max + 1) * (l_max + 1); }
  [[nodiscard]] KOKKOS_FUNCTION int channels() const { return species_count * n_max; }
  /// Component of channels a >= b and l = 0; those of larger l follow.
  [[nodiscard]] KOKKOS_FUNCTION int component(int a, int b) const { return (a * (a + 1) / 2 + b) * (l_max + 1); }

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
