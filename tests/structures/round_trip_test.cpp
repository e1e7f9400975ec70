// Every format that is written reads back to the last bit, alone and through every other one.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/structures/reader.hpp"
#include "sinter/structures/writer.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

using test::contentOf;
using test::expectSame;
using test::messageOf;
using test::TemporaryFolder;

std::vector<std::int32_t> const order = {8, 14, 92};

void write(Structure const& s, std::string const& file) {
  auto const writer = openStructureWriter(file, order);
  writer->write(s);
  writer->close();
}

Structure readNamed(std::string const& file) {
  Structure s = readStructures(file).at(0);
  nameTypes(s, order, file);
  return s;
}

/// Numbers of many magnitudes, whose last bits matter.
Structure randomStructure(std::mt19937_64& random, int periodic) {
  std::uniform_real_distribution<double> number(-1, 1), magnitude(-12, 3);
  auto const next = [&] { return number(random) * std::pow(10, magnitude(random)); };
  Structure s;
  for (std::size_t d = 0; d < 3; ++d) {
    s.periodic[d] = static_cast<int>(d) < periodic;
    if (!s.periodic[d]) continue;
    for (std::size_t e = 0; e < d; ++e) s.cell[d][e] = 50 * number(random);  // strongly skewed
    s.cell[d][d] = 2 + number(random);
  }
  for (int i = 0; i < 20; ++i) {
    s.positions.push_back({next(), next(), next()});
    s.forces.push_back({next(), next(), next()});
    s.species.push_back(order[random() % order.size()]);
  }
  s.positions[0] = {-0.0, 5e-324, -1.7976931348623157e300};
  s.energy = next();
  if (periodic == 3) s.virial = Voigt{next(), next(), next(), next(), next(), next()};
  s.config_type = "hot \"liquid\" \\ a=b";
  s.features = {{"EFS_by", "VASP"}, {"note", "two words\nand a line"}, {"empty", ""}, {"list", "[1, 2]"}};
  return s;
}

TEST(RoundTrip, BetweenAllFormatsIsBitwise) {
  TemporaryFolder const folder;
  std::mt19937_64 random(7);
  for (int periodic = 0; periodic <= 3; ++periodic) {
    Structure const s = randomStructure(random, periodic);
    for (std::string const from : {"xyz", "cfg", "data", "h5"})
      for (std::string const to : {"xyz", "cfg", "data", "h5"}) {
        SCOPED_TRACE(from + " to " + to + ", " + std::to_string(periodic) + " lattice vectors");
        write(s, folder / ("a." + from));
        write(readNamed(folder / ("a." + from)), folder / ("b." + to));
        Structure read = readNamed(folder / ("b." + to)), expected = s;
        if (from == "data" || to == "data") {
          expected.energy.reset();
          expected.virial.reset();
          expected.forces.clear();
          expected.features.clear();
          expected.config_type.clear();
          // A data file needs a box along directions that are not periodic too.
          for (std::size_t d = 0; d < 3; ++d)
            if (!s.periodic[d]) read.cell[d] = {};
        }
        expectSame(read, expected);
      }
  }
}

TEST(RoundTrip, UnnamedTypesStayAsTheyAre) {
  TemporaryFolder const folder;
  std::mt19937_64 random(8);
  Structure s = randomStructure(random, 3);
  for (auto& species : s.species) species = species == 8 ? -1 : -3;
  for (std::string const to : {"a.xyz", "a.cfg", "a.data", "a.h5"}) {
    auto const writer = openStructureWriter(folder / to);
    writer->write(s);
    writer->close();
    EXPECT_EQ(readStructures(folder / to).at(0).species, s.species) << to;
  }
}

