/// \file
/// Frames that are there twice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Recognises structures that were seen before: the same species in the same order, the same periodic directions, and
/// lattice vectors and positions that differ by rounding only; atoms may be in another image of the cell. Labels are
/// not compared.
///
/// A structure is known by four projections of its positions and lattice vectors x on random directions (fixed, other
/// ones for each atom), periodic ones as L / (2 pi) cos(2 pi x / L + phase); two structures are the same when all four
/// differ by less than 1e-6 Angstrom: positions that differ by that much (root mean square) or less. Comparing
/// projections instead of rounded numbers has no edges where equal numbers round differently. Memory: about 100 bytes
/// per structure.
class DuplicateFinder {
 public:
  /// Whether the structure is a new one; from then on it is known.
  bool add(Structure const& structure);

  /// Structures that were not new, and those among them whose energy is another one than that of the first.
  [[nodiscard]] std::size_t duplicates() const { return _duplicates; }
  [[nodiscard]] std::size_t withOtherEnergy() const { return _with_other_energy; }

 private:
  struct Known {
    std::array<double, 3> projections;  // and a first one, by which the map is sorted
    std::uint64_t kind;                 // species and periodic directions
    double energy;                      // (eV), NaN for none
  };
  std::multimap<double, Known> _known;
  std::size_t _duplicates = 0, _with_other_energy = 0;
};

}  // namespace sinter
