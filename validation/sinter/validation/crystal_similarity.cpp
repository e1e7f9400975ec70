#include "sinter/validation/crystal_similarity.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <set>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"

namespace sinter {

namespace {

SoapSettings withSpeciesOf(SoapSettings settings, std::span<Structure const> crystals) {
  if (crystals.empty()) throw InputError("CrystalSimilarity: found no crystals, expected one at least");
  std::set<std::int32_t> species;
  for (Structure const& crystal : crystals) species.insert(crystal.species.begin(), crystal.species.end());
  if (!species.empty() && *species.begin() < 0)
    throw InputError("found crystals with atom types without names, expected their elements (--species)");
  settings.species.assign(species.begin(), species.end());
  checkSoapSettings(settings);
  return settings;
}

}  // namespace

template <class ExecutionSpace>
CrystalSimilarity<ExecutionSpace>::CrystalSimilarity(SoapSettings settings, double zeta,
                                                     std::span<Structure const> crystals,
                                                     std::span<std::string const> names, ExecutionSpace space)
    : _space(space),
      _settings(withSpeciesOf(std::move(settings), crystals)),
      _zeta(zeta),
      _soap(_settings, Precision::full, space),
      _similarity(similarityTo(crystals, names)) {}

template <class ExecutionSpace>
void CrystalSimilarity<ExecutionSpace>::setCrystals(std::span<Structure const> crystals,
                                                    std::span<std::string const> names) {
  _similarity = similarityTo(crystals, names);
}

template <class ExecutionSpace>
SoapSimilarity<ExecutionSpace> CrystalSimilarity<ExecutionSpace>::similarityTo(
    std::span<Structure const> crystals, std::span<std::string const> names) const {
  return {_soap.evaluate(crystals, SoapAverage::inner, names), _soap.dimension(), _zeta, _space};
}

template <class ExecutionSpace>
void CrystalSimilarity<ExecutionSpace>::requireKnownSpecies(Structure const& structure, std::string const& name) const {
  auto const& known = _settings.species;
  for (auto const species : structure.species) {
    if (std::find(known.begin(), known.end(), species) != known.end()) continue;
    std::string symbols;
    for (auto const z : known) symbols += (symbols.empty() ? "" : ",") + chemicalSymbol(z);
    throw InputError(name + ": found " +
                     (species < 0 ? "atom types without names" : "species " + chemicalSymbol(species)) +
                     ", expected species of the reference crystals: " + symbols);
  }
}

template <class ExecutionSpace>
FrameSimilarity CrystalSimilarity<ExecutionSpace>::measure(Structure const& structure, std::string const& name) const {
  FrameSimilarity result;
  result.vector = _soap.evaluate({&structure, 1}, SoapAverage::inner, {&name, 1});
  result.frame = _similarity.evaluate(result.vector);
  auto const columns = static_cast<std::size_t>(crystals());
  result.atoms.reserve(structure.size() * columns);
  _soap.forEachVector({&structure, 1}, SoapAverage::none, {&name, 1}, [&](std::size_t, auto const& vectors) {
    typename SoapSimilarity<ExecutionSpace>::Similarities const similarities("sinter::validation::similarities",
                                                                             vectors.extent(0), columns);
    _similarity.evaluate(vectors, similarities);
    _space.fence("sinter::validation::similarities");
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), similarities);
    result.atoms.insert(result.atoms.end(), host.data(), host.data() + host.size());
  });
  result.atom_mean.resize(columns);
  for (std::size_t k = 0; k < result.atoms.size(); ++k) result.atom_mean[k % columns] += result.atoms[k];
  for (double& mean : result.atom_mean) mean /= static_cast<double>(structure.size());
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class CrystalSimilarity<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
