/// \file
/// Writing vectors that describe atoms or frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sinter {

/// An HDF5 file of vectors of one length: rows of a dataset (rows x length, float64, in compressed chunks of about
/// 1 MiB), and `/frames/offset` (frames + 1, int64): the rows of frame i are offset[i] to offset[i + 1] - 1. It is
/// written under a temporary name and renamed by `close`; without `close` nothing is left. Memory does not grow with
/// the file.
class DescriptorWriter {
 public:
  /// What the vectors mean, as attributes of the root group.
  using Value = std::variant<std::string, double, std::vector<double>, std::vector<std::int32_t>>;
  using Attributes = std::vector<std::pair<std::string, Value>>;

  /// \param dataset path of the vectors
  /// \throws SystemError when the file cannot be created.
  DescriptorWriter(std::string const& file, std::string const& dataset, std::size_t length,
                   Attributes const& attributes);
  ~DescriptorWriter();

  /// Appends rows of the frame that is being written, a whole number of vectors.
  /// \throws SystemError when the disk is full.
  void append(std::span<double const> rows);

  /// Ends the frame: what follows is the next one's.
  /// \throws SystemError when the disk is full.
  void endFrame();

  /// Finishes the file and gives it its name.
  /// \throws SystemError when the disk is full.
  void close();

 private:
  class File;
  std::unique_ptr<File> _data;
};

}  // namespace sinter
