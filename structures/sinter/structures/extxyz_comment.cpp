#include "sinter/structures/extxyz_comment.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "sinter/structures/extxyz_keys.hpp"

namespace sinter::detail {

namespace {

constexpr std::string_view blanks = " \t";

/// What is wrong with a comment line.
struct Flaw {
  std::string found, expected;
};

/// Reads keys and values from left to right.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : _text(text) {}

  bool atEnd() {
    _at = std::min(_text.find_first_not_of(blanks, _at), _text.size());
    return _at == _text.size();
  }

  std::string key() {
    if (_text[_at] == '"') return closed('"');
    std::string_view const word = upTo(" \t=");
    if (word.empty()) throw Flaw{"'=' without a key", "key=value"};
    return std::string(word);
  }

  std::string value() {
    std::size_t const key_end = _at;
    if (atEnd() || _text[_at] != '=') {
      _at = key_end;
      return "T";
    }
    ++_at;
    if (atEnd()) throw Flaw{"'=' without a value at the end of the line", "key=value"};
    switch (_text[_at]) {
      case '"':
      case '\'':
        return closed(_text[_at]);
      case '{':
        return bracketed('{', '}');
      case '[':
        return bracketed('[', ']');
      default:
        return std::string(upTo(blanks));
    }
  }

 private:
  std::string_view upTo(std::string_view ends) {
    std::size_t const begin = _at;
    _at = std::min(_text.find_first_of(ends, begin), _text.size());
    return _text.substr(begin, _at - begin);
  }

  std::string closed(char mark) {
    std::size_t const begin = _at;
    std::string result;
    for (++_at; _at < _text.size(); ++_at) {
      char const c = _text[_at];
      if (c == mark) {
        ++_at;
        return result;
      }
      char const following = _at + 1 < _text.size() ? _text[_at + 1] : '\0';
      bool const escape = c == '\\' && (following == mark || following == '\\' || following == 'n');
      result += escape ? (following == 'n' ? '\n' : following) : c;
      if (escape) ++_at;
    }
    throw Flaw{inQuotes(_text.substr(begin)), std::string("a closing ") + mark};
  }

  std::string bracketed(char open, char close) {
    std::size_t const begin = _at;
    for (std::size_t depth = 0; _at < _text.size();) {
      char const c = _text[_at++];
      if (c == open) ++depth;
      if (c == close && --depth == 0) return std::string(_text.substr(begin + 1, _at - begin - 2));
    }
    throw Flaw{inQuotes(_text.substr(begin)), std::string("a closing ") + close};
  }

  std::string_view _text;
  std::size_t _at = 0;
};

bool mentions(std::string_view text, std::string_view word) { return text.find(word) != std::string_view::npos; }

}  // namespace

ExtxyzComment::ExtxyzComment(std::string_view line, TextSource const& source) : _source(source) {
  try {
    for (Scanner scanner(line); !scanner.atEnd();) {
      std::string key = scanner.key();
      _entries.push_back({std::move(key), scanner.value()});
    }
  } catch (Flaw const& flaw) {
    if (mentions(line, "Properties") || mentions(line, "Lattice")) source.fail(flaw.found, flaw.expected);
    _entries.clear();
  }
}

std::string const* ExtxyzComment::find(std::string_view key) const {
  std::string const* result = nullptr;
  for (Entry const& entry : _entries) {
    if (entry.key != key) continue;
    if (result != nullptr && *result != entry.value)
      _source.fail(std::string(key) + " twice, as " + inQuotes(*result) + " and as " + inQuotes(entry.value),
                   "one value for each key");
    result = &entry.value;
  }
  return result;
}

std::vector<double> ExtxyzComment::numbers(std::string_view key, std::string_view expected) const {
  std::vector<double> result;
  std::string const* const value = find(key);
  if (value == nullptr) return result;
  std::string_view text = *value;
  if (constexpr std::string_view json = "_JSON "; text.starts_with(json)) text.remove_prefix(json.size());
  std::vector<std::string_view> words;
  splitWords(text, words, " \t\n,[]{}()");
  for (std::string_view const word : words) {
    auto const number = parseNumber(word);
    if (!number) _source.fail(inQuotes(word) + " in " + std::string(key), expected);
    result.push_back(*number);
  }
  if (result.empty()) _source.fail("no value for " + std::string(key), expected);
  return result;
}

std::vector<std::pair<std::string, std::string>> ExtxyzComment::features(
    std::array<std::string_view, 2> const& used) const {
  std::vector<std::pair<std::string, std::string>> result;
  if (find("Properties") == nullptr) return result;
  std::set<std::string_view> seen(used.begin(), used.end());
  for (auto const& [key, value] : _entries) {
    if (hasMeaning(key) || !seen.insert(key).second) continue;
    result.emplace_back(key, value);
  }
  return result;
}

}  // namespace sinter::detail
