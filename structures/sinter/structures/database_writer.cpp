#include "sinter/structures/database_writer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/version.hpp"
#include "sinter/structures/database_reader.hpp"
#include "sinter/structures/database_schema.hpp"
#include "sinter/structures/hdf5_columns.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

namespace {

using detail::ColumnWriter;
using detail::flat;
using detail::Hdf5Id;
using detail::Hdf5Output;
using detail::Rows;
using LabelWriters = detail::LabelColumns<ColumnWriter>;

/// One process at a time extends a database: two would copy the same old file, and the second copy would replace the
/// first. The kernel drops the lock with the process. Readers are not kept out.
class AppendLock {
 public:
  explicit AppendLock(std::string const& file) {
    struct stat opened {
    }, named{};
    do {
      if (_descriptor >= 0) ::close(_descriptor);
      _descriptor = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
      if (_descriptor < 0) throw SystemError("cannot append to " + file + ": " + std::strerror(errno));
      struct flock whole {};
      whole.l_type = F_WRLCK;
      whole.l_whence = SEEK_SET;
      // Other errors: a file system without locks.
      if (::fcntl(_descriptor, F_OFD_SETLK, &whole) != 0 && (errno == EAGAIN || errno == EACCES)) {
        ::close(_descriptor);
        throw SystemError("cannot append to " + file + ": another process is doing so");
      }
      // Until it is the file of this name that is locked, not one that was replaced meanwhile.
    } while (::fstat(_descriptor, &opened) != 0 || ::stat(file.c_str(), &named) != 0 || opened.st_ino != named.st_ino);
  }
  ~AppendLock() { ::close(_descriptor); }
  AppendLock(AppendLock const&) = delete;
  AppendLock& operator=(AppendLock const&) = delete;

 private:
  int _descriptor = -1;
};

/// Opens columns at their ends.
struct WriterOpener {
  Hdf5Output const& output;
  hsize_t frames = 0, atoms = 0, feature_bytes = 0;

  template <class T>
  ColumnWriter<T> column(std::string const& path, Rows rows, std::vector<hsize_t> dimensions = {},
                         T const* fill = nullptr) const {
    return {output, path, detail::shapeOf(rows, std::move(dimensions)), fill, rowsBefore(rows)};
  }

  [[nodiscard]] hsize_t rowsBefore(Rows rows) const {
    switch (rows) {
      case Rows::frames:
        return frames;
      case Rows::atoms:
        return atoms;
      case Rows::feature_bytes:
        return feature_bytes;
      default:
        return frames + 1;  // ends: of nothing, 0, and of each frame
    }
  }
};

// `Labels` is a Structure or FrameLabels.
template <class Labels>
void appendLabels(LabelWriters& columns, Labels const& labels, std::size_t atoms) {
  columns.energy.append(labels.energy.value_or(detail::missing));
  Voigt none;
  none.fill(detail::missing);
  columns.virial.append(labels.virial.value_or(none));
  columns.force.append(flat(labels.forces));
  Vector3 no_force;
  no_force.fill(detail::missing);
  for (std::size_t i = labels.forces.size(); i < atoms; ++i) columns.force.append(no_force);
}

}  // namespace

/// The file and its columns.
class DatabaseWriter::File {
 public:
  File(std::string const& file, DatabaseOrigin origin, bool extend) {
    if (extend) {
      _lock.emplace(file);
      DatabaseReader const old(file);
      DatabaseOrigin const& kept = old.origin();
      if (!origin.teacher.empty() && (origin.teacher != kept.teacher || origin.teacher_sha256 != kept.teacher_sha256))
        throw InputError(file, 0,
                         "found labels of the teacher '" + kept.teacher + "' (SHA-256 '" + kept.teacher_sha256 +
                             "'), expected '" + origin.teacher + "' ('" + origin.teacher_sha256 +
                             "') as in what is appended");
      origin.teacher = kept.teacher;
      origin.teacher_sha256 = kept.teacher_sha256;
      origin.commands.insert(origin.commands.begin(), kept.commands.begin(), kept.commands.end());
      _label_sets = old.labelSets();
    }
    _output.emplace(file, extend ? Hdf5Output::Start::copy_of_file : Hdf5Output::Start::empty);
    _opener.emplace(WriterOpener{*_output});
    _columns.emplace(*_opener);
    _opener->frames = _columns->offset.rows() - 1;
    _opener->atoms = _columns->species.rows();
    _features.emplace(*_opener);
    _opener->feature_bytes = _features->text.rows();
    for (auto const& name : _label_sets) addLabelSet(name);
    writeOrigin(origin);
  }

  void append(Structure const& structure, FrameRecord const& record) {
    for (auto const& [name, labels] : record.labels)
      if (!_labels.contains(name)) addLabelSet(name);
    auto& columns = *_columns;
    std::size_t const atoms = structure.size();
    columns.cell.append(flat(structure.cell));
    for (bool const periodic : structure.periodic) columns.periodic.append(periodic ? 1 : 0);
    appendLabels(columns.labels, structure, atoms);
    columns.weight.append(record.weight.value_or(detail::missing));
    columns.config_type.append(structure.config_type);
    columns.source.append(record.source);
    columns.trajectory.append(record.trajectory);
    columns.step.append(record.step);
    columns.species.append(structure.species);
    columns.position.append(flat(structure.positions));
    std::string text;
    for (auto const& [name, value] : structure.features) text += name + '\0' + value + '\0';
    _features->text.append(std::span(reinterpret_cast<std::uint8_t const*>(text.data()), text.size()));
    static FrameLabels const none;
    for (auto& [name, label_columns] : _labels) {
      auto const found = record.labels.find(name);
      appendLabels(label_columns, found == record.labels.end() ? none : found->second, atoms);
    }
    _opener->frames += 1;
    _opener->atoms += atoms;
    _opener->feature_bytes += text.size();
    columns.offset.append(static_cast<std::int64_t>(_opener->atoms));
    _features->offset.append(static_cast<std::int64_t>(_opener->feature_bytes));
  }

