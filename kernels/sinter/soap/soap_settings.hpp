/// \file
/// What defines a SOAP power spectrum.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sinter {

/// Whose radial functions, factors and order of components, chapter 4 of kernels/README.md.
enum class SoapConvention {
  quip,    ///< QUIP and GAP: Gaussians at equal distances; vectors of length 1
  rascal,  ///< librascal and featomic: radial functions of the GTO kind; vectors not normalised
  dscribe  ///< DScribe: radial functions of either kind of `SoapRadial`; no cutoff function; vectors not normalised
};

/// What spans the radial functions of DScribe, section 4.7.
enum class SoapRadial {
  gto,        ///< Gaussian-type orbitals r^l exp(-a r^2)
  polynomial  ///< powers of r_c - r
};

/// Parameters of a SOAP power spectrum.
struct SoapSettings {
  SoapConvention convention = SoapConvention::quip;
  SoapRadial radial = SoapRadial::gto;  ///< dscribe only
  std::vector<std::int32_t> species;    ///< atomic numbers of types 0, 1, ...; vectors are ordered by type
  double cutoff = 5;                    ///< r_c (A): neighbours closer than that; dscribe: what `reach` says
  double cutoff_width = 1;              ///< w (A): neighbours are switched off from r_c - w to r_c; dscribe: 0
  double sigma = 0.5;                   ///< width of the Gaussian that an atom is (A)
  int n_max = 12;                       ///< radial functions, at most `max_n`
  int l_max = 6;                        ///< largest angular momentum, at most `max_l`
  double central_weight = 1;            ///< weight of the atom in the centre
  double covariance_sigma0 = 0;         ///< last component of every vector; quip only

  static constexpr int max_n = 32, max_l = 20;

  /// How far neighbours count (A): r_c; dscribe r_c + sigma sqrt(2 ln 1000), where the Gaussian of an atom has a
  /// thousandth of its height at r_c. Neighbour lists must reach that far.
  [[nodiscard]] double reach() const;

  /// Components of a vector: quip (S n_max) (S n_max + 1) / 2 (l_max + 1) + 1, rascal S (S + 1) / 2 n_max^2 (l_max +
  /// 1), dscribe one less than quip.
  [[nodiscard]] int dimension() const;
};

/// The settings of J. D. Morrow and V. L. Deringer, J. Chem. Phys. 157, 104105 (2022) for one element: r_c 5 A, sigma
/// 0.5 A, l_max 6, n_max 12, by name: "paper-2022" (w = 2 A, as printed) or "paper-2022-scripts" (w = 1 A, as in the
/// author's scripts). Similarities there are (p . p')^4.
/// \throws InputError for any other name.
[[nodiscard]] SoapSettings soapPreset(std::string_view name, std::int32_t species);

/// \throws InputError naming the first setting that is out of its range: numbers that are not finite, sigma or cutoff
/// not positive, sigma below a two-hundredth of the cutoff, a width below zero or above the cutoff, n_max or l_max
/// outside 1 ... max_n and 0 ... max_l, no species or one twice, vectors of more than 10^7 components; what a
/// convention does not have (the last component, a cutoff width, polynomials), and orbitals of dscribe with a cutoff up
/// to 1 A.
void checkSoapSettings(SoapSettings const& settings);

}  // namespace sinter
