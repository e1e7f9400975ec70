/// \file
/// The failure of one frame behind which a reader can go on.
#pragma once

#include <string>

#include "sinter/core/error.hpp"
#include "sinter/core/structure.hpp"

namespace sinter {

/// A frame that was read to its end and is no valid structure: the reader stands before the next one.
class FrameError : public InputError {
 public:
  using InputError::InputError;
};

namespace detail {

/// `checkStructure` of a frame that has been read to its end.
/// \throws FrameError with its message.
inline void checkFrame(Structure const& structure, std::string const& where) {
  try {
    checkStructure(structure, where);
  } catch (InputError const& error) {
    throw FrameError(error.what());
  }
}

}  // namespace detail

}  // namespace sinter
