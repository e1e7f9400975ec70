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
  std::optional<std::string> same_as;  ///< the first crystal earlier in the list that it equals: it relaxed into that
};

/// A crystal over pressures.
struct PhaseCurve {
  std::string name;
  std::vector<PhasePoint> points;  ///< one per pressure, ascending
};

/// Two crystals are the same when enthalpies per atom differ by less than this (eV), and volumes by less than that
/// part.
inline constexpr double same_phase_enthalpy = 1e-4, same_phase_volume = 2e-3;

/// Relaxes each crystal, cell and atoms, at each pressure, all in one batch.
/// \param crystals those with more freedom after those that are special cases of them (Imma after bSn and sh)
/// \param pressures (eV/A^3), ascending, one at least
/// \param settings pressure and cell play no part
/// \throws InputError for pressures that are not ascending, two crystals of one name, one without volume, and a
/// relaxation that did not converge (with its crystal and pressure).
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
/// slopes dH/dP = V, cross. A crystal that relaxed into another one of the curves is that one there.
/// \throws InputError unless all curves have the same pressures, one at least.
[[nodiscard]] PhaseSequence stablePhases(std::span<PhaseCurve const> curves);

}  // namespace sinter
