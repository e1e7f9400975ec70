// Design rows are what they say: basis sums, and minus their derivatives.
#include "sinter/fitting/design_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "backends.hpp"
#include "basis_differences.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/core/error.hpp"

namespace sinter {
namespace {

using reference::testModel;
using reference::testStructures;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

template <class ExecutionSpace>
class DesignRowsTest : public testing::Test {
 protected:
  static DesignRows rowsOf(MtpModel const& model, std::vector<Structure> const& structures,
                           std::vector<std::string> const& names = {}) {
    auto const plan = makeMtpPlan<typename ExecutionSpace::memory_space>(model);
    return computeDesignRows(ExecutionSpace(), plan, SpeciesMap(model.species, model.species_count), structures, names);
  }

  static NeighborDistances distancesOf(std::vector<Structure> const& structures, double cutoff) {
    return measureDistances(ExecutionSpace(), SpeciesMap({14, 8}, 2), structures, cutoff);
  }
};
TYPED_TEST_SUITE(DesignRowsTest, test::ExecutionSpaces);

std::vector<Structure> smallStructures(std::vector<int> const& species) {
  auto structures = testStructures(species);
  std::erase_if(structures, [](Structure const& s) { return s.size() > 8; });
  return structures;
}

// Size of what cancels in derivatives of basis function k.
double gradientNorm(MtpModel model, std::size_t k, Structure const& structure) {
  std::fill(model.moment_coeffs.begin(), model.moment_coeffs.end(), 0);
  model.moment_coeffs[k] = 1;
  return reference::evaluateMtp(model, structure, reference::typesOf(model, structure)).gradient_norm;
}

TYPED_TEST(DesignRowsTest, AreDifferencesOfTheBasisSums) {
  for (std::vector<int> const& species : {std::vector<int>{14}, std::vector<int>{14, 8}}) {
    auto const model = testModel(8, {species.begin(), species.end()});
    auto const structures = smallStructures(species);
    ASSERT_GE(structures.size(), 7U);
    auto const rows = this->rowsOf(model, structures);
    std::size_t const basis = model.alpha_moment_mapping.size();
    ASSERT_EQ(rows.energy.extent(0), structures.size());
    ASSERT_EQ(rows.energy.extent(1), basis);
    std::size_t atom = 0;
    double largest = 0;
    for (std::size_t s = 0; s < structures.size(); ++s) {
      auto const expected = test::basisRowsByDifferences(model, structures[s]);
      for (std::size_t k = 0; k < basis; ++k) {
        // Basis sums: some hundred operations. Differences: truncation (h q)^4 / 30 = 2e-12 of the gradient, as radial
        // functions change at most like the last Chebyshev polynomial, q = 49 * 2 / 3.4 1/A (h = 1e-4 A), and rounding
        // 1e-16 / h = 1e-12 of the sums; virials are distances times gradients.
        double const scale = 1 + gradientNorm(model, k, structures[s]);
        EXPECT_NEAR(rows.energy(s, k), expected.energy[k], 1000 * epsilon * (1 + std::abs(expected.energy[k])))
            << "structure " << s << ", function " << k;
        for (std::size_t i = 0; i < structures[s].size(); ++i)
          for (std::size_t x = 0; x < 3; ++x)
            EXPECT_NEAR(rows.force(atom + i, x, k), expected.force[i][x][k], 1e-9 * scale)
                << "structure " << s << ", function " << k << ", atom " << i << ", axis " << x;
        for (std::size_t v = 0; v < 6; ++v)
          EXPECT_NEAR(rows.virial(s, v, k), expected.virial[v][k], 1e-9 * model.max_dist * scale)
              << "structure " << s << ", function " << k << ", component " << v;
        for (std::size_t v = 0; v < 6; ++v) largest = std::max(largest, std::abs(expected.virial[v][k]));
      }
      atom += structures[s].size();
    }
    EXPECT_EQ(rows.force.extent(0), atom);
    EXPECT_GT(largest, 1);  // the comparison was not one of zeros
  }
}

TYPED_TEST(DesignRowsTest, NameTheStructureThatIsWrong) {
  auto const message = test::messageOf<InputError>([&] {
    (void)this->rowsOf(testModel(6), {reference::diamond(1, 5.4, 0), reference::diamond(1, 5.4, 0, {8})},
                       {"a.xyz: frame 0", "a.xyz: frame 1"});
  });
  EXPECT_NE(message.find("a.xyz: frame 1"), std::string::npos) << message;
}

TYPED_TEST(DesignRowsTest, DistancesEqualAllPairs) {
  auto const structures = testStructures({14, 8});
  // Distances of atoms up to 30 A from the origin: a few roundings of coordinates.
  constexpr double tolerance = 16 * epsilon * 30;
  for (double const cutoff : {1.9, 2.5, 5.0}) {
    double smallest = cutoff, sum = 0;
    int counted = 0;
    for (auto const& structure : structures) {
      std::vector<double> nearest(structure.size(), cutoff);
      for (auto const& pair : reference::allPairs(structure, cutoff))
        nearest[static_cast<std::size_t>(pair.i)] =
            std::min(nearest[static_cast<std::size_t>(pair.i)],
                     std::hypot(pair.displacement[0], pair.displacement[1], pair.displacement[2]));
      for (double const r : nearest) {
        if (r == cutoff) continue;
        smallest = std::min(smallest, r);
        sum += r;
        ++counted;
      }
    }
    ASSERT_GT(counted, 0);
    auto const measured = this->distancesOf(structures, cutoff);
    EXPECT_NEAR(measured.smallest, smallest, tolerance) << cutoff;
    EXPECT_NEAR(measured.mean_nearest, sum / counted, tolerance) << cutoff;
  }
}

TYPED_TEST(DesignRowsTest, DistancesWithoutNeighborsAreZero) {
  auto const measured = this->distancesOf({reference::diamond(1, 5.4, 0)}, 2.0);
  EXPECT_EQ(measured.smallest, 0);
  EXPECT_EQ(measured.mean_nearest, 0);
}

}  // namespace
}  // namespace sinter
