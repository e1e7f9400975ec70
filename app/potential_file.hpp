/// \file
/// Potentials from files, and names for what files do not name.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sinter/mtp/mtp_model.hpp"

namespace sinter::app {

/// Whether `file` is a potential, by its extension.
[[nodiscard]] bool isPotential(std::string const& file);

/// Reads a potential.
/// \throws InputError when its kind is not supported (known by the extension) or the file is damaged.
[[nodiscard]] MtpModel readPotential(std::string const& file);

/// Reads a potential to evaluate. \throws InputError as `readPotential`, and when it is an untrained template.
[[nodiscard]] MtpModel readTrainedPotential(std::string const& file);

/// Atomic numbers of `--species Si,O`; none when it is empty.
/// \throws InputError for what is not a chemical symbol.
[[nodiscard]] std::vector<std::int32_t> atomicNumbersOf(std::string const& symbols);

/// Gives the types of a model that names none the elements `names`, if any. A model of one species takes any single
/// element and stays as it is, unless there is exactly one name.
/// \throws InputError when the numbers of names and types differ.
void nameSpecies(MtpModel& model, std::vector<std::int32_t> const& names, std::string const& where);

}  // namespace sinter::app
