#include "sinter/core/structure.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "temporary_folder.hpp"

namespace sinter {
namespace {

using test::messageOf;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

Structure silicon() {
  Structure s;
  s.cell = {{{0, 2.7, 2.7}, {2.7, 0, 2.7}, {2.7, 2.7, 0}}};
  s.periodic = {true, true, true};
  s.positions = {{0, 0, 0}, {1.35, 1.35, 1.35}};
  s.species = {14, 14};
  s.energy = -10.5;
  s.forces = {{0, 0, 1}, {0, 0, -1}};
  s.virial = Voigt{1, 2, 3, 4, 5, 6};
  return s;
}

TEST(Structure, VolumeIsTheDeterminant) {
  Structure s = silicon();
  EXPECT_DOUBLE_EQ(volume(s).value(), 2 * 2.7 * 2.7 * 2.7);
  s.cell = {{{-1, 0, 0}, {0.5, 2, 0}, {7, 8, 3}}};
  EXPECT_DOUBLE_EQ(determinant(s.cell), -6);
  EXPECT_DOUBLE_EQ(volume(s).value(), 6);
  s.periodic[2] = false;
  EXPECT_FALSE(volume(s).has_value());
}

TEST(Structure, WholeOnesPass) {
  EXPECT_NO_THROW(checkStructure(silicon(), "a"));
  Structure molecule = silicon();
  molecule.cell = {};
  molecule.periodic = {};
  molecule.forces.clear();
  EXPECT_NO_THROW(checkStructure(molecule, "a"));
  Structure slab = silicon();
  slab.cell[2] = {};
  slab.periodic[2] = false;
  EXPECT_NO_THROW(checkStructure(slab, "a"));
}

TEST(Structure, BrokenOnesAreNamed) {
  struct Case {
    std::function<void(Structure&)> spoil;
    std::string fragment;
  };
  std::vector<Case> const cases = {
      {[](Structure& s) { s.species.pop_back(); }, "1 species for 2 atoms"},
      {[](Structure& s) { s.forces.pop_back(); }, "1 forces for 2 atoms"},
      {[](Structure& s) { s.positions[1][2] = nan; }, "position"},
      {[](Structure& s) { s.forces[0][0] = infinity; }, "force"},
      {[](Structure& s) { s.energy = nan; }, "energy"},
      {[](Structure& s) { (*s.virial)[5] = -infinity; }, "virial"},
      {[](Structure& s) { s.cell[0][1] = nan; }, "lattice vector"},
      {[](Structure& s) { s.cell[1] = {}; }, "zero lattice vector 2"},
      {[](Structure& s) { s.cell[2] = s.cell[1]; }, "without volume"},
      {[](Structure& s) {
         s.cell[2] = {2.7, 0, 2.7 + 1e-10};
       },
       "without volume"},
      {[](Structure& s) {
         s.periodic[0] = false;
         s.cell[2] = s.cell[1];
       },
       "without volume"},
  };
  for (auto const& [spoil, fragment] : cases) {
    Structure s = silicon();
    spoil(s);
    std::string const message = messageOf<InputError>([&] { checkStructure(s, "file.xyz:7"); });
    EXPECT_TRUE(message.starts_with("file.xyz:7: found ")) << message;
    EXPECT_NE(message.find(fragment), std::string::npos) << message;
    EXPECT_NE(message.find("expected"), std::string::npos) << message;
  }
}

TEST(Structure, TypesGetNames) {
  Structure s = silicon();
  s.species = {-2, -1};
  nameTypes(s, {14, 8}, "a.cfg");
  EXPECT_EQ(s.species, (std::vector<std::int32_t>{8, 14}));
  nameTypes(s, {}, "a.cfg");  // those with names keep them
  s.species = {-3, 14};
  std::string const message = messageOf<InputError>([&] { nameTypes(s, {14, 8}, "a.cfg"); });
  EXPECT_NE(message.find("atom type 2"), std::string::npos) << message;
}

TEST(ChemicalElements, SymbolsAndNumbersAgree) {
  for (std::int32_t z = 1; z <= 118; ++z) EXPECT_EQ(atomicNumber(chemicalSymbol(z)), z);
  EXPECT_EQ(chemicalSymbol(14), "Si");
  EXPECT_EQ(atomicNumber("Og"), 118);
  EXPECT_EQ(chemicalSymbol(-1), "X0");
  EXPECT_EQ(chemicalSymbol(-12), "X11");
  for (auto const* const other : {"", "si", "SI", "Xx", "Si ", "X0"}) EXPECT_EQ(atomicNumber(other), 0) << other;
}

}  // namespace
}  // namespace sinter
