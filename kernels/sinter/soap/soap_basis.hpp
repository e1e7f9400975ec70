/// \file
/// The radial basis of SOAP on the host: set up once, evaluated exactly. Kernels read it from tables
/// (soap_plan.hpp).
#pragma once

#include <vector>

#include "sinter/soap/soap_settings.hpp"

namespace sinter {

/// Radial functions R_nl(r) and what the atom in the centre adds, eqs. (4.1)-(4.6), (4.14)-(4.16), (4.18)-(4.21).
class SoapBasis {
 public:
  /// \throws InputError when `settings` are out of their ranges, or the radial functions are linearly dependent in
  /// double precision (n_max too large for sigma and cutoff).
  explicit SoapBasis(SoapSettings const& settings);

  [[nodiscard]] SoapSettings const& settings() const { return _settings; }

  /// R_nl(r) in the order [l][n], eq. (4.5), to a few units in the last place of the largest term. \param r 0 <= r (A)
  [[nodiscard]] std::vector<double> radial(double r) const;

  /// What the centre adds to X_{n00} of its own species, (n_max).
  [[nodiscard]] std::vector<double> const& central() const { return _central; }

 private:
  void makeGaussians();
  void makeOrbitals();
  void makeOrbitalsOfL();
  void makePolynomials();

  SoapSettings _settings;
  double _alpha;
  std::vector<double> _points;     // r_a; rascal, polynomials: nodes of a quadrature
  std::vector<double> _transform;  // T, [a][n]; rascal, polynomials: radial functions at the nodes, with weights
  std::vector<long double> _exponents, _orbitals;  // dscribe's orbitals, (4.19): [l][k], and factors [l][k][n]
  std::vector<double> _central;
};

}  // namespace sinter
