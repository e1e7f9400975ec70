/// \file
/// Names that mean something in extended XYZ.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace sinter::detail {

inline constexpr std::array<std::string_view, 5> energy_names = {"energy", "dft_energy", "DFT_energy", "REF_energy",
                                                                 "Energy"};
inline constexpr std::array<std::string_view, 6> force_names = {"forces",     "force",      "dft_force",
                                                                "dft_forces", "DFT_forces", "REF_forces"};
inline constexpr std::array<std::string_view, 4> virial_names = {"virial", "dft_virial", "virials", "REF_virial"};
inline constexpr std::array<std::string_view, 3> stress_names = {"stress", "dft_stress", "REF_stress"};

/// Whether a key of the comment line is read or written for what it means; others are `Structure::features`.
[[nodiscard]] inline bool hasMeaning(std::string_view key) {
  constexpr std::array<std::string_view, 8> others = {"Properties",  "Lattice",    "lattice",    "pbc",
                                                      "config_type", "ref_energy", "ref_virial", "ref_forces"};
  auto const among = [key](auto const& names) { return std::find(names.begin(), names.end(), key) != names.end(); };
  return among(others) || among(energy_names) || among(virial_names) || among(stress_names);
}

}  // namespace sinter::detail
