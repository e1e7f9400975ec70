// LabelErrors: each number against one worked out by hand.
#include "sinter/structures/label_errors.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"

namespace sinter {
namespace {

// A few sums and one square root: a handful of roundings of numbers of order one.
constexpr double tolerance = 16 * std::numeric_limits<double>::epsilon();

/// Two atoms in a cube with all labels zero.
Structure labelledPair(std::string const& config_type = "") {
  Structure s;
  s.cell = {{{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}};
  s.periodic = {true, true, true};
  s.positions = {{0, 0, 0}, {2, 2, 2}};
  s.species = {14, 14};
  s.energy = 0;
  s.forces = {{0, 0, 0}, {0, 0, 0}};
  s.virial = Voigt{};
  s.config_type = config_type;
  return s;
}

Evaluation prediction(double energy, double force, Voigt const& virial) {
  Evaluation e;
  e.energy = energy;
  e.forces = {{force, 0, 0}, {0, 0, -force}};
  e.virial = virial;
  e.site_energies = {energy / 2, energy / 2};
  return e;
}

TEST(ErrorStatistics, MeanRootMeanSquareAndLargest) {
  ErrorStatistics statistics;
  EXPECT_FALSE(statistics.mae() || statistics.rmse() || statistics.largest());
  statistics.add(-3);
  statistics.add(1, 3);
  EXPECT_EQ(statistics.count(), 4U);
  EXPECT_NEAR(*statistics.mae(), 1.5, tolerance);
  EXPECT_NEAR(*statistics.rmse(), std::sqrt(3.0), tolerance);
  EXPECT_EQ(*statistics.largest(), 3);
}

TEST(ErrorStatistics, NotANumberSurvives) {
  ErrorStatistics statistics;
  statistics.add(std::numeric_limits<double>::quiet_NaN());
  statistics.add(2);
  EXPECT_TRUE(std::isnan(*statistics.mae()));
  EXPECT_TRUE(std::isnan(*statistics.rmse()));
  EXPECT_TRUE(std::isnan(*statistics.largest()));
}

TEST(LabelErrors, CountsEnergiesPerAtomForcesPerComponentAndNineVirialComponents) {
  LabelErrors errors;
  errors.add(labelledPair(), prediction(0.4, 0.6, {2, 0, 0, 0, 0, -4}));
  ErrorGroup const& all = errors.all();
  EXPECT_EQ(all.frames, 1U);
  EXPECT_EQ(all.atoms, 2U);
  EXPECT_NEAR(*all.energy.mae(), 0.2, tolerance);
  EXPECT_NEAR(*all.energy.rmse(), 0.2, tolerance);
  EXPECT_EQ(all.force.count(), 6U);
  EXPECT_NEAR(*all.force.mae(), 2 * 0.6 / 6, tolerance);
  EXPECT_NEAR(*all.force.rmse(), std::sqrt(2 * 0.36 / 6), tolerance);
  EXPECT_NEAR(*all.force.largest(), 0.6, tolerance);
  EXPECT_EQ(all.virial.count(), 9U);  // xy counts as xy and yx
  EXPECT_NEAR(*all.virial.mae(), (1 + 2 * 2) / 9.0, tolerance);
  EXPECT_NEAR(*all.virial.rmse(), std::sqrt((1 + 2 * 4) / 9.0), tolerance);
  EXPECT_NEAR(*all.virial.largest(), 2, tolerance);
}

TEST(LabelErrors, AveragesOverFramesAndSplitsByConfigType) {
  LabelErrors errors;
  errors.add(labelledPair("liquid"), prediction(2, 0, {}));
  errors.add(labelledPair("crystal"), prediction(-4, 0, {}));
  errors.add(labelledPair("liquid"), prediction(6, 0, {}));
  errors.add(labelledPair(), prediction(0, 0, {}));
  EXPECT_EQ(errors.all().frames, 4U);
  EXPECT_EQ(errors.all().atoms, 8U);
  EXPECT_NEAR(*errors.all().energy.mae(), (1 + 2 + 3 + 0) / 4.0, tolerance);
  EXPECT_NEAR(*errors.all().energy.rmse(), std::sqrt((1 + 4 + 9) / 4.0), tolerance);
  auto const& groups = errors.byConfigType();
  ASSERT_EQ(groups.size(), 2U);  // the frame without a config type is only in `all`
  EXPECT_EQ(groups.at("liquid").frames, 2U);
  EXPECT_NEAR(*groups.at("liquid").energy.rmse(), std::sqrt(5.0), tolerance);
  EXPECT_EQ(*groups.at("crystal").energy.largest(), 2);
}

TEST(LabelErrors, AbsentLabelsDoNotCount) {
  LabelErrors errors;
  Structure without = labelledPair("x");
  without.energy.reset();
  without.forces.clear();
  without.virial.reset();
  errors.add(without, prediction(1, 1, {1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(errors.all().frames, 0U);
  EXPECT_TRUE(errors.byConfigType().empty());
  EXPECT_FALSE(errors.all().energy.rmse() || errors.all().force.rmse() || errors.all().virial.rmse());

  Structure slab = labelledPair();
  slab.periodic[2] = false;  // no volume, so its virial is not one
  slab.forces.clear();
  errors.add(slab, prediction(1, 1, {1, 1, 1, 1, 1, 1}));
  EXPECT_EQ(errors.all().frames, 1U);
  EXPECT_EQ(errors.all().energy.count(), 1U);
  EXPECT_EQ(errors.all().force.count(), 0U);
  EXPECT_EQ(errors.all().virial.count(), 0U);
}

TEST(LabelErrors, RefusesPredictionsOfAnotherStructure) {
  LabelErrors errors;
  Evaluation predicted = prediction(0, 0, {});
  predicted.forces.pop_back();
  EXPECT_THROW(errors.add(labelledPair(), predicted), InputError);
}

TEST(LabelErrors, TableIsAlignedAndMarksWhatIsMissing) {
  LabelErrors errors;
  Structure no_virial = labelledPair("a config type with\ta tab and a long name, cut");
  no_virial.virial.reset();
  errors.add(no_virial, prediction(0.4, 0.6, {}));
  std::string const table = formatErrorTable(errors);
  EXPECT_NE(table.find("200.000"), std::string::npos) << table;  // meV/atom
  EXPECT_NE(table.find("0.2000"), std::string::npos) << table;   // eV/A
  EXPECT_EQ(table.find('\t'), std::string::npos) << table;
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 4);
  std::size_t const width = table.find('\n');
  for (std::size_t begin = 0; begin < table.size(); begin += width + 1)
    EXPECT_EQ(table.find('\n', begin) - begin, width) << table;
  EXPECT_EQ(table[table.size() - 2], '-') << table;
}

}  // namespace
}  // namespace sinter
