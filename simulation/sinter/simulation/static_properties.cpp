#include "sinter/simulation/static_properties.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/simulation/deformation.hpp"

namespace sinter {

namespace {

double volumeOf(Structure const& crystal, std::string const& where) {
  checkStructure(crystal, where);
  auto const cell_volume = volume(crystal);
  if (!cell_volume || crystal.size() == 0)
    throw InputError(where + ": found a structure without atoms or volume, expected a crystal");
  return *cell_volume;
}

// Atoms relaxed in cells that stay as they are.
template <class ExecutionSpace>
std::vector<RelaxedStructure> relaxAtoms(MtpModel const& model, std::vector<Structure> const& cells,
                                         RelaxationSettings settings, ExecutionSpace space, std::string const& where) {
  settings.cell = CellFreedom::none;
  settings.pressure = 0;
  std::vector<std::string> const names(cells.size(), where);
  return relaxConverged<ExecutionSpace>(model, settings, cells, names, {}, std::move(space));
}

}  // namespace

template <class ExecutionSpace>
std::vector<VolumePoint> energyVolumeCurve(MtpModel const& model, Structure const& crystal,
                                           std::span<double const> volumes, RelaxationSettings settings,
                                           ExecutionSpace space) {
  std::string const where = "energyVolumeCurve";
  double const own = volumeOf(crystal, where);
  std::vector<Structure> cells;
  for (double const v : volumes) {
    if (!(v > 0)) throw InputError(where + ": found volume " + numberText(v) + ", expected > 0 (A^3)");
    double const scale = std::cbrt(v / own);
    cells.push_back(deformed(crystal, {{{scale, 0, 0}, {0, scale, 0}, {0, 0, scale}}}));
  }
  std::vector<VolumePoint> curve;
  for (auto const& one : relaxAtoms(model, cells, std::move(settings), std::move(space), where)) {
    double const v = *volume(one.structure);
    curve.push_back({v, *one.structure.energy, pressureOf(*one.structure.virial, v)});
  }
  return curve;
}

double ElasticConstants::bulkModulus() const {
  return (c[0][0] + c[1][1] + c[2][2] + 2 * (c[0][1] + c[0][2] + c[1][2])) / 9;
}

template <class ExecutionSpace>
ElasticConstants elasticConstants(MtpModel const& model, Structure const& crystal, double strain,
                                  RelaxationSettings settings, ExecutionSpace space) {
  std::string const where = "elasticConstants";
  volumeOf(crystal, where);
  if (!(strain > 0 && strain < 0.1))
    throw InputError(where + ": found strain " + numberText(strain) + ", expected one between 0 and 0.1");
  std::vector<Structure> cells;
  for (std::size_t w = 0; w < 6; ++w)
    for (double const e : {-strain, strain}) {
      Matrix3 f = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
      f[voigt_row[w]][voigt_column[w]] += e / 2;
      f[voigt_column[w]][voigt_row[w]] += e / 2;
      cells.push_back(deformed(crystal, f));
    }
  settings.force_tolerance = std::min(settings.force_tolerance, 0.01 * strain);
  auto const relaxed = relaxAtoms(model, cells, std::move(settings), std::move(space), where);
  ElasticConstants result;
  auto const stress = [&](std::size_t n, std::size_t v) {
    Structure const& s = relaxed[n].structure;
    return -(*s.virial)[v] / *volume(s);
  };
  for (std::size_t v = 0; v < 6; ++v)
    for (std::size_t w = 0; w < 6; ++w) result.c[v][w] = (stress(2 * w + 1, v) - stress(2 * w, v)) / (2 * strain);
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                                 \
  template std::vector<VolumePoint> energyVolumeCurve(MtpModel const&, Structure const&, std::span<double const>, \
                                                      RelaxationSettings, SPACE);                                 \
  template ElasticConstants elasticConstants(MtpModel const&, Structure const&, double, RelaxationSettings, SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
