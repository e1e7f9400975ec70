#include "sinter/fitting/equation_batches.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/fitting/communicator.hpp"
#include "sinter/fitting/process_memory.hpp"
#include "sinter/linalg/least_squares.hpp"
#include "sinter/linalg/panel_algebra.hpp"

namespace sinter {

namespace {

constexpr std::size_t atoms_per_batch = 16384;
constexpr std::size_t atoms_per_chunk = 512;  // that are looked at together before batches are made
constexpr std::size_t bytes_to_build = 80;    // per atom, beside the neighbour list in the making
// Of a portion of rows on a device: more does not fill it better.
constexpr std::size_t most_panel_memory = std::size_t{2} << 30;

Communicator const& ranks() { return Communicator::world(); }

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

template <class ExecutionSpace>
EquationBatches<ExecutionSpace>::EquationBatches(FitSettings const& settings, MtpModel const& model,
                                                 StructureSet structures, FitProgress progress, bool as_panels)
    : _settings(settings),
      _structures(std::move(structures)),
      _species_map(model.species, model.species_count),
      _species(model.species),
      _cutoff(model.max_dist),
      _fitted_species(settings.e0.empty() ? model.species_count : 0),
      _progress(std::move(progress)) {
  if (formOf(model.radial_basis_type).repulsive) {
    MtpModel bare = model;
    bare.species_coeffs.assign(static_cast<std::size_t>(model.species_count), 0);
    bare.moment_coeffs.assign(model.alpha_moment_mapping.size(), 0);
    _repulsion = std::make_shared<MtpEvaluator<ExecutionSpace>>(bare);
  }
  ranks().together([&] { readStructures(MtpRows(model), as_panels); });
  shuffle();
}

// The equations of structures begin <= s < end with takes(s). `energy` and `atoms` count those with a label for the
// energy.
template <class ExecutionSpace>
std::shared_ptr<typename EquationBatches<ExecutionSpace>::Batch const> EquationBatches<ExecutionSpace>::makeEquations(
    std::size_t begin, std::size_t end, std::function<bool(std::size_t)> const& takes, double* energy,
    std::size_t* atoms_with_energy) const {
  auto structures = _structures.load(begin, end);
  auto const result = std::make_shared<Batch>();
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
  auto const batch = makeStructureBatch<typename ExecutionSpace::memory_space>(structures, _species_map, names);
  data.types = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), batch.types);
  data.list = buildNeighborList(ExecutionSpace(), batch, _cutoff);
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
        for (int const type : data.typesOf(local)) label -= _settings.e0.at(_species[static_cast<std::size_t>(type)]);
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
void EquationBatches<ExecutionSpace>::readStructures(MtpRows const& rows, bool as_panels) {
  if (static_cast<std::size_t>(ranks().size()) > partTasks().count)
    throw InputError("found " + std::to_string(ranks().size()) + " processes, expected " +
                     std::to_string(partTasks().count) + " at most: that many partial sums are dealt out to them");
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
  _memory.needed =
      bytesOfSums(rows) + (as_panels ? 0 : bytesOfWork(rows, largest_structure, most_neighbors)) + 2 * largest_chunk;
  _memory.spare = usable > resident + _memory.needed ? usable - resident - _memory.needed : 0;

  std::size_t most_rows = std::numeric_limits<std::size_t>::max();
  if (as_panels) {
    std::size_t const columns =
        static_cast<std::size_t>(rows.basisFunctions() + _fitted_species) + 1 + rows.radialColumns().size();
    most_rows = panelMemory() / (sizeof(double) * columns);
  }
  std::size_t atoms = 0, batch_rows = 0;
  for (auto const& chunk : chunks) {
    std::size_t chunk_atoms = 0;
    for (std::size_t s = chunk.begin; s < chunk.end; ++s) chunk_atoms += _structures.atomsOf(s);
    std::size_t const chunk_rows = 3 * chunk_atoms + 7 * (chunk.end - chunk.begin);
    if (_places.empty() || atoms + chunk_atoms > atoms_per_batch || batch_rows + chunk_rows > most_rows ||
        _places.back().bytes + chunk.bytes + (atoms + chunk_atoms) * bytes_to_build > _memory.spare / 8) {
      _places.push_back({chunk.begin, chunk.begin, 0, nullptr});
      atoms = batch_rows = 0;
    }
    _places.back().end = chunk.end;
    _places.back().bytes += chunk.bytes;
    atoms += chunk_atoms;
    batch_rows += chunk_rows;
  }
}

// Structures of a config type in an order of their own, by which folds are dealt: neighbours in a trajectory come
// apart, and every fold has its share of every type.
template <class ExecutionSpace>
void EquationBatches<ExecutionSpace>::shuffle() {
  std::map<std::string, std::vector<std::size_t>> by_type;
  for (std::size_t s = 0; s < _structures.size(); ++s) by_type[_structures.configTypeOf(s)].push_back(s);
  _order.resize(_structures.size());
  std::uint64_t state = 88172645463325252ULL;
  int next = 0;  // goes on from type to type, so that small types do not all fall into the first folds
  for (auto& [type, members] : by_type) {
    for (std::size_t i = members.size(); i > 1; --i) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      std::swap(members[i - 1], members[state % i]);
    }
    for (auto const s : members) _order[s] = next++;
  }
}

