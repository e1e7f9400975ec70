#include "sinter/fitting/linear_fit.hpp"

#include <algorithm>
#include <vector>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/fitting/design_rows.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/linalg/least_squares.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"

namespace sinter {

template <class ExecutionSpace>
MtpModel makeStartModel(ExecutionSpace const& space, FitSettings const& settings, StructureSet const& structures) {
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
    options.level = settings.levels.back();
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

MtpModel atLevel(MtpModel const& model, int level, double r0) {
  MtpTemplateOptions options;
  options.level = level;
  options.species = model.species;
  options.min_dist = model.min_dist;
  options.max_dist = model.max_dist;
  options.radial_basis_size = model.radial_basis_size;
  options.radial_basis_type = model.radial_basis_type;
  MtpModel result = makeMtpTemplate(options);
  setExponentialStart(result, r0);
  int const common = std::min(result.radial_funcs_count, model.radial_funcs_count);
  for (int pair = 0; pair < model.species_count * model.species_count; ++pair)
    std::copy_n(model.radial_coeffs.begin() + pair * model.radial_funcs_count * model.radial_basis_size,
                common * model.radial_basis_size,
                result.radial_coeffs.begin() + pair * result.radial_funcs_count * model.radial_basis_size);
  return result;
}

template <class ExecutionSpace>
LinearFit solveLinear(TrainingRows<ExecutionSpace>& training, FitSettings const& settings, MtpModel const& model) {
  OneBlasThread const guard;  // the same bits whatever the number of threads
  LinearFit fit;
  fit.model = model;
  MtpRows rows(model);
  rows.setCoefficients(model);
  training.forgetRows();
  auto const folds = training.factors(rows, settings.folds);
  StreamedLeastSquares all(training.linearColumns(rows));
  for (auto const& fold : folds) all.append(fold);
  auto const pivoted = all.solve();
  auto const factor = all.factor();
  RegularizedLeastSquares const problem(factor, pivoted.kept);
  auto const structures = static_cast<double>(training.structures());
  std::vector<RegularizedLeastSquares> without;
  if (folds.size() > 1) without = withoutEachFold(folds, pivoted.kept);
  fit.ridge = settings.ridge;
  if (settings.ridge_choice == RidgeChoice::cross_validation && !without.empty()) {
    fit.ridge_scores = crossValidate(folds, without);
    fit.ridge = bestRidge(fit.ridge_scores).ridge;
    for (auto& score : fit.ridge_scores) score.error /= structures;
  } else if (settings.ridge_choice == RidgeChoice::evidence) {
    fit.ridge = problem.evidenceRidge();
  }
  // Without a ridge the pivoted factor itself: it does not square what is small.
  auto const x = fit.ridge > 0 ? problem.solve(fit.ridge) : pivoted.x;
  fit.rows = training.equations();
  fit.columns = factor.columns;
  fit.rank = pivoted.rank;
  fit.condition = pivoted.condition;
  double const residual = factor.residual(x);
  fit.loss = residual / structures;
  fit.spectrum = problem.spectrum();
  fit.uncertainty = estimateUncertainty(problem, folds, without, fit.ridge, residual, fit.rows);
  training.putSolution(x, fit.model);
  return fit;
}

template <class ExecutionSpace>
LinearFit fitLinear(ExecutionSpace const&, FitSettings const& settings, MtpModel const& start,
                    StructureSet const& structures, FitProgress const& progress) {
  TrainingRows<ExecutionSpace> training(settings, start, structures, progress);
  return solveLinear(training, settings, start);
}

#define SINTER_INSTANTIATE(SPACE)                                                                      \
  template MtpModel makeStartModel(SPACE const&, FitSettings const&, StructureSet const&);             \
  template LinearFit solveLinear(TrainingRows<SPACE>&, FitSettings const&, MtpModel const&);           \
  template LinearFit fitLinear(SPACE const&, FitSettings const&, MtpModel const&, StructureSet const&, \
                               FitProgress const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
