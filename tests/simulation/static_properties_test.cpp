// Energies over volumes and elastic constants: one against the other, and silicon against what is known of it.
#include "sinter/simulation/static_properties.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/simulation/deformation.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::diamond;
using reference::solidModel;
using test::messageOf;

RelaxationSettings tight() {
  RelaxationSettings settings;
  settings.force_tolerance = 1e-6;
  settings.pressure_tolerance = 1e-8;
  return settings;
}

template <class Space>
Structure relaxedDiamond(MtpModel const& model) {
  Structure const start = diamond(1, 5.5, 0);
  return relax<Space>(model, tight(), {&start, 1}).at(0).structure;
}

template <class Space>
class StaticPropertiesTest : public testing::Test {};
TYPED_TEST_SUITE(StaticPropertiesTest, test::ExecutionSpaces);

TYPED_TEST(StaticPropertiesTest, CurvesAndElasticConstantsAgree) {
  auto const model = solidModel();
  Structure const crystal = relaxedDiamond<TypeParam>(model);
  double const v = *volume(crystal);
  std::vector<double> const volumes = {0.998 * v, 0.999 * v, v, 1.001 * v, 1.002 * v};
  auto const curve = energyVolumeCurve<TypeParam>(model, crystal, volumes, tight());
  ASSERT_EQ(curve.size(), volumes.size());
  for (std::size_t i = 0; i < curve.size(); ++i) EXPECT_NEAR(curve[i].volume, volumes[i], 1e-9);
  double const h = 0.001 * v;
  // Pressure is -dE/dV: fourth order, h^4 times fifth derivatives.
  EXPECT_NEAR((curve[0].energy - 8 * curve[1].energy + 8 * curve[3].energy - curve[4].energy) / (12 * h),
              -curve[2].pressure, 1e-7);
  EXPECT_NEAR(curve[2].pressure, 0, 1e-7);
  double const b = -v * (curve[3].pressure - curve[1].pressure) / (2 * h);

  auto const elastic = elasticConstants<TypeParam>(model, crystal, 1e-3, tight());
  auto const& c = elastic.c;
  EXPECT_GT(b, 0.1);
  EXPECT_NEAR(elastic.bulkModulus(), b,
              1e-4 * b);  // differences of second order: strain^2 times B'' / B, and tens of it
  for (std::size_t x = 0; x < 6; ++x)
    for (std::size_t y = 0; y < 6; ++y) {
      double expected = 0;  // of a cubic crystal
      if (x < 3 && y < 3) expected = x == y ? c[0][0] : c[0][1];
      if (x >= 3 && x == y) expected = c[3][3];
      EXPECT_NEAR(c[x][y], expected, 1e-3 * b) << x << y;
    }
  // Energies of the other route: E(e) = V C e^2 / 2 with atoms relaxed.
  MtpEvaluator<Kokkos::Serial> const evaluator(model);
  auto const sheared = [&](double e, bool atoms) {
    Structure const s = deformed(crystal, {{{1, 0, 0}, {0, 1, e / 2}, {0, e / 2, 1}}});
    if (!atoms) return evaluator.evaluate({&s, 1})[0].energy;
    auto settings = tight();
    settings.cell = CellFreedom::none;
    return *relax<TypeParam>(model, settings, {&s, 1}).at(0).enthalpy;
  };
  constexpr double e = 4e-3;
  double const energy = sheared(0, false);
  auto const modulus = [&](bool atoms) { return (sheared(e, atoms) + sheared(-e, atoms) - 2 * energy) / (v * e * e); };
  EXPECT_NEAR(modulus(true), c[3][3], 2e-3 * c[3][3]);
  EXPECT_GT(modulus(false), 1.01 * c[3][3]) << "the atoms' relaxation makes a crystal softer";
}

