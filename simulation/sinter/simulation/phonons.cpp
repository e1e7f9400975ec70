#include "sinter/simulation/phonons.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <string>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/simulation/batch_forces.hpp"
#include "sinter/simulation/crystals.hpp"

namespace sinter {

namespace {

[[noreturn]] void fail(std::string const& found) { throw InputError("phononModes: found " + found); }

void check(Structure const& crystal, PhononSettings const& settings) {
  checkStructure(crystal, "phononModes");
  if (!volume(crystal) || crystal.size() == 0) fail("a structure without atoms or volume, expected a crystal");
  for (auto const z : crystal.species)
    if (z < 1 || z > 118) fail("species " + std::to_string(z) + ", expected atomic numbers, which have masses");
  for (int const n : settings.repeats)
    if (n < 1) fail(std::to_string(n) + " repeats of the cell, expected > 0");
  if (!(settings.displacement > 0 && settings.displacement < 0.5))
    fail("displacement " + numberText(settings.displacement) + ", expected one between 0 and 0.5 (A)");
}

// Lattice vectors R, in whole numbers of the crystal's, from its first cell to the images of an atom of the supercell
// that are nearest to an atom of the first cell. \param displacement to the atom itself; \param r of its cell
std::vector<Vector3> nearestImages(Vector3 const& displacement, Vector3 const& r, Structure const& crystal,
                                   std::array<int, 3> const& repeats) {
  constexpr int reach = 2;        // enough for cells that are not very skewed
  constexpr double equal = 1e-4;  // (A)
  std::vector<std::pair<double, Vector3>> images;
  double nearest = HUGE_VAL;
  for (int x = -reach; x <= reach; ++x)
    for (int y = -reach; y <= reach; ++y)
      for (int z = -reach; z <= reach; ++z) {
        Vector3 const shift = {double(x * repeats[0]), double(y * repeats[1]), double(z * repeats[2])};
        Vector3 d = displacement;
        for (std::size_t v = 0; v < 3; ++v)
          for (std::size_t a = 0; a < 3; ++a) d[a] += shift[v] * crystal.cell[v][a];
        double const distance = std::hypot(d[0], d[1], d[2]);
        nearest = std::min(nearest, distance);
        images.push_back({distance, {r[0] + shift[0], r[1] + shift[1], r[2] + shift[2]}});
      }
  std::vector<Vector3> result;
  for (auto const& [distance, image] : images)
    if (distance < nearest + equal) result.push_back(image);
  return result;
}

// What an atom that moves along each axis does to an atom of the supercell, -dF_b / dr_a, and where that one is.
struct ForceConstants {
  Matrix3 phi;                  // [a][b] (eV/A^2)
  std::vector<Vector3> images;  // which count in equal parts
};

// By atom of the crystal, then of the supercell.
template <class ExecutionSpace>
std::vector<ForceConstants> forceConstants(BatchForces<ExecutionSpace> const& potential, Structure const& crystal,
                                           PhononSettings const& settings) {
  auto const& n = settings.repeats;
  Structure const supercell = repeated(crystal, n);
  std::vector<Structure> displaced;
  for (std::size_t i = 0; i < crystal.size(); ++i)
    for (std::size_t a = 0; a < 3; ++a)
      for (double const by : {-settings.displacement, settings.displacement})
        displaced.emplace_back(supercell).positions[i][a] += by;
  auto const evaluations = potential.evaluate(displaced);

  std::vector<ForceConstants> constants;
  for (std::size_t i = 0; i < crystal.size(); ++i)
    for (std::size_t j = 0; j < supercell.size(); ++j) {
      auto& [phi, images] = constants.emplace_back();
      for (std::size_t a = 0; a < 3; ++a) {
        auto const& low = evaluations[6 * i + 2 * a];
        auto const& high = evaluations[6 * i + 2 * a + 1];
        for (std::size_t b = 0; b < 3; ++b) {
          phi[a][b] = low && high ? low->evaluation.forces[j][b] - high->evaluation.forces[j][b] : NAN;
          phi[a][b] /= 2 * settings.displacement;
          if (!std::isfinite(phi[a][b])) fail("forces that are not finite, expected a crystal that can be evaluated");
        }
      }
      auto const cell = static_cast<int>(j / crystal.size());
      int const x = cell / (n[1] * n[2]), y = cell / n[2] % n[1], z = cell % n[2];
      Vector3 d{};
      for (std::size_t a = 0; a < 3; ++a) d[a] = supercell.positions[j][a] - supercell.positions[i][a];
      images = nearestImages(d, {double(x), double(y), double(z)}, crystal, n);
    }
  return constants;
}

using ComplexMatrix = std::vector<std::complex<double>>;  // row-major

// D(q) (eV/A^2/u).
ComplexMatrix dynamicalMatrix(std::vector<ForceConstants> const& constants, Structure const& crystal,
                              Vector3 const& q) {
  std::size_t const atoms = crystal.size(), all = constants.size() / atoms;
  ComplexMatrix dynamical(9 * atoms * atoms);
  for (std::size_t i = 0; i < atoms; ++i)
    for (std::size_t image = 0; image < all; ++image) {
      std::size_t const j = image % atoms;
      auto const& [phi, images] = constants[i * all + image];
      std::complex<double> phase = 0;
      for (auto const& r : images)
        phase += std::polar(1., 2 * std::numbers::pi * (q[0] * r[0] + q[1] * r[1] + q[2] * r[2]));
      phase /= static_cast<double>(images.size()) *
               std::sqrt(atomicMass(crystal.species[i]) * atomicMass(crystal.species[j]));
      for (std::size_t a = 0; a < 3; ++a)
        for (std::size_t b = 0; b < 3; ++b) dynamical[(3 * i + a) * 3 * atoms + 3 * j + b] += phi[a][b] * phase;
    }
  return dynamical;
}

// Frequencies (THz) of a dynamical matrix: real and imaginary parts of its Hermitian part make a symmetric matrix of
// twice the size with every eigenvalue twice.
std::vector<double> frequenciesOf(ComplexMatrix const& dynamical, std::size_t size) {
  std::vector<double> doubled(4 * size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j) {
      auto const d = (dynamical[i * size + j] + std::conj(dynamical[j * size + i])) / 2.;
      doubled[j * 2 * size + i] = doubled[(size + j) * 2 * size + size + i] = d.real();
      doubled[j * 2 * size + size + i] = d.imag();
      doubled[(size + j) * 2 * size + i] = -d.imag();
    }
  auto const squares = symmetricEigenvalues(std::move(doubled), static_cast<int>(2 * size));
  // sqrt(eV / u) / A in THz; constants of SI 2019 and CODATA 2018.
  double const thz = std::sqrt(1.602176634e-19 / 1.66053906660e-27) * 1e10 / (2 * std::numbers::pi) * 1e-12;
  std::vector<double> frequencies;
  for (std::size_t m = 0; m < size; ++m)
    frequencies.push_back(std::copysign(std::sqrt(std::abs(squares[2 * m])), squares[2 * m]) * thz);
  return frequencies;
}

}  // namespace

template <class ExecutionSpace>
std::vector<PhononModes> phononModes(MtpModel const& model, Structure const& crystal, std::span<Vector3 const> q,
                                     PhononSettings const& settings, ExecutionSpace space) {
  check(crystal, settings);
  BatchForces<ExecutionSpace> const potential(model, std::move(space));
  potential.checkSpecies(crystal, "phononModes");
  auto const constants = forceConstants(potential, crystal, settings);
  std::vector<PhononModes> result;
  for (auto const& wave : q)
    result.push_back({wave, frequenciesOf(dynamicalMatrix(constants, crystal, wave), 3 * crystal.size())});
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                            \
  template std::vector<PhononModes> phononModes(MtpModel const&, Structure const&, std::span<Vector3 const>, \
                                                PhononSettings const&, SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
