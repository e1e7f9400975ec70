#include "html_report.hpp"

#include <fmt/format.h>

#include "html_texts.hpp"
#include "json_report.hpp"

namespace sinter::app {

namespace {

std::string escaped(std::string_view text) {
  std::string result;
  for (char const c : text) {
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else
      result += c;
  }
  return result;
}

// In JSON this stands in texts only, where the escape means the same; a script element cannot end in it.
std::string withoutTags(std::string json) {
  for (auto at = json.find('<'); at != std::string::npos; at = json.find('<', at)) json.replace(at, 1, "\\u003c");
  return json;
}

// Links to the sections of the body.
std::string navigation(std::string_view body) {
  constexpr std::string_view section = "<section id=\"", heading = "\"><h2>", end = "</h2>";
  std::string links;
  for (auto at = body.find(section); at != std::string_view::npos; at = body.find(section, at)) {
    at += section.size();
    auto const name_end = body.find(heading, at), text = name_end + heading.size();
    links += fmt::format("<a href=\"#{}\">{}</a>\n", body.substr(at, name_end - at),
                         body.substr(text, body.find(end, text) - text));
  }
  return links;
}

}  // namespace

std::string htmlReport(HtmlContent const& content, nlohmann::ordered_json const& report) {
  constexpr std::string_view page = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header><h1>{title}</h1>
<nav>
{navigation}</nav>
<noscript><p>Tables and figures are drawn from the JSON in this file, which needs JavaScript.</p></noscript></header>
<main>
{body}</main>
<footer>Sinter {version}, commit {commit}. Figures: Chart.js, MIT licence. The numbers are those of report.json, which
is in this file.</footer>
<script type="application/json" id="report">
{json}</script>
<script>
{library}</script>
<script>
{common}{script}</script>
</body>
</html>
)";
  using fmt::arg;
  return fmt::format(page, arg("title", escaped(content.title)), arg("style", html_texts::report_css),
                     arg("navigation", navigation(content.body)), arg("body", content.body),
                     arg("version", escaped(report.at("sinter").at("version").get<std::string>())),
                     arg("commit", escaped(report.at("sinter").at("git").get<std::string>())),
                     arg("json", withoutTags(toIndentedText(report))), arg("library", html_texts::chart_js),
                     arg("common", html_texts::report_js), arg("script", content.script));
}

}  // namespace sinter::app
