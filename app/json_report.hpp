/// \file
/// The JSON blocks that reports of several commands share (contract: the command line reference).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sinter/fitting/uncertainty.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/structures/label_errors.hpp"

namespace sinter::app {

/// `"sinter"`: version, git, backend ("openmp", ...), precision ("double" or "mixed").
[[nodiscard]] nlohmann::ordered_json sinterJson(std::string const& backend, std::string const& precision);

/// `"potential"`: file, sha256, kind, species (X0, X1, ... where the file names none), cutoff (A), basis_functions.
/// \throws InputError when `file` cannot be read.
[[nodiscard]] nlohmann::ordered_json potentialJson(std::string const& file, MtpModel const& model);

/// `"errors"`: all and each config type; null where no label was. A config type that is itself called "all" becomes
/// "config_type all".
[[nodiscard]] nlohmann::ordered_json errorsJson(LabelErrors const& errors);

/// Predicted standard deviations beside true errors: number, rms of both, correlation with |error|; null where there
/// is none.
[[nodiscard]] nlohmann::ordered_json spreadJson(SpreadStatistics const& statistics);

/// One line of JSON; bytes that are not UTF-8 (names from files) become U+FFFD.
[[nodiscard]] std::string toText(nlohmann::ordered_json const& json);

/// The same for people to read: a member a line, lists of plain values in one, and a line break at the end.
[[nodiscard]] std::string toIndentedText(nlohmann::ordered_json const& json);

}  // namespace sinter::app
