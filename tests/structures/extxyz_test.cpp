#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/structures/extxyz_writer.hpp"
#include "sinter/structures/reader.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

using test::contentOf;
using test::expectRefused;
using test::expectSame;
using test::Malformed;
using test::messageOf;
using test::TemporaryFolder;

constexpr auto cube = R"(Lattice="2 0 0 0 3 0 0 0 4" )";
constexpr auto usual = "Properties=species:S:1:pos:R:3 ";

Structure readOne(std::string const& content, LabelKeys const& keys = {}) {
  TemporaryFolder const folder;
  auto frames = readStructures(folder.write("a.extxyz", content), keys);
  EXPECT_EQ(frames.size(), 1U);
  return frames.empty() ? Structure{} : frames[0];
}

// A frame of one silicon atom with `comment` as its second line.
Structure readComment(std::string const& comment, LabelKeys const& keys = {}) {
  return readOne("1\n" + comment + "\nSi 0 0 0\n", keys);
}

TEST(Extxyz, ReadsAWholeFrame) {
  Structure const s = readOne(
      "2\n"
      R"(Lattice="0 2.7 2.7 2.7 0 2.7 2.7 2.7 0.5" Properties=id:I:1:forces:R:3:species:S:1:free:L:1:pos:R:3 )"
      R"(energy=-10.25 virial="1 2 3 2 5 6 3 6 9" config_type="liquid \"hot\"" pbc="T F T" checked)"
      "\n7 1 2 3 Si T +0.5 -1e-3 .25\n8 4 5 6 O F 1 1 1\n");
  EXPECT_EQ(s.cell, (Matrix3{{{0, 2.7, 2.7}, {2.7, 0, 2.7}, {2.7, 2.7, 0.5}}}));
  EXPECT_EQ(s.periodic, (std::array{true, false, true}));
  EXPECT_EQ(s.positions, (std::vector<Vector3>{{0.5, -1e-3, 0.25}, {1, 1, 1}}));
  EXPECT_EQ(s.forces, (std::vector<Vector3>{{1, 2, 3}, {4, 5, 6}}));
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{14, 8}));
  EXPECT_EQ(s.energy, -10.25);
  EXPECT_EQ(s.virial, (Voigt{1, 5, 9, 6, 3, 2}));
  EXPECT_EQ(s.config_type, "liquid \"hot\"");
}

TEST(Extxyz, ReadsSeveralFramesWithBlankLinesBetweenAndAfter) {
  TemporaryFolder const folder;
  std::string const frame = std::string("1\r\n") + cube + usual + "\r\nSi 0 0 0\r\n";
  auto const frames = readStructures(folder.write("a.xyz", frame + "\n" + frame + frame + "\n \n"));
  ASSERT_EQ(frames.size(), 3U);
  expectSame(frames[0], frames[2]);
  EXPECT_TRUE(readStructures(folder.write("a.xyz", "")).empty());
}

TEST(Extxyz, ReadsPlainXyz) {
  Structure const s = readOne("2\nit's \"free text, a=\nSi 1 2 3 0.4 more\n8 4 5 6\n");
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{14, 8}));
  EXPECT_EQ(s.positions, (std::vector<Vector3>{{1, 2, 3}, {4, 5, 6}}));
  EXPECT_EQ(s.periodic, (std::array{false, false, false}));
  EXPECT_TRUE(s.forces.empty());
  EXPECT_EQ(readOne("1\n\nSi 1 2 3").size(), 1U);
  EXPECT_EQ(readOne("1\nenergy = -1.5\nSi 1 2 3").energy, -1.5);
}

TEST(Extxyz, ReadsValuesInAllTheirForms) {
  for (auto const* const virial :
       {"virial=\"1 6 5 6 2 4 5 4 3\"", "virial={1 6 5 6 2 4 5 4 3}", "virial=[[1,6,5],[6,2,4],[5,4,3]]",
        "virial = '1 2 3 4 5 6'", "virial=\"_JSON [[1, 6, 5], [6, 2, 4], [5, 4, 3]]\"", "\"virial\"=[1, 2, 3, 4, 5, 6]",
        "virial=\"1 6.5 5.5 5.5 2 4.5 4.5 3.5 3\""})
    EXPECT_EQ(readComment(std::string(usual) + virial + " other").virial, (Voigt{1, 2, 3, 4, 5, 6})) << virial;
  for (auto const* const pbc : {"pbc=\"T T F\"", "pbc=[True, True, False]", "pbc=\"1 1 0\"", "pbc={true true false}"})
    EXPECT_EQ(readComment(std::string(cube) + usual + pbc).periodic, (std::array{true, true, false})) << pbc;
  EXPECT_EQ(readComment(std::string(cube) + usual).periodic, (std::array{true, true, true}));
  EXPECT_EQ(readComment(std::string(usual) + "note=**** energy=1e-400 e=nan").energy, 0.0);
}

