/// \file
/// Which crystals of a list are the same one: their energies, volumes and distances between atoms agree.
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Two crystals are the same when enthalpies per atom differ by less than the first (eV), volumes by less than that
/// part, and each of `neighborDistances` by less than the third (A). All are far above what tolerances of relaxations
/// leave; crystals of equal energy and volume can differ in distances only (dia and hexdia: by 0.6 A).
inline constexpr double same_phase_enthalpy = 1e-4, same_phase_volume = 2e-3, same_phase_distance = 0.02;

/// Neighbours in `neighborDistances`: the first that differ between dia and hexdia are the 17th, fcc and hcp the 19th.
inline constexpr std::size_t compared_neighbors = 24;

/// Distances (A) from an atom to its nearest `compared_neighbors` neighbours, ascending: of each the mean over atoms.
/// They do not depend on the cell that a crystal is written in. \param crystal with a volume, one atom at least
[[nodiscard]] std::vector<double> neighborDistances(Structure const& crystal);

/// What crystals are compared by.
struct CrystalState {
  double enthalpy = 0;                     ///< per atom (eV), at the same pressure for all
  double volume = 0;                       ///< per atom (A^3)
  std::vector<double> neighbor_distances;  ///< `neighborDistances`
};

/// Of equal crystals the lowest rank gives them its name: the one of highest symmetry before relaxation.
struct CrystalRank {
  std::size_t distances = 0;  ///< different ones among `neighborDistances`: few in crystals of high symmetry
  std::size_t atoms = 0;
  std::string name;

  auto operator<=>(CrystalRank const&) const = default;
};
[[nodiscard]] CrystalRank crystalRank(std::string const& name, Structure const& start);

/// For each crystal the index of the one it is, itself where it is no other one: of those connected by equality the one
/// of lowest rank. The order of the list does not matter. \param states nothing: equals no other one
/// \param ranks one per state, all different
[[nodiscard]] std::vector<std::size_t> crystalIdentities(std::span<std::optional<CrystalState> const> states,
                                                         std::span<CrystalRank const> ranks);

}  // namespace sinter
