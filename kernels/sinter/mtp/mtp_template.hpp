/// \file
/// Untrained moment tensor potentials: the index tables of a level, and a deterministic start of the radial functions.
#pragma once

#include <cstdint>
#include <vector>

#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// What an untrained potential needs beside its level.
struct MtpTemplateOptions {
  int level = 16;                     ///< lev_max, even, 2 to 28
  std::vector<std::int32_t> species;  ///< atomic numbers, in the order of types; empty for one unnamed species
  double min_dist = 2;                ///< (A)
  double max_dist = 5;                ///< (A)
  int radial_basis_size = 8;
  RadialBasisType radial_basis_type = RadialBasisType::RBChebyshev;
};

/// Index tables of level `lev_max`: all contractions of at most four moments with lev(M_{mu,nu}) = 2 + 4 mu + nu whose
/// levels sum to at most lev_max, mu <= 5, nu <= 10. Equal, entry by entry, to the untrained MLIP templates (checked
/// for levels 2 to 26; of level 28 only the sizes are known). Coefficients stay empty and the scaling is 1.
/// \throws InputError when the level is odd or outside 2..28, or sizes and distances make no sense.
///
/// Source: Shapeev, Multiscale Model. Simul. 14, 1153 (2016), and the tables of published potentials, see
/// mtp_template.cpp. Cost: about 0.1 s at level 28, milliseconds up to level 20.
[[nodiscard]] MtpModel makeMtpTemplate(MtpTemplateOptions const& options);

/// Sets the radial coefficients of every pair of species to the projection of
///   f_mu(r) = exp(-s_mu (r - r0)) ((R_max - r) / (R_max - r0))^2,   s_mu = 2^mu = 1, 2, 4, ... (1/A),
/// on the radial basis, whatever its type; with them even a linear fit is good. The projection is the least-squares one
/// on [R_min, R_max] (sum over Chebyshev points with the weights of an integral over r; Householder QR), whatever the
/// scaling; without a cutoff factor the functions only come near zero at R_max. `r0` (A) should be near the
/// nearest-neighbour distance.
/// \throws InputError when `model` does not pass `checkMtpModel`, r0 is not inside (0, max_dist), or exp(s_mu (r0 -
/// R_min)) overflows; the model is then unchanged.
///
/// Source: ../shared/design/fitting.md section 2. Cost: O(R^2 (R + K)), host only.
void setExponentialStart(MtpModel& model, double r0);

}  // namespace sinter
