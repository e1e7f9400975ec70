#include "sinter/structures/database_reader.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/structures/database_schema.hpp"
#include "sinter/structures/file_kind.hpp"
#include "sinter/structures/hdf5_columns.hpp"

namespace sinter {

namespace {

using detail::ColumnReader;
using detail::Hdf5Input;
using detail::Rows;
using LabelReaders = detail::LabelColumns<ColumnReader>;

/// Opens columns, and checks that they have as many rows as the offsets say.
struct ReaderOpener {
  Hdf5Input const& input;
  hsize_t frames = 0, atoms = 0, feature_bytes = 0;

  template <class T>
  ColumnReader<T> column(std::string const& path, Rows rows, std::vector<hsize_t> dimensions = {}, T const* = nullptr) {
    ColumnReader<T> result(input, path, detail::shapeOf(rows, std::move(dimensions)));
    if constexpr (std::is_same_v<T, std::int64_t>) {
      if (rows == Rows::frame_ends) {
        if (result.rows() == 0) input.fail(path, "0 rows", "one more than there are frames");
        frames = result.rows() - 1;
        atoms = lastOf(result);
        return result;
      }
      if (rows == Rows::feature_ends) {
        result.requireRows(frames + 1, "one more than there are frames");
        feature_bytes = lastOf(result);
        return result;
      }
    }
    if (rows == Rows::frames) result.requireRows(frames, "as /frames/offset has one more");
    if (rows == Rows::atoms) result.requireRows(atoms, "the last of /frames/offset");
    if (rows == Rows::feature_bytes) result.requireRows(feature_bytes, "the last of /features/offset");
    return result;
  }

 private:
  hsize_t lastOf(ColumnReader<std::int64_t>& offsets) const {
    std::int64_t const last = offsets.at(offsets.rows() - 1);
    if (last < 0) input.fail(offsets.path(), "the last offset " + std::to_string(last), "a number of rows");
    return static_cast<hsize_t>(last);
  }
};

}  // namespace

/// The file and its columns.
class DatabaseReader::File {
 public:
  File(std::string const& file, LabelKeys const& keys)
      : _input(checked(file)), _opener{_input}, _columns(_opener), _origin(readOrigin()) {
    if (_input.has("/features")) _features.emplace(_opener);
    for (auto const& name : _input.namesIn("/labels"))
      _labels.emplace(name, detail::openLabelSet<ColumnReader>(_opener, name));
    if (_columns.offset.at(0) != 0)
      _input.fail("/frames/offset", "the first offset " + std::to_string(_columns.offset.at(0)), "0");
    _energy = &labelsOf(keys.energy, {"energy"})->energy;
    _force = &labelsOf(keys.force, {"force", "forces"})->force;
    _virial = &labelsOf(keys.virial, {"virial"})->virial;
  }

  std::optional<Structure> next() {
    if (_next == _opener.frames) return std::nullopt;
    _frame = _next++;
    auto const [begin, end] = range(_columns.offset, _opener.atoms, 1);
    _begin = begin;
    _size = static_cast<std::size_t>(end - begin);
    if (_size > std::numeric_limits<std::int32_t>::max())
      fail("/frames/offset", std::to_string(_size) + " atoms", "2147483647 at most");
    Structure structure;
    _columns.cell.read(_frame, 1, structure.cell.front().data());
    readPeriodic(structure);
    readSpecies(structure);
    structure.positions.resize(_size);
    _columns.position.read(_begin, _size, structure.positions.front().data());
    structure.config_type = _columns.config_type.at(_frame);
    readFeatures(structure);
    structure.energy = energyFrom(*_energy);
    structure.virial = virialFrom(*_virial);
    structure.forces = forcesFrom(*_force);
    detail::checkFrame(structure, where());
    return structure;
  }

