#include "sinter/fitting/toml_reader.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <sstream>
#include <utility>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "sinter/core/error.hpp"

namespace sinter::detail {

namespace {

// Number of insertions, deletions and replacements between two words.
std::size_t editDistance(std::string const& a, std::string const& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

std::string found(toml::node const& node) {
  std::ostringstream text;
  node.visit([&](auto const& value) { text << value; });
  std::string result = text.str();
  std::replace(result.begin(), result.end(), '\n', ' ');
  return result.size() > 60 ? result.substr(0, 57) + "..." : result;
}

toml::table parseToml(std::string const& file, std::vector<std::string> const& overrides) {
  if (!std::filesystem::is_regular_file(file))
    throw InputError(file, 0,
                     std::string("found ") + (std::filesystem::exists(file) ? "a folder or device" : "no such file") +
                         ", expected a TOML file");
  toml::table result;
  try {
    result = toml::parse_file(file);
  } catch (toml::parse_error const& e) {
    throw InputError(file, e.source().begin.line, "not valid TOML: " + std::string(e.description()));
  }
  for (auto const& entry : overrides) {
    auto const equals = entry.find('=');
    if (equals == std::string::npos || equals == 0)
      throw InputError("--set: found '" + entry + "', expected key=value, for example output.dir=elsewhere");
    std::string const path = entry.substr(0, equals), value = entry.substr(equals + 1);
    toml::table parsed;
    try {
      parsed = toml::parse("value = " + value);
    } catch (toml::parse_error const&) {
      parsed.insert_or_assign("value", value);
    }
    toml::table* target = &result;
    std::istringstream words(path);
    std::string word, next;
    std::getline(words, word, '.');
    while (std::getline(words, next, '.')) {
      auto const inserted = target->insert(word, toml::table{});
      target = inserted.first->second.as_table();
      if (target == nullptr) throw InputError("--set: found '" + path + "', but '" + word + "' is not a table");
      word = next;
    }
    parsed.get("value")->visit([&](auto const& node) { target->insert_or_assign(word, node); });
  }
  return result;
}

}  // namespace

/// A table of a file.
struct TomlTable::Content {
  std::shared_ptr<toml::table const> file;
  toml::table const& table;

