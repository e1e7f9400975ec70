/// \file
/// Reports as one HTML file: style, scripts, plotting library (Chart.js) and data inside, nothing is loaded from
/// anywhere. Light and dark, phones and paper. Shared by the commands that report.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace sinter::app {

/// What a command puts on its page.
struct HtmlContent {
  std::string title;        ///< plain text
  std::string_view body;    ///< HTML: `<section id="...">` each with an `<h2>`, and places for tables and figures
  std::string_view script;  ///< fills the places from the constant `report` by `table`, `figure`, ... of html/report.js
};

/// The page: navigation from the sections, `report` as JSON in the element `report` (`<` written as \u003c), a footer
/// with version and commit from `report["sinter"]`.
[[nodiscard]] std::string htmlReport(HtmlContent const& content, nlohmann::ordered_json const& report);

}  // namespace sinter::app
