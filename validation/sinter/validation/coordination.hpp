/// \file
/// Coordination numbers: how many bonds atoms have. Slow reference: tests/validation/metrics_reference.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// The number of bonds of each atom: neighbours (images of periodic cells, the atom's own ones too) with r <
/// bond_cutoff.
///
/// \param list neighbours up to `bond_cutoff` (A) at least; without a cell, too
/// \throws InputError unless 0 < bond_cutoff <= list.cutoff.
/// Cost: one pass over the list, no atomics: bitwise repeatable.
template <class ExecutionSpace>
[[nodiscard]] std::vector<int> countBonds(ExecutionSpace const& space,
                                          NeighborList<typename ExecutionSpace::memory_space> const& list,
                                          double bond_cutoff);

/// How many atoms have how many bonds.
class CoordinationStatistics {
 public:
  CoordinationStatistics() = default;
  /// \param bonds of each atom
  explicit CoordinationStatistics(std::span<int const> bonds);

  /// Joins the atoms of another frame.
  CoordinationStatistics& operator+=(CoordinationStatistics const& other);

  /// `histogram()[n]` atoms have n bonds; as long as there are such.
  [[nodiscard]] std::vector<std::int64_t> const& histogram() const { return _histogram; }
  [[nodiscard]] std::int64_t atoms() const { return _atoms; }

  /// Share of atoms with `bonds` bonds (N3, N4, N5 of amorphous silicon; 0 to 1). Not a number without atoms.
  [[nodiscard]] double fraction(std::size_t bonds) const;

  /// Mean number of bonds. Not a number without atoms.
  [[nodiscard]] double mean() const;

 private:
  std::vector<std::int64_t> _histogram;
  std::int64_t _atoms = 0;
};

}  // namespace sinter
