// Which atoms are like which crystal, and that the default threshold tells disordered crystals from amorphous silicon.
#include "sinter/validation/crystal_classes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <string_view>

#include "metrics_case.hpp"
#include "metrics_reference.hpp"
#include "sinter/structures/text_source.hpp"
#include "sinter/validation/crystal_order.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using test::expectInputError;

TEST(CrystalClasses, AreTheMostSimilarAboveTheThreshold) {
  std::vector<double> const similarities = {
      0.95, 0.91, 0.2,   // the greatest
      0.91, 0.95, 0.99,  //
      0.9,  0.1,  0.1,   // not above
      0.95, 0.95, 0.1,   // the first of equal ones
  };
  std::vector<int> const all = {0, 1, 2}, some = {1, 0};
  EXPECT_EQ(classifyAtoms(similarities, 3, all, 0.9), (std::vector<int>{0, 2, no_crystal, 0}));
  EXPECT_EQ(classifyAtoms(similarities, 3, some, 0.9), (std::vector<int>{0, 1, no_crystal, 1}));
  EXPECT_EQ(classifyAtoms(similarities, 3, some, 0.96), std::vector<int>(4, no_crystal));
  EXPECT_TRUE(classifyAtoms({}, 3, all, 0.9).empty());
  std::vector<int> const classes = {0, 2, no_crystal, 0};
  EXPECT_EQ(classFractions(classes, 3), (std::vector<double>{0.5, 0, 0.25}));
  EXPECT_TRUE(std::isnan(classFractions({}, 1)[0]));
}

TEST(CrystalClasses, RefuseWrongSettings) {
  std::vector<int> const all = {0, 1, 2}, none, other = {3}, negative = {no_crystal};
  for (double const threshold : {0.0, 1.0, -0.5, 1.5, std::nan("")})
    expectInputError([&] { (void)classifyAtoms({}, 3, all, threshold); }, "threshold: found");
  for (auto const& candidates : {none, other, negative})
    expectInputError([&] { (void)classifyAtoms({}, 3, candidates, 0.9); }, "of the 3 crystals");
}

// The settings of the paper, simple hexagonal and diamond silicon near zero pressure.
class SiliconClasses : public testing::Test {
 protected:
  static Structure rattled(Structure structure, double deviation, std::uint64_t seed) {
    reference::Random random(seed);
    for (auto& r : structure.positions)
      for (double& x : r) x += std::sqrt(3.0) * deviation * random();
    return structure;
  }
  // Shares of atoms like sh and like diamond.
  std::vector<double> fractions(Structure const& structure) {
    auto const found = order.measure(structure, "structure");
    EXPECT_TRUE(found.failures.empty());
    EXPECT_EQ(found.classes.size(), structure.size());
    return found.fractions;
  }

  static ReferenceStructures crystals() {
    auto result = readReferenceStructures(SINTER_SOAP_CRYSTALS);  // sh, dia, bSn, hcp
    for (auto* list : {&result.names, &result.places}) list->resize(2);
    result.structures.resize(2);
    return result;
  }
  CrystalOrder<Kokkos::DefaultHostExecutionSpace> order{{}, crystals()};
  Structure const sh = crystals().structures[0], diamond = crystals().structures[1];
};

TEST_F(SiliconClasses, OfDisorderedCrystals) {
  // Deviations along an axis of silicon are some 0.08 A at 300 K and 0.1 A at 500 K.
  for (auto const& [deviation, least] : {std::pair(0.0, 1.0), std::pair(0.05, 1.0), std::pair(0.1, 0.85)}) {
    auto const of_diamond = fractions(rattled(reference::supercell(diamond, {2, 2, 2}), deviation, 3)),
               of_sh = fractions(rattled(reference::supercell(sh, {4, 4, 4}), deviation, 5));
    EXPECT_GE(of_diamond[1], least) << deviation;
    EXPECT_EQ(of_diamond[0], 0);
    EXPECT_EQ(of_sh[0], 1) << deviation;
    EXPECT_EQ(of_sh[1], 0);
  }
}

TEST_F(SiliconClasses, OfSpheresAtRandom) {
  double const edge = std::cbrt(40 * 20.0);  // at the density of the crystal
  auto const found =
      fractions(reference::randomStructure(40, {{{edge, 0, 0}, {0, edge, 0}, {0, 0, edge}}}, {true, true, true}, 2.0));
  EXPECT_LT(found[0], 0.05);  // a few by chance
  EXPECT_LT(found[1], 0.05);
}

// The core of a nanoparticle of amorphous silicon (../shared/data/README.md).
TEST_F(SiliconClasses, OfAmorphousSilicon) {
  std::string const file = std::string(SINTER_SHARED_DATA) + "/asi/aSi9nm_nanoparticle_19993_GT.txt.xz";
  if (!std::filesystem::exists(file)) GTEST_SKIP() << "no " << file;
  std::vector<Vector3> atoms;
  Vector3 centre{};
  TextSource source(file);  // lines of Z x y z ...
  for (std::vector<std::string_view> words; auto const line = source.next();) {
    splitWords(*line, words);
    for (std::size_t x = 0; x < 3; ++x) centre[x] += source.number(words[1 + x], "a coordinate");
    atoms.push_back({source.number(words[1], "x"), source.number(words[2], "y"), source.number(words[3], "z")});
  }
  ASSERT_EQ(atoms.size(), 19993U);
  for (double& x : centre) x /= static_cast<double>(atoms.size());
  Structure core;  // atoms whose neighbours are all there come first
  std::size_t complete = 0;
  for (bool const is_complete : {true, false}) {
    for (auto const& r : atoms) {
      double const distance = std::hypot(r[0] - centre[0], r[1] - centre[1], r[2] - centre[2]);
      if (is_complete ? distance < 12 : distance >= 12 && distance < 17.1) core.positions.push_back(r);
    }
    if (is_complete) complete = core.size();
  }
  core.species.assign(core.size(), 14);
  auto classes = order.measure(core, "amorphous").classes;
  ASSERT_GT(complete, 300U);
  classes.resize(complete);
  auto const found = classFractions(classes, 2);
  EXPECT_EQ(found[0], 0);
  EXPECT_LT(found[1], 0.03);
}

TEST_F(SiliconClasses, ByNames) {
  CrystalOrderSettings settings;
  settings.classes = {"dia"};
  CrystalOrder<Kokkos::DefaultHostExecutionSpace> const only(settings, crystals());
  EXPECT_EQ(only.candidates(), std::vector<int>{1});
  settings.classes = {"dia", "fcc"};
  expectInputError([&] { CrystalOrder<Kokkos::DefaultHostExecutionSpace>(settings, crystals()); },
                   "classes: found 'fcc', expected names of reference crystals: sh, dia");
}

}  // namespace
}  // namespace sinter
