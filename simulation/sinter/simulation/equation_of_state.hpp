/// \file
/// Equation of state of a crystal: Birch and Murnaghan's of third order, fitted to energies over volumes.
#pragma once

#include <span>

#include "sinter/simulation/static_properties.hpp"

namespace sinter {

/// Birch's and Murnaghan's equation of state, a cubic polynomial of x = V^(-2/3):
///
///     E(V) = E_0 + 9 V_0 B_0 / 16 (t^3 B_0' + t^2 (6 - 4 (V_0/V)^(2/3))),    t = (V_0/V)^(2/3) - 1.
///
/// Extensive numbers belong to the same cell. Source: F. Birch, Phys. Rev. 71, 809 (1947).
struct EquationOfState {
  double energy = 0;                   ///< E_0 (eV), the lowest
  double volume = 0;                   ///< V_0 (A^3), where it is
  double bulk_modulus = 0;             ///< B_0 (eV/A^3) at V_0
  double bulk_modulus_derivative = 0;  ///< B_0' = dB/dP at V_0

  [[nodiscard]] double energyAt(double at_volume) const;    ///< E(V) (eV)
  [[nodiscard]] double pressureAt(double at_volume) const;  ///< -dE/dV (eV/A^3)
};

/// The equation of state nearest to energies (least squares, each point with the same weight).
/// \param points four different volumes at least, in any order; pressures play no part
/// \throws InputError for fewer, for numbers that are not finite, and when there is no minimum between the smallest and
/// the largest volume.
[[nodiscard]] EquationOfState fitEquationOfState(std::span<VolumePoint const> points);

}  // namespace sinter
