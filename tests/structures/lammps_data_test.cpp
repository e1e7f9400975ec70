// LAMMPS data files: what the reader takes and refuses, and what the writer makes of cells of every kind.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/structures/reader.hpp"
#include "sinter/structures/writer.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

using test::contentOf;
using test::expectRefused;
using test::expectSame;
using test::messageOf;
using test::TemporaryFolder;

Structure readOne(std::string const& content) {
  TemporaryFolder const folder;
  auto frames = readStructures(folder.write("a.data", content));
  EXPECT_EQ(frames.size(), 1U);
  return frames.empty() ? Structure{} : frames[0];
}

Structure writtenAndRead(Structure const& s, std::vector<std::int32_t> const& species = {}) {
  TemporaryFolder const folder;
  auto const writer = openStructureWriter(folder / "a.data", species);
  writer->write(s);
  writer->close();
  return readStructures(folder / "a.data").at(0);
}

constexpr auto header = "title\n\n2 atoms\n2 atom types\n0 4 xlo xhi\n-1 4 ylo yhi\n0 6 zlo zhi\n";

std::string withAtoms(std::string const& style, std::string const& atoms) {
  return std::string(header) + "\nAtoms" + style + "\n\n" + atoms;
}

TEST(LammpsData, ReadsAWholeFile) {
  Structure const s = readOne(R"(LAMMPS data file via write_data, version 4 Jul 2026, timestep = 10, units = metal

3 atoms
3 atom types
1 bonds
1 bond types
2 extra bond per atom

0.5 4.5 xlo xhi # the box
0 5 ylo yhi
0 6 zlo zhi
1 -0.5 0.25 xy xz yz

Masses

1 28.0855 # Si
2 15.999  # Oxygen
3 1

Pair Coeffs # sw

1 a b
2 c d
3 e f

PairIJ Coeffs # lj/cut

1 1 1.0 2.0
1 2 1.0 2.0

Atoms # charge/kk

7 1 0.5 1 2 3 0 -1 2
2 2 -0.5 4 5 6 0 0 0 # behind
9 3 0 7 8 9

Velocities

7 0 0 0
2 0 0 0
9 0 0 0

Bonds

1 1 7 2
)");
  EXPECT_EQ(s.cell, (Matrix3{{{4, 0, 0}, {1, 5, 0}, {-0.5, 0.25, 6}}}));
  EXPECT_EQ(s.periodic, (std::array{true, true, true}));
  EXPECT_EQ(s.positions, (std::vector<Vector3>{{4, 5, 6}, {1, 2, 3}, {7, 8, 9}}));
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{-2, 14, -3}));
}

TEST(LammpsData, AtomStyles) {
  struct Case {
    std::string style, atoms;
  };
  std::vector<Case> const cases = {
      {" # atomic", "1 1 1 2 3\n2 2 4 5 6\n"},        {"", "1 1 1 2 3\n2 2 4 5 6\n"},
      {"", "1 1 1 2 3 0 0 0\n2 2 4 5 6 0 1 0\n"},     {" # charge", "1 1 0.1 1 2 3\n2 2 0.2 4 5 6\n"},
      {" # molecular", "1 5 1 1 2 3\n2 5 2 4 5 6\n"}, {"  # bond", "1 5 1 1 2 3\n2 5 2 4 5 6 0 0 0\n"},
      {" # angle", "1 5 1 1 2 3\n2 5 2 4 5 6\n"},     {" # full", "1 5 1 0.1 1 2 3\n2 5 2 0.1 4 5 6\n"},
      {"", "2 5 2 0.1 4 5 6\n1 5 1 0.1 1 2 3\n"}};
  for (auto const& [style, atoms] : cases) {
    Structure const s = readOne(withAtoms(style, atoms));
    EXPECT_EQ(s.positions, (std::vector<Vector3>{{1, 2, 3}, {4, 5, 6}})) << style;
    EXPECT_EQ(s.species, (std::vector<std::int32_t>{-1, -2})) << style;
  }
}

TEST(LammpsData, TypeLabels) {
  Structure const s =
      readOne(std::string(header) + "Atom Type Labels\n\n1 O\n2 core\n\nAtoms # atomic\n\n1 O 1 2 3\n2 core 4 5 6\n");
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{8, -2}));
}

