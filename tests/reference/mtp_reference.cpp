#include "mtp_reference.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace sinter::reference {

namespace {

double power(double x, int n) {
  double result = 1;
  for (int i = 0; i < n; ++i) result *= x;
  return result;
}

double binomial(int n, int k) {
  double result = 1;
  for (int i = 0; i < k; ++i) result = result * (n - i) / (i + 1);
  return result;
}

// phi_n(r) / s and its derivative for Chebyshev forms, by the recursion in phi_n that MLIP states.
void chebyshev(MtpModel const& m, bool cutoff_factor, double r, std::vector<double>& phi, std::vector<double>& dphi) {
  double const width = m.max_dist - m.min_dist;
  double const xi = (2 * r - (m.min_dist + m.max_dist)) / width;
  double const cut = cutoff_factor ? (r - m.max_dist) * (r - m.max_dist) : 1;
  double const dcut = cutoff_factor ? 2 * (r - m.max_dist) : 0;
  for (int n = 0; n < m.radial_basis_size; ++n) {
    if (n == 0) {
      phi[0] = cut;
      dphi[0] = dcut;
    } else if (n == 1) {
      phi[1] = xi * cut;
      dphi[1] = 2 / width * cut + xi * dcut;
    } else {
      phi[n] = 2 * xi * phi[n - 1] - phi[n - 2];
      dphi[n] = 2 * (2 / width * phi[n - 1] + xi * dphi[n - 1]) - dphi[n - 2];
    }
  }
}

// The same for RBShapeev, eq. (2.18), by the explicit sum for Jacobi polynomials.
void shapeev(MtpModel const& m, double r, std::vector<double>& phi, std::vector<double>& dphi) {
  double const width = m.max_dist - m.min_dist;
  double const x = (r - m.min_dist) / width, dx = 1 / width;
  double const w = power(m.min_dist / r, 2) * power(1 - x, 2);
  double const dw = -2 * w / r - 2 * power(m.min_dist / r, 2) * (1 - x) * dx;
  for (int n = 0; n < m.radial_basis_size; ++n) {
    double p = 0, dp = 0;  // P_n^(5,1)(2 x - 1) = sum_t C(n+5, n-t) C(n+1, t) (x-1)^t x^(n-t)
    for (int t = 0; t <= n; ++t) {
      double const c = binomial(n + 5, n - t) * binomial(n + 1, t);
      p += c * power(x - 1, t) * power(x, n - t);
      if (t > 0) dp += c * t * power(x - 1, t - 1) * power(x, n - t) * dx;
      if (t < n) dp += c * (n - t) * power(x - 1, t) * power(x, n - t - 1) * dx;
    }
    double const norm = std::sqrt((2 * n + 7) * (n + 6) / (8.0 * power(n + 1, 3)));
    phi[n] = norm * w * p;
    dphi[n] = norm * (dw * p + w * dp);
  }
}

}  // namespace

// phi_n(r) and phi'_n(r), eqs. (2.1)-(2.4), (2.16), (2.18), (2.19).
void evaluateRadialBasis(MtpModel const& m, double r, std::vector<double>& phi, std::vector<double>& dphi) {
  phi.assign(m.radial_basis_size, 0);
  dphi.assign(m.radial_basis_size, 0);
  bool const clamped = m.radial_basis_type == RadialBasisType::RBChebyshev_repuls ||
                       m.radial_basis_type == RadialBasisType::BChebyshev_repuls;
  switch (m.radial_basis_type) {
    case RadialBasisType::RBChebyshev:
    case RadialBasisType::RBChebyshev_repuls:
      chebyshev(m, true, clamped ? std::max(r, m.min_dist) : r, phi, dphi);
      break;
    case RadialBasisType::BChebyshev:
    case RadialBasisType::BChebyshev_repuls:
      chebyshev(m, false, clamped ? std::max(r, m.min_dist) : r, phi, dphi);
      break;
    case RadialBasisType::RBShapeev:
      shapeev(m, r, phi, dphi);
      break;
    case RadialBasisType::RBTaylor:
      for (int n = 0; n < m.radial_basis_size; ++n) {
        phi[n] = power(r, n);
        dphi[n] = n == 0 ? 0 : n * power(r, n - 1);
      }
      break;
  }
  for (double& p : phi) p *= m.scaling;
  for (double& p : dphi) p *= clamped && r <= m.min_dist ? 0 : m.scaling;
}

