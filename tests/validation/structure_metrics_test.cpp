// All metrics of frames and trajectories: the same as those of their functions; what has no meaning says why.
#include "sinter/validation/structure_metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "sinter/validation/direct_structure_factor.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::batchOf;
using test::expectInputError;
using test::listOf;

template <class ExecutionSpace>
class StructureMetricsTest : public testing::Test {
 protected:
  static MetricSettings settings() {
    MetricSettings result;
    result.bond_cutoff = 2.7;
    result.angle_bin = 1;
    result.r_max = 6;
    result.r_bin = 0.1;
    result.q_max = 5;
    result.q_bin = 0.2;
    result.lorch = true;
    result.vectors_per_bin = 10;
    result.seed = 4;
    return result;
  }
};
TYPED_TEST_SUITE(StructureMetricsTest, test::ExecutionSpaces);

TYPED_TEST(StructureMetricsTest, AreThoseOfTheFunctions) {
  TypeParam const space;
  auto const settings = this->settings();
  StructureMetrics<TypeParam> metrics(settings);
  TrajectoryMetrics together;
  BinnedStructureFactor direct;
  std::vector<double> g(60);
  for (auto const& structure : {reference::diamond(2, 5.43, 0.3, {14, 8}), reference::diamond(2, 5.43, 0.1, {14, 8}, 2),
                                reference::diamond(1, 5.5, 0.2, {14, 8})}) {
    auto const found = metrics.measure(structure, "frame");
    EXPECT_TRUE(found.failures.empty());
    EXPECT_EQ(found.bonds, reference::bondCounts(structure, 2.7));
    EXPECT_EQ(found.coordination.histogram(), CoordinationStatistics(found.bonds).histogram());
    auto const list = listOf<TypeParam>(structure, 6);
    auto const angles = measureBondAngles(space, list, 2.7, 1);
    EXPECT_EQ(found.angles->all.histogram(), angles.all.histogram());
    EXPECT_NEAR(found.angles->all.mean(), angles.all.mean(), 1e-12);
    auto const pairs = measurePairDistribution(space, list, 6, 0.1);
    EXPECT_EQ(found.pairs->total, pairs.total);
    EXPECT_EQ(found.species, (std::vector<std::int32_t>{8, 14}));
    auto const transformed = transformedStructureFactor(pairs, waveNumbers(settings), true);
    EXPECT_EQ(found.transformed, transformed);
    EXPECT_EQ(found.partial_transformed, partialStructureFactors(pairs, waveNumbers(settings), true));
    auto const vectors = chooseWaveVectors(structure.cell, 5, 0.2, 10, 4);
    auto const s = directStructureFactor(space, batchOf<TypeParam>(structure), vectors);
    ASSERT_EQ(found.direct.bins(), 25U);
    BinnedStructureFactor const expected(vectors, s);
    for (std::size_t b = 0; b < 25; ++b) {
      ASSERT_EQ(found.direct.vectors(b), expected.vectors(b));
      if (expected.vectors(b) == 0) continue;
      EXPECT_NEAR(found.direct.mean(b), expected.mean(b), 1e-12 * (1 + expected.mean(b)));
    }
    auto const peak = findPeak(waveNumbers(settings), transformed, settings.peak_from, settings.peak_to);
    ASSERT_EQ(found.transformed_peak.has_value(), peak.has_value());
    if (peak) {
      EXPECT_EQ(found.transformed_peak->q, peak->q);
    }
    together.add(found);
    direct += expected;
    for (std::size_t b = 0; b < g.size(); ++b) g[b] += pairs.total[b] / 3;
  }
  EXPECT_EQ(together.coordination.atoms(), 64 + 64 + 8);
  EXPECT_EQ(together.pairs.count(), 3U);
  EXPECT_EQ(together.partial_pairs.size(), 3U);
  auto const mean = together.pairs.mean();
  for (std::size_t b = 0; b < g.size(); ++b) EXPECT_NEAR(mean[b], g[b], 1e-12 * (1 + g[b]));
  for (std::size_t b = 0; b < 25; ++b) EXPECT_EQ(together.direct.vectors(b), direct.vectors(b));
  EXPECT_EQ(waveNumbers(settings).size(), 25U);
  EXPECT_NEAR(waveNumbers(settings)[7], 1.5, 1e-15);
}

