#include "sinter/fitting/training_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <type_traits>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/fitting/communicator.hpp"
#include "sinter/fitting/panel_sums.hpp"
#include "sinter/fitting/process_memory.hpp"
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
constexpr std::size_t atoms_per_chunk = 512;  // that are looked at together before batches are made
constexpr std::size_t bytes_to_build = 80;    // per atom, beside the neighbour list in the making

Communicator const& ranks() { return Communicator::world(); }

// The partial sum that structure s belongs to.
struct PartOf {
  std::size_t operator()(std::size_t s) const { return s % parts; }
};

// Square roots of the weights of one structure's equations.
struct RowScales {
  double energy, force, virial;
};

// Feature "weight" of a structure multiplies its weights.
double ownWeight(Structure const& structure, std::string const& where) {
  for (auto const& [name, value] : structure.features)
    if (name == "weight") {
      char* end = nullptr;
      double const weight = std::strtod(value.c_str(), &end);
      if (end == value.c_str() || *end != '\0' || !(weight >= 0) || !std::isfinite(weight))
        throw InputError(where + ": weight: found '" + value + "', expected a number >= 0");
      return weight;
    }
  return 1;
}

RowScales rowScales(FitSettings const& settings, Structure const& structure, std::string const& where) {
  auto const found = settings.config_type_weights.find(structure.config_type);
  LabelWeights const& w = found == settings.config_type_weights.end() ? settings.weights : found->second;
  auto const n = static_cast<double>(structure.size());
  double const own = std::sqrt(ownWeight(structure, where));
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

// The equations of consecutive structures, with their neighbour list.
template <class ExecutionSpace>
struct TrainingRows<ExecutionSpace>::Equations {
  std::vector<std::size_t> numbers;   // of the structures: those of the batch that this rank works on
  std::vector<std::size_t> offset;    // (structures + 1) first row of each
  std::vector<double> scale, target;  // of each row: square root of its weight (0: no equation), label
  NeighborList<Kokkos::HostSpace> list;
  std::size_t bytes_of_structures = 0;  // that were read for them

  [[nodiscard]] std::size_t size() const { return offset.size() - 1; }
  [[nodiscard]] int rows(std::size_t local) const { return static_cast<int>(offset[local + 1] - offset[local]); }
  [[nodiscard]] std::span<int const> types(std::size_t local) const {  // of the atoms of a structure
    auto const first = static_cast<std::size_t>(list.batch.offsets(local));
    return {list.batch.types.data() + first, static_cast<std::size_t>(list.batch.offsets(local + 1)) - first};
  }
};

// Consecutive structures that are in memory together.
template <class ExecutionSpace>
struct TrainingRows<ExecutionSpace>::Batch {
  std::size_t begin, end, bytes;
  std::shared_ptr<Equations const> kept;  // where memory allows
};

// What one thread works with.
template <class ExecutionSpace>
struct TrainingRows<ExecutionSpace>::Workspace {
  MtpRows::Workspace rows;
  std::vector<Number> basis_panel, radial_panel;

  static Number* grow(std::vector<Number>& panel, std::size_t size) {
    if (panel.size() < size) panel.resize(size);
    return panel.data();
  }
};

template <class ExecutionSpace>
struct TrainingRows<ExecutionSpace>::State {
  std::vector<int> order;  // rank of each structure within its config type, shuffled
  std::vector<Batch> batches;
  std::vector<std::vector<Number>> kept;  // basis panels
  bool keeps = false;
  std::vector<std::unique_ptr<Workspace>> idle;
  std::mutex idle_guard;

  // As many workspaces as threads work at a time.
  std::unique_ptr<Workspace> takeWorkspace() {
    std::lock_guard const lock(idle_guard);
    if (idle.empty()) return std::make_unique<Workspace>();
    auto workspace = std::move(idle.back());
    idle.pop_back();
    return workspace;
  }
  void giveBack(std::unique_ptr<Workspace> workspace) {
    std::lock_guard const lock(idle_guard);
    idle.push_back(std::move(workspace));
  }
};

template <class ExecutionSpace>
TrainingRows<ExecutionSpace>::TrainingRows(FitSettings const& settings, MtpModel const& model, StructureSet structures,
                                           FitProgress progress)
    : _settings(settings),
      _structures(std::move(structures)),
      _species_map(model.species, model.species_count),
      _species(model.species),
      _cutoff(model.max_dist),
      _fitted_species(settings.e0.empty() ? model.species_count : 0),
      _progress(std::move(progress)),
      _state(std::make_shared<State>()) {
  if (formOf(model.radial_basis_type).repulsive) {
    MtpModel bare = model;
    bare.species_coeffs.assign(static_cast<std::size_t>(model.species_count), 0);
    bare.moment_coeffs.assign(model.alpha_moment_mapping.size(), 0);
    _repulsion = std::make_shared<MtpEvaluator<ExecutionSpace>>(bare);
  }
  ranks().together([&] { readStructures(MtpRows(model)); });
  shuffle();
}

// The equations of structures begin <= s < end with takes(s). `energy` and `atoms` count those with a label for the
// energy.
template <class ExecutionSpace>
std::shared_ptr<typename TrainingRows<ExecutionSpace>::Equations const> TrainingRows<ExecutionSpace>::makeEquations(
    std::size_t begin, std::size_t end, std::function<bool(std::size_t)> const& takes, double* energy,
    std::size_t* atoms_with_energy) const {
  auto structures = _structures.load(begin, end);
  auto const result = std::make_shared<Equations>();
  auto& data = *result;
  std::vector<Structure> taken;
  for (std::size_t s = begin; s < end; ++s)
    if (!takes || takes(s)) data.numbers.push_back(s);
  if (data.numbers.size() < structures.size()) {
    for (auto const s : data.numbers) taken.push_back(structures[s - begin]);
    structures = taken;
  }
  data.offset.assign(1, 0);
  if (structures.empty()) return result;
  std::vector<std::string> names;
  for (auto const s : data.numbers) names.push_back(_structures.nameOf(s));
  auto const batch = makeStructureBatch<Kokkos::HostSpace>(structures, _species_map, names);
  data.list = buildNeighborList(Space(), batch, _cutoff);
  for (auto const& s : structures) data.offset.push_back(data.offset.back() + MtpRows::rowsOf(s.size()));
  data.scale.assign(data.offset.back(), 0.0);
  data.target.assign(data.offset.back(), 0.0);

  if (_structures.isStreamed())
    for (auto const& s : structures) data.bytes_of_structures += bytesOf(s);

  // Eq. (2.17): in the labels, but in no basis function.
  std::vector<Evaluation> repulsion;
  if (_repulsion) repulsion = _repulsion->evaluate(structures, names);

  for (std::size_t local = 0; local < structures.size(); ++local) {
    auto const& structure = structures[local];
    std::size_t const atoms = structure.size(), first = data.offset[local];
    auto const& where = names[local];
    RowScales const scales = rowScales(_settings, structure, where);
    auto const put = [&](std::size_t row, double scale, double label) {
      if (!std::isfinite(label)) throw InputError(where + ": found a label that is not finite, expected numbers");
      data.scale[first + row] = scale;
      data.target[first + row] = label;
    };
    auto const* const fixed = repulsion.empty() ? nullptr : &repulsion[local];
    if (structure.energy) {
      double label = *structure.energy - (fixed != nullptr ? fixed->energy : 0);
      if (_fitted_species == 0)
        for (int const type : data.types(local)) label -= _settings.e0.at(_species[static_cast<std::size_t>(type)]);
      if (energy != nullptr) *energy += label;
      if (atoms_with_energy != nullptr) *atoms_with_energy += atoms;
      put(0, scales.energy, label - _reference_energy * static_cast<double>(atoms));
    }
    for (std::size_t i = 0; i < structure.forces.size(); ++i) {
      auto const& f = structure.forces[i];
      double scale = scales.force;
      if (_settings.scale_by_force > 0)
        scale *=
            std::sqrt(_settings.scale_by_force / (f[0] * f[0] + f[1] * f[1] + f[2] * f[2] + _settings.scale_by_force));
      for (std::size_t x = 0; x < 3; ++x)
        put(MtpRows::forceRow(i, x), scale, f[x] - (fixed != nullptr ? fixed->forces[i][x] : 0));
    }
    if (structure.virial && volume(structure))
      for (std::size_t v = 0; v < 6; ++v)  // off-diagonal components stand for two of the nine
        put(MtpRows::virialRow(atoms, v), scales.virial * (v < 3 ? 1 : std::sqrt(2.0)),
            (*structure.virial)[v] - (fixed != nullptr ? fixed->virial[v] : 0));
  }
  return result;
}

// Goes through all structures once: their equations are counted, and batches are made that fit into memory.
template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::readStructures(MtpRows const& rows) {
  if (static_cast<std::size_t>(ranks().size()) > parts)
    throw InputError("found " + std::to_string(ranks().size()) + " processes, expected " + std::to_string(parts) +
                     " at most: that many partial sums are dealt out to them");
  struct Chunk {
    std::size_t begin, end, bytes;
  };
  std::vector<Chunk> chunks;
  double energy = 0;
  std::size_t atoms_with_energy = 0, largest_chunk = 0, largest_structure = 0;
  int most_neighbors = 0;
  for (std::size_t begin = 0; begin < _structures.size();) {
    std::size_t const end = _structures.chunkEnd(begin, atoms_per_chunk);
    auto const data = makeEquations(begin, end, {}, &energy, &atoms_with_energy);
    std::size_t bytes = data->offset.back() * 2 * sizeof(double) + data->size() * 2 * sizeof(std::size_t) +
                        static_cast<std::size_t>(data->list.pairs()) * 12 +
                        static_cast<std::size_t>(data->list.numCentres()) * 64;
    _equation_bytes += bytes;
    bytes += data->bytes_of_structures;
    for (std::size_t local = 0; local < data->size(); ++local)
      largest_structure = std::max(largest_structure, data->offset[local + 1] - data->offset[local]);
    most_neighbors = std::max(most_neighbors, data->list.maxNeighbors());
    largest_chunk = std::max(largest_chunk, bytes + static_cast<std::size_t>(data->list.numCentres()) * bytes_to_build);
    _all_rows += data->offset.back();
    _atoms += static_cast<std::size_t>(data->list.numCentres());
    _equations += static_cast<std::size_t>(
        std::count_if(data->scale.begin(), data->scale.end(), [](double scale) { return scale > 0; }));
    chunks.push_back({begin, end, bytes});
    if (_progress) _progress(0);
    begin = end;
  }
  if (_equations == 0)
    throw InputError(
        "found no energy, force or virial with a weight > 0 in the training data, expected labels to fit to");
  // Energies without what all atoms have in common: sums of squares then keep their digits.
  if (_fitted_species > 0 && atoms_with_energy > 0) _reference_energy = energy / static_cast<double>(atoms_with_energy);

  std::size_t const resident = residentBytes(), usable = _settings.max_memory - _settings.max_memory / 16;
  _memory.program = resident;
  _memory.needed = bytesOfSums(rows) + bytesOfWork(rows, largest_structure, most_neighbors) + 2 * largest_chunk;
  _memory.spare = usable > resident + _memory.needed ? usable - resident - _memory.needed : 0;

  auto& batches = _state->batches;
  std::size_t atoms = 0;
  for (auto const& chunk : chunks) {
    std::size_t chunk_atoms = 0;
    for (std::size_t s = chunk.begin; s < chunk.end; ++s) chunk_atoms += _structures.atomsOf(s);
    if (batches.empty() || atoms + chunk_atoms > atoms_per_batch ||
        batches.back().bytes + chunk.bytes + (atoms + chunk_atoms) * bytes_to_build > _memory.spare / 8) {
      batches.push_back({chunk.begin, chunk.begin, 0, nullptr});
      atoms = 0;
    }
    batches.back().end = chunk.end;
    batches.back().bytes += chunk.bytes;
    atoms += chunk_atoms;
  }
}

// Structures of a config type in an order of their own, by which folds are dealt: neighbours in a trajectory come
// apart, and every fold has its share of every type.
template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::shuffle() {
  auto& order = _state->order;
  std::map<std::string, std::vector<std::size_t>> by_type;
  for (std::size_t s = 0; s < _structures.size(); ++s) by_type[_structures.configTypeOf(s)].push_back(s);
  order.resize(_structures.size());
  std::uint64_t state = 88172645463325252ULL;
  int next = 0;  // goes on from type to type, so that small types do not all fall into the first folds
  for (auto& [type, members] : by_type) {
    for (std::size_t i = members.size(); i > 1; --i) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      std::swap(members[i - 1], members[state % i]);
    }
    for (auto const s : members) order[s] = next++;
  }
}

