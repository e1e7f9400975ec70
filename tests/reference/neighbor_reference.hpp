/// \file
/// Neighbours by brute force: every atom, every image, plain loops in double.
#pragma once

#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter::reference {

struct Pair {
  int i, j;
  Vector3 displacement;  // r_j + image - r_i
};

/// All directed pairs closer than `cutoff`, self-images included.
std::vector<Pair> allPairs(Structure const& structure, double cutoff);

}  // namespace sinter::reference
