/// \file
/// The bytes of a file, decompressed on the way: plain, `.xz` and `.gz`, in memory that does not grow with the file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace sinter::detail {

/// Bytes in order, each once.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Puts up to `size` >= 1 bytes at `to` and says how many; 0 only at the end.
  /// \throws InputError when the compressed data are truncated or corrupt; SystemError when the disk fails.
  virtual std::size_t read(char* to, std::size_t size) = 0;
};

/// Opens `file`; the ending of its name (`.xz`, `.gz`) says how it is compressed. Several compressed streams one
/// behind the other read as one. A tar archive that holds a single file reads as that file: some published training
/// sets carry `.cfg` in their name and are such archives.
/// \throws InputError when the file is missing, not readable, a directory or an archive of another kind.
[[nodiscard]] std::unique_ptr<ByteStream> openBytes(std::string const& file);

}  // namespace sinter::detail
