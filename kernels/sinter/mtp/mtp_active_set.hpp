/// \file
/// The active set at the end of an `.almtp` file of MLIP-3. Sinter does not use it: it is recognised, and its size is
/// checked.
///
/// The text of the potential is followed by
///
///     #MVS_v1.1
///     energy_weight X      (four weights and a power, one a line)
///     force_weight X
///     stress_weight X
///     site_en_weight X
///     weight_scaling N
///     #
///
/// then, without a line break, by the matrices A and A^-1 as raw doubles, n * n each with n = S^2 K R + S + (number of
/// basis functions), a line "#", and the selected configurations. `writeMtp` writes the potential alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// What is known of an active set.
struct MtpActiveSet {
  std::string version;       ///< "1.1"
  std::size_t size = 0;      ///< n, rows of the matrices; 0 when the version is another one than 1.1
  std::size_t matrices = 0;  ///< bytes of A and A^-1
  std::size_t bytes = 0;     ///< from the marker to the end of the file
};

/// The active set of `file`, if there is one. `model` is the potential in front of it.
/// \throws InputError when the header is damaged, or the file ends inside the matrices.
/// Cost: the text and some bytes after it are read, not the matrices.
[[nodiscard]] std::optional<MtpActiveSet> readMtpActiveSet(std::string const& file, MtpModel const& model);

namespace detail {

/// The text of a potential file, with the head of its active set behind it.
struct MtpText {
  std::string text;
  std::size_t marker = std::string::npos;  ///< where the active set starts
};

/// \throws InputError when the file cannot be read or is far too long for an `.mtp` file.
[[nodiscard]] MtpText readMtpText(std::string const& file);

/// `readMtpActiveSet` for text that has been read.
[[nodiscard]] std::optional<MtpActiveSet> findActiveSet(MtpText const& text, std::string const& file,
                                                        MtpModel const& model);

}  // namespace detail

}  // namespace sinter
