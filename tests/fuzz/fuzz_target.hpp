/// \file
/// What the fuzz targets share. A target is `LLVMFuzzerTestOneInput` of one reader: whatever the bytes are, the reader
/// gives a valid result or throws `InputError` with one printable line. Anything else ends the program: another
/// exception, a broken promise, a finding of the sanitizers.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sinter/core/error.hpp"
#include "sinter/core/structure.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size);

namespace sinter::fuzz {

/// Ends the program unless `kept`.
inline void require(bool kept, std::string_view promise) {
  if (kept) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()), promise.data());
  std::abort();
}

/// A message is one line that says something and is short enough to be read.
inline void requireGoodMessage(std::string_view message) {
  require(!message.empty() && message.size() < 2000, "a message of 1 to 2000 bytes");
  for (char const c : message) require((c >= ' ' || c < 0) && c != '\x7f', "a message without control characters");
}

/// A file in memory that is open under a name.
class MemoryFile {
 public:
  MemoryFile() : _descriptor(::memfd_create("fuzz", MFD_CLOEXEC)) { require(_descriptor >= 0, "memfd_create works"); }
  ~MemoryFile() { ::close(_descriptor); }
  MemoryFile(MemoryFile const&) = delete;
  MemoryFile& operator=(MemoryFile const&) = delete;

  void assign(std::uint8_t const* data, std::size_t size) const {
    require(::ftruncate(_descriptor, 0) == 0 && ::pwrite(_descriptor, data, size, 0) == static_cast<ssize_t>(size),
            "writing to memory works");
  }
  [[nodiscard]] std::string name() const { return "/proc/self/fd/" + std::to_string(_descriptor); }

 private:
  int _descriptor;
};

/// Reads all frames of a file with these bytes.
template <class Reader>
void readFrames(std::uint8_t const* data, std::size_t size) {
  static MemoryFile const file;
  file.assign(data, size);
  try {
    Reader reader(file.name());
    while (auto const structure = reader.next()) {
      require(structure->size() > 0, "a frame has atoms");
      for (std::int32_t const species : structure->species) require(species != 0 && species <= 118, "a species");
      checkStructure(*structure, "a frame that the reader passed");
    }
    require(!reader.next(), "nothing follows the last frame");
  } catch (InputError const& error) {
    requireGoodMessage(error.what());
  }
}

}  // namespace sinter::fuzz
