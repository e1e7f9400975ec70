/// \file
/// Numbers in messages.
#pragma once

#include <sstream>
#include <string>

namespace sinter::detail {

/// A number to six digits (of -1e-9 std::to_string makes zero).
inline std::string text(double value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

}  // namespace sinter::detail
