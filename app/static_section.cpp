#include "static_section.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/simulation/batch_relaxation.hpp"
#include "sinter/simulation/crystals.hpp"
#include "sinter/simulation/equation_of_state.hpp"
#include "sinter/simulation/phases.hpp"
#include "sinter/simulation/phonons.hpp"
#include "sinter/simulation/point_defects.hpp"
#include "sinter/simulation/same_crystal.hpp"
#include "sinter/simulation/static_properties.hpp"
#include "sinter/simulation/surfaces.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

constexpr double gpa = gpa_per_ev_per_cubic_angstrom;
constexpr double widest_fit = 0.061;     // of equations of state: volumes, relative to the relaxed one
constexpr std::size_t least_points = 5;  // of them

/// Properties of one potential.
template <class Space>
class StaticSection {
 public:
  StaticSection(MtpModel const& model, StaticSettings const& settings) : _model(model), _settings(settings) {
    _tight.force_tolerance = 1e-4;
    _tight.pressure_tolerance = 1e-3 / gpa;
  }

  [[nodiscard]] Json equationOfState(std::string const& name) const {
    Structure const crystal = relaxed(name, CrystalCell::conventional);
    auto const atoms = static_cast<double>(crystal.size());
    double const relaxed_volume = *volume(crystal);
    std::vector<double> volumes;
    for (double const relative : _settings.volumes) volumes.push_back(relative * relaxed_volume);
    auto const points = energyVolumeCurve<Space>(_model, crystal, volumes, _tight);
    std::vector<VolumePoint> near;  // far away one equation of state is not enough
    for (auto const& point : points)
      if (std::abs(point.volume / relaxed_volume - 1) < widest_fit) near.push_back(point);
    auto const state = fitEquationOfState(near.size() < least_points ? points : near);
    Json lattice = Json::array(), curve;
    for (auto const& row : crystal.cell) lattice.push_back(std::hypot(row[0], row[1], row[2]));
    for (auto const& point : points) {
      curve["volume"].push_back(point.volume / atoms);
      curve["energy"].push_back(point.energy / atoms);
      curve["pressure"].push_back(point.pressure * gpa);
    }
    return {{"energy", *crystal.energy / atoms},
            {"volume", relaxed_volume / atoms},
            {"lattice_constant", lattice[0]},
            {"lattice", lattice},
            {"bulk_modulus", state.bulk_modulus * gpa},
            {"bulk_modulus_derivative", state.bulk_modulus_derivative},
            {"neighbor_distances", neighborDistances(crystal)},
            {"curve", curve}};
  }

  [[nodiscard]] Json elastic(std::string const& name) const {
    auto const constants = elasticConstants<Space>(_model, relaxed(name, CrystalCell::conventional));
    auto const c = [&](std::size_t v, std::size_t w) { return (constants.c[v][w] + constants.c[w][v]) / 2 * gpa; };
    double const bulk_modulus = constants.bulkModulus() * gpa;
    if (isCubic(name))
      return {{"c11", (c(0, 0) + c(1, 1) + c(2, 2)) / 3},
              {"c12", (c(0, 1) + c(0, 2) + c(1, 2)) / 3},
              {"c44", (c(3, 3) + c(4, 4) + c(5, 5)) / 3},
              {"bulk_modulus", bulk_modulus}};
    return {{"c11", c(0, 0)}, {"c22", c(1, 1)}, {"c33", c(2, 2)}, {"c12", c(0, 1)}, {"c13", c(0, 2)},
            {"c23", c(1, 2)}, {"c44", c(3, 3)}, {"c55", c(4, 4)}, {"c66", c(5, 5)}, {"bulk_modulus", bulk_modulus}};
  }

  [[nodiscard]] Json phases() const {
    std::vector<NamedCrystal> crystals;
    for (auto const& name : _settings.crystals) crystals.push_back({name, start(name, CrystalCell::primitive)});
    std::vector<double> pressures;
    for (double const pressure : _settings.pressures) pressures.push_back(pressure / gpa);
    auto const curves = enthalpyCurves<Space>(_model, crystals, pressures, _tight);
    auto const sequence = stablePhases(curves);
    Json enthalpy = Json::object(), volume = Json::object(), same_as = Json::object(), transitions = Json::array(),
         failures = Json::array();
    for (auto const& [name, points] : curves)
      for (auto const& point : points) {
        enthalpy[name].push_back(point.failure ? Json(nullptr) : Json(point.enthalpy));
        volume[name].push_back(point.failure ? Json(nullptr) : Json(point.volume));
        same_as[name].push_back(point.same_as ? Json(*point.same_as) : Json(nullptr));
        if (point.failure)
          failures.push_back({{"crystal", name}, {"pressure", point.pressure * gpa}, {"reason", *point.failure}});
      }
    for (auto const& [from, to, pressure, is_continuous] : sequence.transitions)
      transitions.push_back({{"from", from}, {"to", to}, {"pressure", pressure * gpa}, {"continuous", is_continuous}});
    return {
        {"pressures", _settings.pressures}, {"enthalpy", enthalpy},       {"volume", volume},    {"same_as", same_as},
        {"first", sequence.first},          {"transitions", transitions}, {"failures", failures}};
  }

