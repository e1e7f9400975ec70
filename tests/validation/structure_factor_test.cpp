// S(Q): wave vectors, direct sums, transforms of g(r), peaks; plain loops, crystals, independent atoms, invariances.
#include "sinter/validation/structure_factor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numbers>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/structures/random_bits.hpp"
#include "sinter/validation/direct_structure_factor.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::cubicCrystal;
using test::batchOf;
using test::expectInputError;
using test::listOf;

constexpr int all = 1 << 20;  // wave vectors per bin
constexpr double pi = std::numbers::pi;
Matrix3 const triclinic = {{{9, 0, 0}, {2, 8, 0}, {-1, 1.5, 8.5}}};

double length(Vector3 const& v) { return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]); }

// Places that look random and are `least` apart at least, images included (r < half of the cubic cell).
Structure liquid(int atoms, double edge, double least, std::uint64_t seed) {
  Structure s;
  for (int d = 0; d < 3; ++d) s.cell[d][d] = edge;
  s.periodic = {true, true, true};
  for (std::uint64_t n = seed << 40; static_cast<int>(s.size()) < atoms; n += 3) {
    Vector3 const r = {edge * detail::randomNumber(n), edge * detail::randomNumber(n + 1),
                       edge * detail::randomNumber(n + 2)};
    bool const is_free = std::all_of(s.positions.begin(), s.positions.end(), [&](Vector3 const& other) {
      Vector3 d;
      for (int x = 0; x < 3; ++x) d[x] = r[x] - other[x] - edge * std::round((r[x] - other[x]) / edge);
      return length(d) >= least;
    });
    if (is_free) s.positions.push_back(r);
    s.species.assign(s.size(), 14);
  }
  return s;
}

TEST(WaveVectorsTest, AreAllWhereThereAreFew) {
  for (Matrix3 const& cell : {triclinic, Matrix3{{{-7, 3, 1}, {0.5, 0.2, 11}, {2, 4, 2}}}}) {
    auto const found = chooseWaveVectors(cell, 4, 0.3, all, 1);
    EXPECT_NEAR(found.bin_width, 4.0 / 13, 1e-15);
    ASSERT_EQ(found.bins(), 13U);
    auto expected = reference::allWaveVectors(cell, 4);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t b = 0; b < found.bins(); ++b)
      for (std::size_t v = found.bin_offsets[b]; v < found.bin_offsets[b + 1]; ++v) {
        auto indices = found.indices[v];
        double const q = length(reference::waveVector(cell, indices));
        EXPECT_NEAR(found.length[v], q, 1e-13);
        EXPECT_TRUE(q >= b * found.bin_width - 1e-13 && q < (b + 1) * found.bin_width + 1e-13);
        if (std::find(expected.begin(), expected.end(), indices) == expected.end())
          for (int& index : indices) index = -index;
        EXPECT_EQ(std::erase(expected, indices), 1U);  // each once
      }
    EXPECT_TRUE(expected.empty());
  }
}

TEST(WaveVectorsTest, AreChosenWithTheSameProbability) {
  Matrix3 const cell = {{{6, 0, 0}, {1, 5, 0}, {0, -1, 7}}};
  auto const whole = chooseWaveVectors(cell, 4, 0.5, all, 1);
  int const seeds = 3000, most = 6;
  std::map<std::array<int, 3>, int> times;
  for (int seed = 0; seed < seeds; ++seed) {
    auto const some = chooseWaveVectors(cell, 4, 0.5, most, seed);
    ASSERT_EQ(some.bins(), whole.bins());
    for (std::size_t b = 0; b < some.bins(); ++b) {
      auto const number = whole.bin_offsets[b + 1] - whole.bin_offsets[b];
      ASSERT_EQ(some.bin_offsets[b + 1] - some.bin_offsets[b], std::min<std::size_t>(number, most));
    }
    for (auto const& indices : some.indices) ++times[indices];
  }
  for (std::size_t b = 0; b < whole.bins(); ++b) {
    double const number = whole.bin_offsets[b + 1] - whole.bin_offsets[b], share = std::min(1.0, most / number);
    for (std::size_t v = whole.bin_offsets[b]; v < whole.bin_offsets[b + 1]; ++v)  // 5 deviations of a binomial
      EXPECT_NEAR(times[whole.indices[v]], seeds * share, 5 * std::sqrt(seeds * share * (1 - share))) << b;
  }
  EXPECT_EQ(chooseWaveVectors(cell, 4, 0.5, most, 5).indices, chooseWaveVectors(cell, 4, 0.5, most, 5).indices);
}

