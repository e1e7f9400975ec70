#include "sinter/core/species_map.hpp"

#include <algorithm>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"

namespace sinter {

SpeciesMap::SpeciesMap(std::vector<std::int32_t> species, int species_count)
    : _species(std::move(species)), _species_count(species_count) {
  if (!_species.empty() && _species.size() != static_cast<std::size_t>(species_count))
    throw InputError("found " + std::to_string(_species.size()) + " species names, expected " +
                     std::to_string(species_count) + " (one per species of the potential)");
}

std::vector<int> SpeciesMap::typesOf(Structure const& structure, std::string const& where) const {
  std::vector<int> types(structure.size());
  for (std::size_t i = 0; i < structure.size(); ++i) {
    auto const species = structure.species[i];
    int type = -1;
    if (species < 0) {
      type = -1 - species;
      if (type >= _species_count)
        throw InputError(where + ": found atom type " + std::to_string(type) + ", expected 0 to " +
                         std::to_string(_species_count - 1) + " (species of the potential)");
    } else if (!_species.empty()) {
      auto const found = std::find(_species.begin(), _species.end(), species);
      if (found == _species.end()) {
        std::string known;
        for (auto const z : _species) known += (known.empty() ? "" : ", ") + chemicalSymbol(z);
        throw InputError(where + ": found species " + chemicalSymbol(species) +
                         ", expected one of the potential: " + known);
      }
      type = static_cast<int>(found - _species.begin());
    } else if (_species_count == 1) {
      type = 0;
      if (species != structure.species[0])
        throw InputError(where + ": found several species, " + chemicalSymbol(structure.species[0]) + " and " +
                         chemicalSymbol(species) + ", expected one: the potential has a single species");
    } else {
      throw InputError(where + ": found species " + chemicalSymbol(species) + ", but the potential does not name its " +
                       std::to_string(_species_count) + " species; expected their names in order (--species A,B)");
    }
    types[i] = type;
  }
  return types;
}

}  // namespace sinter
