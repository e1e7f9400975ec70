/// \file
/// Grains: atoms of one kind that are connected by bonds. Slow reference: tests/validation/grains_test.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// A connected set of atoms of one class.
struct Grain {
  int crystal = 0;
  std::int64_t atoms = 0;
  int first_atom = 0;  ///< the lowest number of an atom in it

  /// In how many independent directions its bonds connect it with its own images: 0 (it ends within the periodic
  /// crystal) to 3.
  int dimensions = 0;
  /// Along which lattice vectors such connections go.
  std::array<bool, 3> along{};

  [[nodiscard]] bool percolates() const { return dimensions > 0; }
};

/// The grains of a structure.
struct Grains {
  std::vector<Grain> grains;  ///< the largest first, of equal ones that with the lowest first atom
  std::vector<int> of_atoms;  ///< (atoms) place in `grains`; `no_crystal` for atoms in none
};

/// What keeps grains of one class apart: the directions of their crystals.
struct GrainDirections {
  std::span<Voigt const> of_atoms;  ///< as `axisDirections`; zero where an atom has none
  double least = 0;                 ///< product of directions of length 1 above which sets of atoms belong together
  std::int64_t least_atoms = 10;    ///< the direction of smaller sets is taken for noise: they join any other
};

/// Connected components of the atoms of each class: two atoms of the same class are in one grain when a chain of bonds
/// between atoms of this class connects them, also across faces of the cell.
///
/// A grain percolates when such a chain leads from an atom to one of its own images. With S_i the lattice translation
/// by which atom i lies apart from the first atom of its tree, each bond from i to the image m of j within a grain has
/// the winding vector
///
///     w = S_i + m - S_j
///
/// which is zero for bonds that close no path around the cell; `dimensions` is the rank of all w. The extent of a grain
/// says nothing about that: one that touches both faces of the cell may end there.
/// Source: M. E. J. Newman, R. M. Ziff, Phys. Rev. E 64, 016706 (2001), who detect wrapping so.
///
/// \param bonds a list of one structure whose cutoff is the length of bonds
/// \param classes of atoms, 0, 1, ..., or `no_crystal`
/// \param least_atoms smaller grains are left out
/// \param directions where sets of atoms that bonds connect are joined only when their directions, the sums over their
///        atoms, agree. Bonds between atoms of the most similar directions come first (as in Kruskal's algorithm), so
///        that grains are whole before their boundaries are looked at, where directions turn from atom to atom.
/// \throws InputError unless there is a class, and a direction where there are such, for each atom.
/// Cost: two passes over the bonds in one thread of the host (union-find); 40 bytes per atom; with directions bonds are
/// sorted, 70 bytes per atom and 16 per bond more. The grains do not depend on the order of atoms, but for the order of
/// equal ones.
template <class ExecutionSpace>
[[nodiscard]] Grains findGrains(ExecutionSpace const& space,
                                NeighborList<typename ExecutionSpace::memory_space> const& bonds,
                                std::span<int const> classes, std::int64_t least_atoms = 1,
                                std::optional<GrainDirections> const& directions = {});

}  // namespace sinter
