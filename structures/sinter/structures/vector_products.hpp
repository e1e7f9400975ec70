/// \file
/// Products of vectors.
#pragma once

#include "sinter/core/structure.hpp"

namespace sinter::detail {

[[nodiscard]] inline double dot(Vector3 const& a, Vector3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

[[nodiscard]] inline Vector3 cross(Vector3 const& a, Vector3 const& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

}  // namespace sinter::detail
