// Point defects of diamond crystals: where the atoms are, and energies put together by hand.
#include "sinter/simulation/point_defects.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "neighbor_reference.hpp"
#include "simulation/paper_potentials.hpp"
#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::messageOf;
using test::relaxedLatticeConstant;

std::vector<PointDefect> const all_defects = {PointDefect::vacancy, PointDefect::dumbbell, PointDefect::hexagonal,
                                              PointDefect::tetrahedral};

// Distances from an atom to others, ascending.
std::vector<double> distancesOf(Structure const& s, int atom, double cutoff) {
  std::vector<double> distances;
  for (auto const& pair : reference::allPairs(s, cutoff))
    if (pair.i == atom)
      distances.push_back(std::hypot(pair.displacement[0], pair.displacement[1], pair.displacement[2]));
  std::sort(distances.begin(), distances.end());
  return distances;
}

TEST(PointDefectsTest, SitesOfInterstitials) {
  double const a = 5.43, bond = std::sqrt(3.) / 4 * a;
  auto const defect = [&](PointDefect kind) { return diamondWithDefect(kind, 14, a, 2); };
  auto const vacancy = defect(PointDefect::vacancy);
  EXPECT_EQ(vacancy.size(), 63);
  std::vector<int> bonds(63);
  for (auto const& pair : reference::allPairs(vacancy, 1.01 * bond)) ++bonds[pair.i];
  EXPECT_EQ(std::count(bonds.begin(), bonds.end(), 3), 4);
  EXPECT_EQ(std::count(bonds.begin(), bonds.end(), 4), 59);

  auto const tetrahedral = defect(PointDefect::tetrahedral);
  ASSERT_EQ(tetrahedral.size(), 65);
  auto const cage = distancesOf(tetrahedral, 64, 1.17 * bond);  // the next are 2 / sqrt(3) bonds away
  ASSERT_EQ(cage.size(), 10);
  EXPECT_NEAR(cage[3], bond, 1e-12);
  EXPECT_NEAR(cage[4], a / 2, 1e-12);
  EXPECT_NEAR(cage[9], a / 2, 1e-12);

  auto const ring = distancesOf(defect(PointDefect::hexagonal), 64, a / 2);
  ASSERT_EQ(ring.size(), 6);
  for (double const distance : ring) EXPECT_NEAR(distance, std::sqrt(11.) / 8 * a, 1e-12);

  auto const dumbbell = defect(PointDefect::dumbbell);
  ASSERT_EQ(dumbbell.size(), 65);
  auto const& p = dumbbell.positions[0];
  auto const& q = dumbbell.positions[64];
  EXPECT_NEAR(std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]), bond, 1e-12);
  EXPECT_EQ(p[0], p[1]);
  EXPECT_EQ(p[2], 0);
  for (int x = 0; x < 3; ++x) EXPECT_EQ(p[x], -q[x]);
}

template <class Space>
class DefectEnergiesTest : public testing::Test {};
TYPED_TEST_SUITE(DefectEnergiesTest, test::ExecutionSpaces);

TYPED_TEST(DefectEnergiesTest, EnergiesPutTogetherByHand) {
  auto const model = reference::solidModel();
  double const a = relaxedLatticeConstant<TypeParam>(model);
  auto const energies = pointDefectEnergies<TypeParam>(model, 14, a, 2, all_defects);
  ASSERT_EQ(energies.size(), 4);
  MtpEvaluator<Kokkos::Serial> const evaluator(model);
  auto const energyOf = [&](Structure const& s) { return evaluator.evaluate({&s, 1})[0].energy; };
  double const perfect = energyOf(reference::diamond(2, a, 0));
  for (std::size_t d = 0; d < 4; ++d) {
    auto const& one = energies[d];
    EXPECT_EQ(one.defect, all_defects[d]);
    double const bulk = perfect * static_cast<double>(one.structure.size()) / 64;
    EXPECT_NEAR(one.formation_energy, energyOf(one.structure) - bulk, 1e-9) << nameOf(one.defect);
    EXPECT_NEAR(one.unrelaxed_energy, energyOf(diamondWithDefect(one.defect, 14, a, 2)) - bulk, 1e-9);
    EXPECT_GT(one.formation_energy, 0.5) << nameOf(one.defect);
    EXPECT_LT(one.formation_energy, one.unrelaxed_energy - 1e-3) << nameOf(one.defect);
    EXPECT_EQ(one.structure.cell, diamondWithDefect(one.defect, 14, a, 2).cell);
  }
}

TYPED_TEST(DefectEnergiesTest, BadInput) {
  auto const message = [](double a, int n, RelaxationSettings const& settings = {}) {
    return messageOf<InputError>([&] {
      static_cast<void>(pointDefectEnergies<TypeParam>(reference::solidModel(), 14, a, n, all_defects, settings));
    });
  };
  EXPECT_EQ(message(-1, 2), "diamondWithDefect: found lattice constant -1, expected > 0 (A)");
  EXPECT_EQ(message(5.4, 0), "diamondWithDefect: found 0 cells along an edge, expected > 0");
  RelaxationSettings one_step;
  one_step.max_steps = 1;
  EXPECT_EQ(message(5.4, 1, one_step),
            "vacancy in a cell of 7 atoms: found a relaxation that ended with max_steps, expected converged");
}

// The paper's potentials beside DFT (3.67; 3.66, 3.72, 3.91 eV) and GAP-18 (3.53; 3.68, 3.63, 3.71 eV).
TEST(SiliconTest, PointDefectsOfThePapersPotentials) {
  auto const potentials = test::paperPotentials();
  if (potentials.empty()) GTEST_SKIP() << "no si_mtp_paper";
  for (auto const& [name, model] : potentials) {
    double const a = relaxedLatticeConstant<Kokkos::Serial>(model);
    std::printf("%s, 64 atoms:", name.c_str());
    for (auto const& one : pointDefectEnergies<Kokkos::Serial>(model, 14, a, 2, all_defects)) {
      std::printf(" %s %.3f eV (unrelaxed %.3f)", nameOf(one.defect).c_str(), one.formation_energy,
                  one.unrelaxed_energy);
      EXPECT_GT(one.formation_energy, 1.5) << name;
      EXPECT_LT(one.formation_energy, 6) << name;
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace sinter
