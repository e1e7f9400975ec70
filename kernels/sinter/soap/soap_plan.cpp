#include "sinter/soap/soap_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/soap/soap_workers.hpp"

namespace sinter {

namespace {

constexpr double pi = std::numbers::pi;
constexpr int degree = SoapPlan<Kokkos::HostSpace>::degree, nodes = degree + 1;

// Functions of r in [begin, begin + length) as polynomials of t in [-1, 1): [function][power].
struct Polynomials {
  std::vector<double> coefficients;
  double error = 0;  // largest at points between the nodes
};

// Interpolation at the Chebyshev nodes.
Polynomials interpolate(SoapBasis const& basis, double begin, double length) {
  auto const at = [&](double t) { return basis.radial(begin + length * (t + 1) / 2); };
  std::vector<std::vector<double>> values;
  for (int k = 0; k < nodes; ++k) values.push_back(at(std::cos(pi * (k + 0.5) / nodes)));
  std::size_t const functions = values[0].size();
  // Powers of t in the Chebyshev polynomials.
  double powers[nodes][nodes] = {};
  powers[0][0] = 1;
  if (nodes > 1) powers[1][1] = 1;
  for (int j = 2; j < nodes; ++j)
    for (int p = 0; p < nodes; ++p) powers[j][p] = (p > 0 ? 2 * powers[j - 1][p - 1] : 0) - powers[j - 2][p];
  Polynomials result;
  result.coefficients.assign(functions * nodes, 0.0);
  for (std::size_t f = 0; f < functions; ++f)
    for (int j = 0; j < nodes; ++j) {
      double sum = 0;
      for (int k = 0; k < nodes; ++k)
        sum += values[static_cast<std::size_t>(k)][f] * std::cos(pi * j * (k + 0.5) / nodes);
      for (int p = 0; p < nodes; ++p)
        result.coefficients[f * nodes + static_cast<std::size_t>(p)] += sum * (j == 0 ? 1 : 2) / nodes * powers[j][p];
    }
  for (int k = 0; k <= nodes; ++k) {  // where the error is largest, and at both ends
    double const t = std::cos(pi * k / nodes) * (1 - 1e-12);
    auto const exact = at(t);
    for (std::size_t f = 0; f < functions; ++f) {
      double value = 0;
      for (int p = degree; p >= 0; --p)
        value = value * t + result.coefficients[f * nodes + static_cast<std::size_t>(p)];
      result.error = std::max(result.error, std::abs(value - exact[f]));
    }
  }
  return result;
}

// Intervals of equal length from `begin` to `end`, appended to `all`: halved until the error is that of rounding.
// Returns the error.
double tabulate(SoapBasis const& basis, double begin, double end, double tolerance, std::vector<Polynomials>& all) {
  std::vector<Polynomials> best;
  double error = std::numeric_limits<double>::infinity();
  int const resolved = static_cast<int>((end - begin) / (4 * basis.settings().sigma));  // Gaussians are
  for (int count = std::max(4, resolved);; count *= 2) {
    std::vector<Polynomials> zone;
    double worst = 0;
    for (int i = 0; i < count; ++i) {
      zone.push_back(interpolate(basis, begin + (end - begin) * i / count, (end - begin) / count));
      worst = std::max(worst, zone.back().error);
    }
    if (worst > error / 4) break;  // half the length should be 1 / 2^nodes of the error
    best = std::move(zone);
    error = worst;
    if (error <= tolerance) break;
  }
  all.insert(all.end(), best.begin(), best.end());
  return error;
}

// Constants of eq. (4.12).
struct HarmonicConstants {
  std::vector<double> start, step;

