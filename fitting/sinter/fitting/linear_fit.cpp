#include "sinter/fitting/linear_fit.hpp"

#include <cmath>
#include <optional>
#include <vector>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/fitting/design_rows.hpp"
#include "sinter/linalg/least_squares.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"

namespace sinter {

namespace {

// Square roots of the weights of one structure's equations.
struct RowScales {
  double energy, force, virial;
};

RowScales rowScales(FitSettings const& settings, Structure const& structure) {
  auto const found = settings.config_type_weights.find(structure.config_type);
  LabelWeights const& w = found == settings.config_type_weights.end() ? settings.weights : found->second;
  auto const n = static_cast<double>(structure.size());
  switch (settings.weight_mode) {
    case WeightMode::vibrations:
      return {std::sqrt(w.energy / n), std::sqrt(w.force), std::sqrt(w.virial / n)};
    case WeightMode::molecules:
      return {std::sqrt(w.energy), std::sqrt(w.force), std::sqrt(w.virial)};
    case WeightMode::structures:
      return {std::sqrt(w.energy) / n, std::sqrt(w.force / n), std::sqrt(w.virial) / n};
  }
  return {};
}

// Appends the equations of one structure to the problem.
class Equations {
 public:
  Equations(FitSettings const& settings, MtpModel const& model, StreamedLeastSquares& problem, int columns)
      : _settings(settings), _model(model), _problem(problem), _row(static_cast<std::size_t>(columns)) {}

  // `fixed_part` is what the potential gives without coefficients (a pair repulsion), or nothing.
  void append(Structure const& structure, std::vector<int> const& types, DesignRows const& rows, std::size_t s,
              std::size_t first_atom, Evaluation const* fixed_part) {
    RowScales const scale = rowScales(_settings, structure);
    std::size_t const basis = _model.alpha_moment_mapping.size();
    // Copies a design row, scaled, into the first columns; the species columns behind them are those of `counts`.
    auto const add = [&](double const* design, double factor, double label, double const* counts) {
      if (factor == 0) return;
      for (std::size_t k = 0; k < basis; ++k) _row[k] = factor * design[k];
      for (std::size_t t = basis; t < _row.size(); ++t) _row[t] = counts != nullptr ? factor * counts[t - basis] : 0.0;
      _problem.append(_row, factor * label);
    };
    if (structure.energy) {
      std::vector<double> counts(static_cast<std::size_t>(_model.species_count));
      double fixed = fixed_part != nullptr ? fixed_part->energy : 0;
      for (int const type : types) {
        counts[static_cast<std::size_t>(type)] += 1;
        if (!_settings.e0.empty()) fixed += _settings.e0.at(_model.species[static_cast<std::size_t>(type)]);
      }
      add(&rows.energy(s, 0), scale.energy, *structure.energy - fixed, counts.data());
    }
    for (std::size_t i = 0; i < structure.forces.size(); ++i) {
      auto const& f = structure.forces[i];
      double factor = scale.force;
      if (_settings.scale_by_force > 0)
        factor *=
            std::sqrt(_settings.scale_by_force / (f[0] * f[0] + f[1] * f[1] + f[2] * f[2] + _settings.scale_by_force));
      for (std::size_t x = 0; x < 3; ++x) {
        double const fixed = fixed_part != nullptr ? fixed_part->forces[i][x] : 0;
        add(&rows.force(first_atom + i, x, 0), factor, f[x] - fixed, nullptr);
      }
    }
    if (structure.virial && volume(structure))
      for (std::size_t v = 0; v < 6; ++v) {  // off-diagonal components stand for two of the nine
        double const fixed = fixed_part != nullptr ? fixed_part->virial[v] : 0;
        add(&rows.virial(s, v, 0), scale.virial * (v < 3 ? 1 : std::sqrt(2.0)), (*structure.virial)[v] - fixed,
            nullptr);
      }
  }

