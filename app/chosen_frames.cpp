#include "chosen_frames.hpp"

#include <utility>

#include "interrupt.hpp"
#include "sinter/core/error.hpp"
#include "sinter/structures/features.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter::app {

char const* const structure_files =
    "Extended XYZ (.xyz, .extxyz), MLIP .cfg, LAMMPS data (.data, .lmp) or dump (.dump, .lammpstrj), also compressed "
    "(.xz, .gz), or database (.h5)";

void addFrameOptions(CLI::App& command, FrameOptions& options, std::string const& name, std::string const& species) {
  command.add_option(name, options.file, structure_files)->required();
  addFrameChoices(command, options, species);
}

void addFrameChoices(CLI::App& command, FrameOptions& options, std::string const& species) {
  command.add_option("--species", options.species, species);
  command.add_option("--frames", options.frames, "Frames first:end:step as in Python (--frames=-10: the last ten)")
      ->capture_default_str();
  command.add_option("--energy-key", options.keys.energy,
                     "Name of the energies that are labels (extended XYZ; dft/energy: labels dft of a database)");
  command.add_option("--force-key", options.keys.force, "Name of the forces");
  command.add_option("--virial-key", options.keys.virial, "Name of the virials (or stresses)");
}

void addPotentialAndFrameOptions(CLI::App& command, std::string& potential, FrameOptions& structures) {
  command.add_option("POTENTIAL", potential, "Moment tensor potential (.mtp, .almtp)")->required();
  addFrameOptions(command, structures, "STRUCTURES",
                  "Elements of types 0, 1, ... (in LAMMPS files 1, 2, ...) where structures or potential do not name "
                  "them, as in Si,O");
}

void removeFeature(Structure& structure, std::string const& name) {
  std::erase_if(structure.features, [&](auto const& feature) { return feature.first == name; });
}

void setFeature(Structure& structure, std::string const& name, std::string const& value) {
  removeFeature(structure, name);
  structure.features.emplace_back(name, value);
}

double pressureByKey(ChosenFrame const& frame, std::string const& key, std::string const& option) {
  auto const* const text = findFeature(frame.structure, key);
  if (text == nullptr)
    throw InputError(frame.name + ": found no key " + key + " (" + option + "), expected a pressure in GPa");
  if (auto const pressure = parseNumber(*text)) return *pressure;
  throw InputError(frame.name + ": found " + key + " = " + *text + ", expected a pressure in GPa");
}

ChosenFrames::ChosenFrames(FrameOptions const& options, std::vector<std::int32_t> species)
    : _options(options), _species(std::move(species)), _range(options.frames) {
  if (_range.countsFromEnd()) {  // the file is read twice instead of being kept
    std::int64_t frames = 0;
    auto const reader = openStructureFile(_options.file, _options.keys);
    for (bool is_end = false; !is_end; frames += is_end ? 0 : 1) {
      stopWhenInterrupted();
      try {
        is_end = !reader->next();
      } catch (FrameError const&) {  // counts; `next` reports it
      }
    }
    _range.resolve(frames);
  }
  _reader = openStructureFile(_options.file, _options.keys);
}

std::optional<ChosenFrame> ChosenFrames::next() {
  while (!_range.endsBefore(_next)) {
    stopWhenInterrupted();
    std::optional<Structure> structure;
    try {
      structure = _reader->next();
    } catch (FrameError const&) {
      ++_next;
      throw;
    }
    if (!structure) break;
    std::int64_t const index = _next++;
    if (!_range.contains(index)) continue;
    ChosenFrame frame{std::move(*structure), _options.file + ": frame " + std::to_string(index), index};
    if (!_species.empty()) nameTypes(frame.structure, _species, frame.name);
    _labels.add(frame.structure);
    ++_frames;
    _atoms += frame.structure.size();
    return frame;
  }
  return std::nullopt;
}

std::optional<FrameBatch> ChosenFrames::nextBatch(std::size_t atoms) {
  FrameBatch batch;
  for (std::size_t const before = _atoms; _atoms < before + atoms;) {
    auto frame = next();
    if (!frame) break;
    batch.structures.push_back(std::move(frame->structure));
    batch.names.push_back(std::move(frame->name));
    batch.indices.push_back(frame->index);
  }
  if (batch.structures.empty()) return std::nullopt;
  return batch;
}

FrameRecord ChosenFrames::record(ChosenFrame const& frame) const {
  if (auto record = _reader->record()) return *std::move(record);
  return makeFrameRecord(frame.structure, _options.file, frame.index);
}

void ChosenFrames::finish() const {
  if (_frames == 0)
    throw InputError(_options.file, 0,
                     "found no frames" + (_next > 0 ? " in --frames " + _options.frames : std::string()) +
                         ", expected at least one");
  _labels.check(_options.keys, _options.key_options, _options.file);
  stopWhenInterrupted();
}

}  // namespace sinter::app
