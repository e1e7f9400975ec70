#include "sinter/fitting/training_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <numeric>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/fitting/panel_sums.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

namespace {

// Sums over rows are made of this many parts, whatever the number of threads.
constexpr std::size_t parts = 16;
constexpr std::size_t parts_per_fold = 2;
constexpr std::size_t atoms_per_batch = 16384;

// Square roots of the weights of one structure's equations.
struct RowScales {
  double energy, force, virial;
};

// Feature "weight" of a structure multiplies its weights.
double ownWeight(Structure const& structure, std::size_t s) {
  for (auto const& [name, value] : structure.features)
    if (name == "weight") {
      char* end = nullptr;
      double const weight = std::strtod(value.c_str(), &end);
      if (end == value.c_str() || *end != '\0' || !(weight >= 0) || !std::isfinite(weight))
        throw InputError("structure " + std::to_string(s) + ": weight: found '" + value + "', expected a number >= 0");
      return weight;
    }
  return 1;
}

RowScales rowScales(FitSettings const& settings, Structure const& structure, std::size_t s) {
  auto const found = settings.config_type_weights.find(structure.config_type);
  LabelWeights const& w = found == settings.config_type_weights.end() ? settings.weights : found->second;
  auto const n = static_cast<double>(structure.size());
  double const own = std::sqrt(ownWeight(structure, s));
  switch (settings.weight_mode) {
    case WeightMode::vibrations:
      return {own * std::sqrt(w.energy / n), own * std::sqrt(w.force), own * std::sqrt(w.virial / n)};
    case WeightMode::molecules:
      return {own * std::sqrt(w.energy), own * std::sqrt(w.force), own * std::sqrt(w.virial)};
    case WeightMode::structures:
      return {own * std::sqrt(w.energy) / n, own * std::sqrt(w.force / n), own * std::sqrt(w.virial) / n};
  }
  return {};
}

}  // namespace

// Consecutive structures with one neighbour list.
template <class ExecutionSpace>
struct TrainingRows<ExecutionSpace>::Batch {
  std::size_t begin, end;
  NeighborList<Kokkos::HostSpace> list;  // empty where memory does not keep it
  bool kept = false;
};

// What one part of a sum works with.
template <class ExecutionSpace>
struct TrainingRows<ExecutionSpace>::Task {
  MtpRows::Workspace workspace;
  std::vector<Number> basis_panel, radial_panel;
  std::exception_ptr failure;

  static Number* grow(std::vector<Number>& panel, std::size_t size) {
    if (panel.size() < size) panel.resize(size);
    return panel.data();
  }
};

template <class ExecutionSpace>
struct TrainingRows<ExecutionSpace>::Equations {
  std::vector<std::size_t> offset;      // (structures + 1) first row of each
  std::vector<double> scale, target;    // of each row: square root of its weight (0: no equation), label
  std::vector<std::vector<int>> types;  // of the atoms of each structure
  std::vector<int> order;               // rank of each structure within its config type, shuffled
  std::vector<Batch> batches;
  std::vector<std::vector<Number>> kept;  // basis panels
  bool keeps = false;
  std::vector<Task> tasks = std::vector<Task>(parts);
};

