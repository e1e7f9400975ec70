/// \file
/// Properties of crystals at rest: energies over volumes, elastic constants.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/simulation/batch_relaxation.hpp"

namespace sinter {

/// A crystal relaxed at a volume.
struct VolumePoint {
  double volume = 0;    ///< of the cell (A^3)
  double energy = 0;    ///< of the cell (eV)
  double pressure = 0;  ///< (eV/A^3)
};

/// Energies of a crystal whose cell is scaled to `volumes` (A^3); atoms are relaxed at each, the shape of the cell is
/// that of `crystal`. All volumes are relaxed in one batch.
/// \param settings pressure, cell and its tolerance play no part
/// \throws InputError when a volume is not positive, `crystal` has none, or a relaxation did not converge.
template <class ExecutionSpace>
[[nodiscard]] std::vector<VolumePoint> energyVolumeCurve(MtpModel const& model, Structure const& crystal,
                                                         std::span<double const> volumes,
                                                         RelaxationSettings settings = {}, ExecutionSpace space = {});

/// Elastic constants C_vw = d stress_v / d e_w (eV/A^3), stress_v = -W_v / V, in the order of Voigt, with engineering
/// shear strains e_yz = 2 epsilon_yz and the like.
struct ElasticConstants {
  std::array<Voigt, 6> c{};  ///< c[v][w]

  /// Voigt's average (C_11 + C_22 + C_33 + 2 (C_12 + C_13 + C_23)) / 9: the bulk modulus of a cubic crystal (eV/A^3).
  [[nodiscard]] double bulkModulus() const;
};

/// Elastic constants of a crystal by central differences of the stress: twelve strained cells in one batch, in each of
/// which atoms are relaxed.
/// \param crystal a relaxed one: under a pressure the result are the coefficients of stress and strain
/// \param strain of the differences, engineering strain for shears
/// \param settings pressure, cell and its tolerance play no part. Errors of forces matter to first order here, and the
///        forces that relax are proportional to the strain: force tolerances above 0.01 eV/A times the strain are
///        lowered to that
/// \throws InputError when `crystal` has no volume, `strain` is not in (0, 0.1), or a relaxation did not converge.
/// Error: third-order elastic constants times strain^2.
template <class ExecutionSpace>
[[nodiscard]] ElasticConstants elasticConstants(MtpModel const& model, Structure const& crystal, double strain = 1e-3,
                                                RelaxationSettings settings = {}, ExecutionSpace space = {});

}  // namespace sinter
