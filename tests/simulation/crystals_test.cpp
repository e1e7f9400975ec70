// Prototype crystals: numbers of atoms, neighbours and symmetry operations.
#include "sinter/simulation/crystals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/temporary_folder.hpp"
#include "neighbor_reference.hpp"
#include "sinter/core/error.hpp"

namespace sinter {
namespace {

using test::messageOf;

Vector3 fractionsOf(Vector3 const& r, Matrix3 const& cell) {
  Vector3 f{};
  for (std::size_t d = 0; d < 3; ++d) {
    Matrix3 other = cell;
    other[d] = r;
    f[d] = determinant(other) / determinant(cell);
  }
  return f;
}

bool isLatticeVector(Vector3 const& fractions) {
  return std::all_of(fractions.begin(), fractions.end(), [](double f) { return std::abs(f - std::round(f)) < 1e-7; });
}

double dot(Vector3 const& a, Vector3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

// Space group operations modulo the cell's lattice: matrices W of lattice vectors that keep all lengths and angles,
// and translations that then put each atom on an atom.
int symmetryOperations(Structure const& s) {
  std::vector<Vector3> atoms;
  for (auto const& r : s.positions) atoms.push_back(fractionsOf(r, s.cell));
  auto const turned = [](Vector3 const& f, Matrix3 const& w) {
    Vector3 result{};
    for (std::size_t d = 0; d < 3; ++d)
      for (std::size_t x = 0; x < 3; ++x) result[x] += f[d] * w[d][x];
    return result;
  };
  int operations = 0;
  for (int code = 0; code < 19683; ++code) {
    Matrix3 w{}, cell{};
    int rest = code;
    for (auto& row : w)
      for (double& x : row) {
        x = rest % 3 - 1;
        rest /= 3;
      }
    for (std::size_t d = 0; d < 3; ++d) cell[d] = turned(w[d], s.cell);
    bool is_rotation = true;
    for (std::size_t d = 0; d < 3; ++d)
      for (std::size_t x = 0; x < 3; ++x)
        is_rotation = is_rotation && std::abs(dot(cell[d], cell[x]) - dot(s.cell[d], s.cell[x])) < 1e-7;
    if (!is_rotation) continue;
    for (auto const& target : atoms) {
      Vector3 const first = turned(atoms[0], w);
      operations += std::all_of(atoms.begin(), atoms.end(), [&](Vector3 const& atom) {
        Vector3 const f = turned(atom, w);
        return std::any_of(atoms.begin(), atoms.end(), [&](Vector3 const& other) {
          return isLatticeVector({f[0] - first[0] + target[0] - other[0], f[1] - first[1] + target[1] - other[1],
                                  f[2] - first[2] + target[2] - other[2]});
        });
      });
    }
  }
  return operations;
}

std::map<int, int> coordination(Structure const& s, double cutoff) {
  std::vector<int> neighbors(s.size());
  for (auto const& pair : reference::allPairs(s, cutoff)) ++neighbors[pair.i];
  std::map<int, int> atoms;
  for (int const n : neighbors) ++atoms[n];
  return atoms;
}

struct Expected {
  std::string name;
  std::size_t primitive, conventional;
  int operations;  // of the primitive cell; spglib 2.8 finds these numbers and the space groups of the header
  std::map<int, int> neighbors;  // atoms of the primitive cell by neighbours within 2.9 A
};

std::vector<Expected> const crystals = {{"dia", 2, 8, 48, {{4, 2}}},  {"hexdia", 4, 4, 24, {{4, 4}}},
                                        {"bSn", 2, 4, 16, {{6, 2}}},  {"Imma", 2, 4, 8, {{8, 2}}},
                                        {"sh", 1, 1, 24, {{8, 1}}},   {"Cmca", 8, 16, 8, {{10, 4}, {11, 4}}},
                                        {"hcp", 2, 2, 24, {{12, 2}}}, {"fcc", 1, 4, 48, {{12, 1}}},
                                        {"bcc", 1, 2, 48, {{8, 1}}},  {"sc", 1, 1, 48, {{6, 1}}}};

TEST(CrystalsTest, AtomsNeighborsAndSymmetry) {
  ASSERT_EQ(crystalPrototypeNames().size(), crystals.size());
  for (std::size_t i = 0; i < crystals.size(); ++i) {
    auto const& expected = crystals[i];
    EXPECT_EQ(crystalPrototypeNames()[i], expected.name);
    double const v = siliconVolumePerAtom(expected.name);
    auto const primitive = crystalPrototype(expected.name, 14, v);
    auto const conventional = crystalPrototype(expected.name, 14, v, CrystalCell::conventional);
    EXPECT_EQ(primitive.size(), expected.primitive) << expected.name;
    EXPECT_EQ(conventional.size(), expected.conventional) << expected.name;
    for (auto const& s : {primitive, conventional}) {
      checkStructure(s, expected.name);
      EXPECT_GT(determinant(s.cell), 0) << expected.name;
      EXPECT_NEAR(*volume(s) / static_cast<double>(s.size()), v, 1e-12 * v) << expected.name;
      EXPECT_EQ(s.species, std::vector<std::int32_t>(s.size(), 14));
    }
    EXPECT_EQ(coordination(primitive, 2.9), expected.neighbors) << expected.name;
    EXPECT_EQ(symmetryOperations(primitive), expected.operations) << expected.name;
    // The same crystal in both cells, and in a repeated one.
    auto const pairs = [](Structure const& s) {
      return static_cast<double>(reference::allPairs(s, 6).size()) / static_cast<double>(s.size());
    };
    EXPECT_EQ(pairs(conventional), pairs(primitive)) << expected.name;
    EXPECT_EQ(pairs(repeated(primitive, {2, 1, 3})), pairs(primitive)) << expected.name;
  }
}

TEST(CrystalsTest, OtherElements) {
  auto const copper = crystalPrototype("fcc", 29, 11.81, CrystalCell::conventional);
  EXPECT_EQ(copper.species, std::vector<std::int32_t>(4, 29));
  EXPECT_NEAR(copper.cell[0][0], std::cbrt(4 * 11.81), 1e-12);
  EXPECT_NEAR(copper.cell[2][2], std::cbrt(4 * 11.81), 1e-12);
}

TEST(CrystalsTest, RepeatedImages) {
  auto const s = crystalPrototype("bSn", 14, 15.);
  auto const r = repeated(s, {2, 3, 4});
  ASSERT_EQ(r.size(), 24 * s.size());
  std::size_t const x = 1, y = 2, z = 3, atom = ((x * 3 + y) * 4 + z) * s.size() + 1;
  for (std::size_t d = 0; d < 3; ++d)
    EXPECT_NEAR(r.positions[atom][d], s.positions[1][d] + s.cell[0][d] + 2 * s.cell[1][d] + 3 * s.cell[2][d], 1e-12);
}

TEST(CrystalsTest, BadInput) {
  auto const prototype = [](std::string const& name, double v) {
    return messageOf<InputError>([&] { static_cast<void>(crystalPrototype(name, 14, v)); });
  };
  EXPECT_EQ(
      prototype("diamond", 20),
      "crystalPrototype: found crystal 'diamond', expected one of dia, hexdia, bSn, Imma, sh, Cmca, hcp, fcc, bcc, "
      "sc");
  for (double const v : {0., -1., std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    EXPECT_NE(prototype("dia", v).find("per atom, expected > 0 (A^3)"), std::string::npos) << v;
  EXPECT_NE(messageOf<InputError>([] { static_cast<void>(siliconVolumePerAtom("")); }).find("found crystal ''"),
            std::string::npos);
  EXPECT_EQ(messageOf<InputError>([] {
              static_cast<void>(repeated({}, {1, 0, 1}));
            }),
            "repeated: found 0 times, expected > 0");
}

}  // namespace
}  // namespace sinter
