/// \file
/// Reading the HDF5 database of labelled structures.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sinter/structures/frame_record.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter {

/// Frames of a database (`.h5`, docs/database.md), one in memory at a time beside a chunk of each column.
///
/// Labels are those of /frames and /atoms, or of /labels/NAME where `LabelKeys` say "NAME/energy", "NAME/force",
/// "NAME/virial"; a label that is NaN is missing.
class DatabaseReader final : public StructureReader {
 public:
  /// \throws InputError naming what is missing or wrong when the file is truncated or damaged, is no database or lacks
  /// the labels that `keys` name.
  explicit DatabaseReader(std::string const& file, LabelKeys const& keys = {});
  ~DatabaseReader() override;

  /// \throws InputError "file: frame n: found ..., expected ..." on a malformed frame.
  std::optional<Structure> next() override;
  std::optional<FrameRecord> record() override;

  [[nodiscard]] std::size_t frames() const;
  [[nodiscard]] DatabaseOrigin const& origin() const;

  /// Names of the further labels.
  [[nodiscard]] std::vector<std::string> labelSets() const;

 private:
  class File;
  std::unique_ptr<File> _data;
};

/// Whether the name is that of a database.
[[nodiscard]] bool isDatabaseName(std::string const& file);

}  // namespace sinter
