/// \file
/// Training sets for fits of radial coefficients, and potentials to start from.
#pragma once

#include <cstdint>
#include <vector>

#include "test_systems.hpp"

namespace sinter::test {

/// Random cells with the labels of `truth`, of two config types in turn.
inline std::vector<Structure> labelled(MtpModel const& truth, int count, int atoms, double noise = 0) {
  std::vector<int> const species(truth.species.begin(), truth.species.end());
  reference::Random random(7);
  std::vector<Structure> structures;
  for (int n = 0; n < count; ++n) {
    double const a = 6.5 + 0.1 * (n % 5);
    structures.push_back(reference::randomStructure(atoms, {{{a, 0.3, 0}, {0, a, 0.2}, {0.4, 0, a}}},
                                                    {true, true, true}, 1.65, species,
                                                    static_cast<std::uint64_t>(n) + 1));
    structures.back().config_type = n % 2 == 0 ? "even" : "odd";
    reference::label(structures.back(), truth, random, noise);
  }
  return structures;
}

/// `model` with radial coefficients changed at random.
inline MtpModel withOtherRadial(MtpModel model, double change, std::uint64_t seed = 3) {
  reference::Random random(seed);
  for (double& c : model.radial_coeffs) c *= 1 + change * random();
  return model;
}

}  // namespace sinter::test