// Sums of a pass with their results, the factors of the last solution, and the matrices of a step.
template <class ExecutionSpace>
std::size_t EquationBatches<ExecutionSpace>::bytesOfSums(MtpRows const& rows) const {
  auto const width = static_cast<std::size_t>(rows.basisWidth() + tailWidth()),
             radial_width = static_cast<std::size_t>(rows.radialWidth()),
             unknowns = static_cast<std::size_t>(rows.basisFunctions() + _fitted_species), columns = unknowns + 1,
             radial = rows.radialColumns().size();
  bool const is_varpro = _settings.method == FitMethod::varpro;
  std::size_t const linear_pass = (partTasks().count + 1) * width * width;
  std::size_t const radial_pass = is_varpro ? (partTasks().count + 1) * radial_width * (radial_width + width) : 0;
  std::size_t const step = is_varpro ? 4 * radial * radial + 3 * radial * columns : 0;
  auto const folds = static_cast<std::size_t>(_settings.folds);
  std::size_t const solution = folds * pieces_per_fold * StreamedLeastSquares::numbersFor(static_cast<int>(unknowns)) +
                               (4 * folds + 12) * columns * columns;
  // Of L-BFGS: a hundred steps and gradients, here, in the stage, and on their way into the checkpoint.
  std::size_t const pairs = _settings.method == FitMethod::lbfgs ? 5 * 200 * radial : 0;
  return sizeof(double) * (std::max({linear_pass, radial_pass + step, solution}) + 6 * columns * columns + pairs);
}

// Panels of rows and workspace of every thread.
template <class ExecutionSpace>
std::size_t EquationBatches<ExecutionSpace>::bytesOfWork(MtpRows const& rows, std::size_t largest_structure,
                                                         int most_neighbors) const {
  std::size_t const panels =
      largest_structure * static_cast<std::size_t>(rows.basisWidth() + tailWidth() + rows.radialWidth());
  std::size_t const threads =
      std::min(static_cast<std::size_t>(std::max(ExecutionSpace().concurrency(), 1)), partTasks().count);
  return threads * (sizeof(double) * panels + rows.workspaceBytes(most_neighbors));
}

template <class ExecutionSpace>
FitMemory EquationBatches<ExecutionSpace>::memory(MtpRows const& rows) const {
  FitMemory result = _memory;
  result.equations = _equation_bytes;
  result.rows = _all_rows * static_cast<std::size_t>(rows.basisWidth() + tailWidth()) * sizeof(double);
  return result;
}

template <class ExecutionSpace>
std::size_t EquationBatches<ExecutionSpace>::panelMemory() const {
  return std::min(_settings.max_memory / 8, most_panel_memory);
}

template <class ExecutionSpace>
int EquationBatches<ExecutionSpace>::tailWidth() const {
  return (_fitted_species + 1 + MtpRows::lanes - 1) / MtpRows::lanes * MtpRows::lanes;
}

template <class ExecutionSpace>
void EquationBatches<ExecutionSpace>::refuseRows(std::size_t s) const {
  throw InputError(_structures.nameOf(s) +
                   ": found an energy or force that is not finite, expected no two atoms at the same place");
}

template <class ExecutionSpace>
void EquationBatches<ExecutionSpace>::forBatches(StructureTasks const& tasks,
                                                 std::function<void(Batch const&)> const& body) {
  auto const rank = static_cast<std::size_t>(ranks().rank()), count = static_cast<std::size_t>(ranks().size());
  bool const keeps = count == 1 || tasks.are_parts;  // what is kept are the structures of a rank's parts
  std::function<bool(std::size_t)> takes;
  if (count > 1) takes = [&](std::size_t s) { return tasks.of(s) % count == rank; };
  ranks().together([&] {
    for (auto& place : _places) {
      auto const equations = keeps && place.kept ? place.kept : makeEquations(place.begin, place.end, takes);
      if (keeps && !place.kept && _kept_bytes + place.bytes <= _memory.spare / 4) {
        place.kept = equations;
        _kept_bytes += place.bytes;
      }
      if (equations->size() > 0) body(*equations);
      if (_progress) _progress(place.end);
    }
  });
}

#define SINTER_INSTANTIATE(SPACE) template class EquationBatches<SPACE>;
SINTER_FOR_EACH_ALGEBRA_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