 private:
  FitSettings const& _settings;
  MtpModel const& _model;
  StreamedLeastSquares& _problem;
  std::vector<double> _row;
};

}  // namespace

std::size_t designRowBytes(std::size_t atoms, std::size_t structures, std::size_t basis_functions) {
  return 8 * (3 * atoms + 7 * structures) * basis_functions;
}

template <class ExecutionSpace>
MtpModel makeStartModel(ExecutionSpace const& space, FitSettings const& settings,
                        std::span<Structure const> structures) {
  auto const species_count = static_cast<int>(settings.species.size());
  MtpModel model;
  if (!settings.template_file.empty()) {
    model = readMtp(settings.template_file);
    if (model.species_count != species_count)
      throw InputError(settings.template_file + ": found " + std::to_string(model.species_count) +
                       " species, expected " + std::to_string(species_count) + " as in model.species");
    bool const changed = settings.min_dist_from_data || (settings.min_dist && *settings.min_dist != model.min_dist) ||
                         (settings.max_dist && *settings.max_dist != model.max_dist) ||
                         (settings.radial_size && *settings.radial_size != model.radial_basis_size) ||
                         (settings.radial_type && *settings.radial_type != model.radial_basis_type);
    if (changed && !model.radial_coeffs.empty())
      throw InputError(
          settings.template_file +
          ": found radial coefficients, which belong to this file's min_dist, max_dist, radial_size and radial_type; "
          "expected settings that leave these four as they are");
  }
  double const max_dist =
      settings.max_dist.value_or(settings.template_file.empty() ? default_max_dist : model.max_dist);
  auto const distances = measureDistances(space, SpeciesMap(settings.species, species_count), structures, max_dist);
  if (settings.template_file.empty()) {
    MtpTemplateOptions options;
    options.level = settings.level;
    options.species = settings.species;
    options.min_dist = settings.min_dist.value_or(distances.smallest);
    options.max_dist = max_dist;
    options.radial_basis_size = settings.radial_size.value_or(default_radial_size);
    options.radial_basis_type = settings.radial_type.value_or(options.radial_basis_type);
    model = makeMtpTemplate(options);
  } else {
    model.species = settings.species;
    model.min_dist = settings.min_dist_from_data ? distances.smallest : settings.min_dist.value_or(model.min_dist);
    model.max_dist = max_dist;
    model.radial_basis_size = settings.radial_size.value_or(model.radial_basis_size);
    model.radial_basis_type = settings.radial_type.value_or(model.radial_basis_type);
  }
  if (model.radial_coeffs.empty()) {
    if (!(distances.mean_nearest > 0))
      throw InputError("found no two atoms closer than max_dist = " + std::to_string(max_dist) +
                       " Angstrom in the training data, expected neighbours to learn from");
    setExponentialStart(model, distances.mean_nearest);
  }
  return model;
}

template <class ExecutionSpace>
LinearFit fitLinear(ExecutionSpace const& space, FitSettings const& settings, MtpModel const& start,
                    std::span<Structure const> structures, FitProgress const& progress) {
  LinearFit fit;
  fit.model = start;
  fit.model.species_coeffs.clear();
  fit.model.moment_coeffs.clear();
  SpeciesMap const species_map(start.species, start.species_count);
  auto const plan = makeMtpPlan<typename ExecutionSpace::memory_space>(fit.model);
  std::size_t const basis = start.alpha_moment_mapping.size();
  auto const species = static_cast<std::size_t>(start.species_count);
  bool const fixed_species = !settings.e0.empty();
  fit.columns = static_cast<int>(basis + (fixed_species ? 0 : species));
  StreamedLeastSquares problem(fit.columns);
  Equations equations(settings, fit.model, problem, fit.columns);
  std::optional<MtpEvaluator<ExecutionSpace>> repulsion;  // eq. (2.17): in the labels, but in no basis function
  if (formOf(start.radial_basis_type).repulsive) {
    MtpModel bare = start;
    bare.species_coeffs.assign(species, 0);
    bare.moment_coeffs.assign(basis, 0);
    repulsion.emplace(bare, Precision::full, space);
  }

  // Batches of whole structures whose design rows fit into half the memory (they exist on device and host).
  for (std::size_t first = 0; first < structures.size();) {
    std::size_t last = first, atoms = 0;
    do {
      atoms += structures[last++].size();
    } while (last < structures.size() && designRowBytes(atoms + structures[last].size(), last - first + 1, basis) <
                                             std::min(settings.max_memory / 2, std::size_t{256} << 20));
    auto const batch = structures.subspan(first, last - first);
    auto const rows = computeDesignRows(space, plan, species_map, batch);
    auto const fixed_parts = repulsion ? repulsion->evaluate(batch) : std::vector<Evaluation>();
    std::size_t atom = 0;
    for (std::size_t s = 0; s < batch.size(); ++s) {
      equations.append(batch[s], species_map.typesOf(batch[s], "structure " + std::to_string(first + s)), rows, s, atom,
                       repulsion ? &fixed_parts[s] : nullptr);
      atom += batch[s].size();
    }
    first = last;
    if (progress) progress(first);
  }
  if (problem.rows() == 0)
    throw InputError(
        "found no energy, force or virial with a weight > 0 in the training data, expected labels to fit to");

  auto const solution = problem.solve(1e-11, settings.ridge);
  fit.rows = problem.rows();
  fit.rank = solution.rank;
  fit.condition = solution.condition;
  fit.loss = solution.residual_norm * solution.residual_norm / static_cast<double>(structures.size());
  fit.model.moment_coeffs.assign(solution.x.begin(), solution.x.begin() + static_cast<std::ptrdiff_t>(basis));
  fit.model.species_coeffs.resize(species);
  for (std::size_t t = 0; t < species; ++t)
    fit.model.species_coeffs[t] = fixed_species ? settings.e0.at(start.species[t]) : solution.x[basis + t];
  return fit;
}

#define SINTER_INSTANTIATE(SPACE)                                                                             \
  template MtpModel makeStartModel(SPACE const&, FitSettings const&, std::span<Structure const>);             \
  template LinearFit fitLinear(SPACE const&, FitSettings const&, MtpModel const&, std::span<Structure const>, \
                               FitProgress const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
