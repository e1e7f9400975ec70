/// \file
/// Numbers in messages.
#pragma once

#include <locale>
#include <sstream>
#include <string>

namespace sinter {

/// "0.5", "-1e-09": six digits, and small numbers do not become zero as in `std::to_string`.
[[nodiscard]] inline std::string numberText(double value) {
  std::ostringstream stream;
  stream.imbue(std::locale::classic());
  stream << value;
  return stream.str();
}

}  // namespace sinter