// Forces before the relaxation are proportional to the strain, and so is what may be left of them.
TYPED_TEST(StaticPropertiesTest, ElasticConstantsRelaxAtomsByDefault) {
  auto const model = solidModel();
  Structure const crystal = relaxedDiamond<TypeParam>(model);
  double const shear = elasticConstants<TypeParam>(model, crystal, 1e-3, tight()).c[3][3];
  for (double const strain : {1e-3, 1e-4})
    EXPECT_NEAR(elasticConstants<TypeParam>(model, crystal, strain).c[3][3], shear, 2e-3 * shear) << strain;
}

TYPED_TEST(StaticPropertiesTest, BadInput) {
  auto const model = solidModel();
  Structure slab = diamond(1, 5.43, 0);
  slab.periodic[2] = false;
  std::vector<double> const volumes = {160}, negative = {-1e-9};
  auto const curve = [&](Structure const& s, std::vector<double> const& v) {
    return messageOf<InputError>([&] { static_cast<void>(energyVolumeCurve<TypeParam>(model, s, v)); });
  };
  EXPECT_NE(curve(slab, volumes).find("expected a crystal"), std::string::npos);
  EXPECT_EQ(curve(diamond(1, 5.43, 0), negative), "energyVolumeCurve: found volume -1e-09, expected > 0 (A^3)");
  std::vector<double> const tiny = {1};
  EXPECT_NE(curve(diamond(1, 5.43, 0), tiny).find("collapsed"), std::string::npos);
  auto const elastic = [&](double strain) {
    return messageOf<InputError>(
        [&] { static_cast<void>(elasticConstants<TypeParam>(model, diamond(1, 5.43, 0), strain)); });
  };
  EXPECT_EQ(elastic(0.5), "elasticConstants: found strain 0.5, expected one between 0 and 0.1");
  EXPECT_EQ(elastic(-1e-9), "elasticConstants: found strain -1e-09, expected one between 0 and 0.1");
}

// The paper's potentials beside DFT (CASTEP, 5.4610 A; 88.6; 153.3, 56.3, 72.2 GPa) and GAP-18 (5.4608; 88.8; 151.4,
// 57.5, 67.9). Their lattice constants and energies are known; that elastic constants are those of silicon is not.
TEST(SiliconTest, PropertiesOfThePapersPotentials) {
  auto const folder = std::filesystem::path(SINTER_SHARED_DATA) / "si_mtp_paper";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no " << folder;
  using Space = Kokkos::Serial;  // eight atoms leave nothing to share
  for (std::string const name : {"PQ1k-1_g18_rand_u12_fw0.1", "PQ1k-1_g18_rand_u16_fw0.1", "PQ1k-1_g18_rand_u20_fw0.1",
                                 "g18_u12_fw0.1_direct", "g18_u16_fw0.1_direct", "g18_u20_fw0.1_direct"}) {
    auto const model = readMtp(folder / (name + ".mtp"));
    Structure const crystal = relaxedDiamond<Space>(model);
    auto const elastic = elasticConstants<Space>(model, crystal, 1e-3, tight());
    double const a = std::cbrt(*volume(crystal)), gpa = gpa_per_ev_per_cubic_angstrom;
    double const energy = *crystal.energy / 8;
    std::printf("%-26s a0 %.4f A, E %.4f eV/atom, B %.1f, C11 %.1f, C12 %.1f, C44 %.1f GPa\n", name.c_str(), a, energy,
                elastic.bulkModulus() * gpa, elastic.c[0][0] * gpa, elastic.c[0][1] * gpa, elastic.c[3][3] * gpa);
    EXPECT_GT(a, 5.4435);  // ../shared/data/README.md: 5.444 to 5.459 A, -163.161 to -163.173 eV
    EXPECT_LT(a, 5.4595);
    EXPECT_GT(energy, -163.1735);
    EXPECT_LT(energy, -163.1605);
    EXPECT_NEAR(elastic.bulkModulus() * gpa, 88.8, 15);
    EXPECT_NEAR(elastic.c[0][0] * gpa, 151.4, 30);
  }
}

}  // namespace
}  // namespace sinter
