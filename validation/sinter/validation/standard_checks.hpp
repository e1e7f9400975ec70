/// \file
/// What every report on structures says first: whether the metrics give what is known exactly.
#pragma once

#include <string>
#include <vector>

namespace sinter {

/// A number that is known, as it was measured, and the limits that it has to lie in.
struct StandardCheck {
  std::string name;
  double found = 0, low = 0, high = 0;
  std::string source;  ///< of the limits

  [[nodiscard]] bool passed() const { return low <= found && found <= high; }
};

/// Diamond (silicon, 512 atoms): four bonds, angles of 109.47 degrees, where its (111) peak stands and how high it is;
/// S(Q) = 1 of independent atoms; similarity 1 of an environment to itself.
/// Cost: below a second.
template <class ExecutionSpace>
[[nodiscard]] std::vector<StandardCheck> runStandardChecks(ExecutionSpace space = {});

}  // namespace sinter
