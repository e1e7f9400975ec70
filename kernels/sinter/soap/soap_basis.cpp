#include "sinter/soap/soap_basis.hpp"

#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/linalg/dense.hpp"

namespace sinter {

namespace {

constexpr double pi = std::numbers::pi;

// exp(-x) i_l(x) for l = 0 ... l_max, i_l being modified spherical Bessel functions of the first kind. Downward
// recursion of i_{l+1} / i_l, which forgets its start by a factor (i_{l+1} / i_l)^2 per step.
std::vector<double> scaledBessel(int l_max, double x) {
  std::vector<double> values(static_cast<std::size_t>(l_max) + 1, 0.0);
  if (x == 0) {
    values[0] = 1;
    return values;
  }
  double ratio = 0;
  for (int l = l_max + 30 + static_cast<int>(7 * std::sqrt(x)); l >= 0; --l) {
    ratio = x / (2 * l + 3 + x * ratio);
    if (l < l_max) values[static_cast<std::size_t>(l) + 1] = ratio;
  }
  values[0] = -std::expm1(-2 * x) / (2 * x);
  for (std::size_t l = 1; l < values.size(); ++l) values[l] *= values[l - 1];
  return values;
}

// Eq. (4.6).
double cutoffFunction(SoapSettings const& s, double r) {
  if (r >= s.cutoff) return 0;
  double const inside = r - (s.cutoff - s.cutoff_width);
  return inside <= 0 ? 1 : 0.5 * (std::cos(pi * inside / s.cutoff_width) + 1);
}

Cholesky factorize(std::vector<double> const& matrix, SoapSettings const& s) {
  auto factor = Cholesky::factorize(matrix, s.n_max);
  if (!factor)
    throw InputError("SOAP: found n_max = " + std::to_string(s.n_max) + " with sigma " + std::to_string(s.sigma) +
                     " A and cutoff " + std::to_string(s.cutoff) +
                     " A, whose radial functions are linearly dependent in double precision; expected fewer");
  return *factor;
}

}  // namespace

SoapBasis::SoapBasis(SoapSettings const& settings) : _settings(settings) {
  checkSoapSettings(settings);
  constexpr double basis_error_exponent = 10;  // QUIP's: Gaussians beyond the last point count less than 10^-10
  auto const n = static_cast<std::size_t>(settings.n_max);
  _alpha = 1 / (2 * settings.sigma * settings.sigma);
  double const reach =
      settings.cutoff + settings.sigma * std::sqrt(2 * basis_error_exponent * std::log(10.0));  // eq. (4.1)
  _points.resize(n);
  for (std::size_t a = 0; a < n; ++a) _points[a] = static_cast<double>(a) * reach / static_cast<double>(n);

  std::vector<double> gaussians(n * n), overlaps(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double const a = _points[i], b = _points[j], sum = a + b, square = (a - b) * (a - b);
      gaussians[i * n + j] = std::exp(-_alpha * square);
      overlaps[i * n + j] = (std::exp(-_alpha * (a * a + b * b)) * std::sqrt(2.0) * std::pow(_alpha, 1.5) * sum +
                             _alpha * std::exp(-_alpha * square / 2) * std::sqrt(pi) * (1 + _alpha * sum * sum) *
                                 (1 + std::erf(std::sqrt(_alpha / 2) * sum))) /
                            std::sqrt(128 * std::pow(_alpha, 5));  // eq. (4.2)
    }
  auto const lower = factorize(overlaps, settings).factor();  // column-major
  auto transform = lower;
  factorize(gaussians, settings).solve(transform.data(), settings.n_max);  // eq. (4.3)
  _transform.resize(n * n);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) _transform[a * n + b] = transform[b * n + a];
  _central.resize(n);
  for (std::size_t b = 0; b < n; ++b) _central[b] = settings.central_weight * lower[b * n] / std::sqrt(4 * pi);
}

std::vector<double> SoapBasis::radial(double r) const {
  std::size_t const n = _points.size();
  std::vector<double> values((static_cast<std::size_t>(_settings.l_max) + 1) * n, 0.0);
  double const cut = cutoffFunction(_settings, r);
  if (cut == 0) return values;
  for (std::size_t a = 0; a < n; ++a) {
    double const gap = r - _points[a], gaussian = cut * std::exp(-_alpha * gap * gap);
    auto const bessel = scaledBessel(_settings.l_max, 2 * _alpha * r * _points[a]);
    for (std::size_t l = 0; l < bessel.size(); ++l)  // eqs. (4.4), (4.5)
      for (std::size_t b = 0; b < n; ++b) values[l * n + b] += gaussian * bessel[l] * _transform[a * n + b];
  }
  return values;
}

}  // namespace sinter
