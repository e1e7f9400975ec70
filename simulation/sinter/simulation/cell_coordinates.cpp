#include "sinter/simulation/cell_coordinates.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "sinter/core/pressure.hpp"
#include "sinter/simulation/deformation.hpp"

namespace sinter {

namespace {

// Of a component in the Frobenius norm of a symmetric matrix.
constexpr double voigt_scale[6] = {1, 1, 1, std::numbers::sqrt2, std::numbers::sqrt2, std::numbers::sqrt2};

constexpr double longest_move = 0.2, largest_strain = 0.05;

Matrix3 inverse(Matrix3 const& m) {
  double const det = determinant(m);
  Matrix3 result{};
  for (std::size_t x = 0; x < 3; ++x)
    for (std::size_t y = 0; y < 3; ++y) {
      std::size_t const a = (y + 1) % 3, b = (y + 2) % 3, c = (x + 1) % 3, d = (x + 2) % 3;
      result[x][y] = (m[a][c] * m[b][d] - m[a][d] * m[b][c]) / det;
    }
  return result;
}

// W - P V, what is left to drive the cell (eV).
Matrix3 drivingVirial(Voigt const& virial, double pressure_times_volume) {
  Matrix3 result{};
  for (std::size_t v = 0; v < 6; ++v) {
    double const w = virial[v] - (v < 3 ? pressure_times_volume : 0);
    result[voigt_row[v]][voigt_column[v]] = result[voigt_column[v]][voigt_row[v]] = w;
  }
  return result;
}

}  // namespace

CellCoordinates::CellCoordinates(Structure start, CellFreedom freedom)
    : _freedom(volume(start) ? freedom : CellFreedom::none),
      _strains(_freedom == CellFreedom::full        ? 6
               : _freedom == CellFreedom::isotropic ? 1
                                                    : 0) {
  _start.cell = start.cell;
  _start.positions = std::move(start.positions);
  // So that curvatures are alike: elastic constants times the volume per atom are some ten eV, force constants some
  // eV/A^2. Between 1 and 3 A steps to the minima of random cells differ by a few percent.
  _length = 2 * std::sqrt(static_cast<double>(_start.size()));
}

Matrix3 CellCoordinates::deformation(Vector const& coordinates) const {
  Matrix3 f{};
  double const* const strain = coordinates.data() + 3 * _start.size();
  for (std::size_t x = 0; x < 3; ++x)
    f[x][x] = 1 + (_freedom == CellFreedom::isotropic ? strain[0] / (_length * std::numbers::sqrt3) : 0);
  if (_freedom != CellFreedom::full) return f;
  for (std::size_t v = 0; v < 6; ++v) {
    std::size_t const x = voigt_row[v], y = voigt_column[v];
    f[x][y] += strain[v] / (_length * voigt_scale[v]);
    f[y][x] = f[x][y];
  }
  return f;
}

void CellCoordinates::place(Vector const& coordinates, Structure& structure) const {
  Matrix3 const f = deformation(coordinates);
  if (_freedom != CellFreedom::none)
    for (std::size_t d = 0; d < 3; ++d) structure.cell[d] = deformed(_start.cell[d], f);
  for (std::size_t i = 0; i < _start.size(); ++i) {
    Vector3 r = _start.positions[i];
    for (std::size_t x = 0; x < 3; ++x) r[x] += coordinates[3 * i + x];
    structure.positions[i] = deformed(r, f);
  }
}

CellCoordinates::Vector CellCoordinates::gradient(Vector const& coordinates, Evaluation const& evaluation,
                                                  double pressure) const {
  Vector result(size());
  Matrix3 const f = deformation(coordinates);
  for (std::size_t i = 0; i < _start.size(); ++i) {
    Vector3 const force = deformed(evaluation.forces[i], f);
    for (std::size_t x = 0; x < 3; ++x) result[3 * i + x] = -force[x];
  }
  if (_freedom == CellFreedom::none) return result;
  double const v_times_p = pressure * std::abs(determinant(_start.cell) * determinant(f));
  Matrix3 const w = drivingVirial(evaluation.virial, v_times_p), inverse_f = inverse(f);
  Matrix3 slope{};  // dH/dF
  for (std::size_t x = 0; x < 3; ++x)
    for (std::size_t y = 0; y < 3; ++y)
      for (std::size_t z = 0; z < 3; ++z) slope[x][y] -= w[x][z] * inverse_f[z][y];
  double* const strain = result.data() + 3 * _start.size();
  if (_freedom == CellFreedom::isotropic) {
    strain[0] = (slope[0][0] + slope[1][1] + slope[2][2]) / (_length * std::numbers::sqrt3);
    return result;
  }
  for (std::size_t v = 0; v < 6; ++v) {
    std::size_t const x = voigt_row[v], y = voigt_column[v];
    strain[v] = voigt_scale[v] * (slope[x][y] + slope[y][x]) / (2 * _length);
  }
  return result;
}

double CellCoordinates::limit(Vector const& step) const {
  double result = 1;
  for (std::size_t i = 0; i < _start.size(); ++i)
    result = std::min(result, longest_move / std::hypot(step[3 * i], step[3 * i + 1], step[3 * i + 2]));
  for (std::size_t v = 0; v < _strains; ++v) {
    double const scale = _freedom == CellFreedom::isotropic ? std::numbers::sqrt3 : voigt_scale[v];
    result = std::min(result, largest_strain * _length * scale / std::abs(step[3 * _start.size() + v]));
  }
  return result;
}

Residual residualOf(Structure const& structure, Evaluation const& evaluation, CellFreedom freedom, double pressure) {
  Residual result;
  for (auto const& force : evaluation.forces)
    for (double const f : force) result.force = std::max(result.force, std::abs(f));
  auto const cell_volume = volume(structure);
  if (!cell_volume || freedom == CellFreedom::none) return result;
  Voigt const& w = evaluation.virial;
  if (freedom == CellFreedom::isotropic) {
    result.stress = std::abs(pressureOf(w, *cell_volume) - pressure);
  } else {
    for (std::size_t v = 0; v < 6; ++v)
      result.stress = std::max(result.stress, std::abs(w[v] / *cell_volume - (v < 3 ? pressure : 0)));
  }
  return result;
}

}  // namespace sinter