// Sums of a pass with their results, the factors of the last solution, and the matrices of a step.
template <class ExecutionSpace>
std::size_t TrainingRows<ExecutionSpace>::bytesOfSums(MtpRows const& rows) const {
  auto const width = static_cast<std::size_t>(rows.basisWidth() + tailWidth()),
             radial_width = static_cast<std::size_t>(rows.radialWidth()),
             columns = static_cast<std::size_t>(linearColumns(rows)) + 1, radial = rows.radialColumns().size();
  bool const is_varpro = _settings.method == FitMethod::varpro;
  std::size_t const linear_pass = (parts + 1) * width * width;
  std::size_t const radial_pass = is_varpro ? (parts + 1) * radial_width * (radial_width + width) : 0;
  std::size_t const step = is_varpro ? 4 * radial * radial + 3 * radial * columns : 0;
  auto const folds = static_cast<std::size_t>(_settings.folds);
  std::size_t const solution = folds * parts_per_fold * StreamedLeastSquares::numbersFor(linearColumns(rows)) +
                               (4 * folds + 12) * columns * columns;
  return sizeof(double) * (std::max({linear_pass, radial_pass + step, solution}) + 6 * columns * columns);
}

// Panels of rows and workspace of every thread.
template <class ExecutionSpace>
std::size_t TrainingRows<ExecutionSpace>::bytesOfWork(MtpRows const& rows, std::size_t largest_structure,
                                                      int most_neighbors) const {
  std::size_t const panels =
      largest_structure * static_cast<std::size_t>(rows.basisWidth() + tailWidth() + rows.radialWidth());
  return threads() * (sizeof(double) * panels + rows.workspaceBytes(most_neighbors));
}

