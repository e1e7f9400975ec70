/// \file
/// Evaluation of moment tensor potentials: equations (2.1)-(2.13), (2.16)-(2.20) of kernels/README.md. Slow reference:
/// tests/reference/mtp_reference.hpp.
///
/// Two passes over the neighbours of a centre. The first makes radial values and accumulates the folded moments; then
/// the products run forward and backward; the second pass turns the adjoints of the folded moments into pair
/// derivatives. Nothing is stored per (neighbour, basis function), so memory does not grow with their product.
///
/// One source for all backends. On the host a thread works on a pack of centres, one per SIMD lane, and the vector
/// ranges below are plain loops; on a device a pack has one lane, and the vector lanes of a warp share the work on one
/// centre.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/mtp/mtp_shape.hpp"
#include "sinter/neighbor/environment_source.hpp"

namespace sinter {

/// What a launch computes; flags combine with `|`.
enum class MtpOutputs : unsigned {
  site_energies = 1,   ///< sink.siteEnergy(i, E)
  forces = 2,          ///< sink.pair(0, i, j, r_ij, dE_i/dr_ij) and sink.centre(0, i, sums)
  basis_values = 4,    ///< sink.basisValue(i, b, B)
  basis_gradients = 8  ///< the same two with the number of the basis function in front: dB_b/dr_ij
};
KOKKOS_FORCEINLINE_FUNCTION constexpr MtpOutputs operator|(MtpOutputs a, MtpOutputs b) {
  return static_cast<MtpOutputs>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
KOKKOS_FORCEINLINE_FUNCTION constexpr bool contains(MtpOutputs outputs, MtpOutputs flag) {
  return (static_cast<unsigned>(outputs) & static_cast<unsigned>(flag)) != 0;
}

/// Sums over the neighbours of a centre, as a sink receives them.
struct PairSums {
  double gradient[3];  ///< sum_j g_j, with the pair derivatives g_j = dE_i/dr_ij
  double virial[9];    ///< -sum_j r_ij (x) g_j: xx xy xz yx yy yz zx zy zz
};

namespace detail {

// Several numbers that are summed together over vector lanes.
template <class Number, int size>
struct Sums {
  Number values[size];

  KOKKOS_DEFAULTED_FUNCTION Sums() = default;
  KOKKOS_FUNCTION explicit Sums(Number zero) {
    for (auto& value : values) value = zero;
  }
  KOKKOS_FUNCTION Sums& operator+=(Sums const& other) {
    for (int i = 0; i < size; ++i) values[i] = values[i] + other.values[i];
    return *this;
  }
};

// A sum in double for each lane of a pack of single precision.
template <int lanes>
struct DoubleLanes {
  double values[lanes];

  KOKKOS_DEFAULTED_FUNCTION DoubleLanes() = default;
  KOKKOS_FUNCTION explicit DoubleLanes(double zero) {
    for (auto& value : values) value = zero;
  }
  KOKKOS_FUNCTION friend DoubleLanes operator+(DoubleLanes a, DoubleLanes const& b) {
    for (int l = 0; l < lanes; ++l) a.values[l] += b.values[l];
    return a;
  }
  KOKKOS_FUNCTION friend double const* lanesOf(DoubleLanes const& sum) { return sum.values; }
};

}  // namespace detail
}  // namespace sinter

template <class Number, int size>
struct Kokkos::reduction_identity<sinter::detail::Sums<Number, size>> {
  KOKKOS_FORCEINLINE_FUNCTION static sinter::detail::Sums<Number, size> sum() {
    return sinter::detail::Sums<Number, size>(Number(0));
  }
};

namespace sinter {

namespace detail {

// What a thread keeps while it works on one pack of centres, in team scratch.
template <class Number>
struct MtpScratch {
  Number* moments;      // (moments) m
  Number* adjoints;     // (moments) dE/dm
  Number* accumulated;  // (accumulated) sums over neighbours, then their adjoints
  Number* unit;         // (3, neighbors) displacement, then u
  Number* distance;     // (neighbors) r, then 1/r
  Number* radial;       // (2 K, neighbors) f_mu and f'_mu
  Number* monomials;    // (monomials, chunk)
  Number* weights;      // (monomials, chunk)
  int* neighbor;        // (neighbors, lanes) index k in the centre's list; -1 for padding
  int* type;            // (neighbors, lanes) species of the neighbour
};

template <class ExecutionSpace, class Real, MtpOutputs outputs, class Source, class Sink, class Shape>
struct MtpKernel {
  using Number = Pack<ExecutionSpace, Real>;
  using Policy = Kokkos::TeamPolicy<ExecutionSpace>;
  using Member = typename Policy::member_type;
  static constexpr int lanes = static_cast<int>(Number::size());
  // Energy, gradient and virial of a centre are summed in double whatever `Real` is. What a pair adds to a centre is
  // then exactly what it takes from the neighbour: the forces of mixed precision have no resultant.
  using Total = std::conditional_t<std::is_same_v<Real, double>, Number, DoubleLanes<lanes>>;
  static constexpr bool on_device = is_device_space<ExecutionSpace>;
  // Neighbours whose monomials are kept at a time: enough to hold sums in registers, few enough for the L1 cache.
  static constexpr int chunk = on_device ? 32 : 8;
  static constexpr int weight_slots = on_device ? 32 : 1;
  static constexpr bool needs_gradients =
      contains(outputs, MtpOutputs::forces) || contains(outputs, MtpOutputs::basis_gradients);

