#include "sinter/validation/crystal_order.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"

namespace sinter {

namespace {

std::vector<int> candidatesOf(std::vector<std::string> const& classes, std::vector<std::string> const& names) {
  std::vector<int> result(names.size());
  std::iota(result.begin(), result.end(), 0);
  if (classes.empty()) return result;
  result.clear();
  for (auto const& name : classes) {
    auto const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      std::string known;
      for (auto const& crystal : names) known += (known.empty() ? "" : ", ") + crystal;
      throw InputError("classes: found '" + name + "', expected names of reference crystals: " + known);
    }
    result.push_back(static_cast<int>(found - names.begin()));
  }
  return result;
}

}  // namespace

template <class ExecutionSpace>
CrystalOrder<ExecutionSpace>::CrystalOrder(CrystalOrderSettings const& settings, ReferenceStructures const& crystals,
                                           ExecutionSpace space)
    : _settings(settings),
      _similarity(settings.soap, settings.zeta, crystals.structures, crystals.places, space),
      _candidates(candidatesOf(settings.classes, crystals.names)) {
  (void)classifyAtoms({}, _similarity.crystals(), _candidates, settings.threshold);  // checks the threshold
}

template <class ExecutionSpace>
FrameOrder CrystalOrder<ExecutionSpace>::measure(Structure const& structure, std::string const& name) {
  _similarity.requireKnownSpecies(structure, name);
  FrameOrder result;
  try {
    result.similarity = _similarity.measure(structure, name);
  } catch (InputError const& error) {
    result.failures["similarity"] = error.what();
    return result;
  }
  int const crystals = _similarity.crystals();
  result.classes = classifyAtoms(result.similarity.atoms, crystals, _candidates, _settings.threshold);
  result.fractions = classFractions(result.classes, crystals);
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class CrystalOrder<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
