// Phonons: second derivatives of the energy, symmetry, other cells of the same crystal, and phonopy's frequencies.
#include "sinter/simulation/phonons.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "simulation/paper_potentials.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::messageOf;

constexpr double a = 5.43;
Structure diamondCell(CrystalCell cell = CrystalCell::primitive) {
  return crystalPrototype("dia", 14, a * a * a / 8, cell);
}

std::vector<double> all(std::vector<PhononModes> const& points) {
  std::vector<double> frequencies;
  for (auto const& point : points)
    frequencies.insert(frequencies.end(), point.frequencies.begin(), point.frequencies.end());
  std::sort(frequencies.begin(), frequencies.end());
  return frequencies;
}

template <class Space>
class PhononsTest : public testing::Test {};
TYPED_TEST_SUITE(PhononsTest, test::ExecutionSpaces);

// All modes of a 2 x 2 x 2 supercell are those of the eight wave vectors that are periodic in it. Its Hessian comes
// from energies of pairs of displaced coordinates, of which translations by half the supercell leave the first cell's.
TYPED_TEST(PhononsTest, SecondDerivativesOfTheEnergy) {
  auto const model = reference::solidModel();
  Structure const crystal = diamondCell(), supercell = repeated(crystal, {2, 2, 2});
  constexpr double h = 1e-3;
  std::vector<Vector3> q;
  for (int n = 0; n < 8; ++n) q.push_back({(n & 1) / 2., (n & 2) / 4., (n & 4) / 8.});
  auto const frequencies = all(phononModes<TypeParam>(model, crystal, q, {{2, 2, 2}, h}));

  constexpr int size = 48, first = 6;
  std::vector<Structure> moved(1, supercell);
  auto const move = [&](int i, int j, double by) {
    Structure s = supercell;
    s.positions[i / 3][i % 3] += by;
    if (j >= 0) s.positions[j / 3][j % 3] += by;
    moved.push_back(std::move(s));
  };
  for (int i = 0; i < first; ++i)
    for (int j = 0; j < size; ++j)
      for (double const by : {-h, h}) move(i, j, by);
  for (int j = 0; j < size; ++j)
    for (double const by : {-h, h}) move(j, -1, by);
  auto const evaluations = MtpEvaluator<Kokkos::Serial>(model).evaluate(moved);
  auto const both = [&](int n) { return evaluations[1 + 2 * n].energy + evaluations[2 + 2 * n].energy; };
  std::vector<double> hessian(size * size);
  for (int i = 0; i < size; ++i)
    for (int j = 0; j < size; ++j) {
      int const row = i % first, column = (i / first ^ j / first) * first + j % first;  // as seen from i's cell
      int const pairs = first * size;
      hessian[j * size + i] =
          (both(row * size + column) - both(pairs + row) - both(pairs + column) + 2 * evaluations[0].energy) /
          (2 * h * h * atomicMass(14));
    }
  auto const squares = symmetricEigenvalues(std::move(hessian), size);
  ASSERT_EQ(frequencies.size(), squares.size());
  double const thz = 15.633302;  // sqrt(eV / u) / (2 pi A), as phonopy states it
  double const largest = squares.back();
  for (int m = 0; m < size; ++m)
    EXPECT_NEAR(std::copysign(std::pow(frequencies[m] / thz, 2), frequencies[m]), squares[m], 1e-4 * largest)
        << m;  // differences of second order in h on both sides
}

TYPED_TEST(PhononsTest, SymmetryAndAcousticModes) {
  auto const model = reference::solidModel();
  std::vector<Vector3> const q = {fcc_gamma, fcc_x, fcc_l, {1, 0, -2}, {0.5, 0, 0.5}, {-0.5, 0, 0}};
  auto const points = phononModes<TypeParam>(model, diamondCell(), q);
  ASSERT_EQ(points.size(), q.size());
  auto const& gamma = points[0].frequencies;
  auto const& x = points[1].frequencies;
  auto const& l = points[2].frequencies;
  // The sum of forces is zero to rounding; 1e-10 eV/A^2 would be 3e-5 THz.
  for (int m = 0; m < 3; ++m) EXPECT_NEAR(gamma[m], 0, 1e-4);
  EXPECT_GT(gamma[3], 5);
  constexpr double equal = 1e-3;  // displacements break the symmetry in their second order
  EXPECT_NEAR(gamma[3], gamma[5], equal);
  for (int m : {0, 2, 4}) EXPECT_NEAR(x[m], x[m + 1], equal) << m;
  for (int m : {0, 4}) EXPECT_NEAR(l[m], l[m + 1], equal) << m;
  EXPECT_GT(x[2], x[1] + 0.1);
  EXPECT_GT(l[3], l[1] + 0.1);
  for (int m = 0; m < 6; ++m) {
    EXPECT_NEAR(points[3].frequencies[m], gamma[m], 1e-4) << "q and q + G";
    EXPECT_NEAR(points[4].frequencies[m], x[m], equal) << "another X";
    EXPECT_NEAR(points[5].frequencies[m], l[m], equal) << "another L";
  }
}

// The conventional cell's modes at Gamma are the primitive one's at Gamma and at the three X.
TYPED_TEST(PhononsTest, ConventionalCell) {
  auto const model = reference::solidModel();
  std::vector<Vector3> const q = {fcc_gamma, fcc_x, {0.5, 0, 0.5}, {0, 0.5, 0.5}};
  auto const primitive = all(phononModes<TypeParam>(model, diamondCell(), q));
  auto const conventional =
      all(phononModes<TypeParam>(model, diamondCell(CrystalCell::conventional), {&fcc_gamma, 1}, {{2, 2, 2}}));
  ASSERT_EQ(conventional.size(), primitive.size());
  for (std::size_t m = 0; m < primitive.size(); ++m) EXPECT_NEAR(conventional[m], primitive[m], 1e-3) << m;
}

