#include "frame_range.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <vector>

#include "sinter/core/error.hpp"

namespace sinter::app {

FrameRange::FrameRange(std::string const& text) {
  auto const fail = [&](std::string const& expected) {
    throw InputError("--frames: found '" + text + "', expected " + expected);
  };
  std::string_view rest = text;
  std::vector<std::optional<std::int64_t>> parts;
  for (bool more = true; more;) {
    std::size_t const colon = rest.find(':');
    std::string_view const part = rest.substr(0, colon);
    more = colon != std::string_view::npos;
    if (more) rest.remove_prefix(colon + 1);
    auto& value = parts.emplace_back();
    if (part.empty()) continue;
    auto const [end, error] = std::from_chars(part.data(), part.data() + part.size(), value.emplace());
    if (error != std::errc() || end != part.data() + part.size() || *value == no_end)
      fail("a:b:c with integers a, b, c, or one integer");
  }
  if (parts.size() > 3 || (parts.size() == 1 && !parts[0])) fail("a:b:c (each part optional) or one integer");
  _start = parts[0].value_or(0);
  if (parts.size() == 1) {
    _stop = _start == -1 ? no_end : _start + 1;
    return;
  }
  _stop = parts[1].value_or(no_end);
  if (parts.size() == 3) _step = parts[2].value_or(1);
  if (_step < 1) fail("a step of at least 1 (frames are read forwards)");
}

void FrameRange::resolve(std::int64_t frames) {
  if (_start < 0) _start = std::max<std::int64_t>(_start + frames, 0);
  if (_stop < 0) _stop = std::max<std::int64_t>(_stop + frames, 0);
  _stop = std::min(_stop, frames);
}

std::optional<std::size_t> FrameRange::size() const {
  if (_stop == no_end) return std::nullopt;
  if (_stop <= _start) return 0;
  return static_cast<std::size_t>((_stop - _start - 1) / _step + 1);
}

}  // namespace sinter::app
