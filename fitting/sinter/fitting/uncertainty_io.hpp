/// \file
/// The uncertainty of a fitted potential in an HDF5 file beside it: `/meta` (version, units, potential_sha256),
/// `/noise_variance`, and of `/covariance` and `/committee` the datasets `directions` (directions x unknowns) and
/// `scale`.
#pragma once

#include <string>

#include "sinter/fitting/uncertainty.hpp"

namespace sinter {

/// The name beside that of a potential: model.mtp has model.uncertainty.h5.
[[nodiscard]] std::string uncertaintyFileOf(std::string const& potential);

/// Writes it under a temporary name, then renames it. \param potential_sha256 of the potential it belongs to
/// \throws SystemError when the disk is full.
void writeUncertainty(std::string const& file, FitUncertainty const& uncertainty, std::string const& potential_sha256);

/// \throws InputError when there is no such file, it is damaged, or belongs to another potential.
[[nodiscard]] FitUncertainty readUncertainty(std::string const& file, std::string const& potential,
                                             std::string const& potential_sha256);

}  // namespace sinter
