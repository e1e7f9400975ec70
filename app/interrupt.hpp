/// \file
/// Ctrl-C that lets destructors run, so that temporary files go.
#pragma once

#include <csignal>
#include <stdexcept>
#include <string>

namespace sinter::app {

/// The user (SIGINT) or the system (SIGTERM) asked to stop; the message says how to go on. Exit code 130.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(std::string const& message) : std::runtime_error(message) {}
};

/// While one exists, the first SIGINT or SIGTERM only sets a flag (and ends system calls that wait); a second one
/// kills. At most one at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(InterruptGuard const&) = delete;
  InterruptGuard& operator=(InterruptGuard const&) = delete;

  [[nodiscard]] bool raised() const;

 private:
  struct sigaction _old_interrupt {};
  struct sigaction _old_terminate {};
};

}  // namespace sinter::app
