/// \file
/// Which crystal each atom is like.
#pragma once

#include <span>
#include <vector>

namespace sinter {

/// The class of an atom that is like none of the crystals.
inline constexpr int no_crystal = -1;

/// The class of each atom: of the `candidates` the crystal with the greatest similarity, the first of equal ones, where
/// that similarity is above `threshold`, else `no_crystal`.
///
/// \param similarities (atoms, crystals) row-major, as `FrameSimilarity::atoms`
/// \param candidates crystals that compete; ones that are nearly alike (beta-tin and simple hexagonal silicon) share
/// their atoms by chance when both are there
/// \throws InputError unless 0 < threshold < 1, there are candidates, and each of them is a crystal.
[[nodiscard]] std::vector<int> classifyAtoms(std::span<double const> similarities, int crystals,
                                             std::span<int const> candidates, double threshold);

/// Share of atoms of each class 0, 1, ..., `crystals` - 1 (0 to 1); not numbers without atoms.
[[nodiscard]] std::vector<double> classFractions(std::span<int const> classes, int crystals);

}  // namespace sinter
