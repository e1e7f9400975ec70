#include "sinter/fitting/panel_passes.hpp"

#include <numeric>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/fitting/communicator.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/linalg/panel_factor.hpp"

namespace sinter {

// With the coefficients that the rows have.
template <class ExecutionSpace>
WeightedPanels<ExecutionSpace>& PanelPasses<ExecutionSpace>::panelsOf(MtpRows const& rows, RowColumns which) {
  auto& kept = which == RowColumns::basis ? _of_basis : _of_all;
  if (!kept || kept->identity != rows.identity()) {
    kept.reset();
    kept.emplace(Kept{rows.identity(), {rows.model(), which, _batches.fittedSpecies(), _batches.panelMemory()}});
  }
  kept->panels.setCoefficients(rows.model());
  return kept->panels;
}

// Calls body(task, rows of a panel, their number, those that are not zero) for every structure of this rank.
template <class ExecutionSpace>
template <class Body>
void PanelPasses<ExecutionSpace>::forStructures(StructureTasks const& tasks, WeightedPanels<ExecutionSpace>& panels,
                                                Body const& body) {
  OneBlasThread const guard;
  _batches.forBatches(tasks, [&](Batch const& data) {
    auto const counts = panels.load(data.list, data.scale, data.target);
    for (std::size_t local = 0; local < data.size(); ++local) {
      if (counts(local, 1) != 0) _batches.refuseRows(data.numbers[local]);
      body(tasks.of(data.numbers[local]), panels.row(data.offset[local]), data.rows(local), counts(local, 0));
    }
  });
}

template <class ExecutionSpace>
typename PanelPasses<ExecutionSpace>::Sums PanelPasses<ExecutionSpace>::makeSums(std::size_t size) {
  auto const& ranks = Communicator::world();
  Sums sums(partTasks().count);
  for (auto part = static_cast<std::size_t>(ranks.rank()); part < sums.size();
       part += static_cast<std::size_t>(ranks.size()))
    sums[part] = typename Sums::value_type("sinter::fitting::sum", size);
  return sums;
}

template <class ExecutionSpace>
std::vector<double> PanelPasses<ExecutionSpace>::total(Sums const& sums, std::size_t size) {
  std::vector<std::vector<double>> parts;
  for (auto const& sum : sums) {
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sum);
    parts.emplace_back(host.data(), host.data() + host.size());
    parts.back().resize(size);
  }
  return sumOfParts(parts);
}

template <class ExecutionSpace>
LinearNormalEquations PanelPasses<ExecutionSpace>::linearPass(MtpRows const& rows) {
  auto& panels = panelsOf(rows, RowColumns::basis);
  int const columns = panels.columns();
  std::size_t const size = static_cast<std::size_t>(columns) * static_cast<std::size_t>(columns);
  auto const sums = makeSums(size);
  forStructures(partTasks(), panels, [&](std::size_t part, double const* panel, int count, int) {
    _algebra.addGram(panel, count, columns, columns, sums[part].data());
  });
  std::vector<int> all(static_cast<std::size_t>(columns));
  std::iota(all.begin(), all.end(), 0);
  return {columns - 1, symmetricPart(total(sums, size), columns, all)};
}

template <class ExecutionSpace>
RadialNormalEquations PanelPasses<ExecutionSpace>::radialPass(MtpRows const& rows) {
  auto& panels = panelsOf(rows, RowColumns::all);
  int const columns = panels.columns(), basis = rows.basisFunctions(), radial = panels.designColumns() - basis,
            tail = columns - basis - radial;
  auto const size = [](int m, int n) { return static_cast<std::size_t>(m) * static_cast<std::size_t>(n); };
  auto const grams = makeSums(size(radial, radial)), crosses = makeSums(size(radial, basis + tail));
  forStructures(partTasks(), panels, [&](std::size_t part, double const* panel, int count, int) {
    double const* const jacobian = panel + basis;
    double* const cross = crosses[part].data();
    _algebra.addGram(jacobian, count, radial, columns, grams[part].data());
    _algebra.addProduct(jacobian, count, radial, columns, panel, basis, columns, cross);
    _algebra.addProduct(jacobian, count, radial, columns, jacobian + radial, tail, columns,
                        cross + size(radial, basis));
  });
  std::vector<int> all(static_cast<std::size_t>(radial));
  std::iota(all.begin(), all.end(), 0);
  return {radial, symmetricPart(total(grams, size(radial, radial)), radial, all),
          total(crosses, size(radial, basis + tail))};
}

template <class ExecutionSpace>
std::vector<TriangularFactor> PanelPasses<ExecutionSpace>::factors(MtpRows const& rows, int folds) {
  auto& panels = panelsOf(rows, RowColumns::basis);
  auto const tasks = pieceTasks(_batches.order(), folds);
  std::vector<PanelFactor<ExecutionSpace>> pieces(tasks.count, PanelFactor<ExecutionSpace>(panels.columns() - 1));
  forStructures(tasks, panels, [&](std::size_t piece, double const* panel, int count, int filled) {
    pieces[piece].append(panel, count, panels.columns(), static_cast<std::size_t>(filled));
  });
  return factorsOfFolds(panels.columns() - 1, folds, pieces);
}

template <class ExecutionSpace>
double PanelPasses<ExecutionSpace>::lossGradient(MtpRows const& rows, MtpModel const& model,
                                                 std::vector<double>& gradient) {
  auto& panels = panelsOf(rows, RowColumns::all);
  int const columns = panels.columns(), unknowns = columns - 1;
  // A panel is [A J y] with the derivatives J of A x by the radial coefficients: y - A x takes the place of y.
  std::vector<double> x(static_cast<std::size_t>(unknowns), 0.0);
  for (std::size_t k = 0; k < model.moment_coeffs.size(); ++k) x[k] = -model.moment_coeffs[k];
  for (int z = 0; z < _batches.fittedSpecies(); ++z)
    x[static_cast<std::size_t>(panels.designColumns() + z)] =
        _batches.referenceEnergy() - model.species_coeffs[static_cast<std::size_t>(z)];
  auto const minus_x = copyTo<typename ExecutionSpace::memory_space>(x, "sinter::fitting::unknowns");
  auto const sums = makeSums(static_cast<std::size_t>(columns));
  forStructures(partTasks(), panels, [&](std::size_t part, double* panel, int count, int) {
    double* const residual = panel + unknowns;
    _algebra.addToPanel(panel, count, unknowns, columns, minus_x.data(), 1, 1, residual, columns);
    _algebra.addProduct(panel, count, columns, columns, residual, 1, columns, sums[part].data());
  });
  gradient = total(sums, static_cast<std::size_t>(columns));
  double const loss = gradient.back();
  gradient.pop_back();
  for (double& g : gradient) g *= -2;
  return loss;
}

#define SINTER_INSTANTIATE(SPACE) template class PanelPasses<SPACE>;
SINTER_FOR_EACH_ALGEBRA_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
