/// \file
/// Full neighbour lists of a batch of structures. Slow reference: tests/reference/neighbor_reference.hpp.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>

#include "sinter/core/structure_batch.hpp"
#include "sinter/neighbor/environment_source.hpp"

namespace sinter {

/// All pairs (i, j, image) with |r_j + image - r_i| < cutoff, both directions, self-images included; models
/// `EnvironmentSource` with one centre per atom. Positions are read through the batch, so that the list stays valid
/// (with a skin) when atoms move in place.
template <class MemorySpace>
class NeighborList {
 public:
  using memory_space = MemorySpace;
  using Image = Kokkos::Array<std::int16_t, 3>;

  StructureBatch<MemorySpace> batch;
  double cutoff = 0;                                 ///< (A), skin included
  Kokkos::View<std::int64_t*, MemorySpace> offsets;  ///< (atoms + 1, or more) first pair of each atom
  Kokkos::View<int*, MemorySpace> neighbors;         ///< (pairs, or more) atom j
  Kokkos::View<Image*, MemorySpace> images;          ///< (pairs, or more) lattice translation of j
  std::int64_t num_pairs = 0;
  int max_neighbors = 0;

  [[nodiscard]] std::int64_t pairs() const { return num_pairs; }

  [[nodiscard]] int numCentres() const { return batch.atoms(); }
  [[nodiscard]] int maxNeighbors() const { return max_neighbors; }
  [[nodiscard]] int forceExtent() const { return batch.atoms(); }
  [[nodiscard]] KOKKOS_FUNCTION int numGroups() const { return batch.structures(); }

  KOKKOS_FUNCTION int groupBegin(int group) const { return static_cast<int>(batch.offsets(group)); }
  KOKKOS_FUNCTION int centre(int c) const { return c; }
  KOKKOS_FUNCTION int type(int atom) const { return batch.types(atom); }
  KOKKOS_FUNCTION bool isTrimmed(double radius) const { return cutoff <= 1.05 * radius; }

  /// Neighbours of one centre, with what they have in common read once.
  struct Environment {
    int const* neighbors;
    Image const* images;
    double const* positions;
    DeviceCell const& cell;
    Displacement own;
    int count;

    KOKKOS_FUNCTION int size() const { return count; }
    KOKKOS_FUNCTION int neighbor(int k) const { return neighbors[k]; }
    KOKKOS_FUNCTION Displacement displacement(int k) const {
      Displacement const d = Displacement::load(positions + 3 * static_cast<std::ptrdiff_t>(neighbors[k])) - own;
      auto const& image = images[k];
      if ((image[0] | image[1] | image[2]) == 0) return d;  // as most are in a large cell
      double shift[3];
      for (int x = 0; x < 3; ++x)
        shift[x] = image[0] * cell.vectors[0][x] + image[1] * cell.vectors[1][x] + image[2] * cell.vectors[2][x];
      return {d[0] + shift[0], d[1] + shift[1], d[2] + shift[2]};
    }
  };
  KOKKOS_FUNCTION Environment environment(int c) const {
    auto const begin = offsets(c);
    return {neighbors.data() + begin,
            images.data() + begin,
            batch.positions.data(),
            batch.cells(batch.structure(c)),
            Displacement::load(&batch.positions(c, 0)),
            static_cast<int>(offsets(c + 1) - begin)};
  }
};

/// Builds the list with a grid of bins per structure: any cell (triclinic, partly periodic, smaller than the cutoff),
/// atoms anywhere.
/// \param cutoff (A), > 0
/// \param list is replaced; the memory it had is used again where it suffices (new pages cost time in large lists)
/// \throws InputError when a cell is so small that an atom would see more than 10^6 images, or an atom is not a number
///         or more than 7 500 cells away from the cell; the list is then as before.
/// Order: the neighbours of an atom follow the bins around its own (lattice vector 0 slowest), in a bin ascending. It
/// depends on the structure and the cutoff, not on threads or the backend.
/// Cost: two passes over candidate pairs, O(atoms). While it is built it needs 60 bytes per atom and 8 per bin beyond
/// the list (at most two bins per atom, or eight per structure), and 24 kB per thread on a host.
template <class ExecutionSpace>
void buildNeighborList(ExecutionSpace const& space, StructureBatch<typename ExecutionSpace::memory_space> const& batch,
                       double cutoff, NeighborList<typename ExecutionSpace::memory_space>& list);

/// The same as a new list.
template <class ExecutionSpace>
[[nodiscard]] NeighborList<typename ExecutionSpace::memory_space> buildNeighborList(
    ExecutionSpace const& space, StructureBatch<typename ExecutionSpace::memory_space> const& batch, double cutoff) {
  NeighborList<typename ExecutionSpace::memory_space> list;
  buildNeighborList(space, batch, cutoff, list);
  return list;
}

}  // namespace sinter