namespace {

// Eq. (2.17): the pair repulsion and its derivative.
std::array<double, 2> repulsion(MtpModel const& m, double r) {
  if (m.radial_basis_type != RadialBasisType::RBChebyshev_repuls || r >= m.min_dist) return {0, 0};
  return {1e4 * (std::exp(-10 * (r - 1)) - std::exp(-10 * (m.min_dist - 1))), -1e5 * std::exp(-10 * (r - 1))};
}

// f_mu(r) and its derivative.
void radial(MtpModel const& m, int zi, int zj, double r, std::vector<double>& f, std::vector<double>& df) {
  std::vector<double> phi, dphi;
  evaluateRadialBasis(m, r, phi, dphi);
  f.assign(m.radial_funcs_count, 0);
  df.assign(m.radial_funcs_count, 0);
  for (int mu = 0; mu < m.radial_funcs_count; ++mu)
    for (int n = 0; n < m.radial_basis_size; ++n) {
      f[mu] += m.radialCoeff(zi, zj, mu, n) * phi[n];
      df[mu] += m.radialCoeff(zi, zj, mu, n) * dphi[n];
    }
}

}  // namespace

MtpResult evaluateMtp(MtpModel const& model, std::vector<int> const& types, std::vector<Pair> const& pairs) {
  int const atoms = static_cast<int>(types.size());
  MtpResult result;
  result.site_energies.resize(atoms);
  result.forces.resize(atoms);
  result.basis.resize(model.alpha_moment_mapping.size());

  std::vector<std::vector<Pair const*>> of_atom(atoms);
  for (auto const& pair : pairs) of_atom[pair.i].push_back(&pair);
  std::vector<double> f, df;
  for (int i = 0; i < atoms; ++i) {
    std::vector<double> moments(model.alpha_moments_count), adjoints(model.alpha_moments_count);
    auto const inside = [&](Pair const* pair) {
      auto const& d = pair->displacement;
      return std::hypot(d[0], d[1], d[2]) < model.max_dist;
    };
    for (Pair const* pair : of_atom[i]) {
      if (!inside(pair)) continue;
      auto const& d = pair->displacement;
      double const r = std::hypot(d[0], d[1], d[2]);
      radial(model, types[i], types[pair->j], r, f, df);
      for (std::size_t b = 0; b < model.alpha_index_basic.size(); ++b) {
        auto const [mu, x, y, z] = model.alpha_index_basic[b];
        moments[b] += f[mu] * power(d[0] / r, x) * power(d[1] / r, y) * power(d[2] / r, z);
      }
    }
    for (auto const& [a, b, mult, c] : model.alpha_index_times) moments[c] += mult * moments[a] * moments[b];

    double energy = model.species_coeffs[types[i]];
    for (std::size_t k = 0; k < model.alpha_moment_mapping.size(); ++k) {
      int const m = model.alpha_moment_mapping[k];
      energy += model.moment_coeffs[k] * moments[m];
      result.basis[k] += moments[m];
      adjoints[m] += model.moment_coeffs[k];
    }
    for (Pair const* pair : of_atom[i]) {
      auto const& d = pair->displacement;
      energy += repulsion(model, std::hypot(d[0], d[1], d[2]))[0];
    }
    result.site_energies[i] = energy;
    result.energy += energy;

    for (auto t = model.alpha_index_times.rbegin(); t != model.alpha_index_times.rend(); ++t) {
      auto const [a, b, mult, c] = *t;
      adjoints[a] += mult * adjoints[c] * moments[b];
      adjoints[b] += mult * adjoints[c] * moments[a];
    }
    for (Pair const* pair : of_atom[i]) {
      if (!inside(pair)) continue;
      auto const& d = pair->displacement;
      double const r = std::hypot(d[0], d[1], d[2]);
      double const u[3] = {d[0] / r, d[1] / r, d[2] / r};
      radial(model, types[i], types[pair->j], r, f, df);
      Vector3 gradient{};
      for (int e = 0; e < 3; ++e) gradient[e] = repulsion(model, r)[1] * u[e];
      for (std::size_t b = 0; b < model.alpha_index_basic.size(); ++b) {
        auto const [mu, x, y, z] = model.alpha_index_basic[b];
        int const n[3] = {x, y, z}, nu = x + y + z;
        double const angular = power(u[0], x) * power(u[1], y) * power(u[2], z);
        for (int e = 0; e < 3; ++e) {
          // d/dr_e of f(r) x^a y^b z^c / r^nu
          double derivative = (df[mu] - nu * f[mu] / r) * angular * u[e];
          if (n[e] > 0) {
            double factor = n[e] / r * f[mu];
            for (int g = 0; g < 3; ++g) factor *= power(u[g], g == e ? n[g] - 1 : n[g]);
            derivative += factor;
          }
          gradient[e] += adjoints[b] * derivative;
        }
      }
      for (int e = 0; e < 3; ++e) {
        result.gradient_norm += gradient[e] * gradient[e];
        result.forces[i][e] += gradient[e];
        result.forces[pair->j][e] -= gradient[e];
        for (int g = 0; g < 3; ++g) result.virial[e][g] -= d[e] * gradient[g];
      }
    }
  }
  result.gradient_norm = std::sqrt(result.gradient_norm);
  return result;
}

MtpResult evaluateMtp(MtpModel const& model, Structure const& structure, std::vector<int> const& types) {
  return evaluateMtp(model, types, allPairs(structure, model.max_dist));
}

}  // namespace sinter::reference
