/// \file
/// SOAP vectors, and vectors with a vector-Jacobian product (forces), per size of the basis, precision, cutoff, species
/// and system size. An answer is checked before its time counts: a vector against the plain reference, a force against
/// differences of vectors. One item is one atom; its neighbour list is given, but for `soap_evaluator`, where all that
/// other codes do is timed: neighbour list, vectors, and their way to an array of the host.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "mtp_cases.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/neighbor/centre_range.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_kernel.hpp"
#include "sinter/soap/soap_sinks.hpp"
#include "soap_reference.hpp"

namespace sinter::perf {
namespace {

using Space = Kokkos::DefaultExecutionSpace;
using Memory = Space::memory_space;
constexpr double skin = 1.0;
constexpr int chunk = 64;  // atoms whose vectors are kept: they fit into a cache

struct SoapCase {
  int n_max = 12, l_max = 6;
  double cutoff = 5;
  int species = 1;
};

std::string nameOf(SoapCase const& c) {
  return "n:" + std::to_string(c.n_max) + "/l:" + std::to_string(c.l_max) +
         "/cutoff:" + std::to_string(static_cast<int>(c.cutoff)) + "/species:" + std::to_string(c.species);
}

// A crystal with its list, and buffers for a chunk of its atoms.
template <class Real>
struct System {
  SoapSettings settings;
  Structure crystal;
  int atom;  // in the middle
  SoapPlan<Memory> plan;
  NeighborList<Memory> list;
  SoapRows<Memory, Real> rows;
  Kokkos::View<double**, Kokkos::LayoutRight, Memory> derivatives;
  Kokkos::View<Real**, Kokkos::LayoutRight, Memory> adjoints;
  Kokkos::View<double* [3], Kokkos::LayoutRight, Memory> forces;
  SoapForcesSink<Space, Real> sink;

  System(SoapCase const& c, int cells)
      : settings{.species = speciesOf({.species = c.species}), .cutoff = c.cutoff, .n_max = c.n_max, .l_max = c.l_max},
        crystal(crystalOf({.species = c.species}, cells)),
        atom(middleAtom(cells)),
        plan(makeSoapPlan<Memory>(settings)),
        list(buildNeighborList(Space(),
                               makeStructureBatch<Memory>({&crystal, 1}, SpeciesMap(settings.species, c.species)),
                               c.cutoff + skin)),
        rows(plan, chunk),
        derivatives("sinter::perf::derivatives", chunk, static_cast<std::size_t>(plan.dimension)),
        adjoints("sinter::perf::adjoints", chunk, rows.coefficients.extent(1)),
        forces("sinter::perf::forces", static_cast<std::size_t>(list.forceExtent())) {
    sink.derivatives = adjoints;
    sink.site_virial = decltype(sink.site_virial)("sinter::perf::virial", forces.extent(0));
    sink.forces.begin(Space(), forces);
    Kokkos::deep_copy(derivatives, 1.0);
  }

  // Calls body(first) when the vectors of a chunk are there; with forces, makes those of the sum of all components.
  template <bool with_forces, class Body>
  void evaluate(Body const& body) {
    Space const space;
    constexpr auto values = with_forces ? SoapOutputs::coefficients | SoapOutputs::spectra : SoapOutputs::spectra;
    if (with_forces) Kokkos::deep_copy(space, forces, 0.0);
    for (int first = 0; first < list.numCentres(); first += chunk) {
      CentreRange<NeighborList<Memory>> const range{list, first, std::min(chunk, list.numCentres() - first)};
      evaluateSoap<values, Real>(space, plan, range, SoapRowsSink<Space, Real>{rows});
      body(first);
      if constexpr (with_forces) {
        differentiateSpectra<Real>(space, plan, rows, range.count,
                                   Kokkos::View<double const**, Kokkos::LayoutRight, Memory>(derivatives), adjoints);
        evaluateSoap<SoapOutputs::gradients, Real>(space, plan, range, sink);
      }
    }
    if (with_forces) sink.forces.finish(space);
    space.fence();
  }
  template <bool with_forces>
  void evaluate() {
    evaluate<with_forces>([](int) {});
  }

  // Largest deviation of the atom's vector.
  [[nodiscard]] double vectorDeviation() {
    Structure cluster;
    cluster.positions = {{0, 0, 0}};
    cluster.species = {crystal.species[static_cast<std::size_t>(atom)]};
    for (auto const& pair : neighborsOf(crystal, atom, settings.cutoff)) {
      cluster.positions.push_back(pair.displacement);
      cluster.species.push_back(crystal.species[static_cast<std::size_t>(pair.j)]);
    }
    auto const expected = reference::soapVectors(settings, cluster)[0];
    double worst = 0;
    evaluate<false>([&](int first) {
      if (atom < first || atom >= first + chunk) return;
      auto const found = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.spectra);
      for (int c = 0; c < plan.dimension; ++c) {
        double const difference = std::abs(found(atom - first, c) - expected[static_cast<std::size_t>(c)]);
        if (!(difference <= worst)) worst = difference;
      }
    });
    return worst;
  }