TEST(LammpsData, GeneralTriclinicBox) {
  Structure const s = readOne(
      "t\n\n1 atoms\n1 atom types\n1 2 3 avec\n-3 2 1 bvec\n0 1 5 cvec\n0.5 0 0 abc origin\nAtoms\n\n1 1 9 8 7\n");
  EXPECT_EQ(s.cell, (Matrix3{{{1, 2, 3}, {-3, 2, 1}, {0, 1, 5}}}));
  EXPECT_EQ(s.positions[0], (Vector3{9, 8, 7}));
}

TEST(LammpsData, BoundaryOfTheTitle) {
  std::string const rest = withAtoms("", "1 1 1 2 3\n2 2 4 5 6\n").substr(5);
  EXPECT_EQ(readOne("LAMMPS file, boundary = p f s" + rest).periodic, (std::array{true, false, false}));
  EXPECT_EQ(readOne("a boundary" + rest).periodic, (std::array{true, true, true}));
}

Structure silica(Matrix3 const& cell, std::array<bool, 3> const& periodic) {
  Structure s;
  s.cell = cell;
  s.periodic = periodic;
  s.positions = {{0.1, 1. / 3, -2}, {-3, 1e-17, 2}, {4, 4, 40}};
  s.species = {14, 8, 8};
  return s;
}

TEST(LammpsDataWriter, RestrictedCellsReadBackBitwise) {
  std::vector<Matrix3> const cells = {{{{5, 0, 0}, {0, 5, 0}, {0, 0, 5}}},
                                      {{{1. / 3, 0, 0}, {25, 0.1, 0}, {-77, 31, 1e3}}},  // strongly skewed
                                      {{{5, 0, 0}, {0, 2, -3}, {0, 3, 2.1}}},
                                      {{{0.2, 3, 1}, {1, 0.1, 2}, {2, 1, 0.3}}}};
  for (Matrix3 const& cell : cells) {
    Structure const s = silica(cell, {true, true, true});
    expectSame(writtenAndRead(s), s);
    expectSame(writtenAndRead(s, {8, 14, 1}), s);
  }
}

TEST(LammpsDataWriter, LeftHandedCellsKeepTheirLattice) {
  Structure s = silica({{{5, 0, 0}, {0, 5, 0}, {1, 0, -5}}}, {true, true, true});
  Structure const read = writtenAndRead(s);
  s.cell[2] = {-1, 0, 5};
  EXPECT_EQ(read.cell, s.cell);
  EXPECT_EQ(read.positions, s.positions);
}

// Box vectors along directions that are not periodic, and atoms that lie inside.
TEST(LammpsDataWriter, MoleculesWiresAndSlabs) {
  double const tilted = 0.3;
  std::vector<Structure> const structures = {silica({}, {false, false, false}),
                                             silica({{{9, 0, 0}, {0, 9, 0}, {0, 0, 9}}}, {false, false, false}),
                                             silica({{{5, 0, 0}, {}, {}}}, {true, false, false}),
                                             silica({{{}, {tilted, 2, 1}, {}}}, {false, true, false}),
                                             silica({{{}, {}, {0, 0, 4}}}, {false, false, true}),
                                             silica({{{5, 0, 0}, {2, 5, 0}, {}}}, {true, true, false}),
                                             silica({{{5, 0, 0}, {2, 5, 0}, {1, 1, 50}}}, {true, true, false}),
                                             silica({{{5, 0, 0}, {}, {0, 1, 5}}}, {true, false, true}),
                                             silica({{{}, {5, tilted, 0}, {0, 1, 5}}}, {false, true, true})};
  for (Structure const& s : structures) {
    Structure const read = writtenAndRead(s);
    EXPECT_EQ(read.periodic, s.periodic);
    EXPECT_EQ(test::bitsOf(read.positions), test::bitsOf(s.positions));
    EXPECT_EQ(read.species, s.species);
    for (std::size_t d = 0; d < 3; ++d) {
      if (s.periodic[d]) {
        EXPECT_EQ(read.cell[d], s.cell[d]);
        continue;
      }
      for (std::size_t e = 0; e < 3; ++e) {
        double product = 0, lengths = 1;
        for (std::size_t x = 0; x < 3; ++x) product += read.cell[d][x] * read.cell[e][x];
        for (std::size_t k : {d, e}) lengths *= std::hypot(read.cell[k][0], read.cell[k][1], read.cell[k][2]);
        if (e != d) {
          EXPECT_NEAR(product / lengths, 0, 1e-15);  // normal: a few roundings
        }
      }
    }
    EXPECT_GT(determinant(read.cell), 0);
  }
  // A box that holds the atoms stays.
  Structure slab = silica({{{5, 0, 0}, {2, 5, 0}, {0, 0, 60}}}, {true, true, false});
  slab.positions[0][2] = 1;
  expectSame(writtenAndRead(slab), slab);
}

