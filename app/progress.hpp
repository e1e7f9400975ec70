/// \file
/// How far a command has come.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace sinter::app {

/// Frames done, rate and remaining time on stderr: a line that renews itself on a terminal, else a plain line now and
/// then.
class Progress {
 public:
  /// \param total number of frames, where it is known
  Progress(std::string what, std::optional<std::size_t> total, bool quiet);
  ~Progress();
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  void update(std::size_t frames, std::size_t atoms);

 private:
  using Clock = std::chrono::steady_clock;
  std::string _what;
  std::optional<std::size_t> _total;
  bool _quiet, _terminal, _shown = false;
  Clock::time_point _begin, _last;
};

}  // namespace sinter::app
