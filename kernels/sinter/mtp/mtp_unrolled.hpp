/// \file
/// Sums over neighbours and their derivatives as straight-line code, for shapes that are known when compiling:
/// equations (2.5), (2.11) and (2.12) of kernels/README.md.
#pragma once

#include <Kokkos_Core.hpp>

#include "sinter/mtp/mtp_shape.hpp"

namespace sinter::detail {

/// A few neighbours at a time, so that each moment and adjoint is read once for all of them. All indices are constants:
/// what is declared here lives in registers.
template <class Shape, class Number, int count>
struct UnrolledNeighbors {
  static constexpr int functions = Shape::radial_functions;
  Number u[count][3], f[count][functions];  ///< unit vectors, f_mu(r)

  /// Eq. (2.5): adds f_mu u^a u^b u^c to the accumulated moments.
  KOKKOS_FORCEINLINE_FUNCTION void accumulate(Number* moments) const {
    auto const add = [&](auto m, auto degree, Number const(&monomial)[count]) SINTER_ALWAYS_INLINE {
      unrolled<Shape::functions(degree)>([&](auto mu) SINTER_ALWAYS_INLINE {
        Number sum = moments[Shape::table.begin[m] + mu];
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE { sum = Kokkos::fma(f[i][mu], monomial[i], sum); });
        moments[Shape::table.begin[m] + mu] = sum;
      });
    };
    Number power[count];  // u_x^a
    unrolled<Shape::rank + 1>([&](auto a) SINTER_ALWAYS_INLINE {
      unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE { power[i] = a == 0 ? Number(1) : power[i] * u[i][0]; });
      Number monomial[count], with_z[count];
      unrolled<Shape::rank - a + 1>([&](auto b) SINTER_ALWAYS_INLINE {
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
          monomial[i] = b == 0 ? power[i] : monomial[i] * u[i][1];
          if constexpr (a + b < Shape::rank) with_z[i] = monomial[i] * u[i][2];
        });
        add(Index<Shape::index(a, b, 0)>(), Index<a + b>(), monomial);
        if constexpr (a + b < Shape::rank) add(Index<Shape::index(a, b, 1)>(), Index<a + b + 1>(), with_z);
      });
    });
  }

  /// P_mu(u) = sum_abc adjoint_{mu,abc} u^a u^b u^c and the gradient of W = sum_mu f_mu P_mu.
  ///
  /// Each is a polynomial in u_x and u_y plus u_z times another one; Horner's rule needs no monomial.
  KOKKOS_FORCEINLINE_FUNCTION void differentiate(Number const* adjoints, Number (&p)[count][functions],
                                                 Number (&gradient)[count][3]) const {
    Polynomials plain, with_z;
    evaluate(adjoints, with_z, Index<1>());
    evaluate(adjoints, plain, Index<0>());
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      Number const z = u[i][2];
      unrolled<functions>([&](auto mu) SINTER_ALWAYS_INLINE {
        p[i][mu] = plain.p[i][mu];
        if constexpr (Shape::functions(1) > mu) p[i][mu] = Kokkos::fma(z, with_z.p[i][mu], p[i][mu]);
      });
      gradient[i][0] = plain.derivative_x[i];
      gradient[i][1] = plain.derivative_y[i];
      gradient[i][2] = with_z.value[i];
      if constexpr (Shape::rank > 1) {
        gradient[i][0] = Kokkos::fma(z, with_z.derivative_x[i], gradient[i][0]);
        gradient[i][1] = Kokkos::fma(z, with_z.derivative_y[i], gradient[i][1]);
      }
    });
  }

 private:
  struct Polynomials {
    Number value[count], derivative_x[count], derivative_y[count];  // of W
    Number p[count][functions];
  };

  // The part with u_z^c, c = 0 or 1, without that factor.
  template <int c>
  KOKKOS_FORCEINLINE_FUNCTION void evaluate(Number const* adjoints, Polynomials& sum, Index<c>) const {
    constexpr int rank = Shape::rank - c;
    unrolled<rank + 1>([&](auto row) SINTER_ALWAYS_INLINE {
      constexpr int a = rank - row;
      Number value[count], slope[count], row_p[count][functions];  // sums over b for this power of u_x
      unrolled<rank - a + 1>([&](auto column) SINTER_ALWAYS_INLINE {
        constexpr int b = rank - a - column, m = Shape::index(a, b, c);
        Number w[count];  // coefficient of W
        unrolled<Shape::functions(a + b + c)>([&](auto mu) SINTER_ALWAYS_INLINE {
          constexpr bool first = Shape::functions(a + b + 1 + c) <= mu;
          Number const adjoint = adjoints[Shape::table.begin[m] + mu];
          unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
            w[i] = mu == 0 ? f[i][mu] * adjoint : Kokkos::fma(f[i][mu], adjoint, w[i]);
            row_p[i][mu] = first ? adjoint : Kokkos::fma(row_p[i][mu], u[i][1], adjoint);
          });
        });
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
          if constexpr (column > 0) slope[i] = column == 1 ? value[i] : Kokkos::fma(slope[i], u[i][1], value[i]);
          value[i] = column == 0 ? w[i] : Kokkos::fma(value[i], u[i][1], w[i]);
        });
      });
      unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
        Number const x = u[i][0];
        if constexpr (row > 0) {
          sum.derivative_x[i] = row == 1 ? sum.value[i] : Kokkos::fma(sum.derivative_x[i], x, sum.value[i]);
          sum.derivative_y[i] = row == 1 ? slope[i] : Kokkos::fma(sum.derivative_y[i], x, slope[i]);
        }
        sum.value[i] = row == 0 ? value[i] : Kokkos::fma(sum.value[i], x, value[i]);
        unrolled<Shape::functions(a + c)>([&](auto mu) SINTER_ALWAYS_INLINE {
          constexpr bool first = Shape::functions(a + 1 + c) <= mu;
          sum.p[i][mu] = first ? row_p[i][mu] : Kokkos::fma(sum.p[i][mu], x, row_p[i][mu]);
        });
      });
    });
  }
};

}  // namespace sinter::detail
