/// \file
/// From the species of a structure to the types 0, 1, ... of a model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Types of a model by species. A model that names its species knows atomic numbers; one that does not takes the
/// unnamed types of a file as they are and, when it has one species only, any single element.
class SpeciesMap {
 public:
  /// \param species atomic numbers of types 0, 1, ...; empty when the model names none
  /// \param species_count number of types
  SpeciesMap(std::vector<std::int32_t> species, int species_count);

  /// Types of all atoms of `structure`.
  /// \throws InputError (`where` in front) for a species the model does not know.
  [[nodiscard]] std::vector<int> typesOf(Structure const& structure, std::string const& where) const;

 private:
  std::vector<std::int32_t> _species;
  int _species_count;
};

}  // namespace sinter
