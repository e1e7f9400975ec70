#include "sinter/fitting/uncertainty.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/fitting/training_rows.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

namespace {

// |A D^T|^2 of the rows that a factor stands for: the variance that the directions predict for them.
double predictedVariance(TriangularFactor const& factor, std::vector<double> const& directions) {
  auto const unknowns = static_cast<std::size_t>(factor.columns), size = unknowns + 1;
  std::size_t const count = directions.size() / unknowns;
  std::vector<double> right(size * count, 0.0), product(size * count, 0.0);  // the right-hand side takes no part
  for (std::size_t d = 0; d < count; ++d)
    std::copy_n(directions.begin() + static_cast<std::ptrdiff_t>(d * unknowns), unknowns,
                right.begin() + static_cast<std::ptrdiff_t>(d * size));
  addMatrixProduct(factor.r.data(), right.data(), factor.columns + 1, static_cast<int>(count), factor.columns + 1,
                   product.data());
  double sum = 0;
  for (double const p : product) sum += p * p;
  return sum;
}

}  // namespace

FitUncertainty estimateUncertainty(RegularizedLeastSquares const& problem, std::span<TriangularFactor const> folds,
                                   std::span<RegularizedLeastSquares const> without, double ridge, double residual,
                                   std::size_t rows) {
  FitUncertainty result;
  result.unknowns = folds.front().columns;
  auto const unknowns = static_cast<std::size_t>(result.unknowns);
  double const free = static_cast<double>(rows) - problem.effectiveUnknowns(ridge);
  result.noise_variance = free > 0 ? residual / free : 0;
  result.covariance.directions = problem.covarianceRoot(ridge);
  for (double& d : result.covariance.directions) d *= std::sqrt(result.noise_variance);
  if (without.empty()) return result;

  auto const members = static_cast<double>(without.size());
  std::vector<double> mean(unknowns, 0.0);
  auto& directions = result.committee.directions;
  double held_out = 0;
  for (std::size_t f = 0; f < without.size(); ++f) {
    auto const x = without[f].solve(ridge);
    held_out += folds[f].residual(x);
    for (std::size_t i = 0; i < unknowns; ++i) mean[i] += x[i] / members;
    directions.insert(directions.end(), x.begin(), x.end());
  }
  double const jackknife = std::sqrt((members - 1) / members);
  for (std::size_t k = 0; k < directions.size(); ++k) directions[k] = jackknife * (directions[k] - mean[k % unknowns]);
  for (auto* const spread : {&result.covariance, &result.committee}) {
    double predicted = 0;
    for (auto const& fold : folds) predicted += predictedVariance(fold, spread->directions);
    if (predicted > 0) spread->scale = std::sqrt(held_out / predicted);
  }
  return result;
}

template <class ExecutionSpace>
SpreadEvaluator<ExecutionSpace>::SpreadEvaluator(MtpModel const& model, CoefficientSpread spread, int unknowns)
    : _rows(model),
      _species_map(model.species, model.species_count),
      _max_dist(model.max_dist),
      _scale(spread.scale),
      _has_species(unknowns > _rows.basisFunctions()) {
  int const basis = _rows.basisFunctions();
  if ((unknowns != basis && unknowns != basis + model.species_count) ||
      spread.directions.size() % static_cast<std::size_t>(unknowns) != 0)
    throw InputError("SpreadEvaluator: found a spread of " + std::to_string(unknowns) + " unknowns, expected " +
                     std::to_string(basis) + " or " + std::to_string(basis + model.species_count));
  _rows.setCoefficients(model);
  _width = (_rows.basisWidth() + unknowns - basis + MtpRows::lanes - 1) / MtpRows::lanes * MtpRows::lanes;
  _count = static_cast<int>(spread.directions.size() / static_cast<std::size_t>(unknowns));
  _directions.assign(static_cast<std::size_t>(_count) * static_cast<std::size_t>(_width), 0.0);
  for (int d = 0; d < _count; ++d)
    for (int u = 0; u < unknowns; ++u) {
      int const column = u < basis ? _rows.basisColumn(u) : _rows.basisWidth() + u - basis;
      _directions[static_cast<std::size_t>(column) * _count + d] =
          spread.directions[static_cast<std::size_t>(d) * unknowns + u];
    }
}

