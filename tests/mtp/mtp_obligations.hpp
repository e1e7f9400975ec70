/// \file
/// What every potential owes, for one model each: comparison with the plain reference, finite differences, design rows
/// and invariances.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "backends.hpp"
#include "mtp_reference.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "test_systems.hpp"

namespace sinter::test {

inline reference::MtpResult plainReference(MtpModel const& model, Structure const& structure) {
  return reference::evaluateMtp(model, structure, reference::typesOf(model, structure));
}

// Largest deviation of an evaluation from the reference, relative to the size of the numbers that are summed.
inline double deviation(Evaluation const& e, reference::MtpResult const& r, double cutoff) {
  double const force_scale = 1 + r.gradient_norm;
  double worst = std::abs(e.energy - r.energy) / (1 + std::abs(r.energy));
  for (std::size_t i = 0; i < r.forces.size(); ++i) {
    worst = std::max(worst, std::abs(e.site_energies[i] - r.site_energies[i]) / (1 + std::abs(r.site_energies[i])));
    for (int x = 0; x < 3; ++x) worst = std::max(worst, std::abs(e.forces[i][x] - r.forces[i][x]) / force_scale);
  }
  constexpr int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
  for (int v = 0; v < 6; ++v)
    worst = std::max(worst, std::abs(e.virial[v] - r.virial[voigt[v][0]][voigt[v][1]]) / (cutoff * force_scale));
  return worst;
}

// Central difference of fourth order: error O(h^4).
template <class Function>
double derivative(Function const& f, double h) {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

// Forces are minus the gradient with respect to positions.
template <class ExecutionSpace>
void expectForcesAreMinusTheGradient(MtpModel const& model, Structure const& structure) {
  MtpEvaluator<ExecutionSpace> const evaluator(model);
  auto const result = evaluator.evaluate({&structure, 1})[0];
  double const scale = 1 + plainReference(model, structure).gradient_norm;
  for (std::size_t i = 0; i < structure.size(); i += 1 + structure.size() / 3) {
    for (int x = 0; x < 3; ++x) {
      double const numeric = -derivative(
          [&](double h) {
            Structure moved = structure;
            moved.positions[i][x] += h;
            return evaluator.evaluate({&moved, 1})[0].energy;
          },
          1e-3);
      EXPECT_NEAR(result.forces[i][x], numeric, 1e-8 * scale);
    }
  }
}

// The virial is minus the derivative with respect to strain.
template <class ExecutionSpace>
void expectVirialIsMinusTheStrainDerivative(MtpModel const& model, Structure const& structure) {
  MtpEvaluator<ExecutionSpace> const evaluator(model);
  constexpr int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
  auto const result = evaluator.evaluate({&structure, 1})[0];
  double const scale = 1 + plainReference(model, structure).gradient_norm;
  for (int v = 0; v < 6; ++v) {
    auto const strained_energy = [&](double h) {
      auto const strain = [&](Vector3& r) {  // r -> (1 + h e) r with e symmetric
        auto const [a, b] = voigt[v];
        Vector3 const old = r;
        r[a] += h * old[b] / (a == b ? 1 : 2);
        if (a != b) r[b] += h * old[a] / 2;
      };
      Structure strained = structure;
      for (auto& row : strained.cell) strain(row);
      for (auto& r : strained.positions) strain(r);
      return evaluator.evaluate({&strained, 1})[0].energy;
    };
    EXPECT_NEAR(result.virial[v], -derivative(strained_energy, 3e-4), 1e-8 * model.max_dist * scale);
  }
}

// Design rows of all basis functions, on the host.
template <class ExecutionSpace>
struct Rows {
  Kokkos::View<double**, Kokkos::LayoutRight, Kokkos::HostSpace> energy;
  Kokkos::View<double***, Kokkos::LayoutRight, Kokkos::HostSpace> force, virial;

  Rows(MtpModel const& model, std::vector<Structure> const& structures) {
    using memory_space = typename ExecutionSpace::memory_space;
    ExecutionSpace const space;
    auto const plan = makeMtpPlan<memory_space>(model);
    auto const batch = makeStructureBatch<memory_space>(structures, SpeciesMap(model.species, model.species_count));
    auto const list = buildNeighborList(space, batch, model.max_dist);
    DesignRowsSink<ExecutionSpace> sink;
    sink.structure = batch.structure;
    sink.energy = decltype(sink.energy)("energy", batch.structures(), plan.basis_functions);
    sink.force = decltype(sink.force)("force", batch.atoms(), 3, plan.basis_functions);
    sink.virial = decltype(sink.virial)("virial", batch.structures(), 6, plan.basis_functions);
    evaluateMtp<MtpOutputs::basis_values | MtpOutputs::basis_gradients>(space, plan, list, sink);
    energy = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sink.energy);
    force = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sink.force);
    virial = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sink.virial);
  }
};

