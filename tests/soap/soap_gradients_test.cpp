// Energies made of SOAP vectors: forces and virial are minus the gradient with respect to positions, cell and strain.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "backends.hpp"
#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "test_systems.hpp"

namespace sinter {

// The energy of a Gaussian approximation potential, sum_s weight_s (p . p_s)^4 with two vectors p_s at random (eV).
template <class ExecutionSpace>
typename SoapEvaluator<ExecutionSpace>::Energy kernelEnergy(int dimension) {
  using Evaluator = SoapEvaluator<ExecutionSpace>;
  reference::Random random(7);
  std::vector<double> sparse(2 * static_cast<std::size_t>(dimension));
  for (double& x : sparse) x = (0.2 + random()) / std::sqrt(dimension);
  auto const points = copyTo<typename ExecutionSpace::memory_space>(sparse, "sparse");
  return [=](ExecutionSpace const& space, typename Evaluator::Vectors const& p,
             typename Evaluator::Energies const& energies, typename Evaluator::Derivatives const& derivatives) {
    Kokkos::parallel_for(
        "sinter::test::kernel_energy", Kokkos::RangePolicy<ExecutionSpace>(space, 0, static_cast<int>(p.extent(0))),
        KOKKOS_LAMBDA(int i) {
          energies(i) = 0;
          for (int c = 0; c < dimension; ++c) derivatives(i, c) = 0;
          for (int s = 0; s < 2; ++s) {
            double const weight = 100 * (s == 0 ? 1.0 : -0.7);
            double dot = 0;
            for (int c = 0; c < dimension; ++c) dot += p(i, c) * points(s * dimension + c);
            energies(i) += weight * dot * dot * dot * dot;
            for (int c = 0; c < dimension; ++c)
              derivatives(i, c) += 4 * weight * dot * dot * dot * points(s * dimension + c);
          }
        });
  };
}

namespace {

template <class ExecutionSpace>
class SoapGradientsTest : public testing::Test {};
TYPED_TEST_SUITE(SoapGradientsTest, test::ExecutionSpaces);

// Settings with one and two species, for vectors of atoms and of structures.
struct Case {
  SoapSettings settings;
  SoapAverage average;
};
std::vector<Case> cases() {
  return {{{.species = {14}, .n_max = 12, .l_max = 6}, SoapAverage::none},
          {{.species = {14, 8}, .cutoff = 4, .cutoff_width = 2, .n_max = 5, .l_max = 3}, SoapAverage::none},
          {{.species = {14, 8}, .cutoff = 4, .n_max = 3, .l_max = 9, .central_weight = 0}, SoapAverage::inner},
          {{.convention = SoapConvention::rascal, .species = {14, 8}, .cutoff = 4, .sigma = 1, .n_max = 3, .l_max = 2},
           SoapAverage::none},
          {{.convention = SoapConvention::dscribe,
            .species = {14, 8},
            .cutoff = 2.5,
            .cutoff_width = 0,
            .n_max = 4,
            .l_max = 3},
           SoapAverage::none},
          {{.convention = SoapConvention::dscribe,
            .radial = SoapRadial::polynomial,
            .species = {14, 8},
            .cutoff = 2.5,
            .cutoff_width = 0,
            .n_max = 2,
            .l_max = 3},
           SoapAverage::inner}};
}

template <class ExecutionSpace>
struct Potential {
  SoapEvaluator<ExecutionSpace> soap;
  SoapAverage average;
  typename SoapEvaluator<ExecutionSpace>::Energy energy;

  explicit Potential(Case const& c, Precision precision = Precision::full)
      : soap(c.settings, precision), average(c.average), energy(kernelEnergy<ExecutionSpace>(soap.dimension())) {}