template <class ExecutionSpace>
std::vector<PredictionSpread> SpreadEvaluator<ExecutionSpace>::evaluate(std::span<Structure const> structures) const {
  using Space = RowSpace<ExecutionSpace>;
  using Number = MtpRows::Number;
  OneBlasThread const guard;
  Space const space;
  auto const list =
      buildNeighborList(space, makeStructureBatch<Kokkos::HostSpace>(structures, _species_map), _max_dist);
  std::vector<PredictionSpread> result(structures.size());
  std::size_t const tasks = std::min(structures.size(), static_cast<std::size_t>(space.concurrency()));
  std::vector<std::exception_ptr> failures(tasks);

  auto const evaluateOne = [&](std::size_t s, MtpRows::Workspace& workspace, std::vector<Number>& panel,
                               std::vector<double>& product) {
    std::size_t const atoms = structures[s].size(), rows = MtpRows::rowsOf(atoms);
    panel.assign(rows * static_cast<std::size_t>(_width / MtpRows::lanes), Number(0.0));
    double* const numbers = lanesOf(panel.front());
    _rows.addBasisRows(list, static_cast<int>(s), workspace, numbers, _width);
    for (auto i = list.batch.offsets(s); _has_species && i < list.batch.offsets(s + 1); ++i)
      numbers[_rows.basisWidth() + list.batch.types(i)] += 1;  // of the energy
    // (directions, rows): what each direction adds to each prediction. The virial is not asked for.
    std::size_t const used = MtpRows::virialRow(atoms, 0);
    product.assign(used * static_cast<std::size_t>(_count), 0.0);
    addMatrixProduct(_directions.data(), numbers, _count, static_cast<int>(used), _width, product.data());
    auto const deviation = [&](std::size_t row) {
      double sum = 0;
      for (int d = 0; d < _count; ++d) sum += std::pow(product[row * static_cast<std::size_t>(_count) + d], 2);
      return _scale * std::sqrt(sum);
    };
    result[s].energy = deviation(0);
    result[s].forces.resize(atoms);
    for (std::size_t i = 0; i < atoms; ++i)
      for (std::size_t x = 0; x < 3; ++x) result[s].forces[i][x] = deviation(MtpRows::forceRow(i, x));
  };
  Kokkos::parallel_for("sinter::fitting::spread", Kokkos::RangePolicy<Space>(space, 0, static_cast<int>(tasks)),
                       [&](int task) {
                         try {
                           MtpRows::Workspace workspace;
                           std::vector<Number> panel;
                           std::vector<double> product;
                           for (auto s = static_cast<std::size_t>(task); s < structures.size(); s += tasks)
                             evaluateOne(s, workspace, panel, product);
                         } catch (...) {
                           failures[static_cast<std::size_t>(task)] = std::current_exception();
                         }
                       });
  space.fence("sinter::fitting::spread");
  for (auto const& failure : failures)
    if (failure) std::rethrow_exception(failure);
  return result;
}

void SpreadStatistics::add(double deviation, double error) {
  double const size = std::abs(error);
  ++_count;
  _deviation += deviation;
  _error += size;
  _deviation2 += deviation * deviation;
  _error2 += size * size;
  _product += deviation * size;
}

std::optional<double> SpreadStatistics::rmsDeviation() const {
  if (_count == 0) return std::nullopt;
  return std::sqrt(_deviation2 / static_cast<double>(_count));
}

std::optional<double> SpreadStatistics::rmsError() const {
  if (_count == 0) return std::nullopt;
  return std::sqrt(_error2 / static_cast<double>(_count));
}

std::optional<double> SpreadStatistics::correlation() const {
  auto const n = static_cast<double>(_count);
  double const deviation_variance = n * _deviation2 - _deviation * _deviation,
               error_variance = n * _error2 - _error * _error;
  // What is left of equal numbers is rounding.
  double const rounding = 1e-12 * n;
  if (!(deviation_variance > rounding * _deviation2) || !(error_variance > rounding * _error2)) return std::nullopt;
  return (n * _product - _deviation * _error) / std::sqrt(deviation_variance * error_variance);
}

#define SINTER_INSTANTIATE(SPACE) template class SpreadEvaluator<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
