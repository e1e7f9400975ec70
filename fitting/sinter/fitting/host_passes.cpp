#include "sinter/fitting/host_passes.hpp"

#include <algorithm>
#include <exception>

#include "sinter/core/execution.hpp"
#include "sinter/fitting/communicator.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/neighbor/pair_sums.hpp"

namespace sinter {

namespace {

// Energies, forces and virials of a batch; a thread owns a structure, so that sums have the same order always.
struct StructureSink {
  using memory_space = Kokkos::HostSpace;
  static constexpr bool owns_groups = true;
  Kokkos::View<double*, memory_space> site_energies;                         // (atoms) eV
  Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces;       // (atoms, 3) eV/A, added to
  Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> site_virial;  // (atoms, 6) eV, xx yy zz yz xz xy

  KOKKOS_FUNCTION StructureSink const& access() const { return *this; }
  KOKKOS_FUNCTION void siteEnergy(int i, double energy) const { site_energies(i) = energy; }
  KOKKOS_FUNCTION static constexpr bool wantsVirials() { return true; }
  KOKKOS_FUNCTION static constexpr bool wantsPairVirials() { return false; }
  KOKKOS_FUNCTION static void pairVirial(int, int, double const (&)[3][3]) {}
  KOKKOS_FUNCTION void pair(int, int j, Triple const& gradient) const {
    for (int x = 0; x < 3; ++x) forces(j, x) -= gradient[x];
  }
  KOKKOS_FUNCTION void centre(int, int i, PairSums const& sums) const {
    for (int x = 0; x < 3; ++x) forces(i, x) += sums.gradient[x];
    for (int v = 0; v < 6; ++v) site_virial(i, v) = sums.virial[v];
  }
};

}  // namespace

template <class ExecutionSpace>
HostPasses<ExecutionSpace>::HostPasses(EquationBatches<ExecutionSpace>& batches)
    : _batches(batches), _fitted_species(batches.fittedSpecies()) {}

// As many workspaces as threads work at a time.
template <class ExecutionSpace>
std::unique_ptr<typename HostPasses<ExecutionSpace>::Workspace> HostPasses<ExecutionSpace>::takeWorkspace() {
  std::lock_guard const lock(_idle_guard);
  if (_idle.empty()) return std::make_unique<Workspace>();
  auto workspace = std::move(_idle.back());
  _idle.pop_back();
  return workspace;
}

template <class ExecutionSpace>
void HostPasses<ExecutionSpace>::giveBack(std::unique_ptr<Workspace> workspace) {
  std::lock_guard const lock(_idle_guard);
  _idle.push_back(std::move(workspace));
}

// Calls prepare(equations) for every batch and then body(task, equations, local number of a structure, workspace) for
// every structure of a task; structures of one task come in order, one after the other.
template <class ExecutionSpace>
template <class Body, class Prepare>
void HostPasses<ExecutionSpace>::forStructures(StructureTasks const& tasks, Body const& body, Prepare const& prepare) {
  OneBlasThread const guard;
  auto const& ranks = Communicator::world();
  auto const rank = static_cast<std::size_t>(ranks.rank()), count = static_cast<std::size_t>(ranks.size());
  std::vector<std::exception_ptr> failures(tasks.count);
  _batches.forBatches(tasks, [&](Batch const& equations) {
    prepare(equations);
    Kokkos::parallel_for("sinter::fitting::rows",
                         Kokkos::RangePolicy<ExecutionSpace, Kokkos::Schedule<Kokkos::Dynamic>>(
                             0, static_cast<int>((tasks.count + count - 1 - rank) / count))
                             .set_chunk_size(1),
                         [&](int t) {
                           std::size_t const task = rank + static_cast<std::size_t>(t) * count;
                           try {
                             auto workspace = takeWorkspace();
                             for (std::size_t local = 0; local < equations.size(); ++local)
                               if (tasks.of(equations.numbers[local]) == task) body(task, equations, local, *workspace);
                             giveBack(std::move(workspace));
                           } catch (...) {
                             failures[task] = std::current_exception();
                           }
                         });
    ExecutionSpace().fence("sinter::fitting::rows");
    for (auto const& failure : failures)
      if (failure) std::rethrow_exception(failure);
  });
}

// Columns of a basis panel in the order of the unknowns, the right-hand side last.
template <class ExecutionSpace>
std::vector<int> HostPasses<ExecutionSpace>::panelColumns(MtpRows const& rows) const {
  std::vector<int> columns;
  for (int k = 0; k < rows.basisFunctions(); ++k) columns.push_back(rows.basisColumn(k));
  for (int t = 0; t <= _fitted_species; ++t) columns.push_back(rows.basisWidth() + t);
  return columns;
}

template <class ExecutionSpace>
void HostPasses<ExecutionSpace>::scaleRows(Number* panel, int width, Batch const& data, std::size_t local) const {
  int const packs = width / MtpRows::lanes;
  Number check(0.0);
  for (std::size_t row = data.offset[local]; row < data.offset[local + 1]; ++row) {
    Number const scale(data.scale[row]);
    for (int i = 0; i < packs; ++i, ++panel) {
      check = Kokkos::fma(*panel, Number(0.0), check);
      *panel = *panel * scale;
    }
  }
  for (int l = 0; l < MtpRows::lanes; ++l)
    if (lanesOf(check)[l] != 0) _batches.refuseRows(data.numbers[local]);  // not a number or infinite somewhere
}

template <class ExecutionSpace>
void HostPasses<ExecutionSpace>::fillBasisPanel(MtpRows const& rows, Batch const& data, std::size_t local,
                                                Workspace& workspace, Number* panel) const {
  int const width = rows.basisWidth() + _batches.tailWidth();
  auto const count = static_cast<std::size_t>(data.rows(local));
  std::fill_n(panel, count * static_cast<std::size_t>(width / MtpRows::lanes), Number(0.0));
  double* const numbers = lanesOf(*panel);
  rows.addBasisRows(data.list, static_cast<int>(local), workspace.rows, numbers, width);
  if (_fitted_species > 0)
    for (int const type : data.typesOf(local)) numbers[rows.basisWidth() + type] += 1;
  for (std::size_t row = 0; row < count; ++row)
    numbers[row * static_cast<std::size_t>(width) + rows.basisWidth() + _fitted_species] =
        data.target[data.offset[local] + row];
  scaleRows(panel, width, data, local);
}

// The weighted rows of the linear unknowns of a structure: those kept, or made anew.
template <class ExecutionSpace>
typename HostPasses<ExecutionSpace>::Number const* HostPasses<ExecutionSpace>::basisPanel(
    MtpRows const& rows, Batch const& data, std::size_t local, Workspace& workspace, bool fresh) {
  std::size_t const s = data.numbers[local];
  std::size_t const size = static_cast<std::size_t>(data.rows(local)) *
                           static_cast<std::size_t>((rows.basisWidth() + _batches.tailWidth()) / MtpRows::lanes);
  bool const is_kept = _keeps && _kept[s].size() == size;
  if (!fresh && is_kept) return _kept[s].data();
  if (_keeps && !is_kept) _kept[s].resize(size);
  Number* const panel = _keeps ? _kept[s].data() : Workspace::grow(workspace.basis_panel, size);
  fillBasisPanel(rows, data, local, workspace, panel);
  return panel;
}

template <class ExecutionSpace>
LinearNormalEquations HostPasses<ExecutionSpace>::linearPass(MtpRows const& rows) {
  auto const memory = _batches.memory(rows);
  _keeps = memory.rows <= memory.spare / 2;
  _kept.resize(_keeps ? _batches.structures() : 0);
  int const width = rows.basisWidth() + _batches.tailWidth();
  auto const tasks = partTasks();
  std::vector<std::vector<double>> sums(tasks.count, std::vector<double>(static_cast<std::size_t>(width) * width, 0.0));
  forStructures(tasks, [&](std::size_t part, Batch const& data, std::size_t local, Workspace& workspace) {
    addGram(lanesOf(*basisPanel(rows, data, local, workspace, true)), data.rows(local), width, width,
            sums[part].data());
  });
  return {rows.basisFunctions() + _fitted_species, symmetricPart(sumOfParts(sums), width, panelColumns(rows))};
}

template <class ExecutionSpace>
RadialNormalEquations HostPasses<ExecutionSpace>::radialPass(MtpRows const& rows) {
  int const width = rows.radialWidth(), basis_width = rows.basisWidth() + _batches.tailWidth();
  auto const tasks = partTasks();
  std::vector<std::vector<double>> grams(tasks.count,
                                         std::vector<double>(static_cast<std::size_t>(width) * width, 0.0)),
      crosses(tasks.count, std::vector<double>(static_cast<std::size_t>(width) * basis_width, 0.0));
  forStructures(tasks, [&](std::size_t part, Batch const& data, std::size_t local, Workspace& workspace) {
    int const count = data.rows(local);
    auto const size = static_cast<std::size_t>(count) * static_cast<std::size_t>(width / MtpRows::lanes);
    Number* const panel = Workspace::grow(workspace.radial_panel, size);
    std::fill_n(panel, size, Number(0.0));
    rows.addRadialRows(data.list, static_cast<int>(local), workspace.rows, lanesOf(*panel), width);
    scaleRows(panel, width, data, local);
    addGram(lanesOf(*panel), count, width, width, grams[part].data());
    addProduct(lanesOf(*panel), count, width, width, lanesOf(*basisPanel(rows, data, local, workspace, false)),
               basis_width, basis_width, crosses[part].data());
  });
  auto const columns = rows.radialColumns(), linear = panelColumns(rows);
  auto const cross = sumOfParts(crosses);
  RadialNormalEquations result;
  result.columns = static_cast<int>(columns.size());
  result.gram = symmetricPart(sumOfParts(grams), width, columns);
  for (int const column : linear)
    for (int const c : columns) result.cross.push_back(cross[static_cast<std::size_t>(column) * width + c]);
  return result;
}

template <class ExecutionSpace>
void HostPasses<ExecutionSpace>::forgetRows() {
  _keeps = false;
  _kept.clear();
}

template <class ExecutionSpace>
std::vector<TriangularFactor> HostPasses<ExecutionSpace>::factors(MtpRows const& rows, int folds) {
  if (Communicator::world().size() > 1) forgetRows();  // a rank works on others than those of its parts
  int const unknowns = rows.basisFunctions() + _fitted_species;
  auto const columns = panelColumns(rows);
  auto const width = static_cast<std::size_t>(rows.basisWidth() + _batches.tailWidth());
  auto const tasks = pieceTasks(_batches.order(), folds);
  std::vector<StreamedLeastSquares> pieces(tasks.count, StreamedLeastSquares(unknowns));
  std::vector<std::vector<double>> rows_of(tasks.count, std::vector<double>(columns.size()));
  forStructures(tasks, [&](std::size_t piece, Batch const& data, std::size_t local, Workspace& workspace) {
    double const* const panel = lanesOf(*basisPanel(rows, data, local, workspace, false));
    auto& row = rows_of[piece];
    for (std::size_t r = 0; r < static_cast<std::size_t>(data.rows(local)); ++r) {
      if (data.scale[data.offset[local] + r] == 0) continue;
      for (std::size_t c = 0; c < columns.size(); ++c) row[c] = panel[r * width + static_cast<std::size_t>(columns[c])];
      pieces[piece].appendRows(row.data(), 1, columns.size());
    }
  });
  return factorsOfFolds(unknowns, folds, pieces);
}

template <class ExecutionSpace>
double HostPasses<ExecutionSpace>::lossGradient(MtpRows const& rows, MtpModel const& model,
                                                std::vector<double>& gradient) {
  std::size_t const coefficients = model.moment_coeffs.size() + model.radial_coeffs.size();
  auto const unknowns = coefficients + static_cast<std::size_t>(_fitted_species);
  MtpModel plain = model;
  std::fill(plain.species_coeffs.begin(), plain.species_coeffs.end(), 0.0);
  auto const plan = makeMtpPlan<Kokkos::HostSpace>(plain, MtpProgramUse::energy);
  ExecutionSpace const space;

  auto const tasks = partTasks();

  // Residuals of a batch by the evaluation kernel; then the derivative of the loss by the prediction.
  std::vector<double> residual;
  std::vector<std::vector<double>> sums(tasks.count, std::vector<double>(unknowns + 1, 0.0));  // the loss last
  auto const evaluateBatch = [&](Batch const& data) {
    residual.assign(data.offset.back(), 0.0);
    int const atoms = data.list.numCentres();
    Kokkos::View<double* [3], Kokkos::LayoutRight, Kokkos::HostSpace> forces("sinter::fitting::forces", atoms);
    StructureSink sink;
    sink.site_energies = decltype(sink.site_energies)("sinter::fitting::energies", atoms);
    sink.site_virial = decltype(sink.site_virial)("sinter::fitting::virial", atoms);
    sink.forces = forces;
    evaluateMtp<MtpOutputs::site_energies | MtpOutputs::forces>(space, plan, data.list, sink);
    space.fence("sinter::fitting::lossGradient");
    int atom = 0;
    for (std::size_t local = 0; local < data.size(); ++local) {
      double* const own = residual.data() + data.offset[local];
      auto const types = data.typesOf(local);
      for (std::size_t i = 0; i < types.size(); ++i, ++atom) {
        own[0] += sink.site_energies(atom);
        if (_fitted_species > 0)
          own[0] += model.species_coeffs[static_cast<std::size_t>(types[i])] - _batches.referenceEnergy();
        for (std::size_t x = 0; x < 3; ++x) own[MtpRows::forceRow(i, x)] = forces(atom, x);
        for (std::size_t v = 0; v < 6; ++v) own[MtpRows::virialRow(types.size(), v)] += sink.site_virial(atom, v);
      }
      double& loss = sums[tasks.of(data.numbers[local])].back();
      for (std::size_t row = data.offset[local]; row < data.offset[local + 1]; ++row) {
        double const difference = data.scale[row] * (residual[row] - data.target[row]);
        loss += difference * difference;
        residual[row] = data.scale[row] == 0 ? 0 : 2 * data.scale[row] * difference;
      }
    }
  };

  forStructures(
      tasks,
      [&](std::size_t part, Batch const& data, std::size_t local, Workspace& workspace) {
        double const* const weights = residual.data() + data.offset[local];
        rows.addContractedRows(data.list, static_cast<int>(local), workspace.rows, weights, sums[part].data());
        if (_fitted_species > 0)
          for (int const type : data.typesOf(local))
            sums[part][coefficients + static_cast<std::size_t>(type)] += weights[0];
      },
      evaluateBatch);
  gradient = sumOfParts(sums);
  double const loss = gradient.back();
  gradient.pop_back();
  return loss;
}

#define SINTER_INSTANTIATE(SPACE) template class HostPasses<SPACE>;
SINTER_FOR_EACH_HOST_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
