#include "frame_report.hpp"

#include "json_report.hpp"

namespace sinter::app {

FrameReport::FrameReport(std::string const& file, nlohmann::ordered_json const& head) : _output(file) {
  std::string before = "{";
  for (auto const& [name, value] : head.items()) {
    _output.write(before + "\"" + name + "\": " + toText(value));
    before = ",\n";
  }
  _output.write(",\n\"frames\": [");
}

void FrameReport::add(nlohmann::ordered_json const& frame) {
  _output.write((_empty ? "\n" : ",\n") + toText(frame));
  _empty = false;
}

void FrameReport::finish(nlohmann::ordered_json const& tail) {
  _output.write("\n]");
  for (auto const& [name, value] : tail.items()) _output.write(",\n\"" + name + "\": " + toText(value));
  _output.write("}\n");
  _output.close();
}

}  // namespace sinter::app
