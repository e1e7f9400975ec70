#include "soap_reference.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
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

// exp(-alpha (a^2 + r^2)) i_l(2 alpha a r), eq. (4.4).
double gaussian(double alpha, int l, double a, double r) {
  double const x = 2 * alpha * r * a;
  if (x == 0) return l == 0 ? std::exp(-alpha * (a * a + r * r)) : 0;
  if (alpha * (a - r) * (a - r) > 60) return 0;  // where the Bessel function would overflow
  return std::exp(-alpha * (a * a + r * r)) * std::sqrt(pi / (2 * x)) * std::cyl_bessel_i(l + 0.5, x);
}

// Radial functions without the cutoff function.
struct Basis {
  virtual ~Basis() = default;
  virtual std::vector<double> radial(int l, double r) const = 0;
  virtual double central(int n) const = 0;  // X_n00 of an atom in the centre
};

// Eqs. (4.1)-(4.5).
struct GaussianBasis : Basis {
  double alpha;
  std::vector<double> points;
  Matrix l, t;

  explicit GaussianBasis(SoapSettings const& s) : alpha(1 / (2 * s.sigma * s.sigma)), points(s.n_max) {
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

  std::vector<double> radial(int angular, double r) const override {
    std::vector<double> values(points.size());
    for (std::size_t a = 0; a < points.size(); ++a)
      for (std::size_t n = 0; n < points.size(); ++n) values[n] += gaussian(alpha, angular, points[a], r) * t[a][n];
    return values;
  }
  double central(int n) const override { return l[0][n] / std::sqrt(4 * pi); }
};

// Int_0^end f dr by Simpson's rule.
double simpson(int i, int count) { return i == 0 || i == count ? 1 : (i % 2 == 1 ? 4 : 2); }
template <class Function>
double integral(double end, int count, Function const& f) {
  double sum = 0;
  for (int i = 0; i <= count; ++i) sum += f(end * i / count) * simpson(i, count);
  return sum * end / (3 * count);
}

// a^-1 by Gauss and Jordan, for a positive definite matrix.
Matrix inverse(Matrix a) {
  std::size_t const n = a.size();
  for (std::size_t p = 0; p < n; ++p) {
    double const pivot = 1 / a[p][p];
    a[p][p] = 1;
    for (double& x : a[p]) x *= pivot;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == p) continue;
      double const factor = a[i][p];
      a[i][p] = 0;
      for (std::size_t k = 0; k < n; ++k) a[i][k] -= factor * a[p][k];
    }
  }
  return a;
}

// y^-1/2 by Newton's method (Denman and Beavers).
Matrix inverseRoot(Matrix y) {
  std::size_t const n = y.size();
  Matrix z(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) z[i][i] = 1;
  for (int iteration = 0; iteration < 60; ++iteration) {  // y to the root, z to its inverse
    Matrix const inverse_y = inverse(y), inverse_z = inverse(z);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t k = 0; k < n; ++k) {
        y[i][k] = (y[i][k] + inverse_z[i][k]) / 2;
        z[i][k] = (z[i][k] + inverse_y[i][k]) / 2;
      }
  }
  return z;
}

// Integrals of functions of a radius with the density of an atom, by quadrature: eqs. (4.16), (4.19), (4.21).
struct QuadratureBasis : Basis {
  double alpha;
  std::vector<double> points, weights;
  std::vector<Matrix> functions;  // [l][n][point]

  explicit QuadratureBasis(SoapSettings const& s) : alpha(1 / (2 * s.sigma * s.sigma)) {}

  void useSimpson(double end) {
    constexpr int steps = 12000;
    for (int i = 0; i <= steps; ++i) {
      points.push_back(end * i / steps);
      weights.push_back(simpson(i, steps) * end / (3 * steps));
    }
  }

  // Roots of a Legendre polynomial by bisection.
  void useGaussLegendre(unsigned size, double end) {
    for (unsigned i = 0; i < size; ++i) {
      double low = std::cos(pi * (i + 1) / (size + 0.5)), high = std::cos(pi * (i + 0.5) / (size + 0.5));
      bool const rises = std::legendre(size, high) > 0;
      for (int halving = 0; halving < 60; ++halving) {
        double const x = (low + high) / 2;
        ((std::legendre(size, x) > 0) == rises ? high : low) = x;
      }
      double const x = (low + high) / 2, next = (size + 1) * std::legendre(size + 1, x);
      points.push_back(end * (x + 1) / 2);
      weights.push_back((1 - x * x) / (next * next) * end);
    }
  }

