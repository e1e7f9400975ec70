/// \file
/// A moment tensor potential made ready for evaluation: equations (2.7)-(2.12) of kernels/README.md as data.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>

#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// Largest number of radial basis functions that the kernels evaluate (the templates have 8).
inline constexpr int max_radial_basis_size = 32;

/// Monomial u_x^a u_y^b u_z^c as an earlier monomial times one component of u (the first one is 1).
struct MonomialStep {
  std::int16_t parent, axis;
};

/// A basic moment that is accumulated over neighbours: sum_j f_mu(r_ij) monomial(u_ij).
struct AccumulatedMoment {
  std::int16_t mu, monomial;
  std::int32_t moment;  ///< where its value goes
};

/// A basic moment that is rebuilt by the trace identity: m[moment] = m[a] - m[b] - m[c], eq. (2.8).
struct RebuiltMoment {
  std::int32_t moment, a, b, c;
};

/// One term of a sum: factor x[left] y[right].
struct ProductTerm {
  std::int32_t left, right;
  double factor;
};

/// A sum of `terms[begin .. end)` that makes one number.
struct ProductRow {
  std::int32_t target, begin, end;
};

/// The evaluation plan on the device (or host) of `MemorySpace`. Copies share data.
///
/// Products run in rows that gather their terms: no two rows write the same number, so lanes need no atomics. Rows
/// stand in levels; a row needs values of earlier levels only. `forward` makes m[target] += sum factor m[left]
/// m[right]; `reverse` makes g[target] += sum factor g[left] m[right], with g = dE/dm, eq. (2.10).
///
/// The pair repulsion of `RBChebyshev_repuls` is one more radial function (the last one, with no coefficients) and one
/// more moment, which is the sum of it over neighbours; its energy_seed is 1 and no basis function has it.
template <class MemorySpace>
struct MtpPlan {
  using memory_space = MemorySpace;
  template <class T>
  using Data = Kokkos::View<T const*, MemorySpace>;

  int species_count = 0, radial_functions = 0, radial_basis_size = 0;
  int moments = 0, basis_functions = 0, monomial_count = 0, accumulated_count = 0, rebuilt_count = 0;
  int forward_levels = 0, reverse_levels = 0;
  RadialEnvelope envelope = RadialEnvelope::cutoff;
  bool clamped = false;       ///< radial functions keep their value at R_min below it, eq. (2.16)
  int repulsion_moment = -1;  ///< the moment that sums the pair repulsion, eq. (2.17); -1 without one
  int template_level = 0;     ///< level whose template has these monomials and accumulated moments; 0: none
  double min_dist = 0, max_dist = 0;

  Data<double> radial;                   ///< c'[z1][z2][mu][k], coefficients of T_k, eq. (2.20)
  Data<MonomialStep> monomials;          ///< (monomial_count)
  Data<AccumulatedMoment> accumulated;   ///< ordered by monomial, then mu
  Data<std::int32_t> accumulated_begin;  ///< (monomial_count + 1) first accumulated moment of each monomial
  Data<RebuiltMoment> rebuilt;           ///< each after those it needs
  Data<ProductRow> forward, reverse;
  Data<ProductTerm> forward_terms, reverse_terms;
  Data<std::int32_t> forward_level, reverse_level;  ///< (levels + 1) first row of each level
  Data<std::int32_t> basis_moment;                  ///< (basis_functions) alpha_moment_mapping
  Data<double> species_coeffs, moment_coeffs;       ///< zero where the model has none
  Data<double> energy_seed;                         ///< (moments) dE/dm of the linear form, eq. (2.9)
};

/// Numbers that `sinter info` shows and tests rely on.
struct MtpPlanSizes {
  int basics = 0, accumulated = 0, monomials = 0, products = 0, scalars = 0, moments = 0, max_rank = 0;
};

/// Makes the plan of a checked model (`checkMtpModel`). Linear coefficients that are missing count as zero; radial
/// coefficients must be there.
/// \throws InputError when the model has no radial coefficients or exceeds the limits above.
template <class MemorySpace>
[[nodiscard]] MtpPlan<MemorySpace> makeMtpPlan(MtpModel const& model);

/// Sizes before and after trace folding.
[[nodiscard]] MtpPlanSizes mtpPlanSizes(MtpModel const& model);

}  // namespace sinter
