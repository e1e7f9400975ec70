/// \file
/// Values from elsewhere that reports of `sinter validate` show beside their own (docs/validate.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sinter::app {

/// What a JSON file says of a potential or of experiments: `static` in the shape of report.json, and whatever else;
/// with `file` and `sha256`. \throws InputError when the file cannot be read, or a member of `static` has another
/// shape.
[[nodiscard]] nlohmann::ordered_json readReference(std::string const& file);

/// The results of perf/paper_timing: `results`, a list with `potential` (name of a file) and `median` (s); with `file`
/// and `sha256`. \throws InputError likewise.
[[nodiscard]] nlohmann::ordered_json readCosts(std::string const& file);

}  // namespace sinter::app
