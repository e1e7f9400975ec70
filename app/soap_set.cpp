#include "soap_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <utility>

#include "interrupt.hpp"
#include "output_path.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/core/memory_size.hpp"
#include "sinter/structures/descriptor_arrays.hpp"
#include "sinter/structures/extxyz_writer.hpp"

namespace sinter::app {

namespace {

constexpr int components = 2;
constexpr std::array<char const*, components> map_keys = {"soap_map_1", "soap_map_2"};
constexpr char const *rank_key = "soap_selection_rank", *distance_key = "soap_selection_distance";

std::string inText(double number) { return fmt::format("{:.17g}", number); }

}  // namespace

void addSoapSetOptions(CLI::App& command, SoapSetOptions& options) {
  auto* const map =
      command
          .add_option("--map", options.map,
                      "Two coordinates of each frame (atom with --average none): principal components in the space of "
                      "the kernel (p.p')^zeta (kpca), or of the rows of 2 - 2 (p.p')^zeta (paper)")
          ->check(CLI::IsMember({"kpca", "paper"}));
  command
      .add_option("--landmarks", options.landmarks,
                  "Make the map of that many farthest points and place all others on it: memory grows with the square "
                  "of this number instead of that of the frames")
      ->needs(map);
  auto* const select = command
                           .add_option("--select", options.select,
                                       "Choose --count frames (atoms with --average none): farthest points in the "
                                       "distance of the kernel (p.p')^zeta (fps), or by leverage scores (cur)")
                           ->check(CLI::IsMember({"fps", "cur"}))
                           ->excludes(map);
  auto* const count = command.add_option("--count", options.count, "How many are selected")->needs(select);
  select->needs(count);
  command
      .add_option("--max-memory", options.max_memory, "For the vectors and matrices of --map and --select, as in 4 GiB")
      ->capture_default_str();
}

SoapSet::SoapSet(SoapSetOptions const& options, FrameOptions const& frames, std::vector<std::int32_t> species,
                 bool of_atoms, double zeta)
    : _options(options), _structures(frames), _species(std::move(species)), _of_atoms(of_atoms), _zeta(zeta) {
  auto const memory = parseMemorySize(options.max_memory);
  if (!memory) throw InputError("--max-memory: found '" + options.max_memory + "', expected a size like '4 GiB'");
  _max_memory = *memory;
  auto const requireRange = [](std::string const& option, std::int64_t found, std::int64_t least, std::int64_t most,
                               std::string const& of) {
    if (found < least || found > most)
      throw InputError(option + ": found " + std::to_string(found) + ", expected " + std::to_string(least) +
                       (of.empty() ? " or more" : " to " + std::to_string(most) + ", the number of " + of));
  };
  constexpr std::int64_t any = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t least = 3;  // of a map
  if (options.count) requireRange("--count", *options.count, 1, any, "");
  if (options.landmarks) requireRange("--landmarks", *options.landmarks, least, any, "");
  ChosenFrames counted_frames(_structures, _species);
  while (auto const frame = counted_frames.next()) {
    _frames.push_back(frame->index);
    _offsets.push_back(_offsets.back() + (of_atoms ? static_cast<std::int64_t>(frame->structure.size()) : 1));
  }
  counted_frames.finish();
  if (options.map && _offsets.back() < least)
    throw InputError(_structures.file + ": found " + std::to_string(size()) + " " + counted() + ", expected " +
                     std::to_string(least) + " or more for --map");
  std::string const all = counted() + " in " + _structures.file;
  if (options.count) requireRange("--count", *options.count, 1, _offsets.back(), all);
  if (options.landmarks) requireRange("--landmarks", *options.landmarks, least, _offsets.back(), all);
}

std::string SoapSet::counted() const { return _of_atoms ? "atoms" : "frames"; }

void SoapSet::begin(int dimension) {
  _dimension = dimension;
  std::size_t const vectors = sizeof(double) * size() * static_cast<std::size_t>(dimension);
  std::size_t needed = vectors;
  if (_options.map) {
    auto const kind = isKernelPca() ? SoapMapKind::kernel_pca : SoapMapKind::distance_pca;
    needed = _options.landmarks
                 ? vectors + SoapMap::bytes(static_cast<std::size_t>(*_options.landmarks), dimension, kind)
                 : SoapMap::bytes(size(), dimension, kind);
  } else if (_options.select == "cur") {
    needed += SoapSelector<Kokkos::DefaultHostExecutionSpace>::curBytes(size(), dimension,
                                                                        static_cast<std::size_t>(*_options.count));
  }
  if (needed > _max_memory)
    throw InputError("--max-memory: found " + _options.max_memory + ", expected " + inMiB(needed) + " or more for " +
                     std::to_string(size()) + " " + counted() + " with " + std::to_string(dimension) +
                     " components, or " +
                     (!_options.map || vectors > _max_memory ? "fewer frames (--frames)"
                      : _options.landmarks                   ? "fewer --landmarks"
                                                             : "--landmarks"));
  _vectors.reserve(size() * static_cast<std::size_t>(dimension));
}

void SoapSet::requireUnchanged(bool same) const {
  if (!same)
    throw InputError(_structures.file +
                     ": found other frames than when it was read first, expected a file that does not change");
}

void SoapSet::append(std::span<double const> vectors) {
  requireUnchanged(_vectors.size() + vectors.size() <= size() * static_cast<std::size_t>(_dimension));
  _vectors.insert(_vectors.end(), vectors.begin(), vectors.end());
}

template <class ExecutionSpace>
void SoapSet::compute() {
  auto const dimension = static_cast<std::size_t>(_dimension);
  requireUnchanged(_vectors.size() == size() * dimension);
  auto const after_choice = [](std::size_t) { stopWhenInterrupted(); };
  if (_options.select) {
    SoapSelector<ExecutionSpace> const selector(_vectors, _dimension);
    auto const count = static_cast<std::size_t>(*_options.count);
    _selection = _options.select == "fps" ? selector.farthestPoints(count, _zeta, {}, after_choice)
                                          : selector.cur(count, 1, after_choice);
    return;
  }
  SoapMapSettings settings;
  settings.kind = isKernelPca() ? SoapMapKind::kernel_pca : SoapMapKind::distance_pca;
  settings.zeta = _zeta;
  settings.components = components;
  std::vector<double> landmarks;
  if (_options.landmarks) {
    auto const chosen = SoapSelector<ExecutionSpace>(_vectors, _dimension)
                            .farthestPoints(static_cast<std::size_t>(*_options.landmarks), _zeta, {}, after_choice);
    for (std::size_t const row : chosen.rows) {
      auto const begin = _vectors.begin() + static_cast<std::ptrdiff_t>(row * dimension);
      landmarks.insert(landmarks.end(), begin, begin + _dimension);
    }
  }
  SoapMap const map(_options.landmarks ? std::move(landmarks) : std::move(_vectors), _dimension, settings,
                    ExecutionSpace());
  _coordinates = _options.landmarks ? map.project(_vectors) : map.coordinates();
  _eigenvalues = map.eigenvalues();
  _explained = map.explained();
}

// Where the chosen rows stand in the file.
std::vector<std::int64_t> SoapSet::chosenFrames() const {
  std::vector<std::int64_t> result;
  for (std::size_t const row : _selection.rows) {
    auto const next = std::upper_bound(_offsets.begin(), _offsets.end(), static_cast<std::int64_t>(row));
    result.push_back(_frames[static_cast<std::size_t>(next - _offsets.begin() - 1)]);
  }
  return result;
}

std::vector<std::int64_t> SoapSet::chosenAtoms() const {
  std::vector<std::int64_t> result;
  for (std::size_t const row : _selection.rows)
    result.push_back(static_cast<std::int64_t>(row) -
                     *std::prev(std::upper_bound(_offsets.begin(), _offsets.end(), static_cast<std::int64_t>(row))));
  return result;
}

// The frames once more: use(number, structure).
template <class Use>
void SoapSet::forEachFrame(Use const& use) const {
  ChosenFrames frames(_structures, _species);
  std::size_t number = 0;
  for (; auto frame = frames.next(); ++number) {
    requireUnchanged(number < _frames.size() && (!_of_atoms || static_cast<std::int64_t>(frame->structure.size()) ==
                                                                   _offsets[number + 1] - _offsets[number]));
    use(number, frame->structure);
  }
  frames.finish();
  requireUnchanged(number == _frames.size());
}

void SoapSet::writeMappedFrames(std::string const& output) const {
  ExtxyzWriter writer(output);
  forEachFrame([&](std::size_t number, Structure& structure) {
    auto const begin = static_cast<std::size_t>(_offsets[number]), end = static_cast<std::size_t>(_offsets[number + 1]);
    std::array<std::vector<double>, components> values;
    std::vector<StructureWriter::AtomColumn> columns;
    for (std::size_t a = 0; a < components; ++a) {
      for (std::size_t row = begin; row < end; ++row) values[a].push_back(_coordinates[row * components + a]);
      if (_of_atoms)
        columns.push_back({map_keys[a], values[a]});
      else
        setFeature(structure, map_keys[a], inText(values[a][0]));
    }
    writer.write(structure, columns);
  });
  writer.close();
}

void SoapSet::writeSelectedFrames(std::string const& output) const {
  constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::vector<std::size_t> rank_of(size(), none);
  for (std::size_t rank = 0; rank < _selection.rows.size(); ++rank) rank_of[_selection.rows[rank]] = rank;
  std::vector<Structure> chosen(_selection.rows.size());
  forEachFrame([&](std::size_t number, Structure& structure) {
    if (std::size_t const rank = rank_of[number]; rank != none) {
      setFeature(structure, rank_key, std::to_string(rank + 1));
      setFeature(structure, distance_key, inText(_selection.distances[rank]));
      chosen[rank] = std::move(structure);
    }
  });
  ExtxyzWriter writer(output);
  for (auto const& structure : chosen) writer.write(structure);
  writer.close();
}

std::string SoapSet::table() const {
  std::string text;
  if (_options.map) {
    text = fmt::format("frame,{}{},{}\n", _of_atoms ? "atom," : "", map_keys[0], map_keys[1]);
    for (std::size_t f = 0; f < _frames.size(); ++f)
      for (std::int64_t row = _offsets[f]; row < _offsets[f + 1]; ++row) {
        auto const at = static_cast<std::size_t>(row) * components;
        text +=
            fmt::format("{},{}{:.17g},{:.17g}\n", _frames[f], _of_atoms ? std::to_string(row - _offsets[f]) + "," : "",
                        _coordinates[at], _coordinates[at + 1]);
      }
    return text;
  }
  text = fmt::format("{},frame,{}{}\n", rank_key, _of_atoms ? "atom," : "", distance_key);
  auto const frames = chosenFrames(), atoms = chosenAtoms();
  for (std::size_t rank = 0; rank < frames.size(); ++rank)
    text += fmt::format("{},{},{}{:.17g}\n", rank + 1, frames[rank], _of_atoms ? std::to_string(atoms[rank]) + "," : "",
                        _selection.distances[rank]);
  return text;
}

void SoapSet::write(std::string const& output, DescriptorWriter::Attributes attributes) const {
  std::string const kind = lowerExtension(output);
  if (kind == ".csv") {
    writeFile(output, table());
  } else if (kind != ".h5" && kind != ".hdf5") {
    if (_options.map)
      writeMappedFrames(output);
    else
      writeSelectedFrames(output);
  } else if (_options.map) {
    attributes.emplace_back("map", *_options.map);
    attributes.emplace_back("zeta", _zeta);
    attributes.emplace_back("explained_fraction", _explained);
    writeDescriptorArrays(
        output, std::vector<DescriptorArray>{{"/map", _coordinates, components}, {"/frames/offset", _offsets}},
        attributes);
  } else {
    attributes.emplace_back("selection", *_options.select);
    if (_options.select == "fps") attributes.emplace_back("zeta", _zeta);
    std::vector<DescriptorArray> arrays = {{"/selection/frame", chosenFrames()},
                                           {"/selection/distance", _selection.distances}};
    if (_of_atoms) arrays.push_back({"/selection/atom", chosenAtoms()});
    writeDescriptorArrays(output, arrays, attributes);
  }
}

void SoapSet::addTo(nlohmann::ordered_json& report) const {
  if (_options.map) {
    nlohmann::ordered_json map = {{"kind", *_options.map}, {"zeta", _zeta}, {counted(), size()}};
    if (_options.landmarks) map["landmarks"] = *_options.landmarks;
    map["explained_fraction"] = _explained;
    map["eigenvalues"] = _eigenvalues;
    report["map"] = map;
    return;
  }
  nlohmann::ordered_json selection = {{"kind", *_options.select}};
  if (_options.select == "fps") selection["zeta"] = _zeta;
  selection["frames"] = chosenFrames();
  if (_of_atoms) selection["atoms"] = chosenAtoms();
  selection["distances"] = _selection.distances;
  report["selection"] = selection;
}

#define SINTER_INSTANTIATE(SPACE) template void SoapSet::compute<SPACE>();
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter::app