template <class ExecutionSpace>
std::size_t TrainingRows<ExecutionSpace>::threads() {
  return std::min(static_cast<std::size_t>(std::max(Space().concurrency(), 1)), parts);
}

template <class ExecutionSpace>
FitMemory TrainingRows<ExecutionSpace>::memory(MtpRows const& rows) const {
  FitMemory result = _memory;
  result.equations = _equation_bytes;
  result.rows = keptBytes(rows);
  return result;
}

template <class ExecutionSpace>
int TrainingRows<ExecutionSpace>::foldOf(std::size_t s, int folds) const {
  return _state->order[s] % folds;
}

// Calls prepare(equations) for every batch and then body(task, equations, local number of a structure, workspace) for
// every structure with taskOf(s) == task; structures of one task come in order, one after the other. Tasks are dealt
// out to the ranks.
template <class ExecutionSpace>
template <class TaskOf, class Body, class Prepare>
void TrainingRows<ExecutionSpace>::forStructures(std::size_t tasks, TaskOf const& taskOf, Body const& body,
                                                 Prepare const& prepare) {
  auto& state = *_state;
  OneBlasThread const guard;
  auto const rank = static_cast<std::size_t>(ranks().rank()), count = static_cast<std::size_t>(ranks().size());
  bool const keeps = count == 1 || std::is_same_v<TaskOf, PartOf>;  // what is kept are the structures of a rank's parts
  std::function<bool(std::size_t)> takes;
  if (count > 1) takes = [&](std::size_t s) { return taskOf(s) % count == rank; };
  std::vector<std::exception_ptr> failures(tasks);
  auto const work = [&](Batch& batch) {
    auto const equations = keeps && batch.kept ? batch.kept : makeEquations(batch.begin, batch.end, takes);
    if (keeps && !batch.kept && _kept_bytes + batch.bytes <= _memory.spare / 4) {
      batch.kept = equations;
      _kept_bytes += batch.bytes;
    }
    if (equations->size() == 0) return;
    prepare(*equations);
    Kokkos::parallel_for("sinter::fitting::rows",
                         Kokkos::RangePolicy<Space, Kokkos::Schedule<Kokkos::Dynamic>>(
                             0, static_cast<int>((tasks + count - 1 - rank) / count))
                             .set_chunk_size(1),
                         [&](int t) {
                           std::size_t const task = rank + static_cast<std::size_t>(t) * count;
                           try {
                             auto workspace = state.takeWorkspace();
                             for (std::size_t local = 0; local < equations->size(); ++local)
                               if (taskOf(equations->numbers[local]) == task) body(task, *equations, local, *workspace);
                             state.giveBack(std::move(workspace));
                           } catch (...) {
                             failures[task] = std::current_exception();
                           }
                         });
    Space().fence("sinter::fitting::rows");
    for (auto const& failure : failures)
      if (failure) std::rethrow_exception(failure);
  };
  ranks().together([&] {
    for (auto& batch : state.batches) {
      work(batch);
      if (_progress) _progress(batch.end);
    }
  });
}

