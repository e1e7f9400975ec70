/// \file
/// Which monomials and accumulated moments a potential has: known when compiling for the MLIP templates, so that their
/// loops unroll into straight-line code, or read from the plan.
#pragma once

#include <Kokkos_Macros.hpp>
#include <type_traits>
#include <utility>

#include "sinter/core/execution.hpp"

namespace sinter::detail {

/// Tables of the plan decide at run time: any potential.
struct PlanShape {
  static constexpr bool is_static = false;
  static constexpr int level = 0, radial_functions = 1;  // the latter is not used
};

/// After the parameters of a lambda: inlined whatever its size. What is called once per index has to be, or its
/// variables cannot stay in registers.
#define SINTER_ALWAYS_INLINE __attribute__((always_inline))

/// An index that is known when compiling; std::integral_constant, also on a device.
template <int i>
struct Index {
  KOKKOS_FORCEINLINE_FUNCTION constexpr operator int() const { return i; }
};

// These also call what only a host can call, from host code; nvcc is not to warn of that.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
template <class Body, int... i>
KOKKOS_FORCEINLINE_FUNCTION void callWithIndices(Body const& body, std::integer_sequence<int, i...>) {
  (body(Index<i>()), ...);
}
/// Calls body(Index<i>()) for i = 0 .. count - 1, without a loop.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
template <int count, class Body>
KOKKOS_FORCEINLINE_FUNCTION void unrolled(Body const& body) {
  callWithIndices(body, std::make_integer_sequence<int, count>{});
}

/// Monomials and accumulated moments of the untrained template of a level after trace folding, in the order of the
/// plan: monomials u_x^a u_y^b u_z^c with c = 0 or 1 by degree, then by (a, b); the moments of a monomial by mu = 0, 1,
/// ...
template <int lev>
struct TemplateShape {
  static constexpr bool is_static = true;
  static constexpr int level = lev;

  /// Number of radial functions that occur with monomials of this degree: lev(M_{mu,n}) = 2 + 4 mu + n, and a moment of
  /// degree n > 0 needs a partner of at least level 2 + n, eq. (2.14).
  KOKKOS_FUNCTION static constexpr int functions(int degree) {
    int const room = lev - 2 - degree - (degree > 0 ? 2 + degree : 0);
    if (room < 0 || degree > 10) return 0;
    return room / 4 > 5 ? 6 : room / 4 + 1;
  }
  static constexpr int rank = [] {
    int degree = 0;
    while (functions(degree + 1) > 0) ++degree;
    return degree;
  }();
  static constexpr int radial_functions = functions(0);
  static constexpr int monomials = (rank + 1) * (rank + 1);

  KOKKOS_FUNCTION static constexpr int index(int a, int b, int c) {
    int const degree = a + b + c;
    return degree * degree + (a == degree ? 2 * degree : 2 * a + 1 - c);
  }

  struct Table {
    int parent[monomials], axis[monomials], begin[monomials + 1];
  };
  static constexpr Table table = [] {
    Table t{};
    int moments = 0;
    for (int degree = 0, m = 0; degree <= rank; ++degree) {
      for (int a = 0; a <= degree; ++a) {
        for (int c = a < degree ? 1 : 0; c >= 0; --c, ++m) {
          int const b = degree - a - c;
          t.begin[m] = moments;
          moments += functions(degree);
          if (degree == 0) continue;
          t.axis[m] = c > 0 ? 2 : (b > 0 ? 1 : 0);
          t.parent[m] = c > 0 ? index(a, b, 0) : (b > 0 ? index(a, b - 1, 0) : index(a - 1, 0, 0));
        }
      }
    }
    t.begin[monomials] = moments;
    return t;
  }();
};

/// Whether kernels of a space are compiled for each shape. Not for the host when nvcc compiles (its packs have one
/// lane), nor under sanitizers, which take many minutes for them.
template <class ExecutionSpace>
inline constexpr bool has_template_shapes =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    false;
#elif defined(__CUDACC__)
    is_device_space<ExecutionSpace>;
#else
    true;
#endif

/// Levels that have code of their own.
inline constexpr int shape_levels[] = {8, 12, 16, 20};

/// Calls call.operator()<Shape>() with the shape of one of these levels, or with PlanShape for any other.
template <bool has_shapes, class Call>
decltype(auto) withShape(int level, Call&& call) {
  if constexpr (has_shapes) {
    switch (level) {
      case 8:
        return call.template operator()<TemplateShape<8>>();
      case 12:
        return call.template operator()<TemplateShape<12>>();
      case 16:
        return call.template operator()<TemplateShape<16>>();
      case 20:
        return call.template operator()<TemplateShape<20>>();
      default:
        break;
    }
  }
  (void)level;
  return call.template operator()<PlanShape>();
}

}  // namespace sinter::detail