TEST(WaveVectorsTest, RefuseWrongSettings) {
  auto const choose = [](Matrix3 const& cell, double q_max, double width, int most) {
    return [=] { (void)chooseWaveVectors(cell, q_max, width, most, 1); };
  };
  for (auto const& [q_max, width] : {std::pair(0.0, 0.1), std::pair(-1.0, 0.1), std::pair(4.0, 0.0),
                                     std::pair(4.0, 5.0), std::pair(4.0, 1e-6), std::pair(std::nan(""), 0.1)})
    expectInputError(choose(triclinic, q_max, width, 5), "chooseWaveVectors: found q_max");
  expectInputError(choose(triclinic, -1e-9, 0.1, 5), "found q_max -1e-09 and bin_width 0.1,");
  expectInputError(choose(triclinic, 4, 0.1, 0), "found 0 vectors per bin");
  expectInputError(choose({}, 4, 0.1, 5), "found a cell without a volume");
  expectInputError(choose({{{1e4, 0, 0}, {0, 1e4, 0}, {0, 0, 1e4}}}, 10, 0.1, 5), "expected at most 10^10");
  expectInputError(choose({{{5e9, 0, 0}, {0, 0.4, 0}, {0, 0, 0.4}}}, 10, 0.1, 5), "found lattice vector 1 of 5e+09");
  expectInputError(choose({{{0.4, 0, 0}, {0, 0.4, 0}, {0, 0, 5e9}}}, 10, 0.1, 5), "found lattice vector 3 of 5e+09");
  expectInputError(choose({{{0.4, 0, 0}, {0, 5e9, 0}, {0, 0, 0.4}}}, 10, 0.1, 5), "at most 10^9 wave vectors along it");
}

template <class ExecutionSpace>
class DirectStructureFactor : public testing::Test {
 protected:
  static std::vector<double> direct(Structure const& structure, WaveVectors const& vectors) {
    return directStructureFactor(ExecutionSpace(), batchOf<ExecutionSpace>(structure), vectors);
  }
};
TYPED_TEST_SUITE(DirectStructureFactor, test::ExecutionSpaces);

TYPED_TEST(DirectStructureFactor, EqualsPlainLoops) {
  Structure const small = reference::randomStructure(30, triclinic, {true, true, true}, 1.0);
  for (auto const& [structure, q_max] :
       {std::pair(small, 6.0), std::pair(reference::movedAndReversed(small, {40, -300, 7}), 2.0),
        std::pair(reference::supercell(small, {7, 7, 3}), 0.5),  // more than 4096 atoms
        std::pair(reference::diamond(1, 5.43, 0.2, {14, 8}), 9.0)}) {
    auto const vectors = chooseWaveVectors(structure.cell, q_max, q_max / 4, 70, 3);
    ASSERT_NE(vectors.size() % 8, 0U);  // registers are not full
    auto const found = this->direct(structure, vectors);
    ASSERT_EQ(found.size(), vectors.size());
    for (std::size_t v = 0; v < vectors.size(); ++v) {
      double const expected =
          reference::structureFactor(structure, reference::waveVector(structure.cell, vectors.indices[v]));
      // Sums of N phases, each exact to 1e-14 and what k . r loses far from the origin.
      EXPECT_NEAR(found[v], expected, 1e-13 * structure.size() * (1 + length(structure.positions[0]))) << v;
    }
  }
}

