#include "command_line.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace sinter::app {

std::string commandLine() {
  std::ifstream stream("/proc/self/cmdline", std::ios::binary);
  std::string line{std::istreambuf_iterator<char>(stream), {}};
  while (!line.empty() && line.back() == '\0') line.pop_back();
  std::replace(line.begin(), line.end(), '\0', ' ');
  return line.empty() ? "sinter" : line;
}

}  // namespace sinter::app