TEST(Extxyz, ReadsAtomicNumbersAndUnnamedTypes) {
  EXPECT_EQ(readOne("1\nProperties=Z:I:1:pos:R:3\n14 0 0 0").species[0], 14);
  EXPECT_EQ(readOne("1\nProperties=pos:R:3:numbers:I:1\n0 0 0 8").species[0], 8);
  EXPECT_EQ(readOne("1\nProperties=Z:I:1:species:S:1:pos:R:3\n0 Ge 0 0 0").species[0], 32);
  EXPECT_EQ(readOne("2\n" + std::string(usual) + "\nX0 0 0 0\nX11 1 1 1\n").species,
            (std::vector<std::int32_t>{-1, -12}));
  EXPECT_EQ(readOne("1\n\nXe 0 0 0").species[0], 54);
}

TEST(Extxyz, LabelsUnderTheirUsualNames) {
  for (auto const* const name : {"energy", "dft_energy", "DFT_energy", "REF_energy", "Energy"})
    EXPECT_EQ(readComment(usual + std::string(name) + "=-2").energy, -2.0) << name;
  for (auto const* const name : {"virial", "dft_virial", "virials", "REF_virial"})
    EXPECT_EQ(readComment(usual + std::string(name) + "=\"1 2 3 4 5 6\"").virial, (Voigt{1, 2, 3, 4, 5, 6})) << name;
  for (auto const* const name : {"forces", "force", "dft_force", "dft_forces", "DFT_forces", "REF_forces"})
    EXPECT_EQ(readOne("1\nProperties=species:S:1:pos:R:3:" + std::string(name) + ":R:3\nSi 0 0 0 1 2 3").forces,
              (std::vector<Vector3>{{1, 2, 3}}))
        << name;
  // The first of the list counts, not the first of the line.
  EXPECT_EQ(readComment(std::string(usual) + "REF_energy=1 energy=2").energy, 2.0);
  EXPECT_EQ(readOne("1\nProperties=species:S:1:pos:R:3:dft_force:R:3:forces:R:3\nSi 0 0 0 1 2 3 4 5 6").forces[0],
            (Vector3{4, 5, 6}));
}

