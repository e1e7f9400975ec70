/// \file
/// What a database keeps of a frame beside the structure itself.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter {

/// Labels of a structure, as in `Structure`.
struct FrameLabels {
  std::optional<double> energy;  ///< (eV)
  std::vector<Vector3> forces;   ///< (eV/A), one per atom; empty when there are none
  std::optional<Voigt> virial;   ///< (eV)
};

/// Where a frame comes from, what it counts in a fit, and what else is known of its energy.
struct FrameRecord {
  std::string source;                         ///< file that it was read from first
  std::string trajectory;                     ///< frames that belong together, and never on both sides of a split
  std::int64_t step = -1;                     ///< in the trajectory; negative when not known
  std::optional<double> weight;               ///< in a fit
  std::map<std::string, FrameLabels> labels;  ///< further labels by the name of their set ("dft"); none is empty
};

/// The record of a frame of a text file: `trajectory`, `timestep` or `step` and `weight` are taken from the features of
/// these names where there are such; else the file is the trajectory and `index` the step.
[[nodiscard]] FrameRecord makeFrameRecord(Structure const& structure, std::string const& file, std::int64_t index);

/// What is known of all labels of a database.
struct DatabaseOrigin {
  std::string teacher;                ///< name of the potential or method that gave the labels; may be empty
  std::string teacher_sha256;         ///< of its file; may be empty
  std::vector<std::string> commands;  ///< that wrote the database, first to last
};

}  // namespace sinter
