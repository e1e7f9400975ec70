/// \file
/// Results of evaluating a potential on one structure.
#pragma once

#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter {

/// What a potential says of one structure.
struct Evaluation {
  double energy = 0;                  ///< eV
  std::vector<Vector3> forces;        ///< eV/A
  Voigt virial{};                     ///< eV, xx yy zz yz xz xy; meaningless without a cell
  std::vector<double> site_energies;  ///< eV
};

}  // namespace sinter
