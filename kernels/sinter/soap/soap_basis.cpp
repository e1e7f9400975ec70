#include "sinter/soap/soap_basis.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
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

// Eq. (4.6); without a width a step.
double cutoffFunction(SoapSettings const& s, double r) {
  if (r >= s.reach()) return 0;
  double const inside = r - (s.reach() - s.cutoff_width);
  return inside <= 0 ? 1 : 0.5 * (std::cos(pi * inside / s.cutoff_width) + 1);
}

[[noreturn]] void failDependent(SoapSettings const& s) {
  throw InputError("SOAP: found n_max = " + std::to_string(s.n_max) + " with sigma " + std::to_string(s.sigma) +
                   " A and cutoff " + std::to_string(s.cutoff) +
                   " A, whose radial functions are linearly dependent in double precision; expected fewer");
}

Cholesky factorize(std::vector<double> const& matrix, SoapSettings const& s) {
  auto factor = Cholesky::factorize(matrix, s.n_max);
  if (!factor) failDependent(s);
  return *factor;
}

// S^-1/2 of overlaps S, n_max x n_max. Jacobi's rotations, in more than double precision: small eigenvalues of badly
// scaled overlaps (of functions that are not normalised) keep their digits.
std::vector<long double> inverseRoot(std::vector<long double> a, SoapSettings const& settings) {
  auto const n = static_cast<std::size_t>(settings.n_max);
  std::vector<double> scaled(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      scaled[i * n + j] = static_cast<double>(a[i * n + j] / std::sqrt(a[i * n + i] * a[j * n + j]));
  auto const sizes = singularValues(scaled, settings.n_max).s;  // symmetric and positive: eigenvalues
  if (!(sizes.back() > 1e-14 * sizes.front())) failDependent(settings);

  std::vector<long double> vectors(n * n, 0);
  for (std::size_t i = 0; i < n; ++i) vectors[i * n + i] = 1;
  bool rotated = true;
  for (int sweep = 0; rotated && sweep < 60; ++sweep) {
    rotated = false;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        long double const off = a[p * n + q];
        if (std::abs(off) <= std::numeric_limits<long double>::epsilon() * std::sqrt(a[p * n + p] * a[q * n + q]))
          continue;
        rotated = true;
        long double const ratio = (a[q * n + q] - a[p * n + p]) / (2 * off);
        long double const tangent = (ratio < 0 ? -1 : 1) / (std::abs(ratio) + std::sqrt(ratio * ratio + 1));
        long double const cosine = 1 / std::sqrt(tangent * tangent + 1), sine = tangent * cosine;
        long double const new_p = a[p * n + p] - tangent * off, new_q = a[q * n + q] + tangent * off;
        auto const rotate = [&](long double& x, long double& y) {
          long double const old = x;
          x = cosine * old - sine * y;
          y = sine * old + cosine * y;
        };
        for (std::size_t k = 0; k < n; ++k) {
          rotate(a[k * n + p], a[k * n + q]);
          a[p * n + k] = a[k * n + p];
          a[q * n + k] = a[k * n + q];
          rotate(vectors[k * n + p], vectors[k * n + q]);
        }
        a[p * n + p] = new_p;
        a[q * n + q] = new_q;
        a[p * n + q] = a[q * n + p] = 0;
      }
  }
  std::vector<long double> root(n * n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t e = 0; e < n; ++e)
        root[i * n + j] += vectors[i * n + e] * vectors[j * n + e] / std::sqrt(a[e * n + e]);
  return root;
}

// Nodes x in (-1, 1) and weights of Gauss-Legendre quadrature, by Newton's method.
void gaussLegendre(unsigned size, std::vector<double>& nodes, std::vector<double>& weights) {
  for (unsigned i = 0; i < size; ++i) {
    double x = std::cos(pi * (i + 0.75) / (size + 0.5)), slope = 1;
    for (int iteration = 0; iteration < 8; ++iteration) {
      slope = size * (std::legendre(size - 1, x) - x * std::legendre(size, x)) / (1 - x * x);
      x -= std::legendre(size, x) / slope;
    }
    nodes.push_back(x);
    weights.push_back(2 / ((1 - x * x) * slope * slope));
  }
}

}  // namespace