// The sum of the parts in their order, each from the rank that has it.
template <class ExecutionSpace>
std::vector<double> TrainingRows<ExecutionSpace>::sumOf(std::vector<std::vector<double>>& addends) const {
  std::vector<double> sum(addends.front().size(), 0.0);
  for (std::size_t part = 0; part < addends.size(); ++part) {
    ranks().broadcast(addends[part], static_cast<int>(part) % ranks().size());
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += addends[part][i];
  }
  return sum;
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
  return _all_rows * static_cast<std::size_t>(rows.basisWidth() + tailWidth()) * sizeof(double);
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
void TrainingRows<ExecutionSpace>::scaleRows(Number* panel, int width, Equations const& data, std::size_t local) const {
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
    if (lanesOf(check)[l] != 0)  // not a number or infinite somewhere
      throw InputError(_structures.nameOf(data.numbers[local]) +
                       ": found an energy or force that is not finite, expected no two atoms at the same place");
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::fillBasisPanel(MtpRows const& rows, Equations const& data, std::size_t local,
                                                  Workspace& workspace, Number* panel) const {
  int const width = rows.basisWidth() + tailWidth();
  auto const count = static_cast<std::size_t>(data.rows(local));
  std::fill_n(panel, count * static_cast<std::size_t>(width / MtpRows::lanes), Number(0.0));
  double* const numbers = lanesOf(*panel);
  rows.addBasisRows(data.list, static_cast<int>(local), workspace.rows, numbers, width);
  if (_fitted_species > 0)
    for (int const type : data.types(local)) numbers[rows.basisWidth() + type] += 1;
  for (std::size_t row = 0; row < count; ++row)
    numbers[row * static_cast<std::size_t>(width) + rows.basisWidth() + _fitted_species] =
        data.target[data.offset[local] + row];
  scaleRows(panel, width, data, local);
}

// The weighted rows of the linear unknowns of a structure: those kept, or made anew.
template <class ExecutionSpace>
typename TrainingRows<ExecutionSpace>::Number const* TrainingRows<ExecutionSpace>::basisPanel(
    MtpRows const& rows, Equations const& data, std::size_t local, Workspace& workspace, bool fresh) {
  auto& state = *_state;
  std::size_t const s = data.numbers[local];
  std::size_t const size = static_cast<std::size_t>(data.rows(local)) *
                           static_cast<std::size_t>((rows.basisWidth() + tailWidth()) / MtpRows::lanes);
  bool const is_kept = state.keeps && state.kept[s].size() == size;
  if (!fresh && is_kept) return state.kept[s].data();
  if (state.keeps && !is_kept) state.kept[s].resize(size);
  Number* const panel = state.keeps ? state.kept[s].data() : Workspace::grow(workspace.basis_panel, size);
  fillBasisPanel(rows, data, local, workspace, panel);
  return panel;
}

namespace {

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

}  // namespace

template <class ExecutionSpace>
PanelSums<ExecutionSpace> TrainingRows<ExecutionSpace>::panelSums(MtpModel const& model, RowColumns which) const
    requires(has_panel_algebra<ExecutionSpace>) {
  std::size_t const budget = _memory.spare / 4;
  PanelSums<ExecutionSpace> sums(model, which, _fitted_species, budget);
  std::size_t const bytes_per_atom = 3 * static_cast<std::size_t>(sums.columns()) * sizeof(double);
  std::size_t const most_atoms = std::clamp<std::size_t>(budget / bytes_per_atom, 1, atoms_per_batch);
  ranks().together([&] {
    for (std::size_t begin = 0; begin < _structures.size();) {
      std::size_t const end = _structures.chunkEnd(begin, most_atoms);
      auto const data = makeEquations(begin, end, {});
      auto const batch =
          makeStructureBatch<typename ExecutionSpace::memory_space>(_structures.load(begin, end), _species_map);
      sums.add(buildNeighborList(ExecutionSpace(), batch, _cutoff), begin, data->scale, data->target);
      if (_progress) _progress(end);
      begin = end;
    }
  });
  return sums;
}

// Whether passes are made on a device.
template <class ExecutionSpace>
constexpr bool sums_on_device = is_device_space<ExecutionSpace>&& has_panel_algebra<ExecutionSpace>;

template <class ExecutionSpace>
LinearNormalEquations TrainingRows<ExecutionSpace>::linearPass(MtpRows const& rows) {
  if constexpr (sums_on_device<ExecutionSpace>) return panelSums(rows.model(), RowColumns::basis).linear();
  auto& state = *_state;
  state.keeps = keptBytes(rows) <= _memory.spare / 2;
  state.kept.resize(state.keeps ? _structures.size() : 0);
  int const width = rows.basisWidth() + tailWidth();
  std::vector<std::vector<double>> sums(parts, std::vector<double>(static_cast<std::size_t>(width) * width, 0.0));
  forStructures(parts, PartOf(), [&](std::size_t part, Equations const& data, std::size_t local, Workspace& workspace) {
    addGram(lanesOf(*basisPanel(rows, data, local, workspace, true)), data.rows(local), width, width,
            sums[part].data());
  });
  return {linearColumns(rows), compact(sumOf(sums), width, panelColumns(rows))};
}

template <class ExecutionSpace>
RadialNormalEquations TrainingRows<ExecutionSpace>::radialPass(MtpRows const& rows) {
  if constexpr (sums_on_device<ExecutionSpace>) return panelSums(rows.model(), RowColumns::all).radial();
  int const width = rows.radialWidth(), basis_width = rows.basisWidth() + tailWidth();
  std::vector<std::vector<double>> grams(parts, std::vector<double>(static_cast<std::size_t>(width) * width, 0.0)),
      crosses(parts, std::vector<double>(static_cast<std::size_t>(width) * basis_width, 0.0));
  forStructures(parts, PartOf(), [&](std::size_t part, Equations const& data, std::size_t local, Workspace& workspace) {
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
  _state->keeps = false;
  _state->kept.clear();
}

template <class ExecutionSpace>
std::vector<TriangularFactor> TrainingRows<ExecutionSpace>::factors(MtpRows const& rows, int folds) {
  if (ranks().size() > 1) forgetRows();  // a rank works on others than those of its parts
  int const unknowns = linearColumns(rows);
  auto const columns = panelColumns(rows);
  auto const width = static_cast<std::size_t>(rows.basisWidth() + tailWidth());
  auto const pieces = static_cast<std::size_t>(folds) * parts_per_fold;
  std::vector<StreamedLeastSquares> problems(pieces, StreamedLeastSquares(unknowns));
  std::vector<std::vector<double>> rows_of(pieces, std::vector<double>(columns.size()));
  auto const pieceOf = [&](std::size_t s) {
    return static_cast<std::size_t>(foldOf(s, folds)) * parts_per_fold +
           static_cast<std::size_t>(_state->order[s] / folds) % parts_per_fold;
  };
  forStructures(pieces, pieceOf,
                [&](std::size_t piece, Equations const& data, std::size_t local, Workspace& workspace) {
                  double const* const panel = lanesOf(*basisPanel(rows, data, local, workspace, false));
                  auto& row = rows_of[piece];
                  for (std::size_t r = 0; r < static_cast<std::size_t>(data.rows(local)); ++r) {
                    if (data.scale[data.offset[local] + r] == 0) continue;
                    for (std::size_t c = 0; c < columns.size(); ++c)
                      row[c] = panel[r * width + static_cast<std::size_t>(columns[c])];
                    problems[piece].appendRows(row.data(), 1, columns.size());
                  }
                });
  std::vector<TriangularFactor> result;
  for (int fold = 0; fold < folds; ++fold) {
    StreamedLeastSquares problem(unknowns);
    for (std::size_t p = 0; p < parts_per_fold; ++p) {
      std::size_t const piece = static_cast<std::size_t>(fold) * parts_per_fold + p;
      auto const owner = static_cast<int>(piece) % ranks().size();
      auto rows_of_piece = static_cast<double>(problems[piece].rows());
      ranks().broadcast({&rows_of_piece, 1}, owner);
      if (rows_of_piece == 0) continue;
      TriangularFactor factor{unknowns, static_cast<std::size_t>(rows_of_piece),
                              std::vector<double>(columns.size() * columns.size())};
      if (owner == ranks().rank()) factor = problems[piece].factor();
      ranks().broadcast(factor.r, owner);
      problem.append(factor);
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
    model.species_coeffs[t] = _fitted_species > 0 ? x[basis + t] + _reference_energy : _settings.e0.at(_species[t]);
}

template <class ExecutionSpace>
double TrainingRows<ExecutionSpace>::lossGradient(MtpRows const& rows, MtpModel const& model,
                                                  std::vector<double>& gradient) {
  std::size_t const coefficients = model.moment_coeffs.size() + model.radial_coeffs.size();
  auto const unknowns = coefficients + static_cast<std::size_t>(_fitted_species);
  MtpModel plain = model;
  if (formOf(model.radial_basis_type).repulsive)  // on the other side of the equations
    throw InputError("method \"bfgs\": found the radial type RBChebyshev_repuls, expected one without pair repulsion");
  std::fill(plain.species_coeffs.begin(), plain.species_coeffs.end(), 0.0);
  auto const plan = makeMtpPlan<Kokkos::HostSpace>(plain, MtpProgramUse::energy);
  Space const space;

  // Residuals of a batch by the evaluation kernel; then the derivative of the loss by the prediction.
  std::vector<double> residual;
  std::vector<std::vector<double>> sums(parts, std::vector<double>(unknowns + 1, 0.0));  // the loss last
  auto const evaluateBatch = [&](Equations const& data) {
    residual.assign(data.offset.back(), 0.0);
    int const atoms = data.list.numCentres();
    Kokkos::View<double* [3], Kokkos::LayoutRight, Kokkos::HostSpace> forces("sinter::fitting::forces", atoms);
    EnergyForcesVirialSink<Space> sink;
    sink.site_energies = decltype(sink.site_energies)("sinter::fitting::energies", atoms);
    sink.site_virial = decltype(sink.site_virial)("sinter::fitting::virial", atoms);
    sink.forces.begin(space, forces);
    evaluateMtp<MtpOutputs::site_energies | MtpOutputs::forces>(space, plan, data.list, sink);
    sink.forces.finish(space);
    space.fence("sinter::fitting::lossGradient");
    int atom = 0;
    for (std::size_t local = 0; local < data.size(); ++local) {
      double* const own = residual.data() + data.offset[local];
      auto const types = data.types(local);
      for (std::size_t i = 0; i < types.size(); ++i, ++atom) {
        own[0] += sink.site_energies(atom);
        if (_fitted_species > 0) own[0] += model.species_coeffs[static_cast<std::size_t>(types[i])] - _reference_energy;
        for (std::size_t x = 0; x < 3; ++x) own[MtpRows::forceRow(i, x)] = forces(atom, x);
        for (std::size_t v = 0; v < 6; ++v) own[MtpRows::virialRow(types.size(), v)] += sink.site_virial(atom, v);
      }
      double& loss = sums[PartOf()(data.numbers[local])].back();
      for (std::size_t row = data.offset[local]; row < data.offset[local + 1]; ++row) {
        double const difference = data.scale[row] * (residual[row] - data.target[row]);
        loss += difference * difference;
        residual[row] = data.scale[row] == 0 ? 0 : 2 * data.scale[row] * difference;
      }
    }
  };

  forStructures(
      parts, PartOf(),
      [&](std::size_t part, Equations const& data, std::size_t local, Workspace& workspace) {
        double const* const weights = residual.data() + data.offset[local];
        rows.addContractedRows(data.list, static_cast<int>(local), workspace.rows, weights, sums[part].data());
        if (_fitted_species > 0)
          for (int const type : data.types(local))
            sums[part][coefficients + static_cast<std::size_t>(type)] += weights[0];
      },
      evaluateBatch);
  gradient = sumOf(sums);
  double const loss = gradient.back();
  gradient.pop_back();
  return loss;
}

#define SINTER_INSTANTIATE(SPACE) template class TrainingRows<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
