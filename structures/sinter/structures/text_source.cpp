#include "sinter/structures/text_source.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/structures/byte_stream.hpp"

namespace sinter {

namespace {

constexpr std::string_view blanks = " \t\r\v\f";

// from_chars reads no leading plus sign.
std::string_view withoutPlus(std::string_view word) {
  if (word.size() > 1 && word[0] == '+' && word[1] != '-') word.remove_prefix(1);
  return word;
}

// Whether a decimal number outside the range of a double is too small rather than too large: the power of ten of its
// first digit that is not 0, exponent included, is negative.
bool isTiny(std::string_view number) {
  std::size_t const exponent_at = number.find_first_of("eE");
  std::string_view const digits = number.substr(0, exponent_at);
  std::int64_t exponent = 0;
  if (exponent_at != std::string_view::npos) {
    std::string_view const text = number.substr(exponent_at + 1);
    auto const parsed = parseInteger(text);
    exponent = parsed ? *parsed : (text.starts_with('-') ? -(std::int64_t{1} << 62) : std::int64_t{1} << 62);
  }
  std::size_t const first = digits.find_first_of("123456789");
  std::size_t const point = std::min(digits.find('.'), digits.size());
  if (first == std::string_view::npos) return true;
  return exponent + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) < 0;
}

}  // namespace

TextSource::TextSource(std::string file)
    : _file(std::move(file)), _bytes(detail::openBytes(_file)), _buffer(std::size_t{1} << 16) {}
TextSource::~TextSource() = default;
TextSource::TextSource(TextSource&&) noexcept = default;
TextSource& TextSource::operator=(TextSource&&) noexcept = default;

std::optional<std::string_view> TextSource::next() {
  if (std::exchange(_repeat, false)) return _current;
  std::size_t searched = 0;  // bytes from _begin that are known to hold no end of line
  for (;;) {
    char const* const text = _buffer.data() + _begin;
    std::size_t const size = _end - _begin;
    void const* const found = size > searched ? std::memchr(text + searched, '\n', size - searched) : nullptr;
    if (found == nullptr && !_exhausted) {
      searched = size;
      if (size > longest_line)
        throw InputError(_file, _line + 1, "found a line of more than 64 MiB, expected lines of text");
      fill();
      continue;
    }
    if (found == nullptr && size == 0) return std::nullopt;
    std::size_t const length =
        found == nullptr ? size : static_cast<std::size_t>(static_cast<char const*>(found) - text);
    _current = {text, length};
    _begin += length + (found == nullptr ? 0 : 1);
    ++_line;
    if (_current.ends_with('\r')) _current.remove_suffix(1);
    if (_line == 1 && _current.starts_with("\xEF\xBB\xBF")) _current.remove_prefix(3);
    return _current;
  }
}

std::optional<std::string_view> TextSource::nextNonblank() {
  for (;;) {
    auto const line = next();
    if (!line || line->find_first_not_of(blanks) != std::string_view::npos) return line;
  }
}

// Moves what is left to the front of the buffer, which doubles where that is not enough, and reads on.
void TextSource::fill() {
  std::size_t const size = _end - _begin;
  if (size > 0 && _begin > 0) std::memmove(_buffer.data(), _buffer.data() + _begin, size);
  _begin = 0;
  _end = size;
  if (_end == _buffer.size()) _buffer.resize(2 * _buffer.size());
  std::size_t const count = _bytes->read(_buffer.data() + _end, _buffer.size() - _end);
  _exhausted = count == 0;
  _end += count;
}

void TextSource::fail(std::string_view found, std::string_view expected) const {
  throw InputError(_file, _line, std::string("found ").append(found).append(", expected ").append(expected));
}

double TextSource::number(std::string_view word, std::string_view expected) const {
  auto const value = parseNumber(word);
  if (!value) fail(inQuotes(word), expected);
  return *value;
}

std::int64_t TextSource::integer(std::string_view word, std::int64_t lowest, std::int64_t highest,
                                 std::string_view expected) const {
  auto const value = parseInteger(word);
  if (!value || *value < lowest || *value > highest) fail(inQuotes(word), expected);
  return *value;
}

std::optional<double> parseNumber(std::string_view word) {
  word = withoutPlus(word);
  double value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end != word.data() + word.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    if (!isTiny(word)) return std::nullopt;
    return word.starts_with('-') ? -0.0 : 0.0;
  }
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> parseInteger(std::string_view word) {
  word = withoutPlus(word);
  std::int64_t value = 0;
  auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (end != word.data() + word.size() || error != std::errc{}) return std::nullopt;
  return value;
}

void splitWords(std::string_view line, std::vector<std::string_view>& words, std::string_view separators) {
  words.clear();
  for (std::size_t begin = line.find_first_not_of(separators); begin != std::string_view::npos;) {
    std::size_t const end = std::min(line.find_first_of(separators, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(separators, end);
  }
}

bool isPlainName(std::string_view word) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !word.empty() && word.find_first_not_of(allowed) == std::string_view::npos;
}

std::string inQuotes(std::string_view word) {
  constexpr std::size_t longest = 60;
  std::string result = "'";
  for (char const c : word.substr(0, longest)) result += c >= ' ' && c != '\x7f' ? c : '?';
  return result + (word.size() > longest ? "...'" : "'");
}

}  // namespace sinter