SoapBasis::SoapBasis(SoapSettings const& settings)
    : _settings(settings), _alpha(1 / (2 * settings.sigma * settings.sigma)) {
  checkSoapSettings(settings);
  if (settings.convention == SoapConvention::quip) {
    makeGaussians();
    return;
  }
  if (settings.convention == SoapConvention::rascal)
    makeOrbitals();
  else if (settings.radial == SoapRadial::gto)
    makeOrbitalsOfL();
  else
    makePolynomials();
  auto const at_centre = radial(0);
  for (std::size_t k = 0; k < static_cast<std::size_t>(settings.n_max); ++k)
    _central.push_back(settings.central_weight * at_centre[k] / std::sqrt(4 * pi));
}

void SoapBasis::makeGaussians() {
  SoapSettings const& settings = _settings;
  constexpr double basis_error_exponent = 10;  // QUIP's: Gaussians beyond the last point count less than 10^-10
  auto const n = static_cast<std::size_t>(settings.n_max);
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

void SoapBasis::makeOrbitals() {
  auto const n = static_cast<std::size_t>(_settings.n_max);
  std::vector<double> exponents;  // 1 / (2 s_n^2), eq. (4.14)
  for (std::size_t k = 0; k < n; ++k) {
    double const width =
        _settings.cutoff * std::sqrt(static_cast<double>(std::max<std::size_t>(k, 1))) / static_cast<double>(n);
    exponents.push_back(1 / (2 * width * width));
  }
  // Int_0^inf r^(j + k + 2) exp(-(b_j + b_k) r^2) dr; eq. (4.15)
  auto const overlap = [&](std::size_t j, std::size_t k) {
    double const power = (static_cast<double>(j + k) + 3) / 2;
    return 0.5 * std::exp(std::lgamma(power) - power * std::log(exponents[j] + exponents[k]));
  };
  std::vector<long double> overlaps(n * n);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < n; ++k) overlaps[j * n + k] = overlap(j, k) / std::sqrt(overlap(j, j) * overlap(k, k));
  auto const orthonormal = inverseRoot(overlaps, _settings);

  // The density of an atom within r_c does not reach further than this; some five nodes per sigma.
  double const reach = _settings.cutoff + 9 * _settings.sigma;
  auto const size = static_cast<unsigned>(std::ceil(100 + 5 * reach / _settings.sigma));
  std::vector<double> weights;
  gaussLegendre(size, _points, weights);
  double const density = 4 * pi * std::pow(pi * _settings.sigma * _settings.sigma, -0.75);
  _transform.assign(size * n, 0.0);
  for (std::size_t a = 0; a < size; ++a) {
    double const r = _points[a] = reach * (_points[a] + 1) / 2;
    double const weight = density * weights[a] * reach / 2 * r * r;
    for (std::size_t k = 0; k < n; ++k) {
      double const orbital =
          std::pow(r, static_cast<double>(k)) * std::exp(-exponents[k] * r * r) / std::sqrt(overlap(k, k));
      for (std::size_t j = 0; j < n; ++j)
        _transform[a * n + j] += weight * orbital * static_cast<double>(orthonormal[k * n + j]);
    }
  }
}