TEST(LammpsDataWriter, TypesAndMasses) {
  TemporaryFolder const folder;
  Structure s = silica({{{5, 0, 0}, {0, 5, 0}, {0, 0, 5}}}, {true, true, true});
  {
    auto const writer = openStructureWriter(folder / "a.lmp", {8, 1, 14});
    writer->write(s);
    EXPECT_NE(messageOf<InputError>([&] { writer->write(s); }).find("second frame"), std::string::npos);
    writer->close();
    std::string const text = contentOf(folder / "a.lmp");
    for (auto const* const part : {"3 atom types\n", "boundary = p p p\n", "\n1 15.999 # O\n2 1.008 # H\n3 28.085",
                                   "\n1 3 ", "\n2 1 ", "units = metal"})
      EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
  s.species = {-1, -3, -1};
  expectSame(writtenAndRead(s), s);
  auto const refused = [&](std::vector<std::int32_t> const& species, std::vector<std::int32_t> const& order) {
    s.species = species;
    auto const writer = openStructureWriter(folder / "b.data", order);
    return messageOf<InputError>([&] { writer->write(s); });
  };
  EXPECT_NE(refused({14, 8, 6}, {14, 8}).find("found C, expected an element of the order"), std::string::npos);
  EXPECT_NE(refused({14, -1, 14}, {}).find("found Si, expected elements or types without names"), std::string::npos);
  EXPECT_EQ(folder.count(), 1);
}

TEST(LammpsData, MalformedFilesAreRefused) {
  std::string const h = header;
  std::string const atoms = "Atoms # atomic\n\n1 1 0 0 0\n2 2 1 1 1\n";
  expectRefused(
      "a.data",
      {
          {"title\n", 1, "the end of the file, expected 'N atoms'"},
          {"ITEM: TIMESTEP\n0\n", 1, "(this is a dump)"},
          {"LAMMPS, units = real\n" + h.substr(6) + atoms, 1, "units = 'real' in the title, expected units = metal"},
          {"LAMMPS, boundary = p p x\n" + h.substr(6) + atoms, 1, "'x' as a boundary"},
          // the header
          {"t\n0 atoms\n", 2, "'0', expected a number from 1"},
          {"t\n-1 atoms\n", 2, "'-1'"},
          {"t\n1.5 atoms\n", 2, "'1.5'"},
          {"t\n2147483647 atoms\n", 2, "'2147483647'"},
          {"t\n2 atoms\n2 atoms\n", 3, "'atoms' a second time"},
          {"t\n1 atom types\nAtoms\n", 3, "without 'N atoms'"},
          {"t\n1 atoms\nAtoms\n", 3, "without 'N atom types'"},
          {"t\n1 atoms\n1 atom types\n0 1 xlo xhi\n0 1 ylo yhi\nAtoms\n", 6, "expected zlo zhi"},
          {"t\n1 atoms\n1 atom types\n1 0 0 avec\n0 1 0 bvec\nAtoms\n", 6, "expected cvec"},
          {h + "1 0 0 avec\n" + atoms, 9, "avec, bvec, cvec beside bounds"},
          {"t\n1 xlo xhi\n", 2, "'1 xlo xhi', expected a line of the header"},
          {"t\n1 1 xlo xhi\n", 2, "a lower bound below the upper one"},
          {"t\n0 inf xlo xhi\n", 2, "'inf', expected a number (Angstrom)"},
          {"t\n0 x xlo xhi\n", 2, "'x'"},
          {h + "0 5 xlo xhi\n", 8, "'xlo xhi' a second time"},
          {h + "0 0 xy xz yz\n", 8, "expected a line of the header"},
          {h + "0 0 nan xy xz yz\n", 8, "'nan'"},
          {h + "5 apples\n", 8, "'5 apples', expected a line of the header"},
          {h + "5\n", 8, "'5', expected a line of the header"},
          {h + "-5 bonds\n", 8, "'-5', expected a number of bonds"},
          {"t\n1 atoms\n1 atom types\n1 0 0 avec\n1 0 0 bvec\n0 0 1 cvec\nAtoms\n\n1 1 0 0 0\n", 1, "without volume"},
          // sections
          {h, 7, "the end of the file, expected a section Atoms"},
          {h + "Masses\n\n1 1\n2 1\n", 11, "expected a section Atoms"},
          {h + "Atom\n", 8, "'Atom', expected a section"},
          {h + "masses\n", 8, "'masses', expected a section"},
          {h + atoms + "Atoms\n", 12, "'Atoms' a second time"},
          {h + atoms + "3 1 0 0 0\n", 12, "'3 1 0 0 0', expected a section"},
          {h + "Masses\n\n1 1\n", 10, "expected type 2 of 2"},
          {h + "Masses\n\n1 0\n2 1\n", 10, "a positive mass"},
          {h + "Masses\n\n1 x\n2 1\n", 10, "'x', expected a mass"},
          {h + "Masses\n\n3 1\n2 1\n", 10, "'3', expected an atom type from 1 to 2"},
          {h + "Masses\n\n1\n2 1\n", 10, "a type and its mass"},
          {h + atoms + "Velocities\n\n1 0 0 0\n", 14, "expected line 2 of 2"},
          {h + atoms + "Velocities\n\n1 0 0 0\nBonds\n", 15, "expected line 2 of 2 of Velocities"},
          {h + "1 bonds\n" + atoms + "Bonds\n\n", 14, "expected line 1 of 1"},
          {h + "Atom Type Labels\n\n1 Si\n2 Si\n", 11, "'Si', expected a label"},
          {h + "Atom Type Labels\n\n1 Si\n2 7\n", 11, "'7', expected a label"},
          {h + "Atom Type Labels\n\n1\n", 10, "a type and its label"},
          {h + atoms + "Atom Type Labels\n\n1 a\n2 b\n", 12, "behind Masses or Atoms"},
          // atoms
          {h + "Atoms # sphere\n\n1 1 1 1 0 0 0\n", 8, "the atom style 'sphere'"},
          {h + "Atoms\n\n1 1 0 0 0 0\n2 1 0 0 0 0\n", 10, "6 words below 'Atoms' without a style"},
          {h + "Atoms # full\n\n1 1 0 0 0\n", 10, "with 7 words (style full)"},
          {h + "Atoms # atomic\n\n1 1 0 0\n", 10, "atom 1 of 2 with 5 words"},
          {h + "Atoms # atomic\n\n1 1 0 0 0 0\n", 10, "atom 1 of 2 with 5 words"},
          {h + "Atoms # atomic\n\n1 1 0 0 0\n", 10, "the end of the file, expected atom 2 of 2"},
          {h + "Atoms # atomic\n\n1 1 0 0 0\n1 1 1 1 1\n", 11, "the id 1 twice"},
          {h + "Atoms # atomic\n\n0 1 0 0 0\n", 10, "'0', expected an id"},
          {h + "Atoms # atomic\n\n1 3 0 0 0\n", 10, "'3', expected an atom type from 1 to 2"},
          {h + "Atoms # atomic\n\n1 0 0 0 0\n", 10, "'0', expected an atom type"},
          {h + "Atoms # atomic\n\n1 Si 0 0 0\n", 10, "'Si', expected an atom type"},
          {h + "Atoms # atomic\n\n1 1 0 nan 0\n", 10, "'nan', expected a coordinate"},
          {h + "Atoms # atomic\n\n1 1 0 0 1e999\n", 10, "'1e999'"},
          {h + "Atoms # atomic\n\n1 1 0 0 0 0.5 0 0\n", 10, "'0.5', expected an image flag"},
          {"t\n2147483646 atoms\n1 atom types\n0 1 xlo xhi\n0 1 ylo yhi\n0 1 zlo zhi\nAtoms\n\n1 1 0 0 0\n", 9,
           "atom 2 of 2147483646"},
      });
}

TEST(LammpsData, CutFilesNeverCrash) {
  // It reads without the last digits, the last line break or what follows the atoms.
  EXPECT_LT(test::readCutAtEveryByte("a.data", withAtoms(" # charge", "1 1 0.5 1 2 3\n2 2 0 4 5.5 6.25\n")), 5U);
}

}  // namespace
}  // namespace sinter
