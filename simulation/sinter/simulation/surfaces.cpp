#include "sinter/simulation/surfaces.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/simulation/crystals.hpp"
#include "sinter/simulation/excess_energy.hpp"

namespace sinter {

namespace {

// Vectors of the fcc lattice in units of its constant: the surface cell, whose normal along x across points up, and a
// step from one plane to the next.
struct Face {
  Vector3 along, across, step;
};

Face faceOf(DiamondSurface surface) {
  switch (surface) {
    case DiamondSurface::s100:
      return {{0, .5, .5}, {0, -.5, .5}, {.5, .5, 0}};
    case DiamondSurface::s110:
      return {{.5, -.5, 0}, {0, 0, -1}, {.5, 0, .5}};
    case DiamondSurface::s111:
      break;
  }
  return {{.5, -.5, 0}, {0, .5, -.5}, {.5, .5, 0}};
}

double dot(Vector3 const& a, Vector3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector3 cross(Vector3 const& a, Vector3 const& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

Vector3 sum(Vector3 const& a, Vector3 const& b, double times = 1) {
  return {a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]};
}

// r moved by whole vectors `along` into the cell of `along` and `across`.
Vector3 wrapped(Vector3 const& r, Vector3 const& along, Vector3 const& across) {
  Vector3 const reciprocal = cross(across, cross(along, across));
  return sum(r, along, -std::floor(dot(reciprocal, r) / dot(reciprocal, along) + 1e-9));
}

}  // namespace

std::string nameOf(DiamondSurface surface) {
  switch (surface) {
    case DiamondSurface::s100:
      return "100";
    case DiamondSurface::s110:
      return "110";
    case DiamondSurface::s111:
      break;
  }
  return "111";
}

Structure diamondSlab(DiamondSurface surface, std::int32_t atomic_number, double lattice_constant, int planes) {
  std::string const where = "diamondSlab: ";
  if (!(lattice_constant > 0 && std::isfinite(lattice_constant)))
    throw InputError(where + "found lattice constant " + numberText(lattice_constant) + ", expected > 0 (A)");
  if (planes < 1) throw InputError(where + "found " + std::to_string(planes) + " planes, expected > 0");
  Face const face = faceOf(surface);
  Vector3 const& along = face.along;
  Vector3 const& across = face.across;
  Vector3 const up = cross(along, across), left = cross(up, along);
  auto const turned = [&](Vector3 const& r) {  // x along the first vector, z up
    Vector3 result{};
    std::size_t d = 0;
    for (auto const& axis : {along, left, up})
      result[d++] = lattice_constant * dot(r, axis) / std::sqrt(dot(axis, axis));
    return result;
  };
  Structure slab;
  slab.periodic = {true, true, false};
  double thickness = 0;
  for (int plane = 0; plane < planes; ++plane)
    for (double const shift : {0., 0.25}) {  // the two sublattices, the other one by a step less (1/4, 1/4, 1/4)
      Vector3 site = sum({-shift, -shift, -shift}, face.step, plane + (shift > 0 ? 1 : 0));
      site = wrapped(wrapped(site, along, across), across, along);
      slab.positions.push_back(turned(site));
      slab.species.push_back(atomic_number);
      thickness = std::max(thickness, slab.positions.back()[2]);
    }
  constexpr double vacuum = 10;  // (A), for programs that want a cell
  slab.cell = {turned(along), turned(across), {0, 0, thickness + vacuum}};
  return slab;
}

template <class ExecutionSpace>
std::vector<SurfaceEnergy> surfaceEnergies(MtpModel const& model, std::int32_t atomic_number, double lattice_constant,
                                           int planes, std::span<DiamondSurface const> surfaces,
                                           RelaxationSettings settings, ExecutionSpace space) {
  std::vector<Structure> starts;
  std::vector<std::string> names;
  for (auto const surface : surfaces) {
    starts.push_back(diamondSlab(surface, atomic_number, lattice_constant, planes));
    names.push_back("surface " + nameOf(surface) + " of " + std::to_string(planes) + " planes");
  }
  Structure const crystal = crystalPrototype("dia", atomic_number, std::pow(lattice_constant, 3) / 8);
  auto slabs =
      excessEnergies<ExecutionSpace>(model, crystal, std::move(starts), std::move(names), settings, std::move(space));
  std::vector<SurfaceEnergy> result;
  for (std::size_t s = 0; s < surfaces.size(); ++s) {
    Matrix3 const& cell = slabs[s].structure.cell;
    double const area = std::abs(cell[0][0] * cell[1][1]);  // the first vector lies along x, the second in xy
    result.push_back({surfaces[s], area, slabs[s].unrelaxed / (2 * area), slabs[s].relaxed / (2 * area),
                      std::move(slabs[s].structure)});
  }
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                 \
  template std::vector<SurfaceEnergy> surfaceEnergies(MtpModel const&, std::int32_t, double, int, \
                                                      std::span<DiamondSurface const>, RelaxationSettings, SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
