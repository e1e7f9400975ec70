/// \file
/// JSON reports with an entry for each frame, written frame by frame.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sinter/core/file_output.hpp"

namespace sinter::app {

/// An object with the members of a head, `"frames"`, and the members of a tail. The file appears when it is finished.
class FrameReport {
 public:
  /// \param head an object with one member at least
  /// \throws SystemError when the file cannot be created.
  FrameReport(std::string const& file, nlohmann::ordered_json const& head);

  void add(nlohmann::ordered_json const& frame);

  /// \throws SystemError when the disk is full.
  void finish(nlohmann::ordered_json const& tail);

 private:
  FileOutput _output;
  bool _empty = true;
};

}  // namespace sinter::app
