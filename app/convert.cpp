/// \file
/// `sinter convert`: frames are read and written one by one.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chosen_frames.hpp"
#include "command.hpp"
#include "command_line.hpp"
#include "interrupt.hpp"
#include "output_path.hpp"
#include "potential_file.hpp"
#include "progress.hpp"
#include "sha256.hpp"
#include "sinter/core/error.hpp"
#include "sinter/structures/database_reader.hpp"
#include "sinter/structures/database_writer.hpp"
#include "sinter/structures/duplicate_finder.hpp"
#include "sinter/structures/group_split.hpp"
#include "sinter/structures/writer.hpp"

namespace sinter::app {

namespace {

struct ConvertOptions {
  std::vector<std::string> files;  // inputs, and the output last
  FrameOptions input;              // without its file
  std::vector<std::string> labels;
  std::string teacher, split, by = "trajectory";
  std::uint64_t seed = 1;
  bool append = false, deduplicate = false, quiet = false;
};

/// A further set of labels, from the same frames by other keys: --labels NAME=ENERGY,FORCE,VIRIAL.
struct LabelSetOption {
  std::string name;
  LabelKeys keys;

  explicit LabelSetOption(std::string const& text) {
    auto const equals = text.find('='), first = text.find(','), second = text.find(',', first + 1);
    if (equals == std::string::npos || equals == 0 || first == std::string::npos || first < equals ||
        second == std::string::npos || text.find(',', second + 1) != std::string::npos || text.size() == equals + 3)
      throw InputError("--labels: found '" + text +
                       "', expected NAME=ENERGY,FORCE,VIRIAL with the names of a frame's labels (one at least)");
    name = text.substr(0, equals);
    keys = {text.substr(equals + 1, first - equals - 1), text.substr(first + 1, second - first - 1),
            text.substr(second + 1)};
  }

  /// The labels with these names; what no name was given for is left out.
  [[nodiscard]] FrameLabels labelsOf(Structure& structure) const {
    FrameLabels labels;
    if (!keys.energy.empty()) labels.energy = structure.energy;
    if (!keys.force.empty()) labels.forces = std::move(structure.forces);
    if (!keys.virial.empty()) labels.virial = structure.virial;
    return labels;
  }
};

/// A file that is written, whatever its kind.
class Output {
 public:
  Output(std::string file, std::vector<std::int32_t> const& species, DatabaseOrigin const& origin, bool append)
      : _file(std::move(file)) {
    if (isDatabaseName(_file)) {
      auto const mode = append ? DatabaseWriter::Mode::append : DatabaseWriter::Mode::create;
      auto database = std::make_unique<DatabaseWriter>(_file, origin, mode);
      _database = database.get();
      _writer = std::move(database);
    } else {
      _writer = openStructureWriter(_file, species);
    }
  }

  void write(ChosenFrame const& frame, FrameRecord const& record) {
    try {
      if (_database != nullptr)
        _database->write(frame.structure, record);
      else
        _writer->write(frame.structure);
    } catch (InputError const& error) {
      throw InputError(frame.name + ": " + error.what());
    }
    ++_frames;
    _atoms += frame.structure.size();
  }

  void close() { _writer->close(); }

  [[nodiscard]] std::string summary() const { return fmt::format("{} frames, {} atoms: {}", _frames, _atoms, _file); }

 private:
  std::string _file;
  std::unique_ptr<StructureWriter> _writer;
  DatabaseWriter* _database = nullptr;  // the same
  std::size_t _frames = 0, _atoms = 0;
};

/// One run of the command.
class Convert {
 public:
  explicit Convert(ConvertOptions const& options)
      : _options(options),
        _inputs(options.files.begin(), options.files.end() - 1),
        _output(options.files.back()),
        _species(atomicNumbersOf(options.input.species)) {
    for (auto const& text : options.labels) _label_sets.emplace_back(text);
    if (!options.split.empty()) _split.emplace(options.split, options.seed);
  }