  MtpPlan<typename ExecutionSpace::memory_space> plan;
  Source source;
  Sink sink;
  int centres = 0, max_neighbors = 0, scratch_level = 0;

  // ---- launch ------------------------------------------------------------------------------------------------------

  // Scratch of one thread in bytes, each array aligned to a pack.
  [[nodiscard]] std::size_t scratchBytes() const {
    auto const numbers = 2 * std::size_t(plan.moments) + plan.accumulated_count +
                         (4 + 2 * std::size_t(plan.radial_functions)) * max_neighbors +
                         std::size_t(plan.monomial_count) * (chunk + weight_slots);
    auto const integers = std::size_t(2) * max_neighbors * lanes;
    return (numbers + 16) * sizeof(Number) + (integers + 16) * sizeof(int) + 16 * 64;
  }

  // The only place that knows team size, vector length and scratch. `units` is the number of packs, or of groups.
  [[nodiscard]] Policy makePolicy(ExecutionSpace const& space, int units) {
    constexpr int vector_length = on_device ? 32 : 1;
    constexpr int team_size = on_device ? 4 : 1;
    std::size_t const bytes = scratchBytes();
    std::size_t const fast = static_cast<std::size_t>(Policy::scratch_size_max(0));
    scratch_level = (bytes * team_size <= fast / (on_device ? 2 : 1)) ? 0 : 1;
    Policy policy(space, (units + team_size - 1) / team_size, team_size, vector_length);
    policy.set_scratch_size(scratch_level, Kokkos::PerThread(static_cast<int>(bytes)));
    return policy;
  }

  // ---- kernel ------------------------------------------------------------------------------------------------------

  KOKKOS_FUNCTION void operator()(Member const& team) const {
    int const unit = team.league_rank() * team.team_size() + team.team_rank();
    MtpScratch<Number> const scratch = carveScratch(team);
    if constexpr (Sink::owns_groups) {
      if (unit >= source.numGroups()) return;
      int const end = source.groupBegin(unit + 1);
      for (int c = source.groupBegin(unit); c < end; c += lanes) evaluatePack(team, scratch, c, end);
    } else {
      if (unit * lanes < centres) evaluatePack(team, scratch, unit * lanes, centres);
    }
  }

  KOKKOS_FUNCTION MtpScratch<Number> carveScratch(Member const& team) const {
    auto const& memory = team.thread_scratch(scratch_level);
    auto const numbers = [&](int count) {
      return static_cast<Number*>(memory.get_shmem_aligned(count * sizeof(Number), alignof(Number)));
    };
    auto const integers = [&](int count) {
      return static_cast<int*>(memory.get_shmem_aligned(count * sizeof(int), alignof(int)));
    };
    MtpScratch<Number> s;
    s.moments = numbers(plan.moments);
    s.adjoints = numbers(plan.moments);
    s.accumulated = numbers(plan.accumulated_count);
    s.unit = numbers(3 * max_neighbors);
    s.distance = numbers(max_neighbors);
    s.radial = numbers(2 * plan.radial_functions * max_neighbors);
    s.monomials = numbers(plan.monomial_count * chunk);
    s.weights = numbers(plan.monomial_count * weight_slots);
    s.neighbor = integers(max_neighbors * lanes);
    s.type = integers(max_neighbors * lanes);
    return s;
  }

  KOKKOS_FUNCTION static int smaller(int a, int b) { return a < b ? a : b; }

