/// \file
/// Rates of the MTP kernel, of the plain reference and of the neighbour list. Each answer is checked before its time
/// counts.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <cmath>
#include <map>
#include <string>

#include "mtp_reference.hpp"
#include "probes.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/version.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

// Flops of one atom-step with 28 neighbours (performance.md), whatever the code executes.
std::map<int, double> const standard_flops = {{8, 8974}, {12, 17978}, {16, 37320}, {20, 94336}, {24, 330000}};
constexpr double skin = 1.0;

Structure silicon(int cells) { return reference::diamond(cells, 5.43, 0.08); }

template <class Space>
NeighborList<typename Space::memory_space> listOf(Structure const& structure, double cutoff) {
  std::vector<Structure> const one{structure};
  return buildNeighborList(Space(), makeStructureBatch<typename Space::memory_space>(one, SpeciesMap({14}, 1)), cutoff);
}

template <class Space>
struct System {
  MtpModel model;
  MtpPlan<typename Space::memory_space> plan;
  NeighborList<typename Space::memory_space> list;
  Kokkos::View<double* [3], Kokkos::LayoutRight, typename Space::memory_space> forces;
  EnergyForcesVirialSink<Space> sink;

  System(int level, int cells)
      : model(reference::testModel(level)),
        plan(makeMtpPlan<typename Space::memory_space>(model, MtpProgramUse::energy)),
        list(listOf<Space>(silicon(cells), model.max_dist + skin)),
        forces("forces", list.forceExtent()) {
    sink.site_energies = decltype(sink.site_energies)("energies", list.numCentres());
    sink.site_virial = decltype(sink.site_virial)("virial", list.numCentres());
    sink.forces = decltype(sink.forces)(forces);
  }

  template <class Real>
  void evaluate() {
    Space const space;
    Kokkos::deep_copy(space, forces, 0.0);
    sink.forces.reset_except(forces);
    evaluateMtp<MtpOutputs::site_energies | MtpOutputs::forces, Real>(space, plan, list, sink);
    Kokkos::Experimental::contribute(space, forces, sink.forces);
    space.fence();
  }

  [[nodiscard]] double energy() const {
    double sum = 0;
    auto const energies = sink.site_energies;
    Kokkos::parallel_reduce(
        Kokkos::RangePolicy<Space>(0, list.numCentres()), KOKKOS_LAMBDA(int i, double& s) { s += energies(i); }, sum);
    return sum;
  }
};

// Energy per atom by the plain reference, of a small system with the same density and noise.
bool correct(int level, double tolerance, auto evaluate) {
  System<Kokkos::Serial> small(level, 2);
  evaluate(small);
  auto const expected =
      reference::evaluateMtp(small.model, silicon(2), std::vector<int>(small.list.numCentres(), 0)).energy;
  return std::abs(small.energy() - expected) <= tolerance * (1 + std::abs(expected));
}

void countAtoms(benchmark::State& state, int level, int atoms) {
  state.counters["atom-steps/s"] =
      benchmark::Counter(static_cast<double>(atoms) * state.iterations(), benchmark::Counter::kIsRate);
  if (standard_flops.contains(level))
    state.counters["standard flops/s"] = benchmark::Counter(
        static_cast<double>(atoms) * state.iterations() * standard_flops.at(level), benchmark::Counter::kIsRate);
}

template <class Space, class Real>
void kernel(benchmark::State& state) {
  int const level = static_cast<int>(state.range(0)), cells = static_cast<int>(state.range(1));
  if (!correct(level, std::is_same_v<Real, double> ? 1e-12 : 1e-5, [](auto& s) { s.template evaluate<Real>(); })) {
    state.SkipWithError("the energy is wrong");
    return;
  }
  System<Space> system(level, cells);
  system.template evaluate<Real>();
  for (auto _ : state) system.template evaluate<Real>();
  countAtoms(state, level, system.list.numCentres());
}

// The plain reference on a list given, as the kernel has it.
void plainReference(benchmark::State& state) {
  int const level = static_cast<int>(state.range(0)), cells = static_cast<int>(state.range(1));
  auto const model = reference::testModel(level);
  auto const structure = silicon(cells);
  auto const list = listOf<Kokkos::Serial>(structure, model.max_dist + skin);
  std::vector<reference::Pair> pairs;
  for (int i = 0; i < list.numCentres(); ++i)
    auto const environment = list.environment(i);
    for (int k = 0; k < environment.size(); ++k) {
      auto const d = environment.displacement(k);
      pairs.push_back({i, environment.neighbor(k), {d[0], d[1], d[2]}});
    }
  std::vector<int> const types(structure.size(), 0);
  for (auto _ : state) benchmark::DoNotOptimize(reference::evaluateMtp(model, types, pairs).energy);
  countAtoms(state, level, list.numCentres());
}

template <class Space>
void neighborList(benchmark::State& state) {
  auto const structure = silicon(static_cast<int>(state.range(0)));
  std::vector<Structure> const one{structure};
  auto const batch = makeStructureBatch<typename Space::memory_space>(one, SpeciesMap({14}, 1));
  for (auto _ : state) {
    auto const list = buildNeighborList(Space(), batch, 5.0 + skin);
    Space().fence();
    if (list.pairs() <= 0) state.SkipWithError("the list is empty");
  }
  countAtoms(state, 0, batch.atoms());
}

void levels(benchmark::internal::Benchmark* b) {
  for (int const level : {8, 12, 16, 20}) b->Args({level, 10});
  b->ArgNames({"level", "cells"})->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(plainReference)->Args({16, 5})->ArgNames({"level", "cells"})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK_TEMPLATE(kernel, Kokkos::Serial, double)->Apply(levels);
BENCHMARK_TEMPLATE(kernel, Kokkos::Serial, float)->Apply(levels);
BENCHMARK_TEMPLATE(kernel, Kokkos::DefaultExecutionSpace, double)->Apply(levels);
BENCHMARK_TEMPLATE(neighborList, Kokkos::Serial)
    ->Arg(10)
    ->ArgName("cells")
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace sinter

int main(int argc, char** argv) {
  Kokkos::initialize(Kokkos::InitializationSettings().set_disable_warnings(true));
  {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("sinter", std::string(sinter::version()) + " " + sinter::gitCommit());
    benchmark::AddCustomContext("fma_probe_flops_per_s", std::to_string(sinter::perf::measureFmaRate()));
    benchmark::AddCustomContext("default_space", Kokkos::DefaultExecutionSpace::name());
    benchmark::AddCustomContext("threads", std::to_string(Kokkos::DefaultExecutionSpace().concurrency()));
    benchmark::RunSpecifiedBenchmarks();
  }
  Kokkos::finalize();
}
