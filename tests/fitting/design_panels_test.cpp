// Panels of rows equal those of MtpRows, and differences of the basis sums.
#include "sinter/fitting/design_panels.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "backends.hpp"
#include "basis_differences.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/weighted_panels.hpp"
#include "sinter/mtp/mtp_rows.hpp"

namespace sinter {
namespace {

using reference::testModel;
using reference::testStructures;

constexpr std::size_t enough = std::size_t{1} << 30;

template <class MemorySpace>
NeighborList<MemorySpace> listOf(MtpModel const& model, std::vector<Structure> const& structures) {
  using Space = std::conditional_t<std::is_same_v<MemorySpace, Kokkos::HostSpace>, Kokkos::Serial,
                                   typename MemorySpace::execution_space>;
  SpeciesMap const species(model.species, model.species_count);
  return buildNeighborList(Space(), makeStructureBatch<MemorySpace>(structures, species), model.max_dist);
}

std::size_t rowsOf(std::vector<Structure> const& structures) {
  std::size_t rows = 0;
  for (auto const& s : structures) rows += MtpRows::rowsOf(s.size());
  return rows;
}

using HostPanel = Kokkos::View<double**, Kokkos::LayoutRight, Kokkos::HostSpace>;

template <class ExecutionSpace>
HostPanel panelOf(MtpModel const& model, std::vector<Structure> const& structures, RowColumns which,
                  std::size_t max_memory = enough) {
  DesignPanels<ExecutionSpace> panels(model, max_memory);
  panels.setCoefficients(model);
  typename DesignPanels<ExecutionSpace>::Panel const panel("panel", rowsOf(structures), panels.columns(which));
  panels.addRows(listOf<typename ExecutionSpace::memory_space>(model, structures), which, panel);
  ExecutionSpace().fence();
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), panel);
}

template <class ExecutionSpace>
class DesignPanelsTest : public testing::Test {};
TYPED_TEST_SUITE(DesignPanelsTest, test::ExecutionSpaces);

// Rows of MtpRows with the columns of a panel.
HostPanel referenceOf(MtpModel const& model, std::vector<Structure> const& structures) {
  MtpRows rows(model);
  rows.setCoefficients(model);
  auto const list = listOf<Kokkos::HostSpace>(model, structures);
  auto const radial = rows.radialColumns();
  int const basis = rows.basisFunctions();
  HostPanel const result("reference", rowsOf(structures), static_cast<std::size_t>(basis) + radial.size());
  MtpRows::Workspace workspace;
  std::size_t row = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    std::size_t const count = MtpRows::rowsOf(structures[s].size());
    auto const zeros = [&](int width) {
      return std::vector<MtpRows::Number>(count * static_cast<std::size_t>(width / MtpRows::lanes),
                                          MtpRows::Number(0.0));
    };
    auto of_basis = zeros(rows.basisWidth()), of_radial = zeros(rows.radialWidth());
    rows.addBasisRows(list, static_cast<int>(s), workspace, lanesOf(of_basis[0]), rows.basisWidth());
    rows.addRadialRows(list, static_cast<int>(s), workspace, lanesOf(of_radial[0]), rows.radialWidth());
    for (std::size_t r = 0; r < count; ++r, ++row) {
      for (int k = 0; k < basis; ++k)
        result(row, k) = lanesOf(of_basis[0])[r * rows.basisWidth() + rows.basisColumn(k)];
      for (std::size_t c = 0; c < radial.size(); ++c)
        result(row, basis + c) = lanesOf(of_radial[0])[r * rows.radialWidth() + radial[c]];
    }
  }
  return result;
}

// Largest difference over the largest number of a column, that is of what cancels in its small ones.
double deviation(HostPanel const& found, std::size_t found_column, HostPanel const& expected, std::size_t column) {
  double difference = 0, scale = 1e-3;
  for (std::size_t r = 0; r < expected.extent(0); ++r) {
    difference = std::fmax(difference, std::abs(found(r, found_column) - expected(r, column)));
    if (!std::isfinite(found(r, found_column))) return INFINITY;
    scale = std::max(scale, std::abs(expected(r, column)));
  }
  return difference / scale;
}

