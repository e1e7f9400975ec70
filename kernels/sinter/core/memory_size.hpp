/// \file
/// Amounts of memory as users write and read them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace sinter {

/// Bytes of a text like "4 GiB" (B, KiB, MiB, GiB, TiB, MB or GB); nothing for any other.
[[nodiscard]] std::optional<std::size_t> parseMemorySize(std::string const& text);

/// "12 MiB", rounded up.
[[nodiscard]] std::string inMiB(std::size_t bytes);

}  // namespace sinter
