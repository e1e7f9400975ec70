/// \file
/// A training set of several batches, and all that passes over its panels give.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "sinter/fitting/training_rows.hpp"
#include "test_systems.hpp"

namespace sinter::test {

/// Structures of all kinds with random labels; some labels are missing.
inline std::vector<Structure> panelPassesStructures() {
  std::vector<Structure> all;
  reference::Random random(9);
  for (int copy = 0; copy < 40; ++copy)
    for (auto& s : reference::testStructures({14, 8})) {
      if (s.size() > 13) continue;
      auto const number = all.size();
      s.config_type = number % 3 == 0 ? "third" : "other";
      for (auto& position : s.positions)
        for (double& x : position) x += 0.02 * random();
      if (number % 7 != 1) s.energy = static_cast<double>(s.size()) * (random() - 3);
      for (std::size_t i = 0; i < s.size() && number % 11 != 2; ++i) s.forces.push_back({random(), random(), random()});
      if (number % 5 != 3) s.virial = Voigt{random(), random(), random(), random(), random(), random()};
      all.push_back(std::move(s));
    }
  return all;
}

/// Settings under which every 512 atoms are a batch, and no structure is cut.
inline FitSettings inSmallBatches() {
  FitSettings settings;
  settings.max_memory = 1 << 23;  // less than the program takes
  return settings;
}

/// All that passes give.
struct PassResults {
  LinearNormalEquations linear;
  RadialNormalEquations radial;
  std::vector<TriangularFactor> factors;
  double loss = 0;
  std::vector<double> gradient;

  [[nodiscard]] std::vector<double> numbers() const {
    std::vector<double> all{loss};
    auto const add = [&](std::vector<double> const& more) { all.insert(all.end(), more.begin(), more.end()); };
    for (auto const& some : {linear.gram, radial.gram, radial.cross, gradient}) add(some);
    for (auto const& factor : factors) {
      all.push_back(static_cast<double>(factor.rows));
      add(factor.r);
    }
    return all;
  }
};

template <class ExecutionSpace>
PassResults passesOf(TrainingRows<ExecutionSpace>& training, MtpModel model) {
  model.species_coeffs.resize(static_cast<std::size_t>(model.species_count), 0.3);
  MtpRows rows(model);
  rows.setCoefficients(model);
  PassResults result;
  result.linear = training.linearPass(rows);
  result.radial = training.radialPass(rows);
  result.factors = training.factors(rows, 3);
  result.loss = training.lossGradient(rows, model, result.gradient);
  return result;
}

/// The numbers of all passes over panels of an execution space.
template <class ExecutionSpace>
std::vector<double> panelPassesNumbers(FitSettings const& settings) {
  auto const model = reference::testModel(8, {14, 8});
  auto const structures = panelPassesStructures();
  TrainingRows<ExecutionSpace> training(settings, model, structures, {}, PassesBy::panels);
  return passesOf(training, model).numbers();
}

}  // namespace sinter::test
