#include "sinter/structures/type_numbers.hpp"

#include <algorithm>
#include <utility>

namespace sinter::detail {

TypeNumbers::TypeNumbers(std::vector<std::int32_t> order) : _elements(std::move(order)), _open(_elements.empty()) {}

std::optional<std::int32_t> TypeNumbers::firstWithout(Structure const& structure) {
  bool const unnamed =
      std::any_of(structure.species.begin(), structure.species.end(), [](std::int32_t s) { return s < 0; });
  for (std::int32_t const species : structure.species) {
    if (species < 0) continue;
    if (unnamed) return species;
    if (std::find(_elements.begin(), _elements.end(), species) != _elements.end()) continue;
    if (!_open) return species;
    _elements.push_back(species);
  }
  return std::nullopt;
}

std::int32_t TypeNumbers::operator[](std::int32_t species) const {
  if (species < 0) return -1 - species;
  return static_cast<std::int32_t>(std::find(_elements.begin(), _elements.end(), species) - _elements.begin());
}

}  // namespace sinter::detail
