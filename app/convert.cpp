/// \file
/// `sinter convert`: frames are read and written one by one.
#include <fmt/format.h>

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "command.hpp"
#include "frame_range.hpp"
#include "interrupt.hpp"
#include "label_keys.hpp"
#include "output_path.hpp"
#include "potential_file.hpp"
#include "progress.hpp"
#include "sinter/core/error.hpp"
#include "sinter/structures/reader.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter::app {

namespace {

struct ConvertOptions {
  std::string input, output, species;
  LabelKeys keys;
  std::string frames = ":";
  bool quiet = false;
};

/// One run of the command.
class Convert {
 public:
  Convert(ConvertOptions const& options, InterruptGuard const& interrupt)
      : _options(options), _interrupt(interrupt), _range(options.frames), _species(atomicNumbersOf(options.species)) {}

  void run() {
    if (!isWritableStructureFile(_options.output))
      throw InputError("OUT " + _options.output + ": found the extension '" + lowerExtension(_options.output) +
                       "', expected .extxyz, .xyz, .cfg, .data, .lmp or .lammps-data");
    checkOutputPath("OUT", _options.output, {_options.input});
    if (_range.countsFromEnd()) countFrames();
    auto const reader = openStructureFile(_options.input, _options.keys);
    auto const writer = openStructureWriter(_options.output, _species);
    convertFrames(*reader, *writer);
    if (_frames == 0)
      throw InputError(_options.input, 0,
                       "found no frames" + (_next_frame > 0 ? " in --frames " + _options.frames : std::string()) +
                           ", expected at least one");
    _labels.check(_options.keys, {"--energy-key", "--force-key", "--virial-key"}, _options.input);
    stopWhenAsked();
    writer->close();
    if (!_options.quiet) fmt::print("{} frames, {} atoms: {}\n", _frames, _atoms, _options.output);
  }

 private:
  void stopWhenAsked() const {
    if (_interrupt.raised()) throw Interrupted("");
  }

  // Only where a range counts from the end: the file is read twice instead of being kept.
  void countFrames() {
    std::int64_t frames = 0;
    auto const reader = openStructureFile(_options.input, _options.keys);
    for (; reader->next(); ++frames) stopWhenAsked();
    _range.resolve(frames);
  }

  void convertFrames(StructureReader& reader, StructureWriter& writer) {
    Progress progress("convert", _range.size(), _options.quiet);
    while (!_range.endsBefore(_next_frame)) {
      stopWhenAsked();
      auto structure = reader.next();
      if (!structure) break;
      std::int64_t const index = _next_frame++;
      if (!_range.contains(index)) continue;
      std::string const where = _options.input + ": frame " + std::to_string(index);
      if (!_species.empty()) nameTypes(*structure, _species, where);
      writeFrame(writer, *structure, where);
      _labels.add(*structure);
      ++_frames;
      _atoms += structure->size();
      progress.update(_frames, _atoms);
    }
  }

  static void writeFrame(StructureWriter& writer, Structure const& structure, std::string const& where) {
    try {
      writer.write(structure);
    } catch (InputError const& error) {
      throw InputError(where + ": " + error.what());
    }
  }

  ConvertOptions const& _options;
  InterruptGuard const& _interrupt;
  FrameRange _range;
  std::vector<std::int32_t> _species;
  LabelsPresent _labels;
  std::int64_t _next_frame = 0;
  std::size_t _frames = 0, _atoms = 0;
};

void runConvert(ConvertOptions const& options) {
  InterruptGuard const interrupt;
  try {
    Convert(options, interrupt).run();
  } catch (std::exception const&) {
    // An interrupted system call looks like a failure of the disk.
    if (interrupt.raised()) throw Interrupted("no file was written; the same command starts again");
    throw;
  }
}

}  // namespace

void addConvertCommand(CLI::App& app) {
  auto const options = std::make_shared<ConvertOptions>();
  CLI::App* const command =
      app.add_subcommand("convert", "Structures from one kind of file into another (Angstrom, eV, eV/Angstrom)");
  command
      ->add_option("IN", options->input,
                   "Extended XYZ (.xyz, .extxyz), MLIP .cfg, LAMMPS data (.data, .lmp) or dump (.dump, .lammpstrj), "
                   "also compressed (.xz, .gz)")
      ->required();
  command
      ->add_option("OUT", options->output,
                   "Extended XYZ, MLIP .cfg or LAMMPS data (.data, .lmp, .lammps-data: one frame, no labels)")
      ->required();
  command->add_option(
      "--species", options->species,
      "Elements of types 0, 1, ... of .cfg (1, 2, ... of LAMMPS), as in Si,O: names for the types of IN "
      "that have none, and the numbers of elements in OUT");
  command->add_option("--frames", options->frames, "Frames first:end:step as in Python (--frames=-10: the last ten)")
      ->capture_default_str();
  command->add_option("--energy-key", options->keys.energy, "Name of the energies (extended XYZ)");
  command->add_option("--force-key", options->keys.force, "Name of the forces");
  command->add_option("--virial-key", options->keys.virial, "Name of the virials (or stresses)");
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runConvert(*options); });
}

}  // namespace sinter::app
