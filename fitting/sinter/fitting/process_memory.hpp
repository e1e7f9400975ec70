/// \file
/// How much memory this process has.
#pragma once

#include <cstddef>

namespace sinter {

/// Bytes of this process that are in memory now, libraries included; what the allocator holds without need is given
/// back first. 0 where the system does not say.
[[nodiscard]] std::size_t residentBytes();

}  // namespace sinter
