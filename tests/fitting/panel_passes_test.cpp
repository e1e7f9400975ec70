// Passes over panels, as a device makes them, give what those of the host give.
#include "sinter/fitting/panel_passes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "backends.hpp"
#include "core/mpi_command.hpp"
#include "core/temporary_folder.hpp"
#include "panel_passes_case.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/bfgs.hpp"
#include "sinter/fitting/linear_fit.hpp"
#include "sinter/fitting/variable_projection.hpp"

namespace sinter {
namespace {

using reference::testModel;

template <class ExecutionSpace>
class PanelPassesTest : public testing::Test {};
TYPED_TEST_SUITE(PanelPassesTest, test::ExecutionSpaces);

// Sums of some thousand products, against the largest of them.
void expectEqual(std::vector<double> const& found, std::vector<double> const& expected, double tolerance = 1e-12) {
  ASSERT_EQ(found.size(), expected.size());
  double largest = 0, difference = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    difference = std::fmax(difference, std::abs(found[i] - expected[i]));
    if (!std::isfinite(found[i])) difference = INFINITY;
    largest = std::max(largest, std::abs(expected[i]));
  }
  EXPECT_GT(largest, 0);
  EXPECT_LE(difference, tolerance * largest);
}

// R^T R, columns of norm 1.
std::vector<double> normalMatrix(TriangularFactor const& factor) {
  auto const n = static_cast<std::size_t>(factor.columns) + 1;
  std::vector<double> gram(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k <= std::min(i, j); ++k) gram[j * n + i] += factor.r[i * n + k] * factor.r[j * n + k];
  std::vector<double> result = gram;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      result[j * n + i] /= std::sqrt(std::max(gram[i * n + i] * gram[j * n + j], 1e-30));
  return result;
}

LeastSquaresSolution solutionOf(std::vector<TriangularFactor> const& folds) {
  StreamedLeastSquares all(folds.front().columns);
  for (auto const& fold : folds) all.append(fold);
  return all.solve();
}

TYPED_TEST(PanelPassesTest, EqualThoseOfTheHost) {
  auto const structures = test::panelPassesStructures();
  FitSettings free = test::inSmallBatches(), fixed = free;
  fixed.e0 = {{14, -2.5}, {8, -1.0}};
  fixed.scale_by_force = 0.5;
  fixed.weight_mode = WeightMode::structures;
  for (auto const& [settings, level] : {std::pair(free, 10), std::pair(fixed, 6)}) {
    SCOPED_TRACE("level " + std::to_string(level));
    auto const model = testModel(level, {14, 8});
    TrainingRows<Kokkos::Serial> host(settings, model, structures);
    int batches = 0;
    TrainingRows<TypeParam> panels(
        settings, model, structures, [&](std::size_t done) { batches += done > 0 ? 1 : 0; }, PassesBy::panels);
    auto const expected = test::passesOf(host, model), found = test::passesOf(panels, model);
    EXPECT_GE(batches, 4 * 4);
    EXPECT_EQ(panels.equations(), host.equations());
    ASSERT_EQ(found.linear.columns, expected.linear.columns);
    ASSERT_EQ(found.radial.columns, expected.radial.columns);
    expectEqual(found.linear.gram, expected.linear.gram);
    expectEqual(found.radial.gram, expected.radial.gram);
    expectEqual(found.radial.cross, expected.radial.cross);
    ASSERT_EQ(found.factors.size(), 3U);
    for (std::size_t fold = 0; fold < 3; ++fold) {
      EXPECT_EQ(found.factors[fold].rows, expected.factors[fold].rows);
      EXPECT_GT(found.factors[fold].rows, 4 * static_cast<std::size_t>(found.linear.columns));
      expectEqual(normalMatrix(found.factors[fold]), normalMatrix(expected.factors[fold]));
    }
    auto const solution = solutionOf(found.factors), of_host = solutionOf(expected.factors);
    EXPECT_EQ(solution.kept, of_host.kept);
    expectEqual(solution.x, of_host.x, 1e-10);
    EXPECT_NEAR(solution.residual_norm, of_host.residual_norm, 1e-12 * of_host.residual_norm);
    EXPECT_NEAR(found.loss, expected.loss, 1e-12 * expected.loss);
    expectEqual(found.gradient, expected.gradient);
  }
}

// Bit for bit, and on hosts whatever the number of threads.
TYPED_TEST(PanelPassesTest, DoNotDependOnTheBatches) {
  using Other = std::conditional_t<is_device_space<TypeParam>, TypeParam, Kokkos::Serial>;
  auto const in_batches = test::panelPassesNumbers<TypeParam>(test::inSmallBatches()),
             at_once = test::panelPassesNumbers<Other>({});
  EXPECT_TRUE(in_batches == at_once);
}

#if defined(SINTER_MPIEXEC)
// What panel_passes_ranks has written.
struct OfRank {
  double structures = 0;  // that the rank works on
  std::string numbers;