  explicit HarmonicConstants(int l_max) {
    double value = 1 / std::sqrt(4 * pi);
    for (int m = 0; m <= l_max; ++m) {
      if (m > 0) value *= std::sqrt((2 * m + 1.0) / (2 * m));
      start.push_back(value * (m > 0 ? std::sqrt(2.0) : 1));
    }
    for (int l = 0; l <= l_max; ++l)
      for (int m = 0; m <= l; ++m) {
        double const a = l > m ? std::sqrt((4.0 * l * l - 1) / (l * l - m * m)) : 0;
        double const b = l > m + 1 ? std::sqrt(((l - 1.0) * (l - 1) - m * m) / (4.0 * (l - 1) * (l - 1) - 1)) : 0;
        step.push_back(a);
        step.push_back(a * b);
      }
  }
};

// The 2 l + 1 rows of each l in tiles of nearly the same size.
template <class Tile>
std::vector<Tile> makeTiles(int l_max) {
  std::vector<Tile> tiles;
  for (int l = 0; l <= l_max; ++l) {
    int const rows = 2 * l + 1, count = (rows + detail::tile_rows - 1) / detail::tile_rows;
    for (int t = 0; t < count; ++t)
      tiles.push_back({l, l * l + rows * t / count, rows * (t + 1) / count - rows * t / count});
  }
  return tiles;
}

template <class MemorySpace, class Real>
typename SoapPlan<MemorySpace>::template Table<Real> makeTable(SoapBasis const& basis,
                                                               std::vector<Polynomials> const& polynomials) {
  using ExecutionSpace = typename MemorySpace::execution_space;
  auto const n_max = static_cast<std::size_t>(basis.settings().n_max);
  auto const angular = static_cast<std::size_t>(basis.settings().l_max) + 1;
  constexpr std::size_t lanes = Pack<ExecutionSpace, Real>::size();
  std::size_t const row = (n_max + lanes - 1) / lanes * lanes;
  std::size_t const pack = is_device_space<ExecutionSpace> ? row : lanes;
  std::vector<Real> coefficients(polynomials.size() * angular * nodes * row, Real(0));
  auto* to = coefficients.data();
  for (auto const& polynomial : polynomials)
    for (std::size_t l = 0; l < angular; ++l)
      for (std::size_t first = 0; first < row; first += pack)
        for (std::size_t p = nodes; p-- > 0; to += pack)
          for (std::size_t n = first; n < std::min(first + pack, n_max); ++n)
            to[n - first] = static_cast<Real>(polynomial.coefficients[(l * n_max + n) * nodes + p]);
  auto const copy = [](std::vector<double> const& values, std::size_t size) {
    std::vector<Real> numbers(size, Real(0));
    std::transform(values.begin(), values.end(), numbers.begin(), [](double x) { return static_cast<Real>(x); });
    return copyTo<MemorySpace>(numbers, "sinter::soap::plan");
  };
  HarmonicConstants const harmonics(basis.settings().l_max);
  return {copyTo<MemorySpace>(coefficients, "sinter::soap::plan"), static_cast<int>(row), copy(basis.central(), row),
          copy(harmonics.start, angular), copy(harmonics.step, harmonics.step.size())};
}

}  // namespace

template <class MemorySpace>
SoapPlan<MemorySpace> makeSoapPlan(SoapSettings const& settings) {
  SoapBasis const basis(settings);
  SoapPlan<MemorySpace> plan;
  plan.convention = settings.convention;
  plan.components = settings.dimension() - (settings.convention == SoapConvention::quip ? 1 : 0);
  plan.species_count = static_cast<int>(settings.species.size());
  plan.n_max = settings.n_max;
  plan.l_max = settings.l_max;
  plan.dimension = settings.dimension();
  double const reach = plan.cutoff = settings.reach();
  plan.last_component = settings.covariance_sigma0;

  double largest = 0;
  for (int i = 0; i <= 100; ++i)
    for (double const value : basis.radial(reach * i / 100)) largest = std::max(largest, std::abs(value));
  // The cutoff function has a kink in its second derivative at r_c - w, so a zone ends there.
  double const ends[3] = {0, reach - settings.cutoff_width, reach};
  std::vector<Polynomials> polynomials;
  for (int z = 0; z < 2; ++z) {
    auto& zone = plan.zones[z];
    zone.begin = ends[z];
    zone.first = static_cast<int>(polynomials.size());
    if (ends[z + 1] > ends[z]) {
      double const error = tabulate(basis, ends[z], ends[z + 1], 1e-13 * largest, polynomials);
      plan.table_error = std::max(plan.table_error, error / largest);
      zone.inverse_length = (static_cast<double>(polynomials.size()) - zone.first) / (ends[z + 1] - ends[z]);
    }
    zone.last = static_cast<int>(polynomials.size()) - 1;
  }
  if (!(plan.table_error < 1e-9))
    throw InputError("SOAP: found radial functions that polynomials give to " + std::to_string(plan.table_error) +
                     " of the largest only, expected 1e-9; take a larger sigma");
  plan.intervals = static_cast<int>(polynomials.size());
  plan.table = makeTable<MemorySpace, double>(basis, polynomials);
  plan.table_single = makeTable<MemorySpace, float>(basis, polynomials);
  plan.tiles =
      copyTo<MemorySpace>(makeTiles<typename SoapPlan<MemorySpace>::Tile>(settings.l_max), "sinter::soap::plan");
  return plan;
}

template SoapPlan<Kokkos::HostSpace> makeSoapPlan(SoapSettings const&);
#define SINTER_INSTANTIATE(SPACE) template SoapPlan<SPACE::memory_space> makeSoapPlan(SoapSettings const&);
SINTER_FOR_EACH_DEVICE_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
