// Files for other programs: LAMMPS dumps, H5MD, training sets of MACE.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "hdf5_edit.hpp"
#include "sinter/core/error.hpp"
#include "sinter/structures/reader.hpp"
#include "sinter/structures/writer.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

using test::bitsOf;
using test::contentOf;
using test::Hdf5Edit;
using test::messageOf;
using test::TemporaryFolder;
using Shape = std::vector<hsize_t>;

/// Three atoms in a skewed cell, frame by frame moved a little; the last frame has no labels.
std::vector<Structure> trajectory() {
  std::vector<Structure> frames;
  for (int n = 0; n < 3; ++n) {
    Structure s;
    s.cell = {{{5, 0, 0}, {0.3 + n / 7., 5.1, 0}, {1.1 / 3, -0.7, 5.2}}};
    s.periodic.fill(true);
    s.positions = {{0.1 * n, -0.0, 1e-300}, {2.4, 0.2, 1 / 3.}, {0.1, 2.5, 2.3}};
    s.species = {14, 8, 14};
    if (n < 2) {
      s.energy = -5 + n / 3.;
      s.forces = {{0.1, 0, 0}, {0, 0.2, 0}, {0, 0, -0.1 - n}};
      s.virial = Voigt{1, 2, 3, 4, 5, 6. + n};
    }
    s.config_type = "melt";
    frames.push_back(s);
  }
  frames[1].features = {{"timestep", "40"}};
  return frames;
}

void write(std::vector<Structure> const& frames, std::string const& file) {
  auto const writer = openStructureWriter(file);
  for (Structure const& frame : frames) writer->write(frame);
  writer->close();
}

TEST(LammpsDumpWriter, ReadsBackToTheLastBit) {
  TemporaryFolder const folder;
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> number(-3, 3);
  std::vector<Structure> frames = trajectory();
  for (int n = 0; n < 60; ++n) {  // boxes that are orthogonal, restricted, general; periodic in 0 to 3 directions
    Structure s = frames[0];
    for (std::size_t d = 0; d < 3; ++d)
      for (std::size_t x = 0; x < 3; ++x) s.cell[d][x] = x == d ? 8 + number(random) : 0;
    if (n % 3 > 0) s.cell[1][0] = number(random), s.cell[2][0] = number(random), s.cell[2][1] = number(random);
    if (n % 3 > 1) s.cell[0][1] = number(random), s.cell[0][2] = number(random), s.cell[1][2] = number(random);
    for (std::size_t d = 0; d < 3; ++d)
      if (n / 3 % 4 <= static_cast<int>(d)) s.cell[d] = {}, s.periodic[d] = false;
    for (auto& r : s.positions) r = {number(random), number(random), number(random)};
    frames.push_back(s);
  }
  frames.back().species = {-1, -3, -1};
  write(frames, folder / "a.dump");
  auto const read = readStructures(folder / "a.dump");
  ASSERT_EQ(read.size(), frames.size());
  for (std::size_t n = 0; n < frames.size(); ++n) {
    SCOPED_TRACE(n);
    EXPECT_EQ(bitsOf(read[n].positions), bitsOf(frames[n].positions));
    EXPECT_EQ(bitsOf(read[n].forces), bitsOf(frames[n].forces));
    EXPECT_EQ(read[n].species, frames[n].species);
    EXPECT_EQ(read[n].periodic, frames[n].periodic);
    for (std::size_t d = 0; d < 3; ++d) {
      if (frames[n].periodic[d]) {
        EXPECT_EQ(read[n].cell[d], frames[n].cell[d]);
      }
    }
    EXPECT_EQ(read[n].features[0].second, n == 1 ? "40" : std::to_string(n));
  }
  // Bounds of the box where they say it exactly.
  EXPECT_NE(contentOf(folder / "a.dump").find("ITEM: BOX BOUNDS xy xz yz pp pp pp\n"), std::string::npos);
  EXPECT_NE(contentOf(folder / "a.dump").find("ITEM: BOX BOUNDS pp pp pp\n0 "), std::string::npos);
  EXPECT_NE(contentOf(folder / "a.dump").find("ITEM: BOX BOUNDS abc origin pp pp ff\n"), std::string::npos);
}