void SoapBasis::makeOrbitalsOfL() {
  auto const n = static_cast<std::size_t>(_settings.n_max);
  for (int l = 0; l <= _settings.l_max; ++l) {
    std::vector<long double> exponents;  // eq. (4.18)
    for (std::size_t k = 0; k < n; ++k) {
      long double const radius =
          k == 0 ? 1 : 1 + (_settings.cutoff - 1) * static_cast<long double>(k) / static_cast<long double>(n - 1);
      exponents.push_back((std::log(1000.0L) + l * std::log(radius)) / (radius * radius));
    }
    long double const power = l + 1.5L;
    std::vector<long double> overlaps(n * n);
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < n; ++k)
        overlaps[j * n + k] = std::tgamma(power) / 2 * std::pow(exponents[j] + exponents[k], -power);
    auto const orthonormal = inverseRoot(overlaps, _settings);
    for (std::size_t k = 0; k < n; ++k) {  // eq. (4.19)
      long double const both = exponents[k] + _alpha;
      _exponents.push_back(exponents[k] * _alpha / both);
      for (std::size_t j = 0; j < n; ++j)
        _orbitals.push_back(orthonormal[j * n + k] * std::pow(std::numbers::pi_v<long double> / both, 1.5L) *
                            std::pow(_alpha / both, static_cast<long double>(l)));
    }
  }
}

void SoapBasis::makePolynomials() {
  auto const n = static_cast<std::size_t>(_settings.n_max);
  long double const cutoff = _settings.cutoff;
  std::vector<long double> overlaps(n * n);
  for (std::size_t j = 0; j < n; ++j)
    for (std::size_t k = 0; k < n; ++k) {
      auto const sum = static_cast<long double>(j + k);
      overlaps[j * n + k] = 2 * std::pow(cutoff, sum + 9) / ((sum + 7) * (sum + 8) * (sum + 9));  // eq. (4.20)
    }
  auto const orthonormal = inverseRoot(overlaps, _settings);
  constexpr unsigned size = 100;  // DScribe's
  std::vector<double> weights;
  gaussLegendre(size, _points, weights);
  _transform.assign(size * n, 0.0);
  for (std::size_t a = 0; a < size; ++a) {
    double const r = _points[a] = _settings.cutoff * (_points[a] + 1) / 2;
    double const weight = 4 * pi * weights[a] * _settings.cutoff / 2 * r * r;
    for (std::size_t j = 0; j < n; ++j) {
      long double function = 0;
      for (std::size_t k = 0; k < n; ++k)
        function += orthonormal[j * n + k] * std::pow(cutoff - r, static_cast<long double>(k + 3));
      _transform[a * n + j] = weight * static_cast<double>(function);
    }
  }
}

std::vector<double> SoapBasis::radial(double r) const {
  auto const n = static_cast<std::size_t>(_settings.n_max);
  std::vector<double> values((static_cast<std::size_t>(_settings.l_max) + 1) * n, 0.0);
  double const cut = cutoffFunction(_settings, r);
  if (cut == 0) return values;
  if (!_orbitals.empty()) {
    long double power = 1;                                 // r^l
    for (std::size_t l = 0; l * n < values.size(); ++l) {  // eq. (4.19)
      std::vector<long double> sums(n, 0);
      for (std::size_t k = l * n; k < (l + 1) * n; ++k) {
        long double const gaussian = power * std::exp(-_exponents[k] * r * r);
        for (std::size_t b = 0; b < n; ++b) sums[b] += gaussian * _orbitals[k * n + b];
      }
      for (std::size_t b = 0; b < n; ++b) values[l * n + b] = static_cast<double>(sums[b]);
      power *= r;
    }
    return values;
  }
  for (std::size_t a = 0; a < _points.size(); ++a) {
    double const gap = r - _points[a], gaussian = cut * std::exp(-_alpha * gap * gap);
    if (gaussian < 1e-25) continue;
    auto const bessel = scaledBessel(_settings.l_max, 2 * _alpha * r * _points[a]);
    for (std::size_t l = 0; l < bessel.size(); ++l)  // eqs. (4.4), (4.5)
      for (std::size_t b = 0; b < n; ++b) values[l * n + b] += gaussian * bessel[l] * _transform[a * n + b];
  }
  return values;
}

}  // namespace sinter
