/// \file
/// What a pass of the fitter is made of: rows of basis functions, rows of radial coefficients, contracted rows, each
/// per level; and in the same run the rows of basis functions by the evaluation kernel (one reverse sweep per basis
/// function), and both kinds of rows in the form for devices. One item is one atom. Rows are compared with those of the
/// evaluation kernel before their time counts.
#include <benchmark/benchmark.h>

#include <Kokkos_Core.hpp>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "mtp_cases.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/fitting/design_panels.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/linalg/least_squares.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/mtp/mtp_rows.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter::perf {
namespace {

using Space = Kokkos::Serial;

struct Problem {
  MtpModel model;
  Structure crystal;
  NeighborList<Kokkos::HostSpace> list;
  MtpRows rows;
  MtpRows::Workspace workspace;
  std::vector<MtpRows::Number> basis, radial;

  explicit Problem(MtpCase const& mtp)
      : model(makeModel(mtp)),
        crystal(crystalOf(mtp, 2)),
        list(buildNeighborList(
            Space(),
            makeStructureBatch<Kokkos::HostSpace>({&crystal, 1}, SpeciesMap(model.species, model.species_count)),
            model.max_dist)),
        rows(model) {
    rows.setCoefficients(model);
    basis.resize(MtpRows::rowsOf(crystal.size()) * rows.basisWidth() / MtpRows::lanes);
    radial.resize(MtpRows::rowsOf(crystal.size()) * rows.radialWidth() / MtpRows::lanes);
  }