TYPED_TEST(StructureMetricsTest, SayWhatHasNoMeaning) {
  StructureMetrics<TypeParam> metrics(this->settings());
  Structure slab = reference::diamond(2, 5.43, 0.1);
  slab.periodic[0] = false;
  auto found = metrics.measure(slab, "slab");
  EXPECT_EQ(found.bonds, reference::bondCounts(slab, 2.7));
  EXPECT_TRUE(found.angles);
  EXPECT_FALSE(found.pairs);
  EXPECT_TRUE(found.transformed.empty());
  EXPECT_EQ(found.direct.bins(), 0U);
  ASSERT_EQ(found.failures.size(), 2U);
  for (char const* name : {"pair_distribution", "structure_factor"})
    EXPECT_NE(found.failures.at(name).find("not periodic along all three lattice vectors"), std::string::npos);
  Structure coincident = reference::diamond(1, 5.43, 0);
  coincident.positions[3] = coincident.positions[0];
  found = metrics.measure(coincident, "coincident");
  EXPECT_EQ(found.failures.size(), 1U);
  EXPECT_NE(found.failures.at("bond_angles").find("at the place of another one"), std::string::npos);
  EXPECT_TRUE(found.pairs);
  TrajectoryMetrics together;
  together.add(found);
  EXPECT_FALSE(together.angles);
  found = metrics.measure({}, "empty");
  EXPECT_TRUE(found.bonds.empty());
  EXPECT_NE(found.failures.at("structure_factor").find("found no atoms"), std::string::npos);
}

TYPED_TEST(StructureMetricsTest, GoOnBehindAnExplodedFrame) {
  StructureMetrics<TypeParam> metrics(this->settings());
  auto const good = reference::diamond(2, 5.43, 0.1);
  auto exploded = good;
  exploded.positions[0][0] = 1e6;
  TrajectoryMetrics together;
  together.add(metrics.measure(good, "good"));
  auto const found = metrics.measure(exploded, "exploded");
  for (char const* metric : {"coordination", "bond_angles", "pair_distribution"})
    EXPECT_TRUE(found.failures.contains(metric)) << metric;
  EXPECT_TRUE(found.bonds.empty());
  EXPECT_EQ(found.coordination.atoms(), 0);
  EXPECT_FALSE(found.angles);
  EXPECT_FALSE(found.pairs);
  together.add(found);
  auto const after = metrics.measure(good, "good");
  EXPECT_TRUE(after.failures.empty());
  EXPECT_EQ(after.bonds, reference::bondCounts(good, 2.7));
  together.add(after);
  EXPECT_EQ(together.coordination.atoms(), 128);
  EXPECT_EQ(together.pairs.count(), 2U);
}

TYPED_TEST(StructureMetricsTest, DirectSumsCountWithoutPairs) {
  auto settings = this->settings();
  settings.r_max = 400;  // too many images of a small cell
  settings.r_bin = 1;
  StructureMetrics<TypeParam> metrics(settings);
  auto const found = metrics.measure(reference::diamond(1, 5.43, 0.1), "frame");
  EXPECT_TRUE(found.failures.contains("pair_distribution"));
  EXPECT_FALSE(found.failures.contains("structure_factor"));
  TrajectoryMetrics together;
  together.add(found);
  EXPECT_EQ(together.pairs.count(), 0U);
  ASSERT_EQ(together.direct.bins(), 25U);
  for (std::size_t b = 0; b < 25; ++b) EXPECT_EQ(together.direct.vectors(b), found.direct.vectors(b));
}

TYPED_TEST(StructureMetricsTest, OfTypesWithoutNames) {
  StructureMetrics<TypeParam> metrics(this->settings());
  Structure structure = reference::diamond(1, 5.43, 0.1);
  for (std::size_t i = 0; i < structure.size(); ++i) structure.species[i] = i < 3 ? -1 : -3;
  auto const found = metrics.measure(structure, "frame");
  EXPECT_EQ(found.species, (std::vector<std::int32_t>{-1, -2, -3}));
  ASSERT_EQ(found.pairs->partials.size(), 3U);  // of the types that occur
  TrajectoryMetrics together;
  together.add(found);
  EXPECT_TRUE(together.partial_pairs.contains({-1, -3}));
}

TEST(MetricSettingsTest, AreChecked) {
  auto const refused = [](auto const& change, std::string const& fragment) {
    MetricSettings settings;
    change(settings);
    expectInputError([&] { checkMetricSettings(settings); }, fragment);
  };
  checkMetricSettings({});
  refused([](auto& s) { s.bond_cutoff = 0; }, "bond_cutoff: found 0");
  refused([](auto& s) { s.angle_bin = 181; }, "angle_bin: found 181");
  refused([](auto& s) { s.r_max = 0; }, "r_max: found 0");
  refused([](auto& s) { s.r_bin = 11; }, "r_bin: found 11");
  refused([](auto& s) { s.q_max = std::nan(""); }, "q_max: found nan");
  refused([](auto& s) { s.q_bin = 0; }, "q_bin: found 0");
  refused([](auto& s) { s.vectors_per_bin = 0; }, "vectors_per_bin: found 0");
  refused([](auto& s) { s.peak_from = 3; }, "peak_from: found 3");
}

}  // namespace
}  // namespace sinter
