/// \file
/// Fitting the linear coefficients of a moment tensor potential, radial coefficients kept.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "sinter/core/structure.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/training_rows.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// A fitted potential and what the solver said.
struct LinearFit {
  MtpModel model;
  std::size_t rows = 0;  ///< equations: energies, force components, virial components
  int columns = 0;       ///< unknowns: basis functions, and species energies unless e0 fixes them
  int rank = 0;          ///< unknowns that are determined; the others are zero
  double condition = 0;  ///< of the equilibrated, pivoted problem
  double loss = 0;       ///< MLIP's loss: sum of weighted squares / number of structures
};

/// The untrained model that `settings` describe: a generated template or a file, min_dist (from the data when
/// automatic), radial coefficients (those of the file, else the exponential start around the mean nearest-neighbour
/// distance). \throws InputError when settings and data do not fit together.
template <class ExecutionSpace>
[[nodiscard]] MtpModel makeStartModel(ExecutionSpace const& space, FitSettings const& settings,
                                      std::span<Structure const> structures);

/// Least squares over all labels of `structures`: minimises
///   (1/N_cfg) sum_cfg [ w_e (dE)^2 / N + w_f sum_i |dF_i|^2 + w_s sum_9 (d virial)^2 / N ]
/// (powers of N by `settings.weight_mode`) in the linear coefficients xi_k and species energies, by streamed QR with
/// column pivoting. Design rows come from the evaluation kernel in batches bounded by `settings.max_memory`. \param
/// start a model with radial coefficients (see makeStartModel) \throws InputError when no structure has a label or a
/// species is unknown. Source: ../shared/design/fitting.md; weights as in MLIP-3.
template <class ExecutionSpace>
[[nodiscard]] LinearFit fitLinear(ExecutionSpace const& space, FitSettings const& settings, MtpModel const& start,
                                  std::span<Structure const> structures, FitProgress const& progress = {});

/// Bytes of the design rows of one batch of `atoms` atoms in `structures` structures.
[[nodiscard]] std::size_t designRowBytes(std::size_t atoms, std::size_t structures, std::size_t basis_functions);

}  // namespace sinter
