/// \file
/// Design rows of the plain reference by finite differences: nothing of the kernel, nothing of the fitter.
#pragma once

#include <array>
#include <vector>

#include "mtp_reference.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "test_systems.hpp"

namespace sinter::test {

/// A number per basis function.
using BasisRow = std::vector<double>;

/// What each basis function adds to energy, forces and virial of one structure.
struct BasisRows {
  BasisRow energy;
  std::vector<std::array<BasisRow, 3>> force;  ///< -dB/dr
  std::array<BasisRow, 6> virial;              ///< -dB/d(strain), xx yy zz yz xz xy
};

/// Fourth-order central differences of the basis sums, step `h` (A, or strain); error O(h^4) of truncation, about
/// 1e-16 / h of rounding.
inline BasisRows basisRowsByDifferences(MtpModel const& model, Structure const& structure, double h = 1e-4) {
  auto const types = reference::typesOf(model, structure);
  auto const minusDerivative = [&](auto const& displaced) {
    BasisRow row(model.alpha_moment_mapping.size());
    constexpr std::array<std::array<double, 2>, 4> stencil = {{{1, 8}, {-1, -8}, {2, -1}, {-2, 1}}};
    for (auto const& [step, factor] : stencil) {
      auto const basis = reference::evaluateMtp(model, displaced(step * h), types).basis;
      for (std::size_t k = 0; k < row.size(); ++k) row[k] -= factor * basis[k] / (12 * h);
    }
    return row;
  };

  BasisRows rows;
  rows.energy = reference::evaluateMtp(model, structure, types).basis;
  rows.force.resize(structure.size());
  for (std::size_t i = 0; i < structure.size(); ++i)
    for (std::size_t x = 0; x < 3; ++x)
      rows.force[i][x] = minusDerivative([&](double step) {
        Structure moved = structure;
        moved.positions[i][x] += step;
        return moved;
      });
  constexpr std::size_t voigt[6][2] = {{0, 0}, {1, 1}, {2, 2}, {1, 2}, {0, 2}, {0, 1}};
  for (std::size_t v = 0; v < 6; ++v)
    rows.virial[v] = minusDerivative([&](double step) {
      auto const [a, b] = voigt[v];
      auto const strain = [&, a = a, b = b](Vector3& r) {  // r -> (1 + step e) r with e symmetric
        Vector3 const old = r;
        r[a] += step * old[b] / 2;
        r[b] += step * old[a] / 2;
      };
      Structure strained = structure;
      for (auto& row : strained.cell) strain(row);
      for (auto& r : strained.positions) strain(r);
      return strained;
    });
  return rows;
}

}  // namespace sinter::test
