/// \file
/// The MTP kernel per level, precision, number of neighbours, species, kind of table and system size, and the plain
/// reference. An answer is checked against the plain reference before its time counts. One item is one atom-step.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <memory>
#include <string>
#include <vector>

#include "mtp_cases.hpp"
#include "mtp_reference.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "test_systems.hpp"

namespace sinter::perf {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
constexpr double skin = 1.0;

// A crystal with its list, and what an evaluation writes.
struct System {
  MtpModel model;
  Structure crystal;
  MtpPlan<Space::memory_space> plan;
  NeighborList<Space::memory_space> list;
  Kokkos::View<double* [3], Kokkos::LayoutRight, Space::memory_space> forces;
  EnergyForcesVirialSink<Space> sink;
  SpotCheck expected;

  System(MtpCase const& mtp, int cells)
      : model(makeModel(mtp)),
        crystal(crystalOf(mtp, cells)),
        plan(makeMtpPlan<Space::memory_space>(model, MtpProgramUse::energy)),
        list(buildNeighborList(
            Space(),
            makeStructureBatch<Space::memory_space>({&crystal, 1}, SpeciesMap(model.species, model.species_count)),
            model.max_dist + skin)),
        forces("sinter::perf::forces", list.forceExtent()),
        expected(spotCheck(model, crystal, middleAtom(cells))) {
    sink.site_energies = decltype(sink.site_energies)("sinter::perf::energies", list.numCentres());
    sink.site_virial = decltype(sink.site_virial)("sinter::perf::virial", list.numCentres());
    sink.forces.begin(Space(), forces);
  }

  template <class Real>
  void evaluate() {
    Space const space;
    Kokkos::deep_copy(space, forces, 0.0);
    evaluateMtp<MtpOutputs::site_energies | MtpOutputs::forces, Real>(space, plan, list, sink);
    sink.forces.finish(space);
    space.fence();
  }

  [[nodiscard]] double deviation() const {
    auto const host_energies = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sink.site_energies);
    auto const host_forces = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), forces);
    double energy = 0;
    for (int const i : expected.centres) energy += host_energies(i);
    int const i = expected.atom;
    return expected.deviation(energy, {host_forces(i, 0), host_forces(i, 1), host_forces(i, 2)});
  }

  // What an evaluation must at least read and write per atom, each number once.
  [[nodiscard]] double bytesPerAtom() const {
    auto const size = [](auto const& view) { return static_cast<double>(view.span() * sizeof(*view.data())); };
    return (size(list.offsets) + size(list.neighbors) + size(list.images) + size(list.batch.positions) +
            size(list.batch.types) + size(forces) + size(sink.site_energies) + size(sink.site_virial)) /
           list.numCentres();
  }
};

// The system of a benchmark; kept, because Google Benchmark calls a benchmark again until it has run long enough.
System& systemOf(MtpCase const& mtp, int cells) {
  static std::unique_ptr<System> system;
  static std::string name;
  static bool const finalized_first = (Kokkos::push_finalize_hook([] { system.reset(); }), true);
  static_cast<void>(finalized_first);
  std::string const wanted = nameOf(mtp) + std::to_string(cells);
  if (name != wanted) {
    system.reset();
    system = std::make_unique<System>(mtp, cells);
    name = wanted;
  }
  return *system;
}

void report(benchmark::State& state, MtpCase const& mtp, System const& system) {
  int const atoms = system.list.numCentres();
  state.SetItemsProcessed(state.iterations() * atoms);
  state.counters["atoms"] = atoms;
  state.counters["pairs"] = static_cast<double>(system.list.pairs());
  state.counters["bytes"] = system.bytesPerAtom();
  if (double const flops = standardFlops(mtp); flops > 0) {
    state.counters["flops"] = flops;
    state.counters["flops/s"] = benchmark::Counter(flops * atoms, benchmark::Counter::kIsIterationInvariantRate);
  }
}

template <class Real>
void kernel(benchmark::State& state, MtpCase const& mtp, int cells) {
  System& system = systemOf(mtp, cells);
  system.evaluate<Real>();
  // Sums of thousands of rounded terms; `scale` of the spot check knows their size.
  double const tolerance = std::is_same_v<Real, double> ? 1e-12 : 1e-5, deviation = system.deviation();
  if (!(deviation <= tolerance)) {
    std::string const factor = std::to_string(deviation / tolerance);
    state.SkipWithError(("deviates from the plain reference by " + factor + " times the tolerance").c_str());
    return;
  }
  for (auto _ : state) system.evaluate<Real>();
  report(state, mtp, system);
}

// The plain reference on a list given, as the kernel has it.
void plainReference(benchmark::State& state, MtpCase const& mtp, int cells) {
  System const& system = systemOf(mtp, cells);
  std::vector<reference::Pair> pairs;
  for (int i = 0; i < static_cast<int>(system.crystal.size()); ++i)
    for (auto const& pair : neighborsOf(system.crystal, i, system.model.max_dist + skin)) pairs.push_back(pair);
  auto const types = reference::typesOf(system.model, system.crystal);
  for (auto _ : state) benchmark::DoNotOptimize(reference::evaluateMtp(system.model, types, pairs).energy);
  report(state, mtp, system);
}

void add(MtpCase const& mtp, int cells) {
  std::string const name = "mtp/" + nameOf(mtp), atoms = "/atoms:" + std::to_string(8 * cells * cells * cells);
  for (auto* const benchmark :
       {benchmark::RegisterBenchmark((name + "/precision:double" + atoms).c_str(), kernel<double>, mtp, cells),
        benchmark::RegisterBenchmark((name + "/precision:mixed" + atoms).c_str(), kernel<float>, mtp, cells)})
    benchmark->Unit(benchmark::kMillisecond)->UseRealTime();
}

// Large levels have few atoms: a step takes about a second at most.
int cellsOf(int level) { return level <= 20 ? 10 : (level <= 24 ? 6 : 4); }

bool registerAll() {
  for (int level = 8; level <= 28; level += 2) add({.level = level}, cellsOf(level));
  for (int const level : {8, 16}) {
    for (int const neighbors : {46, 70}) add({.level = level, .neighbors = neighbors}, 10);
    for (int const species : {3, 5}) add({.level = level, .species = species}, 10);
    for (int const cells : {5, 20, 30, 50}) add({.level = level}, cells);
  }
  for (int const level : {8, 12, 16, 20}) add({.level = level, .foreign = true}, 10);
  benchmark::RegisterBenchmark("mtp_plain_reference/level:16/atoms:216", plainReference, MtpCase{.level = 16}, 3)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  return true;
}
bool const registered = registerAll();

}  // namespace
}  // namespace sinter::perf