  // Adds functions of the next l, made of f(k, r) and orthonormal on [0, end], times `factor`; f(k, r) of length 1 are
  // what is made orthonormal where `unit` says so.
  template <class Function>
  void addOrthonormal(std::size_t n, double end, bool unit, double factor, Function const& f) {
    Matrix overlap(n, std::vector<double>(n));
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < n; ++k)
        overlap[j][k] = integral(end, 40000, [&](double r) { return f(j, r) * f(k, r) * r * r; });
    std::vector<double> norms(n, 1.0);
    for (std::size_t j = 0; unit && j < n; ++j) norms[j] = std::sqrt(overlap[j][j]);
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < n; ++k) overlap[j][k] /= norms[j] * norms[k];
    Matrix const root = inverseRoot(overlap);
    Matrix& values = functions.emplace_back(n, std::vector<double>(points.size()));
    for (std::size_t i = 0; i < points.size(); ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < n; ++k) values[j][i] += factor * root[j][k] * f(k, points[i]) / norms[k];
  }

  std::vector<double> radial(int angular, double r) const override {
    std::vector<double> values(functions[0].size());
    for (std::size_t i = 0; i < points.size(); ++i) {
      double const g = gaussian(alpha, angular, points[i], r) * points[i] * points[i] * weights[i];
      for (std::size_t n = 0; n < values.size(); ++n) values[n] += functions[angular][n][i] * g;
    }
    return values;
  }
  double central(int n) const override { return radial(0, 0)[n] / std::sqrt(4 * pi); }
};

// Eqs. (4.14)-(4.16).
struct RascalBasis : QuadratureBasis {
  explicit RascalBasis(SoapSettings const& s) : QuadratureBasis(s) {
    useSimpson(s.cutoff + 9 * s.sigma);
    addOrthonormal(s.n_max, 7 * s.cutoff, true, 4 * pi * std::pow(pi * s.sigma * s.sigma, -0.75),
                   [&](std::size_t k, double r) {
                     double const width = s.cutoff * std::sqrt(std::max<double>(k, 1)) / s.n_max;
                     return std::pow(r, k) * std::exp(-r * r / (2 * width * width));
                   });
    functions.resize(s.l_max + 1, functions[0]);
  }
};

// Eqs. (4.18), (4.19) as an integral; (4.20), (4.21).
struct DscribeBasis : QuadratureBasis {
  explicit DscribeBasis(SoapSettings const& s) : QuadratureBasis(s) {
    if (s.radial == SoapRadial::polynomial) {
      useGaussLegendre(100, s.cutoff);
      addOrthonormal(s.n_max, s.cutoff, false, 4 * pi,
                     [&](std::size_t k, double r) { return std::pow(s.cutoff - r, k + 3); });
      functions.resize(s.l_max + 1, functions[0]);
      return;
    }
    useSimpson(s.reach() + 9 * s.sigma);
    for (int l = 0; l <= s.l_max; ++l)
      addOrthonormal(s.n_max, 7 * s.cutoff, false, 4 * pi, [&](std::size_t k, double r) {
        double const radius = s.n_max == 1 ? 1 : 1 + (s.cutoff - 1) * k / (s.n_max - 1);
        return std::pow(r, l) * std::exp(-r * r / (radius * radius) * std::log(1000 * std::pow(radius, l)));
      });
  }
};

// Eq. (4.6).
double cutoffFunction(SoapSettings const& s, double r) {
  if (r >= s.reach()) return 0;
  if (r <= s.reach() - s.cutoff_width) return 1;
  return 0.5 * (std::cos(pi * (r - s.cutoff + s.cutoff_width) / s.cutoff_width) + 1);
}

