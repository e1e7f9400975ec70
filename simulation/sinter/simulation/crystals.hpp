/// \file
/// Crystals of one element by name: cells of the structures that silicon takes under pressure, and of simple ones.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Which cell of a crystal.
enum class CrystalCell { primitive, conventional };

/// Names that `crystalPrototype` knows: dia, hexdia (lonsdaleite), bSn, Imma, sh, Cmca, hcp, fcc, bcc, sc.
[[nodiscard]] std::span<std::string_view const> crystalPrototypeNames();

/// A crystal of one element: a start for relaxations, exact only where symmetry fixes all of it.
///
/// | name | space group | sites (Wyckoff) | atoms: primitive, conventional |
/// |---|---|---|---|
/// | dia | Fd-3m | 8a | 2, 8 |
/// | hexdia | P6_3/mmc | 4f, z = 1/16 | 4, 4 |
/// | bSn | I4_1/amd | 4a | 2, 4 |
/// | Imma | Imma | 4e, z = 0.19 (1/8: bSn, 1/4: sh) | 2, 4 |
/// | sh | P6/mmm | 1a | 1, 1 |
/// | Cmca | Cmce | 8d, x = 0.218; 8f, y = 0.172, z = 0.328 | 8, 16 |
/// | hcp | P6_3/mmc | 2c | 2, 2 |
/// | fcc, bcc, sc | Fm-3m, Im-3m, Pm-3m | 4a, 2a, 1a | 1, 4; 1, 2; 1, 1 |
///
/// Vectors of the conventional cell lie along x, y, z (hexagonal: a along x, c along z).
/// \param volume_per_atom (A^3), > 0; ratios of axes are those of silicon with GAP-18
/// \throws InputError for an unknown name or a volume that is not positive.
/// Source: sites: International Tables for Crystallography A. Ratios of axes: silicon at 0 GPa with GAP-18 in public
/// files of the author of J. D. Morrow and V. L. Deringer, J. Chem. Phys. 157, 104105 (2022); hexdia: in those of
/// libAtoms' testing-framework. Free coordinates: near those of Si XI (M. I. McMahon et al., Phys. Rev. B 50, 739
/// (1994)) and Si VI (M. Hanfland et al., Phys. Rev. Lett. 82, 1197 (1999)).
[[nodiscard]] Structure crystalPrototype(std::string_view name, std::int32_t atomic_number, double volume_per_atom,
                                         CrystalCell cell = CrystalCell::primitive);

/// Volume per atom (A^3) of silicon in a structure of `crystalPrototypeNames` at 0 GPa with GAP-18; for other elements
/// its ratio to that of dia is a start. \throws InputError for an unknown name.
[[nodiscard]] double siliconVolumePerAtom(std::string_view name);

/// Cell and atoms of a crystal, without labels, repeated along its lattice vectors: atom i of the image at (x, y, z)
/// has the number ((x n_1 + y) n_2 + z) size + i. \throws InputError unless all three numbers are positive.
[[nodiscard]] Structure repeated(Structure const& crystal, std::array<int, 3> const& times);

}  // namespace sinter