  std::optional<FrameRecord> record() {
    if (_next == 0) return std::nullopt;
    FrameRecord record{.source = _columns.source.at(_frame),
                       .trajectory = _columns.trajectory.at(_frame),
                       .step = _columns.step.at(_frame),
                       .weight = {},
                       .labels = {}};
    if (double const weight = _columns.weight.at(_frame); !std::isnan(weight)) record.weight = weight;
    for (auto& [name, columns] : _labels) {
      FrameLabels labels{energyFrom(columns.energy), forcesFrom(columns.force), virialFrom(columns.virial)};
      if (labels.energy || labels.virial || !labels.forces.empty()) record.labels.emplace(name, std::move(labels));
    }
    return record;
  }

  [[nodiscard]] std::size_t frames() const { return static_cast<std::size_t>(_opener.frames); }
  [[nodiscard]] DatabaseOrigin const& origin() const { return _origin; }

  [[nodiscard]] std::vector<std::string> labelSets() const {
    std::vector<std::string> names;
    for (auto const& [name, columns] : _labels) names.push_back(name);
    return names;
  }

 private:
  // Before any column is looked for: a file of another program lacks all of them.
  static Hdf5Input checked(std::string const& file) {
    Hdf5Input input(file);
    if (!input.has("/meta"))
      throw InputError(file, 0, "found an HDF5 file without /meta, expected a database of Sinter (docs/database.md)");
    if (auto const version = input.integerAttribute("/meta", "schema_version"); version != detail::database_version)
      input.fail("/meta schema_version", std::to_string(version), std::to_string(detail::database_version));
    if (auto const units = input.textAttribute("/meta", "units"); units != detail::database_units)
      input.fail("/meta units", "'" + units + "'", std::string("'") + detail::database_units + "'");
    return input;
  }

  DatabaseOrigin readOrigin() {
    DatabaseOrigin origin{.teacher = _input.textAttribute("/meta", "teacher"),
                          .teacher_sha256 = _input.textAttribute("/meta", "teacher_sha256"),
                          .commands = {}};
    std::string const commands = _input.textAttribute("/meta", "command");
    for (std::size_t begin = 0; begin < commands.size();) {
      std::size_t const end = std::min(commands.find('\n', begin), commands.size());
      origin.commands.push_back(commands.substr(begin, end - begin));
      begin = end + 1;
    }
    return origin;
  }

  // The labels that a key names: those of /frames and /atoms by one of `names`, or further ones by "set/name".
  LabelReaders* labelsOf(std::string const& key, std::vector<std::string_view> const& names) {
    auto const is_name = [&](std::string_view word) {
      return std::find(names.begin(), names.end(), word) != names.end();
    };
    if (key.empty() || is_name(key)) return &_columns.labels;
    if (auto const slash = key.find('/'); slash != std::string::npos && is_name(key.substr(slash + 1)))
      if (auto const found = _labels.find(key.substr(0, slash)); found != _labels.end()) return &found->second;
    std::string known(names.front());
    for (auto const& [name, columns] : _labels) known += " or " + name + "/" + std::string(names.front());
    throw InputError(_input.file(), 0, "found no labels '" + key + "', expected " + known);
  }

  [[nodiscard]] std::string where() const { return _input.file() + ": frame " + std::to_string(_frame); }
  [[noreturn]] void fail(std::string const& path, std::string const& found, std::string const& expected) const {
    throw InputError(where() + ": " + path + ": found " + found + ", expected " + expected);
  }

  // Rows of the frame between two offsets, of `rows`.
  std::pair<hsize_t, hsize_t> range(ColumnReader<std::int64_t>& offsets, hsize_t rows, std::int64_t least) {
    std::int64_t const begin = offsets.at(_frame), end = offsets.at(_frame + 1);
    if (begin < 0 || end - begin < least || static_cast<hsize_t>(end) > rows)
      fail(offsets.path(), "offsets " + std::to_string(begin) + " and " + std::to_string(end),
           std::string(least > 0 ? "rising" : "ordered") + " ones from 0 to " + std::to_string(rows));
    return {static_cast<hsize_t>(begin), static_cast<hsize_t>(end)};
  }

