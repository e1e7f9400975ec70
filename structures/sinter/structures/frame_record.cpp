#include "sinter/structures/frame_record.hpp"

#include "sinter/structures/features.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

FrameRecord makeFrameRecord(Structure const& structure, std::string const& file, std::int64_t index) {
  FrameRecord record{.source = file, .trajectory = file, .step = index, .weight = {}, .labels = {}};
  if (auto const* const name = findFeature(structure, "trajectory")) record.trajectory = *name;
  for (auto const* const name : {"step", "timestep"})
    if (auto const* const text = findFeature(structure, name))
      if (auto const step = parseInteger(*text)) record.step = *step;
  if (auto const* const text = findFeature(structure, "weight")) record.weight = parseNumber(*text);
  return record;
}

}  // namespace sinter