TYPED_TEST(PhononsTest, UnstableModesAreNegative) {
  // Bonds stretched beyond the inflection of their energy.
  auto const points = phononModes<TypeParam>(reference::solidModel(), crystalPrototype("dia", 14, 40), {&fcc_gamma, 1});
  ASSERT_EQ(points[0].frequencies.size(), 6);
  EXPECT_LT(points[0].frequencies[2], -0.5);
  EXPECT_NEAR(points[0].frequencies[5], 0, 1e-4);
}

TYPED_TEST(PhononsTest, BadInput) {
  auto const message = [](Structure const& crystal, PhononSettings const& settings = {}) {
    return messageOf<InputError>([&] {
      static_cast<void>(phononModes<TypeParam>(reference::solidModel(), crystal, {&fcc_x, 1}, settings));
    });
  };
  Structure slab = diamondCell(), unnamed = diamondCell();
  slab.periodic[0] = false;
  unnamed.species = {-1, -1};
  EXPECT_EQ(message(slab), "phononModes: found a structure without atoms or volume, expected a crystal");
  EXPECT_EQ(message(unnamed), "phononModes: found species -1, expected atomic numbers, which have masses");
  EXPECT_NE(message(crystalPrototype("dia", 32, 20)).find("Ge"), std::string::npos);
  EXPECT_EQ(message(diamondCell(), {{1, 0, 1}}), "phononModes: found 0 repeats of the cell, expected > 0");
  EXPECT_EQ(message(diamondCell(), {{1, 1, 1}, 0}),
            "phononModes: found displacement 0, expected one between 0 and 0.5 (A)");
  EXPECT_NE(message(crystalPrototype("dia", 14, 1e-14)).find("forces that are not finite"), std::string::npos);
}

// Frequencies by phonopy with forces by `sinter eval`: tests/oracle/phonons.md.
TEST(SiliconTest, PhonopysFrequencies) {
  auto const potentials = test::paperPotentials();
  if (potentials.empty()) GTEST_SKIP() << "no si_mtp_paper";
  auto const& model = potentials[1].model;
  std::vector<Vector3> const q = {fcc_gamma, fcc_x, fcc_l, {0.1, 0.2, 0.3}};
  using Frequencies = std::vector<std::vector<double>>;
  auto const compare = [&](Structure const& crystal, int n, Frequencies const& expected) {
    auto const points = phononModes<Kokkos::Serial>(model, crystal, q, {{n, n, n}, 1e-3});
    for (std::size_t k = 0; k < q.size(); ++k)
      for (std::size_t m = 0; m < 6; ++m) EXPECT_NEAR(points[k].frequencies[m], expected[k][m], 1e-4) << n << " " << k;
  };
  auto const dia = crystalPrototype("dia", 14, 20), tin = crystalPrototype("bSn", 14, 15);
  Frequencies of_dia = {{0, 0, 0, 14.74120, 14.74120, 14.74120},
                        {5.18118, 5.18118, 11.73827, 11.73827, 13.63416, 13.63416},
                        {3.69940, 3.69940, 10.31797, 12.34120, 14.11228, 14.11228},
                        {3.04854, 3.54948, 6.15079, 14.19184, 14.34869, 14.41768}};
  Frequencies of_tin = {{0, 0, 0, 5.65476, 10.29365, 10.29365},
                        {3.63898, 3.63898, 7.82770, 7.82770, 8.46975, 8.46975},
                        {4.05594, 4.05594, 4.92458, 4.92458, 11.42343, 11.42343},
                        {4.22739, 4.91714, 6.78511, 7.64341, 8.48136, 8.89320}};
  compare(dia, 4, of_dia);
  compare(tin, 4, of_tin);
  // Too small a supercell for the last wave vector, which is not periodic in it: that both find the same images shows.
  of_dia[3] = {2.76968, 3.44006, 6.15740, 14.09230, 14.35134, 14.42868};
  of_tin[3] = {3.82606, 4.41036, 7.02270, 7.93184, 8.48019, 9.16294};
  compare(dia, 2, of_dia);
  compare(tin, 2, of_tin);
}

// Beside DFT (THz): 15.09; 4.42, 12.03, 13.37; 3.35, 11.13, 11.96, 14.29, and GAP-18: 14.76; 4.45, 11.82, 13.42; 3.20,
// 10.61, 12.01, 14.23.
TEST(SiliconTest, PhononsOfThePapersPotentials) {
  auto const potentials = test::paperPotentials();
  if (potentials.empty()) GTEST_SKIP() << "no si_mtp_paper";
  std::vector<Vector3> const q = {fcc_gamma, fcc_x, fcc_l};
  for (auto const& [name, model] : potentials) {
    auto const crystal = test::relaxedSilicon<Kokkos::Serial>(model, CrystalCell::primitive);
    auto const points = phononModes<Kokkos::Serial>(model, crystal, q);
    auto const& x = points[1].frequencies;
    auto const& l = points[2].frequencies;
    std::printf("%s: Gamma %.2f; X %.2f %.2f %.2f; L %.2f %.2f %.2f %.2f THz\n", name.c_str(), points[0].frequencies[5],
                x[0], x[2], x[4], l[0], l[2], l[3], l[4]);
    EXPECT_NEAR(points[0].frequencies[5], 14.76, 1) << name;
    EXPECT_NEAR(x[0], 4.45, 2) << name;
  }
}

}  // namespace
}  // namespace sinter
