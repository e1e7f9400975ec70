// Slabs of diamond crystals: layers, bonds, areas, and energies that grow by that of the bulk with each plane.
#include "sinter/simulation/surfaces.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <map>
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

constexpr double a = 5.43;
std::vector<DiamondSurface> const all_surfaces = {DiamondSurface::s100, DiamondSurface::s110, DiamondSurface::s111};

struct Expected {
  double area, spacing;          // of the surface cell (a^2), of planes (a)
  std::size_t layers;            // heights of atoms in five planes
  std::map<int, int> neighbors;  // atoms of five planes by bonds
};
std::vector<Expected> const expected = {{0.5, 0.5, 10, {{2, 2}, {4, 8}}},
                                        {std::sqrt(0.5), std::sqrt(0.125), 5, {{3, 4}, {4, 6}}},
                                        {std::sqrt(3.) / 4, std::sqrt(1. / 3), 10, {{3, 2}, {4, 8}}}};

TEST(SurfacesTest, LayersBondsAndAreas) {
  for (std::size_t s = 0; s < 3; ++s) {
    auto const slab = diamondSlab(all_surfaces[s], 14, a, 5);
    std::string const name = nameOf(all_surfaces[s]);
    checkStructure(slab, name);
    ASSERT_EQ(slab.size(), 10) << name;
    EXPECT_EQ(slab.periodic, (std::array{true, true, false}));
    EXPECT_NEAR(slab.cell[0][0] * slab.cell[1][1], expected[s].area * a * a, 1e-12) << name;
    for (int zero : {1, 2}) EXPECT_EQ(slab.cell[0][zero], 0) << name;
    std::map<int, int> heights, neighbors, atoms;
    for (auto const& r : slab.positions) {
      ++heights[static_cast<int>(std::lround(r[2] / a * 1e6))];
      EXPECT_GE(r[2], -1e-12);
      EXPECT_LE(r[2], slab.cell[2][2] - 10 + 1e-12);
    }
    EXPECT_EQ(heights.size(), expected[s].layers) << name;
    for (auto const& pair : reference::allPairs(slab, 0.45 * a)) ++neighbors[pair.i];
    for (auto const& [atom, bonds] : neighbors) ++atoms[bonds];
    EXPECT_EQ(atoms, expected[s].neighbors) << name;
    EXPECT_NEAR(diamondSlab(all_surfaces[s], 14, a, 6).cell[2][2] - slab.cell[2][2], expected[s].spacing * a, 1e-12);
  }
}

template <class Space>
class SurfaceEnergiesTest : public testing::Test {};
TYPED_TEST_SUITE(SurfaceEnergiesTest, test::ExecutionSpaces);

// Thicker than twice the cutoff, each plane more is two atoms of the bulk.
TYPED_TEST(SurfaceEnergiesTest, DoNotDependOnTheThickness) {
  auto const model = reference::solidModel();
  for (int const planes : {6, 8}) {
    auto const energies = surfaceEnergies<TypeParam>(model, 14, a, planes, all_surfaces);
    auto const thicker = surfaceEnergies<TypeParam>(model, 14, a, planes + 1, all_surfaces);
    ASSERT_EQ(energies.size(), 3);
    for (std::size_t s = 0; s < 3; ++s) {
      EXPECT_EQ(energies[s].surface, all_surfaces[s]);
      EXPECT_NEAR(energies[s].area, expected[s].area * a * a, 1e-12);
      EXPECT_GT(energies[s].energy, 0.01);
      EXPECT_LT(energies[s].energy, energies[s].unrelaxed_energy + 1e-12);
      if (planes * expected[s].spacing * a < 2 * model.max_dist) continue;
      EXPECT_NEAR(thicker[s].unrelaxed_energy, energies[s].unrelaxed_energy, 1e-12) << nameOf(all_surfaces[s]);
      EXPECT_NEAR(thicker[s].energy, energies[s].energy, 2e-4) << nameOf(all_surfaces[s]);
    }
  }
}

TYPED_TEST(SurfaceEnergiesTest, EnergiesPutTogetherByHand) {
  auto const model = reference::solidModel();
  MtpEvaluator<Kokkos::Serial> const evaluator(model);
  auto const energyOf = [&](Structure const& s) { return evaluator.evaluate({&s, 1})[0].energy; };
  for (auto const& one : surfaceEnergies<TypeParam>(model, 14, a, 4, all_surfaces)) {
    // The slab in a cell whose third vector is periodic, and the vacuum wider than the cutoff.
    Structure slab = one.structure;
    slab.periodic[2] = true;
    EXPECT_NEAR(one.energy * 2 * one.area, energyOf(slab) - energyOf(reference::diamond(1, a, 0)), 1e-9)
        << nameOf(one.surface);
  }
}

TYPED_TEST(SurfaceEnergiesTest, BadInput) {
  auto const message = [](double lattice_constant, int planes, RelaxationSettings const& settings = {}) {
    return messageOf<InputError>([&] {
      static_cast<void>(
          surfaceEnergies<TypeParam>(reference::solidModel(), 14, lattice_constant, planes, all_surfaces, settings));
    });
  };
  EXPECT_EQ(message(0, 2), "diamondSlab: found lattice constant 0, expected > 0 (A)");
  EXPECT_EQ(message(5.4, 0), "diamondSlab: found 0 planes, expected > 0");
  RelaxationSettings no_step;
  no_step.max_steps = 0;
  EXPECT_EQ(message(5.4, 3, no_step),
            "surface 100 of 3 planes: found a relaxation that ended with max_steps, expected converged");
}

// The paper's potentials beside DFT (CASTEP; (100) 0.1356, (110) 0.0949, (111) 0.0980 eV/A^2) and GAP-18 (0.1325,
// 0.0969, 0.0938).
TEST(SiliconTest, SurfacesOfThePapersPotentials) {
  auto const potentials = test::paperPotentials();
  if (potentials.empty()) GTEST_SKIP() << "no si_mtp_paper";
  for (auto const& [name, model] : potentials) {
    double const lattice_constant = test::relaxedLatticeConstant<Kokkos::Serial>(model);
    std::printf("%s:", name.c_str());
    for (auto const& one : surfaceEnergies<Kokkos::Serial>(model, 14, lattice_constant, 12, all_surfaces)) {
      std::printf(" (%s) %.4f eV/A^2 (unrelaxed %.4f)", nameOf(one.surface).c_str(), one.energy, one.unrelaxed_energy);
      EXPECT_GT(one.energy, 0.05) << name;
      EXPECT_LT(one.unrelaxed_energy, 0.2) << name;
    }
    std::printf("\n");
  }
}

}  // namespace
}  // namespace sinter
