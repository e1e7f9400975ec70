/// \file
/// Evaluation of moment tensor potentials: equations (2.1)-(2.13), (2.16)-(2.22) of kernels/README.md. Slow reference:
/// tests/reference/mtp_reference.hpp.
///
/// Two passes over the neighbours of a centre. The first makes radial values and accumulates the folded moments; then
/// the products run forward and backward; the second pass turns the adjoints of the folded moments into pair
/// derivatives. Nothing is stored per (neighbour, basis function), so memory does not grow with their product.
///
/// One source for all backends and mappings (mtp_mapping.hpp). On the host a thread works on a pack of centres, one per
/// SIMD lane; on a device a pack has one lane, and a thread, a warp or a block works on one centre.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

#include "sinter/core/error.hpp"
#include "sinter/core/simd.hpp"
#include "sinter/mtp/mtp_mapping.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/mtp/mtp_shape.hpp"
#include "sinter/mtp/mtp_unrolled.hpp"
#include "sinter/neighbor/environment_source.hpp"
#include "sinter/neighbor/pair_sums.hpp"

namespace sinter {

/// What a launch computes; flags combine with `|`. Named is what `results = sink.access()` is called with, once per
/// pack of centres and thread.
enum class MtpOutputs : unsigned {
  site_energies = 1,   ///< results.siteEnergy(i, E)
  forces = 2,          ///< results.pair(0, j, Triple dE_i/dr_ij) and results.centre(0, i, sums), and where
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

namespace detail {

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

// What is kept while one pack of centres is worked on, in team scratch.
template <class Number>
struct MtpScratch {
  Number* moments;    // (moments) m
  Number* adjoints;   // (moments) dE/dm
  Number* pairs;      // (neighbors) fields of each neighbour, see MtpKernel::at
  Number* monomials;  // (monomials, chunk)
  Number* weights;    // (monomials, chunk)
};

// The number of lanes of a pack follows from the mapping: device mappings have one, on the host too (in tests).
template <class ExecutionSpace, class Real, MtpMapping mapping>
using MappedPack = std::conditional_t<mapping == MtpMapping::lanes, Pack<ExecutionSpace, Real>,
                                      Kokkos::Experimental::basic_simd<Real, Kokkos::Experimental::simd_abi::scalar>>;

template <class ExecutionSpace, class Real, MtpOutputs outputs, class Source, class Sink, class Shape,
          MtpMapping mapping>
struct MtpKernel {
  using Number = MappedPack<ExecutionSpace, Real, mapping>;
  using Plan = MtpPlan<typename ExecutionSpace::memory_space>;
  using Policy = Kokkos::TeamPolicy<ExecutionSpace, Kokkos::LaunchBounds<128, 3>>;
  using Member = typename Policy::member_type;
  using Workers = MtpWorkers<mapping, Member>;
  static constexpr int lanes = static_cast<int>(Number::size());
  // Energy, gradient and virial of a centre are summed in double whatever `Real` is. What a pair adds to a centre is
  // then exactly what it takes from the neighbour: the forces of mixed precision have no resultant.
  using Total = std::conditional_t<std::is_same_v<Real, double>, Number, DoubleLanes<lanes>>;
  static constexpr bool in_lanes = mapping == MtpMapping::lanes, by_thread = mapping == MtpMapping::thread,
                        on_device = is_device_space<ExecutionSpace>;
  static_assert(!by_thread || (Shape::is_static && !Sink::owns_groups));
  // Neighbours whose monomials are kept at a time: enough to hold sums in registers, few enough for the L1 cache; on a
  // device, few enough for shared memory. With a shape known when compiling, the host keeps them in registers, and a
  // device needs them only before there are adjoints, whose memory they share.
  static constexpr int chunk = in_lanes ? 8 : (Shape::is_static ? 16 : 32);
  static constexpr int monomial_slots = Shape::is_static ? 0 : chunk;
  static constexpr int weight_slots = Shape::is_static ? 0 : (in_lanes ? 1 : chunk);
  // A thread that works alone has its moments side by side with those of the rest of its block.
  static constexpr int stride = by_thread ? 64 : 1;
  [[nodiscard]] KOKKOS_FUNCTION int adjointSlots() const {
    int const shared = Shape::is_static && !in_lanes && !by_thread ? plan.monomial_count * chunk : 0;
    return plan.moments > shared ? plan.moments : shared;
  }
  // Fields of a neighbour: displacement, then unit vector u; r; 1/r; its atom; f_mu from `radial` on, then f'_mu.
  enum Field : int { direction = 0, distance = 3, inverse_distance = 4, identity = 5, radial = 6 };

  Plan plan;
  Source source;
  Sink sink;
  int centres = 0, max_neighbors = 0, scratch_level = 0;

  // ---- launch ------------------------------------------------------------------------------------------------------

  // Scratch of one unit of work (by_thread: of a block of them) in bytes, each array aligned to a pack.
  [[nodiscard]] std::size_t scratchBytes() const {
    auto numbers = (std::size_t(plan.moments) + adjointSlots()) * stride;
    if constexpr (!by_thread)
      numbers +=
          std::size_t(fields()) * max_neighbors + std::size_t(plan.monomial_count) * (monomial_slots + weight_slots);
    return (numbers + 16) * sizeof(Number) + 16 * 64;
  }

