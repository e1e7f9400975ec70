#include "sinter/simulation/same_crystal.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "sinter/core/execution.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/core/structure_batch.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

namespace {

bool areSame(CrystalState const& a, CrystalState const& b) {
  return std::abs(a.enthalpy - b.enthalpy) < same_phase_enthalpy &&
         std::abs(a.volume - b.volume) < same_phase_volume * std::min(a.volume, b.volume) &&
         std::equal(a.neighbor_distances.begin(), a.neighbor_distances.end(), b.neighbor_distances.begin(),
                    b.neighbor_distances.end(),
                    [](double x, double y) { return std::abs(x - y) < same_phase_distance; });
}

}  // namespace

std::vector<double> neighborDistances(Structure const& crystal) {
  std::vector<std::int32_t> species = crystal.species;
  std::sort(species.begin(), species.end());
  species.erase(std::unique(species.begin(), species.end()), species.end());
  SpeciesMap const types(species, static_cast<int>(species.size()));
  auto const batch = makeStructureBatch<Kokkos::HostSpace>(std::array{crystal}, types);
  auto const atoms = static_cast<double>(crystal.size());
  // The radius of a sphere of so many atoms, and more until all atoms have them.
  double radius = std::cbrt(*volume(crystal) / atoms * compared_neighbors * 3 / (4 * std::numbers::pi));
  for (;; radius *= 1.2) {
    auto const list = buildNeighborList(Kokkos::Serial(), batch, radius);
    std::vector<double> means(compared_neighbors);
    bool are_enough = true;
    for (int atom = 0; atom < list.numCentres() && are_enough; ++atom) {
      auto const environment = list.environment(atom);
      std::vector<double> distances;
      for (int k = 0; k < environment.size(); ++k) {
        auto const d = environment.displacement(k);
        distances.push_back(std::hypot(d[0], d[1], d[2]));
      }
      are_enough = distances.size() >= compared_neighbors;
      std::sort(distances.begin(), distances.end());
      for (std::size_t n = 0; are_enough && n < compared_neighbors; ++n) means[n] += distances[n] / atoms;
    }
    if (are_enough) return means;
  }
}

CrystalRank crystalRank(std::string const& name, Structure const& start) {
  auto const distances = neighborDistances(start);
  std::size_t different = 1;
  for (std::size_t n = 1; n < distances.size(); ++n)
    different += distances[n] - distances[n - 1] > same_phase_distance ? 1 : 0;
  return {different, start.size(), name};
}

std::vector<std::size_t> crystalIdentities(std::span<std::optional<CrystalState> const> states,
                                           std::span<CrystalRank const> ranks) {
  std::vector<std::size_t> order(states.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<std::size_t> identities = order;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ranks[a] < ranks[b]; });
  std::vector<bool> is_known(states.size());
  for (std::size_t const first : order) {
    std::vector<std::size_t> next = {first};
    while (!next.empty()) {
      std::size_t const one = next.back();
      next.pop_back();
      if (is_known[one]) continue;
      is_known[one] = true;
      identities[one] = first;
      for (std::size_t const other : order)
        if (!is_known[other] && states[one] && states[other] && areSame(*states[one], *states[other]))
          next.push_back(other);
    }
  }
  return identities;
}

}  // namespace sinter
