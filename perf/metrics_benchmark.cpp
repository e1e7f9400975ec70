/// \file
/// Structural metrics with the settings of `sinter analyze`: bonds and their angles, g(r), direct sums of S(Q), all of
/// them with neighbour lists; likeness to a crystal, and grains. One item is one atom. Answers are checked before a
/// time counts.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <string>
#include <vector>

#include "mtp_cases.hpp"
#include "sinter/validation/crystal_order.hpp"
#include "sinter/validation/direct_structure_factor.hpp"
#include "sinter/validation/grains.hpp"
#include "sinter/validation/structure_metrics.hpp"
#include "test_systems.hpp"

namespace sinter::perf {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
constexpr double flops_per_phase = 50;  // direct_structure_factor.hpp

// |sum_j exp(i k . r_j)|^2 / N by plain loops, in the cubic cell of a crystal.
double plainStructureFactor(Structure const& structure, std::array<int, 3> const& indices) {
  std::complex<double> sum = 0;
  double const step = 2 * std::numbers::pi / structure.cell[0][0];
  for (auto const& r : structure.positions)
    sum += std::polar(1.0, step * (indices[0] * r[0] + indices[1] * r[1] + indices[2] * r[2]));
  return std::norm(sum) / static_cast<double>(structure.size());
}

// Neighbours of atoms closer than r_max: those of one atom by plain loops, moved a little, against the mean of all.
bool correct(FrameMetrics const& found, Structure const& structure, int atom) {
  if (found.coordination.fraction(4) != 1 || found.angles->all.count() != 6 * found.coordination.atoms()) return false;
  double pairs = 0;
  for (std::size_t b = 0; b < found.pairs->bins(); ++b) {
    double const inner = found.pairs->bin_width * static_cast<double>(b), outer = inner + found.pairs->bin_width;
    pairs += found.pairs->total[b] * (std::pow(outer, 3) - std::pow(inner, 3));
  }
  pairs *= found.pairs->density * 4 * std::numbers::pi / 3;
  auto const expected = static_cast<double>(neighborsOf(structure, atom, found.pairs->rMax()).size());
  return std::abs(pairs - expected) < 0.05 * expected;
}

void all(benchmark::State& state, int cells) {
  Structure const structure = crystalOf({}, cells);
  StructureMetrics<Space> metrics{MetricSettings()};
  if (!correct(metrics.measure(structure, "crystal"), structure, middleAtom(cells))) {
    state.SkipWithError("the metrics of the crystal are wrong");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(metrics.measure(structure, "crystal"));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(structure.size()));
  state.counters["atoms"] = static_cast<double>(structure.size());
}

void direct(benchmark::State& state, int cells) {
  MetricSettings const settings;
  Structure const structure = crystalOf({}, cells);
  auto const batch = makeStructureBatch<Space::memory_space>({&structure, 1}, SpeciesMap(speciesOf({}), 1));
  auto const vectors =
      chooseWaveVectors(structure.cell, settings.q_max, settings.q_bin, settings.vectors_per_bin, settings.seed);
  auto const found = directStructureFactor(Space(), batch, vectors);
  std::size_t const one = vectors.size() / 2;
  double const expected = plainStructureFactor(structure, vectors.indices[one]);
  if (!(std::abs(found[one] - expected) <= 1e-8 * (1 + expected))) {
    state.SkipWithError("S(k) of the crystal is wrong");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(directStructureFactor(Space(), batch, vectors));
  auto const phases = static_cast<double>(vectors.size()) * static_cast<double>(structure.size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(structure.size()));
  state.counters["atoms"] = static_cast<double>(structure.size());
  state.counters["vectors"] = static_cast<double>(vectors.size());
  state.counters["flops"] = benchmark::Counter(flops_per_phase * phases, benchmark::Counter::kIsIterationInvariantRate);
}

// Simple hexagonal silicon of (2 cells)^3 atoms, moved by up to 0.08 A along each axis.
Structure hexagonalOf(int cells) {
  constexpr double a = 2.656, c = 2.476;
  int const n = 2 * cells;
  Structure structure;
  structure.cell = {{{n * a, 0, 0}, {-n * a / 2, n * a * std::numbers::sqrt3 / 2, 0}, {0, 0, n * c}}};
  structure.periodic = {true, true, true};
  reference::Random random(1);
  for (int x = 0; x < n; ++x)
    for (int y = 0; y < n; ++y)
      for (int z = 0; z < n; ++z)
        structure.positions.push_back({a * (x - 0.5 * y) + 0.08 * random(),
                                       a * std::numbers::sqrt3 / 2 * y + 0.08 * random(), c * z + 0.08 * random()});
  structure.species.assign(structure.positions.size(), 14);
  return structure;
}

// Similarities to one crystal, classes, grains and their axes.
void order(benchmark::State& state, int cells) {
  Structure const structure = hexagonalOf(cells);
  Structure crystal;
  crystal.cell = {{{2.656, 0, 0}, {-1.328, 2.656 * std::numbers::sqrt3 / 2, 0}, {0, 0, 2.476}}};
  crystal.periodic = {true, true, true};
  crystal.positions = {{0, 0, 0}};
  crystal.species = {14};
  CrystalOrder<Space> crystals({}, {{crystal}, {"sh"}, {"sh"}});
  auto const found = crystals.measure(structure, "crystal");
  if (found.fractions.at(0) != 1 || found.grains.grains.size() != 1 || found.grains.grains[0].dimensions != 3 ||
      !(found.axes.at(0)->direction[2] > 0.9999)) {
    state.SkipWithError("the grain that the crystal is was not found");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(crystals.measure(structure, "crystal"));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(structure.size()));
  state.counters["atoms"] = static_cast<double>(structure.size());
}

// Connected components of a given list of bonds, eight per atom.
void grains(benchmark::State& state, int cells) {
  Structure const structure = hexagonalOf(cells);
  auto const batch = makeStructureBatch<Space::memory_space>({&structure, 1}, SpeciesMap({14}, 1));
  auto const bonds = buildNeighborList(Space(), batch, 2.95);
  std::vector<int> const classes(structure.size(), 0);
  auto const found = findGrains(Space(), bonds, classes);
  if (found.grains.size() != 1 || found.grains[0].atoms != static_cast<std::int64_t>(structure.size()) ||
      found.grains[0].dimensions != 3) {
    state.SkipWithError("the grain that the crystal is was not found");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(findGrains(Space(), bonds, classes));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(structure.size()));
  state.counters["atoms"] = static_cast<double>(structure.size());
  state.counters["bonds"] = static_cast<double>(bonds.pairs()) / 2;
}

bool registerAll() {
  for (int const cells : {10, 50}) {
    std::string const atoms = "/atoms:" + std::to_string(8 * cells * cells * cells);
    benchmark::RegisterBenchmark(("metrics/order" + atoms).c_str(), order, cells)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("metrics/grains" + atoms).c_str(), grains, cells)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("metrics/all" + atoms).c_str(), all, cells)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
    benchmark::RegisterBenchmark(("metrics/direct_structure_factor" + atoms).c_str(), direct, cells)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  return true;
}
bool const registered = registerAll();

}  // namespace
}  // namespace sinter::perf
