/// \file
/// Moment tensor potentials by plain loops in double: the tables in file order, no folding, no plan.
#pragma once

#include <vector>

#include "neighbor_reference.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter::reference {

struct MtpResult {
  double energy = 0;
  std::vector<double> site_energies;
  std::vector<Vector3> forces;
  Matrix3 virial{};           // -sum r (x) dE/dr
  std::vector<double> basis;  // sum over atoms of B_k
  double gradient_norm = 0;   // sqrt(sum over pairs |dE_i/dr_ij|^2): the size of what cancels in forces and virial
};

/// phi_n(r) and phi'_n(r) of the radial basis of `model`, eqs. (2.3), (2.4), (2.16), (2.18), (2.19).
void evaluateRadialBasis(MtpModel const& model, double r, std::vector<double>& phi, std::vector<double>& dphi);

/// Evaluates `model` on atoms of given types and given pairs (pairs beyond max_dist contribute nothing), eqs.
/// (2.1)-(2.7) of kernels/README.md, derivatives by the chain rule moment by moment.
MtpResult evaluateMtp(MtpModel const& model, std::vector<int> const& types, std::vector<Pair> const& pairs);

/// The same with all pairs of a structure.
MtpResult evaluateMtp(MtpModel const& model, Structure const& structure, std::vector<int> const& types);

}  // namespace sinter::reference
