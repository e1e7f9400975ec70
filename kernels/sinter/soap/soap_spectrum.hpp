/// \file
/// From density coefficients to power spectra, eqs. (4.8), (4.9) of kernels/README.md, and back from derivatives with
/// respect to a power spectrum to those with respect to coefficients, eq. (4.10). Slow reference:
/// tests/reference/soap_reference.hpp.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>

#include "sinter/core/error.hpp"
#include "sinter/soap/soap_plan.hpp"
#include "sinter/soap/soap_workers.hpp"

namespace sinter {

/// Vectors of centres, or of averages: a row for each.
template <class MemorySpace, class Real>
struct SoapRows {
  /// (rows, (l_max + 1)^2 width) X, see SoapPlan
  Kokkos::View<Real**, Kokkos::LayoutRight, MemorySpace> coefficients;
  Kokkos::View<double**, Kokkos::LayoutRight, MemorySpace> spectra;  ///< (rows, dimension) p
  Kokkos::View<double*, MemorySpace> norms;                          ///< (rows) |q|

  SoapRows() = default;
  SoapRows(SoapPlan<MemorySpace> const& plan, int rows)
      : coefficients("sinter::soap::coefficients", static_cast<std::size_t>(rows),
                     static_cast<std::size_t>(plan.rows()) * plan.template width<Real>()),
        spectra(Kokkos::view_alloc("sinter::soap::spectra", Kokkos::WithoutInitializing),
                static_cast<std::size_t>(rows), static_cast<std::size_t>(plan.dimension)),
        norms("sinter::soap::norms", static_cast<std::size_t>(rows)) {}
};

namespace detail {

template <class ExecutionSpace, class Real>
struct SoapSpectrum : SoapTeam<ExecutionSpace, Real> {
  using Team = SoapTeam<ExecutionSpace, Real>;
  using Team::lanes;
  using typename Team::Number;
  using typename Team::Workers;
  using Plan = SoapPlan<typename ExecutionSpace::memory_space>;

  Plan plan;

  [[nodiscard]] KOKKOS_FUNCTION int width() const { return plan.template width<Real>(); }
  [[nodiscard]] KOKKOS_FUNCTION int row() const { return plan.template tableOf<Real>().row; }

  // Eqs. (4.8), (4.9): the vector p of coefficients x; returns |q|.
  KOKKOS_FUNCTION double evaluate(Workers const& workers, Number const* x, double* p) const {
    int const packs = width() / lanes, packs_of_species = row() / lanes, angular = plan.l_max + 1;
    int const tiles_of_species = (plan.n_max + tile_rows - 1) / tile_rows;
    forEachOf(workers, plan.species_count * tiles_of_species, angular, [&](int tile, int l) {
      int const species = tile / tiles_of_species, first = tile % tiles_of_species * tile_rows,
                rows = smaller(tile_rows, plan.n_max - first), channel = species * plan.n_max + first;
      Number const* const block = x + l * l * packs;
      Real const* const left = lanesOf(*block) + species * row() + first;
      double const factor = plan.factorOfL(l);
      int const last = species * packs_of_species + (first + rows - 1) / lanes;  // what is below the diagonal
      for (int pack = 0; pack <= last; pack += tile_packs) {
        multiply(rows, smaller(tile_packs, last + 1 - pack), 2 * l + 1, left, 1, width(), block + pack, packs,
                 [&](int i, int j, Number const& sum) {
                   int const other = (pack + j) / packs_of_species, n = (pack + j) % packs_of_species * lanes,
                             a = channel + i, b = other * plan.n_max + n;
                   int const end = smaller(smaller(lanes, plan.n_max - n), a + 1 - b);
                   auto const place = plan.placeOf(a, b, l);
                   int component = place.component, step = place.step;
                   double const off_diagonal = factor * plan.factorOfPair(a, b);
                   for (int lane = 0; lane < end; ++lane) {
                     double const value =
                         static_cast<double>(lanesOf(sum)[lane]) * (b + lane == a ? factor : off_diagonal);
                     p[component] = value;
                     component += step;
                     step += place.bend;
                     if (place.mirror >= 0) p[place.mirror + lane] = value;
                   }
                 });
      }
    });
    int const components = plan.components;
    workers.once([&] {
      if (components < plan.dimension) p[components] = plan.last_component;
    });
    if (!plan.isNormalised()) return 1;
    double const norm = Kokkos::sqrt(dotProduct(workers, components, p, p));
    double const scale = norm == 0 ? 0 : 1 / norm;
    workers.forEach(0, components, [&](int c) { p[c] *= scale; });
    return norm;
  }

