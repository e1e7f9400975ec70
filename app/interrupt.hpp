/// \file
/// Ctrl-C that lets destructors run, so that temporary files go.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace sinter::app {

/// The user (SIGINT) or the system (SIGTERM) asked to stop; the message says how to go on. Exit code 130.
class Interrupted : public std::runtime_error {
 public:
  explicit Interrupted(std::string const& how = "the same command starts again")
      : std::runtime_error("nothing half-written is left; " + how) {}
};

/// From here to the end of the process SIGTERM and the first SIGINT only set a flag (and end system calls that wait). A
/// second SIGINT kills; SIGTERM never does, because `timeout` and batch systems send it several times at once.
void watchInterrupts();

[[nodiscard]] bool interruptRaised();

/// \throws Interrupted when a signal has come.
inline void stopWhenInterrupted() {
  if (interruptRaised()) throw Interrupted();
}

/// Runs `Command(options).run()`, which calls `stopWhenInterrupted` now and then. After a signal any failure is
/// `Interrupted`: a system call that it ended looks like a failure of the disk.
template <class Command, class Options>
void runInterruptible(Options const& options) {
  watchInterrupts();
  try {
    Command(options).run();
  } catch (Interrupted const&) {
    throw;
  } catch (std::exception const&) {
    stopWhenInterrupted();
    throw;
  }
}

}  // namespace sinter::app
