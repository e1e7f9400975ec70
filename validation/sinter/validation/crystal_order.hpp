/// \file
/// How crystalline a frame is: its likeness to crystals and which atoms are like which.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sinter/structures/reference_structures.hpp"
#include "sinter/validation/crystal_classes.hpp"
#include "sinter/validation/crystal_similarity.hpp"

namespace sinter {

/// What is measured. Defaults are for silicon.
struct CrystalOrderSettings {
  SoapSettings soap = soapPreset("paper-2022", 0);  ///< its species are those of the crystals
  double zeta = 4;                                  ///< of similarities (p . p')^zeta
  /// Atoms with a greater similarity are like a crystal. 0.9 keeps atoms of crystals at some 500 K and few of amorphous
  /// or liquid silicon (docs/validation.md; tests/validation/crystal_classes_test.cpp).
  double threshold = 0.9;
  std::vector<std::string> classes;  ///< names of the crystals that atoms may be like; none: all
};

/// Order of one frame. What has no meaning for it is empty, with the reason in `failures` by the name of the metric:
/// similarity.
struct FrameOrder {
  FrameSimilarity similarity;
  std::vector<int> classes;       ///< (atoms) place of the crystal that the atom is like, or `no_crystal`
  std::vector<double> fractions;  ///< (crystals) share of atoms that are like it (0 to 1)
  std::map<std::string, std::string> failures;
};

/// Measures frames one after another.
template <class ExecutionSpace>
class CrystalOrder {
 public:
  /// \throws InputError as `CrystalSimilarity` and `classifyAtoms`, and for a class that is no crystal.
  CrystalOrder(CrystalOrderSettings const& settings, ReferenceStructures const& crystals, ExecutionSpace space = {});

  /// \param structure a checked one (`checkStructure`) \param name of it, for messages
  /// \throws InputError when it has species that no crystal has.
  /// Memory beyond the structure: as `CrystalSimilarity`.
  [[nodiscard]] FrameOrder measure(Structure const& structure, std::string const& name);

  /// Places of the crystals that atoms may be like.
  [[nodiscard]] std::vector<int> const& candidates() const { return _candidates; }

 private:
  CrystalOrderSettings _settings;
  CrystalSimilarity<ExecutionSpace> _similarity;
  std::vector<int> _candidates;
};

}  // namespace sinter
