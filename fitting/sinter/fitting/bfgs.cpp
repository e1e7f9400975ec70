#include "sinter/fitting/bfgs.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "sinter/core/execution.hpp"
#include "sinter/core/lbfgs.hpp"

namespace sinter {

namespace {

using Vector = std::vector<double>;

// Coefficients as one vector: xi_k, c, fitted species energies.
Vector toVector(MtpModel const& model, int fitted_species) {
  Vector x = model.moment_coeffs;
  x.insert(x.end(), model.radial_coeffs.begin(), model.radial_coeffs.end());
  if (fitted_species > 0) x.insert(x.end(), model.species_coeffs.begin(), model.species_coeffs.end());
  return x;
}
void fromVector(Vector const& x, int fitted_species, MtpModel& model) {
  auto from = x.begin();
  auto const take = [&](Vector& into) {
    std::copy_n(from, into.size(), into.begin());
    from += static_cast<std::ptrdiff_t>(into.size());
  };
  take(model.moment_coeffs);
  take(model.radial_coeffs);
  if (fitted_species > 0) take(model.species_coeffs);
}

}  // namespace

template <class ExecutionSpace>
MtpModel minimizeBfgs(TrainingRows<ExecutionSpace>& training, MtpModel const& start, double tolerance,
                      int max_iterations, std::function<void(int, double)> const& step) {
  constexpr int patience = 50;
  MtpModel model = start;
  MtpRows rows(model);
  int const species = training.fittedSpecies();
  auto const evaluate = [&](Vector const& x, Vector& gradient) {
    fromVector(x, species, model);
    rows.setCoefficients(model);
    return training.lossGradient(rows, model, gradient);
  };

  Vector x = toVector(model, species), gradient;
  std::size_t const n = x.size();
  double loss = evaluate(x, gradient);
  Vector inverse(n * n, 0.0);  // of the Hessian
  auto const reset = [&] {
    std::fill(inverse.begin(), inverse.end(), 0.0);
    for (std::size_t i = 0; i < n; ++i) inverse[i * n + i] = 1;
  };
  reset();
  bool is_first = true;
  std::vector<double> losses{loss};
  for (int iteration = 1; iteration <= max_iterations; ++iteration) {
    Vector direction(n, 0.0);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) direction[i] -= inverse[i * n + j] * gradient[j];
    double slope = dot(direction, gradient);
    if (!(slope < 0)) {
      reset();
      is_first = true;
      for (std::size_t i = 0; i < n; ++i) direction[i] = -gradient[i];
      slope = -dot(gradient, gradient);
      if (slope == 0) break;
    }
    double length = is_first ? 1e-3 * std::max(1.0, std::sqrt(dot(x, x))) / std::sqrt(dot(direction, direction)) : 1;
    Vector next(n), next_gradient;
    double next_loss = loss;
    bool found = false;
    for (int trial = 0; trial < 40 && !found; ++trial, length *= 0.5) {
      for (std::size_t i = 0; i < n; ++i) next[i] = x[i] + length * direction[i];
      next_loss = evaluate(next, next_gradient);
      found = next_loss <= loss + 1e-4 * length * slope;
    }
    if (!found) {
      if (is_first) break;
      reset();
      is_first = true;
      continue;
    }
    Vector moved(n), turned(n);
    for (std::size_t i = 0; i < n; ++i) {
      moved[i] = next[i] - x[i];
      turned[i] = next_gradient[i] - gradient[i];
    }
    double const curvature = dot(moved, turned);
    if (curvature > 1e-14 * std::sqrt(dot(moved, moved) * dot(turned, turned))) {
      if (is_first)  // scale of the first Hessian
        for (std::size_t i = 0; i < n; ++i) inverse[i * n + i] = curvature / dot(turned, turned);
      Vector product(n, 0.0);
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) product[i] += inverse[i * n + j] * turned[j];
      double const scale = (1 + dot(turned, product) / curvature) / curvature;
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          inverse[i * n + j] +=
              scale * moved[i] * moved[j] - (product[i] * moved[j] + moved[i] * product[j]) / curvature;
      is_first = false;
    }
    x = std::move(next);
    gradient = std::move(next_gradient);
    loss = next_loss;
    losses.push_back(loss);
    if (step) step(iteration, loss);
    if (iteration >= patience && losses[static_cast<std::size_t>(iteration - patience)] - loss < tolerance * loss)
      break;
  }
  fromVector(x, species, model);
  return model;
}

#define SINTER_INSTANTIATE(SPACE)                                                    \
  template MtpModel minimizeBfgs(TrainingRows<SPACE>&, MtpModel const&, double, int, \
                                 std::function<void(int, double)> const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
