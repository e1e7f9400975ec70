/// \file
/// The state of a fit in an HDF5 file: `/identity`, and per stage `/stages/<n>/{radial,losses,numbers}` and what L-BFGS
/// remembers, `{gradient,steps,changes,recent_losses}` (empty without).
#pragma once

#include <string>

#include "sinter/fitting/potential_fit.hpp"

namespace sinter {

/// Replaces `file` by one with this state; a kill leaves the old or the new one.
/// \throws SystemError when it cannot be written.
void writeCheckpoint(std::string const& file, FitState const& state);

/// \throws InputError when `file` is missing, damaged or of another kind.
[[nodiscard]] FitState readCheckpoint(std::string const& file);

}  // namespace sinter
