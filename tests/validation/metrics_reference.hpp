/// \file
/// Structural metrics by plain loops in double, and crystals to measure.
#pragma once

#include <array>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter::reference {

/// Number of neighbours closer than `cutoff` of each atom.
std::vector<int> bondCounts(Structure const& structure, double cutoff);

/// Angles between the bonds of each atom, (degrees); of atoms with `bonds` bonds only, if that is not negative.
std::vector<double> bondAngles(Structure const& structure, double cutoff, int bonds = -1);

/// g_ab(r) of atoms of elements a and b in `bins` bins up to r_max; zero stands for any element.
std::vector<double> pairDistribution(Structure const& structure, int a, int b, double r_max, int bins);

/// 2 pi (h a* + k b* + l c*) (1/A).
Vector3 waveVector(Matrix3 const& cell, std::array<int, 3> const& indices);

/// |sum_j exp(i k . r_j)|^2 / N.
double structureFactor(Structure const& structure, Vector3 const& k);

/// All indices with |k| < q_max, one of each pair k and -k.
std::vector<std::array<int, 3>> allWaveVectors(Matrix3 const& cell, double q_max);

/// n x n x n cubic cells of lattice constant `a` with atoms at `basis` (fractions of a cell).
Structure cubicCrystal(std::vector<Vector3> const& basis, double a, int n);
inline std::vector<Vector3> const simple_cubic = {{0, 0, 0}};
inline std::vector<Vector3> const body_centred = {{0, 0, 0}, {.5, .5, .5}};
inline std::vector<Vector3> const face_centred = {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};

/// The cell `n` times along each lattice vector.
Structure supercell(Structure const& structure, std::array<int, 3> const& n);

/// The atoms in the opposite order, all moved by `shift` (A).
Structure movedAndReversed(Structure const& structure, Vector3 const& shift);

}  // namespace sinter::reference
