/// \file
/// Which file was it: its SHA-256.
#pragma once

#include <string>

namespace sinter::app {

/// SHA-256 of the bytes of `file`, 64 lower-case hexadecimal digits.
/// \throws InputError when it cannot be opened, SystemError when reading fails.
[[nodiscard]] std::string sha256OfFile(std::string const& file);

}  // namespace sinter::app
