/// \file
/// Fitting the linear coefficients of a moment tensor potential, radial coefficients kept.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/fitting/fit_settings.hpp"
#include "sinter/fitting/training_rows.hpp"
#include "sinter/fitting/uncertainty.hpp"
#include "sinter/linalg/regularized.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// A fitted potential and what the solver said.
struct LinearFit {
  MtpModel model;
  std::size_t rows = 0;                  ///< equations: energies, force components, virial components
  int columns = 0;                       ///< unknowns: basis functions, and species energies unless e0 fixes them
  int rank = 0;                          ///< unknowns that are determined; the others are zero
  double condition = 0;                  ///< of the equilibrated, pivoted problem
  double loss = 0;                       ///< MLIP's loss: sum of weighted squares / number of structures
  double ridge = 0;                      ///< as used, relative to columns of norm 1
  std::vector<RidgeScore> ridge_scores;  ///< of cross-validation, where there was one; errors / number of structures
  std::vector<double> spectrum;          ///< singular values of the equilibrated columns that are kept, descending
  FitUncertainty uncertainty;
};

/// The untrained model that `settings` describe: a generated template or a file, min_dist (from the data when
/// automatic), radial coefficients (those of the file, else the exponential start around the mean nearest-neighbour
/// distance). \throws InputError when settings and data do not fit together.
template <class ExecutionSpace>
[[nodiscard]] MtpModel makeStartModel(ExecutionSpace const& space, FitSettings const& settings,
                                      StructureSet const& structures);

/// The template of another level for the same species, distances and radial basis: radial functions that both levels
/// have are those of `model`, others those of the exponential start around `r0` (A).
[[nodiscard]] MtpModel atLevel(MtpModel const& model, int level, double r0);

/// Least squares over all labels of `structures`: minimises
///   (1/N_cfg) sum_cfg [ w_e (dE)^2 / N + w_f sum_i |dF_i|^2 + w_s sum_9 (d virial)^2 / N ]
/// (powers of N by `settings.weight_mode`) in the linear coefficients xi_k and species energies, by streamed QR with
/// column pivoting; dependent columns are zero. Species energies are counted from the mean energy per atom: a ridge
/// pulls them there, and there they stay without energy labels. \param start a model with radial coefficients (see
/// makeStartModel) \throws InputError when no structure has a label or a species is unknown. Source:
/// ../shared/design/fitting.md; weights as in MLIP-3.
template <class ExecutionSpace>
[[nodiscard]] LinearFit fitLinear(ExecutionSpace const& space, FitSettings const& settings, MtpModel const& start,
                                  StructureSet const& structures, FitProgress const& progress = {});

/// The same for rows that are there: the solution at the radial coefficients of `model`, ridge and cross-validation by
/// `settings`.
template <class ExecutionSpace>
[[nodiscard]] LinearFit solveLinear(TrainingRows<ExecutionSpace>& training, FitSettings const& settings,
                                    MtpModel const& model);

}  // namespace sinter
