/// \file
/// SOAP vectors of host structures, and energies and forces of functions of them, in one call: neighbour list, kernels,
/// averages. Beyond results and neighbour list vectors of some atoms are kept only (some MiB, 64 where vectors are
/// long, 256 on a device); for forces also 36 bytes per atom and thread of the host, and for averages sums and vectors
/// of all structures of a call.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
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

  /// What is done with some rows of vectors in the memory of the execution space, the number of the first of them in
  /// front. They are there during the call only.
  using Visit = std::function<void(std::size_t, Vectors const&)>;

  /// \throws InputError when `settings` are out of their ranges.
  explicit SoapEvaluator(SoapSettings const& settings, Precision precision = Precision::full,
                         ExecutionSpace space = {});

  [[nodiscard]] int dimension() const { return _plan.dimension; }
  [[nodiscard]] SoapPlan<memory_space> const& plan() const { return _plan; }

  /// Hands the vectors of structures (checked ones) to `visit`, some rows after others: a row for each atom or, with an
  /// average, for each structure. \param names one name per structure for messages; may be empty
  /// \throws InputError for unknown species, a structure without atoms where there is an average, cells that are so
  /// small that an atom has more than 200 000 neighbours, and when a vector is not finite (atoms on top of each other).
  void forEachVector(std::span<Structure const> structures, SoapAverage average, std::span<std::string const> names,
                     Visit const& visit) const;

  /// The same vectors all together, row-major (rows, dimension).
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
