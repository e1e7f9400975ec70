/// \file
/// Energies above that of a perfect crystal: of defects, surfaces and other structures made of the same.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/simulation/batch_relaxation.hpp"

namespace sinter {

/// E - (N / N_crystal) E_crystal of a structure of N atoms.
struct ExcessEnergy {
  double unrelaxed = 0;  ///< as it was given (eV)
  double relaxed = 0;    ///< after its atoms were relaxed (eV)
  Structure structure;   ///< relaxed
};

/// Excess energies of structures with the composition of a crystal; atoms are relaxed, cells stay, all in one batch.
/// \param crystal the perfect one, whose atoms are relaxed too
/// \param names one per structure, for messages
/// \param settings pressure, cell and its tolerance play no part
/// \throws InputError for structures without atoms, and when a relaxation did not converge.
template <class ExecutionSpace>
[[nodiscard]] std::vector<ExcessEnergy> excessEnergies(MtpModel const& model, Structure const& crystal,
                                                       std::vector<Structure> structures,
                                                       std::vector<std::string> names, RelaxationSettings settings = {},
                                                       ExecutionSpace space = {});

}  // namespace sinter
