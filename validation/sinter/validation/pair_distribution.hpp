/// \file
/// Pair distribution functions g(r). Slow reference: tests/validation/metrics_reference.hpp.
#pragma once

#include <cstddef>
#include <vector>

#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// g(r) in bins of equal width from 0 to r_max; bin b holds b width <= r < (b + 1) width.
struct PairDistribution {
  double bin_width = 0;       ///< (A)
  double density = 0;         ///< N / V (1/A^3)
  std::vector<double> total;  ///< (bins) g(r) of all atoms
  struct Partial {
    int a = 0, b = 0;       ///< types, a <= b
    std::vector<double> g;  ///< (bins) g_ab(r) = g_ba(r)
  };
  std::vector<Partial> partials;  ///< of all types that occur; one, equal to `total`, where there is one type

  [[nodiscard]] std::size_t bins() const { return total.size(); }
  [[nodiscard]] double rMax() const { return bin_width * static_cast<double>(bins()); }
  /// Middle of bin b (A).
  [[nodiscard]] double r(std::size_t b) const { return bin_width * (static_cast<double>(b) + 0.5); }
};

/// Pair distribution of one structure in a periodic cell: the mean density of atoms of type b at distance r from those
/// of type a over the density of type b,
///
///     g_ab(r) = n_ab / (N_a N_b / V  4 pi / 3 (r_2^3 - r_1^3))
///
/// with n_ab the number of directed pairs (i of type a, j of type b or image of one) in the bin r_1 <= r < r_2.
///
/// All images count, an atom's own ones too, so that r_max may be more than half the cell and g tends to 1 for any
/// cell. (Below half a cell, g of N independent atoms has the mean (N - 1) / N.)
/// Source: M. P. Allen, D. J. Tildesley, Computer Simulation of Liquids (2017), section 8.2.
///
/// \param list neighbours up to `r_max` (A) at least, of a batch of one structure
/// \param bin_width (A) r_max is divided into the nearest whole number of bins
/// \throws InputError unless 0 < r_max <= list.cutoff and 0 < bin_width <= r_max with at most 10^6 bins, when the batch
/// is
///         not one structure of one atom at least, and when it is not periodic in all directions.
/// Cost: one root per pair of the list; a histogram per thread of a host and pair of types. Counts are integers:
/// bitwise repeatable.
template <class ExecutionSpace>
[[nodiscard]] PairDistribution measurePairDistribution(ExecutionSpace const& space,
                                                       NeighborList<typename ExecutionSpace::memory_space> const& list,
                                                       double r_max, double bin_width = 0.02);

}  // namespace sinter
