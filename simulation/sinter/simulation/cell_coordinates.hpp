/// \file
/// Positions and cell of a structure as one vector of coordinates, for minimisers.
///
/// The cell is the start's, deformed by F = 1 + e with a symmetric e, and an atom is at
///
///     r_i = F (r0_i + d_i),                                                                                       (1)
///
/// with coordinates d (A) and l e, e as six numbers xx yy zz sqrt(2) yz sqrt(2) xz sqrt(2) xy (isotropic: one, e = x 1,
/// as sqrt(3) x), l = 2 A sqrt(atoms). With H = E + P V, forces f and virial W (kernels/README.md, eq. (1.3)):
///
///     dH/dd_i = -F f_i,    dH/de = -sym((W - P V) F^-1).                                                          (2)
///
/// A symmetric e leaves out rotations, along which nothing changes. Source: E. B. Tadmor, G. S. Smith, N. Bernstein and
/// E. Kaxiras, Phys. Rev. B 59, 235 (1999), there with any F.
#pragma once

#include <vector>

#include "sinter/core/evaluation.hpp"
#include "sinter/core/structure.hpp"

namespace sinter {

/// How the cell of a structure may change. Only cells that are periodic in all directions do.
enum class CellFreedom {
  none,       ///< positions only
  isotropic,  ///< its volume
  full        ///< all six components of strain
};

/// The coordinates of one structure; zero where it started.
class CellCoordinates {
 public:
  using Vector = std::vector<double>;

  CellCoordinates(Structure start, CellFreedom freedom);

  [[nodiscard]] std::size_t size() const { return 3 * _start.size() + _strains; }

  /// What is relaxed: `none` for a structure that is not periodic in all directions.
  [[nodiscard]] CellFreedom freedom() const { return _freedom; }

  /// Moves cell and positions of `structure` (as many atoms) to coordinates, eq. (1).
  void place(Vector const& coordinates, Structure& structure) const;

  /// The gradient of the enthalpy at coordinates, eq. (2). \param pressure external (eV/A^3)
  [[nodiscard]] Vector gradient(Vector const& coordinates, Evaluation const& evaluation, double pressure) const;

  /// By what a step is to be multiplied so that no atom moves by more than 0.2 A in the undeformed cell, and no
  /// component of e by more than 0.05; at most 1.
  [[nodiscard]] double limit(Vector const& step) const;

 private:
  [[nodiscard]] Matrix3 deformation(Vector const& coordinates) const;

  Structure _start;  // cell and positions only
  CellFreedom _freedom;
  std::size_t _strains;
  double _length;
};

/// How far an evaluated structure is from the goal.
struct Residual {
  double force = 0;   ///< largest component of a force (eV/A)
  double stress = 0;  ///< largest deviation of -stress from the external pressure (eV/A^3), of what may change
};

[[nodiscard]] Residual residualOf(Structure const& structure, Evaluation const& evaluation, CellFreedom freedom,
                                  double pressure);

}  // namespace sinter
