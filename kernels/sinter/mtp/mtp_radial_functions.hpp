/// \file
/// The radial basis functions by themselves, without coefficients: equations (2.1)-(2.3) and (2.16)-(2.20) of
/// kernels/README.md.
#pragma once

#include <Kokkos_Core.hpp>

#include "sinter/core/simd.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/mtp/mtp_radial_basis.hpp"

namespace sinter {

/// phi_n(r) and phi'_n(r) of one potential.
struct MtpRadialFunctions {
  int size = 0;
  RadialEnvelope envelope = RadialEnvelope::cutoff;
  bool clamped = false;
  double min_dist = 0, max_dist = 0, scaling = 1;

  MtpRadialFunctions() = default;
  explicit MtpRadialFunctions(MtpModel const& model)
      : size(model.radial_basis_size),
        envelope(formOf(model.radial_basis_type).envelope),
        clamped(formOf(model.radial_basis_type).clamped),
        min_dist(model.min_dist),
        max_dist(model.max_dist),
        scaling(model.scaling) {}

  /// A pack of distances; at max_dist and beyond all functions are zero.
  /// \param form of the basis in Chebyshev polynomials (`chebyshevForm`)
  /// \param r distances (A), \param inverse 1 / r
  /// \param phi (2 size) phi_n, then phi'_n (1/A)
  template <class Number>
  KOKKOS_FUNCTION void evaluate(double const* form, Number const& r, Number const& inverse, Number* phi) const {
    constexpr int most = max_radial_basis_size, lanes = static_cast<int>(Number::size());
    double const slope = 2 / (max_dist - min_dist), offset = -(max_dist + min_dist) / (max_dist - min_dist);
    Number argument = r, xi_slope(slope), cut(1.0), cut_derivative(0.0);
    if (clamped)
      for (int l = 0; l < lanes; ++l)
        if (lanesOf(r)[l] <= min_dist) {
          lanesOf(argument)[l] = min_dist;
          lanesOf(xi_slope)[l] = 0;
        }
    if (envelope == RadialEnvelope::cutoff) {
      Number const gap = argument - Number(max_dist);
      cut = gap * gap;
      cut_derivative = gap + gap;
    } else if (envelope == RadialEnvelope::inverse) {
      Number const ratio = Number(max_dist) * inverse, gap = Number(1.0) - ratio;
      cut = gap * gap;
      cut_derivative = (gap + gap) * ratio * inverse;
    }
    for (int l = 0; l < lanes; ++l) {
      if (lanesOf(r)[l] >= max_dist) lanesOf(cut)[l] = lanesOf(cut_derivative)[l] = 0;
      if (clamped && lanesOf(r)[l] <= min_dist) lanesOf(cut_derivative)[l] = 0;
    }
    cut = cut * Number(scaling);
    cut_derivative = cut_derivative * Number(scaling);
    Number const xi = Kokkos::fma(argument, Number(slope), Number(offset)), twice = xi + xi;
    Number chebyshev[most], derivative[most];
    chebyshev[0] = Number(1.0);
    derivative[0] = Number(0.0);
    if (size > 1) {
      chebyshev[1] = xi;
      derivative[1] = Number(1.0);
    }
    for (int n = 2; n < size; ++n) {
      chebyshev[n] = Kokkos::fma(twice, chebyshev[n - 1], -chebyshev[n - 2]);
      derivative[n] =
          Kokkos::fma(twice, derivative[n - 1], Kokkos::fma(Number(2.0), chebyshev[n - 1], -derivative[n - 2]));
    }
    Number const cut_slope = cut * xi_slope;
    for (int n = 0; n < size; ++n) {
      Number value(0.0), prime(0.0);
      for (int k = 0; k <= n; ++k) {
        double const t = form[n * size + k];
        if (t == 0) continue;
        value = Kokkos::fma(Number(t), chebyshev[k], value);
        prime = Kokkos::fma(Number(t), derivative[k], prime);
      }
      phi[n] = value * cut;
      phi[size + n] = Kokkos::fma(prime, cut_slope, value * cut_derivative);
    }
  }
};

}  // namespace sinter
