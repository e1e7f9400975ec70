/// \file
/// Building neighbour lists again, cutoff 5 A and a skin of 1 A: one large box, and many small cells in one batch. One
/// item is one atom. The neighbours of an atom are checked against plain loops before a time counts.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "mtp_cases.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter::perf {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
constexpr double cutoff = 6.0;

// Number of neighbours and the sum of their distances: plain loops against the list, for an atom of the last structure.
bool correct(NeighborList<Space::memory_space> const& list, Structure const& structure, int atom) {
  double expected[2] = {0, 0}, found[2] = {0, 0};
  for (auto const& pair : neighborsOf(structure, atom, cutoff)) {
    expected[0] += 1;
    expected[1] += std::hypot(pair.displacement[0], pair.displacement[1], pair.displacement[2]);
  }
  int const centre = list.numCentres() - static_cast<int>(structure.size()) + atom;
  Kokkos::parallel_reduce(
      "sinter::perf::count", Kokkos::RangePolicy<Space>(0, 1),
      KOKKOS_LAMBDA(int, double& count, double& sum) {
        auto const environment = list.environment(centre);
        for (int k = 0; k < environment.size(); ++k) {
          auto const d = environment.displacement(k);
          count += 1;
          sum += Kokkos::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]);
        }
      },
      found[0], found[1]);
  return found[0] == expected[0] && std::abs(found[1] - expected[1]) <= 1e-12 * expected[1];
}

void build(benchmark::State& state, int cells, int structures) {
  std::vector<Structure> const crystals(static_cast<std::size_t>(structures), crystalOf({}, cells));
  auto const batch = makeStructureBatch<Space::memory_space>(crystals, SpeciesMap(speciesOf({}), 1));
  auto list = buildNeighborList(Space(), batch, cutoff);
  if (!correct(list, crystals.back(), middleAtom(cells))) {
    state.SkipWithError("the neighbours of an atom are wrong");
    return;
  }
  for (auto _ : state) {
    buildNeighborList(Space(), batch, cutoff, list);
    Space().fence();
  }
  state.SetItemsProcessed(state.iterations() * batch.atoms());
  state.counters["atoms"] = batch.atoms();
  state.counters["pairs"] = static_cast<double>(list.pairs());
}

void add(int cells, int structures) {
  std::string const name = "neighbor_list/structures:" + std::to_string(structures) +
                           "/atoms:" + std::to_string(8 * cells * cells * cells * structures);
  benchmark::RegisterBenchmark(name.c_str(), build, cells, structures)->Unit(benchmark::kMillisecond)->UseRealTime();
}

bool registerAll() {
  for (int const cells : {5, 10, 20, 50}) add(cells, 1);
  add(1, 1000);  // smaller than the cutoff
  add(2, 1000);
  return true;
}
bool const registered = registerAll();

}  // namespace
}  // namespace sinter::perf
