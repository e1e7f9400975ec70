/// \file
/// Which crystal is stable at which pressure (at rest, 0 K): enthalpies under pressure and where they cross.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/simulation/batch_relaxation.hpp"

namespace sinter {

/// A crystal to be relaxed, with its name in results and messages.
struct NamedCrystal {
  std::string name;
  Structure structure;
};

/// A crystal relaxed at a pressure.
struct PhasePoint {
  double pressure = 0;                 ///< (eV/A^3)
  double enthalpy = 0;                 ///< H = E + P V per atom (eV)
  double volume = 0;                   ///< dH/dP per atom (A^3)
  Structure structure;                 ///< relaxed, with energy, forces and virial
  std::optional<std::string> same_as;  ///< the crystal of the list that it relaxed into (`crystalIdentities`)
  std::optional<std::string> failure;  ///< why it did not relax: the point has no enthalpy, volume and structure
};

/// A crystal over pressures.
struct PhaseCurve {
  std::string name;
  std::vector<PhasePoint> points;  ///< one per pressure, ascending
};

/// Relaxes each crystal, cell and atoms, at each pressure, all in one batch.
/// \param crystals in any order: only the order of the curves depends on it
/// \param pressures (eV/A^3), ascending, one at least
/// \param settings pressure and cell play no part
/// \throws InputError for pressures that are not ascending, two crystals of one name, one without volume, and
/// where no relaxation converged (with the first crystal and pressure).
template <class ExecutionSpace>
[[nodiscard]] std::vector<PhaseCurve> enthalpyCurves(MtpModel const& model, std::span<NamedCrystal const> crystals,
                                                     std::span<double const> pressures,
                                                     RelaxationSettings settings = {}, ExecutionSpace space = {});

/// The lowest pressure (eV/A^3) at which `to` becomes lower in enthalpy than `from`, or nothing when it does not within
/// the pressures; `stablePhases` of the two.
[[nodiscard]] std::optional<double> transitionPressure(PhaseCurve const& from, PhaseCurve const& to);

/// A change of the stable phase under rising pressure.
struct PhaseTransition {
  std::string from, to;
  double pressure = 0;         ///< (eV/A^3)
  bool is_continuous = false;  ///< one became the other at the next or last pressure: known to their spacing
};

/// The stable phases in the order of pressures.
struct PhaseSequence {
  std::string first;  ///< at the lowest pressure
  std::vector<PhaseTransition> transitions;
};

/// The phases of lowest enthalpy and where they change: where cubic Hermite polynomials of H between pressures, with
/// slopes dH/dP = V, cross. A crystal that relaxed into another one of the curves is that one there; one that did not
/// relax is left out between the pressures beside. The order of the curves does not matter.
/// \throws InputError unless all curves have the same pressures, one at least.
[[nodiscard]] PhaseSequence stablePhases(std::span<PhaseCurve const> curves);

}  // namespace sinter
