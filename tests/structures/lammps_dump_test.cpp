// LAMMPS dumps: columns and boxes of every kind, several frames, damaged files.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/structures/reader.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

using test::expectRefused;
using test::TemporaryFolder;

std::vector<Structure> read(std::string const& content) {
  TemporaryFolder const folder;
  return readStructures(folder.write("a.dump", content));
}

std::string frame(std::string const& box, std::string const& atoms, std::string const& count = "2") {
  return "ITEM: TIMESTEP\n100\nITEM: NUMBER OF ATOMS\n" + count + "\nITEM: BOX BOUNDS " + box + "ITEM: ATOMS " + atoms;
}

constexpr auto cube = "pp pp pp\n0 4\n-1 4\n0 6\n";

TEST(LammpsDump, ReadsSeveralFrames) {
  auto const frames = read("ITEM: UNITS\nmetal\nITEM: TIME\n0.5\n" +
                           frame("pp ff ss\n0 4\n-1 4\n0 6\n",
                                 "element fx id y z x type fy fz vx\nSi 1 9 2 3 1 1 2 3 0\nQ 4 4 5 6 4 2 5 6 0\n") +
                           "ITEM: TIME\n0.6\n" + frame(cube, "id type x y z\n1 1 0 0 0\n", "1"));
  ASSERT_EQ(frames.size(), 2U);
  Structure const& s = frames[0];
  EXPECT_EQ(s.cell, (Matrix3{{{4, 0, 0}, {0, 5, 0}, {0, 0, 6}}}));
  EXPECT_EQ(s.periodic, (std::array{true, false, false}));
  EXPECT_EQ(s.positions, (std::vector<Vector3>{{4, 5, 6}, {1, 2, 3}}));
  EXPECT_EQ(s.forces, (std::vector<Vector3>{{4, 5, 6}, {1, 2, 3}}));
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{-2, 14}));
  EXPECT_EQ(s.features, (std::vector<std::pair<std::string, std::string>>{{"timestep", "100"}}));
  EXPECT_EQ(frames[1].size(), 1U);
  EXPECT_TRUE(read("\n").empty());
}

TEST(LammpsDump, BoxesAndPositions) {
  // Restricted: bounds of the box around a = (4 0 0), b = (1 5 0), c = (-2 0.5 6) with the corner (0.5 0 -1).
  std::string const triclinic = "xy xz yz pp pp pp\n-1.5 5.5 1\n0 5.5 -2\n-1 5 0.5\n";
  Matrix3 const cell = {{{4, 0, 0}, {1, 5, 0}, {-2, 0.5, 6}}};
  std::string const general = "abc origin pp pp pp\n4 0 0 0.5\n1 5 0 0\n-2 0.5 6 -1\n";
  for (std::string const& box : {triclinic, general}) {
    for (auto const* const columns : {"x y z", "xu yu zu"}) {
      auto const frames = read(frame(box, std::string("id type ") + columns + "\n1 1 1 2 3\n2 2 4 5 6\n"));
      EXPECT_EQ(frames.at(0).cell, cell);
      EXPECT_EQ(frames.at(0).positions, (std::vector<Vector3>{{1, 2, 3}, {4, 5, 6}}));
    }
    for (auto const* const columns : {"xs ys zs", "xsu ysu zsu"}) {
      auto const frames = read(frame(box, std::string("type ") + columns + "\n1 0.5 0.25 0.5\n2 0 0 0\n"));
      EXPECT_EQ(frames.at(0).positions, (std::vector<Vector3>{{1.75, 1.5, 2}, {0.5, 0, -1}}));
    }
  }
  EXPECT_EQ(read(frame("\n0 1\n0 1\n0 1\n", "type x y z\n1 0 0 0\n", "1")).at(0).periodic,
            (std::array{true, true, true}));
}

TEST(LammpsDump, KnownByItsContent) {
  TemporaryFolder const folder;
  std::string const content = frame(cube, "id type x y z\n1 1 0 0 0\n2 1 1 1 1\n");
  for (auto const* const name : {"a.lammpstrj", "a.lmp", "dump.100", "DUMP", "a.DUMP"})
    EXPECT_EQ(readStructures(folder.write(name, content)).size(), 1U) << name;
  std::string const data = "t\n\n1 atoms\n1 atom types\n0 1 xlo xhi\n0 1 ylo yhi\n0 1 zlo zhi\n\nAtoms\n\n1 1 0 0 0\n";
  for (auto const* const name : {"a.lmp", "data.si", "a.lammps-data", "a.data"})
    EXPECT_EQ(readStructures(folder.write(name, data)).size(), 1U) << name;
  EXPECT_EQ(readStructures(folder.write("a", "LAMMPS " + data)).size(), 1U);
  EXPECT_EQ(readStructures(folder.write("out.cfg_0",
                                        "BEGIN_CFG\nSize\n1\nAtomData: type cartes_x cartes_y cartes_z\n"
                                        "0 0 0 0\nEND_CFG\n"))
                .size(),
            1U);
}

