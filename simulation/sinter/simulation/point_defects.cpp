#include "sinter/simulation/point_defects.hpp"

#include <cmath>
#include <cstddef>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/simulation/crystals.hpp"
#include "sinter/simulation/excess_energy.hpp"

namespace sinter {

std::string nameOf(PointDefect defect) {
  switch (defect) {
    case PointDefect::vacancy:
      return "vacancy";
    case PointDefect::dumbbell:
      return "dumbbell";
    case PointDefect::hexagonal:
      return "hexagonal";
    case PointDefect::tetrahedral:
      break;
  }
  return "tetrahedral";
}

Structure diamondWithDefect(PointDefect defect, std::int32_t atomic_number, double lattice_constant, int n) {
  std::string const where = "diamondWithDefect: ";
  double const a = lattice_constant;
  if (!(a > 0)) throw InputError(where + "found lattice constant " + numberText(a) + ", expected > 0 (A)");
  if (n < 1) throw InputError(where + "found " + std::to_string(n) + " cells along an edge, expected > 0");
  Structure crystal =
      repeated(crystalPrototype("dia", atomic_number, a * a * a / 8, CrystalCell::conventional), {n, n, n});
  auto const add = [&](double x, double y, double z) {
    crystal.positions.push_back({x * a, y * a, z * a});
    crystal.species.push_back(atomic_number);
  };
  double const half = std::sqrt(3. / 128);  // along x and y: a dumbbell as long as a bond, sqrt(3)/4
  switch (defect) {
    case PointDefect::vacancy:
      crystal.positions.erase(crystal.positions.begin());
      crystal.species.erase(crystal.species.begin());
      break;
    case PointDefect::dumbbell:
      crystal.positions[0] = {half * a, half * a, 0};  // was at the origin
      add(-half, -half, 0);
      break;
    case PointDefect::hexagonal:
      add(0.625, 0.625, 0.625);
      break;
    case PointDefect::tetrahedral:
      add(0.5, 0.5, 0.5);
      break;
  }
  return crystal;
}

template <class ExecutionSpace>
std::vector<DefectEnergy> pointDefectEnergies(MtpModel const& model, std::int32_t atomic_number,
                                              double lattice_constant, int n, std::span<PointDefect const> defects,
                                              RelaxationSettings settings, ExecutionSpace space) {
  std::vector<Structure> starts;
  std::vector<std::string> names;
  for (auto const defect : defects) {
    starts.push_back(diamondWithDefect(defect, atomic_number, lattice_constant, n));
    names.push_back(nameOf(defect) + " in a cell of " + std::to_string(starts.back().size()) + " atoms");
  }
  Structure const crystal = crystalPrototype("dia", atomic_number, std::pow(lattice_constant, 3) / 8);
  auto energies =
      excessEnergies<ExecutionSpace>(model, crystal, std::move(starts), std::move(names), settings, std::move(space));
  std::vector<DefectEnergy> result;
  for (std::size_t d = 0; d < defects.size(); ++d)
    result.push_back({defects[d], energies[d].relaxed, energies[d].unrelaxed, std::move(energies[d].structure)});
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                    \
  template std::vector<DefectEnergy> pointDefectEnergies(MtpModel const&, std::int32_t, double, int, \
                                                         std::span<PointDefect const>, RelaxationSettings, SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