  void basisRows() {
    std::fill(basis.begin(), basis.end(), MtpRows::Number(0.0));
    rows.addBasisRows(list, 0, workspace, lanesOf(basis[0]), rows.basisWidth());
  }
  void radialRows() {
    std::fill(radial.begin(), radial.end(), MtpRows::Number(0.0));
    rows.addRadialRows(list, 0, workspace, lanesOf(radial[0]), rows.radialWidth());
  }
};

DesignRowsSink<Space> kernelRows(Problem const& problem) {
  DesignRowsSink<Space> sink;
  auto const plan = makeMtpPlan<Kokkos::HostSpace>(problem.model);
  sink.structure = problem.list.batch.structure;
  sink.energy = decltype(sink.energy)("energy", 1, plan.basis_functions);
  sink.force = decltype(sink.force)("force", problem.crystal.size(), 3, plan.basis_functions);
  sink.virial = decltype(sink.virial)("virial", 1, 6, plan.basis_functions);
  evaluateMtp<MtpOutputs::basis_values | MtpOutputs::basis_gradients>(Space(), plan, problem.list, sink);
  return sink;
}

// Largest deviation of force rows from the kernel's, relative to the largest number of a column; checked once.
double deviation(Problem& problem) {
  problem.basisRows();
  auto const expected = kernelRows(problem);
  double largest = 0;
  for (std::size_t k = 0; k < expected.force.extent(2); ++k) {
    double difference = 0, scale = 0;
    for (std::size_t i = 0; i < problem.crystal.size(); ++i)
      for (std::size_t x = 0; x < 3; ++x) {
        double const value = lanesOf(problem.basis[0])[MtpRows::forceRow(i, x) * problem.rows.basisWidth() +
                                                       problem.rows.basisColumn(static_cast<int>(k))];
        difference = std::max(difference, std::abs(value - expected.force(i, x, k)));
        scale = std::max(scale, std::abs(expected.force(i, x, k)));
      }
    largest = std::max(largest, difference / scale);
  }
  return largest;
}

Problem& problemOf(int level, int species) {
  static std::unique_ptr<Problem> problem;
  static std::pair<int, int> key;
  static bool const finalized_first = (Kokkos::push_finalize_hook([] { problem.reset(); }), true);
  static_cast<void>(finalized_first);
  if (!problem || key != std::pair(level, species)) {
    problem = std::make_unique<Problem>(MtpCase{.level = level, .species = species});
    key = {level, species};
  }
  return *problem;
}

constexpr int neighbors = 28;  // of every atom of the crystal

template <class Work, class Flops>
void measure(benchmark::State& state, Work const& work, Flops const& flops_per_atom) {
  auto& problem = problemOf(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  if (double const error = deviation(problem); !(error < 1e-10)) {
    state.SkipWithError(("rows differ from the kernel's by " + std::to_string(error)).c_str());
    return;
  }
  for (auto _ : state) work(problem);
  auto const atoms = static_cast<double>(problem.crystal.size());
  state.SetItemsProcessed(static_cast<std::int64_t>(static_cast<double>(state.iterations()) * atoms));
  if (double const flops = flops_per_atom(problem); flops > 0)
    state.counters["flops"] = benchmark::Counter(flops * atoms, benchmark::Counter::kIsIterationInvariantRate);
}

double notCounted(Problem const&) { return 0; }

void basisRows(benchmark::State& state) {
  measure(
      state, [](Problem& p) { p.basisRows(); }, [](Problem const& p) { return p.rows.basisProductFlops(neighbors); });
}
void radialRows(benchmark::State& state) {
  measure(
      state, [](Problem& p) { p.radialRows(); }, [](Problem const& p) { return p.rows.radialProductFlops(neighbors); });
}

// The Gram matrix of the rows of one crystal, as in a pass for the linear unknowns.
void gram(benchmark::State& state) {
  measure(
      state,
      [](Problem& p) {
        static std::vector<double> sums;
        OneBlasThread const guard;
        int const width = p.rows.basisWidth();
        sums.assign(static_cast<std::size_t>(width) * width, 0.0);
        addGram(lanesOf(p.basis[0]), static_cast<int>(MtpRows::rowsOf(p.crystal.size())), width, width, sums.data());
        benchmark::DoNotOptimize(sums.data());
      },
      [](Problem const& p) { return 3.0 * p.rows.basisWidth() * p.rows.basisWidth(); });
}

// QR of the rows of one crystal below a triangle, as in the last linear solution.
void streamedQr(benchmark::State& state) {
  measure(
      state,
      [](Problem& p) {
        OneBlasThread const guard;
        int const width = p.rows.basisWidth();
        StreamedLeastSquares problem(width - 1);
        for (int repeat = 0; repeat < 8; ++repeat)
          problem.appendRows(lanesOf(p.basis[0]), MtpRows::rowsOf(p.crystal.size()), static_cast<std::size_t>(width));
        benchmark::DoNotOptimize(problem.factor().r.data());
      },
      [](Problem const& p) { return 8 * 6.0 * p.rows.basisWidth() * p.rows.basisWidth(); });
}
void contractedRows(benchmark::State& state) {
  measure(
      state,
      [](Problem& p) {
        static std::vector<double> weights, gradient;
        weights.assign(MtpRows::rowsOf(p.crystal.size()), 0.5);
        gradient.assign(p.model.moment_coeffs.size() + p.model.radial_coeffs.size(), 0.0);
        p.rows.addContractedRows(p.list, 0, p.workspace, weights.data(), gradient.data());
        benchmark::DoNotOptimize(gradient.data());
      },
      notCounted);
}
void kernelBasisRows(benchmark::State& state) {
  measure(
      state, [](Problem& p) { benchmark::DoNotOptimize(kernelRows(p).force.data()); }, notCounted);
}

// The same rows in the form for devices, here on the host.
template <RowColumns columns>
void panelRows(benchmark::State& state) {
  auto& problem = problemOf(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  DesignPanels<Space> panels(problem.model, std::size_t{1} << 28);
  panels.setCoefficients(problem.model);
  DesignPanels<Space>::Panel const panel("panel", MtpRows::rowsOf(problem.crystal.size()), panels.columns(columns));
  measure(
      state, [&](Problem& p) { panels.addRows(p.list, columns, panel); }, notCounted);
}

void cases(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"level", "species"});
  for (int const level : {8, 12, 16, 20, 24}) benchmark->Args({level, 1});
  benchmark->Args({16, 2});
}
BENCHMARK(basisRows)->Apply(cases)->Unit(benchmark::kMillisecond);
BENCHMARK(radialRows)->Apply(cases)->Unit(benchmark::kMillisecond);
BENCHMARK(contractedRows)->Apply(cases)->Unit(benchmark::kMillisecond);
BENCHMARK(gram)->Apply(cases)->Unit(benchmark::kMillisecond);
BENCHMARK(streamedQr)->Apply(cases)->Unit(benchmark::kMillisecond);
BENCHMARK(kernelBasisRows)->Apply(cases)->Unit(benchmark::kMillisecond);

BENCHMARK_TEMPLATE(panelRows, RowColumns::basis)->Apply(cases)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(panelRows, RowColumns::radial)->Apply(cases)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sinter::perf
