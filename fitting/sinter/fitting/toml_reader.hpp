/// \file
/// Reading TOML tables in which every key must be known.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sinter::detail {

/// A table whose keys are asked for one by one; `finish` reports keys that nobody asked for.
class TomlTable {
 public:
  /// The table that `file` is, with overrides "a.b=value" (value in TOML syntax; anything else is taken as text).
  /// \throws InputError for what is no TOML.
  static TomlTable read(std::string const& file, std::vector<std::string> const& overrides);

  [[nodiscard]] bool has(std::string const& key) const;
  [[nodiscard]] bool isText(std::string const& key) const;

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

  /// The table as TOML without one of its keys; keys are in the order of the alphabet.
  [[nodiscard]] std::string contentWithout(std::string const& key) const;

  /// Numbers in a range, `fallback` when the key is absent. \throws InputError for others.
  double positive(std::string const& key, double fallback);
  double notNegative(std::string const& key, double fallback);
  int positiveInteger(std::string const& key, int fallback);

  /// \throws InputError for the first key that is not known, with the nearest known one.
  void finish() const;

  /// "file:line: path.key: message" as an exception.
  [[noreturn]] void fail(std::string const& key, std::string const& message) const;

  /// The same of the table as a whole.
  [[noreturn]] void fail(std::string const& message) const;

 private:
  struct Content;  // of the library that parses, whose headers nvcc cannot read
  TomlTable(Content const& content, std::string file, std::string path);

  [[nodiscard]] std::string name(std::string const& key) const { return _path.empty() ? key : _path + "." + key; }

  std::shared_ptr<Content const> _content;
  std::string _file, _path;
  std::set<std::string> _known;
};

}  // namespace sinter::detail
