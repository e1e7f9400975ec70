/// \file
/// Structure factors S(Q) of atoms that scatter alike: from g(r), from sums over wave vectors, and their first peak.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sinter/validation/pair_distribution.hpp"
#include "sinter/validation/wave_vectors.hpp"

namespace sinter {

/// S(Q) from g(r),
///
///     S(Q) = 1 + 4 pi rho Int_0^r_max r^2 (g(r) - 1) sin(Qr) / (Qr) w(r) dr
///
/// with w = 1, or the window of Lorch, w(r) = sin(pi r / r_max) / (pi r / r_max), which takes away the ripples of width
/// 2 pi / r_max that the end at r_max makes and widens peaks. Each bin of g stands for its volume, sines are those of
/// its middle: bins should be narrower than 1 / Q.
///
/// \param q (1/A), > 0
/// Source: E. Lorch, J. Phys. C 2, 229 (1969). Cost: a sine per bin and Q.
[[nodiscard]] std::vector<double> transformedStructureFactor(PairDistribution const& pairs, std::span<double const> q,
                                                             bool lorch);

/// The partial structure factors of Faber and Ziman from the partial g(r),
///
///     S_ab(Q) = 1 + 4 pi rho Int_0^r_max r^2 (g_ab(r) - 1) sin(Qr) / (Qr) w(r) dr
///
/// with the density rho of all atoms: S(Q) of atoms that scatter alike is sum_ab c_a c_b S_ab(Q) over all a and b,
/// where c are shares of atoms.
///
/// \returns S_ab at all q, of each of `pairs.partials`
/// Source: T. E. Faber, J. M. Ziman, Philos. Mag. 11, 153 (1965). Cost: a sine per pair of types, bin and Q.
[[nodiscard]] std::vector<std::vector<double>> partialStructureFactors(PairDistribution const& pairs,
                                                                       std::span<double const> q, bool lorch);

/// Means of S(k) = |sum_j exp(i k . r_j)|^2 / N over wave vectors of about the same length.
class BinnedStructureFactor {
 public:
  BinnedStructureFactor() = default;
  /// \param values S(k) of each of `vectors`
  BinnedStructureFactor(WaveVectors const& vectors, std::span<double const> values);

  /// Joins the wave vectors of another frame, in bins of the same width.
  BinnedStructureFactor& operator+=(BinnedStructureFactor const& other);

  [[nodiscard]] std::size_t bins() const { return _bins.size(); }
  /// Number of wave vectors in a bin; where there is none, what follows is not a number.
  [[nodiscard]] std::int64_t vectors(std::size_t bin) const { return _bins[bin].vectors; }
  /// Mean length (1/A).
  [[nodiscard]] double q(std::size_t bin) const;
  [[nodiscard]] double mean(std::size_t bin) const;
  /// Of the mean, from the spread of S(k); not a number for a single vector. All values count as independent, also
  /// those of one k in many frames: too small where frames are alike.
  [[nodiscard]] double standardError(std::size_t bin) const;

 private:
  struct Bin {
    std::int64_t vectors = 0;
    double length = 0, value = 0, squared_value = 0;  // sums
  };
  std::vector<Bin> _bins;
};

/// A maximum of S(Q).
struct DiffractionPeak {
  double q = 0;       ///< (1/A)
  double height = 0;  ///< S(q)

  /// H^-1 of the first sharp diffraction peak, a measure of order at medium range.
  [[nodiscard]] double inverseHeight() const { return 1 / height; }
};

/// The highest peak between `from` and `to` (for the first sharp diffraction peak: around it), the vertex of a parabola
/// through points near the highest one, q_m: by least squares through all with |q - q_m| <= 0.1 / A, and through three
/// neighbouring ones where that is fewer.
///
/// \param q, s points of S(Q), q ascending (1/A); those that are not numbers are left out
/// \returns nothing where there is no such peak: the highest point is at the edge of the range, or the parabola has no
///          maximum among its points.
/// \throws InputError when q and s have different lengths.
/// Source: the top of a peak is a parabola to second order; the width is our choice.
[[nodiscard]] std::optional<DiffractionPeak> findPeak(std::span<double const> q, std::span<double const> s, double from,
                                                      double to);

}  // namespace sinter
