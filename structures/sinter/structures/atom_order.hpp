/// \file
/// Atoms in the order of the ids that a file gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter::detail {

/// Sorts the atoms of `structure` by `ids`, one per atom; no ids, no change. Says which id stands there twice, if any.
/// Cost: O(n log n), nothing but a look where they are in order.
[[nodiscard]] std::optional<std::int64_t> sortAtoms(Structure& structure, std::vector<std::int64_t> const& ids);

}  // namespace sinter::detail