TYPED_TEST(DirectStructureFactor, OfCrystals) {
  // |F|^2 per atom of the basis: conditions for reflections of the space groups.
  auto const unmixed = [](int h, int k, int l) { return (h - k) % 2 == 0 && (k - l) % 2 == 0; };
  struct Crystal {
    Structure structure;
    int basis;
    std::function<double(int, int, int)> intensity;
  };
  for (auto const &crystal : {
           Crystal{cubicCrystal(reference::simple_cubic, 5, 3), 1, [](int, int, int) { return 1.0; }},
           Crystal{cubicCrystal(reference::body_centred, 5, 3), 2,
                   [](int h, int k, int l) { return (h + k + l) % 2 == 0 ? 2.0 : 0.0; }},
           Crystal{cubicCrystal(reference::face_centred, 5, 3), 4,
                   [&](int h, int k, int l) { return unmixed(h, k, l) ? 4.0 : 0.0; }},
           Crystal{reference::diamond(3, 5, 0), 8,
                   [&](int h, int k, int l) {
                     if (!unmixed(h, k, l)) return 0.0;
                     return (h + k + l) % 2 != 0 ? 4.0 : (h + k + l) % 4 == 0 ? 8.0 : 0.0;
                   }},
       }) {
    auto const vectors = chooseWaveVectors(crystal.structure.cell, 6, 0.05, all, 1);
    auto const found = this->direct(crystal.structure, vectors);
    for (std::size_t v = 0; v < vectors.size(); ++v) {
      auto const& [h, k, l] = vectors.indices[v];
      double const expected = h % 3 == 0 && k % 3 == 0 && l % 3 == 0 ? 27 * crystal.intensity(h / 3, k / 3, l / 3) : 0;
      EXPECT_NEAR(found[v], expected, 1e-11 * crystal.structure.size()) << h << " " << k << " " << l;
    }
    // The first peak: (100), (110), (111), (111).
    BinnedStructureFactor const binned(vectors, found);
    std::size_t first = 0;
    while (!(binned.vectors(first) > 0 && binned.mean(first) > 1e-6)) ++first;
    double const bragg = 2 * pi / 5 * std::sqrt(crystal.basis == 1 ? 1.0 : crystal.basis == 2 ? 2.0 : 3.0);
    EXPECT_NEAR(binned.q(first), bragg, 0.05) << crystal.basis;
  }
}

// S(k) of independent atoms is distributed exponentially: mean 1, deviation 1.
TYPED_TEST(DirectStructureFactor, OfIndependentAtomsIsOne) {
  Structure gas;
  gas.cell = triclinic;
  gas.periodic = {true, true, true};
  for (std::uint64_t i = 0; i < 1000; ++i) {
    Vector3 r{};
    for (std::uint64_t d = 0; d < 3; ++d)
      for (int x = 0; x < 3; ++x) r[x] += detail::randomNumber(1000000 + 3 * i + d) * triclinic[d][x];
    gas.positions.push_back(r);
    gas.species.push_back(14);
  }
  auto const vectors = chooseWaveVectors(gas.cell, 12, 0.5, 50, 1);
  auto const found = this->direct(gas, vectors);
  double mean = 0, squares = 0;
  for (double const s : found) {
    mean += s / found.size();
    squares += s * s / found.size();
  }
  EXPECT_GT(found.size(), 700U);
  EXPECT_NEAR(mean, 1, 5 / std::sqrt(found.size()));
  EXPECT_NEAR(squares, 2, 5 * std::sqrt(20.0 / found.size()));  // <S^4> - <S^2>^2 = 24 - 4
  BinnedStructureFactor const binned(vectors, found);
  for (std::size_t b = 0; b < binned.bins(); ++b)
    if (binned.vectors(b) == 50) {
      EXPECT_NEAR(binned.mean(b), 1, 5 / std::sqrt(50.0)) << b;
    }
}