  KOKKOS_FUNCTION static void addProduct(Total& sum, double a, Number const& b) {
    if constexpr (std::is_same_v<Real, double>) {
      sum = Kokkos::fma(Number(a), b, sum);
    } else {
      for (int l = 0; l < lanes; ++l) sum.values[l] += a * static_cast<double>(lanesOf(b)[l]);
    }
  }
  KOKKOS_FUNCTION static void addProduct(Total& sum, Number const& a, Number const& b) {
    if constexpr (std::is_same_v<Real, double>) {
      sum = Kokkos::fma(a, b, sum);
    } else {
      for (int l = 0; l < lanes; ++l)
        sum.values[l] += static_cast<double>(lanesOf(a)[l]) * static_cast<double>(lanesOf(b)[l]);
    }
  }

  // Centres first .. first + lanes - 1, those before `end`.
  KOKKOS_FUNCTION void evaluatePack(Member const& team, MtpScratch<Number> const& s, int first, int end) const {
    int const active = smaller(lanes, end - first);
    int const neighbors = gatherNeighbors(team, s, first, active);
    evaluateRadial(team, s, first, active, neighbors);
    accumulateMoments(team, s, neighbors);
    sumProducts(team, plan.forward_levels, plan.forward_level, plan.forward, plan.forward_terms, s.moments,
                s.moments);  // eq. (2.6)
    if constexpr (contains(outputs, MtpOutputs::site_energies)) putSiteEnergies(team, s, first, active);
    if constexpr (contains(outputs, MtpOutputs::basis_values)) {
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.basis_functions), [&](int b) {
        Number const& value = s.moments[plan.basis_moment(b)];
        for (int l = 0; l < active; ++l) sink.basisValue(source.centre(first + l), b, lanesOf(value)[l]);
      });
    }
    if constexpr (contains(outputs, MtpOutputs::forces)) {
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.moments),
                           [&](int m) { s.adjoints[m] = Number(Real(plan.energy_seed(m))); });
      putGradients(team, s, 0, first, active, neighbors);
    }
    if constexpr (contains(outputs, MtpOutputs::basis_gradients)) {
      for (int b = 0; b < plan.basis_functions; ++b) {
        int const moment = plan.basis_moment(b);
        Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.moments),
                             [&](int m) { s.adjoints[m] = Number(Real(m == moment ? 1 : 0)); });
        putGradients(team, s, b, first, active, neighbors);
      }
    }
  }

  // Neighbours inside the cutoff, lane by lane, the shorter lists padded with neighbours at the cutoff, where radial
  // functions and their derivatives vanish (or are made to, see radialEnvelope). Returns the length of the longest
  // list.
  KOKKOS_FUNCTION int gatherNeighbors(Member const& team, MtpScratch<Number> const& s, int first, int active) const {
    double const cutoff_squared = plan.max_dist * plan.max_dist;
    int counts[lanes], longest = 0;
    for (int l = 0; l < lanes; ++l) {
      counts[l] = 0;
      if (l < active) {
        int const c = first + l;
        Kokkos::parallel_scan(
            Kokkos::ThreadVectorRange(team, source.numNeighbors(c)),
            [&](int k, int& slot, bool final) {
              Displacement const d = source.displacement(c, k);
              // Written so that a position that is not a number is inside, and ends up in energy and forces.
              bool const inside = !(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] >= cutoff_squared);
              if (final && inside) {
                for (int x = 0; x < 3; ++x) lanesOf(s.unit[x * max_neighbors + slot])[l] = static_cast<Real>(d[x]);
                s.neighbor[slot * lanes + l] = k;
                s.type[slot * lanes + l] = source.type(source.neighbor(c, k));
              }
              slot += inside ? 1 : 0;
            },
            counts[l]);
      }
      longest = Kokkos::max(longest, counts[l]);
    }
    if constexpr (on_device) {  // a loop ends with a barrier of the vector lanes, a scan does not
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, 0), [](int) {});
    }
    if constexpr (lanes > 1) {
      for (int l = 0; l < lanes; ++l) {
        for (int k = counts[l]; k < longest; ++k) {
          for (int x = 0; x < 3; ++x)
            lanesOf(s.unit[x * max_neighbors + k])[l] = static_cast<Real>(x == 0 ? plan.max_dist : 0.0);
          s.neighbor[k * lanes + l] = -1;
          s.type[k * lanes + l] = 0;
        }
      }
    }
    return longest;
  }

  // Eqs. (2.1)-(2.4), (2.16)-(2.20): u, 1/r, f_mu and f'_mu of every neighbour.
  KOKKOS_FUNCTION void evaluateRadial(Member const& team, MtpScratch<Number> const& s, int first, int active,
                                      int neighbors) const {
    int const pair_size = plan.radial_functions * plan.radial_basis_size;
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, neighbors), [&](int k) {
      Number const x = s.unit[k], y = s.unit[max_neighbors + k], z = s.unit[2 * max_neighbors + k];
      Number const r = Kokkos::sqrt(Kokkos::fma(x, x, Kokkos::fma(y, y, z * z)));
      Number const inverse = Number(Real(1)) / r;
      s.unit[k] = x * inverse;
      s.unit[max_neighbors + k] = y * inverse;
      s.unit[2 * max_neighbors + k] = z * inverse;
      s.distance[k] = inverse;

      // First coefficient of each lane's pair of species.
      int offset[lanes];
      bool uniform = true;
      if (plan.species_count == 1) {
        for (int l = 0; l < lanes; ++l) offset[l] = 0;
      } else {
        for (int l = 0; l < lanes; ++l) {
          int const type_i = source.type(source.centre(first + smaller(l, active - 1)));
          offset[l] = (type_i * plan.species_count + s.type[k * lanes + l]) * pair_size;
          uniform = uniform && offset[l] == offset[0];
        }
      }
      if (uniform) {
        double const* const c = &plan.radial(offset[0]);
        radialFunctions(s, k, r, [&](int n) { return Number(Real(c[n])); });
      } else {
        double const* const c = plan.radial.data();
        radialFunctions(s, k, r, [&](int n) {
          Number value;
          for (int l = 0; l < lanes; ++l) lanesOf(value)[l] = static_cast<Real>(c[offset[l] + n]);
          return value;
        });
      }
    });
  }

  // What differs between the forms of the radial basis: the argument of xi, dxi/dr, w(r) and w'(r).
  struct Envelope {
    Number argument, slope, cut, cut_derivative;
  };
  KOKKOS_FUNCTION Envelope radialEnvelope(MtpScratch<Number> const& s, int k, Number const& r) const {
    Real const min_dist = static_cast<Real>(plan.min_dist), max_dist = static_cast<Real>(plan.max_dist);
    Envelope e{r, Number(static_cast<Real>(2 / (plan.max_dist - plan.min_dist))), Number(Real(1)), Number(Real(0))};
    if (plan.clamped)  // eq. (2.16); written so that NaN stays
      for (int l = 0; l < lanes; ++l)
        if (lanesOf(r)[l] <= min_dist) lanesOf(e.argument)[l] = min_dist;
    if (plan.envelope == RadialEnvelope::cutoff) {  // (r - R_max)^2
      Number const gap = e.argument - Number(max_dist);
      e.cut = gap * gap;
      e.cut_derivative = gap + gap;
    } else if (plan.envelope == RadialEnvelope::inverse) {  // (1 - R_max / r)^2
      Number const ratio = Number(max_dist) * s.distance[k], gap = Number(Real(1)) - ratio;
      e.cut = gap * gap;
      e.cut_derivative = (gap + gap) * ratio * s.distance[k];
    } else if constexpr (lanes > 1) {  // no factor makes neighbours that are padding vanish
      for (int l = 0; l < lanes; ++l)
        if (s.neighbor[k * lanes + l] < 0) lanesOf(e.cut)[l] = Real(0);
    }
    if (plan.clamped)
      for (int l = 0; l < lanes; ++l)
        if (lanesOf(r)[l] <= min_dist) lanesOf(e.slope)[l] = lanesOf(e.cut_derivative)[l] = Real(0);
    return e;
  }

  // Eq. (2.17) into the last radial function. The difference of exponentials as expm1, which keeps its digits near
  // R_min.
  KOKKOS_FUNCTION void pairRepulsion(MtpScratch<Number> const& s, int k, Number const& r) const {
    int const mu = plan.radial_functions - 1;
    Number value(Real(0)), prime(Real(0));
    double const at_min = repulsion_strength * Kokkos::exp(-repulsion_steepness * (plan.min_dist - repulsion_origin));
    for (int l = 0; l < lanes; ++l) {
      double const below = plan.min_dist - static_cast<double>(lanesOf(r)[l]);
      if (below > 0) {
        double const growth = Kokkos::expm1(repulsion_steepness * below);
        lanesOf(value)[l] = static_cast<Real>(at_min * growth);
        lanesOf(prime)[l] = static_cast<Real>(-repulsion_steepness * at_min * (growth + 1));
      }
    }
    s.radial[mu * max_neighbors + k] = value;
    s.radial[(plan.radial_functions + mu) * max_neighbors + k] = prime;
  }

  // `coefficient(mu R + n)` is c'[z_i][z_j][mu][n], eq. (2.20).
  template <class Coefficient>
  KOKKOS_FUNCTION void radialFunctions(MtpScratch<Number> const& s, int k, Number const& r,
                                       Coefficient const& coefficient) const {
    int const size = plan.radial_basis_size;
    Envelope const envelope = radialEnvelope(s, k, r);
    Real const slope = static_cast<Real>(2 / (plan.max_dist - plan.min_dist));
    Real const shift = static_cast<Real>((plan.max_dist + plan.min_dist) / (plan.max_dist - plan.min_dist));
    Number const xi = Kokkos::fma(envelope.argument, Number(slope), Number(-shift));  // eq. (2.1)
    Number const twice = xi + xi;
    Number chebyshev[max_radial_basis_size], derivative[max_radial_basis_size];  // T_n(xi), T'_n(xi)
    chebyshev[0] = Number(Real(1));
    derivative[0] = Number(Real(0));
    if (size > 1) {
      chebyshev[1] = xi;
      derivative[1] = Number(Real(1));
    }
    for (int n = 2; n < size; ++n) {  // eq. (2.2)
      chebyshev[n] = Kokkos::fma(twice, chebyshev[n - 1], -chebyshev[n - 2]);
      derivative[n] =
          Kokkos::fma(twice, derivative[n - 1], Kokkos::fma(Number(Real(2)), chebyshev[n - 1], -derivative[n - 2]));
    }
    Number const cut = envelope.cut, cut_slope = envelope.slope * cut, cut_derivative = envelope.cut_derivative;
    for (int mu = 0; mu < plan.radial_functions; ++mu) {  // eqs. (2.3), (2.4)
      Number value(Real(0)), prime(Real(0));
      for (int n = 0; n < size; ++n) {
        Number const c = coefficient(mu * size + n);
        value = Kokkos::fma(c, chebyshev[n], value);
        prime = Kokkos::fma(c, derivative[n], prime);
      }
      s.radial[mu * max_neighbors + k] = value * cut;
      s.radial[(plan.radial_functions + mu) * max_neighbors + k] =
          Kokkos::fma(prime, cut_slope, value * cut_derivative);
    }
    if (plan.repulsion_moment >= 0) pairRepulsion(s, k, r);
  }

  // All monomials of neighbour k into slot `slot` of the chunk: each is an earlier one times a component of u.
  KOKKOS_FUNCTION void evaluateMonomials(MtpScratch<Number> const& s, int k, int slot) const {
    Number const u[3] = {s.unit[k], s.unit[max_neighbors + k], s.unit[2 * max_neighbors + k]};
    s.monomials[slot] = Number(Real(1));
    for (int m = 1; m < plan.monomial_count; ++m) {
      MonomialStep const step = plan.monomials(m);
      s.monomials[m * chunk + slot] = s.monomials[step.parent * chunk + slot] * u[step.axis];
    }
  }

  // Adds `count` neighbours to the accumulated moments, eq. (2.5), a shape known when compiling: straight-line code,
  // each sum read and written once for all of them.
  template <int count>
  void accumulateNeighbors(MtpScratch<Number> const& s, int k) const {
    Number u[count][3], f[count][Shape::radial_functions], monomial[count][Shape::monomials];
    for (int i = 0; i < count; ++i) {
      for (int x = 0; x < 3; ++x) u[i][x] = s.unit[x * max_neighbors + k + i];
      for (int mu = 0; mu < Shape::radial_functions; ++mu) f[i][mu] = s.radial[mu * max_neighbors + k + i];
    }
    unrolled<Shape::monomials>([&](auto m) {
      constexpr int begin = Shape::table.begin[m];
      for (int i = 0; i < count; ++i) {
        if constexpr (m > 0)
          monomial[i][m] = monomial[i][Shape::table.parent[m]] * u[i][Shape::table.axis[m]];
        else
          monomial[i][m] = Number(Real(1));
      }
      unrolled<Shape::table.begin[m + 1] - begin>([&](auto mu) {
        Number sum = s.accumulated[begin + mu];
        for (int i = 0; i < count; ++i) sum = Kokkos::fma(f[i][mu], monomial[i][m], sum);
        s.accumulated[begin + mu] = sum;
      });
    });
  }

  // Eqs. (2.5), (2.8): sums over neighbours of f_mu(r) u^a u^b u^c, then the moments that follow from traces.
  KOKKOS_FUNCTION void accumulateMoments(Member const& team, MtpScratch<Number> const& s, int neighbors) const {
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.accumulated_count),
                         [&](int a) { s.accumulated[a] = Number(Real(0)); });
    if constexpr (Shape::is_static) {
      int k = 0;
      for (; k + 1 < neighbors; k += 2) accumulateNeighbors<2>(s, k);
      if (k < neighbors) accumulateNeighbors<1>(s, k);
    } else {
      for (int begin = 0; begin < neighbors; begin += chunk) {
        int const count = smaller(chunk, neighbors - begin);
        Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, count),
                             [&](int slot) { evaluateMonomials(s, begin + slot, slot); });
        Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.accumulated_count), [&](int a) {
          AccumulatedMoment const entry = plan.accumulated(a);
          Number const* const f = s.radial + entry.mu * max_neighbors + begin;
          Number const* const m = s.monomials + entry.monomial * chunk;
          Number even = s.accumulated[a], odd(Real(0));  // two sums: the latency of one would be the limit
          int slot = 0;
          for (; slot + 1 < count; slot += 2) {
            even = Kokkos::fma(f[slot], m[slot], even);
            odd = Kokkos::fma(f[slot + 1], m[slot + 1], odd);
          }
          if (slot < count) even = Kokkos::fma(f[slot], m[slot], even);
          s.accumulated[a] = even + odd;
        });
      }
    }
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.moments), [&](int m) { s.moments[m] = Number(Real(0)); });
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.accumulated_count),
                         [&](int a) { s.moments[plan.accumulated(a).moment] = s.accumulated[a]; });
    Kokkos::single(Kokkos::PerThread(team), [&] {  // few, and each may need the one before
      for (int t = 0; t < plan.rebuilt_count; ++t) {
        RebuiltMoment const e = plan.rebuilt(t);
        s.moments[e.moment] = s.moments[e.a] - s.moments[e.b] - s.moments[e.c];
      }
    });
  }

  // Sums of products, level by level: values[target] += sum of factor values[left] moments[right].
  template <class Level, class Rows, class Terms>
  KOKKOS_FUNCTION void sumProducts(Member const& team, int levels, Level const& first_row, Rows const& rows,
                                   Terms const& terms, Number* values, Number const* moments) const {
    for (int level = 0; level < levels; ++level) {
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, first_row(level), first_row(level + 1)), [&](int row) {
        ProductRow const r = rows(row);
        Number sum = values[r.target];
        for (int t = r.begin; t < r.end; ++t) {
          ProductTerm const& term = terms(t);
          sum = Kokkos::fma(Number(Real(term.factor)) * values[term.left], moments[term.right], sum);
        }
        values[r.target] = sum;
      });
    }
  }

  KOKKOS_FUNCTION void putSiteEnergies(Member const& team, MtpScratch<Number> const& s, int first, int active) const {
    Sums<Total, 1> linear(Total(0.0));  // eq. (2.7)
    Kokkos::parallel_reduce(
        Kokkos::ThreadVectorRange(team, plan.basis_functions),
        [&](int b, Sums<Total, 1>& sum) {
          addProduct(sum.values[0], plan.moment_coeffs(b), s.moments[plan.basis_moment(b)]);
        },
        Kokkos::Sum<Sums<Total, 1>>(linear));
    Kokkos::single(Kokkos::PerThread(team), [&] {
      for (int l = 0; l < active; ++l) {
        int const atom = source.centre(first + l);
        double energy = plan.species_coeffs(source.type(atom)) + lanesOf(linear.values[0])[l];
        if (plan.repulsion_moment >= 0)  // eq. (2.17)
          energy += static_cast<double>(lanesOf(s.moments[plan.repulsion_moment])[l]);
        sink.siteEnergy(atom, energy);
      }
    });
  }

  // From seeds in `adjoints` to pair derivatives: eqs. (2.10)-(2.12).
  KOKKOS_FUNCTION void putGradients(Member const& team, MtpScratch<Number> const& s, int what, int first, int active,
                                    int neighbors) const {
    sumProducts(team, plan.reverse_levels, plan.reverse_level, plan.reverse, plan.reverse_terms, s.adjoints,
                s.moments);                        // eq. (2.10)
    Kokkos::single(Kokkos::PerThread(team), [&] {  // eq. (2.11): the transpose of the rebuilding
      for (int t = plan.rebuilt_count - 1; t >= 0; --t) {
        RebuiltMoment const e = plan.rebuilt(t);
        Number const g = s.adjoints[e.moment];
        s.adjoints[e.a] = s.adjoints[e.a] + g;
        s.adjoints[e.b] = s.adjoints[e.b] - g;
        s.adjoints[e.c] = s.adjoints[e.c] - g;
      }
    });
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.accumulated_count),
                         [&](int a) { s.accumulated[a] = s.adjoints[plan.accumulated(a).moment]; });

    Sums<Total, 12> sums(Total(0.0));
    for (int begin = 0; begin < neighbors; begin += chunk) {
      int const count = smaller(chunk, neighbors - begin);
      Sums<Total, 12> part(Total(0.0));
      Kokkos::parallel_reduce(
          Kokkos::ThreadVectorRange(team, count),
          [&](int slot, Sums<Total, 12>& sum) { pairGradient(s, what, first, active, begin + slot, slot, sum); },
          Kokkos::Sum<Sums<Total, 12>>(part));
      sums += part;
    }
    Kokkos::single(Kokkos::PerThread(team), [&] {
      for (int l = 0; l < active; ++l) {
        PairSums own;
        for (int x = 0; x < 3; ++x) own.gradient[x] = lanesOf(sums.values[x])[l];
        for (int x = 0; x < 9; ++x) own.virial[x] = lanesOf(sums.values[3 + x])[l];
        sink.centre(what, source.centre(first + l), own);
      }
    });
  }

  // sum_mu f'_mu P_mu and grad(sum_mu f_mu P_mu) of neighbour k by the monomial recursion run backwards.
  KOKKOS_FUNCTION void differentiate(MtpScratch<Number> const& s, int k, int slot, Number& along,
                                     Number (&gradient)[3]) const {
    Number const u[3] = {s.unit[k], s.unit[max_neighbors + k], s.unit[2 * max_neighbors + k]};
    Number const* const f = s.radial + k;
    Number const* const f_prime = s.radial + plan.radial_functions * max_neighbors + k;
    int const weight_slot = slot % weight_slots;

    for (int m = 0; m < plan.monomial_count; ++m) s.weights[m * weight_slots + weight_slot] = Number(Real(0));
    for (int m = plan.monomial_count - 1; m >= 0; --m) {
      // w = dE/d(monomial m): its own moments, and what later monomials passed down to it.
      Number w = s.weights[m * weight_slots + weight_slot], radial_weight(Real(0));
      for (int a = plan.accumulated_begin(m); a < plan.accumulated_begin(m + 1); ++a) {
        int const mu = plan.accumulated(a).mu;
        w = Kokkos::fma(f[mu * max_neighbors], s.accumulated[a], w);
        radial_weight = Kokkos::fma(f_prime[mu * max_neighbors], s.accumulated[a], radial_weight);
      }
      along = Kokkos::fma(radial_weight, s.monomials[m * chunk + slot], along);
      if (m == 0) break;
      MonomialStep const step = plan.monomials(m);
      Number const parent = s.monomials[step.parent * chunk + slot];
      for (int x = 0; x < 3; ++x)
        if (step.axis == x) gradient[x] = Kokkos::fma(w, parent, gradient[x]);
      Number& passed = s.weights[step.parent * weight_slots + weight_slot];
      passed = Kokkos::fma(w, u[step.axis], passed);
    }
  }

  // The same for a shape known when compiling.
  void differentiateStatic(MtpScratch<Number> const& s, int k, Number& along, Number (&gradient)[3]) const {
    constexpr int count = Shape::monomials, functions = Shape::radial_functions;
    Number const u[3] = {s.unit[k], s.unit[max_neighbors + k], s.unit[2 * max_neighbors + k]};
    Number f[functions], p[functions], monomial[count], weight[count];
    for (int mu = 0; mu < functions; ++mu) {
      f[mu] = s.radial[mu * max_neighbors + k];
      p[mu] = Number(Real(0));
    }
    monomial[0] = Number(Real(1));
    unrolled<count - 1>([&](auto previous) {
      constexpr int m = previous + 1;
      monomial[m] = monomial[Shape::table.parent[m]] * u[Shape::table.axis[m]];
    });
    for (Number& w : weight) w = Number(Real(0));
    unrolled<count>([&](auto reversed) {
      constexpr int m = count - 1 - reversed, begin = Shape::table.begin[m];
      // w = dE/d(monomial m): its own moments, and what later monomials passed down to it.
      Number w = weight[m];
      unrolled<Shape::table.begin[m + 1] - begin>([&](auto mu) {
        Number const adjoint = s.accumulated[begin + mu];
        w = Kokkos::fma(f[mu], adjoint, w);
        p[mu] = Kokkos::fma(adjoint, monomial[m], p[mu]);
      });
      if constexpr (m > 0) {
        constexpr int parent = Shape::table.parent[m], axis = Shape::table.axis[m];
        gradient[axis] = Kokkos::fma(w, monomial[parent], gradient[axis]);
        weight[parent] = Kokkos::fma(w, u[axis], weight[parent]);
      }
    });
    for (int mu = 0; mu < functions; ++mu)
      along = Kokkos::fma(s.radial[(functions + mu) * max_neighbors + k], p[mu], along);
  }

  // Eq. (2.12): dE/dr_ij = sum_mu f'_mu P_mu u + (1 - u u^T) grad(sum_mu f_mu P_mu) / r for one neighbour of each lane.
  KOKKOS_FUNCTION void pairGradient(MtpScratch<Number> const& s, int what, int first, int active, int k, int slot,
                                    Sums<Total, 12>& sums) const {
    Number along(Real(0)), gradient[3] = {Number(Real(0)), Number(Real(0)), Number(Real(0))};
    if constexpr (Shape::is_static) {
      differentiateStatic(s, k, along, gradient);
    } else {
      evaluateMonomials(s, k, slot);
      differentiate(s, k, slot, along, gradient);
    }
    Number const u[3] = {s.unit[k], s.unit[max_neighbors + k], s.unit[2 * max_neighbors + k]};
    Number const inverse = s.distance[k];

    Number const radial_part = Kokkos::fma(gradient[0], u[0], Kokkos::fma(gradient[1], u[1], gradient[2] * u[2]));
    Number const scale = along - radial_part * inverse;
    Number g[3];
    for (int x = 0; x < 3; ++x) {
      g[x] = Kokkos::fma(scale, u[x], gradient[x] * inverse);
      addProduct(sums.values[x], 1.0, g[x]);
    }
    Number const r = Number(Real(1)) / inverse;
    for (int x = 0; x < 3; ++x) {
      Number const component = r * u[x];
      for (int y = 0; y < 3; ++y) addProduct(sums.values[3 + 3 * x + y], -component, g[y]);
    }

    for (int l = 0; l < active; ++l) {
      int const index = s.neighbor[k * lanes + l];
      if (index < 0) continue;
      double const derivative[3] = {static_cast<double>(lanesOf(g[0])[l]), static_cast<double>(lanesOf(g[1])[l]),
                                    static_cast<double>(lanesOf(g[2])[l])};
      double const distance = static_cast<double>(lanesOf(r)[l]);
      double const displacement[3] = {distance * static_cast<double>(lanesOf(u[0])[l]),
                                      distance * static_cast<double>(lanesOf(u[1])[l]),
                                      distance * static_cast<double>(lanesOf(u[2])[l])};
      sink.pair(what, source.centre(first + l), source.neighbor(first + l, index), displacement, derivative);
    }
  }
};

}  // namespace detail

