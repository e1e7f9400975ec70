/// \file
/// Files that appear under their name only when they are whole.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace sinter {

/// Text written to a temporary name beside `file`, flushed to disk and renamed by `close`. Destroyed without `close`
/// (an exception is on its way), it removes the temporary file and leaves an older `file` as it was.
class FileOutput {
 public:
  /// \throws SystemError when the temporary file cannot be created.
  explicit FileOutput(std::string file);
  ~FileOutput();
  FileOutput(FileOutput const&) = delete;
  FileOutput& operator=(FileOutput const&) = delete;

  /// \throws SystemError when not all of it could be written (disk full).
  void write(std::string_view text);

  /// \throws SystemError when flushing or renaming fails.
  void close();

 private:
  std::string _file, _temporary;
  std::FILE* _stream = nullptr;
};

/// Writes `text` as the whole of `file`.
void writeFile(std::string const& file, std::string_view text);

}  // namespace sinter