  void run() {
    checkOutputs();
    if (_split) countGroups();
    DatabaseOrigin const origin = isDatabaseName(_output) ? makeOrigin() : DatabaseOrigin{};
    std::vector<Output> outputs;
    DuplicateFinder known;
    if (_options.deduplicate && _options.append) addFramesOfOutput(known);
    for (auto const& file : outputFiles()) outputs.emplace_back(file, _species, origin, _options.append);
    {
      std::optional<Progress> progress;
      std::size_t frames = 0, atoms = 0;
      forEachFrame(known, [&](ChosenFrame const& frame, FrameRecord const& record, std::optional<std::size_t> total) {
        if (!progress) progress.emplace("convert", total, _options.quiet);
        outputs[_split ? _split->partOf(groupOf(frame, record)) : 0].write(frame, record);
        progress->update(++frames, atoms += frame.structure.size());
      });
    }
    for (auto& output : outputs) output.close();
    if (!_options.quiet) printSummary(outputs, known);
  }

 private:
  [[nodiscard]] std::vector<std::string> outputFiles() const {
    if (!_split) return {_output};
    std::vector<std::string> files;
    std::filesystem::path const path = _output;
    for (auto const& part : _split->parts())
      files.push_back(path.parent_path() / (path.stem().string() + "-" + part.name + path.extension().string()));
    return files;
  }

  void checkOutputs() const {
    if (!isWritableStructureFile(_output))
      throw InputError("OUT " + _output + ": found the extension '" + lowerExtension(_output) + "', expected " +
                       writable_extensions);
    for (auto const& file : outputFiles()) checkOutputPath("OUT", file, _inputs);
    bool const database = isDatabaseName(_output);
    auto const needs_database = [&](std::string const& option, bool given) {
      if (given && !database)
        throw InputError(option + ": found the output " + _output + ", expected a database (.h5)");
    };
    needs_database("--append", _options.append);
    needs_database("--labels", !_label_sets.empty());
    needs_database("--teacher", !_options.teacher.empty());
    if (_options.append && _split) throw InputError("--append: found --split with it, expected one of them");
  }

  /// Calls `use` with each frame of the inputs, its record and the number of frames where it is known.
  template <class Use>
  void forEachFrame(DuplicateFinder& known, Use const& use) const {
    for (auto const& file : _inputs) {
      FrameOptions options = _options.input;
      options.file = file;
      ChosenFrames frames(options, _species);
      auto const label_options = labelOptions(options);
      std::vector<std::unique_ptr<ChosenFrames>> label_frames;
      for (auto const& label_option : label_options)
        label_frames.push_back(std::make_unique<ChosenFrames>(label_option, _species));
      while (auto frame = frames.next()) {
        std::vector<std::optional<ChosenFrame>> labelled;
        for (auto const& others : label_frames) labelled.push_back(others->next());
        if (_options.deduplicate && !known.add(frame->structure)) continue;
        FrameRecord record = frames.record(*frame);
        for (std::size_t s = 0; s < _label_sets.size(); ++s)
          record.labels[_label_sets[s].name] = _label_sets[s].labelsOf(labelled[s].value().structure);
        use(*frame, record, _inputs.size() == 1 ? frames.size() : std::nullopt);
      }
      frames.finish();
      for (auto const& others : label_frames) others->finish();
    }
  }

  /// How the frames of `options` are read once more for each further set of labels.
  [[nodiscard]] std::vector<FrameOptions> labelOptions(FrameOptions const& options) const {
    std::vector<FrameOptions> result(_label_sets.size(), options);
    for (std::size_t s = 0; s < result.size(); ++s) {
      result[s].keys = _label_sets[s].keys;
      result[s].key_options.fill("--labels " + _label_sets[s].name);
    }
    return result;
  }

  [[nodiscard]] std::string groupOf(ChosenFrame const& frame, FrameRecord const& record) const {
    if (_options.by == "trajectory") return record.trajectory;
    if (_options.by == "source") return record.source;
    if (_options.by == "config_type") return frame.structure.config_type;
    return frame.name;
  }

  void countGroups() {
    DuplicateFinder known;
    forEachFrame(known, [&](ChosenFrame const& frame, FrameRecord const& record, auto) {
      _split->count(groupOf(frame, record));
    });
    _split->assign();
  }

  void addFramesOfOutput(DuplicateFinder& known) const {
    if (!std::filesystem::exists(_output)) return;
    DatabaseReader reader(_output);
    while (auto const structure = reader.next()) {
      stopWhenInterrupted();
      known.add(*structure);
    }
  }