/// Evaluates a moment tensor potential at every centre of `source` and gives the results to `sink`.
///
/// E_i = species_coeff + sum_k xi_k B_k, eq. (2.7), and its derivatives by the adjoint method, eqs. (2.10)-(2.12).
/// \tparam outputs what is computed (compile time)
/// \tparam Real double, or float for neighbour loop and moments (mixed precision: energy, gradient and virial of a
///                centre, and sums over centres, stay double)
/// \param space execution space instance; the call is asynchronous on it
/// \param plan made by `makeMtpPlan`
/// \param source centres and neighbours; pairs beyond max_dist are skipped
/// \param sink receives results, copied to the device (see mtp_sinks.hpp). With `Sink::owns_groups` one thread owns all
///             centres of a group, in order: such a sink may sum without atomics, and its results are bitwise
///             repeatable.
/// \throws InputError when the plan is empty.
/// Cost: mtp.md section 4; scratch per thread O(moments + neighbours), none per (neighbour, basis function).
template <MtpOutputs outputs, class Real = double, class ExecutionSpace, EnvironmentSource Source, class Sink>
void evaluateMtp(ExecutionSpace const& space, MtpPlan<typename ExecutionSpace::memory_space> const& plan,
                 Source const& source, Sink const& sink) {
  if (plan.moments == 0) throw InputError("evaluateMtp: the plan is empty, expected one made by makeMtpPlan");
  int const centres = source.numCentres();
  if (centres == 0) return;
  auto const launch = [&]<class Shape>() {
    using Kernel = detail::MtpKernel<ExecutionSpace, Real, outputs, Source, Sink, Shape>;
    Kernel kernel{plan, source, sink, centres, (source.maxNeighbors() + 1) / 2 * 2 + 2, 0};
    int const units = Sink::owns_groups ? source.numGroups() : (centres + Kernel::lanes - 1) / Kernel::lanes;
    auto const policy = kernel.makePolicy(space, units);
    Kokkos::parallel_for("sinter::mtp::evaluate", policy, kernel);
  };
  if constexpr (is_device_space<ExecutionSpace>)
    launch.template operator()<detail::PlanShape>();
  else
    detail::withShape(plan.template_level, launch);
}

}  // namespace sinter
