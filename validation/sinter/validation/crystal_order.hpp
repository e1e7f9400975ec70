/// \file
/// How crystalline a frame is: its likeness to crystals, which atoms are like which, and the grains that they form.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinter/structures/reference_structures.hpp"
#include "sinter/validation/crystal_axis.hpp"
#include "sinter/validation/crystal_classes.hpp"
#include "sinter/validation/crystal_similarity.hpp"
#include "sinter/validation/grains.hpp"
#include "sinter/validation/pressure_adjusted_crystal.hpp"

namespace sinter {

/// What is measured. Defaults are for silicon.
struct CrystalOrderSettings {
  SoapSettings soap = soapPreset("paper-2022", 0);  ///< its species are those of the crystals
  double zeta = 4;                                  ///< of similarities (p . p')^zeta
  /// Atoms with a greater similarity are like a crystal. 0.9 keeps atoms of crystals at some 500 K and few of amorphous
  /// or liquid silicon (docs/validation.md; tests/validation/crystal_classes_test.cpp).
  double threshold = 0.9;
  std::vector<std::string> classes;  ///< names of the crystals that atoms may be like; none: all
  double bond_cutoff = 2.85;         ///< bonds connect the atoms of a grain (A)
  std::int64_t least_grain = 10;     ///< atoms of the smallest grain that counts
  /// Bonds connect grains of crystals with an axis (`bondAxisOf`) when the axes of both include a smaller angle
  /// (degrees; 90: always). 15 is the usual limit between boundaries of low and high angle.
  double misorientation = 15;
};

/// Order of one frame. What has no meaning for it is empty, with the reason in `failures` by the name of the metric:
/// similarity, grains.
struct FrameOrder {
  FrameSimilarity similarity;
  std::vector<int> classes;       ///< (atoms) place of the crystal that the atom is like, or `no_crystal`
  std::vector<double> fractions;  ///< (crystals) share of atoms that are like it (0 to 1)
  Grains grains;
  std::vector<std::optional<CrystalAxis>> axes;  ///< (grains) of crystals that have an axis
  std::map<std::string, std::string> failures;
};

/// Measures frames one after another.
template <class ExecutionSpace>
class CrystalOrder {
 public:
  /// \throws InputError as `CrystalSimilarity` and `classifyAtoms`, for a class that is no crystal, and settings out of
  /// their range.
  CrystalOrder(CrystalOrderSettings const& settings, ReferenceStructures const& crystals, ExecutionSpace space = {});

  /// With crystals at the pressure of each frame. \throws InputError likewise.
  CrystalOrder(CrystalOrderSettings const& settings, std::vector<PressureAdjustedCrystal> crystals,
               ExecutionSpace space = {});

  /// \param structure a checked one (`checkStructure`) \param name of it, for messages
  /// \param pressure (GPa) of it, for crystals that follow it
  /// \throws InputError when it has species that no crystal has, and without a pressure that is needed. (One at which
  /// the crystals are not known is among `failures`.)
  /// Memory beyond the structure: as `CrystalSimilarity`, 300 bytes per atom, and 10 per pair of atoms closer than
  /// 1.3 bond_cutoff.
  [[nodiscard]] FrameOrder measure(Structure const& structure, std::string const& name,
                                   std::optional<double> pressure = {});

  /// Places of the crystals that atoms may be like.
  [[nodiscard]] std::vector<int> const& candidates() const { return _candidates; }

 private:
  void setPressure(double pressure);
  void findBondAxes(std::span<Structure const> crystals);
  void findGrains(Structure const& structure, FrameOrder& order);

  CrystalOrderSettings _settings;
  ExecutionSpace _space;
  std::vector<PressureAdjustedCrystal> _adjusted;
  CrystalSimilarity<ExecutionSpace> _similarity;
  std::vector<int> _candidates;
  std::vector<std::optional<BondAxis>> _bond_axes;                      // of the crystals
  NeighborList<typename ExecutionSpace::memory_space> _bonds, _nearby;  // their memory is used again
};

}  // namespace sinter
