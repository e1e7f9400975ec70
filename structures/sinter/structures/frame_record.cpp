#include "sinter/structures/frame_record.hpp"

#include <algorithm>

#include "sinter/structures/text_source.hpp"

namespace sinter {

FrameRecord makeFrameRecord(Structure const& structure, std::string const& file, std::int64_t index) {
  auto const feature = [&](std::string const& name) -> std::string const* {
    auto const found = std::find_if(structure.features.begin(), structure.features.end(),
                                    [&](auto const& entry) { return entry.first == name; });
    return found == structure.features.end() ? nullptr : &found->second;
  };
  FrameRecord record{.source = file, .trajectory = file, .step = index, .weight = {}, .labels = {}};
  if (auto const* const name = feature("trajectory")) record.trajectory = *name;
  for (auto const* const name : {"step", "timestep"})
    if (auto const* const text = feature(name))
      if (auto const step = parseInteger(*text)) record.step = *step;
  if (auto const* const text = feature("weight")) record.weight = parseNumber(*text);
  return record;
}

}  // namespace sinter
