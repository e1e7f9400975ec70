/// \file
/// Predicted standard deviations beside the errors of labelled structures.
#pragma once

#include <cstddef>

#include "sinter/core/evaluation.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/fitting/uncertainty.hpp"

namespace sinter::app {

/// Gives each energy per atom and each force component with a label to a collector: `add(deviation, error)`.
template <class Collector>
struct UncertaintyCheck {
  Collector energy;  ///< eV/atom
  Collector force;   ///< eV/A

  void add(Structure const& labelled, Evaluation const& predicted, PredictionSpread const& spread) {
    auto const atoms = static_cast<double>(labelled.size());
    if (labelled.energy) energy.add(spread.energy / atoms, (predicted.energy - *labelled.energy) / atoms);
    for (std::size_t i = 0; i < labelled.forces.size(); ++i)
      for (std::size_t x = 0; x < 3; ++x)
        force.add(spread.forces[i][x], predicted.forces[i][x] - labelled.forces[i][x]);
  }
};

}  // namespace sinter::app
