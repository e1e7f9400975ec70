#include "sinter/fitting/training_rows.hpp"

#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/fitting/host_passes.hpp"
#include "sinter/fitting/panel_passes.hpp"
#include "sinter/mtp/mtp_radial_basis.hpp"

namespace sinter {

template <class ExecutionSpace>
TrainingRows<ExecutionSpace>::TrainingRows(FitSettings const& settings, MtpModel const& model, StructureSet structures,
                                           FitProgress progress, PassesBy by)
    : _batches(settings, model, std::move(structures), std::move(progress),
               is_device_space<Space> || by == PassesBy::panels),
      _species(model.species) {
  if constexpr (!is_device_space<Space>)
    if (by == PassesBy::backend) _passes = std::make_unique<HostPasses<Space>>(_batches);
  if (!_passes) _passes = std::make_unique<PanelPasses<Space>>(_batches);
}

template <class ExecutionSpace>
void TrainingRows<ExecutionSpace>::putSolution(std::span<double const> x, MtpModel& model) const {
  std::size_t const basis = model.alpha_moment_mapping.size();
  model.moment_coeffs.assign(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(basis));
  model.species_coeffs.resize(_species.size());
  for (std::size_t t = 0; t < _species.size(); ++t)
    model.species_coeffs[t] =
        fittedSpecies() > 0 ? x[basis + t] + _batches.referenceEnergy() : _batches.settings().e0.at(_species[t]);
}

template <class ExecutionSpace>
double TrainingRows<ExecutionSpace>::lossGradient(MtpRows const& rows, MtpModel const& model,
                                                  std::vector<double>& gradient) {
  if (formOf(model.radial_basis_type).repulsive)  // on the other side of the equations
    throw InputError(
        "gradient of the loss: found the radial type RBChebyshev_repuls, expected one without pair repulsion");
  return _passes->lossGradient(rows, model, gradient);
}

#define SINTER_INSTANTIATE(SPACE) template class TrainingRows<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
