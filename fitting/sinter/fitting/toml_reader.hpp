/// \file
/// Reading TOML tables in which every key must be known.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace sinter::detail {

/// A table whose keys are asked for one by one; `finish` reports keys that nobody asked for.
class TomlTable {
 public:
  /// \param path dotted name of the table in messages; empty for the top one
  TomlTable(toml::table const& table, std::string file, std::string path);

  [[nodiscard]] bool has(std::string const& key) const { return _table.contains(key); }
  [[nodiscard]] bool isText(std::string const& key) const { return has(key) && _table.get(key)->is_string(); }

  /// Values; nothing when the key is absent. \throws InputError for another type.
  std::optional<std::string> text(std::string const& key);
  std::optional<double> number(std::string const& key);
  std::optional<int> integer(std::string const& key);
  std::optional<bool> boolean(std::string const& key);
  std::optional<std::vector<std::string>> texts(std::string const& key);
  std::optional<std::vector<int>> integers(std::string const& key);
  std::optional<std::vector<double>> numbers(std::string const& key);
  std::optional<TomlTable> table(std::string const& key);
  [[nodiscard]] std::vector<std::string> keys() const;

  /// All of the table as TOML, keys in the order of the alphabet.
  [[nodiscard]] std::string content() const;

  /// Numbers in a range, `fallback` when the key is absent. \throws InputError for others.
  double positive(std::string const& key, double fallback);
  double notNegative(std::string const& key, double fallback);
  int positiveInteger(std::string const& key, int fallback);

  /// \throws InputError for the first key that is not known, with the nearest known one.
  void finish() const;

  /// "file:line: path.key: message" as an exception.
  [[noreturn]] void fail(std::string const& key, std::string const& message) const;

 private:
  toml::node const* find(std::string const& key);
  [[nodiscard]] std::string name(std::string const& key) const { return _path.empty() ? key : _path + "." + key; }

  toml::table const& _table;
  std::string _file, _path;
  std::set<std::string> _known;
};

/// Parses `file` and applies overrides "a.b=value" (value in TOML syntax; anything else is taken as text).
[[nodiscard]] toml::table parseToml(std::string const& file, std::vector<std::string> const& overrides);

}  // namespace sinter::detail
