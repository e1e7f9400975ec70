/// \file
/// Vacancy and self-interstitials of a crystal with the diamond structure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/simulation/batch_relaxation.hpp"

namespace sinter {

/// A point defect; interstitials are one atom more.
enum class PointDefect {
  vacancy,
  dumbbell,    ///< two atoms along <110> in the place of one (split interstitial)
  hexagonal,   ///< in the middle of a ring of six
  tetrahedral  ///< in the middle of the cage, as far from four atoms as a bond is long
};
[[nodiscard]] std::string nameOf(PointDefect defect);

/// A supercell of n x n x n conventional cells with a defect, not relaxed.
/// \param lattice_constant (A) \throws InputError unless it and `n` are positive.
[[nodiscard]] Structure diamondWithDefect(PointDefect defect, std::int32_t atomic_number, double lattice_constant,
                                          int n);

/// A relaxed defect.
struct DefectEnergy {
  PointDefect defect{};
  double formation_energy = 0;  ///< E - (N / N_bulk) E_bulk (eV), atoms relaxed in the cell of the perfect crystal
  double unrelaxed_energy = 0;  ///< the same before the relaxation
  Structure structure;          ///< relaxed: it may have become another defect
};

/// Formation energies of defects in n x n x n conventional cells of a diamond crystal; one batch. Starts are symmetric,
/// and what only lower symmetry brings (the Jahn-Teller distortion of the vacancy) comes as far as rounding starts it.
/// \param lattice_constant (A) that of the relaxed crystal
/// \param settings pressure, cell and its tolerance play no part
/// \throws InputError unless `lattice_constant` and `n` are positive, and when a relaxation did not converge.
template <class ExecutionSpace>
[[nodiscard]] std::vector<DefectEnergy> pointDefectEnergies(MtpModel const& model, std::int32_t atomic_number,
                                                            double lattice_constant, int n,
                                                            std::span<PointDefect const> defects,
                                                            RelaxationSettings settings = {},
                                                            ExecutionSpace space = {});

}  // namespace sinter
