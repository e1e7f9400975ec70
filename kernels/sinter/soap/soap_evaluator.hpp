/// \file
/// SOAP vectors of host structures, and energies and forces of functions of them, in one call: neighbour list, kernels,
/// averages. Beyond results and neighbour list vectors of some atoms are kept only; for forces also 36 bytes per atom
/// and thread of the host, and for inner averages coefficients and vectors of all structures of a call.
#pragma once

#include <Kokkos_Core.hpp>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/evaluation.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/soap/soap_plan.hpp"

namespace sinter {

/// What a SOAP vector describes.
enum class SoapAverage {
  none,   ///< an atom
  inner,  ///< a structure: the vector of the mean of its atoms' coefficients
  outer   ///< a structure: the mean of its atoms' vectors
};

/// SOAP on one execution space, ready for batches of structures.
template <class ExecutionSpace>
class SoapEvaluator {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Vectors = Kokkos::View<double const**, Kokkos::LayoutRight, memory_space>;
  using Derivatives = Kokkos::View<double**, Kokkos::LayoutRight, memory_space>;
  using Energies = Kokkos::View<double*, memory_space>;

  /// A function of vectors: fills the energies (rows, eV) and their derivatives (rows, dimension) of vectors
  /// (rows, dimension). It is called with some rows at a time, on the given execution space.
  using Energy = std::function<void(ExecutionSpace const&, Vectors const&, Energies const&, Derivatives const&)>;

  /// \throws InputError when `settings` are out of their ranges.
  explicit SoapEvaluator(SoapSettings const& settings, Precision precision = Precision::full,
                         ExecutionSpace space = {});

  [[nodiscard]] int dimension() const { return _plan.dimension; }

  /// The vectors of structures (checked ones), row-major (rows, dimension): a row for each atom or, with an average,
  /// for each structure. \param names one name per structure for messages; may be empty
  /// \throws InputError for unknown species, a structure without atoms where there is an average, and when a vector is
  /// not finite (atoms on top of each other).
  [[nodiscard]] std::vector<double> evaluate(std::span<Structure const> structures,
                                             SoapAverage average = SoapAverage::none,
                                             std::span<std::string const> names = {}) const;

  /// Energies, forces and virials of E = sum over rows of energy(p), with `average` none or inner.
  /// \throws InputError as `evaluate`, and for an outer average (its derivatives are those of a sum over atoms).
  [[nodiscard]] std::vector<Evaluation> evaluate(std::span<Structure const> structures, Energy const& energy,
                                                 SoapAverage average = SoapAverage::none,
                                                 std::span<std::string const> names = {}) const;

  /// All derivatives of the vectors of a structure's atoms, (atoms, dimension, atoms, 3) row-major: d p_ic / d r_j
  /// (1/A). For small structures: energies and forces of functions of vectors need no such thing. Cost: `dimension`
  /// times that of forces. \throws InputError for unknown species, more than 2^30 numbers, and when one of them is not
  /// finite.
  [[nodiscard]] std::vector<double> jacobian(Structure const& structure, std::string const& name = "structure") const;

 private:
  ExecutionSpace _space;
  Precision _precision;
  SpeciesMap _species_map;
  SoapPlan<memory_space> _plan;
};

}  // namespace sinter
