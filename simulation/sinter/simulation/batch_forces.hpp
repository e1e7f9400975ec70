/// \file
/// Energies, forces and virials of many small structures at once, each as if it were alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/evaluation.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_plan.hpp"

namespace sinter {

/// An evaluation (without site energies), and how near the two nearest atoms are.
struct CellForces {
  Evaluation evaluation;
  double nearest = 0;  ///< (A); huge when no two atoms are within the cutoff
};

/// A potential for structures that are evaluated again and again in changing company.
///
/// One thread owns a structure and adds up its energy, forces and virial in the order of its neighbour list. On the
/// host the result for a structure is therefore the same to the last bit whatever else is in the launch and however
/// many threads there are, unlike that of MtpEvaluator, which shares out the centres of all structures (and is faster
/// for a few large ones). On a device forces are added by atomics, and the last bits vary.
template <class ExecutionSpace>
class BatchForces {
 public:
  /// \throws InputError when `model` is not trained.
  explicit BatchForces(MtpModel const& model, ExecutionSpace space = {});

  /// \throws InputError (`where` in front) for a species that the potential does not know.
  void checkSpecies(Structure const& structure, std::string const& where) const;

  /// Evaluates structures (checked ones, see `checkStructure`, of known species); blocks until done. Numbers may be not
  /// finite; there is nothing for a structure whose neighbours cannot be searched, because its cell is too thin or its
  /// atoms are too far from it (see buildNeighborList). Cost: as MtpEvaluator; on the host packs of SIMD lanes end with
  /// a structure, so that some lanes rest.
  [[nodiscard]] std::vector<std::optional<CellForces>> evaluate(std::span<Structure const> structures) const;

 private:
  ExecutionSpace _space;
  SpeciesMap _species_map;
  MtpPlan<typename ExecutionSpace::memory_space> _plan;
};

}  // namespace sinter
