/// \file
/// Writing a few arrays of numbers that describe atoms or frames.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "sinter/structures/descriptor_writer.hpp"

namespace sinter {

/// A dataset: rows of one number, or (`width` > 0) of an array of them.
struct DescriptorArray {
  std::string path;
  std::variant<std::vector<double>, std::vector<std::int64_t>> values;
  std::size_t width = 0;
};

/// Writes arrays (compressed) and attributes of the root group as the whole of an HDF5 file.
/// \throws SystemError when the disk is full; then an older file is as it was.
void writeDescriptorArrays(std::string const& file, std::span<DescriptorArray const> arrays,
                           DescriptorWriter::Attributes const& attributes);

}  // namespace sinter
