/// \file
/// Which file was it: its SHA-256.
#pragma once

#include <string>
#include <string_view>

namespace sinter::app {

/// SHA-256 of the bytes of `file`, 64 lower-case hexadecimal digits.
/// \throws InputError when it is a folder or cannot be opened, SystemError when reading fails.
[[nodiscard]] std::string sha256OfFile(std::string const& file);

/// The same of a text.
[[nodiscard]] std::string sha256OfText(std::string_view text);

}  // namespace sinter::app