  explicit OfRank(std::string const& file) : numbers(test::contentOf(file)) {
    if (numbers.size() < sizeof structures) return;
    std::memcpy(&structures, numbers.data(), sizeof structures);
    numbers.erase(0, sizeof structures);
  }
};
#endif

// The ranks share the structures, and all have the result of one process, bit for bit.
TEST(PanelPasses, AreTheSameForAnyNumberOfRanks) {
#if defined(SINTER_MPIEXEC)
  test::TemporaryFolder const folder;
  auto const resultsOf = [&](int count, std::string const& before) {
    std::string const file = folder / std::to_string(count), command = SINTER_PANEL_PASSES_RANKS " " + file;
    EXPECT_EQ(std::system((before + command).c_str()), 0);
    std::vector<OfRank> results;
    for (int rank = 0; rank < count; ++rank) results.emplace_back(file + "." + std::to_string(rank));
    return results;
  };
  OfRank const alone = resultsOf(1, "").front();
  EXPECT_EQ(alone.structures, static_cast<double>(test::panelPassesStructures().size()));
  EXPECT_GT(alone.numbers.size(), 50000U);
  for (int const count : {2, 3, 5}) {
    double structures = 0;
    for (auto const& result : resultsOf(count, test::mpiCommand(count))) {
      EXPECT_TRUE(result.numbers == alone.numbers) << count << " ranks";
      structures += result.structures;
    }
    EXPECT_EQ(structures, alone.structures);
  }
#else
  GTEST_SKIP() << "built without MPI";
#endif
}

// The last linear solution with its cross-validation.
TYPED_TEST(PanelPassesTest, GiveTheLinearFitOfTheHost) {
  auto const model = testModel(8, {14, 8});
  auto const structures = test::panelPassesStructures();
  FitSettings const settings = test::inSmallBatches();
  TrainingRows<Kokkos::Serial> host(settings, model, structures);
  TrainingRows<TypeParam> panels(settings, model, structures, {}, PassesBy::panels);
  auto const expected = solveLinear(host, settings, model), found = solveLinear(panels, settings, model);
  EXPECT_EQ(found.rank, expected.rank);
  EXPECT_EQ(found.ridge, expected.ridge);
  EXPECT_NEAR(found.loss, expected.loss, 1e-12 * expected.loss);
  expectEqual(found.model.moment_coeffs, expected.model.moment_coeffs, 1e-10);
  expectEqual(found.model.species_coeffs, expected.model.species_coeffs, 1e-10);
  expectEqual(found.spectrum, expected.spectrum);
}

// Radial coefficients too, by variable projection and by BFGS.
TYPED_TEST(PanelPassesTest, TakeTheStepsOfTheHost) {
  auto const truth = testModel(8, {14});
  auto structures = test::panelPassesStructures();
  reference::Random random(4);
  for (auto& s : structures) {
    std::fill(s.species.begin(), s.species.end(), 14);
    reference::label(s, truth, random, 0.05);
  }
  MtpModel start = truth;
  for (double& c : start.radial_coeffs) c *= 1 + 0.1 * random();
  FitSettings const settings = test::inSmallBatches();
  TrainingRows<Kokkos::Serial> host(settings, start, structures);
  TrainingRows<TypeParam> panels(settings, start, structures, {}, PassesBy::panels);
  auto const columns = independentColumns(host, start);
  EXPECT_EQ(independentColumns(panels, start), columns);
  VariableProjection<Kokkos::Serial> expected(host, start, columns, {});
  VariableProjection<TypeParam> found(panels, start, columns, {});
  for (int step = 0; step < 2; ++step) {
    EXPECT_TRUE(expected.step());
    EXPECT_TRUE(found.step());
    EXPECT_NEAR(found.state().loss, expected.state().loss, 1e-8 * expected.state().loss);  // of normal equations
  }
  start = solveLinear(host, settings, start).model;
  double losses[2] = {0, 0};
  auto const last = [&](double& loss) { return [&loss](int, double now) { loss = now; }; };
  (void)minimizeBfgs(host, start, 1e-6, 3, last(losses[0]));
  (void)minimizeBfgs(panels, start, 1e-6, 3, last(losses[1]));
  EXPECT_GT(losses[0], 0);
  EXPECT_NEAR(losses[1], losses[0], 1e-9 * losses[0]);
}

TYPED_TEST(PanelPassesTest, RefuseAtomsAtOnePlace) {
  auto const model = testModel(6);
  std::vector<Structure> structures = {reference::diamond(1, 5.4, 0.1), reference::diamond(1, 5.4, 0.1)};
  for (auto& s : structures) s.energy = 1;
  structures[1].positions[1] = structures[1].positions[0];
  TrainingRows<TypeParam> training({}, model, structures, {}, PassesBy::panels);
  MtpRows rows(model);
  rows.setCoefficients(model);
  auto const message = test::messageOf<InputError>([&] { (void)training.linearPass(rows); });
  EXPECT_NE(message.find("structure 1: found an energy or force that is not finite"), std::string::npos) << message;
}

}  // namespace
}  // namespace sinter