TYPED_TEST(DirectStructureFactor, IsInvariant) {
  Structure const structure = reference::randomStructure(25, triclinic, {true, true, true}, 1.0);
  auto const vectors = chooseWaveVectors(triclinic, 5, 0.5, 20, 1);
  auto const found = this->direct(structure, vectors);
  auto const moved = this->direct(reference::movedAndReversed(structure, {31.2, -7.7, 100.4}), vectors);
  WaveVectors larger = vectors;  // the same vectors in terms of a supercell
  for (auto& [h, k, l] : larger.indices) h *= 2, l *= 3;
  auto const super = this->direct(reference::supercell(structure, {2, 1, 3}), larger);
  for (std::size_t v = 0; v < vectors.size(); ++v) {
    EXPECT_NEAR(moved[v], found[v], 1e-11);
    EXPECT_NEAR(super[v], 6 * found[v], 1e-11);
  }
}

TYPED_TEST(DirectStructureFactor, IsRepeatable) {
  if (is_device_space<TypeParam>) GTEST_SKIP() << "devices have other instructions than the host";
  Structure const structure = reference::supercell(liquid(700, 24, 1.5, 1), {2, 2, 2});
  auto const vectors = chooseWaveVectors(structure.cell, 3, 0.3, 9, 1);
  auto const serial = directStructureFactor(Kokkos::Serial(), batchOf<Kokkos::Serial>(structure), vectors);
  for (int repeat = 0; repeat < 3; ++repeat) EXPECT_EQ(this->direct(structure, vectors), serial);
}

TYPED_TEST(DirectStructureFactor, OfOneAtomIsOne) {
  Structure atom;
  atom.cell = triclinic;
  atom.periodic = {true, true, true};
  atom.positions = {{1.1, -40.3, 7.7}};
  atom.species = {14};
  for (double const s : this->direct(atom, chooseWaveVectors(triclinic, 5, 0.5, 20, 1))) EXPECT_NEAR(s, 1, 1e-12);
}

TYPED_TEST(DirectStructureFactor, RefusesWhatHasNoMeaning) {
  Structure structure = reference::diamond(1, 5.43, 0);
  auto const vectors = chooseWaveVectors(structure.cell, 3, 0.5, 20, 1);
  structure.periodic[2] = false;
  expectInputError([&] { (void)this->direct(structure, vectors); }, "not periodic along all three lattice vectors");
  structure = {};
  structure.cell = triclinic;
  structure.periodic = {true, true, true};
  expectInputError([&] { (void)this->direct(structure, vectors); }, "found no atoms");
}

// g(r) of images makes S(Q) from g(r) that of the direct sums, smeared by 2 pi / r_max.
TYPED_TEST(DirectStructureFactor, EqualsTheTransformForALiquid) {
  int const frames = 6, points = 10;  // of each bin of Q
  double const width = 0.4;
  BinnedStructureFactor direct;
  std::vector<double> transformed, windowed, q;
  for (int p = 0; p < 20 * points; ++p) q.push_back((p + 0.5) * width / points);
  transformed.resize(q.size());
  windowed.resize(q.size());
  for (int frame = 0; frame < frames; ++frame) {
    Structure const structure = liquid(220, 18, 2.2, frame);
    auto const vectors = chooseWaveVectors(structure.cell, 8, width, all, 1);
    direct += BinnedStructureFactor(vectors, this->direct(structure, vectors));
    auto const pairs = measurePairDistribution(TypeParam(), listOf<TypeParam>(structure, 16), 16, 0.02);
    auto const s = transformedStructureFactor(pairs, q, false), w = transformedStructureFactor(pairs, q, true);
    for (std::size_t p = 0; p < q.size(); ++p) {
      transformed[p] += s[p] / frames;
      windowed[p] += w[p] / frames;
    }
  }
  double least = 1, most = 1;
  for (std::size_t b = 2; b < direct.bins(); ++b) {
    double mean = 0, window_mean = 0;
    for (int p = 0; p < points; ++p) {
      mean += transformed[b * points + p] / points;
      window_mean += windowed[b * points + p] / points;
    }
    least = std::min(least, direct.mean(b));
    most = std::max(most, direct.mean(b));
    // Deviations of both, and what bins and the window smear.
    EXPECT_NEAR(mean, direct.mean(b), 4 * direct.standardError(b) + 0.03) << direct.q(b);
    EXPECT_NEAR(window_mean, direct.mean(b), 4 * direct.standardError(b) + 0.05) << direct.q(b);
  }
  EXPECT_LT(least, 0.6);  // it is a liquid
  EXPECT_GT(most, 1.15);
}

