#include "sinter/core/memory_size.hpp"

#include <array>
#include <cstdlib>
#include <utility>

namespace sinter {

std::optional<std::size_t> parseMemorySize(std::string const& text) {
  constexpr std::array<std::pair<char const*, double>, 7> units = {
      {{"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1}}};
  char* end = nullptr;
  double const number = std::strtod(text.c_str(), &end);
  while (end != nullptr && *end == ' ') ++end;
  for (auto const& [unit, size] : units)
    if (end != text.c_str() && std::string(end) == unit && number > 0 && number * size < 0x1p60)
      return static_cast<std::size_t>(number * size);
  return std::nullopt;
}

std::string inMiB(std::size_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

}  // namespace sinter