  // The only place that knows team size, vector length and scratch. `units` is the number of packs, or of groups. On a
  // device blocks have as many warps (up to four) as find room in fast memory; where not even one does, scratch is in
  // slow memory.
  [[nodiscard]] Policy makePolicy(ExecutionSpace const& space, int units) {
    constexpr int vector_length = on_device && !by_thread ? 32 : 1;
    std::size_t const bytes = scratchBytes(), fast = static_cast<std::size_t>(Policy::scratch_size_max(0));
    constexpr bool shared = by_thread || mapping == MtpMapping::block;  // one scratch for a team
    int team_size = on_device ? (by_thread ? stride : 4) : 1;
    while (!shared && team_size > 1 && bytes * team_size > fast) team_size /= 2;
    scratch_level = bytes * (shared ? 1 : team_size) <= fast ? 0 : 1;
    int const units_of_team = mapping == MtpMapping::block ? 1 : team_size;
    Policy policy(space, (units + units_of_team - 1) / units_of_team, team_size, vector_length);
    if constexpr (!on_device) policy.set_chunk_size(1);  // equal shares; Kokkos's own choice is up to 128 packs
    if constexpr (shared)
      policy.set_scratch_size(scratch_level, Kokkos::PerTeam(static_cast<int>(bytes)));
    else
      policy.set_scratch_size(scratch_level, Kokkos::PerThread(static_cast<int>(bytes)));
    return policy;
  }

  // ---- kernel ------------------------------------------------------------------------------------------------------

  KOKKOS_FUNCTION void operator()(Member const& team) const {
    int unit = team.league_rank();
    if constexpr (mapping != MtpMapping::block) unit = unit * team.team_size() + team.team_rank();
    Workers const workers(team);
    MtpScratch<Number> const scratch = carveScratch(team);
    if constexpr (by_thread) {
      if (unit < centres) evaluateAlone(workers, scratch, unit);
    } else if constexpr (Sink::owns_groups) {
      if (unit >= source.numGroups()) return;
      int const end = source.groupBegin(unit + 1);
      for (int c = source.groupBegin(unit); c < end; c += lanes) evaluatePack(workers, scratch, c, end);
    } else {
      if (unit * lanes < centres) evaluatePack(workers, scratch, unit * lanes, centres);
    }
  }

  KOKKOS_FUNCTION MtpScratch<Number> carveScratch(Member const& team) const {
    auto const& memory = mapping == MtpMapping::block || by_thread ? team.team_scratch(scratch_level)
                                                                   : team.thread_scratch(scratch_level);
    auto const numbers = [&](int count) {
      return static_cast<Number*>(memory.get_shmem_aligned(count * sizeof(Number), alignof(Number)));
    };
    MtpScratch<Number> s;
    s.moments = numbers(plan.moments * stride) + (by_thread ? team.team_rank() : 0);
    s.adjoints = numbers(adjointSlots() * stride) + (by_thread ? team.team_rank() : 0);
    if constexpr (by_thread) return s;
    s.pairs = numbers(fields() * max_neighbors);
    s.monomials = Shape::is_static ? s.adjoints : numbers(plan.monomial_count * monomial_slots);
    s.weights = numbers(plan.monomial_count * weight_slots);
    return s;
  }

  KOKKOS_FUNCTION int radialFunctionCount() const {
    if constexpr (Shape::is_static)
      return Shape::radial_functions;
    else
      return plan.radial_functions;
  }
  KOKKOS_FUNCTION int fields() const { return radial + 2 * radialFunctionCount(); }

  // A field of neighbour k. In SIMD lanes all fields of a neighbour stand together; else neighbours do, because they
  // belong to different vector lanes, or there is but one.
  KOKKOS_FORCEINLINE_FUNCTION Number& at(MtpScratch<Number> const& s, int field, int k) const {
    if constexpr (in_lanes)
      return s.pairs[k * fields() + field];
    else if constexpr (by_thread)
      return s.pairs[field];
    else
      return s.pairs[field * max_neighbors + k];
  }

  // The atom that a neighbour is; the centre itself for padding.
  KOKKOS_FUNCTION int& neighborOf(MtpScratch<Number> const& s, int k, int l) const {
    return reinterpret_cast<int&>(lanesOf(at(s, identity, k))[l]);
  }

  KOKKOS_FUNCTION static int smaller(int a, int b) { return a < b ? a : b; }

  KOKKOS_FORCEINLINE_FUNCTION static void addTo(Total& sum, Number const& term) {
    if constexpr (std::is_same_v<Real, double>) {
      sum = sum + term;
    } else {
      for (int l = 0; l < lanes; ++l) sum.values[l] += static_cast<double>(lanesOf(term)[l]);
    }
  }

  // Centres first .. first + lanes - 1, those before `end`.
  KOKKOS_FUNCTION void evaluatePack(Workers const& workers, MtpScratch<Number> const& s, int first, int end) const {
    auto const& results = sink.access();
    int const active = smaller(lanes, end - first);
    int const neighbors = gatherNeighbors(workers, s, first, active);
    evaluateRadial(workers, s, first, active, neighbors);
    accumulateMoments(workers, s, neighbors);
    sweep<true>(workers, plan.forward, s.moments, s.moments);  // eqs. (2.6), (2.8)
    if constexpr (contains(outputs, MtpOutputs::basis_values)) {
      workers.forEach(0, plan.basis_functions, [&](int b) {
        Number const value = basisValue(s, b);
        for (int l = 0; l < active; ++l) results.basisValue(source.centre(first + l), b, lanesOf(value)[l]);
      });
    }
    if constexpr (contains(outputs, MtpOutputs::site_energies) || contains(outputs, MtpOutputs::forces))
      putSiteEnergies(workers, s, results, first, active);
    if constexpr (contains(outputs, MtpOutputs::forces)) putGradients(workers, s, results, 0, first, active, neighbors);
    if constexpr (contains(outputs, MtpOutputs::basis_gradients)) {
      for (int b = 0; b < plan.basis_functions; ++b) {
        seedBasisFunction(workers, s, b);
        putGradients(workers, s, results, b, first, active, neighbors);
      }
    }
  }

