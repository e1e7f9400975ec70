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

/// What a launch computes; flags combine with `|`. Named is what `results = sink.access()` is called with, once per
/// pack of centres and thread.
enum class MtpOutputs : unsigned {
  site_energies = 1,   ///< results.siteEnergy(i, E)
  forces = 2,          ///< results.pair(0, j, dE_i/dr_ij) and results.centre(0, i, sums), and where
                       ///< results.wantsPairVirials() also results.pairVirial(i, j, -r_ij (x) dE_i/dr_ij)
  basis_values = 4,    ///< results.basisValue(i, b, B)
  basis_gradients = 8  ///< the first two with the number of the basis function in front: dB_b/dr_ij
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
  double virial[6];    ///< -sum_j r_ij (x) g_j: xx yy zz yz xz xy; symmetric, as E_i does not change under rotation
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
  Number* moments;    // (moments) m
  Number* adjoints;   // (moments) dE/dm
  Number* pairs;      // (neighbors) fields of each neighbour, see MtpKernel::at
  Number* monomials;  // (monomials, chunk)
  Number* weights;    // (monomials, chunk)
  int* neighbor;      // (neighbors, lanes) atom; the centre itself for padding
};

template <class ExecutionSpace, class Real, MtpOutputs outputs, class Source, class Sink, class Shape>
struct MtpKernel {
  using Number = Pack<ExecutionSpace, Real>;
  using Plan = MtpPlan<typename ExecutionSpace::memory_space>;
  using Policy = Kokkos::TeamPolicy<ExecutionSpace>;
  using Member = typename Policy::member_type;
  static constexpr int lanes = static_cast<int>(Number::size());
  // Energy, gradient and virial of a centre are summed in double whatever `Real` is. What a pair adds to a centre is
  // then exactly what it takes from the neighbour: the forces of mixed precision have no resultant.
  using Total = std::conditional_t<std::is_same_v<Real, double>, Number, DoubleLanes<lanes>>;
  static constexpr bool on_device = is_device_space<ExecutionSpace>;
  // Neighbours whose monomials are kept at a time: enough to hold sums in registers, few enough for the L1 cache; on a
  // device, few enough for shared memory. With a shape known when compiling, the host keeps them in registers, and a
  // device needs them only before there are adjoints, whose memory they share.
  static constexpr int chunk = !on_device ? 8 : (Shape::is_static ? 16 : 32);
  static constexpr int monomial_slots = Shape::is_static ? 0 : chunk;
  static constexpr int weight_slots = Shape::is_static ? 0 : (on_device ? 32 : 1);
  [[nodiscard]] KOKKOS_FUNCTION int adjointSlots() const {
    int const shared = Shape::is_static && on_device ? plan.monomial_count * chunk : 0;
    return plan.moments > shared ? plan.moments : shared;
  }
  // Fields of a neighbour: displacement, then unit vector u; r; 1/r; f_mu from `radial` on, then f'_mu.
  enum Field : int { direction = 0, distance = 3, inverse_distance = 4, radial = 5 };

  Plan plan;
  Source source;
  Sink sink;
  int centres = 0, max_neighbors = 0, scratch_level = 0;

  // ---- launch ------------------------------------------------------------------------------------------------------

  // Scratch of one thread in bytes, each array aligned to a pack.
  [[nodiscard]] std::size_t scratchBytes() const {
    auto const numbers = std::size_t(plan.moments) + adjointSlots() + std::size_t(fields()) * max_neighbors +
                         std::size_t(plan.monomial_count) * (monomial_slots + weight_slots);
    auto const integers = std::size_t(max_neighbors) * lanes;
    return (numbers + 16) * sizeof(Number) + (integers + 16) * sizeof(int) + 16 * 64;
  }

  // The only place that knows team size, vector length and scratch. `units` is the number of packs, or of groups. On a
  // device teams have as many warps (up to four) as find room in fast memory; where not even one does, scratch is in
  // slow memory.
  [[nodiscard]] Policy makePolicy(ExecutionSpace const& space, int units) {
    constexpr int vector_length = on_device ? 32 : 1;
    std::size_t const bytes = scratchBytes(), fast = static_cast<std::size_t>(Policy::scratch_size_max(0));
    int team_size = on_device ? 4 : 1;
    while (team_size > 1 && bytes * team_size > fast) team_size /= 2;
    scratch_level = bytes * team_size <= fast ? 0 : 1;
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
    s.adjoints = numbers(adjointSlots());
    s.pairs = numbers(fields() * max_neighbors);
    s.monomials = Shape::is_static ? s.adjoints : numbers(plan.monomial_count * monomial_slots);
    s.weights = numbers(plan.monomial_count * weight_slots);
    s.neighbor = integers(max_neighbors * lanes);
    return s;
  }

