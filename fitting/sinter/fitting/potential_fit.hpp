/// \file
/// A whole fit: starts, ladder of levels, radial coefficients, final linear solution.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sinter/fitting/linear_fit.hpp"
#include "sinter/fitting/variable_projection.hpp"

namespace sinter {

/// The steps of one start at one level.
struct FitStage {
  int start = 0;               ///< 0, 1, ...; 0 is the exponential start itself
  int level = 0;               ///< 0 for a template from a file
  bool all_data = false;       ///< on the whole training set, or on a part of it
  std::vector<double> losses;  ///< after each step, of the structures it is about: sum of weighted squares / structures
  VarproState state;
};

/// Where a fit stands. Written after every step, it lets a fit go on to the same bits as if nothing had happened.
struct FitState {
  std::string identity;  ///< of settings and data
  std::vector<FitStage> stages;
};

struct PotentialFit : LinearFit {
  std::vector<FitStage> stages;
  int iterations = 0;  ///< steps of all stages
};

/// What a fit tells while it runs; any of these may be empty. Exceptions end the fit. Of several ranks only the first
/// tells of steps.
struct FitHooks {
  FitProgress pass;                           ///< structures done in this pass
  std::function<void(FitStage const&)> step;  ///< after every step
  std::function<void(FitState const&)> save;  ///< after every step
};

/// Radial coefficients beyond which variable projection takes L-BFGS steps: the (radial, radial) sums of a pass, 17 in
/// number, then take more than half a GiB.
inline constexpr std::size_t most_radial_of_levenberg_marquardt = 2000;

/// The method that a fit uses: that of the settings, or `lbfgs` for `varpro` with more radial coefficients than
/// that (but not for `RBChebyshev_repuls`, of whose loss there is no gradient).
/// \throws InputError for `lbfgs` with that radial type
[[nodiscard]] FitMethod methodOf(FitSettings const& settings, MtpModel const& start);

/// What makes a state belong to a fit: the settings that decide on its steps, and the data.
[[nodiscard]] std::string fitIdentity(FitSettings const& settings, MtpModel const& start,
                                      StructureSet const& structures);

/// Fits a potential as `settings` say. Starts go up the ladder of levels, all but the last, on a part of the training
/// set, from each level the better half of them; the best goes on to the last level with all of it.
/// \param start from makeStartModel
/// \param nearest_distance mean distance of nearest neighbours (A), where `settings` have a ladder of levels
/// \param resume a state that `save` was given by the same fit
/// \throws InputError when `resume` is of another fit, data and settings do not fit together, or max_memory is too
/// small for the sums and one structure.
template <class ExecutionSpace>
[[nodiscard]] PotentialFit fitPotential(FitSettings const& settings, MtpModel const& start, double nearest_distance,
                                        StructureSet const& structures, FitHooks const& hooks = {},
                                        std::optional<FitState> const& resume = {});

}  // namespace sinter
