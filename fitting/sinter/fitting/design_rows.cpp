#include "sinter/fitting/design_rows.hpp"

#include <algorithm>

#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

template <class ExecutionSpace>
DesignRows computeDesignRows(ExecutionSpace const& space, MtpPlan<typename ExecutionSpace::memory_space> const& plan,
                             SpeciesMap const& species_map, std::span<Structure const> structures,
                             std::span<std::string const> names) {
  using memory_space = typename ExecutionSpace::memory_space;
  auto const batch = makeStructureBatch<memory_space>(structures, species_map, names);
  auto const list = buildNeighborList(space, batch, plan.max_dist);
  DesignRowsSink<ExecutionSpace> sink;
  sink.structure = batch.structure;
  sink.energy = decltype(sink.energy)("sinter::fitting::energy_rows", batch.structures(), plan.basis_functions);
  sink.force = decltype(sink.force)("sinter::fitting::force_rows", batch.atoms(), 3, plan.basis_functions);
  sink.virial = decltype(sink.virial)("sinter::fitting::virial_rows", batch.structures(), 6, plan.basis_functions);
  evaluateMtp<MtpOutputs::basis_values | MtpOutputs::basis_gradients>(space, plan, list, sink);
  space.fence("sinter::fitting::computeDesignRows");
  auto const host = [](auto const& view) { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view); };
  return {host(sink.energy), host(sink.force), host(sink.virial)};
}

template <class ExecutionSpace>
NeighborDistances measureDistances(ExecutionSpace const& space, SpeciesMap const& species_map,
                                   StructureSet const& structures, double cutoff) {
  using memory_space = typename ExecutionSpace::memory_space;
  constexpr std::size_t atoms_at_once = 1024;
  NeighborDistances result;
  double sum = 0;
  std::size_t counted = 0;
  for (std::size_t begin = 0; begin < structures.size();) {
    std::size_t const end = structures.chunkEnd(begin, atoms_at_once);
    auto const batch =
        makeStructureBatch<memory_space>(structures.load(begin, end), species_map, structures.namesOf(begin, end));
    auto const list = buildNeighborList(space, batch, cutoff);
    // Summed on the host, in order: a reduction depends on the number of threads.
    Kokkos::View<double*, memory_space> const nearest("sinter::fitting::nearest", list.numCentres());
    Kokkos::parallel_for(
        "sinter::fitting::measureDistances", Kokkos::RangePolicy<ExecutionSpace>(space, 0, list.numCentres()),
        KOKKOS_LAMBDA(int c) {
          double least = cutoff * cutoff;
          auto const environment = list.environment(c);
          for (int k = 0; k < environment.size(); ++k)
            least = Kokkos::fmin(least, environment.displacement(k).squaredNorm());
          nearest(c) = environment.size() == 0 ? -1.0 : Kokkos::sqrt(least);
        });
    auto const distances = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), nearest);
    for (std::size_t c = 0; c < distances.extent(0); ++c) {
      double const distance = distances(c);
      if (distance < 0) continue;
      result.smallest = counted == 0 ? distance : std::min(result.smallest, distance);
      sum += distance;
      ++counted;
    }
    begin = end;
  }
  if (counted > 0) result.mean_nearest = sum / static_cast<double>(counted);
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                             \
  template DesignRows computeDesignRows(SPACE const&, MtpPlan<SPACE::memory_space> const&, SpeciesMap const&, \
                                        std::span<Structure const>, std::span<std::string const>);            \
  template NeighborDistances measureDistances(SPACE const&, SpeciesMap const&, StructureSet const&, double);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
