/// \file
/// Chemical symbols and atomic numbers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sinter {

/// Atomic number of a chemical symbol ("Si" -> 14), or 0 when there is none such.
[[nodiscard]] std::int32_t atomicNumber(std::string_view symbol);

/// Chemical symbol of an atomic number (14 -> "Si"); for an unnamed type (see Structure::species) "X0", "X1", ...
[[nodiscard]] std::string chemicalSymbol(std::int32_t species);

/// Standard atomic weight (g/mol) of an atomic number from 1 to 118; the mass number of the isotope that lives longest
/// where there is none. Source: IUPAC, abridged standard atomic weights.
[[nodiscard]] double atomicMass(std::int32_t atomic_number);

}  // namespace sinter
