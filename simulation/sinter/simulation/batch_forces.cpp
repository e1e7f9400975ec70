#include "sinter/simulation/batch_forces.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

namespace detail {

// Energy, forces and virial of structures, each summed by the thread that owns the structure.
template <class ExecutionSpace>
struct OwnedSumsSink {
  using memory_space = typename ExecutionSpace::memory_space;
  static constexpr bool owns_groups = true;

  Kokkos::View<int const*, memory_space> structure;                     // (atoms)
  Kokkos::View<double*, memory_space> energy;                           // (structures)
  Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces;  // (atoms)
  Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> virial;  // (structures)

  KOKKOS_FUNCTION OwnedSumsSink const& access() const { return *this; }
  KOKKOS_FUNCTION void siteEnergy(int i, double value) const { energy(structure(i)) += value; }
  KOKKOS_FUNCTION static constexpr bool wantsVirials() { return true; }
  KOKKOS_FUNCTION static constexpr bool wantsPairVirials() { return false; }
  KOKKOS_FUNCTION static void pairVirial(int, int, double const (&)[3][3]) {}
  KOKKOS_FUNCTION void pair(int, int j, Triple const& gradient) const {
    for (int x = 0; x < 3; ++x) {
      if constexpr (is_device_space<ExecutionSpace>) {  // vector lanes may meet in two images of one atom
        Kokkos::atomic_sub(&forces(j, x), gradient[x]);
      } else {
        forces(j, x) -= gradient[x];
      }
    }
  }
  KOKKOS_FUNCTION void centre(int, int i, PairSums const& sums) const {
    for (int x = 0; x < 3; ++x) {
      if constexpr (is_device_space<ExecutionSpace>) {
        Kokkos::atomic_add(&forces(i, x), sums.gradient[x]);
      } else {
        forces(i, x) += sums.gradient[x];
      }
    }
    for (int v = 0; v < 6; ++v) virial(structure(i), v) += sums.virial[v];
  }
};

// The square of the shortest distance in each structure; infinite without neighbours.
template <class ExecutionSpace, class List, class Distances>
void findNearest(ExecutionSpace const& space, List const& list, Distances const& squared) {
  using Teams = Kokkos::TeamPolicy<ExecutionSpace>;
  Kokkos::parallel_for(
      "sinter::simulation::nearest", Teams(space, list.numGroups(), Kokkos::AUTO),
      KOKKOS_LAMBDA(typename Teams::member_type const& team) {
        int const s = team.league_rank();
        double nearest = 0;
        Kokkos::parallel_reduce(
            Kokkos::TeamThreadRange(team, list.groupBegin(s), list.groupBegin(s + 1)),
            [&](int c, double& least) {
              auto const environment = list.environment(c);
              for (int k = 0; k < environment.size(); ++k)
                least = Kokkos::fmin(least, environment.displacement(k).squaredNorm());
            },
            Kokkos::Min<double>(nearest));
        Kokkos::single(Kokkos::PerTeam(team), [&] { squared(s) = nearest; });
      });
}

}  // namespace detail

template <class ExecutionSpace>
BatchForces<ExecutionSpace>::BatchForces(MtpModel const& model, ExecutionSpace space)
    : _space(std::move(space)), _species_map(model.species, model.species_count) {
  if (!model.trained())
    throw InputError("the potential has no coefficients (an untrained template); expected a trained one");
  _plan = makeMtpPlan<typename ExecutionSpace::memory_space>(model, MtpProgramUse::energy);
}

template <class ExecutionSpace>
void BatchForces<ExecutionSpace>::checkSpecies(Structure const& structure, std::string const& where) const {
  static_cast<void>(_species_map.typesOf(structure, where));
}

template <class ExecutionSpace>
std::vector<std::optional<CellForces>> BatchForces<ExecutionSpace>::evaluate(
    std::span<Structure const> structures) const {
  using memory_space = typename ExecutionSpace::memory_space;
  std::vector<std::optional<CellForces>> results(structures.size());
  if (structures.empty()) return results;
  auto const batch = makeStructureBatch<memory_space>(structures, _species_map);
  NeighborList<memory_space> list;
  try {
    list = buildNeighborList(_space, batch, _plan.max_dist);
  } catch (InputError const&) {  // one of them cannot be searched: the others must not suffer
    if (structures.size() == 1) return results;
    std::size_t const half = structures.size() / 2;
    auto first = evaluate(structures.first(half)), second = evaluate(structures.subspan(half));
    std::move(first.begin(), first.end(), results.begin());
    std::move(second.begin(), second.end(), results.begin() + static_cast<std::ptrdiff_t>(half));
    return results;
  }

  detail::OwnedSumsSink<ExecutionSpace> sink;
  auto const atoms = static_cast<std::size_t>(batch.atoms());
  sink.structure = batch.structure;
  sink.energy = decltype(sink.energy)("sinter::simulation::energy", structures.size());
  sink.forces = decltype(sink.forces)("sinter::simulation::forces", atoms);
  sink.virial = decltype(sink.virial)("sinter::simulation::virial", structures.size());
  Kokkos::View<double*, memory_space> const squared("sinter::simulation::nearest", structures.size());
  evaluateMtp<MtpOutputs::site_energies | MtpOutputs::forces>(_space, _plan, list, sink);
  detail::findNearest(_space, list, squared);
  _space.fence("sinter::simulation::evaluate");

  auto const host = [](auto const& view) { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view); };
  auto const energy = host(sink.energy), nearest = host(squared);
  auto const forces = host(sink.forces);
  auto const virial = host(sink.virial);
  std::size_t atom = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    CellForces& result = results[s].emplace();
    result.nearest = std::sqrt(nearest(s));
    result.evaluation.energy = energy(s);
    for (std::size_t v = 0; v < 6; ++v) result.evaluation.virial[v] = virial(s, v);
    result.evaluation.forces.reserve(structures[s].size());
    for (std::size_t i = 0; i < structures[s].size(); ++i, ++atom)
      result.evaluation.forces.push_back({forces(atom, 0), forces(atom, 1), forces(atom, 2)});
  }
  return results;
}

#define SINTER_INSTANTIATE(SPACE) template class BatchForces<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