  // One centre by one thread: neighbours are met twice, moments summed and adjoints read in registers.
  KOKKOS_FUNCTION void evaluateAlone(Workers const& workers, MtpScratch<Number> s, int c) const {
    constexpr int accumulated = Shape::table.begin[Shape::monomials];
    auto const& results = sink.access();
    Number neighbor[radial + 2 * Shape::radial_functions], sums[accumulated];
    s.pairs = neighbor;
    unrolled<accumulated>([&](auto a) SINTER_ALWAYS_INLINE { sums[a] = Number(Real(0)); });
    forNeighbors(s, c, [&] {
      UnrolledNeighbors<Shape, Number, 1> one;
      loadNeighbors(s, 0, one);
      one.accumulate(sums);
    });
    unrolled<accumulated>([&](auto a) SINTER_ALWAYS_INLINE { s.moments[a * stride] = sums[a]; });
    sweep<true>(workers, plan.forward, s.moments, s.moments);  // eqs. (2.6), (2.8)
    putSiteEnergies(workers, s, results, c, 1);
    if constexpr (contains(outputs, MtpOutputs::forces)) {
      sweep<false>(workers, plan.reverse, s.adjoints, s.moments);  // eqs. (2.10), (2.11)
      unrolled<accumulated>([&](auto a) SINTER_ALWAYS_INLINE { sums[a] = s.adjoints[a * stride]; });
      s.adjoints = sums;
      Sums<Total, 9> totals(0.0);
      forNeighbors(s, c, [&] { putNeighborGradients<1>(s, results, 0, c, 1, 0, totals); });
      putCentres(results, 0, c, 1, totals);
    }
  }

  // Calls body() with the fields of each neighbour of centre c inside the cutoff in the only place of `s`.
  template <class Body>
  KOKKOS_FORCEINLINE_FUNCTION void forNeighbors(MtpScratch<Number> const& s, int c, Body const& body) const {
    int const own[1] = {plan.species_count > 1 ? source.type(source.centre(c)) : 0};
    auto const environment = source.environment(c);
    double const cutoff_squared = plan.max_dist * plan.max_dist;
    bool const usual = isUsual();
    for (int k = 0; k < environment.size(); ++k) {
      Displacement const d = environment.displacement(k);
      if (d.squaredNorm() >= cutoff_squared) continue;
      for (int x = 0; x < 3; ++x) at(s, direction + x, 0) = static_cast<Real>(d[x]);
      neighborOf(s, 0, 0) = environment.neighbor(k);
      evaluateDistance(s, 0);
      evaluateRadialOfPair(usual, s, 0, own);
      body();
    }
  }

  // Neighbours inside the cutoff, lane by lane, the shorter lists padded with neighbours at the cutoff, where radial
  // functions and their derivatives vanish (or are made to, see radialEnvelope). Returns the length of the longest
  // list. In SIMD lanes, fields 0 to 3 of a neighbour are a record for each lane until evaluateDistance transposes
  // them: displacement and, in the bits of the fourth number, atom.
  KOKKOS_FUNCTION int gatherNeighbors(Workers const& workers, MtpScratch<Number> const& s, int first,
                                      int active) const {
    double const cutoff_squared = plan.max_dist * plan.max_dist;
    // Written so that a position that is not a number is inside, and ends up in energy and forces.
    auto const isInside = [=](double squared) { return !(squared >= cutoff_squared); };
    [[maybe_unused]] bool const trimmed = source.isTrimmed(plan.max_dist);
    int counts[lanes], longest = 0;
    for (int l = 0; l < lanes; ++l) {
      counts[l] = 0;
      if (l < active) {
        auto const environment = source.environment(first + l);
        int const all = environment.size();
        if constexpr (!in_lanes) {
          counts[l] = workers.scan(all, [&](int k, int& slot, bool final) {
            Displacement const d = environment.displacement(k);
            bool const inside = isInside(d.squaredNorm());
            if (final && inside) {
              for (int x = 0; x < 3; ++x) at(s, direction + x, slot) = static_cast<Real>(d[x]);
              neighborOf(s, slot, 0) = environment.neighbor(k);
            }
            slot += inside ? 1 : 0;
          });
        } else {
          Real* record = recordOf(s, 0, l);
          int const step = fields() * lanes;
          auto const put = [&](Displacement const& d, int neighbor) {
            d.storeRecord(record);
            reinterpret_cast<int&>(record[3]) = neighbor;
          };
          int k = 0;
          if (trimmed) {
            for (; k < all; ++k, record += step) put(environment.displacement(k), environment.neighbor(k));
          }
          // No branch that depends on the distance: what is outside is written over by the next one.
          for (; k + 3 < all; k += 4) {
            Displacement d[4];
            int neighbor[4];
            double squared[4];
            for (int i = 0; i < 4; ++i) {
              d[i] = environment.displacement(k + i);
              neighbor[i] = environment.neighbor(k + i);
            }
            Displacement::squaredNorms(d, squared);
            for (int i = 0; i < 4; ++i) {
              put(d[i], neighbor[i]);
              record += isInside(squared[i]) ? step : 0;
            }
          }
          for (; k < all; ++k) {
            Displacement const d = environment.displacement(k);
            put(d, environment.neighbor(k));
            record += isInside(d.squaredNorm()) ? step : 0;
          }
          counts[l] = static_cast<int>((record - recordOf(s, 0, l)) / step);
        }
      }
      longest = Kokkos::max(longest, counts[l]);
    }
    if constexpr (in_lanes) {
      for (int l = 0; l < lanes; ++l) {
        for (int k = counts[l]; k < longest; ++k) {
          Displacement(plan.max_dist, 0, 0).storeRecord(recordOf(s, k, l));
          reinterpret_cast<int&>(recordOf(s, k, l)[3]) = source.centre(first + smaller(l, active - 1));
        }
      }
    }
    return longest;
  }
  KOKKOS_FUNCTION Real* recordOf(MtpScratch<Number> const& s, int k, int l) const {
    return lanesOf(at(s, 0, k)) + 4 * l;
  }

