/// \file
/// Bond angles. Slow reference: tests/validation/metrics_reference.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// Angles (degrees) in bins of equal width from 0 to 180, with mean and standard deviation of the angles themselves.
class AngleStatistics {
 public:
  AngleStatistics() = default;
  /// Sums are those of angle - `shift`.
  AngleStatistics(std::vector<std::int64_t> histogram, double sum, double sum_of_squares);

  /// Joins the angles of another frame, in bins of the same width.
  AngleStatistics& operator+=(AngleStatistics const& other);

  /// Angles in bin b: b width <= angle < (b + 1) width; 180 degrees is in the last one.
  [[nodiscard]] std::vector<std::int64_t> const& histogram() const { return _histogram; }
  [[nodiscard]] std::int64_t count() const { return _count; }

  /// (degrees) Not a number without angles.
  [[nodiscard]] double mean() const;
  /// Of the distribution (divided by the number of angles; degrees). Not a number without angles.
  [[nodiscard]] double standardDeviation() const;

  /// Count, mean and deviation only.
  [[nodiscard]] AngleStatistics withoutHistogram() const;

  /// About the mean of four equal bonds, so that sums of squares keep their digits (degrees).
  static constexpr double shift = 109.5;

 private:
  std::vector<std::int64_t> _histogram;
  std::int64_t _count = 0;
  double _sum = 0, _sum_of_squares = 0;
};

/// Angles between the bonds of atoms.
struct BondAngles {
  double bin_width = 0;       ///< (degrees)
  AngleStatistics all;        ///< at all atoms
  AngleStatistics five_fold;  ///< at atoms with five bonds only
};

/// The angles j-i-k of all pairs of neighbours {j, k} of each atom i with r_ij, r_ik < bond_cutoff:
///
///     theta = atan2(|r_ij x r_ik|, r_ij . r_ik)
///
/// which is exact near 0 and 180 degrees, too.
///
/// \param list neighbours up to `bond_cutoff` (A) at least; without a cell, too
/// \param bin_width (degrees) 180 is divided into the nearest whole number of bins
/// \throws InputError unless 0 < bond_cutoff <= list.cutoff and 0.001 <= bin_width <= 180, and when two atoms are at
/// the
///         same place.
/// Cost: one atan2 and root per angle; 20 bytes per atom and a histogram per thread of a host. Counts are integers and
/// sums are taken in the order of atoms: bitwise repeatable, whatever the number of threads.
template <class ExecutionSpace>
[[nodiscard]] BondAngles measureBondAngles(ExecutionSpace const& space,
                                           NeighborList<typename ExecutionSpace::memory_space> const& list,
                                           double bond_cutoff, double bin_width = 0.25);

}  // namespace sinter
