// The four obligations of a potential: equals the plain reference; forces and virial are minus the gradient; design
// rows and energy agree; invariances.
#include "sinter/mtp/mtp_kernel.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "backends.hpp"
#include "mtp_reference.hpp"
#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::testModel;
using reference::testStructures;

template <class ExecutionSpace>
class MtpKernelTest : public testing::Test {};
TYPED_TEST_SUITE(MtpKernelTest, test::ExecutionSpaces);

std::vector<std::vector<std::int32_t>> const species_sets = {{14}, {14, 8}, {29, 14, 8}};

reference::MtpResult plainReference(MtpModel const& model, Structure const& structure) {
  return reference::evaluateMtp(model, structure, reference::typesOf(model, structure));
}

// Largest deviation of an evaluation from the reference, relative to the size of the numbers that are summed.
double deviation(Evaluation const& e, reference::MtpResult const& r, double cutoff) {
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

TYPED_TEST(MtpKernelTest, EqualsPlainReference) {
  for (auto const& species : species_sets) {
    for (int const level : {2, 6, 12, 16, 20}) {
      if (level == 20 && species.size() > 1) continue;  // the plain reference is slow
      auto const model = testModel(level, species);
      auto const structures = testStructures({species.begin(), species.end()});
      auto const results = MtpEvaluator<TypeParam>(model).evaluate(structures);
      for (std::size_t s = 0; s < structures.size(); ++s) {
        auto const expected = plainReference(model, structures[s]);
        // Rounding of sums over neighbours and products of moments: some hundred operations of double.
        EXPECT_LE(deviation(results[s], expected, model.max_dist), 1e-12)
            << "level " << level << ", " << species.size() << " species, structure " << s;
      }
    }
  }
}

TYPED_TEST(MtpKernelTest, MixedPrecisionIsCloseToDouble) {
  auto const model = testModel(16);
  auto const structures = testStructures();
  auto const mixed = MtpEvaluator<TypeParam>(model, Precision::mixed).evaluate(structures);
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const expected = plainReference(model, structures[s]);
    EXPECT_LE(deviation(mixed[s], expected, model.max_dist), 2e-5)
        << "structure " << s;  // some hundred operations of float
    if (expected.energy != model.species_coeffs[0]) {
      EXPECT_GT(deviation(mixed[s], expected, model.max_dist), 0);
    }
    // What a pair gives to its two atoms cancels to the last bit, so only the rounding of double sums is left.
    Vector3 resultant{};
    double scale = 1;
    for (auto const& force : mixed[s].forces)
      for (int x = 0; x < 3; ++x) {
        resultant[x] += force[x];
        scale += std::abs(force[x]);
      }
    for (double const sum : resultant) EXPECT_LE(std::abs(sum), 1e-13 * scale) << "structure " << s;
  }
}

