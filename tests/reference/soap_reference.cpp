#include "soap_reference.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "neighbor_reference.hpp"

namespace sinter::reference {

namespace {

using Matrix = std::vector<std::vector<double>>;
constexpr double pi = std::numbers::pi;

// Lower triangular L with L L^T = a.
Matrix cholesky(Matrix const& a) {
  std::size_t const n = a.size();
  Matrix l(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = a[i][j];
      for (std::size_t k = 0; k < j; ++k) sum -= l[i][k] * l[j][k];
      l[i][j] = i == j ? std::sqrt(sum) : sum / l[j][j];
    }
  return l;
}

// What does not depend on the structure: eqs. (4.1)-(4.3).
struct Basis {
  double alpha;
  std::vector<double> points;
  Matrix l, t;

  explicit Basis(SoapSettings const& s) : alpha(1 / (2 * s.sigma * s.sigma)), points(s.n_max) {
    double const reach = s.cutoff + s.sigma * std::sqrt(2 * 10 * std::log(10.0));
    for (int a = 0; a < s.n_max; ++a) points[a] = a * reach / s.n_max;
    std::size_t const n = points.size();
    Matrix c(n, std::vector<double>(n)), overlap = c;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        double const a = points[i], b = points[j], sum = a + b;
        c[i][j] = std::exp(-alpha * (a - b) * (a - b));
        overlap[i][j] = (std::exp(-alpha * (a * a + b * b)) * std::sqrt(2.0) * std::pow(alpha, 1.5) * sum +
                         alpha * std::exp(-alpha * (a - b) * (a - b) / 2) * std::sqrt(pi) * (1 + alpha * sum * sum) *
                             (1 + std::erf(std::sqrt(alpha / 2) * sum))) /
                        std::sqrt(128 * std::pow(alpha, 5));
      }
    l = cholesky(overlap);
    Matrix const k = cholesky(c);
    t = l;  // solve k k^T t = l
    for (std::size_t column = 0; column < n; ++column) {
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) t[i][column] -= k[i][j] * t[j][column];
        t[i][column] /= k[i][i];
      }
      for (std::size_t i = n; i-- > 0;) {
        for (std::size_t j = i + 1; j < n; ++j) t[i][column] -= k[j][i] * t[j][column];
        t[i][column] /= k[i][i];
      }
    }
  }

  // Eq. (4.4).
  double gaussian(int l_value, double a, double r) const {
    double const x = 2 * alpha * r * a;
    if (x == 0) return l_value == 0 ? std::exp(-alpha * (a * a + r * r)) : 0;
    return std::exp(-alpha * (a * a + r * r)) * std::sqrt(pi / (2 * x)) * std::cyl_bessel_i(l_value + 0.5, x);
  }
};

// Eq. (4.6).
double cutoffFunction(SoapSettings const& s, double r) {
  if (r >= s.cutoff) return 0;
  if (r <= s.cutoff - s.cutoff_width) return 1;
  return 0.5 * (std::cos(pi * (r - s.cutoff + s.cutoff_width) / s.cutoff_width) + 1);
}

std::complex<double> sphericalHarmonic(int l, int m, Vector3 const& d) {
  double const theta = std::atan2(std::hypot(d[0], d[1]), d[2]), phi = std::atan2(d[1], d[0]);
  auto const value = std::polar(std::sph_legendre(l, std::abs(m), theta), std::abs(m) * phi);
  return m >= 0 ? value : (m % 2 == 0 ? 1.0 : -1.0) * std::conj(value);
}

}  // namespace

std::vector<SoapCoefficients> soapCoefficients(SoapSettings const& s, Structure const& structure) {
  Basis const basis(s);
  auto const typeOf = [&](int atom) {
    return static_cast<int>(std::find(s.species.begin(), s.species.end(), structure.species[atom]) - s.species.begin());
  };
  SoapCoefficients zero(s.species.size() * s.n_max);
  for (auto& channel : zero)
    for (int l = 0; l <= s.l_max; ++l) channel.emplace_back(2 * l + 1);
  std::vector<SoapCoefficients> x(structure.size(), zero);
  for (int i = 0; i < static_cast<int>(structure.size()); ++i)
    for (int n = 0; n < s.n_max; ++n)
      x[i][typeOf(i) * s.n_max + n][0][0] = s.central_weight * basis.l[0][n] / std::sqrt(4 * pi);
  for (auto const& pair : allPairs(structure, s.cutoff)) {
    auto const& d = pair.displacement;
    double const r = std::hypot(d[0], d[1], d[2]);
    for (int l = 0; l <= s.l_max; ++l) {
      std::vector<double> f;
      for (double const a : basis.points) f.push_back(basis.gaussian(l, a, r));
      for (int n = 0; n < s.n_max; ++n) {
        double radial = 0;  // eq. (4.5)
        for (int a = 0; a < s.n_max; ++a) radial += f[a] * basis.t[a][n];
        radial *= cutoffFunction(s, r);
        for (int m = -l; m <= l; ++m)
          x[pair.i][typeOf(pair.j) * s.n_max + n][l][l + m] += radial * sphericalHarmonic(l, m, d);
      }
    }
  }
  return x;
}

std::vector<double> soapVector(SoapSettings const& s, SoapCoefficients const& x) {
  std::vector<double> q;
  double squares = 0;
  for (std::size_t a = 0; a < x.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b)
      for (int l = 0; l <= s.l_max; ++l) {
        double sum = 0;
        for (int m = 0; m <= 2 * l; ++m) sum += std::real(x[a][l][m] * std::conj(x[b][l][m]));
        q.push_back(sum / std::sqrt(2 * l + 1.0) * (a != b ? std::sqrt(2.0) : 1.0));
        squares += q.back() * q.back();
      }
  if (squares > 0)
    for (double& value : q) value /= std::sqrt(squares);
  q.push_back(s.covariance_sigma0);
  return q;
}

std::vector<std::vector<double>> soapVectors(SoapSettings const& s, Structure const& structure) {
  std::vector<std::vector<double>> vectors;
  for (auto const& x : soapCoefficients(s, structure)) vectors.push_back(soapVector(s, x));
  return vectors;
}

std::vector<double> soapInnerAverage(SoapSettings const& s, Structure const& structure) {
  auto const all = soapCoefficients(s, structure);
  SoapCoefficients mean = all[0];
  for (std::size_t a = 0; a < mean.size(); ++a)
    for (int l = 0; l <= s.l_max; ++l)
      for (int m = 0; m <= 2 * l; ++m) {
        mean[a][l][m] = 0;
        for (auto const& x : all) mean[a][l][m] += x[a][l][m] / static_cast<double>(all.size());
      }
  return soapVector(s, mean);
}

}  // namespace sinter::reference
