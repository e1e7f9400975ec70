/// \file
/// A moment tensor potential as its `.mtp` file states it (host data). Formulas: kernels/README.md, chapter 2.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sinter/mtp/mtp_radial_basis.hpp"

namespace sinter {

/// Index tables, radial and linear coefficients of a moment tensor potential.
///
/// A model without coefficients (an untrained template) has `radial_coeffs`, `species_coeffs` and `moment_coeffs`
/// empty.
struct MtpModel {
  std::string potential_name = "MTP";
  std::string potential_tag;
  double scaling = 1;  ///< multiplies the radial basis functions
  int species_count = 1;
  std::vector<std::int32_t> species;  ///< atomic numbers of types 0, 1, ...; empty when the file names none

  RadialBasisType radial_basis_type = RadialBasisType::RBChebyshev;
  double min_dist = 0;                ///< R_min (A)
  double max_dist = 0;                ///< R_max, the cutoff (A)
  int radial_basis_size = 0;          ///< R, number of basis functions phi_n
  int radial_funcs_count = 0;         ///< K, number of radial functions f_mu
  std::vector<double> radial_coeffs;  ///< c[z1][z2][mu][n], size S*S*K*R, z1 = species of the central atom

  int alpha_moments_count = 0;                        ///< number of moments m, the basic ones first
  std::vector<std::array<int, 4>> alpha_index_basic;  ///< {mu, a, b, c} of basic moment m[0], m[1], ...
  std::vector<std::array<int, 4>> alpha_index_times;  ///< {a, b, mult, c}: m[c] += mult m[a] m[b], in order
  std::vector<int> alpha_moment_mapping;              ///< the moment of basis function B_k

  std::vector<double> species_coeffs;  ///< energy of each species (eV), size S
  std::vector<double> moment_coeffs;   ///< xi_k (eV), size of alpha_moment_mapping

  /// Whether energies can be computed (all three coefficient sets are there).
  [[nodiscard]] bool trained() const {
    return !radial_coeffs.empty() && !species_coeffs.empty() && !moment_coeffs.empty();
  }

  /// c[z1][z2][mu][n].
  [[nodiscard]] double radialCoeff(int z1, int z2, int mu, int n) const {
    return radial_coeffs[static_cast<std::size_t>(
        ((z1 * species_count + z2) * radial_funcs_count + mu) * radial_basis_size + n)];
  }
};

/// Checks everything that evaluation relies on: counts, ranges, definition of each moment before its use, finite
/// coefficients, 0 <= min_dist < max_dist.
///
/// A product may use basic moments and moments that earlier products have completed: a moment that was used is not
/// added to any more, so that derivatives can be taken by going through the products backwards. Each set of
/// coefficients is either absent or complete, and `species_coeffs` and `moment_coeffs` come together. `species` is
/// empty or names every type, each with another element.
/// \throws InputError with `where` in front, naming the key, what was found and what was expected.
/// Source: ../shared/design/mtp.md sections 1 and 2. Cost: linear in the tables; host only.
void checkMtpModel(MtpModel const& model, std::string const& where);

namespace detail {

inline constexpr int max_mtp_species = 118;  ///< one type for each element

/// What is wrong with a model: "key: found X, expected Y".
struct MtpFault {
  std::string key;  ///< as in the file, "alpha_index_times"
  std::string found;
  std::string expected;
};

/// The first violation of the rules of `checkMtpModel`; the reader of files adds the line of the key to it.
[[nodiscard]] std::optional<MtpFault> findMtpFault(MtpModel const& model);

}  // namespace detail

}  // namespace sinter
