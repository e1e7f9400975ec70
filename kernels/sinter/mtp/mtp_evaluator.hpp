/// \file
/// Energies, forces and virials of host structures in one call: neighbour list, kernel, sums.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sinter/core/evaluation.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_plan.hpp"

namespace sinter {

/// Precision of the neighbour loop and of moments; sums over atoms are always double.
enum class Precision { full, mixed };

/// A potential on one execution space, ready to evaluate batches.
template <class ExecutionSpace>
class MtpEvaluator {
 public:
  /// \throws InputError when `model` is not trained.
  explicit MtpEvaluator(MtpModel const& model, Precision precision = Precision::full, ExecutionSpace space = {});

  /// Evaluates structures (checked ones) in one launch; blocks until done. Energies and virials are summed in a fixed
  /// order. \param names one name per structure for messages; may be empty \throws InputError for unknown species, and
  /// when an energy or force is not finite (atoms on top of each other).
  [[nodiscard]] std::vector<Evaluation> evaluate(std::span<Structure const> structures,
                                                 std::span<std::string const> names = {}) const;

 private:
  ExecutionSpace _space;
  Precision _precision;
  SpeciesMap _species_map;
  MtpPlan<typename ExecutionSpace::memory_space> _plan;
};

}  // namespace sinter