  void close() {
    auto const close_column = [](auto& column) { column.close(); };
    _columns->forEach(close_column);
    _features->forEach(close_column);
    for (auto& [name, columns] : _labels) columns.forEach(close_column);
    _output->close();
  }

 private:
  void addLabelSet(std::string const& name) {
    _labels.emplace(name, detail::openLabelSet<ColumnWriter>(*_opener, name));
  }

  void writeOrigin(DatabaseOrigin const& origin) {
    Hdf5Id const meta = _output->group(_output->id(), "meta");
    _output->setAttribute(meta.get(), "schema_version", std::vector<std::int32_t>{detail::database_version});
    _output->setAttribute(meta.get(), "units", detail::database_units);
    _output->setAttribute(meta.get(), "sign_convention", detail::database_sign);
    _output->setAttribute(meta.get(), "teacher", origin.teacher);
    _output->setAttribute(meta.get(), "teacher_sha256", origin.teacher_sha256);
    _output->setAttribute(meta.get(), "sinter", std::string(version()) + " (" + gitCommit() + ")");
    std::string commands;
    for (auto const& command : origin.commands) commands += command + "\n";
    _output->setAttribute(meta.get(), "command", commands);
  }

  std::optional<AppendLock> _lock;
  std::vector<std::string> _label_sets;
  std::optional<Hdf5Output> _output;  // before what is in it, to be closed after it
  std::optional<WriterOpener> _opener;
  std::optional<detail::DatabaseColumns<ColumnWriter>> _columns;
  std::optional<detail::FeatureColumns<ColumnWriter>> _features;
  std::map<std::string, LabelWriters> _labels;
};

DatabaseWriter::DatabaseWriter(std::string const& file, DatabaseOrigin const& origin, Mode mode)
    : StructureWriter("DatabaseWriter"),
      _data(std::make_unique<File>(file, origin, mode == Mode::append && std::filesystem::exists(file))) {}

DatabaseWriter::~DatabaseWriter() = default;

void DatabaseWriter::write(Structure const& structure, FrameRecord const& record) {
  for (auto const& [name, labels] : record.labels) {
    if (!isPlainName(name)) fail("found the name '" + name + "' of labels, expected letters, digits, _ and -");
    checkLabels(name, labels, structure.size());
  }
  checkName(record.source);
  checkName(record.trajectory);
  struct Scope {  // also when the frame is refused
    FrameRecord const*& record;
    ~Scope() { record = nullptr; }
  } const scope{_record = &record};
  StructureWriter::write(structure);
}

void DatabaseWriter::checkName(std::string const& name) const {
  if (name.size() > detail::longest_name)
    fail("found a name of " + std::to_string(name.size()) + " bytes, expected " + std::to_string(detail::longest_name) +
         " at most");
  if (name.find('\0') != std::string::npos) fail("found text with a zero byte, expected text");
}

void DatabaseWriter::checkLabels(std::string const& name, FrameLabels const& labels, std::size_t atoms) const {
  if (!labels.forces.empty() && labels.forces.size() != atoms)
    fail("found " + std::to_string(labels.forces.size()) + " forces of the labels '" + name + "' for " +
         std::to_string(atoms) + " atoms, expected one per atom or none");
  auto const is_finite = [](double x) { return std::isfinite(x); };
  bool const finite = std::isfinite(labels.energy.value_or(0)) &&
                      (!labels.virial || std::all_of(labels.virial->begin(), labels.virial->end(), is_finite)) &&
                      std::all_of(labels.forces.begin(), labels.forces.end(), [&](Vector3 const& force) {
                        return std::all_of(force.begin(), force.end(), is_finite);
                      });
  if (!finite) fail("found a number of the labels '" + name + "' that is not finite, expected finite ones");
}

void DatabaseWriter::writeFrame(Structure const& structure, std::span<AtomColumn const> columns,
                                Structure const* reference) {
  if (!columns.empty())
    fail("found a column named '" + std::string(columns.front().name) + "', expected none: a database has no room");
  checkStructure(structure, "DatabaseWriter::write");
  checkName(structure.config_type);
  auto const has_zero = [](std::string const& text) { return text.find('\0') != std::string::npos; };
  if (std::any_of(structure.features.begin(), structure.features.end(),
                  [&](auto const& feature) { return has_zero(feature.first) || has_zero(feature.second); }))
    fail("found text with a zero byte, expected text");
  FrameRecord own;
  if (reference != nullptr) own.labels["ref"] = {reference->energy, reference->forces, reference->virial};
  _data->append(structure, _record != nullptr ? *_record : own);
}

void DatabaseWriter::close() {
  _data->close();
  _data.reset();
}

}  // namespace sinter
