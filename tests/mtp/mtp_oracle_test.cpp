// Against energies, forces and stresses that other people's codes computed (../shared/data; skipped where it is
// absent).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>

#include "backends.hpp"
#include "mtp_reference.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/structures/reader.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

std::filesystem::path const shared_data = SINTER_SHARED_DATA;

template <class ExecutionSpace>
class MtpOracleTest : public testing::Test {
  void SetUp() override {
    if (!std::filesystem::exists(shared_data)) GTEST_SKIP() << "no " << shared_data;
  }
};
TYPED_TEST_SUITE(MtpOracleTest, test::ExecutionSpaces);

struct Errors {
  double energy = 0, force = 0, virial = 0;  // largest: eV/atom, eV/A, eV/atom
};

template <class ExecutionSpace>
Errors largestErrors(std::filesystem::path const& potential, std::filesystem::path const& labelled, int stride = 1) {
  auto const all = readStructures(labelled.string());
  std::vector<Structure> structures;
  for (std::size_t s = 0; s < all.size(); s += stride) structures.push_back(all[s]);
  auto const results = MtpEvaluator<ExecutionSpace>(readMtp(potential.string())).evaluate(structures);
  Errors worst;
  EXPECT_FALSE(structures.empty());
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const& expected = structures[s];
    auto const atoms = static_cast<double>(expected.size());
    EXPECT_TRUE(expected.energy.has_value());
    worst.energy = std::max(worst.energy, std::abs(results[s].energy - expected.energy.value()) / atoms);
    EXPECT_EQ(expected.forces.size(), expected.size());
    for (std::size_t i = 0; i < expected.forces.size(); ++i)
      for (int x = 0; x < 3; ++x)
        worst.force = std::max(worst.force, std::abs(results[s].forces[i][x] - expected.forces[i][x]));
    if (expected.virial && volume(expected))
      for (int v = 0; v < 6; ++v)
        worst.virial = std::max(worst.virial, std::abs(results[s].virial[v] - (*expected.virial)[v]) / atoms);
  }
  return worst;
}

TYPED_TEST(MtpOracleTest, MotepFolders) {
  // MLIP-2's own numbers: energies in full precision, forces to 6 and stresses to 5 decimals.
  int folders = 0;
  for (auto const& entry : std::filesystem::directory_iterator(shared_data / "mtp_oracle" / "motep")) {
    if (!std::filesystem::exists(entry.path() / "pot.mtp")) continue;
    auto const errors = largestErrors<TypeParam>(entry.path() / "pot.mtp", entry.path() / "out.cfg");
    EXPECT_LE(errors.energy, 1e-9) << entry.path();
    EXPECT_LE(errors.force, 0.51e-6) << entry.path();
    // Stresses are printed with five decimals in all, not per atom: the largest error is that of the whole cell.
    EXPECT_LE(errors.virial, 0.51e-5) << entry.path();
    ++folders;
  }
  EXPECT_GE(folders, 25);
}

TYPED_TEST(MtpOracleTest, PhosphorusPotentials) {
  // Bounds of the data's README: what its author's `mlp calc-efs` printed.
  for (std::string const kind : {"dir_u14", "dir_u16", "dir_u20", "ind_u14", "ind_u16", "ind_u20"}) {
    auto const folder = shared_data / "p_gap20";
    auto const errors = largestErrors<TypeParam>(folder / ("P_" + kind + ".mtp"),
                                                 folder / ("labelled_by_mtp_" + kind + ".extxyz.xz"), 2);
    EXPECT_LE(errors.energy, 1e-7) << kind;
    EXPECT_LE(errors.force, 1.2e-5) << kind;
    EXPECT_LE(errors.virial, 6e-6) << kind;
  }
}

TYPED_TEST(MtpOracleTest, GoldenDiamondOfThePaperLevel16) {
  auto const model = readMtp((shared_data / "si_mtp_paper" / "PQ1k-1_g18_rand_u16_fw0.1.mtp").string());
  MtpEvaluator<TypeParam> const evaluator(model);
  auto const energy = [&](double a) {
    Structure const cell = reference::diamond(1, a, 0);
    return evaluator.evaluate({&cell, 1})[0].energy / 8;
  };
  EXPECT_NEAR(energy(5.431020511), -163.161251478124, 1e-9);

  // a0 by golden section, B = (dE/dV second derivative) V at the minimum.
  double low = 5.3, high = 5.6;
  while (high - low > 1e-7) {
    double const a = low + 0.382 * (high - low), b = low + 0.618 * (high - low);
    (energy(a) < energy(b) ? high : low) = energy(a) < energy(b) ? b : a;
  }
  double const a0 = (low + high) / 2, h = 0.005;
  EXPECT_NEAR(a0, 5.444412, 1e-5);
  EXPECT_NEAR(energy(a0), -163.161583165, 1e-8);
  double const curvature = (energy(a0 + h) - 2 * energy(a0) + energy(a0 - h)) / (h * h);  // d2E/da2 per atom
  double const bulk_modulus = 8 * curvature / (9 * a0) * 160.21766208;                    // V = a^3/8 per atom
  EXPECT_NEAR(bulk_modulus, 96.0, 0.1);
}

// Every potential of the collection loads, evaluates, and its forces are the gradient of its energy.
TYPED_TEST(MtpOracleTest, EveryPotentialPassesFiniteDifferences) {
  int potentials = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(shared_data)) {
    auto const extension = entry.path().extension();
    if (extension != ".mtp" && extension != ".almtp") continue;
    auto const model = readMtp(entry.path().string());
    if (!model.trained()) continue;
    ++potentials;
    std::vector<int> species = {model.species.begin(), model.species.end()};
    for (int t = 0; species.size() < static_cast<std::size_t>(model.species_count); ++t) species.push_back(-1 - t);
    double const d = 0.5 * (model.min_dist + model.max_dist) * 0.8;  // neighbours well inside
    auto structure = reference::randomStructure(5, {{{1.6 * d, 0.1, 0}, {0.3, 1.7 * d, 0}, {0, 0.2, 1.5 * d}}},
                                                {true, true, true}, 0.62 * d, species, 5);
    MtpEvaluator<TypeParam> const evaluator(model);
    auto const result = evaluator.evaluate({&structure, 1})[0];
    double scale = 1;
    for (auto const& f : result.forces) scale = std::max({scale, std::abs(f[0]), std::abs(f[1]), std::abs(f[2])});
    for (int x = 0; x < 3; ++x) {
      auto const energy = [&](double h) {
        Structure moved = structure;
        moved.positions[1][x] += h;
        return evaluator.evaluate({&moved, 1})[0].energy;
      };
      double const h = 1e-3;
      double const numeric = -(8 * (energy(h) - energy(-h)) - (energy(2 * h) - energy(-2 * h))) / (12 * h);
      EXPECT_NEAR(result.forces[1][x], numeric, 1e-6 * scale) << entry.path();
    }
    if (model.alpha_moments_count < 2000) {  // the plain reference is slow
      auto const expected = reference::evaluateMtp(model, structure, reference::typesOf(model, structure));
      EXPECT_NEAR(result.energy, expected.energy, 1e-11 * (1 + std::abs(expected.energy))) << entry.path();
    }
  }
  EXPECT_GE(potentials, 60);
}

}  // namespace
}  // namespace sinter