// B . c = E on the structures that every kernel is tested on, likewise for forces and virial.
template <class ExecutionSpace>
void expectRowsTimesCoefficientsAreTheResult(MtpModel const& model) {
  auto const structures = reference::testStructures({model.species.begin(), model.species.end()});
  Rows<ExecutionSpace> const rows(model, structures);
  auto const results = MtpEvaluator<ExecutionSpace>(model).evaluate(structures);
  auto const dot = [&](auto const& row) {
    double sum = 0;
    for (std::size_t k = 0; k < model.moment_coeffs.size(); ++k) sum += row(k) * model.moment_coeffs[k];
    return sum;
  };
  // What the potential has beside basis functions and energies of species: a pair repulsion, or zero.
  MtpModel bare = model;
  bare.species_coeffs.assign(model.species_coeffs.size(), 0);
  bare.moment_coeffs.assign(model.moment_coeffs.size(), 0);
  auto const fixed = MtpEvaluator<ExecutionSpace>(bare).evaluate(structures);
  std::size_t atom = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    double energy = fixed[s].energy + dot([&](auto k) { return rows.energy(s, k); });
    for (int const type : reference::typesOf(model, structures[s])) energy += model.species_coeffs[type];
    double const scale = 1 + plainReference(model, structures[s]).gradient_norm;
    EXPECT_NEAR(energy, results[s].energy, 1e-12 * (1 + std::abs(energy)));
    for (int v = 0; v < 6; ++v)
      EXPECT_NEAR(fixed[s].virial[v] + dot([&](auto k) { return rows.virial(s, v, k); }), results[s].virial[v],
                  1e-11 * scale);
    for (std::size_t i = 0; i < structures[s].size(); ++i, ++atom)
      for (int x = 0; x < 3; ++x)
        EXPECT_NEAR(fixed[s].forces[i][x] + dot([&](auto k) { return rows.force(atom, x, k); }),
                    results[s].forces[i][x], 1e-12 * scale);
    auto const expected = plainReference(model, structures[s]);
    for (std::size_t k = 0; k < expected.basis.size(); ++k)
      EXPECT_NEAR(rows.energy(s, k), expected.basis[k], 1e-12 * (1 + std::abs(expected.basis[k])));
  }
}

// Translation, rotation, inversion, permutation of atoms, supercell.
template <class ExecutionSpace>
void expectInvariances(MtpModel const& model) {
  MtpEvaluator<ExecutionSpace> const evaluator(model);
  auto const structure = reference::testStructures({model.species.begin(), model.species.end()})[1];
  auto const original = evaluator.evaluate({&structure, 1})[0];
  double const tolerance = 1e-12 * (1 + std::abs(original.energy) + plainReference(model, structure).gradient_norm);

  Structure moved = structure;
  for (auto& r : moved.positions) r = {r[0] + 17.3, r[1] - 4.1, r[2] + 0.7};
  EXPECT_NEAR(evaluator.evaluate({&moved, 1})[0].energy, original.energy, 10 * tolerance);

  // Rotation about (1, 2, 3)/sqrt(14) by 0.7 rad, and an inversion.
  double const c = std::cos(0.7), s = std::sin(0.7), n = std::sqrt(14.0);
  double const k[3] = {1 / n, 2 / n, 3 / n};
  auto const rotate = [&](Vector3 const& r, double sign) {
    double const dot = k[0] * r[0] + k[1] * r[1] + k[2] * r[2];
    Vector3 const cross{k[1] * r[2] - k[2] * r[1], k[2] * r[0] - k[0] * r[2], k[0] * r[1] - k[1] * r[0]};
    Vector3 result;
    for (int x = 0; x < 3; ++x) result[x] = sign * (r[x] * c + cross[x] * s + k[x] * dot * (1 - c));
    return result;
  };
  for (double const sign : {1.0, -1.0}) {
    Structure turned = structure;
    for (auto& r : turned.positions) r = rotate(r, sign);
    for (auto& row : turned.cell) row = rotate(row, sign);
    auto const result = evaluator.evaluate({&turned, 1})[0];
    EXPECT_NEAR(result.energy, original.energy, 10 * tolerance);
    for (std::size_t i = 0; i < structure.size(); ++i) {
      auto const expected = rotate(original.forces[i], sign);
      for (int x = 0; x < 3; ++x) EXPECT_NEAR(result.forces[i][x], expected[x], 10 * tolerance);
    }
  }

  Structure permuted = structure;
  std::reverse(permuted.positions.begin(), permuted.positions.end());
  std::reverse(permuted.species.begin(), permuted.species.end());
  auto const result = evaluator.evaluate({&permuted, 1})[0];
  EXPECT_NEAR(result.energy, original.energy, tolerance);
  for (std::size_t i = 0; i < structure.size(); ++i)
    for (int x = 0; x < 3; ++x)
      EXPECT_NEAR(result.forces[structure.size() - 1 - i][x], original.forces[i][x], tolerance);

  Structure supercell = structure;
  for (int d = 0; d < 3; ++d) {
    std::size_t const size = supercell.size();
    for (std::size_t i = 0; i < size; ++i) {
      Vector3 r = supercell.positions[i];
      for (int x = 0; x < 3; ++x) r[x] += structure.cell[d][x];
      supercell.positions.push_back(r);
      supercell.species.push_back(supercell.species[i]);
    }
    for (double& x : supercell.cell[d]) x *= 2;
  }
  auto const big = evaluator.evaluate({&supercell, 1})[0];
  EXPECT_NEAR(big.energy, 8 * original.energy, 80 * tolerance);
  for (int v = 0; v < 6; ++v) EXPECT_NEAR(big.virial[v], 8 * original.virial[v], 1000 * tolerance);
}

}  // namespace sinter::test