TYPED_TEST(DesignPanelsTest, EqualTheRowsOfTheHost) {
  for (auto const& model : reference::modelsOfAllKinds()) {
    auto const structures = testStructures({model.species.begin(), model.species.end()});
    SCOPED_TRACE(std::string(formOf(model.radial_basis_type).name) + ", " + std::to_string(model.species_count) +
                 " species, " + std::to_string(model.alpha_moment_mapping.size()) + " functions");
    auto const expected = referenceOf(model, structures);
    std::size_t const basis = model.alpha_moment_mapping.size();
    auto const all = panelOf<TypeParam>(model, structures, RowColumns::all);
    auto const of_basis = panelOf<TypeParam>(model, structures, RowColumns::basis),
               of_radial = panelOf<TypeParam>(model, structures, RowColumns::radial);
    auto const in_portions = panelOf<TypeParam>(model, structures, RowColumns::all, 1);  // centre after centre
    ASSERT_EQ(all.extent(1), expected.extent(1));
    ASSERT_EQ(of_basis.extent(1) + of_radial.extent(1), expected.extent(1));
    for (std::size_t c = 0; c < expected.extent(1); ++c) {
      EXPECT_LE(deviation(all, c, expected, c), 1e-12) << "column " << c;
      EXPECT_LE(deviation(in_portions, c, expected, c), 1e-12) << "column " << c;
      EXPECT_LE(c < basis ? deviation(of_basis, c, expected, c) : deviation(of_radial, c - basis, expected, c), 1e-12)
          << "column " << c;
    }
  }
}

TYPED_TEST(DesignPanelsTest, BasisRowsAreDifferences) {
  auto const model = testModel(8, {14, 8});
  auto structures = testStructures({14, 8});
  std::erase_if(structures, [](Structure const& s) { return s.size() > 8; });
  auto const rows = panelOf<TypeParam>(model, structures, RowColumns::basis);
  HostPanel const expected("differences", rows.extent(0), rows.extent(1));
  std::size_t first = 0;
  for (auto const& structure : structures) {
    auto const differences = test::basisRowsByDifferences(model, structure);
    for (std::size_t k = 0; k < rows.extent(1); ++k) {
      expected(first, k) = differences.energy[k];
      for (std::size_t i = 0; i < structure.size(); ++i)
        for (std::size_t x = 0; x < 3; ++x) expected(first + MtpRows::forceRow(i, x), k) = differences.force[i][x][k];
      for (std::size_t v = 0; v < 6; ++v)
        expected(first + MtpRows::virialRow(structure.size(), v), k) = differences.virial[v][k];
    }
    first += MtpRows::rowsOf(structure.size());
  }
  // As in design_rows_test.cpp: truncation 2e-12 of a derivative, rounding 1e-12 of the sums.
  for (std::size_t k = 0; k < rows.extent(1); ++k) EXPECT_LE(deviation(rows, k, expected, k), 1e-9) << "function " << k;
}

// From run to run, and on hosts whatever the number of threads.
TYPED_TEST(DesignPanelsTest, AreTheSameBitForBit) {
  using Other = std::conditional_t<is_device_space<TypeParam>, TypeParam, Kokkos::Serial>;
  auto const model = testModel(10, {14, 8});
  auto const structures = testStructures({14, 8});
  auto const first = panelOf<TypeParam>(model, structures, RowColumns::all),
             second = panelOf<Other>(model, structures, RowColumns::all);
  EXPECT_TRUE(std::equal(first.data(), first.data() + first.size(), second.data()));
}

TYPED_TEST(DesignPanelsTest, RefuseASmallPanel) {
  auto const model = testModel(6);
  std::vector<Structure> const structures = {reference::diamond(1, 5.4, 0.1)};
  auto const message = test::messageOf<InputError>([&] {
    DesignPanels<TypeParam> panels(model, enough);
    panels.setCoefficients(model);
    panels.addRows(listOf<typename TypeParam::memory_space>(model, structures), RowColumns::basis,
                   typename DesignPanels<TypeParam>::Panel("panel", 31, 4));
  });
  EXPECT_NE(message.find("expected 31 x 5"), std::string::npos) << message;
}

TYPED_TEST(DesignPanelsTest, RefuseAModelWithoutRadialCoefficients) {
  auto model = testModel(6);
  DesignPanels<TypeParam> panels(model, enough);
  model.radial_coeffs.clear();
  EXPECT_THROW(panels.setCoefficients(model), InputError);
}