  /// What the databases among the inputs say, and this command.
  [[nodiscard]] DatabaseOrigin makeOrigin() const {
    DatabaseOrigin origin;
    if (!_options.teacher.empty()) {
      origin.teacher = std::filesystem::path(_options.teacher).filename().string();
      origin.teacher_sha256 = sha256OfFile(_options.teacher);
    }
    for (auto const& file : _inputs) {
      if (!isDatabaseName(file)) continue;
      DatabaseOrigin const input = DatabaseReader(file).origin();
      origin.commands.insert(origin.commands.end(), input.commands.begin(), input.commands.end());
      if (input.teacher.empty()) continue;
      if (origin.teacher.empty()) {
        origin.teacher = input.teacher;
        origin.teacher_sha256 = input.teacher_sha256;
      } else if (input.teacher != origin.teacher || input.teacher_sha256 != origin.teacher_sha256) {
        throw InputError(file, 0,
                         "found labels of the teacher '" + input.teacher + "' (SHA-256 '" + input.teacher_sha256 +
                             "'), expected '" + origin.teacher + "' ('" + origin.teacher_sha256 +
                             "') as before (other labels: --labels)");
      }
    }
    origin.commands.push_back(commandLine());
    return origin;
  }

  void printSummary(std::vector<Output> const& outputs, DuplicateFinder const& known) const {
    for (auto const& output : outputs) fmt::print("{}\n", output.summary());
    if (_split)
      for (auto const& part : _split->parts())
        fmt::print("{}: {} frames of {} groups (by {})\n", part.name, part.frames, part.groups, _options.by);
    if (_options.deduplicate)
      fmt::print("{} duplicates left out, {} of them with another energy than the first\n", known.duplicates(),
                 known.withOtherEnergy());
  }

  ConvertOptions const& _options;
  std::vector<std::string> _inputs;
  std::string _output;
  std::vector<std::int32_t> _species;
  std::vector<LabelSetOption> _label_sets;
  std::optional<GroupSplit> _split;
};

}  // namespace

void addConvertCommand(CLI::App& app) {
  auto const options = std::make_shared<ConvertOptions>();
  CLI::App* const command =
      app.add_subcommand("convert", "Structures from one kind of file into another (Angstrom, eV, eV/Angstrom)");
  command
      ->add_option("FILES", options->files,
                   std::string("IN... OUT. IN: ") + structure_files +
                       "; several are joined. OUT: extended XYZ, MLIP .cfg, LAMMPS data (.data, .lmp, .lammps-data: "
                       "one frame, no labels) or dump (.dump, .lammpstrj: forces only), database (.h5), H5MD (.h5md) "
                       "or training set of MACE (.mace.h5)")
      ->required()
      ->expected(2, -1)
      ->type_name("");
  addFrameChoices(
      *command, options->input,
      "Elements of types 0, 1, ... of .cfg (1, 2, ... of LAMMPS), as in Si,O: names for the types of IN that "
      "have none, and the numbers of elements in OUT");
  command->add_flag("--append", options->append, "Add to the frames that the database OUT has, if it is there");
  command->add_flag("--deduplicate", options->deduplicate,
                    "Leave out structures that came before (species, cell and positions, to 1e-6 Angstrom)");
  command
      ->add_option("--labels", options->labels,
                   "A further set of labels, as in dft=dft_energy,dft_forces,dft_virial (each may be left empty): "
                   "kept in the database OUT as dft/energy, dft/force, dft/virial; repeatable")
      ->allow_extra_args(false);
  command->add_option("--teacher", options->teacher,
                      "File of the potential that gave the labels: its name and SHA-256 are kept in the database OUT");
  command->add_option("--split", options->split,
                      "Write several files instead of OUT, as in train=0.9,test=0.1: OUT-train, OUT-test with about "
                      "these shares of the frames");
  command->add_option("--by", options->by, "Frames that --split keeps together")
      ->check(CLI::IsMember({"trajectory", "source", "config_type", "frame"}))
      ->capture_default_str();
  command->add_option("--seed", options->seed, "Of --split: the same frames and seed give the same parts")
      ->capture_default_str();
  command->add_flag("--quiet", options->quiet, "No progress and no summary");
  command->callback([options] { runInterruptible<Convert>(*options); });
}

}  // namespace sinter::app
