#include "sinter/fitting/partial_sums.hpp"

#include <algorithm>

namespace sinter {

namespace {

constexpr std::size_t parts = 16;

}  // namespace

StructureTasks partTasks() {
  return {parts, [](std::size_t s) { return s % parts; }, true};
}

StructureTasks pieceTasks(std::vector<int> const& order, int folds) {
  auto const pieceOf = [&order, folds](std::size_t s) {
    return static_cast<std::size_t>(order[s] % folds) * pieces_per_fold +
           static_cast<std::size_t>(order[s] / folds) % pieces_per_fold;
  };
  return {static_cast<std::size_t>(folds) * pieces_per_fold, pieceOf, Communicator::world().size() == 1};
}

std::vector<double> sumOfParts(std::vector<std::vector<double>>& parts) {
  auto const& ranks = Communicator::world();
  std::vector<double> sum(parts.front().size(), 0.0);
  for (std::size_t part = 0; part < parts.size(); ++part) {
    ranks.broadcast(parts[part], static_cast<int>(part) % ranks.size());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += parts[part][i];
  }
  return sum;
}

std::vector<double> symmetricPart(std::vector<double> const& lower, int size, std::vector<int> const& columns) {
  auto const n = columns.size();
  std::vector<double> result(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      int const low = std::min(columns[i], columns[j]), high = std::max(columns[i], columns[j]);
      result[j * n + i] = lower[static_cast<std::size_t>(low) * size + high];
    }
  return result;
}

}  // namespace sinter
