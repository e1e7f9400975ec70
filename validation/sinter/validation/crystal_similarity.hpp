/// \file
/// How like a frame and each of its atoms are to crystals: similarities of SOAP vectors.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_similarity.hpp"

namespace sinter {

/// Similarities of one frame, from 0 to 1.
struct FrameSimilarity {
  std::vector<double> frame;      ///< (crystals) of the inner average of the frame
  std::vector<double> atom_mean;  ///< (crystals) means of `atoms`
  std::vector<double> atoms;      ///< (atoms, crystals) of each atom, row-major
  std::vector<double> vector;     ///< SOAP vector of the inner average of the frame
};

/// Similarities (p . p'_r)^zeta to crystals r, where p'_r is the inner average of crystal r, and p that of a frame or
/// the vector of an atom: the numbers of `sinter soap --similarity` with and without --average inner.
template <class ExecutionSpace>
class CrystalSimilarity {
 public:
  /// \param settings whose species are replaced by those of the crystals, by atomic number
  /// \param crystals checked structures (`checkStructure`)
  /// \param names one per crystal, for messages
  /// \throws InputError without crystals, for types without names, and as `SoapEvaluator` and `SoapSimilarity`.
  CrystalSimilarity(SoapSettings settings, double zeta, std::span<Structure const> crystals,
                    std::span<std::string const> names, ExecutionSpace space = {});

  /// Other crystals in the place of those before. \throws InputError also when they have other species than those.
  void setCrystals(std::span<Structure const> crystals, std::span<std::string const> names);

  [[nodiscard]] int crystals() const { return _similarity.references(); }
  [[nodiscard]] SoapSettings const& settings() const { return _settings; }
  [[nodiscard]] double zeta() const { return _zeta; }

  /// \throws InputError (`name` in front) when a structure has species that no crystal has.
  void requireKnownSpecies(Structure const& structure, std::string const& name) const;

  /// \param structure a checked one \param name of it, for messages
  /// \throws InputError as `SoapEvaluator` with inner averages (no atoms, atoms on top of each other, ...).
  /// Cost: the coefficients of all atoms twice, their vectors once; memory as `SoapEvaluator` and 8 bytes per atom and
  /// crystal. Bitwise repeatable.
  [[nodiscard]] FrameSimilarity measure(Structure const& structure, std::string const& name) const;

 private:
  [[nodiscard]] SoapSimilarity<ExecutionSpace> similarityTo(std::span<Structure const> crystals,
                                                            std::span<std::string const> names) const;

  ExecutionSpace _space;
  SoapSettings _settings;
  double _zeta;
  SoapEvaluator<ExecutionSpace> _soap;
  SoapSimilarity<ExecutionSpace> _similarity;
};

}  // namespace sinter
