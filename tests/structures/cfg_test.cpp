#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/structures/extxyz_writer.hpp"
#include "sinter/structures/reader.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

using test::expectRefused;
using test::expectSame;
using test::TemporaryFolder;

Structure readOne(std::string const& content) {
  TemporaryFolder const folder;
  auto frames = readStructures(folder.write("a.cfg", content));
  EXPECT_EQ(frames.size(), 1U);
  return frames.empty() ? Structure{} : frames[0];
}

std::string between(std::string const& content) { return "BEGIN_CFG\n" + content + "END_CFG\n"; }

constexpr auto atom = "Size\n1\nAtomData: id type cartes_x cartes_y cartes_z\n1 0 0 0 0\n";

// As MLIP-2 writes it.
constexpr auto whole = R"(BEGIN_CFG
 Size
    2
 Supercell
         2.000000      0.000000      0.000000
         0.000000      3.000000      0.000000
         0.000000      0.500000      4.000000
 AtomData:  id type       cartes_x      cartes_y      cartes_z           fx          fy          fz  nbh_grades
             1    0       0.000000      0.250000      0.500000     1.000000    2.000000    3.000000         nan
             2    1       1.000000      1.000000      1.000000    -1.000000   -2.000000   -3.000000       1e400
 Energy
        -55.837000000000
 PlusStress:  xx          yy          zz          yz          xz          xy
         1.00000     2.00000     3.00000     4.00000     5.00000     6.00000
 Feature   EFS_by	VASP
 Feature   config_type	liquid  hot
END_CFG

)";

TEST(Cfg, ReadsAWholeConfiguration) {
  Structure const s = readOne(whole);
  EXPECT_EQ(s.cell, (Matrix3{{{2, 0, 0}, {0, 3, 0}, {0, 0.5, 4}}}));
  EXPECT_EQ(s.periodic, (std::array{true, true, true}));
  EXPECT_EQ(s.positions, (std::vector<Vector3>{{0, 0.25, 0.5}, {1, 1, 1}}));
  EXPECT_EQ(s.forces, (std::vector<Vector3>{{1, 2, 3}, {-1, -2, -3}}));
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{-1, -2}));
  EXPECT_EQ(s.energy, -55.837);
  EXPECT_EQ(s.virial, (Voigt{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(s.config_type, "liquid  hot");
}

TEST(Cfg, ReadsSeveralConfigurations) {
  TemporaryFolder const folder;
  auto const frames = readStructures(folder.write("a.cfg", std::string(whole) + whole + "\n"));
  ASSERT_EQ(frames.size(), 2U);
  expectSame(frames[0], frames[1]);
  EXPECT_TRUE(readStructures(folder.write("a.cfg", "\n")).empty());
}

TEST(Cfg, FewerLatticeVectors) {
  EXPECT_EQ(readOne(between(atom)).periodic, (std::array{false, false, false}));
  EXPECT_EQ(readOne(between(std::string("Supercell\n") + atom)).periodic, (std::array{false, false, false}));
  Structure const wire = readOne(between(std::string("SuperCell\n1 2 3\n") + atom));
  EXPECT_EQ(wire.periodic, (std::array{true, false, false}));
  EXPECT_EQ(wire.cell, (Matrix3{{{1, 2, 3}, {0, 0, 0}, {0, 0, 0}}}));
  EXPECT_EQ(readOne(between(std::string(atom) + "Supercell\n1 2 3\n0 1 0\n")).periodic,
            (std::array{true, true, false}));
}

TEST(Cfg, ColumnsInAnyOrderAndAtomsInTheOrderOfIds) {
  Structure const s =
      readOne(between("Size\n3\nAtomData: fz type site_en fy cartes_z id cartes_y fx cartes_x\n"
                      "3 0 -1 2 30 3 20 1 10\n6 1 -1 5 31 1 21 4 11\n9 2 -1 8 32 2 22 7 12\n"));
  EXPECT_EQ(s.positions, (std::vector<Vector3>{{11, 21, 31}, {12, 22, 32}, {10, 20, 30}}));
  EXPECT_EQ(s.forces, (std::vector<Vector3>{{4, 5, 6}, {7, 8, 9}, {1, 2, 3}}));
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{-2, -3, -1}));
  EXPECT_EQ(readOne(between("Size 1\nAtomData: type cartes_x cartes_y cartes_z\n0 1 2 3\n")).positions[0],
            (Vector3{1, 2, 3}));
}