TEST(LammpsDump, MalformedFilesAreRefused) {
  std::string const step = "ITEM: TIMESTEP\n0\n", number = "ITEM: NUMBER OF ATOMS\n2\n";
  std::string const box = std::string("ITEM: BOX BOUNDS ") + cube, head = step + number + box;
  auto const atoms = [&](std::string const& text) { return head + "ITEM: ATOMS " + text; };
  expectRefused(
      "a.dump",
      {
          {"0\n", 1, "'0', expected ITEM: TIMESTEP"},
          {"ITEM: TIMESTEPS\n0\n", 1, "'ITEM: TIMESTEPS'"},
          {"ITEM:\n", 1, "'ITEM:', expected ITEM: TIMESTEP"},
          {"ITEM: ENTRIES c_1\n", 1, "expected ITEM: TIMESTEP"},
          {"ITEM: TIMESTEP\n", 1, "the end of the file, expected a time step"},
          {"ITEM: TIMESTEP\nx\n", 2, "'x', expected a time step"},
          {"ITEM: TIMESTEP\n1 2\n", 2, "'1 2'"},
          {"ITEM: TIMESTEP\n-1\n", 2, "'-1'"},
          {step + step, 3, "'ITEM: TIMESTEP' a second time"},
          {"ITEM: UNITS\nlj\n" + step, 2, "units 'lj', expected metal"},
          {"ITEM: TIME\nnoon\n", 2, "'noon', expected a time"},
          {step + "ITEM: NUMBER OF ATOMS\n0\n", 4, "'0', expected the number of atoms"},
          {step + "ITEM: NUMBER OF ATOMS\n1e3\n", 4, "'1e3'"},
          {step + "ITEM: NUMBER OF ATOMS\n2147483648\n", 4, "'2147483648'"},
          {step + number + number, 5, "a second time"},
          // the box
          {step + number + "ITEM: BOX BOUNDS pp pp\n", 5, "with 2 boundaries"},
          {step + number + "ITEM: BOX BOUNDS pp pp pp pp\n", 5, "with 4 boundaries"},
          {step + number + "ITEM: BOX BOUNDS pp pp xx\n", 5, "'xx', expected a boundary"},
          {step + number + "ITEM: BOX BOUNDS pp pp pf\n", 5, "'pf', expected a boundary"},
          {step + number + "ITEM: BOX BOUNDS pp pp pp\n0 1\n", 6, "the end of the file"},
          {step + number + "ITEM: BOX BOUNDS pp pp pp\n0 1 2\n", 6, "'0 1 2', expected lower and upper bound"},
          {step + number + "ITEM: BOX BOUNDS pp pp pp\n1 1\n", 6, "a lower bound below"},
          {step + number + "ITEM: BOX BOUNDS pp pp pp\n0 nan\n", 6, "'nan'"},
          {step + number + "ITEM: BOX BOUNDS xy xz yz pp pp pp\n0 1\n", 6, "lower bound, upper bound and tilt"},
          {step + number + "ITEM: BOX BOUNDS xy xz yz pp pp pp\n0 1 2\n0 1 0\n0 1 0\n", 8, "tilts that are larger"},
          {step + number + "ITEM: BOX BOUNDS abc origin pp pp pp\n1 0 0\n", 6, "a lattice vector"},
          {step + number +
               "ITEM: BOX BOUNDS abc origin pp pp pp\n1 0 0 0\n1 0 0 0\n0 0 1 0\nITEM: ATOMS type x y z\n"
               "1 0 0 0\n1 0 0 0\n",
           1, "without volume"},
          {head + box, 9, "'ITEM: BOX BOUNDS' a second time"},
          // the atoms
          {step + box + "ITEM: ATOMS type x y z\n", 7, "NUMBER OF ATOMS before it"},
          {step + number + "ITEM: ATOMS type x y z\n", 5, "BOX BOUNDS before it"},
          {number + box + "ITEM: ATOMS type x y z\n", 7, "TIMESTEP before it"},
          {head, 8, "the end of the file, expected ITEM: ATOMS"},
          {atoms("id x y z\n"), 9, "without type and element"},
          {atoms("id type vx vy vz\n"), 9, "without positions"},
          {atoms("id type x y\n"), 9, "not all of the columns x y z"},
          {atoms("id type x y z fx\n"), 9, "not all of the columns fx fy fz"},
          {atoms("id type x y z x\n"), 9, "the column x twice"},
          {atoms("id type x y z\n1 1 0 0 0\n"), 10, "the end of the file, expected atom 2 of 2"},
          {atoms("id type x y z\n1 1 0 0 0\nITEM: TIMESTEP\n"), 11, "'ITEM: TIMESTEP', expected atom 2 of 2"},
          {atoms("id type x y z\n1 1 0 0\n"), 10, "atom 1 of 2 with 5 columns"},
          {atoms("id type x y z\n1 1 0 0 0 0\n"), 10, "with 5 columns"},
          {atoms("id type x y z\n1 1 0 0 0\n1 1 1 1 1\n"), 11, "the id 1 twice"},
          {atoms("id type x y z\n0 1 0 0 0\n"), 10, "'0', expected an id"},
          {atoms("id type x y z\n1 0 0 0 0\n"), 10, "'0', expected an atom type"},
          {atoms("id type x y z\n1 1 0 0 -nan\n"), 10, "'-nan', expected a coordinate"},
          {atoms("type x y z fx fy fz\n1 0 0 0 0 0 inf\n"), 10, "'inf', expected a force"},
          {atoms("element x y z\nQ 0 0 0\n"), 10, "'Q', expected the symbol of an element"},
          {atoms("id type x y z\n1 1 0 0 0\n2 1 1 1 1\nmore\n"), 12, "'more', expected ITEM: TIMESTEP"},
      });
}

TEST(LammpsDump, CutFilesNeverCrash) {
  std::string const one =
      frame("xy xz yz pp pp ff\n0 4 0\n-1 4 0.5\n0 6 0\n", "id type xs ys zs\n1 1 0 0 0\n2 2 1 1 0.25\n");
  // It reads: nothing, one frame and one short of its last digits or line break, each once or twice.
  EXPECT_LT(test::readCutAtEveryByte("a.dump", one + one), 12U);
}

}  // namespace
}  // namespace sinter
