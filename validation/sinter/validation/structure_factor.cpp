#include "sinter/validation/structure_factor.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "sinter/core/error.hpp"

namespace sinter {

namespace {

double sinc(double x) { return x == 0 ? 1 : std::sin(x) / x; }

// Coefficients c of c_0 + c_1 x + c_2 x^2, by least squares; x of order one, three different ones at least.
std::array<double, 3> fitParabola(std::span<double const> x, std::span<double const> y) {
  std::array<std::array<double, 4>, 3> rows{};  // of the normal equations, with their right-hand sides
  for (std::size_t p = 0; p < x.size(); ++p) {
    std::array<double, 3> const powers = {1, x[p], x[p] * x[p]};
    for (std::size_t i = 0; i < 3; ++i) {
      for (std::size_t j = 0; j < 3; ++j) rows[i][j] += powers[i] * powers[j];
      rows[i][3] += powers[i] * y[p];
    }
  }
  for (std::size_t i = 0; i < 3; ++i)  // positive definite: no pivots needed
    for (std::size_t r = 0; r < 3; ++r) {
      if (r == i) continue;
      double const factor = rows[r][i] / rows[i][i];
      for (std::size_t j = i; j < 4; ++j) rows[r][j] -= factor * rows[i][j];
    }
  return {rows[0][3] / rows[0][0], rows[1][3] / rows[1][1], rows[2][3] / rows[2][2]};
}

// Of one g(r) of `pairs`.
std::vector<double> transform(PairDistribution const& pairs, std::span<double const> g, std::span<double const> q,
                              bool lorch) {
  std::vector<double> weights(pairs.bins());  // of sin(Qr) / (Qr)
  for (std::size_t b = 0; b < weights.size(); ++b) {
    double const inner = pairs.bin_width * static_cast<double>(b), outer = inner + pairs.bin_width,
                 volume = 4 * std::numbers::pi / 3 * (outer * outer * outer - inner * inner * inner),
                 window = lorch ? sinc(std::numbers::pi * pairs.r(b) / pairs.rMax()) : 1;
    weights[b] = pairs.density * volume * (g[b] - 1) * window;
  }
  std::vector<double> result;
  for (double const wave : q) {
    double sum = 1;
    for (std::size_t b = 0; b < weights.size(); ++b) sum += weights[b] * sinc(wave * pairs.r(b));
    result.push_back(sum);
  }
  return result;
}

}  // namespace

std::vector<double> transformedStructureFactor(PairDistribution const& pairs, std::span<double const> q, bool lorch) {
  return transform(pairs, pairs.total, q, lorch);
}

std::vector<std::vector<double>> partialStructureFactors(PairDistribution const& pairs, std::span<double const> q,
                                                         bool lorch) {
  std::vector<std::vector<double>> result;
  for (auto const& partial : pairs.partials) result.push_back(transform(pairs, partial.g, q, lorch));
  return result;
}

BinnedStructureFactor::BinnedStructureFactor(WaveVectors const& vectors, std::span<double const> values)
    : _bins(vectors.bins()) {
  for (std::size_t b = 0; b < bins(); ++b)
    for (std::size_t v = vectors.bin_offsets[b]; v < vectors.bin_offsets[b + 1]; ++v) {
      ++_bins[b].vectors;
      _bins[b].length += vectors.length[v];
      _bins[b].value += values[v];
      _bins[b].squared_value += values[v] * values[v];
    }
}

BinnedStructureFactor& BinnedStructureFactor::operator+=(BinnedStructureFactor const& other) {
  _bins.resize(std::max(bins(), other.bins()));
  for (std::size_t b = 0; b < other.bins(); ++b) {
    _bins[b].vectors += other._bins[b].vectors;
    _bins[b].length += other._bins[b].length;
    _bins[b].value += other._bins[b].value;
    _bins[b].squared_value += other._bins[b].squared_value;
  }
  return *this;
}

double BinnedStructureFactor::q(std::size_t bin) const {
  return _bins[bin].length / static_cast<double>(_bins[bin].vectors);
}

double BinnedStructureFactor::mean(std::size_t bin) const {
  return _bins[bin].value / static_cast<double>(_bins[bin].vectors);
}

double BinnedStructureFactor::standardError(std::size_t bin) const {
  if (_bins[bin].vectors < 2) return std::numeric_limits<double>::quiet_NaN();
  auto const n = static_cast<double>(_bins[bin].vectors);
  double const variance = (_bins[bin].squared_value / n - mean(bin) * mean(bin)) / (n - 1);
  return variance < 0 ? 0 : std::sqrt(variance);  // below zero by rounding
}

std::optional<DiffractionPeak> findPeak(std::span<double const> q, std::span<double const> s, double from, double to) {
  constexpr double half_width = 0.1 * (1 + 1e-9);  // (1/A); bins of 0.05 / A: two on each side
  if (q.size() != s.size())
    throw InputError("findPeak: found " + std::to_string(s.size()) + " values of S, expected one for each of " +
                     std::to_string(q.size()) + " Q");
  std::vector<double> x, y;
  for (std::size_t p = 0; p < q.size(); ++p)
    if (q[p] >= from && q[p] <= to && std::isfinite(s[p])) {
      x.push_back(q[p]);
      y.push_back(s[p]);
    }
  if (x.size() < 3) return std::nullopt;
  auto const top = static_cast<std::size_t>(std::max_element(y.begin(), y.end()) - y.begin());
  if (top == 0 || top + 1 == x.size()) return std::nullopt;
  double const middle = x[top], height = y[top];
  std::size_t first = top - 1, last = top + 1;
  while (first > 0 && middle - x[first - 1] <= half_width) --first;
  while (last + 1 < x.size() && x[last + 1] - middle <= half_width) ++last;
  double const scale = std::max(x[last] - middle, middle - x[first]);
  for (std::size_t p = first; p <= last; ++p) x[p] = (x[p] - middle) / scale;
  auto const [c, slope, curvature] =
      fitParabola(std::span(x).subspan(first, last - first + 1), std::span(y).subspan(first, last - first + 1));
  double const vertex = -slope / (2 * curvature);
  if (!(curvature < 0 && height > 0 && vertex >= x[first] && vertex <= x[last])) return std::nullopt;
  return DiffractionPeak{middle + scale * vertex, c - slope * slope / (4 * curvature)};
}

}  // namespace sinter
