/// \file
/// Phonons of a crystal from forces in a supercell (frozen phonons).
#pragma once

#include <array>
#include <span>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// How force constants are computed.
struct PhononSettings {
  std::array<int, 3> repeats = {4, 4, 4};  ///< of the crystal's cell along its vectors
  double displacement = 0.01;              ///< of an atom to both sides (A)
};

/// Frequencies of the 3 N modes of a wave vector.
struct PhononModes {
  Vector3 q{};                      ///< in reciprocal lattice vectors of the crystal's cell
  std::vector<double> frequencies;  ///< (THz), ascending; unstable modes, omega^2 < 0, as negative numbers
};

/// High-symmetry points of the fcc lattice in the reciprocal vectors of its primitive cell as crystalPrototype gives
/// it.
inline constexpr Vector3 fcc_gamma = {0, 0, 0}, fcc_x = {0.5, 0.5, 0}, fcc_l = {0.5, 0.5, 0.5};

/// Frequencies of the lattice vibrations of a crystal.
///
///     D_ia,jb(q) = (m_i m_j)^(-1/2) sum_R Phi_0ia,Rjb exp(2 pi i q . R),    omega^2 = its eigenvalues.
///
/// Force constants Phi are central differences of the forces when an atom of the first cell moves, all supercells in
/// one batch; a neighbour at equal distance in several images of the supercell counts in equal parts. Exact for wave
/// vectors that are periodic in the supercell (q n integer), or when the supercell is wider than twice the reach of
/// forces, two cutoffs. Symmetry is not used. Masses: `atomicMass`.
/// \param crystal a relaxed one with named species: 6 N supercells for its N atoms
/// \param q wave vectors in reciprocal lattice vectors of its cell
/// \throws InputError when `crystal` has no volume or an atom no name, for repeats that are not positive, a
/// displacement
///         not in (0, 0.5), and when a force is not finite.
/// Error: fourth-order force constants times displacement^2.
template <class ExecutionSpace>
[[nodiscard]] std::vector<PhononModes> phononModes(MtpModel const& model, Structure const& crystal,
                                                   std::span<Vector3 const> q, PhononSettings const& settings = {},
                                                   ExecutionSpace space = {});

}  // namespace sinter
