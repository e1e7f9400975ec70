/// \file
/// The second line of an extended XYZ frame: keys and values.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sinter/structures/text_source.hpp"

namespace sinter::detail {

/// Keys and values of a comment line: `key=value`, `key="..."`, `key='...'`, `key={...}`, `key=[...]` (brackets nest)
/// and bare keys (the value is "T"). In quotation marks `\"`, `\\` and `\n` stand for a quote, a backslash and a new
/// line. Blanks around `=` are allowed.
///
/// A line that has neither `Properties` nor `Lattice` is free text if it is not of this form, and has no keys then.
///
/// Source: the extended XYZ specification of libAtoms/extxyz, and ASE's reader for the brackets.
class ExtxyzComment {
 public:
  /// \throws InputError (as `source` says where) on an unclosed quotation mark or bracket and on a missing key or
  /// value.
  ExtxyzComment(std::string_view line, TextSource const& source);

  /// The value of `key`, or nullptr.
  /// \throws InputError when the key stands there twice with different values.
  [[nodiscard]] std::string const* find(std::string_view key) const;

  /// The numbers in the value of `key`, whatever brackets and commas stand between them (also ASE's `_JSON [...]`), or
  /// none when there is no such key.
  /// \throws InputError naming `expected` when something else stands among them.
  [[nodiscard]] std::vector<double> numbers(std::string_view key, std::string_view expected) const;

  /// Keys (other than `used` and those that have a meaning) and their values; none of a line without `Properties`,
  /// which is free text.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> features(
      std::array<std::string_view, 2> const& used) const;

 private:
  struct Entry {
    std::string key, value;
  };
  TextSource const& _source;
  std::vector<Entry> _entries;
};

}  // namespace sinter::detail