TEST(Cfg, DirectCoordinates) {
  std::string const atoms = "Size\n1\nAtomData: id type direct_x direct_y direct_z\n1 0 0.5 0.25 -1\n";
  std::string const cell = "Supercell\n2 0 0\n4 8 0\n1 2 3\n";
  Vector3 const expected = {1 + 1 - 1, 2 - 2, -3};
  EXPECT_EQ(readOne(between(cell + atoms)).positions[0], expected);
  EXPECT_EQ(readOne(between(atoms + cell)).positions[0], expected);
}

TEST(Cfg, VirialInTheOrderThatTheLineNames) {
  EXPECT_EQ(readOne(between(std::string(atom) + "PlusStress: xy xx yz zz xz yy\n6 1 4 3 5 2\n")).virial,
            (Voigt{1, 2, 3, 4, 5, 6}));
}

TEST(Cfg, RoundTripThroughExtendedXyzIsBitwise) {
  TemporaryFolder const folder;
  Structure const s = readOne(whole);
  ExtxyzWriter writer(folder / "a.xyz");
  writer.write(s);
  writer.close();
  expectSame(readStructures(folder / "a.xyz").at(0), s);
}

TEST(Cfg, MalformedFilesAreRefused) {
  std::string const a = atom;
  std::string const header = "Size\n2\nAtomData: id type cartes_x cartes_y cartes_z\n";
  expectRefused(
      "a.cfg",
      {
          {"Size\n1\n", 1, "'Size', expected BEGIN_CFG"},
          {"Number of particles = 8\n", 1, "expected BEGIN_CFG"},
          {between(a) + "END_CFG\n", 7, "'END_CFG', expected BEGIN_CFG"},
          {"BEGIN_CFG\n", 1, "the end of the file in the configuration begun at line 1"},
          {"BEGIN_CFG\nSize\n", 2, "the end of the file"},
          {"BEGIN_CFG\n" + a, 5, "expected END_CFG"},
          {"BEGIN_CFG\n" + a + "BEGIN_CFG\n", 6, "'BEGIN_CFG'"},
          {between(""), 2, "Size and AtomData: before it"},
          {between("Size\n1\n"), 4, "Size and AtomData: before it"},
          // Size
          {between("Size\n0\n"), 3, "'0', expected the number of atoms"},
          {between("Size\n-3\n"), 3, "'-3'"},
          {between("Size\n1.5\n"), 3, "'1.5'"},
          {between("Size\n1 2\n"), 3, "'1 2'"},
          {between("Size\n2147483648\n"), 3, "'2147483648'"},
          {between(a + "Size\n1\n"), 6, "'Size' a second time"},
          {between("AtomData: id type cartes_x cartes_y cartes_z\n1 0 0 0 0\n"), 2, "Size before it"},
          // the cell
          {between("Supercell\n1 0 0\n0 1 0\n0 0 1\n1 1 1\n" + a), 6, "a fourth lattice vector"},
          {between("Supercell\n1 0\n" + a), 3, "'1 0', expected a lattice vector"},
          {between("Supercell\n1 0 x\n" + a), 3, "'x', expected a lattice vector"},
          {between("Supercell\n1 0 nan\n" + a), 3, "'nan', expected a lattice vector"},
          {between("Supercell 1 0 0\n" + a), 2, "Supercell alone"},
          {between("Supercell\n0 0 0\n" + a), 1, "zero lattice vector 1"},
          {between("Supercell\n1 0 0\n0 1 0\n1 1 0\n" + a), 1, "without volume"},
          {between("Supercell\n" + a + "SuperCell\n"), 7, "'Supercell' a second time"},
          // the atoms
          {between("Size\n1\nAtomData: id cartes_x cartes_y cartes_z\n1 0 0 0\n"), 4, "without the column type"},
          {between("Size\n1\nAtomData: id type fx fy fz\n1 0 0 0 0\n"), 4, "without positions"},
          {between("Size\n1\nAtomData: id type cartes_x cartes_y\n1 0 0 0\n"), 4, "all of cartes_x cartes_y cartes_z"},
          {between("Size\n1\nAtomData: id type cartes_x cartes_y cartes_z fx fy\n1 0 0 0 0 0 0\n"), 4,
           "all of fx fy fz"},
          {between("Size\n1\nAtomData: id type type cartes_x cartes_y cartes_z\n1 0 0 0 0 0\n"), 4,
           "column type twice"},
          {between(header + "1 0 0 0 0\n"), 6, "'END_CFG', expected atom 2 of 2"},
          {between(header + "1 0 0 0 0\n2 0 0 0\n"), 6, "'2 0 0 0', expected atom 2 of 2 with 5 columns"},
          {between(header + "1 0 0 0 0\n2 0 0 0 0 0\n"), 6, "with 5 columns"},
          {between(header + "1 0 0 0 0\n2 0 0 0 0\n3 0 0 0 0\n"), 7, "'3'"},
          {between(header + "1 0 0 0 0\n1 0 1 1 1\n"), 6, "the id 1 twice"},
          {between(header + "0 0 0 0 0\n1 0 1 1 1\n"), 5, "'0', expected an id from 1 to 2"},
          {between(header + "1 0 0 0 0\n3 0 1 1 1\n"), 6, "'3', expected an id from 1 to 2"},
          {between(header + "1 -1 0 0 0\n2 0 1 1 1\n"), 5, "'-1', expected an atom type"},
          {between(header + "1 Si 0 0 0\n2 0 1 1 1\n"), 5, "'Si', expected an atom type"},
          {between(header + "1 2147483647 0 0 0\n2 0 1 1 1\n"), 5, "'2147483647'"},
          {between(header + "1 0 nan 0 0\n2 0 1 1 1\n"), 5, "'nan', expected a coordinate"},
          {between(header + "1 0 0 1e999 0\n2 0 1 1 1\n"), 5, "'1e999'"},
          {between("Size\n1\nAtomData: type cartes_x cartes_y cartes_z fx fy fz\n0 0 0 0 0 0 inf\n"), 5, "a force"},
          {"BEGIN_CFG\nSize\n2147483647\nAtomData: type cartes_x cartes_y cartes_z\n0 0 0 0\n", 5,
           "atom 2 of 2147483647"},
          {between("Size\n1\nAtomData: id type direct_x direct_y direct_z\n1 0 0 0 0\n"), 6, "without a cell"},
          // labels
          {between(a + "Energy\nnan\n"), 7, "'nan', expected the energy (eV)"},
          {between(a + "Energy\n1 2\n"), 7, "'1 2'"},
          {between(a + "Energy\n1\nEnergy\n1\n"), 8, "'Energy' a second time"},
          {between(a + "Stress: xx yy zz yz xz xy\n1 2 3 4 5 6\n"), 6, "'PlusStress:', which has the opposite sign"},
          {between(a + "PlusStress: xx yy zz yz xz\n1 2 3 4 5\n"), 6, "PlusStress: with xx yy zz yz xz xy"},
          {between(a + "PlusStress: xx yy zz yz xz xz\n1 2 3 4 5 6\n"), 6, "xz twice"},
          {between(a + "PlusStress: xx yy zz yz xz ab\n1 2 3 4 5 6\n"), 6, "PlusStress: with"},
          {between(a + "PlusStress: xx yy zz yz xz xy\n1 2 3 4 5\n"), 7, "six numbers"},
          {between(a + "PlusStress: xx yy zz yz xz xy\n1 2 3 4 5 inf\n"), 7, "'inf'"},
          {between(a + "Weight\n1\n"), 6, "'Weight', expected Size, Supercell"},
      });
}

TEST(Cfg, CutFilesNeverCrash) {
  // It reads: no configuration (empty), or one and the end of the second's blank lines.
  EXPECT_LT(test::readCutAtEveryByte("a.cfg", std::string(whole) + whole), 10U);
}

TEST(CfgSharedData, CountsAreThoseOfTheManifest) {
  auto const data = test::sharedData();
  if (data.empty()) GTEST_SKIP() << "no shared data folder (SINTER_SHARED_DATA)";
  // Named in README.md only.
  test::expectManifestCounts(data, ".cfg",
                             {{"mtp_oracle/motep/crystals_multi_10/out_with_nbh_grades.cfg.xz", {1001, 27027}}});
}

}  // namespace
}  // namespace sinter
