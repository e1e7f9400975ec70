/// \file
/// Wave vectors that a periodic cell admits. Slow reference: tests/validation/metrics_reference.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Some vectors k = 2 pi (h a* + k b* + l c*) of the reciprocal lattice in bins of their length: bin b has
/// b bin_width <= |k| < (b + 1) bin_width, and no vector is zero.
struct WaveVectors {
  double bin_width = 0;                     ///< (1/A)
  std::vector<std::array<int, 3>> indices;  ///< h, k, l, bin after bin; of k and -k one only
  std::vector<double> length;               ///< |k| (1/A)
  std::vector<std::size_t> bin_offsets;     ///< (bins + 1) first vector of each bin

  [[nodiscard]] std::size_t size() const { return indices.size(); }
  [[nodiscard]] std::size_t bins() const { return bin_offsets.size() - 1; }
};

/// Of each bin up to q_max at most `most` vectors, any of them with the same probability, all where there are no more.
/// (k and -k scatter alike and count as one.)
///
/// Each vector has a random number made from the seed and its indices; those with the smallest ones are taken. So the
/// same cell and seed give the same vectors, in the order of their indices.
///
/// \param cell lattice vectors in rows (A)
/// \param q_max, bin_width (1/A) q_max is divided into the nearest whole number of bins
/// \throws InputError unless q_max and bin_width are positive with 1 to 10^6 bins, `most` > 0, the cell has a volume,
///         and there are at most 10^10 vectors up to q_max, 10^9 along a lattice vector.
/// Cost: the V q_max^3 / (12 pi^2) vectors are visited, some 5 ns each: a second for a million atoms of silicon and
/// q_max = 10 / A.
[[nodiscard]] WaveVectors chooseWaveVectors(Matrix3 const& cell, double q_max, double bin_width, int most,
                                            std::uint64_t seed);

}  // namespace sinter