std::complex<double> sphericalHarmonic(int l, int m, Vector3 const& d) {
  double const theta = std::atan2(std::hypot(d[0], d[1]), d[2]), phi = std::atan2(d[1], d[0]);
  auto const value = std::polar(std::sph_legendre(l, std::abs(m), theta), std::abs(m) * phi);
  return m >= 0 ? value : (m % 2 == 0 ? 1.0 : -1.0) * std::conj(value);
}

}  // namespace

std::vector<SoapCoefficients> soapCoefficients(SoapSettings const& s, Structure const& structure) {
  std::unique_ptr<Basis> basis;
  if (s.convention == SoapConvention::rascal)
    basis = std::make_unique<RascalBasis>(s);
  else if (s.convention == SoapConvention::dscribe)
    basis = std::make_unique<DscribeBasis>(s);
  else
    basis = std::make_unique<GaussianBasis>(s);
  auto const typeOf = [&](int atom) {
    return static_cast<int>(std::find(s.species.begin(), s.species.end(), structure.species[atom]) - s.species.begin());
  };
  SoapCoefficients zero(s.species.size() * s.n_max);
  for (auto& channel : zero)
    for (int l = 0; l <= s.l_max; ++l) channel.emplace_back(2 * l + 1);
  std::vector<SoapCoefficients> x(structure.size(), zero);
  for (int i = 0; i < static_cast<int>(structure.size()); ++i)
    for (int n = 0; n < s.n_max; ++n) x[i][typeOf(i) * s.n_max + n][0][0] = s.central_weight * basis->central(n);
  for (auto const& pair : allPairs(structure, s.reach())) {
    auto const& d = pair.displacement;
    double const r = std::hypot(d[0], d[1], d[2]);
    for (int l = 0; l <= s.l_max; ++l) {
      auto const radial = basis->radial(l, r);
      for (int m = -l; m <= l; ++m) {
        auto const harmonic = sphericalHarmonic(l, m, d);
        for (int n = 0; n < s.n_max; ++n)
          x[pair.i][typeOf(pair.j) * s.n_max + n][l][l + m] += radial[n] * cutoffFunction(s, r) * harmonic;
      }
    }
  }
  return x;
}

std::vector<double> soapVector(SoapSettings const& s, SoapCoefficients const& x) {
  auto const product = [&](std::size_t a, std::size_t b, int l) {
    double sum = 0;
    for (int m = 0; m <= 2 * l; ++m) sum += std::real(x[a][l][m] * std::conj(x[b][l][m]));
    return sum / std::sqrt(2 * l + 1.0);
  };
  std::vector<double> q;
  if (s.convention == SoapConvention::rascal) {  // eq. (4.17)
    for (std::size_t s1 = 0; s1 < s.species.size(); ++s1)
      for (std::size_t s2 = s1; s2 < s.species.size(); ++s2)
        for (int l = 0; l <= s.l_max; ++l)
          for (int n1 = 0; n1 < s.n_max; ++n1)
            for (int n2 = 0; n2 < s.n_max; ++n2)
              q.push_back(product(s1 * s.n_max + n1, s2 * s.n_max + n2, l) * (l % 2 == 0 ? 1 : -1) *
                          (s1 == s2 ? 1.0 : std::sqrt(2.0)));
    return q;
  }
  if (s.convention == SoapConvention::dscribe) {  // eq. (4.22)
    for (std::size_t s1 = 0; s1 < s.species.size(); ++s1)
      for (std::size_t s2 = s1; s2 < s.species.size(); ++s2)
        for (int l = 0; l <= s.l_max; ++l)
          for (int n1 = 0; n1 < s.n_max; ++n1)
            for (int n2 = s1 == s2 ? n1 : 0; n2 < s.n_max; ++n2)
              q.push_back(product(s1 * s.n_max + n1, s2 * s.n_max + n2, l) * pi * std::sqrt(8.0));
    return q;
  }
  double squares = 0;
  for (std::size_t a = 0; a < x.size(); ++a)
    for (std::size_t b = 0; b <= a; ++b)
      for (int l = 0; l <= s.l_max; ++l) {
        q.push_back(product(a, b, l) * (a != b ? std::sqrt(2.0) : 1.0));
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

std::vector<double> soapInnerAverage(SoapSettings const& s, std::vector<SoapCoefficients> const& all) {
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