// Of each species alone direct sums give S_a(k) = |sum_a exp(i k . r)|^2 / N_a = 1 + c_a (S_aa - 1).
TYPED_TEST(DirectStructureFactor, EqualsPartialTransforms) {
  double const width = 0.4;
  int const frames = 6;
  std::array<BinnedStructureFactor, 2> direct;
  std::array<std::vector<double>, 2> partial;
  std::vector<double> q;
  for (int p = 0; p < 160; ++p) q.push_back((p + 0.5) * width / 10);
  for (auto& curve : partial) curve.resize(q.size());
  std::array<double, 2> share{};
  for (int frame = 0; frame < frames; ++frame) {
    Structure structure = liquid(200, 18, 2.2, frame);
    for (std::size_t i = 0; i < structure.size(); ++i) structure.species[i] = i % 4 == 0 ? 8 : 14;
    auto const vectors = chooseWaveVectors(structure.cell, 6.4, width, all, 1);
    auto const pairs = measurePairDistribution(TypeParam(), listOf<TypeParam>(structure, 14), 14, 0.02);
    auto const found = partialStructureFactors(pairs, q, false);
    ASSERT_EQ(found.size(), 3U);
    for (int type = 0; type < 2; ++type) {
      Structure only = structure;
      only.positions.clear();
      for (std::size_t i = 0; i < structure.size(); ++i)
        if (structure.species[i] == (type == 0 ? 8 : 14)) only.positions.push_back(structure.positions[i]);
      only.species.assign(only.size(), 14);
      share[type] = static_cast<double>(only.size()) / structure.size();
      direct[type] += BinnedStructureFactor(vectors, this->direct(only, vectors));
      for (std::size_t p = 0; p < q.size(); ++p) partial[type][p] += found[type == 0 ? 0 : 2][p] / frames;
    }
    // Together they are S(Q).
    auto const total = transformedStructureFactor(pairs, q, false);
    for (std::size_t p = 0; p < q.size(); ++p)
      EXPECT_NEAR(
          share[0] * share[0] * found[0][p] + 2 * share[0] * share[1] * found[1][p] + share[1] * share[1] * found[2][p],
          total[p], 1e-11);
  }
  for (int type = 0; type < 2; ++type)
    for (std::size_t b = 2; b < direct[type].bins(); ++b) {
      double mean = 0;
      for (int p = 0; p < 10; ++p) mean += partial[type][10 * b + p] / 10;
      EXPECT_NEAR(1 + share[type] * (mean - 1), direct[type].mean(b), 4 * direct[type].standardError(b) + 0.03)
          << type << " " << direct[type].q(b);
    }
}

