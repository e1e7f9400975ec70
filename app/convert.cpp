/// \file
/// `sinter convert`: frames are read and written one by one.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "chosen_frames.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "output_path.hpp"
#include "potential_file.hpp"
#include "progress.hpp"
#include "sinter/core/error.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter::app {

namespace {

struct ConvertOptions {
  FrameOptions input;
  std::string output;
  bool quiet = false;
};

/// One run of the command.
class Convert {
 public:
  explicit Convert(ConvertOptions const& options) : _options(options) {}

  void run() const {
    if (!isWritableStructureFile(_options.output))
      throw InputError("OUT " + _options.output + ": found the extension '" + lowerExtension(_options.output) +
                       "', expected .extxyz, .xyz, .cfg, .data, .lmp or .lammps-data");
    checkOutputPath("OUT", _options.output, {_options.input.file});
    auto const species = atomicNumbersOf(_options.input.species);
    ChosenFrames frames(_options.input, species);
    auto const writer = openStructureWriter(_options.output, species);
    {
      Progress progress("convert", frames.size(), _options.quiet);
      while (auto const frame = frames.next()) {
        writeFrame(*writer, *frame);
        progress.update(frames.frames(), frames.atoms());
      }
    }
    frames.finish();
    writer->close();
    if (!_options.quiet) fmt::print("{} frames, {} atoms: {}\n", frames.frames(), frames.atoms(), _options.output);
  }

 private:
  static void writeFrame(StructureWriter& writer, ChosenFrame const& frame) {
    try {
      writer.write(frame.structure);
    } catch (InputError const& error) {
      throw InputError(frame.name + ": " + error.what());
    }
  }

  ConvertOptions const& _options;
};

}  // namespace

void addConvertCommand(CLI::App& app) {
  auto const options = std::make_shared<ConvertOptions>();
  CLI::App* const command =
      app.add_subcommand("convert", "Structures from one kind of file into another (Angstrom, eV, eV/Angstrom)");
  addFrameOptions(
      *command, options->input, "IN",
      "Elements of types 0, 1, ... of .cfg (1, 2, ... of LAMMPS), as in Si,O: names for the types of IN that "
      "have none, and the numbers of elements in OUT");
  command
      ->add_option("OUT", options->output,
                   "Extended XYZ, MLIP .cfg or LAMMPS data (.data, .lmp, .lammps-data: one frame, no labels)")
      ->required();
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Convert>(*options); });
}

}  // namespace sinter::app
