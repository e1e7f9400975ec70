#include "sinter/validation/crystal_order.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/core/species_map.hpp"

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
    int const place = static_cast<int>(found - names.begin());
    if (std::find(result.begin(), result.end(), place) != result.end())
      throw InputError("classes: found '" + name + "' twice, expected each name once");
    result.push_back(place);
  }
  return result;
}

// Any of a crystal's cells, which measuring a frame replaces.
ReferenceStructures atLeastPressures(std::vector<PressureAdjustedCrystal> const& crystals) {
  ReferenceStructures result;
  for (auto const& crystal : crystals) {
    result.structures.push_back(crystal.at(crystal.leastPressure()));
    result.names.push_back(crystal.name());
    result.places.push_back(crystal.name());
  }
  return result;
}

}  // namespace

template <class ExecutionSpace>
CrystalOrder<ExecutionSpace>::CrystalOrder(CrystalOrderSettings const& settings, ReferenceStructures const& crystals,
                                           ExecutionSpace space)
    : _settings(settings),
      _space(space),
      _similarity(settings.soap, settings.zeta, crystals.structures, crystals.places, space),
      _candidates(candidatesOf(settings.classes, crystals.names)) {
  (void)classifyAtoms({}, _similarity.crystals(), _candidates, settings.threshold);  // checks the threshold
  auto const check = [](char const* name, double value, double least, double most, char const* unit) {
    if (!(value >= least && value <= most))
      throw InputError(std::string(name) + ": found " + numberText(value) + ", expected " + numberText(least) + " to " +
                       numberText(most) + unit);
  };
  check("bond_cutoff", settings.bond_cutoff, 0.1, 100, " (Angstrom)");
  check("least_grain", static_cast<double>(settings.least_grain), 1, 1e9, " atoms");
  check("misorientation", settings.misorientation, 0.1, 90, " (degrees)");
  findBondAxes(crystals.structures);
}

template <class ExecutionSpace>
CrystalOrder<ExecutionSpace>::CrystalOrder(CrystalOrderSettings const& settings,
                                           std::vector<PressureAdjustedCrystal> crystals, ExecutionSpace space)
    : CrystalOrder(settings, atLeastPressures(crystals), space) {
  _adjusted = std::move(crystals);
}

template <class ExecutionSpace>
void CrystalOrder<ExecutionSpace>::setPressure(double pressure) {
  std::vector<Structure> crystals;
  std::vector<std::string> names;
  for (auto const& crystal : _adjusted) {
    crystals.push_back(crystal.at(pressure));
    names.push_back(crystal.name());
  }
  _similarity.setCrystals(crystals, names);
  findBondAxes(crystals);
}

template <class ExecutionSpace>
void CrystalOrder<ExecutionSpace>::findBondAxes(std::span<Structure const> crystals) {
  _bond_axes.clear();
  for (auto const& crystal : crystals) _bond_axes.push_back(bondAxisOf(_space, crystal, _settings.bond_cutoff));
}

template <class ExecutionSpace>
FrameOrder CrystalOrder<ExecutionSpace>::measure(Structure const& structure, std::string const& name,
                                                 std::optional<double> pressure) {
  _similarity.requireKnownSpecies(structure, name);
  if (!_adjusted.empty() && !pressure)
    throw InputError(name + ": found no pressure, expected that of the crystals to compare with");
  FrameOrder result;
  try {
    if (!_adjusted.empty()) setPressure(*pressure);
    result.similarity = _similarity.measure(structure, name);
  } catch (InputError const& error) {
    result.failures["similarity"] = error.what();
    return result;
  }
  int const crystals = _similarity.crystals();
  result.classes = classifyAtoms(result.similarity.atoms, crystals, _candidates, _settings.threshold);
  result.fractions = classFractions(result.classes, crystals);
  try {
    findGrains(structure, result);
  } catch (InputError const& error) {
    result.failures["grains"] = error.what();
  }
  return result;
}

template <class ExecutionSpace>
void CrystalOrder<ExecutionSpace>::findGrains(Structure const& structure, FrameOrder& order) {
  constexpr double reach = 1.3;  // over bond_cutoff: all nearest neighbours of a disordered crystal
  auto const& species = _similarity.settings().species;
  auto const batch = makeStructureBatch<typename ExecutionSpace::memory_space>(
      {&structure, 1}, SpeciesMap(species, static_cast<int>(species.size())));
  buildNeighborList(_space, batch, _settings.bond_cutoff, _bonds);
  buildNeighborList(_space, batch, reach * _settings.bond_cutoff, _nearby);
  std::vector<int> counts(order.classes.size());
  for (std::size_t i = 0; i < counts.size(); ++i)
    if (int const c = order.classes[i]; c != no_crystal && _bond_axes[static_cast<std::size_t>(c)])
      counts[i] = _bond_axes[static_cast<std::size_t>(c)]->bonds;
  auto const tensors = bondTensors(_space, _nearby, counts);
  auto const directions = axisDirections(_space, _bonds, tensors, order.classes);
  std::optional<GrainDirections> apart;  // as wide as the angle may be, all belong together
  if (_settings.misorientation < 90) {
    double const cosine = std::cos(_settings.misorientation * std::numbers::pi / 180);
    apart = {.of_atoms = directions, .least = (3 * cosine * cosine - 1) / 2};
  }
  order.grains = sinter::findGrains(_space, _bonds, order.classes, _settings.least_grain, apart);
  std::vector<Voigt> sums(order.grains.grains.size());
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (int const g = order.grains.of_atoms[i]; g != no_crystal)
      for (std::size_t v = 0; v < 6; ++v) sums[static_cast<std::size_t>(g)][v] += tensors[i][v];
  for (std::size_t g = 0; g < sums.size(); ++g) {
    Grain const& grain = order.grains.grains[g];
    auto const& bonds = _bond_axes[static_cast<std::size_t>(grain.crystal)];
    for (double& sum : sums[g]) sum /= static_cast<double>(grain.atoms);
    order.axes.push_back(bonds ? std::optional(crystalAxis(sums[g], *bonds)) : std::nullopt);
  }
}

#define SINTER_INSTANTIATE(SPACE) template class CrystalOrder<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
