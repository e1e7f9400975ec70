#include "mtp_reference.hpp"

#include <cmath>

namespace sinter::reference {

namespace {

double power(double x, int n) {
  double result = 1;
  for (int i = 0; i < n; ++i) result *= x;
  return result;
}

// f_mu(r) and its derivative, eqs. (2.1)-(2.4).
void radial(MtpModel const& m, int zi, int zj, double r, std::vector<double>& f, std::vector<double>& df) {
  double const width = m.max_dist - m.min_dist;
  double const xi = (2 * r - (m.min_dist + m.max_dist)) / width;
  std::vector<double> phi(m.radial_basis_size), dphi(m.radial_basis_size);
  double const cut = m.scaling * (r - m.max_dist) * (r - m.max_dist), dcut = 2 * m.scaling * (r - m.max_dist);
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
