/// \file
/// Sums over structures that depend neither on the number of threads nor on that of ranks: they are made of parts,
/// which belong to the ranks and are added in their fixed order.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "sinter/fitting/communicator.hpp"
#include "sinter/linalg/least_squares.hpp"

namespace sinter {

/// How structures are dealt out: structure s belongs to task of(s) < count, and task t to rank t % ranks. The
/// structures of a task are worked on in their order.
struct StructureTasks {
  std::size_t count;
  std::function<std::size_t(std::size_t)> of;
  bool are_parts;  ///< whether a rank always has the same structures, those of its partial sums
};

/// The partial sums.
[[nodiscard]] StructureTasks partTasks();

/// Pieces of folds: for triangular factors. \param order see EquationBatches
[[nodiscard]] StructureTasks pieceTasks(std::vector<int> const& order, int folds);

/// Pieces that a fold has.
inline constexpr std::size_t pieces_per_fold = 2;

/// The sum of the parts in their order, each from the rank that has it.
/// \param parts of one size; those of other ranks are overwritten
[[nodiscard]] std::vector<double> sumOfParts(std::vector<std::vector<double>>& parts);

/// Those columns, and rows, of a symmetric matrix of which the lower triangle is given, column-major.
[[nodiscard]] std::vector<double> symmetricPart(std::vector<double> const& lower, int size,
                                                std::vector<int> const& columns);

/// The triangular factor of each fold that has rows, from its pieces.
/// \param pieces in the order of `pieceTasks`, each with rows() and factor(); of other ranks they are empty
template <class Pieces>
[[nodiscard]] std::vector<TriangularFactor> factorsOfFolds(int unknowns, int folds, Pieces& pieces) {
  auto const& ranks = Communicator::world();
  auto const columns = static_cast<std::size_t>(unknowns) + 1;
  std::vector<TriangularFactor> result;
  for (int fold = 0; fold < folds; ++fold) {
    StreamedLeastSquares problem(unknowns);
    for (std::size_t p = 0; p < pieces_per_fold; ++p) {
      std::size_t const piece = static_cast<std::size_t>(fold) * pieces_per_fold + p;
      auto const owner = static_cast<int>(piece) % ranks.size();
      auto rows_of_piece = static_cast<double>(pieces[piece].rows());
      ranks.broadcast({&rows_of_piece, 1}, owner);
      if (rows_of_piece == 0) continue;
      TriangularFactor factor{unknowns, static_cast<std::size_t>(rows_of_piece),
                              std::vector<double>(columns * columns)};
      if (owner == ranks.rank()) factor = pieces[piece].factor();
      ranks.broadcast(factor.r, owner);
      problem.append(factor);
    }
    if (problem.rows() > 0) result.push_back(problem.factor());
  }
  return result;
}

}  // namespace sinter