// Central difference of fourth order: error O(h^4).
template <class Function>
double derivative(Function const& f, double h) {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

TYPED_TEST(MtpKernelTest, ForcesAreMinusTheGradient) {
  for (auto const& species : species_sets) {
    auto const model = testModel(12, species);
    MtpEvaluator<TypeParam> const evaluator(model);
    for (auto const& structure : testStructures({species.begin(), species.end()})) {
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
  }
}

TYPED_TEST(MtpKernelTest, VirialIsMinusTheStrainDerivative) {
  auto const model = testModel(12, {14, 8});
  MtpEvaluator<TypeParam> const evaluator(model);
  constexpr int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
  for (auto const& structure : testStructures({14, 8})) {
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
}

TYPED_TEST(MtpKernelTest, CellDerivativesFollowFromForcesAndVirial) {
  // Moving a lattice vector alone (atoms fixed in fractional coordinates): dE/dh = -h^-1 W.
  auto const model = testModel(10);
  MtpEvaluator<TypeParam> const evaluator(model);
  auto const structure = testStructures()[1];
  auto const result = evaluator.evaluate({&structure, 1})[0];
  auto const& w = result.virial;
  Matrix3 const virial{{{w[0], w[5], w[4]}, {w[5], w[1], w[3]}, {w[4], w[3], w[2]}}};
  Matrix3 inverse;
  double const det = determinant(structure.cell);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) {
      auto const& h = structure.cell;
      int const a = (j + 1) % 3, b = (j + 2) % 3, c = (i + 1) % 3, d = (i + 2) % 3;
      inverse[i][j] = (h[a][c] * h[b][d] - h[a][d] * h[b][c]) / det;
    }
  for (int d = 0; d < 3; ++d)
    for (int x = 0; x < 3; ++x) {
      double const numeric = derivative(
          [&](double h) {
            Structure moved = structure;
            moved.cell[d][x] += h;
            for (std::size_t i = 0; i < structure.size(); ++i) {
              double f = 0;  // fractional coordinate along d
              for (int y = 0; y < 3; ++y) f += structure.positions[i][y] * inverse[y][d];
              moved.positions[i][x] += f * h;
            }
            return evaluator.evaluate({&moved, 1})[0].energy;
          },
          1e-3);
      double expected = 0;
      for (int y = 0; y < 3; ++y) expected -= inverse[y][d] * virial[y][x];
      EXPECT_NEAR(expected, numeric, 1e-8 * (1 + plainReference(model, structure).gradient_norm));
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

TYPED_TEST(MtpKernelTest, DesignRowsTimesCoefficientsAreEnergyForcesVirial) {
  auto const model = testModel(12, {14, 8});
  auto const structures = testStructures({14, 8});
  Rows<TypeParam> const rows(model, structures);
  auto const results = MtpEvaluator<TypeParam>(model).evaluate(structures);
  auto const dot = [&](auto const& row) {
    double sum = 0;
    for (std::size_t k = 0; k < model.moment_coeffs.size(); ++k) sum += row(k) * model.moment_coeffs[k];
    return sum;
  };
  std::size_t atom = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    double energy = dot([&](auto k) { return rows.energy(s, k); });
    for (int const type : reference::typesOf(model, structures[s])) energy += model.species_coeffs[type];
    double const scale = 1 + plainReference(model, structures[s]).gradient_norm;
    EXPECT_NEAR(energy, results[s].energy, 1e-12 * (1 + std::abs(energy)));
    for (int v = 0; v < 6; ++v)
      EXPECT_NEAR(dot([&](auto k) { return rows.virial(s, v, k); }), results[s].virial[v], 1e-11 * scale);
    for (std::size_t i = 0; i < structures[s].size(); ++i, ++atom)
      for (int x = 0; x < 3; ++x)
        EXPECT_NEAR(dot([&](auto k) { return rows.force(atom, x, k); }), results[s].forces[i][x], 1e-12 * scale);
    auto const expected = plainReference(model, structures[s]);
    for (std::size_t k = 0; k < expected.basis.size(); ++k)
      EXPECT_NEAR(rows.energy(s, k), expected.basis[k], 1e-12 * (1 + std::abs(expected.basis[k])));
  }
}

TYPED_TEST(MtpKernelTest, DesignRowsAreBitwiseRepeatable) {
  auto const model = testModel(10);
  auto const structures = testStructures();
  Rows<TypeParam> const a(model, structures), b(model, structures);
  for (std::size_t i = 0; i < a.force.size(); ++i) ASSERT_EQ(a.force.data()[i], b.force.data()[i]);
  for (std::size_t i = 0; i < a.energy.size(); ++i) ASSERT_EQ(a.energy.data()[i], b.energy.data()[i]);
}

TYPED_TEST(MtpKernelTest, Invariances) {
  auto const model = testModel(16, {14, 8});
  MtpEvaluator<TypeParam> const evaluator(model);
  auto const structure = testStructures({14, 8})[1];
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

TYPED_TEST(MtpKernelTest, NoNeighborsGivesTheEnergyOfTheSpecies) {
  auto const model = testModel(16, {14, 8});
  Structure lonely;
  lonely.positions = {{0, 0, 0}};
  lonely.species = {8};
  auto const result = MtpEvaluator<TypeParam>(model).evaluate({&lonely, 1})[0];
  EXPECT_EQ(result.energy, model.species_coeffs[1]);
  EXPECT_EQ(result.forces[0], (Vector3{0, 0, 0}));

  // A dimer: one neighbour each, forces along the bond.
  Structure dimer = lonely;
  dimer.positions.push_back({0, 0, 2.3});
  dimer.species.push_back(14);
  auto const pair = MtpEvaluator<TypeParam>(model).evaluate({&dimer, 1})[0];
  EXPECT_NE(pair.energy, model.species_coeffs[0] + model.species_coeffs[1]);
  EXPECT_EQ(pair.forces[0][0], 0);
  EXPECT_NEAR(pair.forces[0][2], -pair.forces[1][2], 1e-13);
}

TYPED_TEST(MtpKernelTest, EnergyIsContinuousAtTheCutoff) {
  auto const model = testModel(12);
  Structure dimer;
  dimer.positions = {{0, 0, 0}, {0, 0, model.max_dist - 1e-7}};
  dimer.species = {14, 14};
  auto const result = MtpEvaluator<TypeParam>(model).evaluate({&dimer, 1})[0];
  EXPECT_NEAR(result.energy, 2 * model.species_coeffs[0], 1e-12);
  EXPECT_NEAR(result.forces[0][2], 0, 1e-6);
}

TYPED_TEST(MtpKernelTest, RefusesWhatCannotBeEvaluated) {
  auto model = testModel(6);
  auto coincident = reference::diamond(1, 5.43, 0);
  coincident.positions[1] = coincident.positions[0];
  EXPECT_THROW((void)MtpEvaluator<TypeParam>(model).evaluate({&coincident, 1}), InputError);
  auto const oxygen = reference::diamond(1, 5.43, 0, {8});
  EXPECT_THROW((void)MtpEvaluator<TypeParam>(model).evaluate({&oxygen, 1}), InputError);
  model.moment_coeffs.clear();
  EXPECT_THROW((void)MtpEvaluator<TypeParam>(model), InputError);
}

}  // namespace
}  // namespace sinter
