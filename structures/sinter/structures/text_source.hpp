/// \file
/// Lines of a text file that know where they stand, and numbers that mean the same in every locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

namespace detail {
class ByteStream;
}

/// The lines of a file, plain or compressed (`.xz`, `.gz`), one after another.
///
/// Memory: one line and 64 KiB. `\n` and `\r\n` end a line; the last one may lack its end. A byte order mark (UTF-8) at
/// the beginning is dropped.
class TextSource {
 public:
  /// A longer line (bytes) is an error: the file is not text.
  static constexpr std::size_t longest_line = std::size_t{64} << 20;

  /// \throws InputError when the file is missing, not readable or a directory.
  explicit TextSource(std::string file);
  ~TextSource();
  TextSource(TextSource&&) noexcept;
  TextSource& operator=(TextSource&&) noexcept;

  /// The next line without its end, valid until the next call, or nothing at the end of the file.
  /// \throws InputError when compressed data are truncated or corrupt or a line is too long; SystemError when reading
  /// fails.
  std::optional<std::string_view> next();

  /// The next line that is not blank.
  std::optional<std::string_view> nextNonblank();

  /// Makes the following `next` give the same line once more.
  void repeat() { _repeat = true; }

  [[nodiscard]] std::string const& file() const { return _file; }

  /// Number of the line that `next` gave last, from 1; 0 before the first.
  [[nodiscard]] std::size_t line() const { return _line; }

  /// "file:line".
  [[nodiscard]] std::string where() const { return _file + ":" + std::to_string(_line); }

  /// \throws InputError "file:line: found ..., expected ...", always.
  [[noreturn]] void fail(std::string_view found, std::string_view expected) const;

  /// The number that `word` is.
  /// \throws InputError naming `expected` when it is none; nan and infinity are none.
  [[nodiscard]] double number(std::string_view word, std::string_view expected) const;

  /// The integer that `word` is.
  /// \throws InputError naming `expected` when it is none or outside [lowest, highest].
  [[nodiscard]] std::int64_t integer(std::string_view word, std::int64_t lowest, std::int64_t highest,
                                     std::string_view expected) const;

 private:
  void fill();

  std::string _file;
  std::unique_ptr<detail::ByteStream> _bytes;
  std::vector<char> _buffer;
  std::size_t _begin = 0, _end = 0;  // bytes of _buffer that are not yet given out
  std::string_view _current;
  std::size_t _line = 0;
  bool _exhausted = false, _repeat = false;
};

/// The finite number that the whole of `word` is ("1", "+1.5", "-2e-3"), or nothing; the locale does not matter. Values
/// too small for a double are 0, too large ones are not numbers.
[[nodiscard]] std::optional<double> parseNumber(std::string_view word);

/// The integer that the whole of `word` is, or nothing.
[[nodiscard]] std::optional<std::int64_t> parseInteger(std::string_view word);

/// Puts the words of `line` (separated by any character of `separators`) in `words`, which point into `line`.
void splitWords(std::string_view line, std::vector<std::string_view>& words, std::string_view separators = " \t");

/// Whether `word` is made of letters, digits, `_` and `-`, one at least.
[[nodiscard]] bool isPlainName(std::string_view word);

/// `word` in quotation marks for a message: cut after 60 bytes, with ? for what cannot be printed.
[[nodiscard]] std::string inQuotes(std::string_view word);

}  // namespace sinter
