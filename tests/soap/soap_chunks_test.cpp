// Vectors of many atoms come in chunks, and are those of atoms alone; errors name the structure.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "backends.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::diamond;

template <class ExecutionSpace>
class SoapChunksTest : public testing::Test {};
TYPED_TEST_SUITE(SoapChunksTest, test::ExecutionSpaces);

Structure cube(double length) {
  Structure s;
  s.cell = {{{length, 0, 0}, {0, length, 0}, {0, 0, length}}};
  s.periodic = {true, true, true};
  s.positions = {{0, 0, 0}};
  s.species = {14};
  return s;
}

// A host keeps some hundred vectors of this length at a time.
TYPED_TEST(SoapChunksTest, RowsComeOneAfterAnother) {
  SoapEvaluator<TypeParam> const soap(soapPreset("paper-2022-scripts", 14));
  auto crystal = diamond(5, 5.43, 0.15);
  crystal.periodic = {true, true, false};
  std::vector<Structure> const structures = {cube(3), crystal, cube(2.5), diamond(1, 5.43, 0.1, {14})};
  auto const dimension = static_cast<std::size_t>(soap.dimension());
  std::vector<double> expected;
  for (auto const& structure : structures)
    for (double const x : soap.evaluate({&structure, 1})) expected.push_back(x);
  std::vector<double> found;
  int calls = 0;
  soap.forEachVector(structures, SoapAverage::none, {}, [&](std::size_t first, auto const& vectors) {
    ++calls;
    EXPECT_EQ(first * dimension, found.size());
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), vectors);
    ASSERT_EQ(host.extent(1), dimension);
    found.insert(found.end(), host.data(), host.data() + host.size());
  });
  EXPECT_EQ(found, expected);
  EXPECT_EQ(found.size(), (1000 + 8 + 2) * dimension);
  bool const one_chunk = is_device_space<TypeParam> || TypeParam().concurrency() > 8;  // some 100 atoms per thread
  EXPECT_GT(calls, one_chunk ? 0 : 1);
}

// Chunks end inside structures, and hold several of them.
TYPED_TEST(SoapChunksTest, AveragesDoNotDependOnTheOthers) {
  SoapEvaluator<TypeParam> const soap(soapPreset("paper-2022-scripts", 14));
  std::vector<Structure> structures;
  for (int i = 0; i < 30; ++i)
    structures.push_back(i % 7 == 3 ? diamond(3, 5.43, 0.01 * i, {14}) : cube(2.4 + 0.02 * i));
  for (auto const average : {SoapAverage::inner, SoapAverage::outer}) {
    std::vector<double> expected;
    for (auto const& structure : structures)
      for (double const x : soap.evaluate({&structure, 1}, average)) expected.push_back(x);
    EXPECT_EQ(soap.evaluate(structures, average), expected);  // sums in the same order
  }
}

TYPED_TEST(SoapChunksTest, ErrorsNameTheStructure) {
  SoapEvaluator<TypeParam> const soap(soapPreset("paper-2022-scripts", 14));
  auto const message = [&](Structure const& structure) -> std::string {
    std::vector<Structure> const structures = {cube(3), structure, cube(3)};
    std::vector<std::string> const names = {"first", "second", "third"};
    try {
      (void)soap.evaluate(structures, SoapAverage::none, names);
    } catch (InputError const& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message(cube(3)), "accepted");
  EXPECT_EQ(message(cube(0.01)).find("second: found a cell so small that an atom would see more than"), 0U)
      << message(cube(0.01));
  auto const dense = message(cube(0.13));
  EXPECT_EQ(dense.find("second: found 23"), 0U) << dense;
  EXPECT_NE(dense.find(" neighbours of an atom within 5.000000 Angstrom, expected at most 200000"), std::string::npos)
      << dense;
  auto twice = cube(3);
  twice.positions.push_back({0, 0, 0});
  twice.species.push_back(14);
  EXPECT_EQ(message(twice), "second: found a SOAP vector that is not finite, expected no two atoms at the same place");
}

}  // namespace
}  // namespace sinter
