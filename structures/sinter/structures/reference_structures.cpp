#include "sinter/structures/reference_structures.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/structures/features.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter {

namespace {

std::string nameOf(Structure const& structure, std::string const& place, std::vector<std::string> const& earlier) {
  std::string name = structure.config_type;
  if (auto const* const key = findFeature(structure, "name")) name = *key;
  if (name.empty()) throw InputError(place + ": found neither name nor config_type, expected one of them");
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.";
  if (name.find_first_not_of(allowed) != std::string::npos)
    throw InputError(place + ": found the name '" + name + "', expected letters, digits and _ - + . only");
  if (std::find(earlier.begin(), earlier.end(), name) != earlier.end())
    throw InputError(place + ": found the name '" + name +
                     "' of an earlier frame, expected another (key name, else config_type)");
  return name;
}

}  // namespace

ReferenceStructures readReferenceStructures(std::string const& file, std::vector<std::int32_t> const& species,
                                            bool names_repeat) {
  ReferenceStructures result;
  auto const reader = openStructureFile(file);
  while (auto structure = reader->next()) {
    std::string place = file + ": frame " + std::to_string(result.structures.size());
    if (!species.empty()) nameTypes(*structure, species, place);
    result.names.push_back(nameOf(*structure, place, names_repeat ? std::vector<std::string>() : result.names));
    result.structures.push_back(*std::move(structure));
    result.places.push_back(std::move(place));
  }
  if (result.structures.empty()) throw InputError(file, 0, "found no frames, expected at least one");
  return result;
}

}  // namespace sinter
