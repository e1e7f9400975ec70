#include "sinter/validation/crystal_classes.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/core/number_text.hpp"

namespace sinter {

std::vector<int> classifyAtoms(std::span<double const> similarities, int crystals, std::span<int const> candidates,
                               double threshold) {
  if (!(threshold > 0 && threshold < 1))
    throw InputError("threshold: found " + numberText(threshold) + ", expected a similarity between 0 and 1");
  if (candidates.empty() ||
      std::any_of(candidates.begin(), candidates.end(), [&](int c) { return c < 0 || c >= crystals; }))
    throw InputError("classifyAtoms: expected one candidate or more of the " + std::to_string(crystals) + " crystals");
  auto const columns = static_cast<std::size_t>(crystals);
  std::vector<int> classes(similarities.size() / columns, no_crystal);
  for (std::size_t i = 0; i < classes.size(); ++i) {
    double most = threshold;
    for (int const c : candidates) {
      double const similarity = similarities[i * columns + static_cast<std::size_t>(c)];
      if (!(similarity > most)) continue;
      most = similarity;
      classes[i] = c;
    }
  }
  return classes;
}

std::vector<double> classFractions(std::span<int const> classes, int crystals) {
  std::vector<double> fractions(static_cast<std::size_t>(crystals));
  for (int const c : classes)
    if (c != no_crystal) ++fractions[static_cast<std::size_t>(c)];
  for (double& fraction : fractions) fraction /= static_cast<double>(classes.size());
  return fractions;
}

}  // namespace sinter
