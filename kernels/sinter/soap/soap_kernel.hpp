/// \file
/// Density coefficients, power spectra and the forces of what depends on them: equations (4.5)-(4.13) of
/// kernels/README.md. Slow reference: tests/reference/soap_reference.hpp.
///
/// One source for all backends. A thread of the host (a block of a device) works on one centre, a chunk of neighbours
/// at a time: radial functions from tables in lanes over n, spherical harmonics in lanes over neighbours, and the sums
/// over them as products of small matrices (soap_workers.hpp). Of the neighbours of a centre only displacements are
/// kept.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <type_traits>

#include "sinter/core/simd.hpp"
#include "sinter/neighbor/environment_source.hpp"
#include "sinter/neighbor/pair_sums.hpp"
#include "sinter/soap/soap_plan.hpp"
#include "sinter/soap/soap_spectrum.hpp"
#include "sinter/soap/soap_workers.hpp"

namespace sinter {

/// What a launch computes; flags combine with `|`, but `gradients` stands alone. Named is what a sink has for it.
enum class SoapOutputs : unsigned {
  coefficients = 1,  ///< sink.coefficients(c): where X of centre c goes, a row of `SoapRows`
  spectra = 2,       ///< sink.spectrum(c): where p of centre c goes, a row of `SoapRows`; sink.norm(c, |q|)
  gradients = 4      ///< sink.adjoints(c): dE/dX of centre c is there; results = sink.access(c), with results.pair(j,
                     ///< Triple dE/dr_ij) per neighbour, then results.centre(i, sums)
};
KOKKOS_FORCEINLINE_FUNCTION constexpr SoapOutputs operator|(SoapOutputs a, SoapOutputs b) {
  return static_cast<SoapOutputs>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
KOKKOS_FORCEINLINE_FUNCTION constexpr bool contains(SoapOutputs outputs, SoapOutputs flag) {
  return (static_cast<unsigned>(outputs) & static_cast<unsigned>(flag)) != 0;
}

namespace detail {

template <class ExecutionSpace, class Real, SoapOutputs outputs, class Source, class Sink>
struct SoapKernel : SoapTeam<ExecutionSpace, Real> {
  using Team = SoapTeam<ExecutionSpace, Real>;
  using Team::lanes;
  using typename Team::Member;
  using typename Team::Number;
  using typename Team::Workers;
  using Plan = SoapPlan<typename ExecutionSpace::memory_space>;
  static constexpr bool with_gradients = contains(outputs, SoapOutputs::gradients);
  // Neighbours at a time: enough to hold sums in registers, few enough for the L1 cache or shared memory.
  static constexpr int chunk = Team::on_device ? 32 : 2 * lanes, blocks = chunk / lanes;

  Plan plan;
  Source source;
  Sink sink;
  int max_neighbors = 0, scratch_level = 0;

  // What is kept while one centre is worked on. Of neighbours: those of one species inside the cutoff.
  struct Scratch {
    Real* displacement[3];  // (max_neighbors) r_ij
    double* squared;        // (max_neighbors) |r_ij|^2
    int* atoms;             // (max_neighbors)
    // Of a chunk of neighbours:
    Number* unit[3];   // (blocks) u
    Number* inverse;   // (blocks) 1 / r
    Real* argument;    // (chunk) where a neighbour is in its interval
    Real* slope;       // (chunk) derivative of that by r
    int* interval;     // (chunk)
    Number* harmonic;  // values: (rows, blocks) Y_lm; gradients: (rows, 2 blocks) dE/dY and its part with R'
    Number* radial;    // values: (chunk, l_max + 1, row) R_nl; gradients: (l_max + 1, row, 2 blocks) R_nl, then R'_nl
    Number* coefficients;  // (rows, width) X; values only
  };

  // ---- launch ------------------------------------------------------------------------------------------------------

  [[nodiscard]] KOKKOS_FUNCTION auto const& table() const { return plan.template tableOf<Real>(); }
  [[nodiscard]] KOKKOS_FUNCTION int packsOfRow() const { return table().row / lanes; }
  [[nodiscard]] KOKKOS_FUNCTION int packs() const { return plan.species_count * packsOfRow(); }
  [[nodiscard]] KOKKOS_FUNCTION int angular() const { return plan.l_max + 1; }
  [[nodiscard]] KOKKOS_FUNCTION int slots() const { return (max_neighbors + chunk) / chunk * chunk; }

  // Hands the arrays of `s` to take(array, size) one after another; on the host to what only a host can call.
#if defined(__CUDACC__)
#pragma nv_exec_check_disable
#endif
  template <class Take>
  KOKKOS_FUNCTION void forEachArray(Scratch& s, Take const& take) const {
    for (auto& x : s.displacement) take(x, slots());
    take(s.squared, slots());
    take(s.atoms, slots());
    for (auto& x : s.unit) take(x, blocks);
    take(s.inverse, blocks);
    take(s.argument, chunk);
    take(s.slope, chunk);
    take(s.interval, chunk);
    take(s.harmonic, plan.rows() * blocks * (with_gradients ? 2 : 1));
    take(s.radial, angular() * packsOfRow() * chunk * (with_gradients ? 2 : 1));
    take(s.coefficients, with_gradients ? 0 : plan.rows() * packs());
  }

  [[nodiscard]] std::size_t scratchBytes() const {
    Scratch s;
    std::size_t bytes = 0;
    forEachArray(s,
                 [&]<class T>(T*&, int size) { bytes += static_cast<std::size_t>(size) * sizeof(T) + sizeof(Number); });
    return bytes;
  }

  // ---- kernel ------------------------------------------------------------------------------------------------------

  KOKKOS_FUNCTION void operator()(Member const& team) const {
    Workers const workers(team);
    int const c = team.league_rank();
    Scratch s;
    auto const& memory = team.team_scratch(scratch_level);
    forEachArray(s, [&]<class T>(T*& array, int size) {
      array = static_cast<T*>(memory.get_shmem_aligned(static_cast<std::size_t>(size) * sizeof(T), alignof(Number)));
    });
    if constexpr (with_gradients)
      putGradients(workers, s, c);
    else
      putVectors(workers, s, c);
  }

  KOKKOS_FUNCTION void putVectors(Workers const& workers, Scratch const& s, int c) const {
    int const size = plan.rows() * packs(), own = source.type(source.centre(c));
    workers.forEach(0, size, [&](int e) { s.coefficients[e] = Number(Real(0)); });
    workers.forEach(0, table().row, [&](int n) {  // eq. (4.7), what is in the centre
      lanesOf(*s.coefficients)[own * table().row + n] = table().central(n);
    });
    for (int species = 0; species < plan.species_count; ++species) {
      int const neighbors = gatherNeighbors(workers, s, c, species);
      for (int first = 0; first < neighbors; first += chunk) {
        int const count = smaller(chunk, neighbors - first);
        evaluateDistances(workers, s, first, count);
        evaluateHarmonics(workers, s, count);
        evaluateRadial(workers, s, count);
        accumulate(workers, s, species, count);
      }
    }
    if constexpr (contains(outputs, SoapOutputs::coefficients)) {
      auto* const to = reinterpret_cast<Number*>(sink.coefficients(c));
      workers.forEach(0, size, [&](int e) { to[e] = s.coefficients[e]; });
    }
    if constexpr (contains(outputs, SoapOutputs::spectra)) {
      SoapSpectrum<ExecutionSpace, Real> const spectrum{{}, plan};
      double const norm = spectrum.evaluate(workers, s.coefficients, sink.spectrum(c));
      workers.once([&] { sink.norm(c, norm); });
    }
  }

  KOKKOS_FUNCTION void putGradients(Workers const& workers, Scratch const& s, int c) const {
    auto const& results = sink.access(c);
    PairSums sums{};
    for (int species = 0; species < plan.species_count; ++species) {
      Real const* const adjoints = sink.adjoints(c) + species * table().row;
      int const neighbors = gatherNeighbors(workers, s, c, species);
      for (int first = 0; first < neighbors; first += chunk) {
        int const count = smaller(chunk, neighbors - first);
        evaluateDistances(workers, s, first, count);
        evaluateRadialAndSlopes(workers, s, count);
        contract(workers, s, adjoints, count);
        differentiateHarmonics(workers, s, count);
        putPairs(workers, s, results, first, count, sums);
      }
    }
    workers.once([&] { results.centre(source.centre(c), sums); });
  }

  // Neighbours of one species inside the cutoff; the last block is filled with what does no harm. Returns their number.
  KOKKOS_FUNCTION int gatherNeighbors(Workers const& workers, Scratch const& s, int c, int species) const {
    auto const environment = source.environment(c);
    double const cutoff_squared = plan.cutoff * plan.cutoff;
    bool const mixed = plan.species_count > 1;
    auto const put = [&](int slot, Displacement const& d, double squared, int atom) {
      for (int x = 0; x < 3; ++x) s.displacement[x][slot] = static_cast<Real>(d[x]);
      s.squared[slot] = squared;
      s.atoms[slot] = atom;
    };
    int const count = workers.scan(environment.size(), [&](int k, int& slot, bool final) {
      Displacement const d = environment.displacement(k);
      int const atom = environment.neighbor(k);
      double const squared = d.squaredNorm();
      // Written so that a position that is not a number is inside, and ends up in the results.
      bool const inside = !(squared >= cutoff_squared) && (!mixed || source.type(atom) == species);
      if (final && inside) put(slot, d, squared, atom);
      slot += inside ? 1 : 0;
    });
    int const full = (count + lanes - 1) / lanes * lanes;
    workers.forEach(count, full, [&](int k) { put(k, {plan.cutoff, 0, 0}, cutoff_squared, source.centre(c)); });
    return count;
  }

  // u, 1/r, and the interval of each neighbour. Distances are double whatever `Real` is: radial functions are steep.
  KOKKOS_FUNCTION void evaluateDistances(Workers const& workers, Scratch const& s, int first, int count) const {
    workers.forEach(0, (count + lanes - 1) / lanes, [&](int block) {
      Number inverse;
      for (int lane = 0; lane < lanes; ++lane) {
        int const k = block * lanes + lane;
        double const r = Kokkos::sqrt(s.squared[first + k]);
        auto const& zone = plan.zones[r < plan.zones[1].begin ? 0 : 1];
        double const place = (r - zone.begin) * zone.inverse_length;
        int const interval =
            smaller(zone.first + (place > 0 ? static_cast<int>(place) : 0), zone.last);  // also for NaN
        s.interval[k] = interval;
        s.argument[k] = static_cast<Real>(2 * (place - (interval - zone.first)) - 1);
        s.slope[k] = static_cast<Real>(2 * zone.inverse_length);
        lanesOf(inverse)[lane] = static_cast<Real>(1 / r);
      }
      s.inverse[block] = inverse;
      for (int x = 0; x < 3; ++x)
        s.unit[x][block] = reinterpret_cast<Number const&>(s.displacement[x][first + block * lanes]) * inverse;
    });
  }

  // Y_lm of each neighbour, eqs. (4.11), (4.12).
  KOKKOS_FUNCTION void evaluateHarmonics(Workers const& workers, Scratch const& s, int count) const {
    workers.forEach(0, (count + lanes - 1) / lanes, [&](int block) {
      Number const x = s.unit[0][block], y = s.unit[1][block], z = s.unit[2][block];
      Number cosine(Real(1)), sine(Real(0));  // real and imaginary part of (x + i y)^m
      for (int m = 0; m <= plan.l_max; ++m) {
        Number q(table().harmonic_start(m)), before(Real(0));
        for (int l = m; l <= plan.l_max; ++l) {
          if (l > m) {
            Real const* const step = &table().harmonic_step(l * (l + 1) + 2 * m);
            Number const next = Kokkos::fma(Number(step[0]) * z, q, -(Number(step[1]) * before));
            before = q;
            q = next;
          }
          s.harmonic[(l * l + l + m) * blocks + block] = q * cosine;
          if (m > 0) s.harmonic[(l * l + l - m) * blocks + block] = q * sine;
        }
        Number const turned = Kokkos::fma(cosine, x, -(sine * y));
        sine = Kokkos::fma(cosine, y, sine * x);
        cosine = turned;
      }
    });
  }

  // The polynomials of a neighbour for a column of R, which is l and a pack of n: coefficients of t^degree, then, each
  // `powerStep` further on, of lower powers.
  [[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION Number const* polynomialsOf(Scratch const& s, int k, int column) const {
    int const row = packsOfRow(), interval = s.interval[k];
    auto const* const all = reinterpret_cast<Number const*>(table().coefficients.data()) +
                            static_cast<std::ptrdiff_t>(interval) * angular() * row * (Plan::degree + 1);
    if constexpr (Team::on_device)
      return all + column / row * row * (Plan::degree + 1) + column % row;
    else
      return all + column * (Plan::degree + 1);
  }
  [[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION int powerStep() const { return Team::on_device ? packsOfRow() : 1; }

  // R_nl of each neighbour, eq. (4.5), by Horner's rule.
  KOKKOS_FUNCTION void evaluateRadial(Workers const& workers, Scratch const& s, int count) const {
    int const columns = angular() * packsOfRow();
    forEachOf(workers, count, columns, [&](int k, int column) {
      Number const* const polynomials = polynomialsOf(s, k, column);
      Number const t(s.argument[k]);
      Number value = polynomials[0];
      unrolled<Plan::degree>(
          [&](auto p) SINTER_ALWAYS_INLINE { value = Kokkos::fma(value, t, polynomials[(p + 1) * powerStep()]); });
      s.radial[k * columns + column] = value;
    });
  }

  // R_nl and R'_nl of each neighbour, in lanes over neighbours.
  KOKKOS_FUNCTION void evaluateRadialAndSlopes(Workers const& workers, Scratch const& s, int count) const {
    forEachOf(workers, (count + lanes - 1) / lanes, angular() * packsOfRow(), [&](int block, int column) {
      Number values[lanes], slopes[lanes];
      unrolled<lanes>([&](auto lane) SINTER_ALWAYS_INLINE {
        int const k = block * lanes + lane;
        Number const* const polynomials = polynomialsOf(s, k, column);
        Number const t(s.argument[k]);
        Number value = polynomials[0], slope(Real(0));
        unrolled<Plan::degree>([&](auto p) SINTER_ALWAYS_INLINE {
          slope = p == 0 ? value : Kokkos::fma(slope, t, value);
          value = Kokkos::fma(value, t, polynomials[(p + 1) * powerStep()]);
        });
        values[lane] = value;
        slopes[lane] = slope * Number(s.slope[k]);
      });
      transpose<lanes>(values);
      transpose<lanes>(slopes);
      for (int n = 0; n < lanes; ++n) {
        Number* const to = s.radial + (column * lanes + n) * 2 * blocks + block;
        to[0] = values[n];
        to[blocks] = slopes[n];
      }
    });
  }

  // Eq. (4.7): X_nlm += sum_j R_nl Y_lm.
  KOKKOS_FUNCTION void accumulate(Workers const& workers, Scratch const& s, int species, int count) const {
    int const row = packsOfRow();
    forEachOf(workers, static_cast<int>(plan.tiles.extent(0)), (row + tile_packs - 1) / tile_packs,
              [&](int t, int pair) {
                auto const tile = plan.tiles(t);
                int const pack = pair * tile_packs;
                Number* const to = s.coefficients + tile.first * packs() + species * row + pack;
                multiply(tile.rows, smaller(tile_packs, row - pack), count, lanesOf(s.harmonic[tile.first * blocks]),
                         chunk, 1, s.radial + tile.l * row + pack, angular() * row,
                         [&](int m, int p, Number const& sum) { to[m * packs() + p] = to[m * packs() + p] + sum; });
              });
  }

  // Eq. (4.13): sum_n dE/dX_nlm R_nl and the same with R'_nl.
  KOKKOS_FUNCTION void contract(Workers const& workers, Scratch const& s, Real const* adjoints, int count) const {
    int const width = packs() * lanes, row = table().row, used = (count + lanes - 1) / lanes;
    static_assert(blocks == 2 || Team::on_device);
    forEachOf(workers, static_cast<int>(plan.tiles.extent(0)), Team::on_device ? 2 * used : 2, [&](int t, int pair) {
      auto const tile = plan.tiles(t);
      int const pack = Team::on_device ? pair / used * blocks + pair % used : pair * blocks;
      multiply(tile.rows, Team::on_device ? 1 : used, plan.n_max, adjoints + tile.first * width, width, 1,
               s.radial + tile.l * row * 2 * blocks + pack, 2 * blocks,
               [&](int m, int p, Number const& sum) { s.harmonic[(tile.first + m) * 2 * blocks + pack + p] = sum; });
    });
  }

  // Eqs. (4.12), (4.13): dE/dr_ij of each neighbour, in the place of u.
  KOKKOS_FUNCTION void differentiateHarmonics(Workers const& workers, Scratch const& s, int count) const {
    workers.forEach(0, (count + lanes - 1) / lanes, [&](int block) {
      Number const x = s.unit[0][block], y = s.unit[1][block], z = s.unit[2][block], zero(Real(0));
      Number cosine(Real(1)), sine(zero), lower_cosine(zero), lower_sine(zero);  // (x + i y)^m, (x + i y)^(m - 1)
      Number along = zero, gradient[3] = {zero, zero, zero};
      for (int m = 0; m <= plan.l_max; ++m) {
        Number q(table().harmonic_start(m)), q_before = zero, slope = zero, slope_before = zero;
        Number values[2] = {zero, zero}, slopes[2] = {zero, zero}, radial[2] = {zero, zero};  // of cosine and sine
        for (int l = m; l <= plan.l_max; ++l) {
          if (l > m) {
            Real const* const step = &table().harmonic_step(l * (l + 1) + 2 * m);
            Number const up(step[0]), down(step[1]);
            Number const next_slope = Kokkos::fma(up, Kokkos::fma(z, slope, q), -(down * slope_before));
            Number const next = Kokkos::fma(up * z, q, -(down * q_before));
            slope_before = slope;
            slope = next_slope;
            q_before = q;
            q = next;
          }
          for (int part = 0; part < (m > 0 ? 2 : 1); ++part) {
            Number const* const b = s.harmonic + (l * l + l + (part == 0 ? m : -m)) * 2 * blocks + block;
            values[part] = Kokkos::fma(b[0], q, values[part]);
            slopes[part] = Kokkos::fma(b[0], slope, slopes[part]);
            radial[part] = Kokkos::fma(b[blocks], q, radial[part]);
          }
        }
        along = Kokkos::fma(radial[0], cosine, Kokkos::fma(radial[1], sine, along));
        Number const power(static_cast<Real>(m));
        gradient[0] = Kokkos::fma(power, Kokkos::fma(values[0], lower_cosine, values[1] * lower_sine), gradient[0]);
        gradient[1] = Kokkos::fma(power, Kokkos::fma(values[1], lower_cosine, -(values[0] * lower_sine)), gradient[1]);
        gradient[2] = Kokkos::fma(slopes[0], cosine, Kokkos::fma(slopes[1], sine, gradient[2]));
        lower_cosine = cosine;
        lower_sine = sine;
        cosine = Kokkos::fma(lower_cosine, x, -(lower_sine * y));
        sine = Kokkos::fma(lower_cosine, y, lower_sine * x);
      }
      Number const inverse = s.inverse[block];
      Number const outward = Kokkos::fma(gradient[0], x, Kokkos::fma(gradient[1], y, gradient[2] * z));
      Number const rest = along - outward * inverse;
      s.unit[0][block] = Kokkos::fma(rest, x, gradient[0] * inverse);
      s.unit[1][block] = Kokkos::fma(rest, y, gradient[1] * inverse);
      s.unit[2][block] = Kokkos::fma(rest, z, gradient[2] * inverse);
    });
  }

  // Pair derivatives to the sink; their sums in double whatever `Real` is, so that what a pair adds to the centre is
  // what it takes from the neighbour.
  template <class Results>
  KOKKOS_FUNCTION void putPairs(Workers const& workers, Scratch const& s, Results const& results, int first, int count,
                                PairSums& sums) const {
    using Total = Sums<double, 9>;
    Total const total = workers.template sum<Total>(count, [&](int k, Total& t) {
      double g[3], r[3];
      for (int x = 0; x < 3; ++x) {
        g[x] = static_cast<double>(lanesOf(*s.unit[x])[k]);
        r[x] = static_cast<double>(s.displacement[x][first + k]);
      }
      results.pair(s.atoms[first + k], Triple(g[0], g[1], g[2]));
      for (int x = 0; x < 3; ++x) t.values[x] += g[x];
      constexpr int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
      for (int v = 0; v < 6; ++v) t.values[3 + v] -= r[voigt[v][0]] * g[voigt[v][1]];
    });
    for (int x = 0; x < 3; ++x) sums.gradient[x] += total.values[x];
    for (int v = 0; v < 6; ++v) sums.virial[v] += total.values[3 + v];
  }
};

}  // namespace detail

/// Evaluates SOAP at every centre of `source` and gives the results to `sink`: density coefficients X, eq. (4.7), power
/// spectra p, eqs. (4.8), (4.9), or the pair derivatives of a scalar E whose derivatives with respect to the
/// coefficients are given, eq. (4.13).
///
/// For dE/dr from dE/dp: a launch for coefficients and spectra, `differentiateSpectra`, and a launch for gradients.
/// \tparam outputs what is computed (compile time)
/// \tparam Real double, or float for everything up to coefficients and power spectra but distances (mixed precision:
///              norms, and sums over neighbours of pair derivatives, stay double)
/// \param space execution space instance; the call is asynchronous on it
/// \param plan made by `makeSoapPlan`
/// \param source centres and neighbours; pairs beyond the cutoff are skipped
/// \param sink receives results, copied to the device
/// Cost: per neighbour n_max (l_max + 1) (l_max + 8) multiply-adds, per centre (S n_max)^2 (l_max + 1)^2 / 2, gradients
/// twice as many per neighbour; scratch per team (l_max + 1)^2 numbers per channel and 36 bytes per neighbour. A
/// centre's own results are bitwise repeatable.
template <SoapOutputs outputs, class Real = double, class ExecutionSpace, EnvironmentSource Source, class Sink>
void evaluateSoap(ExecutionSpace const& space, SoapPlan<typename ExecutionSpace::memory_space> const& plan,
                  Source const& source, Sink const& sink) {
  static_assert(outputs == SoapOutputs::gradients || !contains(outputs, SoapOutputs::gradients));
  if (plan.dimension == 0) throw InputError("evaluateSoap: the plan is empty, expected one made by makeSoapPlan");
  int const centres = source.numCentres();
  if (centres == 0) return;
  using Kernel = detail::SoapKernel<ExecutionSpace, Real, outputs, Source, Sink>;
  Kernel kernel{{}, plan, source, sink, source.maxNeighbors(), 0};
  auto const policy = Kernel::makePolicy(space, centres, kernel.scratchBytes(), kernel.scratch_level);
  Kokkos::parallel_for("sinter::soap::evaluate", policy, kernel);
}

}  // namespace sinter