  // Eqs. (2.1)-(2.4), (2.16)-(2.20), (2.22): u, r, 1/r, f_mu and f'_mu of every neighbour.
  KOKKOS_FUNCTION void evaluateRadial(Workers const& workers, MtpScratch<Number> const& s, int first, int active,
                                      int neighbors) const {
    int own[lanes];  // species of the centres
    bool alike = true;
    for (int l = 0; l < lanes; ++l) {
      own[l] = plan.species_count > 1 ? source.type(source.centre(first + smaller(l, active - 1))) : 0;
      alike = alike && own[l] == own[0];
    }
    // Distances first: their long chains of dependent instructions then overlap.
    workers.forEach(0, neighbors, [&](int k) { evaluateDistance(s, k); });
    bool const usual = isUsual();
    if constexpr (in_lanes) {
      int k = 0;
      if (usual && plan.species_count == 1) {
        for (; k + 1 < neighbors; k += 2) evaluateRadialOf<2, 8, Coefficients::alike>(s, k, own);
        if (k < neighbors) evaluateRadialOf<1, 8, Coefficients::alike>(s, k, own);
        return;
      }
      if constexpr (LaneLookup<Number>::is_fast) {
        if (usual && alike && radialTable().of_neighbors.extent(0) > 0) {
          for (; k < neighbors; ++k) evaluateRadialOf<1, 8, Coefficients::of_neighbors>(s, k, own);
          return;
        }
      }
      for (; k < neighbors; ++k) evaluateRadialOfPair(usual, s, k, own);
    } else {
      workers.forEach(0, neighbors, [&](int k) { evaluateRadialOfPair(usual, s, k, own); });
    }
  }
  KOKKOS_FORCEINLINE_FUNCTION void evaluateRadialOfPair(bool usual, MtpScratch<Number> const& s, int k,
                                                        int const (&own)[lanes]) const {
    if (usual)
      evaluateRadialOf<1, 8, Coefficients::of_pairs>(s, k, own);
    else
      evaluateRadialOf<1, 0, Coefficients::of_pairs>(s, k, own);
  }

  // u, r and 1/r of a neighbour from its displacement.
  KOKKOS_FORCEINLINE_FUNCTION void evaluateDistance(MtpScratch<Number> const& s, int k) const {
    Number record[4] = {at(s, 0, k), at(s, 1, k), at(s, 2, k), at(s, 3, k)};
    if constexpr (in_lanes) {
      transpose<lanes>(record);
      at(s, identity, k) = record[3];
    }
    Number const x = record[0], y = record[1], z = record[2];
    Number const squared = Kokkos::fma(x, x, Kokkos::fma(y, y, z * z)), inverse = inverseSqrt(squared);
    at(s, direction, k) = x * inverse;
    at(s, direction + 1, k) = y * inverse;
    at(s, direction + 2, k) = z * inverse;
    at(s, distance, k) = squared * inverse;
    at(s, inverse_distance, k) = inverse;
  }

  // As in all templates: faster, because it is known when compiling.
  KOKKOS_FUNCTION bool isUsual() const {
    return plan.radial_basis_size == 8 && plan.envelope == RadialEnvelope::cutoff && !plan.clamped;
  }

  // What differs between the forms of the radial basis: the argument of xi and its derivative by r, w(r) and w'(r).
  struct Envelope {
    Number argument, slope, cut, cut_derivative;
  };
  KOKKOS_FUNCTION Envelope radialEnvelope(MtpScratch<Number> const& s, int k, Number const& r) const {
    Real const min_dist = static_cast<Real>(plan.min_dist), max_dist = static_cast<Real>(plan.max_dist);
    Envelope e{r, Number(Real(1)), Number(Real(1)), Number(Real(0))};
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
    }
    for (int l = 0; l < lanes; ++l)  // padding, and neighbours that were not trimmed
      if (lanesOf(r)[l] >= max_dist) lanesOf(e.cut)[l] = lanesOf(e.cut_derivative)[l] = Real(0);
    if (plan.clamped)
      for (int l = 0; l < lanes; ++l)
        if (lanesOf(r)[l] <= min_dist) lanesOf(e.slope)[l] = lanesOf(e.cut_derivative)[l] = Real(0);
    return e;
  }

  // Eq. (2.17) into the last radial function. The difference of exponentials as expm1, which keeps its digits near
  // R_min.
  KOKKOS_FUNCTION void pairRepulsion(MtpScratch<Number> const& s, int k, Number const& r) const {
    int const mu = plan.repulsion;
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

  KOKKOS_FUNCTION auto const& radialTable() const {
    if constexpr (std::is_same_v<Real, double>)
      return plan.radial;
    else
      return plan.radial_single;
  }

  // What the lanes of a pack have in common.
  enum class Coefficients {
    alike,         // the coefficients: there is one species
    of_neighbors,  // the species of the centre
    of_pairs       // nothing
  };

  // f_mu and f'_mu, eqs. (2.1)-(2.4), of `count` neighbours from k on. `usual_size` is R of a basis with the factor (r
  // - R_max)^2 and nothing else, known when compiling; 0 for any other.
  template <int count, int usual_size, Coefficients coefficients_of>
  KOKKOS_FORCEINLINE_FUNCTION void evaluateRadialOf(MtpScratch<Number> const& s, int k, int const (&own)[lanes]) const {
    int const size = usual_size > 0 ? usual_size : plan.radial_basis_size;
    constexpr int most = usual_size > 0 ? usual_size : max_radial_basis_size;
    Number chebyshev[count][most];  // T_n(xi)
    Envelope envelope[count];
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      Number const r = at(s, distance, k + i);
      if constexpr (usual_size > 0) {
        Number const gap = Kokkos::min(r - Number(static_cast<Real>(plan.max_dist)), Number(Real(0)));
        envelope[i] = {r, Number(Real(1)), gap * gap, gap + gap};
      } else {
        envelope[i] = radialEnvelope(s, k + i, r);
      }
      Number const xi = Kokkos::fma(envelope[i].argument, Number(static_cast<Real>(plan.xi_slope)),
                                    Number(static_cast<Real>(plan.xi_offset)));  // eq. (2.1)
      auto& t = chebyshev[i];
      t[0] = Number(Real(1));
      if (size > 1) t[1] = xi;
      auto const next = [&](int n) SINTER_ALWAYS_INLINE {  // eq. (2.2), T_n from T_{n/2}: short chains
        Number const half = t[n / 2];
        t[n] = Kokkos::fma(half + half, t[n - n / 2], -t[n % 2]);
      };
      if constexpr (usual_size > 2) {
        unrolled<usual_size - 2>([&](auto n) SINTER_ALWAYS_INLINE { next(n + 2); });
      } else {
        for (int n = 2; n < size; ++n) next(n);
      }
    });