  [[nodiscard]] toml::node const* get(std::string const& key) const { return table.get(key); }
};

TomlTable::TomlTable(Content const& content, std::string file, std::string path)
    : _content(std::make_shared<Content>(content)), _file(std::move(file)), _path(std::move(path)) {}

TomlTable TomlTable::read(std::string const& file, std::vector<std::string> const& overrides) {
  auto const parsed = std::make_shared<toml::table const>(parseToml(file, overrides));
  return {Content{parsed, *parsed}, file, ""};
}

bool TomlTable::has(std::string const& key) const { return _content->get(key) != nullptr; }

bool TomlTable::isText(std::string const& key) const { return has(key) && _content->get(key)->is_string(); }

void TomlTable::fail(std::string const& key, std::string const& message) const {
  toml::node const* const node = _content->get(key);
  if (node == nullptr) {
    // What is missing may be there, misspelt.
    constexpr std::size_t few = 2;
    for (auto const& present : keys())
      for (auto const& known : _known)
        if (!_known.contains(present) && _content->get(known) == nullptr && editDistance(present, known) <= few)
          throw InputError(_file, _content->get(present)->source().begin.line,
                           name(present) + ": found an unknown key, expected for example '" + known + "'");
  }
  throw InputError(_file, node != nullptr ? node->source().begin.line : _content->table.source().begin.line,
                   name(key) + ": " + message);
}

std::optional<std::string> TomlTable::text(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  if (auto const value = node->value_exact<std::string>()) return *value;
  fail(key, "found " + found(*node) + ", expected text in quotes");
}

std::optional<double> TomlTable::number(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  if (node->is_number())
    if (double const value = *node->value<double>(); std::isfinite(value)) return value;
  fail(key, "found " + found(*node) + ", expected a number");
}

std::optional<int> TomlTable::integer(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  if (auto const value = node->value_exact<std::int64_t>();
      value && std::abs(*value) <= std::numeric_limits<int>::max())
    return static_cast<int>(*value);
  fail(key, "found " + found(*node) + ", expected a whole number");
}

std::optional<bool> TomlTable::boolean(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  if (auto const value = node->value_exact<bool>()) return *value;
  fail(key, "found " + found(*node) + ", expected true or false");
}

std::optional<std::vector<std::string>> TomlTable::texts(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  auto const* const array = node->as_array();
  std::vector<std::string> values;
  if (array != nullptr)
    for (auto const& entry : *array)
      if (auto const value = entry.value_exact<std::string>()) values.push_back(*value);
  if (array == nullptr || values.size() != array->size())
    fail(key, "found " + found(*node) + ", expected a list of texts: [\"a\", \"b\"]");
  return values;
}

std::optional<std::vector<int>> TomlTable::integers(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  auto const* const array = node->as_array();
  std::vector<int> values;
  if (array != nullptr)
    for (auto const& entry : *array)
      if (auto const value = entry.value_exact<std::int64_t>(); value && std::in_range<int>(*value))
        values.push_back(static_cast<int>(*value));
  if (array == nullptr || values.size() != array->size())
    fail(key, "found " + found(*node) + ", expected a list of whole numbers: [8, 12]");
  return values;
}

std::optional<std::vector<double>> TomlTable::numbers(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  auto const* const array = node->as_array();
  std::vector<double> values;
  if (array != nullptr)
    for (auto const& entry : *array)
      if (auto const value = entry.value<double>(); value && entry.is_number() && std::isfinite(*value))
        values.push_back(*value);
  if (array == nullptr || values.size() != array->size())
    fail(key, "found " + found(*node) + ", expected a list of numbers: [0, 2.5]");
  return values;
}

double TomlTable::positive(std::string const& key, double fallback) {
  auto const value = number(key);
  if (value && !(*value > 0)) fail(key, "found " + std::to_string(*value) + ", expected a number > 0");
  return value.value_or(fallback);
}

double TomlTable::notNegative(std::string const& key, double fallback) {
  auto const value = number(key);
  if (value && !(*value >= 0)) fail(key, "found " + std::to_string(*value) + ", expected a number >= 0");
  return value.value_or(fallback);
}

int TomlTable::positiveInteger(std::string const& key, int fallback) {
  auto const value = integer(key);
  if (value && *value < 1) fail(key, "found " + std::to_string(*value) + ", expected a number >= 1");
  return value.value_or(fallback);
}

std::optional<TomlTable> TomlTable::table(std::string const& key) {
  _known.insert(key);
  auto const* const node = _content->get(key);
  if (node == nullptr) return std::nullopt;
  if (auto const* const value = node->as_table()) return TomlTable(Content{_content->file, *value}, _file, name(key));
  fail(key, "found " + found(*node) + ", expected a table");
}

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::string> result;
  for (auto const& entry : _content->table) result.emplace_back(entry.first.str());
  return result;
}

std::string TomlTable::contentWithout(std::string const& key) const {
  toml::table table = _content->table;
  table.erase(key);
  std::ostringstream text;
  text << table;
  return text.str();
}

void TomlTable::fail(std::string const& message) const {
  throw InputError(_file, _content->table.source().begin.line, (_path.empty() ? "" : _path + ": ") + message);
}

void TomlTable::finish() const {
  for (auto const& key : keys()) {
    if (_known.contains(key)) continue;
    auto const nearest = std::min_element(_known.begin(), _known.end(), [&](auto const& a, auto const& b) {
      return editDistance(a, key) < editDistance(b, key);
    });
    fail(key,
         "found an unknown key, expected " + (nearest == _known.end() ? "none" : "for example '" + *nearest + "'"));
  }
}

}  // namespace sinter::detail
