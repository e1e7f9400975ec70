/// \file
/// Writing the HDF5 database of labelled structures.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "sinter/structures/frame_record.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter {

/// Writes or extends a database (`.h5`, docs/database.md), frame by frame; memory: about 15 MB.
///
/// The file is written under a temporary name and renamed by `close`; to extend it, its copy is. Whoever opens the
/// database meanwhile, or after this process was killed, finds what was there before.
class DatabaseWriter final : public StructureWriter {
 public:
  enum class Mode {
    create,  ///< an older file is replaced
    append   ///< behind the frames of a file that is there, if any
  };

  /// \param origin to be kept with it; an older database keeps its own teacher
  /// \throws InputError when the file to append to is no database, is of another teacher or is being appended to by
  /// another process; SystemError when the file cannot be created.
  explicit DatabaseWriter(std::string const& file, DatabaseOrigin const& origin = {}, Mode mode = Mode::create);
  ~DatabaseWriter() override;

  using StructureWriter::write;
  /// Appends a frame with its record. Without one, the record is empty, and labels of a `reference` are the set "ref".
  /// \throws InputError when the frame is not one that a reader would accept (`checkStructure`), or the name of a label
  /// set is not made of letters, digits, `_` and `-`.
  void write(Structure const& structure, FrameRecord const& record);

  void close() override;

 private:
  void checkName(std::string const& name) const;
  void checkLabels(std::string const& name, FrameLabels const& labels, std::size_t atoms) const;
  void writeFrame(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) override;

  class File;
  std::unique_ptr<File> _data;
  FrameRecord const* _record = nullptr;
};

}  // namespace sinter
