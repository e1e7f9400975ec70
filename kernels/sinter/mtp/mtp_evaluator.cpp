#include "sinter/mtp/mtp_evaluator.hpp"

#include <cmath>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

template <class ExecutionSpace>
MtpEvaluator<ExecutionSpace>::MtpEvaluator(MtpModel const& model, Precision precision, ExecutionSpace space)
    : _space(std::move(space)), _precision(precision), _species_map(model.species, model.species_count) {
  if (!model.trained())
    throw InputError("the potential has no coefficients (an untrained template); expected a trained one");
  _plan = makeMtpPlan<typename ExecutionSpace::memory_space>(model, MtpProgramUse::energy);
}

template <class ExecutionSpace>
std::vector<Evaluation> MtpEvaluator<ExecutionSpace>::evaluate(std::span<Structure const> structures,
                                                               std::span<std::string const> names) const {
  using memory_space = typename ExecutionSpace::memory_space;
  auto const batch = makeStructureBatch<memory_space>(structures, _species_map, names);
  auto const list = buildNeighborList(_space, batch, _plan.max_dist);

  int const atoms = batch.atoms();
  Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces("sinter::mtp::forces", atoms);
  EnergyForcesVirialSink<ExecutionSpace> sink;
  sink.site_energies = decltype(sink.site_energies)("sinter::mtp::site_energies", atoms);
  sink.site_virial = decltype(sink.site_virial)("sinter::mtp::site_virial", atoms);
  sink.forces.begin(_space, forces);
  constexpr auto outputs = MtpOutputs::site_energies | MtpOutputs::forces;
  if (_precision == Precision::mixed) {
    evaluateMtp<outputs, float>(_space, _plan, list, sink);
  } else {
    evaluateMtp<outputs, double>(_space, _plan, list, sink);
  }
  sink.forces.finish(_space);
  _space.fence("sinter::mtp::evaluate");

  auto const host = [](auto const& view) { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view); };
  auto const host_forces = host(forces);
  auto const host_energies = host(sink.site_energies);
  auto const host_virial = host(sink.site_virial);
  std::vector<Evaluation> results(structures.size());
  int atom = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    Evaluation& result = results[s];
    bool finite = true;
    for (std::size_t i = 0; i < structures[s].size(); ++i, ++atom) {
      result.energy += host_energies(atom);
      result.site_energies.push_back(host_energies(atom));
      result.forces.push_back({host_forces(atom, 0), host_forces(atom, 1), host_forces(atom, 2)});
      for (int v = 0; v < 6; ++v) result.virial[v] += host_virial(atom, v);
      for (double const f : result.forces.back()) finite = finite && std::isfinite(f);
    }
    if (!(finite && std::isfinite(result.energy)))
      throw InputError((s < names.size() ? names[s] : "structure " + std::to_string(s)) +
                       ": found an energy or force that is not finite, expected no two atoms at the same place");
  }
  return results;
}

#define SINTER_INSTANTIATE(SPACE) template class MtpEvaluator<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