// A structure has the same rows, bit for bit, whatever comes before it and shares a portion with it.
TYPED_TEST(DesignPanelsTest, RowsOfAStructureDependOnNoOther) {
  auto const model = testModel(8, {14, 8});
  auto const structures = testStructures({14, 8});
  MtpRowFactors<TypeParam> const factors(model);
  for (std::size_t const centres : {14, 19, 26, 39}) {  // of structures of 13 atoms; that of 64 has no room by itself
    std::size_t const max_memory = centres * factors.bytesPerCentre(13, RowColumns::all);
    ASSERT_LT(max_memory, 64 * factors.bytesPerCentre(64, RowColumns::all));
    auto const all = panelOf<TypeParam>(model, structures, RowColumns::all, max_memory);
    std::size_t first = 0;
    for (auto const& structure : structures) {
      auto const own = panelOf<TypeParam>(model, {structure}, RowColumns::all, max_memory);
      EXPECT_TRUE(std::equal(own.data(), own.data() + own.size(), &all(first, 0)))
          << structure.size() << " atoms, room for " << centres;
      first += own.extent(0);
    }
  }
}

// Weighted rows of two batches.
TYPED_TEST(DesignPanelsTest, WeightedRowsAreComplete) {
  using MemorySpace = typename TypeParam::memory_space;
  auto const model = testModel(8, {14, 8});
  auto const structures = testStructures({14, 8});
  auto const rows = referenceOf(model, structures);
  auto const unknowns = static_cast<int>(rows.extent(1)), columns = unknowns + 2 + 1;
  reference::Random random(3);
  std::vector<double> scale(rows.extent(0)), target(rows.extent(0));
  for (std::size_t r = 0; r < scale.size(); ++r) {
    scale[r] = r % 5 == 0 ? 0 : 1 + random();
    target[r] = random();
  }
  HostPanel const expected("expected", rows.extent(0), columns), found("found", rows.extent(0), columns);
  std::vector<int> filled;  // rows of each structure that are not zero
  std::size_t row = 0;
  for (auto const& structure : structures) {
    auto const types = reference::typesOf(model, structure);
    filled.push_back(0);
    for (std::size_t end = row + MtpRows::rowsOf(structure.size()), first = row; row < end; ++row) {
      for (int c = 0; c < unknowns; ++c) expected(row, c) = scale[row] * rows(row, c);
      for (int z = 0; z < 2 && row == first; ++z)
        expected(row, unknowns + z) = scale[row] * static_cast<double>(std::count(types.begin(), types.end(), z));
      expected(row, columns - 1) = scale[row] * target[row];
      filled.back() += scale[row] != 0 ? 1 : 0;
    }
  }
  WeightedPanels<TypeParam> panels(model, RowColumns::all, 2, enough);
  panels.setCoefficients(model);
  ASSERT_EQ(panels.columns(), columns);
  ASSERT_EQ(panels.designColumns(), unknowns);
  std::size_t const half = structures.size() / 2;
  for (auto const& [begin, end] : {std::pair(std::size_t{0}, half), std::pair(half, structures.size())}) {
    std::vector<Structure> const before(structures.begin(), structures.begin() + begin),
        batch(structures.begin() + begin, structures.begin() + end);
    std::size_t const first = rowsOf(before), count = rowsOf(batch);
    auto const counts = panels.load(listOf<MemorySpace>(model, batch), std::span(scale).subspan(first, count),
                                    std::span(target).subspan(first, count));
    for (std::size_t s = begin; s < end; ++s) {
      EXPECT_EQ(counts(s - begin, 0), filled[s]) << "structure " << s;
      EXPECT_EQ(counts(s - begin, 1), 0) << "structure " << s;
    }
    using Rows = Kokkos::View<double const**, Kokkos::LayoutRight, MemorySpace>;
    Kokkos::deep_copy(Kokkos::subview(found, std::pair(first, first + count), Kokkos::ALL),
                      Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), Rows(panels.row(0), count, columns)));
  }
  for (int c = 0; c < columns; ++c) EXPECT_LE(deviation(found, c, expected, c), 1e-12) << "column " << c;
}

TYPED_TEST(DesignPanelsTest, WeightedRowsTellOfNumbersThatAreNotFinite) {
  auto const model = testModel(6);
  std::vector<Structure> structures = {reference::diamond(1, 5.4, 0.1), reference::diamond(1, 5.4, 0.1)};
  structures[1].positions[1] = structures[1].positions[0];
  std::vector<double> const ones(rowsOf(structures), 1.0);
  WeightedPanels<TypeParam> panels(model, RowColumns::basis, 0, enough);
  panels.setCoefficients(model);
  auto const list = listOf<typename TypeParam::memory_space>(model, structures);
  auto const counts = panels.load(list, ones, ones);
  EXPECT_EQ(counts(0, 1), 0);
  EXPECT_EQ(counts(1, 1), 1);
  EXPECT_THROW((void)panels.load(list, std::span(ones).first(3), ones), InputError);
}

}  // namespace
}  // namespace sinter
