// Metrics beside published curves in ../shared/data (its README says where they are from); skipped without them.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>
#include <string>

#include "metrics_case.hpp"
#include "sinter/structures/reader.hpp"
#include "sinter/validation/pair_distribution.hpp"
#include "sinter/validation/structure_factor.hpp"

namespace sinter {
namespace {

std::string const shared = SINTER_SHARED_DATA;

struct Curve {
  std::vector<double> x, y;
};

// The first block of two columns, between blanks or commas, behind lines with a #.
Curve readCurve(std::string const& file, bool y_first = false) {
  std::ifstream stream(file);
  Curve curve;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line[0] == '#') {
      if (curve.x.empty()) continue;
      break;
    }
    std::replace(line.begin(), line.end(), ',', ' ');
    std::istringstream numbers(line);
    double x = 0, y = 0;
    if (!(numbers >> x >> y)) break;
    curve.x.push_back(y_first ? y : x);
    curve.y.push_back(y_first ? x : y);
  }
  EXPECT_GT(curve.x.size(), 50U) << file;
  return curve;
}

#define SKIP_WITHOUT(FILE) \
  if (!std::filesystem::exists(FILE)) GTEST_SKIP() << "no " << (FILE)

TEST(MetricsData, FirstPeakOfAmorphousSilicon) {
  std::string const file = shared + "/si_sq_laaziri.csv";
  SKIP_WITHOUT(file);
  auto const measured = readCurve(file);
  auto const peak = findPeak(measured.x, measured.y, 1.5, 2.6);
  ASSERT_TRUE(peak);
  EXPECT_NEAR(peak->inverseHeight(), 0.564, 0.003);
  EXPECT_NEAR(peak->q, 1.977, 0.02);
}

TEST(MetricsData, PeaksOfAmorphousSilicon) {
  std::string const folder = shared + "/asi/";
  SKIP_WITHOUT(folder + "Sq_Laaziri.csv");
  auto const measured = readCurve(folder + "Sq_Laaziri.csv");
  for (double const q : {1.98, 3.60, 5.64, 8.73}) {  // as the README of the data says
    auto const peak = findPeak(measured.x, measured.y, q - 0.5, q + 0.5);
    ASSERT_TRUE(peak) << q;
    EXPECT_NEAR(peak->q, q, 0.05);
  }
  for (char const* model : {"Sq-crn.csv", "Sq-para.csv", "Sq-poly.csv"}) {  // scaled: where, not how high
    auto curve = readCurve(folder + model, true);
    for (double& s : curve.y) s = 1 + 2 * s;
    auto const peak = findPeak(curve.x, curve.y, 1.5, 2.6);
    ASSERT_TRUE(peak) << model;
    EXPECT_NEAR(peak->q, 1.98, 0.1) << model;
  }
}

class TurboGap : public testing::Test {
 protected:
  std::string const folder = shared + "/structure_factor_turbogap/mad_sf_matrix/";
};

// TurboGAP's g(r) of 897 atoms of carbon in a cell of 17 A, up to 12 A: each pair is a Gaussian of 0.1 A, over the
// volume of a shell at r - dr / 2 (as its numbers show).
TEST_F(TurboGap, PairDistribution) {
  SKIP_WITHOUT(folder + "trajectory_out.xyz.xz");
  auto const frame = openStructureFile(folder + "trajectory_out.xyz.xz")->next();
  ASSERT_EQ(frame->size(), 897U);
  using Space = Kokkos::DefaultHostExecutionSpace;
  auto const pairs = measurePairDistribution(Space(), test::listOf<Space>(*frame, 12.6), 12.6, 0.005);
  auto const expected = readCurve(folder + "pair_distribution_total.dat");
  double const step = expected.x[1] - expected.x[0], sigma = 0.1;
  double largest = 0;
  for (std::size_t p = 0; p < expected.x.size(); ++p) {
    double const r = expected.x[p];
    double neighbours = 0;  // per length, over 4 pi rho
    for (std::size_t b = 0; b < pairs.bins(); ++b) {
      double const inner = b * pairs.bin_width, outer = inner + pairs.bin_width, gauss = (pairs.r(b) - r) / sigma;
      neighbours += pairs.total[b] * (std::pow(outer, 3) - std::pow(inner, 3)) / 3 * std::exp(-gauss * gauss / 2) /
                    (sigma * std::sqrt(2 * std::numbers::pi));
    }
    EXPECT_NEAR(neighbours / std::pow(r - step / 2, 2), expected.y[p], 1e-3) << r;
    largest = std::max(largest, expected.y[p]);
  }
  EXPECT_GT(largest, 1.5);
}

// TurboGAP's S(Q) from its g(r), with the window of Lorch for 12.6 A.
TEST_F(TurboGap, StructureFactor) {
  SKIP_WITHOUT(folder + "structure_factor_total.dat");
  auto const g = readCurve(folder + "pair_distribution_total.dat"),
             expected = readCurve(folder + "structure_factor_total.dat");
  PairDistribution pairs;
  pairs.bin_width = 0.01;
  pairs.density = 897 / (17.5589570312 * 17.7712514289 * 17.2175376634);
  double const step = g.x[1] - g.x[0];
  for (int b = 0; b < 1260; ++b) {  // between its points a line; 1 behind them, as it has
    double const at = ((b + 0.5) * pairs.bin_width - g.x[0]) / step;
    auto const p = static_cast<std::size_t>(std::max(at, 0.0));
    double const part = at - p;
    pairs.total.push_back(at < 0 ? 0 : p + 1 < g.x.size() ? (1 - part) * g.y[p] + part * g.y[p + 1] : 1);
  }
  auto const found = transformedStructureFactor(pairs, expected.x, true);
  // The lines miss up to step^2 / 8 = 2e-4 A^2 of the curvature of g, which is 13 / A^2 at its first peak.
  for (std::size_t p = 0; p < found.size(); ++p) EXPECT_NEAR(found[p], expected.y[p], 0.003) << expected.x[p];
}

}  // namespace
}  // namespace sinter