TEST(H5mdWriter, HoldsATrajectory) {
  TemporaryFolder const folder;
  auto const frames = trajectory();
  write(frames, folder / "a.h5md");
  EXPECT_EQ(folder.count(), 1);
  Hdf5Edit const file(folder / "a.h5md");
  EXPECT_EQ(file.shape("/particles/all/position/value"), (Shape{3, 3, 3}));
  EXPECT_EQ(file.shape("/particles/all/species/value"), (Shape{3, 3}));
  auto const positions = file.numbers("/particles/all/position/value"),
             forces = file.numbers("/particles/all/force/value");
  auto const edges = file.numbers("/particles/all/box/edges/value"),
             energies = file.numbers("/observables/potential_energy/value");
  auto const virials = file.numbers("/observables/virial/value"),
             species = file.numbers("/particles/all/species/value");
  for (std::size_t n = 0; n < 3; ++n) {
    for (std::size_t k = 0; k < 9; ++k) {
      EXPECT_EQ(positions[9 * n + k], frames[n].positions[k / 3][k % 3]);
      EXPECT_EQ(edges[9 * n + k], frames[n].cell[k / 3][k % 3]);
      EXPECT_TRUE(n == 2 ? std::isnan(forces[9 * n + k]) : forces[9 * n + k] == frames[n].forces[k / 3][k % 3]);
    }
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(species[3 * n + i], frames[n].species[i]);
    EXPECT_TRUE(n == 2 ? std::isnan(energies[n]) : energies[n] == *frames[n].energy);
    EXPECT_TRUE(n == 2 ? std::isnan(virials[6 * n]) : virials[6 * n + 5] == (*frames[n].virial)[5]);
  }
  for (std::string const element : {"/particles/all/position", "/particles/all/force", "/particles/all/species",
                                    "/particles/all/box/edges", "/observables/potential_energy", "/observables/virial"})
    EXPECT_EQ(file.numbers(element + "/step"), (std::vector<double>{0, 40, 41})) << element;
  EXPECT_EQ(file.attributeNumbers("/h5md", "version"), (std::vector<double>{1, 1}));
  EXPECT_EQ(file.attributeNumbers("/particles/all/box", "dimension"), std::vector<double>{3});
  EXPECT_EQ(file.attributeTexts("/particles/all/box", "boundary"), std::vector<std::string>(3, "periodic"));
  EXPECT_EQ(file.attributeTexts("/particles/all/force/value", "unit"), std::vector<std::string>{"eV Angstrom-1"});
  EXPECT_EQ(file.attributeTexts("/h5md/creator", "name"), std::vector<std::string>{"sinter"});
}

TEST(H5mdWriter, RefusesWhatIsNoTrajectory) {
  TemporaryFolder const folder;
  auto const frames = trajectory();
  auto const writer = openStructureWriter(folder / "a.h5md");
  writer->write(frames[0]);
  Structure other = frames[1];
  other.periodic[2] = false;
  EXPECT_NE(messageOf<InputError>([&] { writer->write(other); }).find("other periodic directions"), std::string::npos);
  other = frames[1];
  other.positions.pop_back(), other.species.pop_back(), other.forces.pop_back();
  EXPECT_NE(messageOf<InputError>([&] { writer->write(other); }).find("found 2 atoms, expected 3"), std::string::npos);
  writer->write(frames[1]);
  writer->close();
  EXPECT_EQ(Hdf5Edit(folder / "a.h5md").shape("/particles/all/position/value"), (Shape{2, 3, 3}));
  EXPECT_NE(messageOf<InputError>([&] { (void)readStructures(folder / "a.h5md"); }).find("only written"),
            std::string::npos);
}

TEST(MaceWriter, HoldsATrainingSet) {
  TemporaryFolder const folder;
  auto frames = trajectory();
  frames[1].features = {{"weight", "2.5"}};
  write(frames, folder / "a.mace.h5");
  EXPECT_EQ(folder.count(), 1);
  {
    Hdf5Edit const file(folder / "a.mace.h5");
    for (std::size_t n = 0; n < 3; ++n) {
      std::string const group = "/config_batch_0/config_" + std::to_string(n);
      EXPECT_EQ(file.numbers(group + "/atomic_numbers"), (std::vector<double>{14, 8, 14}));
      EXPECT_EQ(file.shape(group + "/positions"), (Shape{3, 3}));
      EXPECT_EQ(file.numbers(group + "/positions")[5], 1 / 3.);
      EXPECT_EQ(file.numbers(group + "/cell")[3], frames[n].cell[1][0]);
      EXPECT_EQ(file.numbers(group + "/pbc"), (std::vector<double>{1, 1, 1}));
      EXPECT_EQ(file.numbers(group + "/weight"), std::vector<double>{n == 1 ? 2.5 : 1.0});
      EXPECT_EQ(file.text(group + "/config_type"), "melt");
      for (std::string const label : {"energy", "forces", "virials", "stress"})
        EXPECT_EQ(file.numbers(group + "/property_weights/" + label), std::vector<double>{n == 2 ? 0. : 1.});
    }
    std::string const first = "/config_batch_0/config_0/properties";
    EXPECT_EQ(file.numbers(first + "/energy"), std::vector<double>{-5});
    EXPECT_EQ(file.numbers(first + "/forces")[4], 0.2);
    EXPECT_EQ(file.numbers(first + "/virials"), (std::vector<double>{1, 6, 5, 6, 2, 4, 5, 4, 3}));
    double const cell_volume = volume(frames[0]).value();
    EXPECT_DOUBLE_EQ(file.numbers(first + "/stress")[1], -6 / cell_volume);
    EXPECT_EQ(file.text("/config_batch_0/config_2/properties/energy"), "None");
    EXPECT_EQ(file.text("/config_batch_0/config_2/properties/stress"), "None");
  }
  frames[0].species[0] = -1;
  auto const writer = openStructureWriter(folder / "b.mace.h5");
  EXPECT_NE(messageOf<InputError>([&] { writer->write(frames[0]); }).find("type without a name"), std::string::npos);
  EXPECT_NE(messageOf<InputError>([&] { (void)readStructures(folder / "a.mace.h5"); }).find("only written"),
            std::string::npos);
}

}  // namespace
}  // namespace sinter
