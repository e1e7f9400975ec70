/// \file
/// Text on its way into a file, in pieces: a frame of a million atoms is never in memory as text.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "sinter/core/file_output.hpp"

namespace sinter::detail {

/// Appends words and numbers to a file that gets its name by `close` (FileOutput).
class FrameText {
 public:
  /// \throws SystemError when the file cannot be created.
  explicit FrameText(std::string const& file) : _output(file) {}

  /// \throws SystemError when the disk is full, like all that follow.
  FrameText& operator<<(std::string_view text) {
    _text += text;
    if (_text.size() >= piece) flush();
    return *this;
  }

  FrameText& operator<<(std::integral auto value) { return *this << std::to_string(value); }

  /// 17 significant digits: reading gives the same bits back.
  FrameText& operator<<(double value) {
    std::array<char, 32> digits;
    auto const end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 17).ptr;
    return *this << std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }

  /// With blanks between.
  FrameText& operator<<(std::span<double const> values) {
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (k > 0) *this << " ";
      *this << values[k];
    }
    return *this;
  }

  template <std::size_t size>
  FrameText& operator<<(std::array<double, size> const& values) {
    return *this << std::span<double const>(values);
  }

  /// Finishes the file.
  void close() {
    flush();
    _output.close();
  }

 private:
  static constexpr std::size_t piece = std::size_t{1} << 18;

  void flush() {
    _output.write(_text);
    _text.clear();
  }

  FileOutput _output;
  std::string _text;
};

}  // namespace sinter::detail