  // Eq. (4.10): dE/dX of coefficients x, whose vector is p with |q| = norm, from dE/dp. `factors` has room for width()
  // rows of width() numbers.
  KOKKOS_FUNCTION void differentiate(Workers const& workers, Number const* x, double const* p, double norm,
                                     double const* derivative, Number* factors, Number* to) const {
    int const packs = width() / lanes, channels = plan.channels();
    double const scale = norm == 0 ? 0 : 1 / norm;
    double const along = plan.isNormalised() ? dotProduct(workers, plan.components, derivative, p) : 0;
    Real* const h = lanesOf(*factors);
    workers.forEach(0, width() * packs, [&](int e) { factors[e] = Number(Real(0)); });
    auto const column = [&](int channel) { return channel / plan.n_max * row() + channel % plan.n_max; };
    for (int l = 0; l <= plan.l_max; ++l) {
      double const factor = scale * plan.factorOfL(l);
      workers.forEach(0, channels, [&](int a) {
        int const of_a = column(a);
        for (int b = 0; b <= a; ++b) {
          auto const [c, step, bend, mirror] = plan.placeOf(a, b, l);
          int const of_b = column(b);
          double of_product = derivative[c] - along * p[c];
          if (mirror >= 0 && mirror != c) of_product += derivative[mirror];
          Real const value = static_cast<Real>(of_product * factor * plan.factorOfPair(a, b) * (a == b ? 2 : 1));
          h[of_a * width() + of_b] = h[of_b * width() + of_a] = value;
        }
      });
      int const rows = 2 * l + 1, tiles = (rows + tile_rows - 1) / tile_rows;
      forEachOf(workers, tiles, (packs + tile_packs - 1) / tile_packs, [&](int tile, int pair) {
        int const first = l * l + tile * tile_rows, pack = pair * tile_packs;
        multiply(smaller(tile_rows, rows - tile * tile_rows), smaller(tile_packs, packs - pack),
                 column(channels - 1) + 1, lanesOf(x[first * packs]), width(), 1, factors + pack, packs,
                 [&](int m, int j, Number const& sum) { to[(first + m) * packs + pack + j] = sum; });
      });
    }
  }
};

// Vectors of given coefficients.
template <class ExecutionSpace, class Real>
struct SoapSpectrumKernel {
  using Spectrum = SoapSpectrum<ExecutionSpace, Real>;
  using Number = typename Spectrum::Number;

  Spectrum spectrum;
  SoapRows<typename ExecutionSpace::memory_space, Real> rows;

  KOKKOS_FUNCTION void operator()(typename Spectrum::Member const& team) const {
    typename Spectrum::Workers const workers(team);
    int const r = team.league_rank();
    double const norm =
        spectrum.evaluate(workers, reinterpret_cast<Number const*>(&rows.coefficients(r, 0)), &rows.spectra(r, 0));
    workers.once([&] { rows.norms(r) = norm; });
  }
};

// Derivatives with respect to coefficients.
template <class ExecutionSpace, class Real>
struct SoapAdjointKernel {
  using Spectrum = SoapSpectrum<ExecutionSpace, Real>;
  using Number = typename Spectrum::Number;
  using memory_space = typename ExecutionSpace::memory_space;

  Spectrum spectrum;
  SoapRows<memory_space, Real> rows;
  Kokkos::View<double const**, Kokkos::LayoutRight, memory_space> derivatives;
  Kokkos::View<Real**, Kokkos::LayoutRight, memory_space> adjoints;
  int scratch_level = 0;

  [[nodiscard]] KOKKOS_FUNCTION std::size_t factorBytes() const {
    return static_cast<std::size_t>(spectrum.width()) * static_cast<std::size_t>(spectrum.width()) * sizeof(Real);
  }

  KOKKOS_FUNCTION void operator()(typename Spectrum::Member const& team) const {
    typename Spectrum::Workers const workers(team);
    int const r = team.league_rank();
    auto* const factors =
        static_cast<Number*>(team.team_scratch(scratch_level).get_shmem_aligned(factorBytes(), alignof(Number)));
    spectrum.differentiate(workers, reinterpret_cast<Number const*>(&rows.coefficients(r, 0)), &rows.spectra(r, 0),
                           rows.norms(r), &derivatives(r, 0), factors, reinterpret_cast<Number*>(&adjoints(r, 0)));
  }
};

}  // namespace detail

/// Vectors p and |q| (1 where vectors are not normalised) of the first `count` rows from their coefficients, eqs.
/// (4.8), (4.9); asynchronous on `space`.
///
/// Coefficients of zero (no neighbours and no central weight) give p = 0 but for its last component, and |q| = 0.
template <class Real, class ExecutionSpace>
void evaluateSpectra(ExecutionSpace const& space, SoapPlan<typename ExecutionSpace::memory_space> const& plan,
                     SoapRows<typename ExecutionSpace::memory_space, Real> const& rows, int count) {
  if (count == 0) return;
  using Kernel = detail::SoapSpectrumKernel<ExecutionSpace, Real>;
  int level = 0;
  auto const policy = Kernel::Spectrum::makePolicy(space, count, 0, level);
  Kokkos::parallel_for("sinter::soap::spectra", policy, Kernel{{{}, plan}, rows});
}

/// Derivatives of a scalar E with respect to coefficients from those with respect to vectors, eq. (4.10);
/// asynchronous on `space`.
///
/// \param rows coefficients, vectors and norms of `count` rows
/// \param derivatives (count, dimension) dE/dp; the last component of p is a constant and plays no part
/// \param adjoints (count, as coefficients) dE/dX, written; zero where |q| is
/// Cost: n^2 (l_max + 1)^2 multiply-adds per row for n channels; scratch n^2 numbers per team; bitwise repeatable.
template <class Real, class ExecutionSpace>
void differentiateSpectra(
    ExecutionSpace const& space, SoapPlan<typename ExecutionSpace::memory_space> const& plan,
    SoapRows<typename ExecutionSpace::memory_space, Real> const& rows, int count,
    Kokkos::View<double const**, Kokkos::LayoutRight, typename ExecutionSpace::memory_space> const& derivatives,
    Kokkos::View<Real**, Kokkos::LayoutRight, typename ExecutionSpace::memory_space> const& adjoints) {
  if (count == 0) return;
  using Kernel = detail::SoapAdjointKernel<ExecutionSpace, Real>;
  Kernel kernel{{{}, plan}, rows, derivatives, adjoints};
  std::size_t const bytes = kernel.factorBytes() + 2 * sizeof(typename Kernel::Number);
  auto const policy = Kernel::Spectrum::makePolicy(space, count, bytes, kernel.scratch_level);
  Kokkos::parallel_for("sinter::soap::adjoints", policy, kernel);
}

}  // namespace sinter
