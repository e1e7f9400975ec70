#include "sinter/core/file_output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "sinter/core/error.hpp"

namespace sinter {

namespace {
[[noreturn]] void fail(std::string const& what, std::string const& file) {
  throw SystemError(what + " " + file + ": " + std::strerror(errno));
}
}  // namespace

FileOutput::FileOutput(std::string file)
    : _file(std::move(file)), _temporary(_file + ".part" + std::to_string(::getpid())) {
  _stream = std::fopen(_temporary.c_str(), "wb");
  if (_stream == nullptr) fail("cannot create", _temporary);
}

FileOutput::~FileOutput() {
  if (_stream == nullptr) return;
  std::fclose(_stream);
  std::remove(_temporary.c_str());
}

void FileOutput::write(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), _stream) != text.size()) fail("cannot write", _temporary);
}

void FileOutput::close() {
  if (std::fflush(_stream) != 0 || ::fsync(::fileno(_stream)) != 0) fail("cannot write", _temporary);
  std::FILE* const stream = std::exchange(_stream, nullptr);
  if (std::fclose(stream) != 0 || std::rename(_temporary.c_str(), _file.c_str()) != 0) {
    std::remove(_temporary.c_str());
    fail("cannot write", _file);
  }
}

void writeFile(std::string const& file, std::string_view text) {
  FileOutput output(file);
  output.write(text);
  output.close();
}

}  // namespace sinter
