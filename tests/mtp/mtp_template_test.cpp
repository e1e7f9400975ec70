/// \file
/// Untrained templates: sizes of all levels, small tables written out, equality with MLIP's own tables (shared data),
/// and the exponential start.
#include "sinter/mtp/mtp_template.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_io.hpp"

namespace {

using namespace sinter;
namespace fs = std::filesystem;
using Table = std::vector<std::array<int, 4>>;

MtpModel templateOfLevel(int level) {
  MtpTemplateOptions options;
  options.level = level;
  options.species = {14};
  return makeMtpTemplate(options);
}

struct Sizes {
  int level;
  std::size_t basics, products, scalars;
  int moments, radial_funcs;
  std::uint64_t checksum;
};

std::ostream& operator<<(std::ostream& stream, Sizes const& sizes) { return stream << "level " << sizes.level; }

/// FNV-1a over the tables in the order of the file.
std::uint64_t checksum(MtpModel const& model) {
  std::uint64_t hash = 0xcbf29ce484222325;
  auto const add = [&](int value) {
    for (int byte = 0; byte < 4; ++byte) {
      hash ^= (static_cast<std::uint32_t>(value) >> (8 * byte)) & 0xff;
      hash *= 0x100000001b3;
    }
  };
  for (auto const* const table : {&model.alpha_index_basic, &model.alpha_index_times})
    for (auto const& entry : *table)
      for (int const value : entry) add(value);
  for (int const moment : model.alpha_moment_mapping) add(moment);
  return hash;
}

class TemplateTables : public testing::TestWithParam<Sizes> {};

TEST_P(TemplateTables, AreThoseOfMlip) {
  Sizes const& expected = GetParam();
  auto const model = templateOfLevel(expected.level);
  EXPECT_EQ(model.alpha_index_basic.size(), expected.basics);
  EXPECT_EQ(model.alpha_index_times.size(), expected.products);
  EXPECT_EQ(model.alpha_moment_mapping.size(), expected.scalars);
  EXPECT_EQ(model.alpha_moments_count, expected.moments);
  EXPECT_EQ(model.radial_funcs_count, expected.radial_funcs);
  EXPECT_EQ(checksum(model), expected.checksum) << std::hex << std::showbase << checksum(model);
  EXPECT_FALSE(model.trained());
  EXPECT_NO_THROW(checkMtpModel(model, "test"));
}

// Sizes: ../shared/design/mtp.md section 4. Checksums: of the tables that equal MLIP's
// (EqualsTablesOfTrainedPotentials); that of level 28, for which there is no file to compare with, only keeps it from
// changing.
INSTANTIATE_TEST_SUITE_P(
    Levels, TemplateTables,
    testing::Values(Sizes{2, 1, 0, 1, 1, 1, 0xee85fafd354b0935}, Sizes{4, 1, 1, 2, 2, 1, 0x47215fdce279c024},
                    Sizes{6, 5, 5, 5, 8, 2, 0x2e920d42522f5225}, Sizes{8, 11, 14, 9, 18, 2, 0xbd56d8fc2297fa11},
                    Sizes{10, 25, 42, 16, 41, 3, 0x6e80538a81e60e58}, Sizes{12, 46, 117, 29, 84, 3, 0xcbea7cee82dfe0ef},
                    Sizes{14, 81, 348, 52, 174, 4, 0x5935f0e220b4fd14},
                    Sizes{16, 130, 969, 92, 350, 4, 0x967cb49090ba287b},
                    Sizes{18, 201, 2634, 163, 718, 5, 0x0db86d6c2af8238c},
                    Sizes{20, 295, 6349, 288, 1352, 5, 0xb28c31d5e8f0571e},
                    Sizes{22, 421, 15431, 500, 2621, 6, 0x5119ba227cbe5cf6},
                    Sizes{24, 581, 36170, 864, 4991, 6, 0x28ca627d2f7db9c0},
                    Sizes{26, 706, 82520, 1464, 9396, 6, 0xdcbe853bd19fc1df},
                    Sizes{28, 866, 180069, 2445, 17366, 6, 0x09d41e98c9e0f0f3}),
    [](auto const& level) { return "Level" + std::to_string(level.param.level); });

TEST(MtpTemplate, Level8) {
  auto const model = templateOfLevel(8);
  EXPECT_EQ(model.alpha_index_basic, (Table{{0, 0, 0, 0},
                                            {0, 1, 0, 0},
                                            {0, 0, 1, 0},
                                            {0, 0, 0, 1},
                                            {0, 2, 0, 0},
                                            {0, 1, 1, 0},
                                            {0, 1, 0, 1},
                                            {0, 0, 2, 0},
                                            {0, 0, 1, 1},
                                            {0, 0, 0, 2},
                                            {1, 0, 0, 0}}));
  EXPECT_EQ(model.alpha_index_times, (Table{{0, 0, 1, 11},
                                            {1, 1, 1, 12},
                                            {2, 2, 1, 12},
                                            {3, 3, 1, 12},
                                            {4, 4, 1, 13},
                                            {5, 5, 2, 13},
                                            {6, 6, 2, 13},
                                            {7, 7, 1, 13},
                                            {8, 8, 2, 13},
                                            {9, 9, 1, 13},
                                            {0, 10, 1, 14},
                                            {0, 11, 1, 15},
                                            {0, 12, 1, 16},
                                            {0, 15, 1, 17}}));
  EXPECT_EQ(model.alpha_moment_mapping, (std::vector<int>{0, 10, 11, 12, 13, 14, 15, 16, 17}));
}

// A product tree of depth two, (M_{0,1}.M_{0,1})^2, comes before the functions of depth three, but keeps its place
// among the basis functions.
TEST(MtpTemplate, Level12KeepsTheOrderOfBasisFunctions) {
  auto const model = templateOfLevel(12);
  EXPECT_EQ(model.alpha_moment_mapping, (std::vector<int>{0,  35, 45, 46, 47, 57, 61, 62, 63, 64, 65, 66, 67, 68, 69,
                                                          70, 71, 72, 73, 74, 75, 76, 77, 79, 80, 81, 82, 78, 83}));
}

TEST(MtpTemplate, BasicMomentsKeepTheLimits) {
  for (int level = 2; level <= 28; level += 2) {
    auto const model = templateOfLevel(level);
    for (auto const& [mu, a, b, c] : model.alpha_index_basic) {
      EXPECT_LE(mu, 5);
      EXPECT_LE(a + b + c, 10);
      EXPECT_LE(2 + 4 * mu + (a + b + c), level);
    }
  }
}

TEST(MtpTemplate, Level28TakesSeconds) {
  auto const start = std::chrono::steady_clock::now();
  auto const model = templateOfLevel(28);
  std::chrono::duration<double> const time = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(model.alpha_moments_count, 17366);
  RecordProperty("seconds", std::to_string(time.count()));
  EXPECT_LT(time.count(), 60);  // about 0.5 s; generous for a debug build under a sanitizer on a busy machine
}

TEST(MtpTemplate, TakesOptions) {
  MtpTemplateOptions options;
  options.level = 6;
  options.species = {14, 8};
  options.min_dist = 1.25;
  options.max_dist = 6.5;
  options.radial_basis_size = 11;
  auto const model = makeMtpTemplate(options);
  EXPECT_EQ(model.species_count, 2);
  EXPECT_EQ(model.species, options.species);
  EXPECT_EQ(model.min_dist, 1.25);
  EXPECT_EQ(model.max_dist, 6.5);
  EXPECT_EQ(model.radial_basis_size, 11);
  EXPECT_EQ(model.scaling, 1);
  options.species.clear();
  EXPECT_EQ(makeMtpTemplate(options).species_count, 1);
}

TEST(MtpTemplate, RejectsBadOptions) {
  auto const message = [](auto const& change) -> std::string {
    MtpTemplateOptions options;
    options.species = {14};
    change(options);
    try {
      static_cast<void>(makeMtpTemplate(options));
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  };
  using Options = MtpTemplateOptions;
  for (int const level : {-2, 0, 1, 7, 27, 30, std::numeric_limits<int>::max()})
    EXPECT_EQ(message([&](Options& options) { options.level = level; }),
              "makeMtpTemplate: level: found " + std::to_string(level) + ", expected an even number from 2 to 28");
  EXPECT_NE(message([](Options& options) { options.radial_basis_size = 0; }).find("radial_basis_size: found 0"),
            std::string::npos);
  EXPECT_NE(message([](Options& options) { options.min_dist = 5; }).find("max_dist: found 5"), std::string::npos);
  EXPECT_NE(message([](Options& options) { options.min_dist = -1; }).find("min_dist: found -1"), std::string::npos);
  EXPECT_NE(message([](Options& options) { options.max_dist = std::nan(""); }).find("max_dist: found nan"),
            std::string::npos);
  EXPECT_NE(message([](Options& options) { options.species = {0}; }).find("species: found 0"), std::string::npos);
  EXPECT_NE(message([](Options& options) {
              options.species = {14, 14};
            }).find("species: found atomic number 14 twice"),
            std::string::npos);
}

// --- shared data -----------------------------------------------------------------------------------------------------

std::vector<fs::path> sharedPotentials(std::string const& folder) {
  std::vector<fs::path> files;
  for (auto const& entry : fs::recursive_directory_iterator(fs::path(SINTER_SHARED_DATA) / folder))
    if (auto const extension = entry.path().extension(); extension == ".mtp" || extension == ".almtp")
      files.push_back(entry.path());
  return files;
}

void expectTables(MtpModel const& model, MtpModel const& expected) {
  EXPECT_EQ(model.radial_funcs_count, expected.radial_funcs_count);
  EXPECT_EQ(model.alpha_moments_count, expected.alpha_moments_count);
  EXPECT_TRUE(model.alpha_index_basic == expected.alpha_index_basic);
  EXPECT_TRUE(model.alpha_index_times == expected.alpha_index_times);
  EXPECT_TRUE(model.alpha_moment_mapping == expected.alpha_moment_mapping);
}

TEST(MtpTemplate, EqualsUntrainedMlipTemplates) {
  fs::path const folder = fs::path(SINTER_SHARED_DATA) / "mtp_oracle/motep/untrained_cubic";
  if (!fs::is_directory(folder)) GTEST_SKIP() << "no shared data in " << folder;
  for (int level = 2; level <= 20; level += 2) {
    SCOPED_TRACE(level);
    std::string const number = (level < 10 ? "0" : "") + std::to_string(level);
    expectTables(templateOfLevel(level), readMtp((folder / (number + ".initial.mtp")).string()));
  }
}

// Every potential in the shared data, whoever trained it, has the tables of one of the templates; levels 2 to 26 occur.
TEST(MtpTemplate, EqualsTablesOfTrainedPotentials) {
  if (!fs::is_directory(SINTER_SHARED_DATA)) GTEST_SKIP() << "no shared data in " << SINTER_SHARED_DATA;
  std::vector<int> files_of_level(29, 0);
  std::vector<MtpModel> templates;
  for (int level = 2; level <= 28; level += 2) templates.push_back(templateOfLevel(level));
  int compared = 0;
  for (fs::path const& file : sharedPotentials("")) {
    SCOPED_TRACE(file);
    auto const model = readMtp(file.string());
    auto const same_size = std::find_if(templates.begin(), templates.end(), [&](MtpModel const& candidate) {
      return candidate.alpha_moments_count == model.alpha_moments_count;
    });
    ASSERT_NE(same_size, templates.end());
    expectTables(*same_size, model);
    ++files_of_level[static_cast<std::size_t>(2 + 2 * (same_size - templates.begin()))];
    ++compared;
  }
  RecordProperty("potentials", compared);
  for (int level = 2; level <= 26; level += 2)
    EXPECT_GT(files_of_level[static_cast<std::size_t>(level)], 0) << "no file of level " << level;
}

// --- exponential start -----------------------------------------------------------------------------------------------

/// phi_0 ... phi_{R-1} at r, scaled.
std::vector<double> radialBasis(MtpModel const& model, double r) {
  double const xi = (2 * r - (model.min_dist + model.max_dist)) / (model.max_dist - model.min_dist);
  std::vector<double> phi;
  for (int n = 0; n < model.radial_basis_size; ++n)
    phi.push_back(model.scaling * (r - model.max_dist) * (r - model.max_dist) *
                  std::cos(n * std::acos(std::min(1.0, std::max(-1.0, xi)))));
  return phi;
}

double startFunction(MtpModel const& model, double r0, int mu, double r) {
  double const ratio = (model.max_dist - r) / (model.max_dist - r0);
  return std::exp(-std::ldexp(1.0, mu) * (r - r0)) * ratio * ratio;
}

/// Largest |f_mu - target| on the interval, relative to the largest target.
double largestError(MtpModel const& model, double r0, int mu) {
  double error = 0, largest = 0;
  for (int i = 0; i <= 1000; ++i) {
    double const r = model.min_dist + (model.max_dist - model.min_dist) * i / 1000;
    auto const phi = radialBasis(model, r);
    double f = 0;
    for (int n = 0; n < model.radial_basis_size; ++n)
      f += model.radialCoeff(0, 0, mu, n) * phi[static_cast<std::size_t>(n)];
    double const target = startFunction(model, r0, mu, r);
    error = std::max(error, std::abs(f - target));
    largest = std::max(largest, std::abs(target));
  }
  return error / largest;
}

// A degree-(R-1) Chebyshev expansion of exp(-s r) over 3 A has an error near I_R(1.5 s) / exp(1.5 s): with R = 8 about
// 2e-6 at s = 1, 2e-4 at s = 2 and 8e-3 at s = 4 (twice the first term left out, times the cutoff factor's order one).
TEST(ExponentialStart, ReproducesSmoothFunctions) {
  auto model = templateOfLevel(12);
  setExponentialStart(model, 2.35);
  ASSERT_EQ(model.radial_coeffs.size(), 3U * 8U);
  EXPECT_LT(largestError(model, 2.35, 0), 1e-5);
  EXPECT_LT(largestError(model, 2.35, 1), 1e-3);
  EXPECT_LT(largestError(model, 2.35, 2), 3e-2);
}

TEST(ExponentialStart, ConvergesWithTheBasis) {
  MtpTemplateOptions options;
  options.level = 10;
  options.species = {14};
  options.radial_basis_size = 40;
  auto model = makeMtpTemplate(options);
  setExponentialStart(model, 2.35);
  for (int mu = 0; mu < 3; ++mu) EXPECT_LT(largestError(model, 2.35, mu), 1e-12) << "mu = " << mu;
}

// The normal equations of the continuous problem: the residual is orthogonal to the basis, up to the error of the sum
// over 256 Chebyshev points that stands for the integral, of the order of (pi / 256)^2 = 1.5e-4 for a residual at the
// ends of the interval.
TEST(ExponentialStart, IsTheLeastSquaresSolution) {
  auto model = templateOfLevel(24);
  setExponentialStart(model, 2.35);
  int const points = 20000;
  for (int mu = 0; mu < model.radial_funcs_count; ++mu) {
    std::vector<double> projection(8, 0.0);
    double target_norm = 0, basis_norm = 0;
    for (int i = 0; i < points; ++i) {
      double const r = model.min_dist + (model.max_dist - model.min_dist) * (i + 0.5) / points;
      auto const phi = radialBasis(model, r);
      double residual = startFunction(model, 2.35, mu, r);
      target_norm += residual * residual;
      basis_norm += phi[0] * phi[0];
      for (std::size_t n = 0; n < 8; ++n) residual -= model.radialCoeff(0, 0, mu, static_cast<int>(n)) * phi[n];
      for (std::size_t n = 0; n < 8; ++n) projection[n] += residual * phi[n];
    }
    for (double const p : projection)
      EXPECT_LT(std::abs(p), 1.5e-4 * std::sqrt(target_norm * basis_norm)) << "mu = " << mu;
  }
}

TEST(ExponentialStart, DoesNotDependOnScalingAndServesAllPairs) {
  MtpTemplateOptions options;
  options.level = 8;
  options.species = {14, 8, 1};
  auto model = makeMtpTemplate(options);
  setExponentialStart(model, 2.35);
  ASSERT_EQ(model.radial_coeffs.size(), 9U * 2U * 8U);
  auto scaled = model;
  scaled.scaling = 0.25;  // a power of two: the coefficients are exactly four times as large
  setExponentialStart(scaled, 2.35);
  for (int z1 = 0; z1 < 3; ++z1)
    for (int z2 = 0; z2 < 3; ++z2)
      for (int mu = 0; mu < 2; ++mu)
        for (int n = 0; n < 8; ++n) {
          EXPECT_EQ(model.radialCoeff(z1, z2, mu, n), model.radialCoeff(0, 0, mu, n));
          EXPECT_EQ(scaled.radialCoeff(z1, z2, mu, n), 4 * model.radialCoeff(z1, z2, mu, n));
        }
}

TEST(ExponentialStart, RejectsBadDistances) {
  auto model = templateOfLevel(8);
  for (double const r0 : {0.0, -1.0, 5.0, 7.0, std::nan(""), std::numeric_limits<double>::infinity()})
    EXPECT_THROW(setExponentialStart(model, r0), InputError) << r0;
  EXPECT_TRUE(model.radial_coeffs.empty());
  model.radial_funcs_count = 20;  // exp(-2^19 (r - r0)) overflows below r0
  EXPECT_THROW(setExponentialStart(model, 2.35), InputError);
  EXPECT_TRUE(model.radial_coeffs.empty());
}

}  // namespace