  [[nodiscard]] Json defect(PointDefect kind) const {
    std::array const kinds = {kind};
    auto const found = pointDefectEnergies<Space>(_model, _settings.element, latticeConstant(), _settings.supercell,
                                                  kinds, RelaxationSettings());
    return {{"energy", found[0].formation_energy}, {"unrelaxed", found[0].unrelaxed_energy}};
  }

  [[nodiscard]] Json surface(DiamondSurface kind) const {
    std::array const kinds = {kind};
    auto const found = surfaceEnergies<Space>(_model, _settings.element, latticeConstant(), _settings.planes, kinds);
    return {{"relaxed", found[0].energy}, {"unrelaxed", found[0].unrelaxed_energy}, {"area", found[0].area}};
  }

  [[nodiscard]] Json phonons() const {
    std::vector<Vector3> points;
    for (auto const& name : _settings.phonons) points.push_back(name == "X" ? fcc_x : name == "L" ? fcc_l : fcc_gamma);
    auto const modes = phononModes<Space>(_model, relaxed("dia", CrystalCell::primitive), points);
    Json result;
    for (std::size_t n = 0; n < modes.size(); ++n) result[_settings.phonons[n]] = modes[n].frequencies;
    return result;
  }

 private:
  static bool isCubic(std::string_view name) {
    constexpr std::array<std::string_view, 4> names = {"dia", "fcc", "bcc", "sc"};
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  [[nodiscard]] Structure start(std::string const& name, CrystalCell cell) const {
    return crystalPrototype(name, _settings.element,
                            _settings.diamond_volume * siliconVolumePerAtom(name) / siliconVolumePerAtom("dia"), cell);
  }

  [[nodiscard]] Structure relaxed(std::string const& name, CrystalCell cell) const {
    std::array const crystal = {start(name, cell)};
    return std::move(relaxConverged<Space>(_model, _tight, crystal, std::array{name})[0].structure);
  }

  // Of the relaxed diamond structure, which must still be that.
  [[nodiscard]] double latticeConstant() const {
    Structure const crystal = relaxed("dia", CrystalCell::conventional);
    double const a = crystal.cell[0][0];
    constexpr double tolerance = 1e-4;  // of axes, relative, and of cosines
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j)
        if (std::abs(crystal.cell[i][j] / a - (i == j ? 1 : 0)) > tolerance)
          throw InputError("dia: found a relaxed cell that is not cubic, expected the diamond structure");
    if (double const nearest = neighborDistances(crystal)[0]; nearest >= _model.max_dist)
      throw InputError("dia: found neighbours " + numberText(nearest) +
                       " A apart, expected neighbours within the cutoff of " + numberText(_model.max_dist) + " A");
    return a;
  }

  MtpModel const& _model;
  StaticSettings const& _settings;
  RelaxationSettings _tight;  // of crystals
};

}  // namespace

template <class ExecutionSpace>
std::vector<StaticPart> staticParts(MtpModel const& model, StaticSettings const& settings) {
  StaticSection<ExecutionSpace> const section(model, settings);
  Json const common = {
      {"element", settings.element}, {"diamond_volume", settings.diamond_volume}, {"species", model.species}};
  std::vector<StaticPart> parts;
  auto const add = [&](std::vector<std::string> path, Json const& own, std::function<Json()> compute) {
    Json inputs = common;
    inputs.update(own);
    parts.push_back({std::move(path), std::move(inputs), std::move(compute)});
  };
  for (auto const& name : settings.crystals)
    add({"crystals", name}, {{"volumes", settings.volumes}}, [=] { return section.equationOfState(name); });
  for (auto const& name : settings.elastic)
    add({"elastic", name}, Json::object(), [=] { return section.elastic(name); });
  if (!settings.pressures.empty())
    add({"phases"}, {{"crystals", settings.crystals}, {"pressures", settings.pressures}},
        [=] { return section.phases(); });
  for (auto const kind : settings.defects)
    add({"defects", nameOf(kind)}, {{"supercell", settings.supercell}}, [=] { return section.defect(kind); });
  for (auto const kind : settings.surfaces)
    add({"surfaces", nameOf(kind)}, {{"planes", settings.planes}}, [=] { return section.surface(kind); });
  if (!settings.phonons.empty()) add({"phonons"}, {{"points", settings.phonons}}, [=] { return section.phonons(); });
  return parts;
}

#define SINTER_INSTANTIATE(SPACE) \
  template std::vector<StaticPart> staticParts<SPACE>(MtpModel const&, StaticSettings const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)
#undef SINTER_INSTANTIATE

}  // namespace sinter::app
