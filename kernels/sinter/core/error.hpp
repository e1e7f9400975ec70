/// \file
/// The two ways in which Sinter fails: what the user gave is wrong (exit code 2), or the machine is (exit code 1).
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace sinter {

/// Bad usage or input. The message is one line and names the file and line, what was found and what was expected.
class InputError : public std::runtime_error {
 public:
  explicit InputError(std::string const& message) : std::runtime_error(message) {}

  /// "file:line: message"; a line of 0 means that no line can be named.
  InputError(std::string const& file, std::size_t line, std::string const& message)
      : std::runtime_error(file + ":" + (line > 0 ? std::to_string(line) + ":" : std::string()) + " " + message) {}
};

/// A failure of the machine: disk full, file not writable, out of memory.
class SystemError : public std::runtime_error {
 public:
  explicit SystemError(std::string const& message) : std::runtime_error(message) {}
};

}  // namespace sinter