  // Atom by atom: a size that is not true ends at the first atom that is not there.
  void readSpecies(Structure& structure) {
    for (hsize_t atom = _begin; atom < _begin + _size; ++atom) {
      std::int32_t const species = _columns.species.at(atom);
      if (species == 0 || species > 118)
        fail("/atoms/Z", std::to_string(species), "an atomic number from 1 to 118, or -1, -2, ... for unnamed types");
      structure.species.push_back(species);
    }
  }

  void readPeriodic(Structure& structure) {
    std::array<std::int32_t, 3> flags{};
    _columns.periodic.read(_frame, 1, flags.data());
    for (std::size_t d = 0; d < 3; ++d) {
      if (flags[d] != 0 && flags[d] != 1) fail("/frames/pbc", std::to_string(flags[d]), "0 or 1");
      structure.periodic[d] = flags[d] == 1;
    }
  }

  void readFeatures(Structure& structure) {
    if (!_features) return;
    auto const [begin, end] = range(_features->offset, _opener.feature_bytes, 0);
    std::string text;
    std::vector<std::string> words;
    for (hsize_t at = begin; at < end; ++at) {
      auto const byte = static_cast<char>(_features->text.at(at));
      if (byte != '\0')
        text += byte;
      else
        words.push_back(std::exchange(text, {}));
    }
    if (!text.empty() || words.size() % 2 != 0)
      fail(_features->text.path(), "a name without a value", "pairs of a name and a value, a zero byte behind each");
    for (std::size_t n = 0; n < words.size(); n += 2)
      structure.features.emplace_back(std::move(words[n]), std::move(words[n + 1]));
  }

  // Whether a label is there; of its numbers all are NaN or none is.
  bool isThere(std::string const& path, std::span<double const> numbers) const {
    auto const missing = std::count_if(numbers.begin(), numbers.end(), [](double x) { return std::isnan(x); });
    if (missing != 0 && static_cast<std::size_t>(missing) != numbers.size())
      fail(path, std::to_string(missing) + " of " + std::to_string(numbers.size()) + " numbers that are NaN",
           "all (no label) or none");
    return missing == 0;
  }

  std::optional<double> energyFrom(ColumnReader<double>& column) const {
    double const energy = column.at(_frame);
    return isThere(column.path(), {&energy, 1}) ? std::optional(energy) : std::nullopt;
  }

  std::optional<Voigt> virialFrom(ColumnReader<double>& column) const {
    Voigt virial{};
    column.read(_frame, 1, virial.data());
    return isThere(column.path(), virial) ? std::optional(virial) : std::nullopt;
  }

  std::vector<Vector3> forcesFrom(ColumnReader<double>& column) const {
    std::vector<Vector3> forces(_size);
    column.read(_begin, _size, forces.front().data());
    if (!isThere(column.path(), {forces.front().data(), 3 * _size})) forces.clear();
    return forces;
  }

  Hdf5Input _input;
  ReaderOpener _opener;
  detail::DatabaseColumns<ColumnReader> _columns;
  std::optional<detail::FeatureColumns<ColumnReader>> _features;
  std::map<std::string, LabelReaders> _labels;
  DatabaseOrigin _origin;
  ColumnReader<double>*_energy = nullptr, *_force = nullptr, *_virial = nullptr;
  hsize_t _next = 0, _frame = 0, _begin = 0;  // _begin: first atom of _frame
  std::size_t _size = 0;                      // of _frame
};

DatabaseReader::DatabaseReader(std::string const& file, LabelKeys const& keys)
    : _data(std::make_unique<File>(file, keys)) {}
DatabaseReader::~DatabaseReader() = default;

std::optional<Structure> DatabaseReader::next() { return _data->next(); }
std::optional<FrameRecord> DatabaseReader::record() { return _data->record(); }
std::size_t DatabaseReader::frames() const { return _data->frames(); }
DatabaseOrigin const& DatabaseReader::origin() const { return _data->origin(); }
std::vector<std::string> DatabaseReader::labelSets() const { return _data->labelSets(); }

bool isDatabaseName(std::string const& file) {
  return detail::kindOfName(file) == detail::FileKind::database && !detail::isCompressedName(file);
}

}  // namespace sinter
