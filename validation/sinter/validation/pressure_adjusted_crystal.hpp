/// \file
/// Crystals whose cell follows the pressure, so that a compressed sample is compared with compressed crystals.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/structures/reference_structures.hpp"

namespace sinter {

/// A crystal known at several pressures p_k; between them natural cubic splines (no curvature at both ends) of the nine
/// numbers of its cell and of the fractional coordinates of its atoms.
///
/// Source: C. de Boor, A Practical Guide to Splines (1978), chapter IV; of cells in J. D. Morrow, V. L. Deringer,
/// J. Chem. Phys. 157, 104105 (2022).
class PressureAdjustedCrystal {
 public:
  /// \param structures periodic, with the same atoms in the same order, cells in the same orientation; fractional
  /// coordinates may differ by whole numbers
  /// \param pressures (GPa) of them, in any order
  /// \throws InputError (`name` in front) unless there are two structures or more of these kinds, each with a pressure
  /// of its own, and when a cell differs from that at the pressure before by more than 30 %: it is another one, or
  /// turned.
  PressureAdjustedCrystal(std::string name, std::span<Structure const> structures, std::span<double const> pressures);

  [[nodiscard]] std::string const& name() const { return _name; }
  [[nodiscard]] double leastPressure() const { return _pressures.front(); }
  [[nodiscard]] double mostPressure() const { return _pressures.back(); }

  /// The crystal at a pressure (GPa), without labels.
  /// \throws InputError outside the pressures that it is known at: splines mean nothing there.
  [[nodiscard]] Structure at(double pressure) const;

 private:
  using Numbers = std::vector<double>;  // of a cell, of fractional coordinates

  std::string _name;
  Structure _form;                           // species and periodic directions
  std::vector<double> _pressures;            // ascending
  std::vector<Numbers> _values, _curvature;  // at the pressures: numbers, and their second derivatives
};

/// The crystals of a file: frames of one name are one crystal, at the pressures (GPa) of their key `pressure`; in the
/// order of the first frame of each.
/// \param frames as `readReferenceStructures` reads them with names that repeat
/// \throws InputError for a frame without a pressure, and as `PressureAdjustedCrystal`.
[[nodiscard]] std::vector<PressureAdjustedCrystal> pressureAdjustedCrystals(ReferenceStructures const& frames);

}  // namespace sinter