template <class ExecutionSpace>
TrainingRows<ExecutionSpace>::TrainingRows(FitSettings const& settings, MtpModel const& model,
                                           std::span<Structure const> structures, FitProgress progress)
    : _structures(structures),
      _species_map(model.species, model.species_count),
      _species(model.species),
      _cutoff(model.max_dist),
      _max_memory(settings.max_memory),
      _fitted_species(settings.e0.empty() ? model.species_count : 0),
      _e0(settings.e0),
      _progress(std::move(progress)),
      _data(std::make_shared<Equations>()) {
  readEquations(settings, model);
  makeBatches();
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::readEquations(FitSettings const& settings, MtpModel const& model) {
  auto& data = *_data;
  data.offset.assign(1, 0);
  for (auto const& s : _structures) {
    data.offset.push_back(data.offset.back() + MtpRows::rowsOf(s.size()));
    _atoms += s.size();
  }
  data.scale.assign(data.offset.back(), 0.0);
  data.target.assign(data.offset.back(), 0.0);

  // Eq. (2.17): in the labels, but in no basis function.
  std::vector<Evaluation> repulsion;
  if (formOf(model.radial_basis_type).repulsive) {
    MtpModel bare = model;
    bare.species_coeffs.assign(static_cast<std::size_t>(model.species_count), 0);
    bare.moment_coeffs.assign(model.alpha_moment_mapping.size(), 0);
    repulsion = MtpEvaluator<ExecutionSpace>(bare).evaluate(_structures);
  }

  double energy = 0;
  std::size_t atoms_with_energy = 0;
  for (std::size_t s = 0; s < _structures.size(); ++s) {
    auto const& structure = _structures[s];
    std::size_t const atoms = structure.size(), first = data.offset[s];
    auto const where = "structure " + std::to_string(s);
    data.types.push_back(_species_map.typesOf(structure, where));
    RowScales const scales = rowScales(settings, structure, s);
    auto const put = [&](std::size_t row, double scale, double label) {
      if (!std::isfinite(label)) throw InputError(where + ": found a label that is not finite, expected numbers");
      data.scale[first + row] = scale;
      data.target[first + row] = label;
      _equations += scale > 0 ? 1 : 0;
    };
    auto const* const fixed = repulsion.empty() ? nullptr : &repulsion[s];
    if (structure.energy) {
      double label = *structure.energy - (fixed != nullptr ? fixed->energy : 0);
      if (_fitted_species == 0)
        for (int const type : data.types.back()) label -= _e0.at(_species[static_cast<std::size_t>(type)]);
      put(0, scales.energy, label);
      energy += label;
      atoms_with_energy += atoms;
    }
    for (std::size_t i = 0; i < structure.forces.size(); ++i) {
      auto const& f = structure.forces[i];
      double scale = scales.force;
      if (settings.scale_by_force > 0)
        scale *=
            std::sqrt(settings.scale_by_force / (f[0] * f[0] + f[1] * f[1] + f[2] * f[2] + settings.scale_by_force));
      for (std::size_t x = 0; x < 3; ++x)
        put(MtpRows::forceRow(i, x), scale, f[x] - (fixed != nullptr ? fixed->forces[i][x] : 0));
    }
    if (structure.virial && volume(structure))
      for (std::size_t v = 0; v < 6; ++v)  // off-diagonal components stand for two of the nine
        put(MtpRows::virialRow(atoms, v), scales.virial * (v < 3 ? 1 : std::sqrt(2.0)),
            (*structure.virial)[v] - (fixed != nullptr ? fixed->virial[v] : 0));
  }
  if (_equations == 0)
    throw InputError(
        "found no energy, force or virial with a weight > 0 in the training data, expected labels to fit to");

  // Energies without what all atoms have in common: sums of squares then keep their digits.
  if (_fitted_species > 0 && atoms_with_energy > 0) {
    _reference_energy = energy / static_cast<double>(atoms_with_energy);
    for (std::size_t s = 0; s < _structures.size(); ++s)
      if (_structures[s].energy)
        data.target[data.offset[s]] -= _reference_energy * static_cast<double>(_structures[s].size());
  }
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::makeBatches() {
  auto& data = *_data;
  for (std::size_t begin = 0; begin < _structures.size();) {
    std::size_t end = begin, atoms = 0;
    while (end < _structures.size() && (end == begin || atoms + _structures[end].size() <= atoms_per_batch))
      atoms += _structures[end++].size();
    data.batches.push_back({begin, end, {}, false});
    begin = end;
  }

  // Structures of a config type in an order of their own, by which folds are dealt: neighbours in a trajectory come
  // apart, and every fold has its share of every type.
  std::map<std::string, std::vector<std::size_t>> by_type;
  for (std::size_t s = 0; s < _structures.size(); ++s) by_type[_structures[s].config_type].push_back(s);
  data.order.resize(_structures.size());
  std::uint64_t state = 88172645463325252ULL;
  int next = 0;  // goes on from type to type, so that small types do not all fall into the first folds
  for (auto& [type, members] : by_type) {
    for (std::size_t i = members.size(); i > 1; --i) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      std::swap(members[i - 1], members[state % i]);
    }
    for (auto const s : members) data.order[s] = next++;
  }
}

template <class ExecutionSpace>
int TrainingRows<ExecutionSpace>::foldOf(std::size_t s, int folds) const {
  return _data->order[s] % folds;
}

template <class ExecutionSpace>
NeighborList<Kokkos::HostSpace> TrainingRows<ExecutionSpace>::listOf(Batch const& batch) const {
  if (batch.kept) return batch.list;
  Space const space;
  auto const structures = _structures.subspan(batch.begin, batch.end - batch.begin);
  return buildNeighborList(space, makeStructureBatch<Kokkos::HostSpace>(structures, _species_map), _cutoff);
}

// Calls body(task, s, list, local number of s) for every structure; structures of one task come in order, one after the
// other.
template <class ExecutionSpace>
template <class Body>
void TrainingRows<ExecutionSpace>::forStructures(std::size_t tasks, Body const& body) {
  auto& data = *_data;
  OneBlasThread const guard;
  if (data.tasks.size() < tasks) data.tasks.resize(tasks);
  for (auto& batch : data.batches) {
    auto const list = listOf(batch);
    std::size_t const bytes =
        static_cast<std::size_t>(list.pairs()) * 12 + static_cast<std::size_t>(list.numCentres()) * 64;
    if (!batch.kept && _list_bytes + bytes < _max_memory / 4) {
      batch.list = list;
      batch.kept = true;
      _list_bytes += bytes;
    }
    Kokkos::parallel_for(
        "sinter::fitting::rows",
        Kokkos::RangePolicy<Space, Kokkos::Schedule<Kokkos::Dynamic>>(0, static_cast<int>(tasks)).set_chunk_size(1),
        [&](int t) {
          Task& task = data.tasks[static_cast<std::size_t>(t)];
          try {
            for (std::size_t s = batch.begin; s < batch.end; ++s)
              body(static_cast<std::size_t>(t), s, list, static_cast<int>(s - batch.begin), task);
          } catch (...) {
            task.failure = std::current_exception();
          }
        });
    Space().fence("sinter::fitting::rows");
    for (auto& task : data.tasks)
      if (task.failure) std::rethrow_exception(std::exchange(task.failure, nullptr));
    if (_progress) _progress(batch.end);
  }
}

// Columns of a basis panel behind the basis functions: species energies and the right-hand side, padded.
template <class ExecutionSpace>
int TrainingRows<ExecutionSpace>::tailWidth() const {
  return (_fitted_species + 1 + MtpRows::lanes - 1) / MtpRows::lanes * MtpRows::lanes;
}

template <class ExecutionSpace>
int TrainingRows<ExecutionSpace>::linearColumns(MtpRows const& rows) const {
  return rows.basisFunctions() + _fitted_species;
}

template <class ExecutionSpace>
std::size_t TrainingRows<ExecutionSpace>::keptBytes(MtpRows const& rows) const {
  return _data->offset.back() * static_cast<std::size_t>(rows.basisWidth() + tailWidth()) * sizeof(double);
}

// Columns of a basis panel in the order of the unknowns, the right-hand side last.
template <class ExecutionSpace>
std::vector<int> TrainingRows<ExecutionSpace>::panelColumns(MtpRows const& rows) const {
  std::vector<int> columns;
  for (int k = 0; k < rows.basisFunctions(); ++k) columns.push_back(rows.basisColumn(k));
  for (int t = 0; t <= _fitted_species; ++t) columns.push_back(rows.basisWidth() + t);
  return columns;
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::scaleRows(Number* panel, int width, std::size_t s) const {
  auto const& data = *_data;
  int const packs = width / MtpRows::lanes;
  Number check(0.0);
  for (std::size_t row = data.offset[s]; row < data.offset[s + 1]; ++row) {
    Number const scale(data.scale[row]);
    for (int i = 0; i < packs; ++i, ++panel) {
      check = Kokkos::fma(*panel, Number(0.0), check);
      *panel = *panel * scale;
    }
  }
  for (int l = 0; l < MtpRows::lanes; ++l)
    if (lanesOf(check)[l] != 0)  // not a number or infinite somewhere
      throw InputError("structure " + std::to_string(s) +
                       ": found an energy or force that is not finite, expected no two atoms at the same place");
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::fillBasisPanel(MtpRows const& rows, NeighborList<Kokkos::HostSpace> const& list,
                                                  std::size_t s, int local, Task& task, Number* panel) const {
  auto const& data = *_data;
  int const width = rows.basisWidth() + tailWidth();
  std::size_t const count = data.offset[s + 1] - data.offset[s];
  std::fill_n(panel, count * static_cast<std::size_t>(width / MtpRows::lanes), Number(0.0));
  double* const numbers = lanesOf(*panel);
  rows.addBasisRows(list, local, task.workspace, numbers, width);
  if (_fitted_species > 0)
    for (int const type : data.types[s]) numbers[rows.basisWidth() + type] += 1;
  for (std::size_t row = 0; row < count; ++row)
    numbers[row * static_cast<std::size_t>(width) + rows.basisWidth() + _fitted_species] =
        data.target[data.offset[s] + row];
  scaleRows(panel, width, s);
}

// The weighted rows of the linear unknowns of a structure: those kept, or made anew.
template <class ExecutionSpace>
typename TrainingRows<ExecutionSpace>::Number const* TrainingRows<ExecutionSpace>::basisPanel(
    MtpRows const& rows, NeighborList<Kokkos::HostSpace> const& list, std::size_t s, int local, Task& task,
    bool fresh) {
  auto& data = *_data;
  std::size_t const size = (data.offset[s + 1] - data.offset[s]) *
                           static_cast<std::size_t>((rows.basisWidth() + tailWidth()) / MtpRows::lanes);
  bool const is_kept = data.keeps && data.kept[s].size() == size;
  if (!fresh && is_kept) return data.kept[s].data();
  if (data.keeps && !is_kept) data.kept[s].resize(size);
  Number* const panel = data.keeps ? data.kept[s].data() : Task::grow(task.basis_panel, size);
  fillBasisPanel(rows, list, s, local, task, panel);
  return panel;
}

namespace {

// A part of the sums over structures: the one that structure s of a batch belongs to.
std::size_t partOf(std::size_t s, std::size_t count) { return s % count; }

// The lower triangle of a padded Gram matrix as a full matrix of the given columns.
std::vector<double> compact(std::vector<double> const& padded, int width, std::vector<int> const& columns) {
  auto const n = columns.size();
  std::vector<double> result(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      int const low = std::min(columns[i], columns[j]), high = std::max(columns[i], columns[j]);
      result[j * n + i] = padded[static_cast<std::size_t>(low) * width + high];
    }
  return result;
}

std::vector<double> sumOf(std::vector<std::vector<double>> const& addends) {
  std::vector<double> sum(addends.front().size(), 0.0);
  for (auto const& addend : addends)
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += addend[i];
  return sum;
}

}  // namespace

template <class ExecutionSpace>
PanelSums<ExecutionSpace> TrainingRows<ExecutionSpace>::panelSums(MtpModel const& model, RowColumns which) const
    requires(has_panel_algebra<ExecutionSpace>) {
  auto const& data = *_data;
  PanelSums<ExecutionSpace> sums(model, which, _fitted_species, _max_memory / 4);
  std::size_t const bytes_per_row = static_cast<std::size_t>(sums.columns()) * sizeof(double);
  for (std::size_t begin = 0, end = 0; begin < _structures.size(); begin = end) {
    auto const rows = [&] { return data.offset[end] - data.offset[begin]; };
    do ++end;
    while (end < _structures.size() && rows() < 3 * atoms_per_batch && rows() * bytes_per_row < _max_memory / 4);
    auto const batch = makeStructureBatch<typename ExecutionSpace::memory_space>(
        _structures.subspan(begin, end - begin), _species_map);
    sums.add(buildNeighborList(ExecutionSpace(), batch, _cutoff), begin,
             std::span(data.scale).subspan(data.offset[begin], rows()),
             std::span(data.target).subspan(data.offset[begin], rows()));
    if (_progress) _progress(end);
  }
  return sums;
}

// Whether passes are made on a device.
template <class ExecutionSpace>
constexpr bool sums_on_device = is_device_space<ExecutionSpace>&& has_panel_algebra<ExecutionSpace>;

template <class ExecutionSpace>
LinearNormalEquations TrainingRows<ExecutionSpace>::linearPass(MtpRows const& rows) {
  if constexpr (sums_on_device<ExecutionSpace>) return panelSums(rows.model(), RowColumns::basis).linear();
  auto& data = *_data;
  data.keeps = keptBytes(rows) <= _max_memory / 2;
  data.kept.resize(data.keeps ? _structures.size() : 0);
  int const width = rows.basisWidth() + tailWidth();
  std::vector<std::vector<double>> sums(parts, std::vector<double>(static_cast<std::size_t>(width) * width, 0.0));
  forStructures(parts, [&](std::size_t part, std::size_t s, auto const& list, int local, Task& task) {
    if (partOf(s, parts) != part) return;
    auto const count = static_cast<int>(data.offset[s + 1] - data.offset[s]);
    addGram(lanesOf(*basisPanel(rows, list, s, local, task, true)), count, width, width, sums[part].data());
  });
  return {linearColumns(rows), compact(sumOf(sums), width, panelColumns(rows))};
}

template <class ExecutionSpace>
RadialNormalEquations TrainingRows<ExecutionSpace>::radialPass(MtpRows const& rows) {
  if constexpr (sums_on_device<ExecutionSpace>) return panelSums(rows.model(), RowColumns::all).radial();
  auto& data = *_data;
  int const width = rows.radialWidth(), basis_width = rows.basisWidth() + tailWidth();
  std::vector<std::vector<double>> grams(parts, std::vector<double>(static_cast<std::size_t>(width) * width, 0.0)),
      crosses(parts, std::vector<double>(static_cast<std::size_t>(width) * basis_width, 0.0));
  forStructures(parts, [&](std::size_t part, std::size_t s, auto const& list, int local, Task& task) {
    if (partOf(s, parts) != part) return;
    auto const count = static_cast<int>(data.offset[s + 1] - data.offset[s]);
    auto const size = static_cast<std::size_t>(count) * static_cast<std::size_t>(width / MtpRows::lanes);
    Number* const panel = Task::grow(task.radial_panel, size);
    std::fill_n(panel, size, Number(0.0));
    rows.addRadialRows(list, local, task.workspace, lanesOf(*panel), width);
    scaleRows(panel, width, s);
    addGram(lanesOf(*panel), count, width, width, grams[part].data());
    addProduct(lanesOf(*panel), count, width, width, lanesOf(*basisPanel(rows, list, s, local, task, false)),
               basis_width, basis_width, crosses[part].data());
  });
  auto const columns = rows.radialColumns(), linear = panelColumns(rows);
  auto const cross = sumOf(crosses);
  RadialNormalEquations result;
  result.columns = static_cast<int>(columns.size());
  result.gram = compact(sumOf(grams), width, columns);
  for (int const column : linear)
    for (int const c : columns) result.cross.push_back(cross[static_cast<std::size_t>(column) * width + c]);
  return result;
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::forgetRows() {
  _data->keeps = false;
  _data->kept.clear();
}

template <class ExecutionSpace>
std::vector<TriangularFactor> TrainingRows<ExecutionSpace>::factors(MtpRows const& rows, int folds) {
  auto& data = *_data;
  int const unknowns = linearColumns(rows);
  auto const columns = panelColumns(rows);
  auto const width = static_cast<std::size_t>(rows.basisWidth() + tailWidth());
  auto const pieces = static_cast<std::size_t>(folds) * parts_per_fold;
  std::vector<StreamedLeastSquares> problems(pieces, StreamedLeastSquares(unknowns));
  std::vector<std::vector<double>> rows_of(pieces, std::vector<double>(columns.size()));
  forStructures(pieces, [&](std::size_t piece, std::size_t s, auto const& list, int local, Task& task) {
    auto const fold = static_cast<std::size_t>(foldOf(s, folds));
    if (fold * parts_per_fold + static_cast<std::size_t>(_data->order[s] / folds) % parts_per_fold != piece) return;
    double const* const panel = lanesOf(*basisPanel(rows, list, s, local, task, false));
    auto& row = rows_of[piece];
    for (std::size_t r = 0; r < data.offset[s + 1] - data.offset[s]; ++r) {
      if (data.scale[data.offset[s] + r] == 0) continue;
      for (std::size_t c = 0; c < columns.size(); ++c) row[c] = panel[r * width + static_cast<std::size_t>(columns[c])];
      problems[piece].appendRows(row.data(), 1, columns.size());
    }
  });
  std::vector<TriangularFactor> result;
  for (int fold = 0; fold < folds; ++fold) {
    StreamedLeastSquares problem(unknowns);
    for (std::size_t p = 0; p < parts_per_fold; ++p) {
      auto& piece = problems[static_cast<std::size_t>(fold) * parts_per_fold + p];
      if (piece.rows() > 0) problem.append(piece.factor());
    }
    if (problem.rows() > 0) result.push_back(problem.factor());
  }
  return result;
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::putSolution(std::span<double const> x, MtpModel& model) const {
  std::size_t const basis = model.alpha_moment_mapping.size();
  model.moment_coeffs.assign(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(basis));
  model.species_coeffs.resize(_species.size());
  for (std::size_t t = 0; t < _species.size(); ++t)
    model.species_coeffs[t] = _fitted_species > 0 ? x[basis + t] + _reference_energy : _e0.at(_species[t]);
}

template <class ExecutionSpace>
double TrainingRows<ExecutionSpace>::lossGradient(MtpRows const& rows, MtpModel const& model,
                                                  std::vector<double>& gradient) {
  auto& data = *_data;
  std::size_t const coefficients = model.moment_coeffs.size() + model.radial_coeffs.size();
  auto const unknowns = coefficients + static_cast<std::size_t>(_fitted_species);

  // Residuals first, by the evaluation kernel.
  std::vector<double> residual(data.offset.back());
  MtpModel plain = model;
  if (formOf(model.radial_basis_type).repulsive)  // on the other side of the equations
    throw InputError("method \"bfgs\": found the radial type RBChebyshev_repuls, expected one without pair repulsion");
  std::fill(plain.species_coeffs.begin(), plain.species_coeffs.end(), 0.0);
  auto const plan = makeMtpPlan<Kokkos::HostSpace>(plain, MtpProgramUse::energy);
  Space const space;
  for (auto const& batch : data.batches) {
    auto const list = listOf(batch);
    int const atoms = list.numCentres();
    Kokkos::View<double* [3], Kokkos::LayoutRight, Kokkos::HostSpace> forces("sinter::fitting::forces", atoms);
    EnergyForcesVirialSink<Space> sink;
    sink.site_energies = decltype(sink.site_energies)("sinter::fitting::energies", atoms);
    sink.site_virial = decltype(sink.site_virial)("sinter::fitting::virial", atoms);
    sink.forces.begin(space, forces);
    evaluateMtp<MtpOutputs::site_energies | MtpOutputs::forces>(space, plan, list, sink);
    sink.forces.finish(space);
    space.fence("sinter::fitting::lossGradient");
    int atom = 0;
    for (std::size_t s = batch.begin; s < batch.end; ++s) {
      double* const own = residual.data() + data.offset[s];
      std::size_t const size = _structures[s].size();
      for (std::size_t i = 0; i < size; ++i, ++atom) {
        own[0] += sink.site_energies(atom);
        if (_fitted_species > 0)
          own[0] += model.species_coeffs[static_cast<std::size_t>(data.types[s][i])] - _reference_energy;
        for (std::size_t x = 0; x < 3; ++x) own[MtpRows::forceRow(i, x)] = forces(atom, x);
        for (std::size_t v = 0; v < 6; ++v) own[MtpRows::virialRow(size, v)] += sink.site_virial(atom, v);
      }
    }
  }
  double loss = 0;
  for (std::size_t row = 0; row < residual.size(); ++row) {
    double const difference = data.scale[row] * (residual[row] - data.target[row]);
    loss += difference * difference;
    residual[row] = 2 * data.scale[row] * difference;  // derivative of the loss by the prediction
    if (data.scale[row] == 0) residual[row] = 0;
  }

  std::vector<std::vector<double>> sums(parts, std::vector<double>(unknowns, 0.0));
  forStructures(parts, [&](std::size_t part, std::size_t s, auto const& list, int local, Task& task) {
    if (partOf(s, parts) != part) return;
    double const* const weights = residual.data() + data.offset[s];
    rows.addContractedRows(list, local, task.workspace, weights, sums[part].data());
    if (_fitted_species > 0)
      for (int const type : data.types[s]) sums[part][coefficients + static_cast<std::size_t>(type)] += weights[0];
  });
  gradient = sumOf(sums);
  return loss;
}

#define SINTER_INSTANTIATE(SPACE) template class TrainingRows<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
