/// \file
/// What the tests of metrics share: neighbour lists of single structures.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter::test {

template <class ExecutionSpace>
auto batchOf(Structure const& structure) {
  std::vector<std::int32_t> species = structure.species;
  std::sort(species.begin(), species.end());
  species.erase(std::unique(species.begin(), species.end()), species.end());
  SpeciesMap const map(species, static_cast<int>(species.size()));
  return makeStructureBatch<typename ExecutionSpace::memory_space>({&structure, 1}, map);
}

template <class ExecutionSpace>
auto listOf(Structure const& structure, double cutoff) {
  return buildNeighborList(ExecutionSpace(), batchOf<ExecutionSpace>(structure), cutoff);
}

/// `call()` throws an InputError with `fragment` in its message.
template <class Call>
void expectInputError(Call const& call, std::string const& fragment) {
  std::string const message = messageOf<InputError>(call);
  EXPECT_NE(message.find(fragment), std::string::npos) << message;
}

}  // namespace sinter::test