TEST(CfgWriter, PeriodicVectorsComeFirst) {
  TemporaryFolder const folder;
  Structure s;
  s.cell = {{{9, 0, 0}, {0, 5, 1}, {0, 0, 6}}};
  s.periodic = {false, true, true};
  s.positions = {{0, 0, 0}};
  s.species = {14};
  write(s, folder / "a.cfg");
  Structure const read = readStructures(folder / "a.cfg").at(0);
  EXPECT_EQ(read.cell, (Matrix3{{{0, 5, 1}, {0, 0, 6}, {}}}));
  EXPECT_EQ(read.periodic, (std::array{true, true, false}));
}

TEST(CfgWriter, LayoutWithReferenceAndSiteEnergies) {
  TemporaryFolder const folder;
  Structure s;
  s.positions = {{1, 2, 3}, {0.5, 0, 0}};
  s.species = {14, 14};
  s.energy = -1.5;
  s.forces = {{0, 0, 0}, {1, 1, 1}};
  s.config_type = "dimer";
  Structure reference = s;
  reference.energy = -2;
  reference.virial = Voigt{1, 2, 3, 4, 5, 6};
  std::vector<double> const site = {-1, -0.5};
  auto const writer = openStructureWriter(folder / "a.cfg");
  StructureWriter::AtomColumn const column{"site_energy", site};
  writer->write(s, {&column, 1}, &reference);
  StructureWriter::AtomColumn const other{"charge", site};
  EXPECT_NE(messageOf<InputError>([&] {
              writer->write(s, {&other, 1});
            }).find("'charge', expected site_energy"),
            std::string::npos);
  s.species = {14, 8};
  EXPECT_NE(messageOf<InputError>([&] { writer->write(s); }).find("2 elements, expected an order"), std::string::npos);
  writer->close();
  EXPECT_EQ(contentOf(folder / "a.cfg"), R"(BEGIN_CFG
 Size
 2
 AtomData:  id type cartes_x cartes_y cartes_z fx fy fz site_en
 1 0 1 2 3 0 0 0 -1
 2 0 0.5 0 0 1 1 1 -0.5
 Energy
 -1.5
 Feature   config_type	dimer
 Feature   ref_energy	-2
 Feature   ref_virial	1 2 3 4 5 6
 Feature   ref_forces	0 0 0
 Feature   ref_forces	1 1 1
END_CFG

)");
  Structure const read = readStructures(folder / "a.cfg").at(0);
  EXPECT_EQ(read.config_type, "dimer");
  EXPECT_TRUE(read.features.empty());
}

TEST(StructureWriter, KindsThatAreNotWritten) {
  TemporaryFolder const folder;
  for (auto const* const name : {"a", "a.h5.xz", "a.xyz.gz", "a.cfg.xz", "a.vasp"}) {
    EXPECT_FALSE(isWritableStructureFile(name)) << name;
    EXPECT_NE(messageOf<InputError>([&] { (void)openStructureWriter(folder / name); }).find("is not written"),
              std::string::npos)
        << name;
  }
  (void)openStructureWriter(folder / "a.cfg");
  (void)openStructureWriter(folder / "a.data");
  EXPECT_EQ(folder.count(), 0);
}

TEST(RoundTripSharedData, PublishedConfigurationsThroughCfg) {
  auto const data = test::sharedData();
  if (data.empty()) GTEST_SKIP() << "no shared data folder (SINTER_SHARED_DATA)";
  TemporaryFolder const folder;
  std::size_t files = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(data / "mtp_oracle" / "motep")) {
    if (!entry.is_regular_file() || entry.path().filename().string().find(".cfg") == std::string::npos) continue;
    if (entry.file_size() > 300'000) continue;
    ++files;
    auto const frames = readStructures(entry.path().string());
    auto const writer = openStructureWriter(folder / "a.cfg");
    for (Structure const& frame : frames) writer->write(frame);
    writer->close();
    auto const read = readStructures(folder / "a.cfg");
    ASSERT_EQ(read.size(), frames.size());
    for (std::size_t f = 0; f < frames.size(); ++f) expectSame(read[f], frames[f]);
  }
  EXPECT_GT(files, 10U);
}

}  // namespace
}  // namespace sinter