TEST(Extxyz, LabelsUnderTheUsersNames) {
  LabelKeys const keys{.energy = "e_gap", .force = "f_gap", .virial = "w_gap"};
  std::string const first =
      "1\nProperties=species:S:1:pos:R:3:forces:R:3:f_gap:R:3 energy=1 e_gap=2 virial=\"9 9 9 9 9 9\" w_gap=\"1 2 3 4 "
      "5 "
      "6\"\nSi 0 0 0 7 7 7 1 2 3\n";
  Structure const s = readOne(first, keys);
  EXPECT_EQ(s.energy, 2.0);
  EXPECT_EQ(s.virial, (Voigt{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(s.forces[0], (Vector3{1, 2, 3}));
  // A frame without them has no labels: the usual names do not step in.
  Structure const none = readOne("1\nProperties=species:S:1:pos:R:3:forces:R:3 energy=1\nSi 0 0 0 7 7 7\n", keys);
  EXPECT_FALSE(none.energy || none.virial);
  EXPECT_TRUE(none.forces.empty());
}

TEST(Extxyz, StressHasTheSignOfAse) {
  // ASE: sigma = -W / V; the volume is 24 A^3, products of small integers are exact.
  std::string const comment = std::string(cube) + usual;
  EXPECT_EQ(readComment(comment + "stress=\"1 2 3 4 5 6\"").virial, (Voigt{-24, -48, -72, -96, -120, -144}));
  EXPECT_EQ(readComment(comment + "dft_stress=\"1 6 5 6 2 4 5 4 3\"").virial, (Voigt{-24, -48, -72, -96, -120, -144}));
  EXPECT_EQ(readComment(comment + "stress=\"1 2 3 4 5 6\" dft_virial=\"1 2 3 4 5 6\"").virial,
            (Voigt{1, 2, 3, 4, 5, 6}));
  // Also under a name of the user's, and for a left-handed cell.
  EXPECT_EQ(readComment(comment + "gap_stress=\"1 2 3 4 5 6\"", {.energy = "", .force = "", .virial = "gap_stress"})
                .virial.value()[0],
            -24);
  EXPECT_EQ(readComment("Lattice=\"0 3 0 2 0 0 0 0 4\" Properties=species:S:1:pos:R:3 stress=\"1 2 3 4 5 6\"")
                .virial.value()[0],
            -24);
  EXPECT_FALSE(readComment(std::string(usual) + "stress=\"1 2 3 4 5 6\"").virial.has_value());
}

TEST(Extxyz, MalformedFilesAreRefused) {
  std::string const p = std::string(usual) + "\n";
  expectRefused(
      "a.extxyz",
      {
          // the count
          {"Si\n" + p + "Si 0 0 0\n", 1, "'Si'"},
          {"-1\n" + p, 1, "'-1'"},
          {"0\n" + p, 1, "'0'"},
          {"2.0\n" + p, 1, "'2.0'"},
          {"1 2\n" + p, 1, "alone on its line"},
          {"2147483648\n" + p, 1, "1 to 2147483647"},
          {"99999999999999999999999\n" + p, 1, "1 to 2147483647"},
          {"2147483647\n" + p + "Si 0 0 0\n", 3, "the end of the file, expected atom 2 of 2147483647"},
          {"1\n", 1, "the end of the file, expected a comment line"},
          {"1\n" + p + "Si 0 0 0\nSi 0 0 0\n", 4, "'Si 0 0 0'"},
          {"3\n" + p + "Si 0 0 0\nSi 0 0 0\n1\n", 5, "1 columns, expected 4 for atom 3 of 3"},
          // keys and values
          {"1\nProperties=species:S:1:pos:R:3 a=\"b\nSi 0 0 0\n", 2, "a closing \""},
          {"1\nProperties=species:S:1:pos:R:3 a=[[1,2]\nSi 0 0 0\n", 2, "a closing ]"},
          {"1\nProperties=species:S:1:pos:R:3 a={1\nSi 0 0 0\n", 2, "a closing }"},
          {"1\nProperties=species:S:1:pos:R:3 =3\nSi 0 0 0\n", 2, "'=' without a key"},
          {"1\nProperties=species:S:1:pos:R:3 a=\nSi 0 0 0\n", 2, "'=' without a value"},
          {"1\nProperties=species:S:1:pos:R:3 energy=1 energy=2\nSi 0 0 0\n", 2, "energy twice"},
          // the cell
          {"1\nLattice=\"1 0 0 0 1 0 0 0\" " + p + "Si 0 0 0\n", 2, "8 numbers in Lattice"},
          {"1\nLattice=\"1 0 0 0 1 0 0 0 b\" " + p + "Si 0 0 0\n", 2, "'b' in Lattice"},
          {"1\nLattice=\"1 0 0 0 1 0 0 0 nan\" " + p + "Si 0 0 0\n", 2, "'nan' in Lattice"},
          {"1\nLattice=\"\" " + p + "Si 0 0 0\n", 2, "no value for Lattice"},
          {"1\nLattice=\"1 0 0 0 1 0 0 0 0\" " + p + "Si 0 0 0\n", 1, "zero lattice vector 3"},
          {"1\nLattice=\"1 0 0 0 1 0 1 1 0\" " + p + "Si 0 0 0\n", 1, "without volume"},
          {"1\npbc=\"T T T\" " + p + "Si 0 0 0\n", 1, "zero lattice vector"},
          {"1\npbc=\"T T\" " + p + "Si 0 0 0\n", 2, "three of T and F"},
          {"1\npbc=\"T T Y\" " + p + "Si 0 0 0\n", 2, "'Y' in pbc"},
          // labels
          {"1\nenergy=abc " + p + "Si 0 0 0\n", 2, "'abc' in energy"},
          {"1\nenergy=nan " + p + "Si 0 0 0\n", 2, "'nan' in energy"},
          {"1\nenergy=-inf " + p + "Si 0 0 0\n", 2, "'-inf' in energy"},
          {"1\nenergy=1e999 " + p + "Si 0 0 0\n", 2, "'1e999' in energy"},
          {"1\nenergy=\"1 2\" " + p + "Si 0 0 0\n", 2, "2 numbers in energy"},
          {"1\nenergy " + p + "Si 0 0 0\n", 2, "'T' in energy"},
          {"1\nenergy=1,5 " + p + "Si 0 0 0\n", 2, "2 numbers in energy"},
          {"1\nvirial=\"1 2 3 4 5\" " + p + "Si 0 0 0\n", 2, "5 numbers in virial"},
          {"1\nvirial=\"1 2 3 4 5 ***\" " + p + "Si 0 0 0\n", 2, "'***' in virial"},
          {"1\nstress=\"1 2 3 4 5 6 7\" " + p + "Si 0 0 0\n", 2, "7 numbers in stress"},
          // the columns
          {"1\nProperties=species:S:1:pos:R\nSi 0 0 0\n", 2, "Properties=name:type:columns"},
          {"1\nProperties\nSi 0 0 0\n", 2, "Properties='T'"},
          {"1\nProperties=species:S:1:pos:Q:3\nSi 0 0 0\n", 2, "'Q' in Properties"},
          {"1\nProperties=species:S:1:pos:R:0\nSi 0 0 0\n", 2, "'0', expected a number of columns"},
          {"1\nProperties=species:S:1:pos:R:4000000000\nSi 0 0 0\n", 2, "'4000000000'"},
          {"1\nProperties=species:S:1:pos:R:2\nSi 0 0\n", 2, "2 columns of pos, expected 3"},
          {"1\nProperties=species:S:1\nSi\n", 2, "without pos"},
          {"1\nProperties=pos:R:3\n0 0 0\n", 2, "without species"},
          {"1\nProperties=species:S:1:pos:R:3:pos:R:3\nSi 0 0 0 0 0 0\n", 2, "pos twice"},
          {"1\nProperties=species:S:1:pos:R:3:forces:R:1\nSi 0 0 0 0\n", 2, "1 columns of forces, expected 3"},
          // the atoms
          {"1\n" + p + "Si 0 0\n", 3, "3 columns, expected 4 for atom 1 of 1"},
          {"1\n" + p + "Si 0 0 0 1\n", 3, "5 columns, expected 4"},
          {"1\n" + p + "\n", 3, "0 columns"},
          {"1\n" + p + "Qq 0 0 0\n", 3, "'Qq', expected a chemical symbol"},
          {"1\n" + p + "si 0 0 0\n", 3, "'si'"},
          {"1\n" + p + "14 0 0 0\n", 3, "'14'"},
          {"1\n" + p + "X-1 0 0 0\n", 3, "'X-1'"},
          {"1\n" + p + "X99999999999 0 0 0\n", 3, "'X99999999999'"},
          {"1\n" + p + "Si 0 nan 0\n", 3, "'nan', expected a coordinate"},
          {"1\n" + p + "Si 0 inf 0\n", 3, "'inf', expected a coordinate"},
          {"1\n" + p + "Si 0 0,5 0\n", 3, "'0,5'"},
          {"1\n" + p + std::string("Si 0 \0 0\n", 9), 3, "'?'"},
          {"1\nProperties=species:S:1:pos:R:3:forces:R:3\nSi 0 0 0 0 NaN 0\n", 3, "'NaN', expected a force"},
          {"1\nProperties=Z:I:1:pos:R:3\n0 0 0 0\n", 3, "'0', expected an atomic number"},
          {"1\nProperties=Z:I:1:pos:R:3\n119 0 0 0\n", 3, "'119'"},
          {"1\nProperties=Z:I:1:pos:R:3\nSi 0 0 0\n", 3, "'Si', expected an atomic number"},
          {"1\nplain\nSi 0 0\n", 3, "3 columns, expected 4 or more"},
      });
  expectRefused("a.xyz", {{"1\nProperties=species:S:1:pos:R:3:id:I:1\nSi 0 0 0 5\n", 2, "1 columns of id, expected 3"}},
                {.energy = "", .force = "id", .virial = ""});
}

TEST(Extxyz, UnknownKindsAreRefused) {
  TemporaryFolder const folder;
  for (auto const* const name : {"a.poscar", "a", "a.cif", "a.xyz.zip"}) {
    std::string const file = folder.write(name, "1\n\nSi 0 0 0\n");
    std::string const message = messageOf<InputError>([&] { (void)openStructureFile(file); });
    EXPECT_NE(message.find("unknown kind"), std::string::npos) << message;
  }
  EXPECT_EQ(readStructures(folder.write("A.XYZ", "1\n\nSi 0 0 0\n")).size(), 1U);
}

TEST(Extxyz, CutFilesNeverCrash) {
  std::string const frame = std::string("2\n") + cube +
                            "Properties=species:S:1:pos:R:3:forces:R:3 energy=-1.5 virial=[[1,2,3],[2,5,6],[3,6,9]] "
                            "config_type='a b' pbc=\"T T T\"\nSi 0 0 0 1 2 3\nO 1 1 1 4 5 6\n";
  // It reads: nothing, a first frame whose last number is whole, and that with the second frame cut likewise.
  EXPECT_LT(test::readCutAtEveryByte("a.extxyz", frame + frame), 12U);
}

Structure randomStructure(std::mt19937_64& random, std::size_t size) {
  std::uniform_real_distribution<double> mantissa(-1, 1);
  std::uniform_int_distribution<int> exponent(-40, 12);
  auto const number = [&] { return std::ldexp(mantissa(random), exponent(random)); };
  Structure s;
  s.cell = {{{5 + mantissa(random), number() / 1e6, 0}, {-0.0, 4 + mantissa(random), 1. / 3}, {1e-45, 0.1, 6.5}}};
  s.periodic = {true, random() % 2 == 0, true};
  for (std::size_t i = 0; i < size; ++i) {
    s.positions.push_back({number(), number(), number()});
    s.forces.push_back({number(), -0.0, std::numeric_limits<double>::denorm_min() * static_cast<double>(random() % 9)});
    s.species.push_back(random() % 4 == 0 ? -1 - static_cast<int>(random() % 5) : 1 + static_cast<int>(random() % 118));
  }
  s.energy = number();
  s.virial = Voigt{number(), number(), 1e300, std::numeric_limits<double>::max(), number(), number()};
  return s;
}

TEST(ExtxyzWriter, ReadBackBitwiseTheSame) {
  TemporaryFolder const folder;
  std::mt19937_64 random(7);
  std::vector<Structure> frames;
  for (std::size_t const size : {1U, 2U, 17U, 300U}) frames.push_back(randomStructure(random, size));
  for (auto const* const type :
       {"liquid", "two words", "a \"quote\"", "back\\slash\\n", "a=b", "new\nline", "{[", "'", "\xC3\xA9"}) {
    Structure s = randomStructure(random, 3);
    s.config_type = type;
    frames.push_back(s);
  }
  Structure molecule = randomStructure(random, 4);
  molecule.cell = {};
  molecule.periodic = {};
  frames.push_back(molecule);
  Structure bare = randomStructure(random, 4);
  bare.energy.reset();
  bare.virial.reset();
  bare.forces.clear();
  frames.push_back(bare);

  ExtxyzWriter writer(folder / "a.extxyz");
  for (auto const& frame : frames) writer.write(frame);
  writer.close();
  auto const read = readStructures(folder / "a.extxyz");
  ASSERT_EQ(read.size(), frames.size());
  for (std::size_t k = 0; k < frames.size(); ++k) {
    SCOPED_TRACE("frame " + std::to_string(k));
    expectSame(read[k], frames[k]);
  }
}

TEST(ExtxyzWriter, LayoutWithReferenceAndColumns) {
  TemporaryFolder const folder;
  Structure s;
  s.cell = {{{2, 0, 0}, {0, 3, 0}, {0, 0, 4}}};
  s.periodic = {true, true, false};
  s.positions = {{0, 0.5, 1}, {1, 1, 1}};
  s.species = {14, -2};
  s.energy = -1;
  s.forces = {{1, 2, 3}, {4, 5, 6}};
  s.virial = Voigt{1, 2, 3, 4, 5, 6};
  s.config_type = "a b";
  Structure reference = s;
  reference.energy = -2;
  reference.forces = {{7, 7, 7}, {8, 8, 8}};
  reference.virial = Voigt{6, 5, 4, 3, 2, 1};
  std::vector<double> const site = {-0.25, -0.75};
  std::vector<ExtxyzWriter::AtomColumn> const columns = {{"site_energy", site}};
  ExtxyzWriter writer(folder / "a.xyz");
  writer.write(s, columns, &reference);
  writer.close();
  EXPECT_EQ(contentOf(folder / "a.xyz"),
            "2\nLattice=\"2 0 0 0 3 0 0 0 4\" "
            "Properties=species:S:1:pos:R:3:forces:R:3:ref_forces:R:3:site_energy:R:1 "
            "energy=-1 virial=\"1 6 5 6 2 4 5 4 3\" ref_energy=-2 ref_virial=\"6 1 2 1 5 3 2 3 4\" "
            "config_type=\"a b\" pbc=\"T T F\"\n"
            "Si 0 0.5 1 1 2 3 7 7 7 -0.25\nX1 1 1 1 4 5 6 8 8 8 -0.75\n");
  expectSame(readStructures(folder / "a.xyz").at(0), s);
  LabelKeys const keys{.energy = "ref_energy", .force = "ref_forces", .virial = "ref_virial"};
  expectSame(readStructures(folder / "a.xyz", keys).at(0), reference);
}

TEST(ExtxyzWriter, WritesColumnsOfSeveralNumbersPerAtom) {
  TemporaryFolder const folder;
  Structure s;
  s.positions = {{0, 0, 0}, {1, 0, 0}};
  s.species = {14, 14};
  std::vector<double> const deviations = {0.5, 0.25, 0.125, 1, 2, 3};
  std::vector<ExtxyzWriter::AtomColumn> const columns = {{"forces_std", deviations, 3}};
  ExtxyzWriter writer(folder / "a.xyz");
  writer.write(s, columns);
  writer.close();
  EXPECT_EQ(contentOf(folder / "a.xyz"),
            "2\nProperties=species:S:1:pos:R:3:forces_std:R:3 pbc=\"F F F\"\n"
            "Si 0 0 0 0.5 0.25 0.125\nSi 1 0 0 1 2 3\n");
}

TEST(ExtxyzWriter, LeavesNothingBehindWithoutClose) {
  TemporaryFolder const folder;
  std::mt19937_64 random(1);
  {
    ExtxyzWriter writer(folder / "a.xyz");
    writer.write(randomStructure(random, 2));
  }
  EXPECT_EQ(folder.count(), 0);
}

TEST(ExtxyzWriter, RefusesWhatCouldNotBeRead) {
  TemporaryFolder const folder;
  ExtxyzWriter writer(folder / "a.xyz");
  std::mt19937_64 random(1);
  Structure const good = randomStructure(random, 2);
  auto const refused = [&](Structure const& s, std::span<ExtxyzWriter::AtomColumn const> columns = {}) {
    return messageOf<InputError>([&] { writer.write(s, columns); });
  };
  EXPECT_NE(refused({}).find("without atoms"), std::string::npos);
  Structure s = good;
  s.species[1] = 119;
  EXPECT_NE(refused(s).find("species 119"), std::string::npos);
  s = good;
  s.forces.pop_back();
  EXPECT_NE(refused(s).find("1 forces for 2 atoms"), std::string::npos);
  std::vector<double> const one = {1}, two = {1, 2};
  EXPECT_NE(refused(good, std::array{ExtxyzWriter::AtomColumn{"q", one}}).find("column q"), std::string::npos);
  EXPECT_NE(refused(good, std::array{ExtxyzWriter::AtomColumn{"q", two, 3}}).find("expected 3 per atom"),
            std::string::npos);
  EXPECT_NE(refused(good, std::array{ExtxyzWriter::AtomColumn{"pos", two}}).find("'pos'"), std::string::npos);
  EXPECT_NE(refused(good, std::array{ExtxyzWriter::AtomColumn{"a b", two}}).find("'a b'"), std::string::npos);
}

TEST(ExtxyzSharedData, CountsAreThoseOfTheManifest) {
  auto const data = test::sharedData();
  if (data.empty()) GTEST_SKIP() << "no shared data folder (SINTER_SHARED_DATA)";
  test::expectManifestCounts(data, "xyz", {});
}

TEST(ExtxyzSharedData, VirialAndStressOfGap18Agree) {
  auto const data = test::sharedData();
  if (data.empty()) GTEST_SKIP() << "no shared data folder (SINTER_SHARED_DATA)";
  std::string const file = data / "si_gap18/rss_gap18_test.extxyz";
  auto const by_virial = readStructures(file, {.energy = "", .force = "", .virial = "virial"});
  auto const by_stress = readStructures(file, {.energy = "", .force = "", .virial = "stress"});
  ASSERT_EQ(by_virial.size(), by_stress.size());
  std::size_t compared = 0;
  for (std::size_t k = 0; k < by_virial.size(); ++k) {
    if (!by_virial[k].virial || !by_stress[k].virial) continue;
    ++compared;
    double largest = 0;
    for (double const w : *by_virial[k].virial) largest = std::max(largest, std::abs(w));
    for (std::size_t c = 0; c < 6; ++c)  // both are printed with ten digits
      EXPECT_NEAR((*by_virial[k].virial)[c], (*by_stress[k].virial)[c], 2e-9 * largest) << "frame " << k;
  }
  EXPECT_GT(compared, 100U);
}

}  // namespace
}  // namespace sinter
