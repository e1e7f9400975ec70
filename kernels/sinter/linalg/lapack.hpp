/// \file
/// What calls of LAPACK have in common. Private to this folder.
#pragma once

#include <string>
#include <vector>

#include "sinter/core/error.hpp"

namespace sinter::detail {

inline void checkLapack(int info, char const* routine) {
  if (info != 0) throw SystemError(std::string("LAPACK ") + routine + " failed, info = " + std::to_string(info));
}

/// Calls a LAPACK routine twice: for the size of its workspace, then to work.
template <class Call>
void withWorkspace(char const* routine, Call const& call) {
  double size = 0;
  int query = -1, info = 0;
  call(&size, &query, &info);
  checkLapack(info, routine);
  int length = static_cast<int>(size);
  std::vector<double> work(static_cast<std::size_t>(length));
  call(work.data(), &length, &info);
  checkLapack(info, routine);
}

}  // namespace sinter::detail
