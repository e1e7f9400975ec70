/// \file
/// Pressure of cells, and its unit in reports; inside everything is in Angstrom and eV.
#pragma once

#include "sinter/core/structure.hpp"

namespace sinter {

inline constexpr double gpa_per_ev_per_cubic_angstrom = 160.2176634;  ///< exact, SI 2019

/// Pressure (eV/A^3) of a cell: tr W / (3 V), positive when it wants to expand, eq. (1.4) of kernels/README.md.
/// \param virial (eV) \param cell_volume (A^3)
[[nodiscard]] inline double pressureOf(Voigt const& virial, double cell_volume) {
  return (virial[0] + virial[1] + virial[2]) / (3 * cell_volume);
}

}  // namespace sinter
