/// \file
/// Labels, weights and neighbour lists of a training set, a batch of structures at a time. They live as long as memory
/// allows; each rank has those of its tasks.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/species_map.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/partial_sums.hpp"
#include "sinter/fitting/structure_set.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_rows.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// Called with the number of structures done.
using FitProgress = std::function<void(std::size_t)>;

/// What the passes over a training set take in memory (bytes).
struct FitMemory {
  std::size_t program = 0;    ///< this process with its libraries and the structures that it keeps
  std::size_t needed = 0;     ///< sums, panels, and a batch as small as can be
  std::size_t spare = 0;      ///< of max_memory beyond these two; a part of it is left to the allocator
  std::size_t equations = 0;  ///< labels and neighbour lists of all structures: kept up to a quarter of `spare`
  std::size_t rows = 0;       ///< of all structures: kept when they take half of `spare` at most
};

/// The equations of structures of a batch, in the order of MtpRows, and their neighbour list.
template <class ExecutionSpace>
struct Equations {
  std::vector<std::size_t> numbers;   ///< of the structures: those of the batch that this rank works on
  std::vector<std::size_t> offset;    ///< (structures + 1) first row of each
  std::vector<double> scale, target;  ///< of each row: square root of its weight (0: no equation), label
  NeighborList<typename ExecutionSpace::memory_space> list;
  typename Kokkos::View<int*, typename ExecutionSpace::memory_space>::host_mirror_type types;  ///< of all atoms
  std::size_t bytes_of_structures = 0;                                                         ///< read for them

  [[nodiscard]] std::size_t size() const { return offset.size() - 1; }
  [[nodiscard]] int rows(std::size_t local) const { return static_cast<int>(offset[local + 1] - offset[local]); }
  /// Of the atoms of a structure.
  [[nodiscard]] std::span<int const> typesOf(std::size_t local) const {
    std::size_t const first = (offset[local] - local * MtpRows::rowsOf(0)) / 3;
    return {types.data() + first, (static_cast<std::size_t>(rows(local)) - MtpRows::rowsOf(0)) / 3};
  }
};

/// A training set on its way through an execution space. Structures in memory stay where they are and must outlive this
/// object.
template <class ExecutionSpace>
class EquationBatches {
 public:
  using Batch = Equations<ExecutionSpace>;

  /// \param as_panels whether rows of a whole batch are in memory at a time (PanelPasses)
  /// \throws as TrainingRows
  EquationBatches(FitSettings const& settings, MtpModel const& model, StructureSet structures, FitProgress progress,
                  bool as_panels);

  [[nodiscard]] FitSettings const& settings() const { return _settings; }
  [[nodiscard]] std::size_t structures() const { return _structures.size(); }
  [[nodiscard]] std::string nameOf(std::size_t s) const { return _structures.nameOf(s); }
  [[nodiscard]] std::size_t equations() const { return _equations; }
  [[nodiscard]] std::size_t atoms() const { return _atoms; }
  [[nodiscard]] int fittedSpecies() const { return _fitted_species; }
  /// Per atom (eV), taken off the labels where species energies are fitted.
  [[nodiscard]] double referenceEnergy() const { return _reference_energy; }
  /// Rank of each structure within its config type, shuffled: what folds are dealt by.
  [[nodiscard]] std::vector<int> const& order() const { return _order; }

  /// Columns of a basis panel of MtpRows behind the basis functions: species energies and the right-hand side, padded.
  [[nodiscard]] int tailWidth() const;
  /// What passes with such rows take.
  [[nodiscard]] FitMemory memory(MtpRows const& rows) const;
  /// Bytes that a panel of rows on a device may take, and what makes it.
  [[nodiscard]] std::size_t panelMemory() const;

  /// Calls body(equations) for every batch of which this rank has structures to work on.
  /// \throws on every rank what is thrown on any, as Communicator::together does.
  void forBatches(StructureTasks const& tasks, std::function<void(Batch const&)> const& body);

  /// \throws InputError: a structure has rows that are no numbers.
  [[noreturn]] void refuseRows(std::size_t s) const;

 private:
  struct Place {  // consecutive structures that are in memory together
    std::size_t begin, end, bytes;
    std::shared_ptr<Batch const> kept;  // where memory allows
  };

  [[nodiscard]] std::shared_ptr<Batch const> makeEquations(std::size_t begin, std::size_t end,
                                                           std::function<bool(std::size_t)> const& takes,
                                                           double* energy = nullptr,
                                                           std::size_t* atoms_with_energy = nullptr) const;
  void readStructures(MtpRows const& rows, bool as_panels);
  void shuffle();
  [[nodiscard]] std::size_t bytesOfSums(MtpRows const& rows) const;
  [[nodiscard]] std::size_t bytesOfWork(MtpRows const& rows, std::size_t largest_structure, int most_neighbors) const;

  FitSettings _settings;
  StructureSet _structures;
  SpeciesMap _species_map;
  std::vector<std::int32_t> _species;
  double _cutoff;
  std::size_t _atoms = 0, _equations = 0, _all_rows = 0, _equation_bytes = 0, _kept_bytes = 0;
  FitMemory _memory;
  int _fitted_species;
  double _reference_energy = 0;
  std::shared_ptr<MtpEvaluator<ExecutionSpace> const> _repulsion;  // what no basis function has, where there is some
  FitProgress _progress;
  std::vector<int> _order;
  std::vector<Place> _places;
};

}  // namespace sinter
