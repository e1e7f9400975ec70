/// \file
/// Many structures packed for one launch.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <span>
#include <string>

#include "sinter/core/species_map.hpp"
#include "sinter/core/structure.hpp"

namespace sinter {

/// Cell of one structure as the device sees it.
struct DeviceCell {
  double vectors[3][3];  ///< rows; completed by orthogonal unit vectors where a vector is missing
  double inverse[3][3];  ///< Cartesian to fractional: s = r . inverse
  double height[3];      ///< distance between opposite faces (A)
  bool periodic[3];
};

/// Structures one after another; a box of a million atoms is a batch of one. Views are shallow: copies share data.
template <class MemorySpace>
struct StructureBatch {
  using memory_space = MemorySpace;

  Kokkos::View<double* [3], Kokkos::LayoutRight, MemorySpace> positions;  ///< (atoms, 3) A
  Kokkos::View<int*, MemorySpace> types;                                  ///< (atoms) types of the model
  Kokkos::View<int*, MemorySpace> structure;                              ///< (atoms) structure of each atom
  Kokkos::View<std::int64_t*, MemorySpace> offsets;                       ///< (structures + 1) first atom of each
  Kokkos::View<DeviceCell*, MemorySpace> cells;                           ///< (structures)

  [[nodiscard]] KOKKOS_FUNCTION int atoms() const { return static_cast<int>(types.extent(0)); }
  [[nodiscard]] KOKKOS_FUNCTION int structures() const { return static_cast<int>(cells.extent(0)); }
};

/// Packs `structures` (checked ones, see `checkStructure`) and copies them to `MemorySpace`.
/// \param names one name per structure for messages; may be empty
/// \throws InputError for unknown species, or more than 2^31 - 1 atoms.
template <class MemorySpace>
[[nodiscard]] StructureBatch<MemorySpace> makeStructureBatch(std::span<Structure const> structures,
                                                             SpeciesMap const& species_map,
                                                             std::span<std::string const> names = {});

}  // namespace sinter