  KOKKOS_FUNCTION int radialFunctionCount() const {
    if constexpr (Shape::is_static)
      return Shape::radial_functions;
    else
      return plan.radial_functions;
  }
  KOKKOS_FUNCTION int fields() const { return radial + 2 * radialFunctionCount(); }

  // A field of neighbour k. On the host all fields of a neighbour stand together; on a device neighbours do, because
  // they belong to different vector lanes.
  KOKKOS_FUNCTION Number& at(MtpScratch<Number> const& s, int field, int k) const {
    return s.pairs[on_device ? field * max_neighbors + k : k * fields() + field];
  }

  // Vector lanes see each other's writes to scratch: a loop ends with such a barrier, a scan or reduction does not.
  KOKKOS_FUNCTION static void finishLanes(Member const& team) {
    if constexpr (on_device) Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, 0), [](int) {});
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
    auto const& results = sink.access();
    int const active = smaller(lanes, end - first);
    int const neighbors = gatherNeighbors(team, s, first, active);
    evaluateRadial(team, s, first, active, neighbors);
    accumulateMoments(team, s, neighbors);
    sweep<true>(team, plan.forward, s.moments, s.moments);  // eqs. (2.6), (2.8)
    if constexpr (contains(outputs, MtpOutputs::basis_values)) {
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.basis_functions), [&](int b) {
        Number const value = basisValue(s, b);
        for (int l = 0; l < active; ++l) results.basisValue(source.centre(first + l), b, lanesOf(value)[l]);
      });
    }
    if constexpr (contains(outputs, MtpOutputs::site_energies) || contains(outputs, MtpOutputs::forces))
      putSiteEnergies(team, s, results, first, active);
    if constexpr (contains(outputs, MtpOutputs::forces)) putGradients(team, s, results, 0, first, active, neighbors);
    if constexpr (contains(outputs, MtpOutputs::basis_gradients)) {
      for (int b = 0; b < plan.basis_functions; ++b) {
        seedBasisFunction(team, s, b);
        putGradients(team, s, results, b, first, active, neighbors);
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
        // Written so that a position that is not a number is inside, and ends up in energy and forces.
        auto const isInside = [&](Displacement const& d) {
          return !(d[0] * d[0] + d[1] * d[1] + d[2] * d[2] >= cutoff_squared);
        };
        auto const environment = source.environment(c);
        int const all = environment.size();
        if constexpr (on_device) {
          Kokkos::parallel_scan(
              Kokkos::ThreadVectorRange(team, all),
              [&](int k, int& slot, bool final) {
                Displacement const d = environment.displacement(k);
                bool const inside = isInside(d);
                if (final && inside) {
                  for (int x = 0; x < 3; ++x) at(s, direction + x, slot) = static_cast<Real>(d[x]);
                  s.neighbor[slot] = environment.neighbor(k);
                }
                slot += inside ? 1 : 0;
              },
              counts[l]);
        } else {
          // No branch that depends on the distance: what is outside is written over by the next one.
          Real* const fields_of_lane = lanesOf(s.pairs[0]) + l;
          int* const neighbor_of_lane = s.neighbor + l;
          int const record = fields() * lanes;
          int count = 0;
          for (int k = 0; k < all; ++k) {
            Displacement const d = environment.displacement(k);
            Real* const at_slot = fields_of_lane + count * record;
            for (int x = 0; x < 3; ++x) at_slot[(direction + x) * lanes] = static_cast<Real>(d[x]);
            neighbor_of_lane[count * lanes] = environment.neighbor(k);
            count += isInside(d) ? 1 : 0;
          }
          counts[l] = count;
        }
      }
      longest = Kokkos::max(longest, counts[l]);
    }
    finishLanes(team);
    if constexpr (lanes > 1) {
      for (int l = 0; l < lanes; ++l) {
        for (int k = counts[l]; k < longest; ++k) {
          for (int x = 0; x < 3; ++x)
            lanesOf(at(s, direction + x, k))[l] = static_cast<Real>(x == 0 ? plan.max_dist : 0.0);
          s.neighbor[k * lanes + l] = source.centre(first + smaller(l, active - 1));
        }
      }
    }
    return longest;
  }

  // Eqs. (2.1)-(2.4), (2.16)-(2.20): u, r, 1/r, f_mu and f'_mu of every neighbour.
  KOKKOS_FUNCTION void evaluateRadial(Member const& team, MtpScratch<Number> const& s, int first, int active,
                                      int neighbors) const {
    int own[lanes];
    for (int l = 0; l < lanes; ++l)
      own[l] = plan.species_count > 1 && l < active ? source.type(source.centre(first + l)) * plan.species_count *
                                                          plan.radial_basis_size * plan.radial_stride
                                                    : 0;
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, neighbors), [&](int k) {
      Number const x = at(s, direction, k), y = at(s, direction + 1, k), z = at(s, direction + 2, k);
      Number const r = Kokkos::sqrt(Kokkos::fma(x, x, Kokkos::fma(y, y, z * z)));
      Number const inverse = Number(Real(1)) / r;
      at(s, direction, k) = x * inverse;
      at(s, direction + 1, k) = y * inverse;
      at(s, direction + 2, k) = z * inverse;
      at(s, distance, k) = r;
      at(s, inverse_distance, k) = inverse;

      if (plan.radial_basis_size == 8)  // as in all templates
        radialFunctions<8>(s, k, r, own);
      else
        radialFunctions<0>(s, k, r, own);
    });
  }

  // What differs between the forms of the radial basis: the argument of xi, dxi/dr, w(r) and w'(r).
  struct Envelope {
    Number argument, slope, cut, cut_derivative;
  };
  KOKKOS_FUNCTION Envelope radialEnvelope(MtpScratch<Number> const& s, int k, Number const& r) const {
    Real const min_dist = static_cast<Real>(plan.min_dist), max_dist = static_cast<Real>(plan.max_dist);
    Envelope e{r, Number(static_cast<Real>(plan.xi_slope)), Number(Real(1)), Number(Real(0))};
    if (plan.clamped)  // eq. (2.16); written so that NaN stays
      for (int l = 0; l < lanes; ++l)
        if (lanesOf(r)[l] <= min_dist) lanesOf(e.argument)[l] = min_dist;
    if (plan.envelope == RadialEnvelope::cutoff) {  // (r - R_max)^2
      Number const gap = e.argument - Number(max_dist);
      e.cut = gap * gap;
      e.cut_derivative = gap + gap;
    } else if (plan.envelope == RadialEnvelope::inverse) {  // (1 - R_max / r)^2
      Number const inverse = at(s, inverse_distance, k), ratio = Number(max_dist) * inverse,
                   gap = Number(Real(1)) - ratio;
      e.cut = gap * gap;
      e.cut_derivative = (gap + gap) * ratio * inverse;
    } else if constexpr (lanes > 1) {  // no factor makes neighbours that are padding vanish
      for (int l = 0; l < lanes; ++l)
        if (lanesOf(r)[l] >= max_dist) lanesOf(e.cut)[l] = Real(0);
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
    at(s, radial + mu, k) = value;
    at(s, radial + plan.radial_functions + mu, k) = prime;
  }

  // f_mu and f'_mu, eqs. (2.1)-(2.4). `known_size` is R, or 0 where it is not known when compiling; `own[l]` is where
  // the coefficients of the centre of lane l begin.
  template <int known_size>
  KOKKOS_FUNCTION void radialFunctions(MtpScratch<Number> const& s, int k, Number const& r,
                                       int const (&own)[lanes]) const {
    int const size = known_size > 0 ? known_size : plan.radial_basis_size;
    constexpr int most = known_size > 0 ? known_size : max_radial_basis_size;
    Envelope const envelope = radialEnvelope(s, k, r);
    Number const xi = Kokkos::fma(envelope.argument, Number(static_cast<Real>(plan.xi_slope)),
                                  Number(static_cast<Real>(plan.xi_offset)));  // eq. (2.1)
    Number const twice = xi + xi;
    Number chebyshev[most], derivative[most];  // T_n(xi), T'_n(xi)
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

    // Coefficients c'[z_i][z_j][n][mu] of each lane's pair of species, eq. (2.20).
    Real const* coefficients;
    int begin[lanes];
    bool uniform = true;
    if constexpr (std::is_same_v<Real, double>)
      coefficients = plan.radial.data();
    else
      coefficients = plan.radial_single.data();
    if (plan.species_count > 1) {
      for (int l = 0; l < lanes; ++l) {
        begin[l] = own[l] + source.type(s.neighbor[k * lanes + l]) * size * plan.radial_stride;
        uniform = uniform && begin[l] == begin[0];
      }
      if (uniform) coefficients += begin[0];
    }
    Number const cut = envelope.cut, cut_slope = envelope.slope * cut, cut_derivative = envelope.cut_derivative;
    int const functions = radialFunctionCount(), stride = plan.radial_stride;
    if (uniform) {
      for (int mu = 0; mu < functions; ++mu) {  // eqs. (2.3), (2.4)
        Number value(Real(0)), prime(Real(0));
        for (int n = 0; n < size; ++n) {
          Number const c(coefficients[n * stride + mu]);
          value = Kokkos::fma(c, chebyshev[n], value);
          prime = Kokkos::fma(c, derivative[n], prime);
        }
        at(s, radial + mu, k) = value * cut;
        at(s, radial + functions + mu, k) = Kokkos::fma(prime, cut_slope, value * cut_derivative);
      }
    } else {
      // Lane by lane, a few functions in one register: no coefficient is gathered from eight places.
      constexpr int width = Plan::radial_width;
      for (int l = 0; l < lanes; ++l) {
        Real const* const c = coefficients + begin[l];
        for (int first = 0; first < functions; first += width) {
          Real value[width] = {}, prime[width] = {};
          for (int n = 0; n < size; ++n) {
            Real const t = lanesOf(chebyshev[n])[l], t_prime = lanesOf(derivative[n])[l];
            for (int i = 0; i < width; ++i) {
              value[i] += c[n * stride + first + i] * t;
              prime[i] += c[n * stride + first + i] * t_prime;
            }
          }
          for (int i = 0; i < width; ++i) {
            if (first + i >= functions) break;
            lanesOf(at(s, radial + first + i, k))[l] = value[i] * lanesOf(cut)[l];
            lanesOf(at(s, radial + functions + first + i, k))[l] =
                prime[i] * lanesOf(cut_slope)[l] + value[i] * lanesOf(cut_derivative)[l];
          }
        }
      }
    }
    if (plan.repulsive) pairRepulsion(s, k, r);
  }

  // All monomials of neighbour k into slot `slot` of the chunk: each is an earlier one times a component of u.
  KOKKOS_FUNCTION void evaluateMonomials(MtpScratch<Number> const& s, int k, int slot) const {
    Number const u[3] = {at(s, direction, k), at(s, direction + 1, k), at(s, direction + 2, k)};
    s.monomials[slot] = Number(Real(1));
    for (int m = 1; m < plan.monomial_count; ++m) {
      MonomialStep const step = plan.monomials(m);
      s.monomials[m * chunk + slot] = s.monomials[step.parent * chunk + slot] * u[step.axis];
    }
  }

  // u, f_mu and monomials of a few neighbours of a shape known when compiling. All indices are constants, so that these
  // are registers, not memory.
  template <int count>
  struct Neighbors {
    Number u[count][3], f[count][Shape::radial_functions], monomial[count][Shape::monomials];
  };

  template <int count>
  KOKKOS_FORCEINLINE_FUNCTION void loadNeighbors(MtpScratch<Number> const& s, int k, Neighbors<count>& n) const {
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      unrolled<3>([&](auto x) SINTER_ALWAYS_INLINE { n.u[i][x] = at(s, direction + x, k + i); });
      unrolled<Shape::radial_functions>([&](auto mu) SINTER_ALWAYS_INLINE { n.f[i][mu] = at(s, radial + mu, k + i); });
    });
  }

  // Monomial m, from an earlier one.
  template <int count, int m>
  KOKKOS_FORCEINLINE_FUNCTION static void makeMonomial(Neighbors<count>& n, Index<m>) {
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      if constexpr (m == 0)
        n.monomial[i][m] = Number(Real(1));
      else
        n.monomial[i][m] = n.monomial[i][Shape::table.parent[m]] * n.u[i][Shape::table.axis[m]];
    });
  }

  // Adds `count` neighbours to the accumulated moments, eq. (2.5), a shape known when compiling: straight-line code,
  // each sum read and written once for all of them.
  template <int count>
  void accumulateNeighbors(MtpScratch<Number> const& s, int k) const {
    Neighbors<count> n;
    loadNeighbors<count>(s, k, n);
    Number* const moments = s.moments;
    unrolled<Shape::monomials>([&](auto m) SINTER_ALWAYS_INLINE {
      constexpr int begin = Shape::table.begin[m];
      makeMonomial<count>(n, m);
      unrolled<Shape::table.begin[m + 1] - begin>([&](auto mu) SINTER_ALWAYS_INLINE {
        Number sum = moments[begin + mu];
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE { sum = Kokkos::fma(n.f[i][mu], n.monomial[i][m], sum); });
        moments[begin + mu] = sum;
      });
    });
  }

  // Eq. (2.5): sums over neighbours of f_mu(r) u^a u^b u^c.
  KOKKOS_FUNCTION void accumulateMoments(Member const& team, MtpScratch<Number> const& s, int neighbors) const {
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.accumulated_count),
                         [&](int a) { s.moments[a] = Number(Real(0)); });
    if constexpr (Shape::is_static && !on_device) {
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
          Number const* const m = s.monomials + entry.monomial * chunk;
          auto const f = [&](int slot) { return at(s, radial + entry.mu, begin + slot); };
          Number even = s.moments[a], odd(Real(0));  // two sums: the latency of one would be the limit
          int slot = 0;
          for (; slot + 1 < count; slot += 2) {
            even = Kokkos::fma(f(slot), m[slot], even);
            odd = Kokkos::fma(f(slot + 1), m[slot + 1], odd);
          }
          if (slot < count) even = Kokkos::fma(f(slot), m[slot], even);
          s.moments[a] = even + odd;
        });
      }
    }
  }

  // A number of the product program, whose indices come times Plan::index_unit.
  KOKKOS_FORCEINLINE_FUNCTION static Number& numberAt(Number* numbers, std::int32_t index) {
    constexpr auto step = static_cast<std::ptrdiff_t>(sizeof(Number) / Plan::index_unit);
    return *reinterpret_cast<Number*>(reinterpret_cast<char*>(numbers) + index * step);
  }
  KOKKOS_FORCEINLINE_FUNCTION static Number const& numberAt(Number const* numbers, std::int32_t index) {
    return numberAt(const_cast<Number*>(numbers), index);
  }

  // A sweep of the product program: values[target] = or += sums of weight values[index] and of
  // values[left] moments[right].
  template <bool sets>
  KOKKOS_FUNCTION void sweep(Member const& team, typename Plan::Sweep const& program, Number* values,
                             Number const* moments) const {
    for (int stage = 0; stage < program.stages; ++stage) {
      sumRows<sets>(team, program.linear, stage, values, [=](LinearTerm const& term, Number const& sum) {
        return Kokkos::fma(Number(Real(term.weight)), numberAt(values, term.index), sum);
      });
      sumRows<sets>(team, program.products, stage, values, [=](ProductTerm const& term, Number const& sum) {
        return Kokkos::fma(numberAt(values, term.left), numberAt(moments, term.right), sum);
      });
    }
  }

  // values[row.target] = or += the terms of each row of a stage; `add` gives a sum with one term more.
  template <bool sets, class Rows, class Add>
  KOKKOS_FUNCTION static void sumRows(Member const& team, Rows const& rows, int stage, Number* values, Add const& add) {
    auto const start = [=](Row const& row) { return sets ? Number(Real(0)) : numberAt(values, row.target); };
    if constexpr (on_device) {
      int const begin = rows.stage_begin(stage), end = rows.stage_begin(stage + 1);
      if (begin == end) return;
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, begin, end), [&](int r) {
        Row const row = rows.rows(r);
        Number sum = start(row);
        for (int t = row.begin; t < row.end; ++t) sum = add(rows.terms(t), sum);
        numberAt(values, row.target) = sum;
      });
    } else {
      Row const* row = rows.rows.data() + rows.stage_begin(stage);
      for (int n = rows.stage_runs(stage); n < rows.stage_runs(stage + 1); ++n) {
        RowRun const run = rows.runs(n);
        Row const* const end = rows.rows.data() + run.end;
        auto const* term = rows.terms.data() + row->begin;
        auto const ofLength = [&](auto length) SINTER_ALWAYS_INLINE {
          for (; row < end; ++row, term += length) {
            Number sum = start(*row);
            unrolled<length>([&](auto t) SINTER_ALWAYS_INLINE { sum = add(term[t], sum); });
            numberAt(values, row->target) = sum;
          }
        };
        switch (run.length) {  // the common lengths in code without an inner loop
          case 0:
            ofLength(Index<0>());
            break;
          case 1:
            ofLength(Index<1>());
            break;
          case 2:
            ofLength(Index<2>());
            break;
          case 3:
            ofLength(Index<3>());
            break;
          case 4:
            ofLength(Index<4>());
            break;
          case 5:
            ofLength(Index<5>());
            break;
          case 6:
            ofLength(Index<6>());
            break;
          case 10:
            ofLength(Index<10>());
            break;
          default:
            for (; row < end; ++row) {
              Number even = start(*row), odd(Real(0));  // two sums: the latency of one would be the limit
              auto const* const last = term + run.length;
              for (; term + 1 < last; term += 2) {
                even = add(term[0], even);
                odd = add(term[1], odd);
              }
              if (term < last) even = add(*term++, even);
              numberAt(values, row->target) = even + odd;
            }
        }
      }
    }
  }

  // Site energies, eq. (2.7), as linear and quadratic form of the moments, and its derivatives by them, eq. (2.9).
  template <class Results>
  KOKKOS_FUNCTION void putSiteEnergies(Member const& team, MtpScratch<Number> const& s, Results const& results,
                                       int first, int active) const {
    sumRows<true>(team, plan.quadratic, 0, s.adjoints, [&](LinearTerm const& term, Number const& sum) {
      return Kokkos::fma(Number(Real(term.weight)), numberAt(s.moments, term.index), sum);
    });
    Sums<Total, 1> linear(Total(0.0));
    Kokkos::parallel_reduce(
        Kokkos::ThreadVectorRange(team, static_cast<int>(plan.seeds.extent(0))),
        [&](int t, Sums<Total, 1>& sum) {
          LinearTerm const seed = plan.seeds(t);
          s.adjoints[seed.index] = s.adjoints[seed.index] + Number(Real(seed.weight));
          addProduct(sum.values[0], seed.weight, s.moments[seed.index]);
        },
        Kokkos::Sum<Sums<Total, 1>>(linear));
    finishLanes(team);
    if constexpr (contains(outputs, MtpOutputs::site_energies)) {
      // The linear form and twice the quadratic one.
      Total const product = dot(team, plan.moments, s.moments, s.adjoints);
      Kokkos::single(Kokkos::PerThread(team), [&] {
        for (int l = 0; l < active; ++l) {
          int const atom = source.centre(first + l);
          results.siteEnergy(atom, plan.species_coeffs(source.type(atom)) +
                                       0.5 * (lanesOf(linear.values[0])[l] + lanesOf(product)[l]));
        }
      });
    }
  }

  // sum_i a[i] b[i].
  KOKKOS_FUNCTION static Total dot(Member const& team, int count, Number const* a, Number const* b) {
    if constexpr (on_device) {
      Sums<Total, 1> result(Total(0.0));
      Kokkos::parallel_reduce(
          Kokkos::ThreadVectorRange(team, count),
          [&](int i, Sums<Total, 1>& sum) { addProduct(sum.values[0], a[i], b[i]); },
          Kokkos::Sum<Sums<Total, 1>>(result));
      return result.values[0];
    } else {
      Total sums[4] = {Total(0.0), Total(0.0), Total(0.0), Total(0.0)};  // the latency of one would be the limit
      int i = 0;
      for (; i + 3 < count; i += 4)
        for (int j = 0; j < 4; ++j) addProduct(sums[j], a[i + j], b[i + j]);
      for (; i < count; ++i) addProduct(sums[0], a[i], b[i]);
      return (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
  }

  KOKKOS_FUNCTION Number basisValue(MtpScratch<Number> const& s, int b) const {
    Number value(Real(0));
    for (int t = plan.basis_begin(b); t < plan.basis_begin(b + 1); ++t) {
      BasisTerm const term = plan.basis_terms(t);
      Number const left = Number(Real(term.factor)) * s.moments[term.left];
      value = term.right < 0 ? value + left : Kokkos::fma(left, s.moments[term.right], value);
    }
    return value;
  }

  // Adjoints of basis function b: its derivatives by the moments that it is made of.
  KOKKOS_FUNCTION void seedBasisFunction(Member const& team, MtpScratch<Number> const& s, int b) const {
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, plan.moments),
                         [&](int m) { s.adjoints[m] = Number(Real(0)); });
    Kokkos::single(Kokkos::PerThread(team), [&] {
      for (int t = plan.basis_begin(b); t < plan.basis_begin(b + 1); ++t) {
        BasisTerm const term = plan.basis_terms(t);
        Number const factor(Real(term.factor));
        Number& left = s.adjoints[term.left];
        if (term.right < 0) {
          left = left + factor;
        } else {
          left = Kokkos::fma(factor, s.moments[term.right], left);
          Number& right = s.adjoints[term.right];
          right = Kokkos::fma(factor, s.moments[term.left], right);
        }
      }
    });
  }

  // From seeds in `adjoints` to pair derivatives: eqs. (2.10)-(2.12).
  template <class Results>
  KOKKOS_FUNCTION void putGradients(Member const& team, MtpScratch<Number> const& s, Results const& results, int what,
                                    int first, int active, int neighbors) const {
    sweep<false>(team, plan.reverse, s.adjoints, s.moments);  // eqs. (2.10), (2.11)

    Sums<Total, 9> sums(Total(0.0));
    if constexpr (Shape::is_static && on_device) {
      Kokkos::parallel_reduce(
          Kokkos::ThreadVectorRange(team, neighbors),
          [&](int k, Sums<Total, 9>& sum) { putNeighborGradients<1>(s, results, what, first, active, k, sum); },
          Kokkos::Sum<Sums<Total, 9>>(sums));
    } else if constexpr (Shape::is_static) {
      int k = 0;
      for (; k + 1 < neighbors; k += 2) putNeighborGradients<2>(s, results, what, first, active, k, sums);
      if (k < neighbors) putNeighborGradients<1>(s, results, what, first, active, k, sums);
    } else {
      for (int begin = 0; begin < neighbors; begin += chunk) {
        int const count = smaller(chunk, neighbors - begin);
        Sums<Total, 9> part(Total(0.0));
        Kokkos::parallel_reduce(
            Kokkos::ThreadVectorRange(team, count),
            [&](int slot, Sums<Total, 9>& sum) {
              Number along(Real(0)), gradient[3] = {Number(Real(0)), Number(Real(0)), Number(Real(0))};
              evaluateMonomials(s, begin + slot, slot);
              differentiate(s, begin + slot, slot, along, gradient);
              putPair(s, results, what, first, active, begin + slot, along, gradient, sum);
            },
            Kokkos::Sum<Sums<Total, 9>>(part));
        sums += part;
      }
    }
    Kokkos::single(Kokkos::PerThread(team), [&] {
      for (int l = 0; l < active; ++l) {
        PairSums own;
        for (int x = 0; x < 3; ++x) own.gradient[x] = lanesOf(sums.values[x])[l];
        for (int v = 0; v < 6; ++v) own.virial[v] = lanesOf(sums.values[3 + v])[l];
        results.centre(what, source.centre(first + l), own);
      }
    });
  }

  // sum_mu f'_mu P_mu and grad(sum_mu f_mu P_mu) of neighbour k by the monomial recursion run backwards.
  KOKKOS_FUNCTION void differentiate(MtpScratch<Number> const& s, int k, int slot, Number& along,
                                     Number (&gradient)[3]) const {
    Number const u[3] = {at(s, direction, k), at(s, direction + 1, k), at(s, direction + 2, k)};
    int const functions = radialFunctionCount();
    int const weight_slot = slot % weight_slots;

    for (int m = 0; m < plan.monomial_count; ++m) s.weights[m * weight_slots + weight_slot] = Number(Real(0));
    for (int m = plan.monomial_count - 1; m >= 0; --m) {
      // w = dE/d(monomial m): its own moments, and what later monomials passed down to it.
      Number w = s.weights[m * weight_slots + weight_slot], radial_weight(Real(0));
      for (int a = plan.accumulated_begin(m); a < plan.accumulated_begin(m + 1); ++a) {
        int const mu = plan.accumulated(a).mu;
        w = Kokkos::fma(at(s, radial + mu, k), s.adjoints[a], w);
        radial_weight = Kokkos::fma(at(s, radial + functions + mu, k), s.adjoints[a], radial_weight);
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

  // The same for a shape known when compiling, `count` neighbours at a time: each adjoint is read once for all of them.
  template <int count, class Results>
  KOKKOS_FUNCTION void putNeighborGradients(MtpScratch<Number> const& s, Results const& results, int what, int first,
                                            int active, int k, Sums<Total, 9>& sums) const {
    constexpr int monomials = Shape::monomials, functions = Shape::radial_functions;
    Neighbors<count> n;
    loadNeighbors<count>(s, k, n);
    unrolled<monomials>([&](auto m) SINTER_ALWAYS_INLINE { makeMonomial<count>(n, m); });
    // weight[m] = dE/d(monomial m): what its own moments give, made for a whole degree at a time so that it does not
    // wait for what later monomials pass down, and then that.
    Number p[count][functions], weight[count][monomials], gradient[count][3];
    Number const* const adjoints = s.adjoints;
    auto const ownWeights = [&](auto degree) SINTER_ALWAYS_INLINE {
      unrolled<2 * degree + 1>([&](auto within) SINTER_ALWAYS_INLINE {
        constexpr int m = degree * degree + within, begin = Shape::table.begin[m];
        static_assert(Shape::table.begin[m + 1] > begin);
        unrolled<Shape::table.begin[m + 1] - begin>([&](auto mu) SINTER_ALWAYS_INLINE {
          Number const adjoint = adjoints[begin + mu];
          unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
            weight[i][m] = mu == 0 ? n.f[i][mu] * adjoint : Kokkos::fma(n.f[i][mu], adjoint, weight[i][m]);
            p[i][mu] = Kokkos::fma(adjoint, n.monomial[i][m], p[i][mu]);
          });
        });
      });
    };
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      unrolled<functions>([&](auto mu) SINTER_ALWAYS_INLINE { p[i][mu] = Number(Real(0)); });
      unrolled<3>([&](auto x) SINTER_ALWAYS_INLINE { gradient[i][x] = Number(Real(0)); });
    });
    ownWeights(Index<Shape::rank>());
    unrolled<Shape::rank>([&](auto reversed) SINTER_ALWAYS_INLINE {
      constexpr int degree = Shape::rank - reversed;
      ownWeights(Index<degree - 1>());
      unrolled<2 * degree + 1>([&](auto within) SINTER_ALWAYS_INLINE {
        constexpr int m = degree * degree + within, parent = Shape::table.parent[m], axis = Shape::table.axis[m];
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
          gradient[i][axis] = Kokkos::fma(weight[i][m], n.monomial[i][parent], gradient[i][axis]);
          weight[i][parent] = Kokkos::fma(weight[i][m], n.u[i][axis], weight[i][parent]);
        });
      });
    });
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      Number along(Real(0));
      unrolled<functions>([&](auto mu) SINTER_ALWAYS_INLINE {
        along = Kokkos::fma(at(s, radial + functions + mu, k + i), p[i][mu], along);
      });
      putPair(s, results, what, first, active, k + i, along, gradient[i], sums);
    });
  }

  // Eq. (2.12): dE/dr_ij = sum_mu f'_mu P_mu u + (1 - u u^T) grad(sum_mu f_mu P_mu) / r for one neighbour of each lane,
  // from `along`, the first sum, and the gradient of the second.
  template <class Results>
  KOKKOS_FORCEINLINE_FUNCTION void putPair(MtpScratch<Number> const& s, Results const& results, int what, int first,
                                           int active, int k, Number const& along, Number const (&gradient)[3],
                                           Sums<Total, 9>& sums) const {
    Number const u[3] = {at(s, direction, k), at(s, direction + 1, k), at(s, direction + 2, k)};
    Number const inverse = at(s, inverse_distance, k), r = at(s, distance, k);

    Number const radial_part = Kokkos::fma(gradient[0], u[0], Kokkos::fma(gradient[1], u[1], gradient[2] * u[2]));
    Number const scale = along - radial_part * inverse;
    Number g[3], minus_r[3];
    for (int x = 0; x < 3; ++x) {
      g[x] = Kokkos::fma(scale, u[x], gradient[x] * inverse);
      minus_r[x] = -(r * u[x]);
      addProduct(sums.values[x], 1.0, g[x]);
    }
    constexpr int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
    for (int v = 0; v < 6; ++v) addProduct(sums.values[3 + v], minus_r[row[v]], g[column[v]]);

    int const* const neighbor = s.neighbor + k * lanes;
    for (int l = 0; l < active; ++l) {  // padding adds zeros
      results.pair(what, neighbor[l],
                   {static_cast<double>(lanesOf(g[0])[l]), static_cast<double>(lanesOf(g[1])[l]),
                    static_cast<double>(lanesOf(g[2])[l])});
    }
    if (results.wantsPairVirials()) putPairVirials(results, first, active, neighbor, minus_r, g);
  }

  template <class Results>
  KOKKOS_FUNCTION void putPairVirials(Results const& results, int first, int active, int const* neighbor,
                                      Number const (&minus_r)[3], Number const (&g)[3]) const {
    for (int l = 0; l < active; ++l) {
      double virial[3][3];
      for (int x = 0; x < 3; ++x)
        for (int y = 0; y < 3; ++y)
          virial[x][y] = static_cast<double>(lanesOf(minus_r[x])[l]) * static_cast<double>(lanesOf(g[y])[l]);
      results.pairVirial(source.centre(first + l), neighbor[l], virial);
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
  constexpr bool of_basis =
      contains(outputs, MtpOutputs::basis_values) || contains(outputs, MtpOutputs::basis_gradients);
  if (of_basis && plan.basis_begin.extent(0) == 0)
    throw InputError("evaluateMtp: the plan is for energies alone, expected one with basis functions");
  int const centres = source.numCentres();
  if (centres == 0) return;
  auto const launch = [&]<class Shape>() {
    using Kernel = detail::MtpKernel<ExecutionSpace, Real, outputs, Source, Sink, Shape>;
    Kernel kernel{plan, source, sink, centres, (source.maxNeighbors() + 1) / 2 * 2 + 2, 0};
    int const units = Sink::owns_groups ? source.numGroups() : (centres + Kernel::lanes - 1) / Kernel::lanes;
    auto const policy = kernel.makePolicy(space, units);
    Kokkos::parallel_for("sinter::mtp::evaluate", policy, kernel);
  };
  detail::withShape<detail::has_template_shapes<ExecutionSpace>>(plan.template_level, launch);
}

}  // namespace sinter