    auto const& table = radialTable();
    int const functions = radialFunctionCount(), row = table.row;
    constexpr int block = std::decay_t<decltype(table)>::block;
    // Where the coefficients of a lane's pair of species begin.
    auto const coefficientsOf = [&](int i, int l) SINTER_ALWAYS_INLINE {
      int const other = source.type(neighborOf(s, k + i, l));
      return table.coefficients.data() + static_cast<std::ptrdiff_t>(own[l] * plan.species_count + other) * size * row;
    };
    auto const put = [&](int i, int mu, Number const& value, Number const& prime) SINTER_ALWAYS_INLINE {
      Envelope const& e = envelope[i];
      at(s, radial + mu, k + i) = value * e.cut;
      Number slope = prime * e.cut;
      if constexpr (usual_size == 0) slope = slope * e.slope;
      at(s, radial + functions + mu, k + i) = Kokkos::fma(value, e.cut_derivative, slope);
    };
    if (lanes == 1 || coefficients_of == Coefficients::alike || plan.species_count == 1) {
      auto const* const coefficients = plan.species_count == 1 ? table.coefficients.data() : coefficientsOf(0, 0);
      for (int mu = 0; mu < functions; ++mu) {  // eqs. (2.3), (2.4)
        Number value[count], prime[count];
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE { value[i] = prime[i] = Number(Real(0)); });
        auto const add = [&](int n) SINTER_ALWAYS_INLINE {
          auto const* const c = coefficients + n * row + table.place(mu);
          unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
            value[i] = Kokkos::fma(Number(c[0]), chebyshev[i][n], value[i]);
            prime[i] = Kokkos::fma(Number(c[block]), chebyshev[i][n], prime[i]);
          });
        };
        if constexpr (usual_size > 0) {
          unrolled<usual_size>([&](auto n) SINTER_ALWAYS_INLINE { add(n); });
        } else {
          for (int n = 0; n < size; ++n) add(n);
        }
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE { put(i, mu, value[i], prime[i]); });
      }
    } else if constexpr (coefficients_of == Coefficients::of_neighbors) {
      static_assert(count == 1);
      int types[lanes];
      for (int l = 0; l < lanes; ++l) types[l] = source.type(neighborOf(s, k, l));
      LaneLookup<Number> const lookup(types);
      auto const* const packs =
          reinterpret_cast<Number const*>(table.of_neighbors.data()) + own[0] * size * functions * 2;
      for (int mu = 0; mu < functions; ++mu) {
        Number value(Real(0)), prime(Real(0));
        unrolled<usual_size>([&](auto n) SINTER_ALWAYS_INLINE {
          Number const* const c = packs + (n * functions + mu) * 2;
          value = Kokkos::fma(lookup(c[0]), chebyshev[0][n], value);
          prime = Kokkos::fma(lookup(c[1]), chebyshev[0][n], prime);
        });
        put(0, mu, value, prime);
      }
    } else if constexpr (coefficients_of == Coefficients::of_pairs && lanes > 1) {
      // Lane by lane, a pack of coefficients at a time, and transposed: none is gathered from as many places as there
      // are lanes.
      for (int mu = 0; mu < functions; mu += block) {
        unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
          Number sums[lanes];
          for (int l = 0; l < lanes; ++l) {
            Real const* const c = coefficientsOf(i, l);
            Number sum(Real(0));
            auto const add = [&](int n) SINTER_ALWAYS_INLINE {
              sum = Kokkos::fma(*reinterpret_cast<Number const*>(c + n * row + 2 * mu),
                                Number(lanesOf(chebyshev[i][n])[l]), sum);
            };
            if constexpr (usual_size > 0) {
              unrolled<usual_size>([&](auto n) SINTER_ALWAYS_INLINE { add(n); });
            } else {
              for (int n = 0; n < size; ++n) add(n);
            }
            sums[l] = sum;
          }
          transpose<lanes>(sums);
          for (int f = 0; f < block && mu + f < functions; ++f) put(i, mu + f, sums[f], sums[block + f]);
        });
      }
    }
    if (plan.repulsion >= 0)
      unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE { pairRepulsion(s, k + i, at(s, distance, k + i)); });
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

  // The same for a shape known when compiling, `count` neighbours from k on.
  template <int count>
  KOKKOS_FUNCTION void accumulateNeighbors(MtpScratch<Number> const& s, int k) const {
    UnrolledNeighbors<Shape, Number, count> neighbors;
    loadNeighbors(s, k, neighbors);
    neighbors.accumulate(s.moments);
  }
  template <int count>
  KOKKOS_FORCEINLINE_FUNCTION void loadNeighbors(MtpScratch<Number> const& s, int k,
                                                 UnrolledNeighbors<Shape, Number, count>& neighbors) const {
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      unrolled<3>([&](auto x) SINTER_ALWAYS_INLINE { neighbors.u[i][x] = at(s, direction + x, k + i); });
      unrolled<Shape::radial_functions>([&](auto mu)
                                            SINTER_ALWAYS_INLINE { neighbors.f[i][mu] = at(s, radial + mu, k + i); });
    });
  }

  // Eq. (2.5): sums over neighbours of f_mu(r) u^a u^b u^c.
  KOKKOS_FUNCTION void accumulateMoments(Workers const& workers, MtpScratch<Number> const& s, int neighbors) const {
    workers.forEach(0, plan.accumulated_count, [&](int a) { s.moments[a] = Number(Real(0)); });
    if constexpr (Shape::is_static && in_lanes) {
      int k = 0;
      for (; k + 1 < neighbors; k += 2) accumulateNeighbors<2>(s, k);
      if (k < neighbors) accumulateNeighbors<1>(s, k);
    } else {
      for (int begin = 0; begin < neighbors; begin += chunk) {
        int const count = smaller(chunk, neighbors - begin);
        workers.forEach(0, count, [&](int slot) { evaluateMonomials(s, begin + slot, slot); });
        workers.forEach(0, plan.accumulated_count, [&](int a) {
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
    constexpr auto step = static_cast<std::ptrdiff_t>(sizeof(Number) * stride / Plan::index_unit);
    static_assert(step > 0);
    return *reinterpret_cast<Number*>(reinterpret_cast<char*>(numbers) + index * step);
  }
  KOKKOS_FORCEINLINE_FUNCTION static Number const& numberAt(Number const* numbers, std::int32_t index) {
    return numberAt(const_cast<Number*>(numbers), index);
  }

  // A sweep of the product program: values[target] = or += sums of weight values[index] and of
  // values[left] moments[right].
  template <bool sets>
  KOKKOS_FUNCTION void sweep(Workers const& workers, typename Plan::Sweep const& program, Number* values,
                             Number const* moments) const {
    for (int stage = 0; stage < program.stages; ++stage) {
      sumRows<sets>(workers, program.linear, stage, values, [=](LinearTerm const& term, Number const& sum) {
        return Kokkos::fma(Number(Real(term.weight)), numberAt(values, term.index), sum);
      });
      sumRows<sets>(workers, program.products, stage, values, [=](ProductTerm const& term, Number const& sum) {
        return Kokkos::fma(numberAt(values, term.left), numberAt(moments, term.right), sum);
      });
    }
  }

  // values[row.target] = or += the terms of each row of a stage; `add` gives a sum with one term more.
  template <bool sets, class Rows, class Add>
  KOKKOS_FUNCTION static void sumRows(Workers const& workers, Rows const& rows, int stage, Number* values,
                                      Add const& add) {
    auto const start = [=](Row const& row) { return sets ? Number(Real(0)) : numberAt(values, row.target); };
    if constexpr (!in_lanes) {
      int const begin = rows.stage_begin(stage), end = rows.stage_begin(stage + 1);
      if (begin == end) return;
      workers.forEach(begin, end, [&](int r) {
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
  KOKKOS_FUNCTION void putSiteEnergies(Workers const& workers, MtpScratch<Number> const& s, Results const& results,
                                       int first, int active) const {
    sumRows<true>(workers, plan.quadratic, 0, s.adjoints, [&](LinearTerm const& term, Number const& sum) {
      return Kokkos::fma(Number(Real(term.weight)), numberAt(s.moments, term.index), sum);
    });
    auto const linear =
        workers.template sum<Sums<Total, 1>>(static_cast<int>(plan.seeds.extent(0)), [&](int t, Sums<Total, 1>& sum) {
          LinearTerm const seed = plan.seeds(t);
          Number& adjoint = s.adjoints[seed.index * stride];
          adjoint = adjoint + Number(Real(seed.weight));
          addTo(sum.values[0], Number(Real(seed.weight)) * s.moments[seed.index * stride]);
        });
    if constexpr (contains(outputs, MtpOutputs::site_energies)) {
      // The linear form and twice the quadratic one.
      Total const product = dot(workers, plan.moments, s.moments, s.adjoints);
      workers.once([&] {
        for (int l = 0; l < active; ++l) {
          int const atom = source.centre(first + l);
          results.siteEnergy(atom, plan.species_coeffs(source.type(atom)) +
                                       0.5 * (lanesOf(linear.values[0])[l] + lanesOf(product)[l]));
        }
      });
    }
  }

  // sum_i a[i] b[i]; in single precision a few terms at a time.
  KOKKOS_FUNCTION static Total dot(Workers const& workers, int count, Number const* a, Number const* b) {
    if constexpr (!in_lanes) {
      return workers
          .template sum<Sums<Total, 1>>(
              count, [&](int i, Sums<Total, 1>& sum) { addTo(sum.values[0], a[i * stride] * b[i * stride]); })
          .values[0];
    } else {
      Total total(0.0);
      constexpr int few = 32;
      for (int begin = 0; begin < count; begin += few) {
        int const end = smaller(begin + few, count);
        Number sums[4] = {Number(Real(0)), Number(Real(0)), Number(Real(0)), Number(Real(0))};  // latency
        int i = begin;
        for (; i + 3 < end; i += 4)
          unrolled<4>([&](auto j) SINTER_ALWAYS_INLINE { sums[j] = Kokkos::fma(a[i + j], b[i + j], sums[j]); });
        for (; i < end; ++i) sums[0] = Kokkos::fma(a[i], b[i], sums[0]);
        addTo(total, (sums[0] + sums[1]) + (sums[2] + sums[3]));
      }
      return total;
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
  KOKKOS_FUNCTION void seedBasisFunction(Workers const& workers, MtpScratch<Number> const& s, int b) const {
    workers.forEach(0, plan.moments, [&](int m) { s.adjoints[m] = Number(Real(0)); });
    workers.once([&] {
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
  KOKKOS_FUNCTION void putGradients(Workers const& workers, MtpScratch<Number> const& s, Results const& results,
                                    int what, int first, int active, int neighbors) const {
    sweep<false>(workers, plan.reverse, s.adjoints, s.moments);  // eqs. (2.10), (2.11)

    Sums<Total, 9> sums(0.0);
    if constexpr (Shape::is_static && in_lanes) {
      int k = 0;
      for (; k + 1 < neighbors; k += 2) putNeighborGradients<2>(s, results, what, first, active, k, sums);
      if (k < neighbors) putNeighborGradients<1>(s, results, what, first, active, k, sums);
    } else if constexpr (Shape::is_static) {
      sums = workers.template sum<Sums<Total, 9>>(neighbors, [&](int k, Sums<Total, 9>& sum) {
        putNeighborGradients<1>(s, results, what, first, active, k, sum);
      });
    } else {
      for (int begin = 0; begin < neighbors; begin += chunk) {
        int const count = smaller(chunk, neighbors - begin);
        sums += workers.template sum<Sums<Total, 9>>(count, [&](int slot, Sums<Total, 9>& sum) {
          Number along[1] = {Number(Real(0))}, gradient[1][3] = {{Number(Real(0)), Number(Real(0)), Number(Real(0))}};
          evaluateMonomials(s, begin + slot, slot);
          differentiate(s, begin + slot, slot, along[0], gradient[0]);
          putPairs<1>(s, results, what, first, active, begin + slot, along, gradient, sum);
        });
      }
    }
    workers.once([&] { putCentres(results, what, first, active, sums); });
  }

  template <class Results>
  KOKKOS_FUNCTION void putCentres(Results const& results, int what, int first, int active,
                                  Sums<Total, 9> const& sums) const {
    for (int l = 0; l < active; ++l) {
      PairSums own;
      for (int x = 0; x < 3; ++x) own.gradient[x] = lanesOf(sums.values[x])[l];
      for (int v = 0; v < 6; ++v) own.virial[v] = -lanesOf(sums.values[3 + v])[l];
      results.centre(what, source.centre(first + l), own);
    }
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

  // The same for a shape known when compiling, `count` neighbours from k on.
  template <int count, class Results>
  KOKKOS_FUNCTION void putNeighborGradients(MtpScratch<Number> const& s, Results const& results, int what, int first,
                                            int active, int k, Sums<Total, 9>& sums) const {
    constexpr int functions = Shape::radial_functions;
    UnrolledNeighbors<Shape, Number, count> neighbors;
    loadNeighbors(s, k, neighbors);
    Number p[count][functions], along[count], gradient[count][3];
    neighbors.differentiate(s.adjoints, p, gradient);
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      along[i] = Number(Real(0));
      unrolled<functions>([&](auto mu) SINTER_ALWAYS_INLINE {
        along[i] = Kokkos::fma(at(s, radial + functions + mu, k + i), p[i][mu], along[i]);
      });
    });
    putPairs<count>(s, results, what, first, active, k, along, gradient, sums);
  }

  // Eq. (2.12): dE/dr_ij = sum_mu f'_mu P_mu u + (1 - u u^T) grad(sum_mu f_mu P_mu) / r for `count` neighbours of each
  // lane from k on, from `along`, the first sum, and the gradient of the second.
  template <int count, class Results>
  KOKKOS_FORCEINLINE_FUNCTION void putPairs(MtpScratch<Number> const& s, Results const& results, int what, int first,
                                            int active, int k, Number const (&along)[count],
                                            Number const (&gradient)[count][3], Sums<Total, 9>& sums) const {
    constexpr int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
    Number g[count][3], r[count][3], virial[6];
    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      Number const u[3] = {at(s, direction, k + i), at(s, direction + 1, k + i), at(s, direction + 2, k + i)};
      Number const inverse = at(s, inverse_distance, k + i), length = at(s, distance, k + i);
      Number const radial_part =
          Kokkos::fma(gradient[i][0], u[0], Kokkos::fma(gradient[i][1], u[1], gradient[i][2] * u[2]));
      Number const scale = along[i] - radial_part * inverse;
      unrolled<3>([&](auto x) SINTER_ALWAYS_INLINE {
        g[i][x] = Kokkos::fma(scale, u[x], gradient[i][x] * inverse);
        r[i][x] = length * u[x];
        addTo(sums.values[x], g[i][x]);
      });
    });
    if (results.wantsVirials()) {
      unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
        unrolled<6>([&](auto v) SINTER_ALWAYS_INLINE {
          virial[v] = i == 0 ? r[i][row[v]] * g[i][column[v]] : Kokkos::fma(r[i][row[v]], g[i][column[v]], virial[v]);
        });
      });
      unrolled<6>([&](auto v) SINTER_ALWAYS_INLINE { addTo(sums.values[3 + v], virial[v]); });
    }

    unrolled<count>([&](auto i) SINTER_ALWAYS_INLINE {
      Number records[4] = {g[i][0], g[i][1], g[i][2], Number(Real(0))};
      transpose<4>(records);
      Real const* const atoms = lanesOf(at(s, identity, k + i));
      for (int l = 0; l < active; ++l) {  // padding adds zeros
        Real const* const record = lanesOf(records[0]) + 4 * l;
        results.pair(what, reinterpret_cast<int const&>(atoms[l]), Triple::loadRecord(record));
      }
      if (results.wantsPairVirials()) {  // of copies: what has an address is not kept in registers
        Number const distances[3] = {r[i][0], r[i][1], r[i][2]}, gradients[3] = {g[i][0], g[i][1], g[i][2]};
        putPairVirials(s, results, first, active, k + i, distances, gradients);
      }
    });
  }

  template <class Results>
  KOKKOS_FUNCTION void putPairVirials(MtpScratch<Number> const& s, Results const& results, int first, int active, int k,
                                      Number const (&r)[3], Number const (&g)[3]) const {
    for (int l = 0; l < active; ++l) {
      double virial[3][3];
      for (int x = 0; x < 3; ++x)
        for (int y = 0; y < 3; ++y)
          virial[x][y] = -static_cast<double>(lanesOf(r[x])[l]) * static_cast<double>(lanesOf(g[y])[l]);
      results.pairVirial(source.centre(first + l), neighborOf(s, k, l), virial);
    }
  }
};

// Launches the kernel of one shape and mapping.
template <MtpOutputs outputs, class Real, class Shape, MtpMapping mapping, class ExecutionSpace, class Source,
          class Sink>
void launchMtp(ExecutionSpace const& space, MtpPlan<typename ExecutionSpace::memory_space> const& plan,
               Source const& source, Sink const& sink) {
  using Kernel = MtpKernel<ExecutionSpace, Real, outputs, Source, Sink, Shape, mapping>;
  Kernel kernel{plan, source, sink, source.numCentres(), (source.maxNeighbors() + 1) / 2 * 2 + 2, 0};
  int const units = Sink::owns_groups ? source.numGroups() : (kernel.centres + Kernel::lanes - 1) / Kernel::lanes;
  auto const policy = kernel.makePolicy(space, units);
  Kokkos::parallel_for("sinter::mtp::evaluate", policy, kernel);
}

// The mappings that are compiled for a shape: those that can be the best.
template <MtpOutputs outputs, class Sink, class Shape, MtpMapping mapping>
inline constexpr bool has_mapping = [] {
  constexpr bool for_forces =
      (static_cast<unsigned>(outputs) & ~static_cast<unsigned>(MtpOutputs::site_energies | MtpOutputs::forces)) == 0;
  if (mapping == MtpMapping::thread) return Shape::level == 8 && for_forces && !Sink::owns_groups;
  if (mapping == MtpMapping::warp) return !Shape::is_static || Shape::level <= 16;
  return !Shape::is_static || Shape::level >= 16;
}();

// Small potentials by threads; larger ones by warps while shared memory has room for enough of them to hide latencies,
// else by blocks.
template <MtpOutputs outputs, class Real, class Shape, class ExecutionSpace, class Source, class Sink>
MtpMapping deviceMapping([[maybe_unused]] ExecutionSpace const& space,
                         MtpPlan<typename ExecutionSpace::memory_space> const& plan, Source const& source,
                         Sink const& sink) {
  if constexpr (has_mapping<outputs, Sink, Shape, MtpMapping::thread>) return MtpMapping::thread;
  if constexpr (!has_mapping<outputs, Sink, Shape, MtpMapping::warp>) return MtpMapping::block;
  if constexpr (!has_mapping<outputs, Sink, Shape, MtpMapping::block>) return MtpMapping::warp;
  using Kernel = MtpKernel<ExecutionSpace, Real, outputs, Source, Sink, Shape, MtpMapping::warp>;
  Kernel const kernel{plan, source, sink, 0, source.maxNeighbors() + 2, 0};
#if defined(KOKKOS_ENABLE_CUDA)
  std::size_t const shared_memory = space.cuda_device_prop().sharedMemPerMultiprocessor;
#else
  std::size_t const shared_memory = 64 * 1024;
#endif
  constexpr std::size_t enough_warps = 12;
  bool const fits = kernel.scratchBytes() <= static_cast<std::size_t>(Kernel::Policy::scratch_size_max(0)) &&
                    kernel.scratchBytes() * enough_warps <= shared_memory;
  return fits ? MtpMapping::warp : MtpMapping::block;
}

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
/// On a device, small potentials are evaluated by a thread per centre, larger ones by a warp and the largest by a
/// block; `plan.mapping` overrides that, for tuning. \throws InputError when the plan is empty, or asks for a mapping
/// that no kernel has. Cost: mtp.md section 4; scratch per thread O(moments + neighbours), none per (neighbour, basis
/// function).
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
  detail::withShape<detail::has_template_shapes<ExecutionSpace>>(plan.shape_level, [&]<class Shape>() {
    if constexpr (is_device_space<ExecutionSpace>) {
      auto const mapping = plan.mapping == MtpMapping::automatic
                               ? detail::deviceMapping<outputs, Real, Shape>(space, plan, source, sink)
                               : plan.mapping;
      bool launched = false;
      auto const tryMapping = [&]<MtpMapping candidate>(std::integral_constant<MtpMapping, candidate>) {
        if constexpr (detail::has_mapping<outputs, Sink, Shape, candidate>) {
          if (mapping != candidate) return;
          detail::launchMtp<outputs, Real, Shape, candidate>(space, plan, source, sink);
          launched = true;
        }
      };
      tryMapping(std::integral_constant<MtpMapping, MtpMapping::thread>());
      tryMapping(std::integral_constant<MtpMapping, MtpMapping::warp>());
      tryMapping(std::integral_constant<MtpMapping, MtpMapping::block>());
      if (!launched) throw InputError("evaluateMtp: no kernel with the mapping that the plan asks for");
    } else {
      if (plan.mapping != MtpMapping::automatic && plan.mapping != MtpMapping::lanes)
        throw InputError("evaluateMtp: no kernel with the mapping that the plan asks for");
      detail::launchMtp<outputs, Real, Shape, MtpMapping::lanes>(space, plan, source, sink);
    }
  });
}

}  // namespace sinter
