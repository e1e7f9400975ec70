/// \file
/// Frames divided into parts (training, test), group by group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sinter {

/// Divides groups of frames (trajectories) into parts that have about given shares of the frames; all frames of a group
/// are in one part. Depends on the groups and the seed, not on the order in which they come.
class GroupSplit {
 public:
  struct Part {
    std::string name;
    double share = 0;                    ///< of all frames
    std::size_t groups = 0, frames = 0;  ///< once assigned
  };

  /// \param parts "train=0.9,test=0.1": names of letters, digits, `_` and `-`, shares that sum to 1
  /// \throws InputError when it is something else.
  GroupSplit(std::string_view parts, std::uint64_t seed);

  /// Counts a frame of a group.
  void count(std::string const& group) { ++_groups[group].frames; }

  /// Assigns the groups: in an order that the seed shuffles, each to the part that lacks most frames; the last ones go
  /// to parts that have none.
  /// \throws InputError when there are fewer groups than parts.
  void assign();

  /// The number of the part of a group that was counted.
  [[nodiscard]] std::size_t partOf(std::string const& group) const { return _groups.at(group).part; }
  [[nodiscard]] std::vector<Part> const& parts() const { return _parts; }

 private:
  struct Group {
    std::size_t frames = 0, part = 0;
  };
  std::vector<Part> _parts;
  std::uint64_t _seed;
  std::map<std::string, Group> _groups;
};

}  // namespace sinter
