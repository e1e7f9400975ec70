/// \file
/// Structures, crystals say, that others are compared with, each with its name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter {

/// The frames of a file, one after another.
struct ReferenceStructures {
  std::vector<Structure> structures;
  std::vector<std::string> names;   ///< their key `name`, else their config_type
  std::vector<std::string> places;  ///< "file: frame 0", for messages
};

/// Reads references.
/// \param species atomic numbers of types 0, 1, ... where the file does not name them (`nameTypes`); may be empty
/// \param names_repeat whether frames may have the name of an earlier one (a crystal at several pressures)
/// \throws InputError when the file cannot be read or has no frame, and for a name that is missing, was there before,
/// or has something else than letters, digits and _ - + . in it.
[[nodiscard]] ReferenceStructures readReferenceStructures(std::string const& file,
                                                          std::vector<std::int32_t> const& species = {},
                                                          bool names_repeat = false);

}  // namespace sinter
