/// \file
/// What a file says of a whole frame, by name.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "sinter/core/structure.hpp"

namespace sinter {

/// The value of a feature, or nothing where the frame has none of this name.
[[nodiscard]] inline std::string const* findFeature(Structure const& structure, std::string_view name) {
  auto const found = std::find_if(structure.features.begin(), structure.features.end(),
                                  [&](auto const& feature) { return feature.first == name; });
  return found == structure.features.end() ? nullptr : &found->second;
}

}  // namespace sinter
