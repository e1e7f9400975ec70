/// \file
/// The forms of the radial basis, equations (2.3) and (2.16)-(2.20) of kernels/README.md: each is an envelope times
/// polynomials in xi(r), so that the kernel needs only the envelope and coefficients of Chebyshev polynomials.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// Forms of the radial basis, named as in `.mtp` files.
enum class RadialBasisType { RBChebyshev, RBChebyshev_repuls, BChebyshev, BChebyshev_repuls, RBShapeev, RBTaylor };

/// Factor w(r) in front of the polynomials.
enum class RadialEnvelope {
  cutoff,   ///< (r - R_max)^2
  none,     ///< 1: functions and energy jump to zero at R_max
  inverse,  ///< (1 - R_max / r)^2
};

/// What distinguishes the forms.
struct RadialBasisForm {
  RadialBasisType type;
  std::string_view name;  ///< in files
  RadialEnvelope envelope;
  bool clamped;    ///< below R_min the value at R_min counts, with derivative zero, eq. (2.16)
  bool repulsive;  ///< the site energy also has the pair repulsion of eq. (2.17)
  int max_size;    ///< largest number of functions that the form is defined for
};

/// Name and properties of a form.
[[nodiscard]] RadialBasisForm const& formOf(RadialBasisType type);

/// The form of this name in files, if there is one.
[[nodiscard]] std::optional<RadialBasisType> radialBasisTypeOf(std::string_view name);

/// "RBChebyshev, RBChebyshev_repuls, ...".
[[nodiscard]] std::string radialBasisNames();

/// The polynomials of a form in Chebyshev polynomials: phi_n(r) = s w(r) sum_k t[n][k] T_k(xi(r)), eq. (2.20).
/// \returns the lower triangular matrix t, size * size numbers, row by row; the unit matrix for Chebyshev forms
/// Source: kernels/README.md, section 2.2. Cost: O(size^2).
[[nodiscard]] std::vector<double> chebyshevForm(RadialBasisType type, int size, double min_dist, double max_dist);

/// The pair repulsion of eq. (2.17): a constant (eV) and the inverse of a length (1/A).
inline constexpr double repulsion_strength = 1e4, repulsion_steepness = 10, repulsion_origin = 1;

}  // namespace sinter
