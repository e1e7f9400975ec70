#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

namespace sinter::app {

namespace {
using namespace std::chrono_literals;
constexpr auto terminal_interval = 200ms;
constexpr auto plain_interval = 10s;
}  // namespace

Progress::Progress(std::string what, std::optional<std::size_t> total, bool quiet)
    : _what(std::move(what)),
      _total(total),
      _quiet(quiet),
      _terminal(::isatty(STDERR_FILENO) == 1),
      _begin(Clock::now()),
      _last(_begin) {}

Progress::~Progress() {
  if (_shown && _terminal) std::fputs("\r\033[K", stderr);
}

void Progress::update(std::size_t frames, std::size_t atoms) {
  auto const now = Clock::now();
  if (_quiet || now - _last < (_terminal ? Clock::duration(terminal_interval) : Clock::duration(plain_interval)))
    return;
  _last = now;
  _shown = true;
  double const seconds = std::chrono::duration<double>(now - _begin).count();
  std::string line = fmt::format("{}: {}{} frames, {:.3g} atoms/s", _what, frames,
                                 _total ? fmt::format(" of {}", *_total) : "", static_cast<double>(atoms) / seconds);
  if (_total && frames > 0 && frames <= *_total)
    line +=
        fmt::format(", {:.0f} s left", seconds * static_cast<double>(*_total - frames) / static_cast<double>(frames));
  std::fputs((_terminal ? "\r" + line + "\033[K" : line + "\n").c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace sinter::app
