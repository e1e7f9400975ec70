#include "sinter/fitting/structure_set.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <utility>

#include "sinter/core/error.hpp"

namespace sinter {

// Files whose frames are numbered through, and what is known of each frame.
class StructureSet::Files {
 public:
  Files(std::vector<std::string> files, LabelKeys keys, std::vector<std::int32_t> species)
      : _files(std::move(files)), _keys(std::move(keys)), _species(std::move(species)) {}

  /// Reads all frames for the first time; nothing when they take more than `memory` bytes.
  std::shared_ptr<std::vector<Structure> const> readAll(std::size_t memory, Visit const& visit) {
    auto kept = std::make_shared<std::vector<Structure>>();
    std::size_t bytes = 0;
    for (_file = 0; _file < _files.size(); ++_file) {
      auto const reader = openStructureFile(_files[_file], _keys);
      while (auto structure = reader->next()) {
        std::string const name = nameOf(_frames.size());
        nameTypes(*structure, _species, name);
        if (visit) visit(_file, name, *structure);
        auto const [type, is_new] = _type_numbers.emplace(structure->config_type, _type_numbers.size());
        if (is_new) _types.push_back(&type->first);
        _frames.push_back({static_cast<std::uint32_t>(structure->size()), static_cast<std::uint32_t>(type->second)});
        bytes += bytesOf(*structure);
        if (bytes > memory) kept.reset();
        if (kept) kept->push_back(*std::move(structure));
      }
      _first.push_back(_frames.size());
    }
    if (!kept) requireRegularFiles();
    return kept;
  }

  std::span<Structure const> load(std::vector<std::size_t> const* chosen, std::size_t begin, std::size_t end) {
    _loaded.clear();
    for (std::size_t s = begin; s < end; ++s) _loaded.push_back(read(chosen != nullptr ? (*chosen)[s] : s));
    return _loaded;
  }

  [[nodiscard]] std::size_t size() const { return _frames.size(); }
  [[nodiscard]] std::size_t atomsOf(std::size_t frame) const { return _frames[frame].atoms; }
  [[nodiscard]] std::string const& configTypeOf(std::size_t frame) const { return *_types[_frames[frame].type]; }

  [[nodiscard]] std::string nameOf(std::size_t frame) const {
    std::size_t const file = fileOf(frame);
    return _files[file] + ": frame " + std::to_string(frame - _first[file]);
  }

 private:
  struct Frame {
    std::uint32_t atoms, type;
  };

  [[nodiscard]] std::size_t fileOf(std::size_t frame) const {
    return static_cast<std::size_t>(std::upper_bound(_first.begin(), _first.end(), frame) - _first.begin()) - 1;
  }

  void requireRegularFiles() const {
    for (auto const& file : _files)
      if (std::error_code error; !std::filesystem::is_regular_file(file, error))
        throw InputError(file +
                         ": found a pipe or device, expected a file: these structures do not fit into their share of "
                         "solver.max_memory and are read again in every pass");
  }

  // Forwards from where the reader stands, if that is before the frame and in its file.
  Structure read(std::size_t frame) {
    if (std::size_t const file = fileOf(frame); !_reader || file != _file || frame < _next) {
      _reader = openStructureFile(_files[file], _keys);
      _file = file;
      _next = _first[file];
    }
    std::optional<Structure> structure;
    for (; _next <= frame; ++_next) structure = _reader->next();
    if (!structure || structure->size() != atomsOf(frame))
      throw InputError(nameOf(frame) + ": found " +
                       (structure ? std::to_string(structure->size()) + " atoms" : std::string("the end of the file")) +
                       ", expected " + std::to_string(atomsOf(frame)) +
                       " atoms as before: files must not change during a fit");
    nameTypes(*structure, _species, nameOf(frame));
    return *std::move(structure);
  }

  std::vector<std::string> _files;
  LabelKeys _keys;
  std::vector<std::int32_t> _species;
  std::vector<std::size_t> _first = {0};  // (files + 1) number of the first frame of each
  std::vector<Frame> _frames;
  std::map<std::string, std::size_t> _type_numbers;
  std::vector<std::string const*> _types;
  std::unique_ptr<StructureReader> _reader;  // of `_file`; gives frame `_next` next
  std::size_t _file = 0, _next = 0;
  std::vector<Structure> _loaded;
};

StructureSet::StructureSet(std::vector<std::string> const& files, LabelKeys const& keys,
                           std::vector<std::int32_t> const& species, std::size_t memory, Visit const& visit)
    : _files(std::make_shared<Files>(files, keys, species)) {
  _owned = _files->readAll(memory, visit);
  if (_owned) _structures = *_owned;
}

std::size_t StructureSet::size() const {
  if (!isStreamed()) return _structures.size();
  return _chosen ? _chosen->size() : _files->size();
}

std::size_t StructureSet::atoms() const {
  std::size_t sum = 0;
  for (std::size_t s = 0; s < size(); ++s) sum += atomsOf(s);
  return sum;
}

std::size_t StructureSet::atomsOf(std::size_t s) const {
  return isStreamed() ? _files->atomsOf(numberInFiles(s)) : _structures[s].size();
}

std::string const& StructureSet::configTypeOf(std::size_t s) const {
  return isStreamed() ? _files->configTypeOf(numberInFiles(s)) : _structures[s].config_type;
}

std::string StructureSet::nameOf(std::size_t s) const {
  return _files ? _files->nameOf(numberInFiles(s)) : "structure " + std::to_string(numberInFiles(s));
}

std::vector<std::string> StructureSet::namesOf(std::size_t begin, std::size_t end) const {
  std::vector<std::string> names;
  for (std::size_t s = begin; s < end; ++s) names.push_back(nameOf(s));
  return names;
}

std::span<Structure const> StructureSet::load(std::size_t begin, std::size_t end) const {
  return isStreamed() ? _files->load(_chosen.get(), begin, end) : _structures.subspan(begin, end - begin);
}

std::size_t StructureSet::chunkEnd(std::size_t begin, std::size_t atoms, std::size_t structures) const {
  std::size_t end = begin, sum = 0;
  while (end < size() && end - begin < structures && (end == begin || sum + atomsOf(end) <= atoms))
    sum += atomsOf(end++);
  return end;
}

StructureSet StructureSet::part(std::vector<std::size_t> numbers) const {
  StructureSet result = *this;
  if (!isStreamed()) {
    auto const copies = std::make_shared<std::vector<Structure>>();
    for (auto const s : numbers) copies->push_back(_structures[s]);
    result._owned = copies;
    result._structures = *copies;
  }
  for (auto& s : numbers) s = numberInFiles(s);
  result._chosen = std::make_shared<std::vector<std::size_t> const>(std::move(numbers));
  return result;
}

std::size_t bytesOf(Structure const& structure) {
  constexpr std::size_t block = 16;           // what the allocator adds
  std::size_t bytes = 2 * sizeof(Structure);  // moved when the list of structures grows
  bytes += structure.positions.size() * sizeof(Vector3) + structure.forces.size() * sizeof(Vector3) +
           structure.species.size() * sizeof(std::int32_t) + 3 * block;
  if (structure.config_type.size() >= sizeof(std::string) / 2) bytes += structure.config_type.size() + block;
  for (auto const& [name, value] : structure.features)
    bytes += sizeof(structure.features[0]) + name.size() + value.size() + 2 * block;
  return bytes;
}

}  // namespace sinter