  [[nodiscard]] Evaluation operator()(Structure const& structure) const {
    return soap.evaluate({&structure, 1}, energy, average)[0];
  }
};

std::vector<Structure> structuresOf(Case const& c) {
  return reference::testStructures({c.settings.species.begin(), c.settings.species.end()});
}

// Size of the forces.
double scaleOf(Evaluation const& result) {
  double squares = 1;
  for (auto const& force : result.forces)
    for (double const f : force) squares += f * f;
  return std::sqrt(squares);
}

// A small step (A): the second derivative of the cutoff function jumps where a neighbour crosses r_c - w or r_c.
constexpr double step = 1e-4;

// Central difference of fourth order: error O(h^4).
template <class Function>
double derivative(Function const& f, double h) {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

TYPED_TEST(SoapGradientsTest, ForcesAreMinusTheGradient) {
  for (auto const& c : cases()) {
    Potential<TypeParam> const potential(c);
    for (auto const& structure : structuresOf(c)) {
      auto const result = potential(structure);
      for (std::size_t i = 0; i < structure.size(); i += 1 + structure.size() / 2)
        for (int x = 0; x < 3; ++x) {
          auto const moved_energy = [&](double h) {
            Structure moved = structure;
            moved.positions[i][x] += h;
            return potential(moved).energy;
          };
          EXPECT_NEAR(result.forces[i][x], -derivative(moved_energy, step), 1e-7 * scaleOf(result));
        }
    }
  }
}

TYPED_TEST(SoapGradientsTest, VirialIsMinusTheStrainDerivative) {
  constexpr int voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
  for (auto const& c : cases()) {
    Potential<TypeParam> const potential(c);
    for (auto const& structure : structuresOf(c)) {
      auto const result = potential(structure);
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
          return potential(strained).energy;
        };
        EXPECT_NEAR(result.virial[v], -derivative(strained_energy, step / 3),
                    1e-7 * c.settings.cutoff * scaleOf(result));
      }
    }
  }
}

TYPED_TEST(SoapGradientsTest, CellDerivativesFollowFromForcesAndVirial) {
  // One lattice vector longer, atoms fixed in fractional coordinates: dE/dh_d = -(h^-1 W)_d; in a rectangular cell.
  auto const c = cases()[1];
  Potential<TypeParam> const potential(c);
  auto const structure = structuresOf(c)[0];
  auto const result = potential(structure);
  for (int d = 0; d < 3; ++d) {
    double const length = structure.cell[d][d];
    auto const energy = [&](double h) {
      Structure stretched = structure;
      stretched.cell[d][d] += h;
      for (auto& r : stretched.positions) r[d] += h * r[d] / length;
      return potential(stretched).energy;
    };
    EXPECT_NEAR(-result.virial[d] / length, derivative(energy, step), 1e-7 * scaleOf(result));
  }
}

TYPED_TEST(SoapGradientsTest, MixedPrecisionIsCloseToDouble) {
  for (auto const& c : cases()) {
    Potential<TypeParam> const full(c), mixed(c, Precision::mixed);
    for (auto const& structure : structuresOf(c)) {
      auto const expected = full(structure), found = mixed(structure);
      double const scale = scaleOf(expected);
      EXPECT_NEAR(found.energy, expected.energy, 2e-5 * (1 + std::abs(expected.energy)));
      Vector3 resultant{};
      for (std::size_t i = 0; i < structure.size(); ++i)
        for (int x = 0; x < 3; ++x) {
          EXPECT_NEAR(found.forces[i][x], expected.forces[i][x], 2e-5 * scale);
          resultant[x] += found.forces[i][x];
        }
      // What a pair gives to its two atoms cancels to the last bit.
      for (double const sum : resultant) EXPECT_LE(std::abs(sum), 1e-12 * scale);
    }
  }
}

TYPED_TEST(SoapGradientsTest, SumOverAtomsIsTheEnergy) {
  auto const c = cases()[1];
  Potential<TypeParam> const potential(c);
  auto const structures = structuresOf(c);
  auto const together = potential.soap.evaluate(structures, potential.energy, c.average);
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const alone = potential(structures[s]);
    double sum = 0;
    for (double const e : together[s].site_energies) sum += e;
    EXPECT_EQ(together[s].site_energies.size(), structures[s].size());
    EXPECT_NEAR(sum, together[s].energy, 1e-12 * (1 + std::abs(sum)));
    EXPECT_EQ(together[s].energy, alone.energy);
    for (int v = 0; v < 6; ++v) EXPECT_NEAR(together[s].virial[v], alone.virial[v], 1e-11 * scaleOf(alone));
  }
}

TYPED_TEST(SoapGradientsTest, JacobianIsTheDerivativeOfVectors) {
  SoapSettings const settings{.species = {14, 8}, .cutoff = 4, .n_max = 2, .l_max = 3};
  SoapEvaluator<TypeParam> const soap(settings);
  auto const structure = reference::testStructures({14, 8})[1];
  auto const jacobian = soap.jacobian(structure);
  std::size_t const atoms = structure.size(), rows = atoms * static_cast<std::size_t>(soap.dimension());
  ASSERT_EQ(jacobian.size(), rows * atoms * 3);
  double largest = 0;
  for (double const x : jacobian) largest = std::max(largest, std::abs(x));
  for (std::size_t const j : {std::size_t(0), atoms - 1})
    for (int x = 0; x < 3; ++x) {
      std::vector<std::vector<double>> vectors;
      for (double const h : {step, -step, 2 * step, -2 * step}) {
        Structure moved = structure;
        moved.positions[j][x] += h;
        vectors.push_back(soap.evaluate({&moved, 1}));
      }
      for (std::size_t row = 0; row < rows; ++row) {
        double const numeric =
            (8 * (vectors[0][row] - vectors[1][row]) - (vectors[2][row] - vectors[3][row])) / (12 * step);
        ASSERT_NEAR(jacobian[(row * atoms + j) * 3 + x], numeric, 1e-7 * largest);
      }
    }
  EXPECT_THROW(static_cast<void>(soap.jacobian(reference::diamond(12, 5.43, 0, {14, 8}))), InputError);
}

TYPED_TEST(SoapGradientsTest, OuterAverageIsRefused) {
  Potential<TypeParam> potential(cases()[0]);
  potential.average = SoapAverage::outer;
  EXPECT_THROW(static_cast<void>(potential(reference::diamond(1, 5.43, 0))), InputError);
}

}  // namespace
}  // namespace sinter
