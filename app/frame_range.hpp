/// \file
/// Frames of a file chosen as Python slices do: `--frames a:b:c`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace sinter::app {

/// Frames start, start + step, ... below stop; negative numbers count from the end of the file.
class FrameRange {
 public:
  /// All frames.
  FrameRange() = default;

  /// "a:b:c", each part optional, or "a" for one frame.
  /// \throws InputError for anything else, and for a step below 1.
  explicit FrameRange(std::string const& text);

  /// Whether the number of frames of the file must be known first.
  [[nodiscard]] bool countsFromEnd() const { return _start < 0 || _stop < 0; }

  /// Replaces numbers that count from the end, given the number of frames of the file.
  void resolve(std::int64_t frames);

  [[nodiscard]] bool contains(std::int64_t frame) const {
    return frame >= _start && frame < _stop && (frame - _start) % _step == 0;
  }

  /// Whether no frame from `frame` on is in the range.
  [[nodiscard]] bool endsBefore(std::int64_t frame) const { return frame >= _stop; }

  /// Number of frames in the range, once resolved; nothing when it has no end.
  [[nodiscard]] std::optional<std::size_t> size() const;

 private:
  static constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();
  std::int64_t _start = 0, _stop = no_end, _step = 1;
};

}  // namespace sinter::app
