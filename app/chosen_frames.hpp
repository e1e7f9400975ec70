/// \file
/// The frames of a structure file that a command works on, one after another.
#pragma once

#include <CLI/App.hpp>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "frame_range.hpp"
#include "label_keys.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter::app {

/// What the user says about the structures.
struct FrameOptions {
  std::string file, species;
  LabelKeys keys;
  std::array<std::string, 3> key_options = {"--energy-key", "--force-key", "--virial-key"};  // for messages
  std::string frames = ":";
};

/// The kinds of files that frames are read from, for the help of an option.
extern char const* const structure_files;

/// Declares the positional `name` and what `addFrameChoices` does.
void addFrameOptions(CLI::App& command, FrameOptions& options, std::string const& name, std::string const& species);

/// Declares --species (with its help), --frames, --energy-key, --force-key, --virial-key.
void addFrameChoices(CLI::App& command, FrameOptions& options, std::string const& species);

/// A frame, with where it stands in the file.
struct ChosenFrame {
  Structure structure;
  std::string name;  // for messages
  std::int64_t index = 0;
};

/// Frames that are computed together, with where they stand in the file.
struct FrameBatch {
  std::vector<Structure> structures;
  std::vector<std::string> names;
  std::vector<std::int64_t> indices;
};

/// Declares POTENTIAL, STRUCTURES and what is chosen of them.
void addPotentialAndFrameOptions(CLI::App& command, std::string& potential, FrameOptions& structures);

/// Removes the feature of this name from a frame that has it.
void removeFeature(Structure& structure, std::string const& name);

/// Sets a feature of a frame in the place of one of this name.
void setFeature(Structure& structure, std::string const& name, std::string const& value);

/// The pressure (GPa) that a frame has by the name `key`. \param option that named the key, for messages
/// \throws InputError when it has none.
[[nodiscard]] double pressureByKey(ChosenFrame const& frame, std::string const& key, std::string const& option);

/// The frames of --frames, with types that have no name named by --species. Stops when the user asks for it.
class ChosenFrames {
 public:
  /// \param options outlive this
  /// \param species atomic numbers of `options.species`
  /// \throws InputError when the file cannot be read, or `options.frames` is malformed.
  ChosenFrames(FrameOptions const& options, std::vector<std::int32_t> species);

  /// The next frame, or nothing behind the last.
  /// \throws InputError when it is malformed, FrameError where the next call gives the frame behind; Interrupted.
  std::optional<ChosenFrame> next();

  /// The next frames until they have `atoms` atoms, or nothing behind the last; throws as `next`.
  std::optional<FrameBatch> nextBatch(std::size_t atoms);

  /// What is known of the frame that `next` gave last, beside its structure.
  [[nodiscard]] FrameRecord record(ChosenFrame const& frame) const;

  /// Number of frames to come in all, where it is known.
  [[nodiscard]] std::optional<std::size_t> size() const { return _range.size(); }

  /// Frames of the file that `next` has read so far, chosen or not.
  [[nodiscard]] std::int64_t read() const { return _next; }

  /// What `next` has given so far.
  [[nodiscard]] std::size_t frames() const { return _frames; }
  [[nodiscard]] std::size_t atoms() const { return _atoms; }

  /// To be called behind the last frame.
  /// \throws InputError when there was none, or none had a label that the user named; Interrupted.
  void finish() const;

 private:
  FrameOptions const& _options;
  std::vector<std::int32_t> _species;
  FrameRange _range;
  std::unique_ptr<StructureReader> _reader;
  std::int64_t _next = 0;
  LabelsPresent _labels;
  std::size_t _frames = 0, _atoms = 0;
};

}  // namespace sinter::app