// Hard spheres of low density: g = 0 below sigma, 1 beyond.
TEST(TransformedStructureFactor, OfAHole) {
  PairDistribution pairs;
  pairs.bin_width = 0.001;
  pairs.density = 0.01;
  double const sigma = 2.5;
  for (int b = 0; b < 6000; ++b) pairs.total.push_back(b < 2500 ? 0 : 1);
  std::vector<double> const q = {0.1, 0.7, 2, 5.5, 13};
  auto const found = transformedStructureFactor(pairs, q, false);
  auto const windowed = transformedStructureFactor(pairs, q, true);
  for (std::size_t p = 0; p < q.size(); ++p) {
    double const x = q[p] * sigma,
                 expected = 1 - 4 * pi * pairs.density * (std::sin(x) - x * std::cos(x)) / std::pow(q[p], 3);
    EXPECT_NEAR(found[p], expected, 1e-4) << q[p];  // bins: (q dr)^2 / 24 of the hole
    // With the window sin(ar)/(ar), a = pi / 6 A: Int sin(ar) sin(Qr) dr / (a Q).
    double const a = pi / 6, integral = std::sin((q[p] - a) * sigma) / (2 * (q[p] - a)) -
                                        std::sin((q[p] + a) * sigma) / (2 * (q[p] + a));
    EXPECT_NEAR(windowed[p], 1 - 4 * pi * pairs.density * integral / (a * q[p]), 1e-4) << q[p];
  }
}

TEST(BinnedStructureFactorTest, MeansAndErrors) {
  WaveVectors vectors;
  vectors.bin_width = 1;
  vectors.length = {1.1, 1.4, 1.7, 3.3};
  vectors.indices.resize(4);
  vectors.bin_offsets = {0, 0, 3, 3, 4};
  BinnedStructureFactor binned(vectors, std::vector{1.0, 4.0, 1.0, 7.0});
  ASSERT_EQ(binned.bins(), 4U);
  EXPECT_EQ(binned.vectors(0), 0);
  EXPECT_TRUE(std::isnan(binned.mean(0)));
  EXPECT_EQ(binned.mean(1), 2);
  EXPECT_NEAR(binned.q(1), 1.4, 1e-15);
  EXPECT_NEAR(binned.standardError(1), 1, 1e-15);  // sqrt(3 / 3): deviations -1, 2, -1
  EXPECT_TRUE(std::isnan(binned.standardError(3)));
  binned += BinnedStructureFactor(vectors, std::vector{1.0, 4.0, 1.0, 9.0});
  EXPECT_EQ(binned.vectors(1), 6);
  EXPECT_EQ(binned.mean(3), 8);
  EXPECT_NEAR(binned.standardError(3), 1, 1e-15);
  BinnedStructureFactor const inexact(vectors, std::vector{1.0, 4.0, 1.0, 7.1});  // squares that are rounded
  EXPECT_TRUE(std::isnan(inexact.standardError(3)));
}

TEST(FindPeak, IsTheVertexOfAParabola) {
  std::vector<double> q, s;
  for (double x = 0.025; x < 4; x += 0.05) {
    q.push_back(x);
    s.push_back(1.7 - 3 * (x - 1.98) * (x - 1.98));
  }
  s[60] = 30;  // outside of the range
  s[39] = std::nan("");
  auto const peak = findPeak(q, s, 1, 3);
  ASSERT_TRUE(peak);
  EXPECT_NEAR(peak->q, 1.98, 1e-10);
  EXPECT_NEAR(peak->height, 1.7, 1e-10);
  EXPECT_NEAR(peak->inverseHeight(), 1 / 1.7, 1e-10);
  EXPECT_FALSE(findPeak(q, s, 2.1, 2.9));  // falls from the edge
  EXPECT_FALSE(findPeak(q, s, 2, 2.1));    // too few
  EXPECT_FALSE(findPeak({}, {}, 1, 3));
  expectInputError([&] { (void)findPeak(q, {}, 1, 3); }, "found 0 values of S");
  std::vector<double> const flat(q.size(), 1.0);
  EXPECT_FALSE(findPeak(q, flat, 1, 3));
  // Coarse points: three neighbours.
  std::vector<double> const coarse = {1, 1.5, 2, 2.5, 3}, values = {0.5, 1.25, 1.5, 1.25, 0.5};
  auto const top = findPeak(coarse, values, 0, 4);
  ASSERT_TRUE(top);
  EXPECT_NEAR(top->q, 2, 1e-12);
  EXPECT_NEAR(top->height, 1.5, 1e-12);
}

}  // namespace
}  // namespace sinter
