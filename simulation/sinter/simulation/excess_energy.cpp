#include "sinter/simulation/excess_energy.hpp"

#include <cstddef>
#include <utility>

#include "sinter/core/execution.hpp"
#include "sinter/simulation/batch_forces.hpp"

namespace sinter {

template <class ExecutionSpace>
std::vector<ExcessEnergy> excessEnergies(MtpModel const& model, Structure const& crystal,
                                         std::vector<Structure> structures, std::vector<std::string> names,
                                         RelaxationSettings settings, ExecutionSpace space) {
  structures.push_back(crystal);
  names.emplace_back("perfect crystal");
  settings.cell = CellFreedom::none;
  auto relaxed = relaxConverged<ExecutionSpace>(model, settings, structures, names, {}, space);
  auto const starts = BatchForces<ExecutionSpace>(model, std::move(space)).evaluate(structures);
  double const perfect = *relaxed.back().structure.energy / static_cast<double>(crystal.size());
  std::vector<ExcessEnergy> result;
  for (std::size_t s = 0; s + 1 < structures.size(); ++s) {
    double const energy = perfect * static_cast<double>(structures[s].size());
    result.push_back({starts[s].value().evaluation.energy - energy, *relaxed[s].structure.energy - energy,
                      std::move(relaxed[s].structure)});
  }
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                              \
  template std::vector<ExcessEnergy> excessEnergies(MtpModel const&, Structure const&, std::vector<Structure>, \
                                                    std::vector<std::string>, RelaxationSettings, SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
