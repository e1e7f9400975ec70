/// \file
/// The sections of `sinter validate`, part by part (report.json: docs/validate.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sinter/mtp/mtp_model.hpp"
#include "validation_settings.hpp"

namespace sinter::app {

/// The checks of `runStandardChecks`, as `checksJson` gives them; `value` is "standard".
template <class ExecutionSpace>
[[nodiscard]] nlohmann::ordered_json standardChecksJson();

/// Errors of a potential on labelled structures: `frames`, `atoms`, `errors`, `parity`.
/// \throws InputError when the file has no labels or cannot be read, and when an energy, force or virial is not finite;
/// Interrupted.
template <class ExecutionSpace>
[[nodiscard]] nlohmann::ordered_json labelErrorsJson(MtpModel const& model, NamedFile const& set,
                                                     LabelKeys const& keys);

/// Map of the frames of all files together: `kind`, `preset`, `zeta`, `explained_fraction`, and `points` by the name of
/// the file, each `frame`, `soap_map_1`, `soap_map_2`, `pressure` (GPa, null where the frame has none).
/// \throws InputError when a file cannot be read, and as `SoapMap`; Interrupted.
template <class ExecutionSpace>
[[nodiscard]] nlohmann::ordered_json frameMapJson(ValidationSettings const& settings);

/// What became of the bands: a list of `name`, `value` (JSON pointer, without *), `found`, `low`, `high`, `source`,
/// `passed`. A value that is not there, or not a number, has not passed.
[[nodiscard]] nlohmann::ordered_json checksJson(std::vector<PassBand> const& bands,
                                                nlohmann::ordered_json const& report);

}  // namespace sinter::app
