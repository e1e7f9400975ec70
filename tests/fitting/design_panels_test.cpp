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
#include "sinter/fitting/panel_sums.hpp"
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

// Sums over two batches equal plain loops over the rows of the host.
TYPED_TEST(DesignPanelsTest, SumsAreThoseOfTheWeightedRows) {
  using MemorySpace = typename TypeParam::memory_space;
  auto const model = testModel(8, {14, 8});
  auto const structures = testStructures({14, 8});
  auto const rows = referenceOf(model, structures);
  auto const basis = static_cast<int>(model.alpha_moment_mapping.size()),
             radial = static_cast<int>(model.radial_coeffs.size()), linear = basis + 2 + 1;
  reference::Random random(3);
  std::vector<double> scale(rows.extent(0)), target(rows.extent(0));
  for (std::size_t r = 0; r < scale.size(); ++r) {
    scale[r] = r % 5 == 0 ? 0 : 1 + random();
    target[r] = random();
  }
  HostPanel const weighted("weighted", rows.extent(0), linear + radial);  // [A species y | J]
  std::vector<double> size(static_cast<std::size_t>(linear + radial));    // of each column
  std::size_t row = 0;
  for (auto const& structure : structures) {
    auto const types = reference::typesOf(model, structure);
    for (std::size_t end = row + MtpRows::rowsOf(structure.size()), first = row; row < end; ++row) {
      for (int k = 0; k < basis; ++k) weighted(row, k) = rows(row, k);
      for (int z = 0; z < 2 && row == first; ++z)
        weighted(row, basis + z) = static_cast<double>(std::count(types.begin(), types.end(), z));
      weighted(row, basis + 2) = target[row];
      for (int c = 0; c < radial; ++c) weighted(row, linear + c) = rows(row, basis + c);
      for (int c = 0; c < linear + radial; ++c) {
        weighted(row, c) *= scale[row];
        size[c] = std::hypot(size[c], weighted(row, c));
      }
    }
  }
  PanelSums<TypeParam> of_basis(model, RowColumns::basis, 2, enough), all(model, RowColumns::all, 2, enough);
  std::size_t const half = structures.size() / 2;
  for (auto const& [begin, end] : {std::pair(std::size_t{0}, half), std::pair(half, structures.size())}) {
    std::vector<Structure> const before(structures.begin(), structures.begin() + begin),
        batch(structures.begin() + begin, structures.begin() + end);
    auto const list = listOf<MemorySpace>(model, batch);
    std::size_t const first = rowsOf(before), count = rowsOf(batch);
    for (auto* sums : {&of_basis, &all})
      sums->add(list, begin, std::span(scale).subspan(first, count), std::span(target).subspan(first, count));
  }
  auto const product = [&](int i, int j) {
    double sum = 0;
    for (std::size_t r = 0; r < weighted.extent(0); ++r) sum += weighted(r, i) * weighted(r, j);
    return sum;
  };
  auto const normal = of_basis.linear();
  auto const of_radial = all.radial();
  ASSERT_EQ(normal.columns, linear - 1);
  ASSERT_EQ(of_radial.columns, radial);
  ASSERT_EQ(of_radial.cross.size(), static_cast<std::size_t>(radial * linear));
  auto const check = [&](double found, int i, int j) {
    EXPECT_NEAR(found, product(i, j), 1e-12 * size[i] * size[j] + 1e-12) << i << " " << j;
  };
  for (int i = 0; i < linear; ++i)
    for (int j = 0; j < linear; ++j) check(normal(i, j), i, j);
  for (int c = 0; c < radial; ++c) {
    for (int d = 0; d < radial; ++d) check(of_radial.gram[d * radial + c], linear + c, linear + d);
    for (int i = 0; i < linear; ++i) check(of_radial.cross[i * radial + c], linear + c, i);
  }
}

// What passes take on a device is what they sum on the host.
TYPED_TEST(DesignPanelsTest, PassesOfATrainingSetAreTheSame) {
  auto const model = testModel(8, {14, 8});
  auto structures = testStructures({14, 8});
  reference::Random random(9);
  for (auto& s : structures) {
    s.energy = random();
    for (std::size_t i = 0; i < s.size(); ++i) s.forces.push_back({random(), random(), random()});
    s.virial = Voigt{random(), random(), random(), random(), random(), random()};
  }
  FitSettings settings;
  settings.max_memory = 1 << 16;  // several batches
  MtpRows rows(model);
  rows.setCoefficients(model);
  TrainingRows<Kokkos::Serial> host(settings, model, structures);
  std::size_t batches = 0, done = 0;
  TrainingRows<TypeParam> training(settings, model, structures, [&](std::size_t structures_done) {
    ++batches;
    done = structures_done;
  });
  auto const linear = training.panelSums(rows.model(), RowColumns::basis).linear(), expected = host.linearPass(rows);
  auto const radial = training.panelSums(rows.model(), RowColumns::all).radial(), of_radial = host.radialPass(rows);
  EXPECT_GT(batches, 3U);
  EXPECT_EQ(done, structures.size());
  ASSERT_EQ(linear.columns, expected.columns);
  ASSERT_EQ(radial.columns, of_radial.columns);
  auto const check = [](std::vector<double> const& found, std::vector<double> const& reference) {
    ASSERT_EQ(found.size(), reference.size());
    double largest = 0, difference = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      difference = std::fmax(difference, std::abs(found[i] - reference[i]));
      largest = std::max(largest, std::abs(reference[i]));
    }
    EXPECT_GT(largest, 1);
    EXPECT_LE(difference, 1e-12 * largest);
  };
  check(linear.gram, expected.gram);
  check(radial.gram, of_radial.gram);
  check(radial.cross, of_radial.cross);
}

TYPED_TEST(DesignPanelsTest, SumsRefuseAtomsAtOnePlace) {
  auto const model = testModel(6);
  std::vector<Structure> structures = {reference::diamond(1, 5.4, 0.1), reference::diamond(1, 5.4, 0.1)};
  structures[1].positions[1] = structures[1].positions[0];
  std::vector<double> const ones(rowsOf(structures), 1.0);
  PanelSums<TypeParam> sums(model, RowColumns::basis, 0, enough);
  auto const list = listOf<typename TypeParam::memory_space>(model, structures);
  auto const message = test::messageOf<InputError>([&] { sums.add(list, 7, ones, ones); });
  EXPECT_NE(message.find("structure 8:"), std::string::npos) << message;
  EXPECT_THROW(sums.add(list, 0, std::span(ones).first(3), ones), InputError);
}

}  // namespace
}  // namespace sinter
