// Rows of basis functions and radial coefficients are derivatives of the plain reference.
#include "sinter/mtp/mtp_rows.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "basis_differences.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/design_rows.hpp"

namespace sinter {
namespace {

using reference::testModel;
using reference::testStructures;

constexpr double epsilon = std::numeric_limits<double>::epsilon();

NeighborList<Kokkos::HostSpace> listOf(MtpModel const& model, std::vector<Structure> const& structures) {
  SpeciesMap const species(model.species, model.species_count);
  return buildNeighborList(Kokkos::Serial(), makeStructureBatch<Kokkos::HostSpace>(structures, species),
                           model.max_dist);
}

// Numbers in rows, aligned for the kernel.
struct Matrix {
  std::vector<MtpRows::Number> data;
  int stride;

  Matrix(std::size_t rows, int columns)
      : data(rows * static_cast<std::size_t>(columns / MtpRows::lanes), MtpRows::Number(0.0)), stride(columns) {}
  double* rows() { return lanesOf(data[0]); }
  double operator()(std::size_t row, int column) { return rows()[row * static_cast<std::size_t>(stride) + column]; }
};

Matrix basisRows(MtpRows const& rows, NeighborList<Kokkos::HostSpace> const& list, int structure, std::size_t atoms) {
  Matrix result(MtpRows::rowsOf(atoms), rows.basisWidth());
  MtpRows::Workspace workspace;
  rows.addBasisRows(list, structure, workspace, result.rows(), result.stride);
  return result;
}

Matrix radialRows(MtpRows const& rows, NeighborList<Kokkos::HostSpace> const& list, int structure, std::size_t atoms) {
  Matrix result(MtpRows::rowsOf(atoms), rows.radialWidth());
  MtpRows::Workspace workspace;
  rows.addRadialRows(list, structure, workspace, result.rows(), result.stride);
  return result;
}

std::string nameOf(MtpModel const& model) {
  return std::string(formOf(model.radial_basis_type).name) + ", " + std::to_string(model.alpha_moment_mapping.size()) +
         " functions, " + std::to_string(model.species_count) + " species";
}

std::vector<int> speciesOf(MtpModel const& model) { return {model.species.begin(), model.species.end()}; }

// The evaluation kernel's own rows, which another test compares with differences.
TEST(MtpRows, BasisRowsEqualTheKernels) {
  for (auto const& model : reference::modelsOfAllKinds()) {
    SCOPED_TRACE(nameOf(model));
    auto const structures = testStructures(speciesOf(model));
    auto const expected = computeDesignRows(Kokkos::Serial(), makeMtpPlan<Kokkos::HostSpace>(model),
                                            SpeciesMap(model.species, model.species_count), structures);
    MtpRows rows(model);
    rows.setCoefficients(model);
    auto const list = listOf(model, structures);
    int const basis = static_cast<int>(model.alpha_moment_mapping.size());
    double largest = 0;
    std::vector<double> scale(static_cast<std::size_t>(basis), 1.0);  // of what is summed, by function
    for (std::size_t a = 0; a < expected.force.extent(0); ++a)
      for (int x = 0; x < 3; ++x)
        for (int k = 0; k < basis; ++k) {
          auto const index = static_cast<std::size_t>(k);
          scale[index] = std::max(scale[index], std::abs(expected.force(a, x, k)));
        }
    std::size_t atom = 0;
    for (std::size_t s = 0; s < structures.size(); ++s) {
      std::size_t const atoms = structures[s].size();
      auto found = basisRows(rows, list, static_cast<int>(s), atoms);
      for (int k = 0; k < basis; ++k) {
        int const column = rows.basisColumn(k);
        // Sums of some hundred products in two orders; virials are distances of some ten A times gradients.
        double const tolerance = 1e4 * epsilon * scale[static_cast<std::size_t>(k)];
        auto const check = [&](double value, double reference, double room) {
          EXPECT_NEAR(value, reference, room) << "structure " << s << ", function " << k;
          largest = std::max(largest, std::abs(reference));
        };
        check(found(0, column), expected.energy(s, k), 1000 * epsilon * (1 + std::abs(expected.energy(s, k))));
        for (std::size_t i = 0; i < atoms; ++i)
          for (std::size_t x = 0; x < 3; ++x)
            check(found(MtpRows::forceRow(i, x), column), expected.force(atom + i, x, k), tolerance);
        for (std::size_t v = 0; v < 6; ++v)
          check(found(MtpRows::virialRow(atoms, v), column), expected.virial(s, v, k),
                tolerance * 10 * static_cast<double>(atoms));
      }
      atom += atoms;
    }
    EXPECT_GT(largest, 0.1);
  }
}

// Energies, forces and virials are polynomials of degree four at most in radial coefficients, so that the five-point
// difference has no truncation error.
TEST(MtpRows, RadialRowsAreDifferencesOfTheReference) {
  for (auto const& model : reference::modelsOfAllKinds()) {
    SCOPED_TRACE(nameOf(model));
    auto structures = testStructures(speciesOf(model));
    std::erase_if(structures, [](Structure const& s) { return s.size() > 8; });
    MtpRows rows(model);
    rows.setCoefficients(model);
    auto const list = listOf(model, structures);
    double largest = 0;
    for (std::size_t s = 0; s < structures.size(); ++s) {
      auto const types = reference::typesOf(model, structures[s]);
      std::size_t const atoms = structures[s].size();
      auto found = radialRows(rows, list, static_cast<int>(s), atoms);
      std::vector<double> expected(MtpRows::rowsOf(atoms));
      for (std::size_t c = 0; c<model.radial_coeffs.size(); c += structures[s].size()> 2 ? 3 : 1) {
        double const h = 0.25 * (0.01 + std::abs(model.radial_coeffs[c]));
        std::fill(expected.begin(), expected.end(), 0.0);
        double scale = 0;
        constexpr double stencil[4][2] = {{1, 8}, {-1, -8}, {2, -1}, {-2, 1}};
        for (auto const& [step, factor] : stencil) {
          MtpModel moved = model;
          moved.radial_coeffs[c] += step * h;
          auto const result = reference::evaluateMtp(moved, structures[s], types);
          double const weight = factor / (12 * h);
          expected[0] += weight * result.energy;
          for (std::size_t i = 0; i < atoms; ++i)
            for (std::size_t x = 0; x < 3; ++x) expected[MtpRows::forceRow(i, x)] += weight * result.forces[i][x];
          constexpr std::size_t voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
          for (std::size_t v = 0; v < 6; ++v)
            expected[MtpRows::virialRow(atoms, v)] += weight * result.virial[voigt[v][0]][voigt[v][1]];
          scale = std::max(scale, (std::abs(result.energy) + result.gradient_norm * model.max_dist) / h);
        }
        int const r = model.radial_basis_size, k = model.radial_funcs_count, pair = static_cast<int>(c) / (r * k);
        int const column = rows.radialColumn(pair / model.species_count, pair % model.species_count,
                                             static_cast<int>(c) / r % k, static_cast<int>(c) % r);
        for (std::size_t row = 0; row < expected.size(); ++row) {
          // A thousand roundings of what the differences are taken of.
          EXPECT_NEAR(found(row, column), expected[row], 1e4 * epsilon * scale)
              << "structure " << s << ", coefficient " << c << ", row " << row;
          largest = std::max(largest, std::abs(expected[row]) / (1e4 * epsilon * scale));
        }
      }
    }
    EXPECT_GT(largest, 1e6);
  }
}

TEST(MtpRows, ContractedRowsEqualTheRows) {
  for (auto const& model : reference::modelsOfAllKinds()) {
    SCOPED_TRACE(nameOf(model));
    auto const structures = testStructures(speciesOf(model));
    MtpRows rows(model);
    rows.setCoefficients(model);
    auto const list = listOf(model, structures);
    std::size_t const basis = model.alpha_moment_mapping.size(), radial = model.radial_coeffs.size();
    reference::Random random(5);
    for (std::size_t s = 0; s < structures.size(); ++s) {
      std::size_t const atoms = structures[s].size();
      auto of_basis = basisRows(rows, list, static_cast<int>(s), atoms);
      auto of_radial = radialRows(rows, list, static_cast<int>(s), atoms);
      std::vector<double> weights(MtpRows::rowsOf(atoms));
      for (double& w : weights) w = random();
      std::vector<double> gradient(basis + radial), expected(basis + radial), scale(basis + radial);
      MtpRows::Workspace workspace;
      rows.addContractedRows(list, static_cast<int>(s), workspace, weights.data(), gradient.data());
      for (std::size_t row = 0; row < weights.size(); ++row) {
        auto const add = [&](std::size_t index, double value) {
          expected[index] += weights[row] * value;
          scale[index] += std::abs(weights[row] * value);
        };
        for (std::size_t k = 0; k < basis; ++k) add(k, of_basis(row, rows.basisColumn(static_cast<int>(k))));
        for (std::size_t c = 0; c < radial; ++c) {
          int const r = model.radial_basis_size, f = model.radial_funcs_count, pair = static_cast<int>(c) / (r * f);
          add(basis + c, of_radial(row, rows.radialColumn(pair / model.species_count, pair % model.species_count,
                                                          static_cast<int>(c) / r % f, static_cast<int>(c) % r)));
        }
      }
      for (std::size_t i = 0; i < gradient.size(); ++i)
        EXPECT_NEAR(gradient[i], expected[i], 1e4 * epsilon * (1 + scale[i])) << "structure " << s << ", number " << i;
    }
  }
}

// A workspace that has been used for other structures, and rows that are not empty.
TEST(MtpRows, AddTheSameWhateverWasBefore) {
  auto const model = testModel(8, {14, 8});
  auto const structures = testStructures({14, 8});
  MtpRows rows(model);
  rows.setCoefficients(model);
  auto const list = listOf(model, structures);
  MtpRows::Workspace used;
  for (int round = 0; round < 2; ++round)
    for (std::size_t s = 0; s < structures.size(); ++s) {
      std::size_t const atoms = structures[s].size();
      auto const first = basisRows(rows, list, static_cast<int>(s), atoms),
                 second = radialRows(rows, list, static_cast<int>(s), atoms);
      Matrix again(MtpRows::rowsOf(atoms), rows.basisWidth()), radial(MtpRows::rowsOf(atoms), rows.radialWidth());
      rows.addBasisRows(list, static_cast<int>(s), used, again.rows(), again.stride);
      rows.addRadialRows(list, static_cast<int>(s), used, radial.rows(), radial.stride);
      auto const same = [](Matrix const& a, Matrix const& b) {
        return std::equal(lanesOf(a.data[0]), lanesOf(a.data[0]) + a.data.size() * MtpRows::lanes, lanesOf(b.data[0]));
      };
      EXPECT_TRUE(same(first, again)) << s;
      EXPECT_TRUE(same(second, radial)) << s;
    }
}

TEST(MtpRows, RefuseAModelWithoutRadialCoefficients) {
  auto model = testModel(6);
  MtpRows rows(model);
  model.radial_coeffs.clear();
  EXPECT_THROW(rows.setCoefficients(model), InputError);
}

}  // namespace
}  // namespace sinter
