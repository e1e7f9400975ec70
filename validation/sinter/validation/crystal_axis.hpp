/// \file
/// Directions of crystals with one axis, from bonds. Slow reference: tests/validation/crystal_axis_test.cpp.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// Sum of b b^T over the unit vectors b from each atom to its `counts[i]` nearest neighbours, xx yy zz yz xz xy; zero
/// where there are fewer in the list, or none is asked for.
///
/// \param list of one structure, longer than bonds of a disordered crystal
/// \param counts (atoms) 0 to `most_bonds`
/// \throws InputError unless there is such a count for each atom.
/// Cost: one pass over the list, no atomics: bitwise repeatable.
template <class ExecutionSpace>
[[nodiscard]] std::vector<Voigt> bondTensors(ExecutionSpace const& space,
                                             NeighborList<typename ExecutionSpace::memory_space> const& list,
                                             std::span<int const> counts);

inline constexpr int most_bonds = 16;

/// How the axis of a crystal shows in the bonds of its atoms.
struct BondAxis {
  int bonds = 0;        ///< of each atom: the nearest neighbours that count
  double contrast = 0;  ///< eigenvalue of their tensor along the axis minus the mean of the other two, an atom
};

/// The axis of a crystal whose tensor of bonds, the mean over its atoms, has two equal eigenvalues and one that differs
/// by more than 5 % of the trace. That of simple hexagonal silicon has the eigenvalues 2, 3, 3: two of its eight bonds
/// are those of the chains along c, the others lie across. Its two shortest bonds show c as well, but thermal motion
/// blurs which they are (2.48 and 2.66 A); the eight nearest neighbours stay the same (the next are 3.6 A away).
///
/// \returns nothing for crystals without such an axis (cubic ones, close packing), whose atoms differ in direction,
/// where atoms have different numbers of bonds, or more than `most_bonds` of them \param bond_cutoff (A) of the bonds
/// that are counted
template <class ExecutionSpace>
[[nodiscard]] std::optional<BondAxis> bondAxisOf(ExecutionSpace const& space, Structure const& crystal,
                                                 double bond_cutoff);

/// The direction of the axis at each atom for comparison with others: the traceless part of the mean of the tensors of
/// the atom and its bonded neighbours of the same class, of length 1 (zero where there is none), as xx yy zz and
/// sqrt(2) times yz xz xy. For atoms of crystals whose axes include the angle theta
///
///     d_i . d_j = (3 cos^2 theta - 1) / 2
///
/// \param bonds a list of one structure whose cutoff is the length of bonds
/// \param tensors, classes of its atoms
/// Cost: one pass over the list, no atomics: bitwise repeatable.
template <class ExecutionSpace>
[[nodiscard]] std::vector<Voigt> axisDirections(ExecutionSpace const& space,
                                                NeighborList<typename ExecutionSpace::memory_space> const& bonds,
                                                std::span<Voigt const> tensors, std::span<int const> classes);

/// A direction without a sign.
struct CrystalAxis {
  Vector3 direction{};   ///< of length 1; its component of the largest magnitude is positive
  double alignment = 0;  ///< 1 in the crystal itself, less where several directions are mixed; in small grains, where
                         ///< surfaces count, also more
};

/// The axis of atoms whose tensors have the mean `tensor`.
[[nodiscard]] CrystalAxis crystalAxis(Voigt const& tensor, BondAxis const& bonds);

}  // namespace sinter