  // Sum of all components of all vectors, with the atom displaced along x.
  [[nodiscard]] double sumOfVectors(double displacement) {
    auto const positions = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), list.batch.positions);
    positions(atom, 0) = crystal.positions[static_cast<std::size_t>(atom)][0] + displacement;
    Kokkos::deep_copy(list.batch.positions, positions);
    double sum = 0;
    evaluate<false>([&](int first) {
      auto const found = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), rows.spectra);
      for (int i = 0; i < std::min(chunk, list.numCentres() - first); ++i)
        for (int c = 0; c < plan.dimension; ++c) sum += found(i, c);
    });
    return sum;
  }

  // Deviation of the force on the atom along x, relative to the largest force.
  [[nodiscard]] double forceDeviation() {
    double const h = 1e-2;
    double const expected =
        -(8 * (sumOfVectors(h) - sumOfVectors(-h)) - (sumOfVectors(2 * h) - sumOfVectors(-2 * h))) / (12 * h);
    static_cast<void>(sumOfVectors(0));
    evaluate<true>();
    auto const found = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), forces);
    double largest = 0;
    for (std::size_t i = 0; i < found.extent(0); ++i) largest = std::max(largest, std::abs(found(i, 0)));
    return std::abs(found(atom, 0) - expected) / largest;
  }
};

// The system of a benchmark; kept, because Google Benchmark calls a benchmark again until it has run long enough.
template <class Real>
System<Real>& systemOf(SoapCase const& c, int cells) {
  static std::unique_ptr<System<Real>> system;
  static std::string name;
  static bool const finalized_first = (Kokkos::push_finalize_hook([] { system.reset(); }), true);
  static_cast<void>(finalized_first);
  std::string const wanted = nameOf(c) + std::to_string(cells);
  if (name != wanted) {
    system.reset();
    system = std::make_unique<System<Real>>(c, cells);
    name = wanted;
  }
  return *system;
}

// Multiply-adds times two that the formulas need (kernels/README.md, section 4.4), without padding and tables.
double flopsPerAtom(SoapCase const& c, double neighbors, bool with_forces) {
  double const radial = c.n_max * (c.l_max + 1), coefficients = radial * (c.l_max + 1), channels = c.species * c.n_max,
               angular = (c.l_max + 1) * (c.l_max + 1);
  double const values =
      neighbors * (coefficients + SoapPlan<Memory>::degree * radial) + channels * (channels + 1) / 2 * angular;
  double const gradients =
      neighbors * 2 * (coefficients + SoapPlan<Memory>::degree * radial) + channels * channels * angular;
  return 2 * (values + (with_forces ? gradients : 0));
}

template <class Real, bool with_forces>
void kernel(benchmark::State& state, SoapCase const& c, int cells) {
  System<Real>& system = systemOf<Real>(c, cells);
  bool const is_double = std::is_same_v<Real, double>;
  double const vector_tolerance = is_double ? 1e-12 : 1e-6;
  // Differences of vectors are good to some digits only, in single precision to few.
  double const deviation = with_forces && is_double ? system.forceDeviation() : system.vectorDeviation(),
               tolerance = with_forces && is_double ? 1e-6 : vector_tolerance;
  if (!(deviation <= tolerance)) {
    state.SkipWithError(("deviates by " + std::to_string(deviation / tolerance) + " times the tolerance").c_str());
    return;
  }
  for (auto _ : state) system.template evaluate<with_forces>();
  int const atoms = system.list.numCentres();
  std::size_t pairs = 0;
  for (auto const& pair : neighborsOf(system.crystal, system.atom, c.cutoff)) pairs += pair.i == system.atom ? 1 : 0;
  double const flops = flopsPerAtom(c, static_cast<double>(pairs), with_forces);
  state.SetItemsProcessed(state.iterations() * atoms);
  state.counters["atoms"] = atoms;
  state.counters["neighbors"] = static_cast<double>(pairs);
  state.counters["intervals"] = system.plan.intervals;
  state.counters["table_error"] = system.plan.table_error;
  state.counters["flops"] = flops;
  state.counters["flops/s"] = benchmark::Counter(flops * atoms, benchmark::Counter::kIsIterationInvariantRate);
}

template <class Real, bool with_forces>
void add(SoapCase const& c, int cells) {
  std::string const name = "soap/" + nameOf(c) + "/forces:" + (with_forces ? "yes" : "no") +
                           "/precision:" + (std::is_same_v<Real, double> ? "double" : "mixed") +
                           "/atoms:" + std::to_string(8 * cells * cells * cells);
  benchmark::RegisterBenchmark(name.c_str(), kernel<Real, with_forces>, c, cells)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
}

void evaluator(benchmark::State& state, int cells) {
  SoapSettings const settings{.species = speciesOf({})};
  Structure const crystal = crystalOf({}, cells);
  SoapEvaluator<Space> const soap(settings);
  for (auto _ : state) benchmark::DoNotOptimize(soap.evaluate({&crystal, 1}));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(crystal.size()));
}

void addAll(SoapCase const& c, int cells) {
  add<double, false>(c, cells);
  add<double, true>(c, cells);
  add<float, false>(c, cells);
  add<float, true>(c, cells);
}

bool registerAll() {
  addAll({}, 10);
  for (auto const& [n, l] : {std::pair(6, 3), std::pair(8, 8), std::pair(10, 12), std::pair(16, 12)})
    addAll({.n_max = n, .l_max = l}, 10);
  addAll({.cutoff = 6}, 10);
  addAll({.species = 2}, 10);
  for (int const cells : {5, 20}) addAll({}, cells);
  benchmark::RegisterBenchmark(("soap_evaluator/" + nameOf({}) + "/atoms:8000").c_str(), evaluator, 10)
      ->Unit(benchmark::kMillisecond)
      ->UseRealTime();
  return true;
}
bool const registered = registerAll();

}  // namespace
}  // namespace sinter::perf
