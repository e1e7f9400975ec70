// The HDF5 database: what it keeps, how it grows, what it refuses.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "hdf5_edit.hpp"
#include "sinter/core/error.hpp"
#include "sinter/structures/database_reader.hpp"
#include "sinter/structures/database_writer.hpp"
#include "sinter/structures/writer.hpp"
#include "structure_test_support.hpp"

#ifdef __SANITIZE_ADDRESS__
// HDF5 1.10 does not free all of its own memory where it meets damage. What we fail to close stays in its tables.
extern "C" char const* __lsan_default_suppressions() { return "leak:libhdf5"; }
#endif

namespace sinter {
namespace {

using test::contentOf;
using test::expectSame;
using test::Hdf5Edit;
using test::messageOf;
using test::TemporaryFolder;
using Mode = DatabaseWriter::Mode;

struct Frame {
  Structure structure;
  FrameRecord record;
};

/// Frames of 1 to 30 atoms with and without labels, cells, features, further labels.
std::vector<Frame> makeFrames(std::size_t count, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> number(-5, 5);
  auto const vector = [&] { return Vector3{number(random), number(random), number(random)}; };
  std::vector<Frame> frames(count);
  for (std::size_t n = 0; n < count; ++n) {
    auto& [s, record] = frames[n];
    for (std::size_t d = 0; d < 3; ++d) {
      s.periodic[d] = n % 4 > d;
      if (!s.periodic[d]) continue;
      s.cell[d] = {0.1 * number(random), 0.1 * number(random), 0.1 * number(random)};
      s.cell[d][d] += 6;
    }
    std::size_t const size = 1 + random() % 30;
    for (std::size_t i = 0; i < size; ++i) {
      s.positions.push_back(vector());
      s.species.push_back(n % 7 == 0 ? -1 - static_cast<int>(i % 2) : 8 + 6 * static_cast<int>(i % 2));
    }
    if (n % 2 == 0) s.energy = number(random);
    if (n % 3 == 0)
      for (std::size_t i = 0; i < size; ++i) s.forces.push_back(vector());
    if (n % 4 == 3) s.virial = Voigt{1, 2, 3, number(random), -0.0, 5e-324};
    if (n % 5 != 0) s.config_type = "kind " + std::to_string(n % 5);
    if (n % 6 == 0) s.features = {{"note", "two words\nand a line"}, {"empty", ""}};
    record.source = "a.extxyz";
    record.trajectory = "run " + std::to_string(n / 10);
    record.step = static_cast<std::int64_t>(n % 10);
    if (n % 3 == 1) record.weight = number(random);
    if (n % 9 == 4) record.labels["dft"] = {number(random), std::vector<Vector3>(size, vector()), s.virial};
  }
  return frames;
}

void write(std::string const& file, std::span<Frame const> frames, Mode mode = Mode::create) {
  DatabaseWriter writer(file, {.teacher = "t.mtp", .teacher_sha256 = "00", .commands = {"first"}}, mode);
  for (auto const& [structure, record] : frames) writer.write(structure, record);
  writer.close();
}

void expectHolds(std::string const& file, std::span<Frame const> frames) {
  DatabaseReader reader(file);
  EXPECT_EQ(reader.frames(), frames.size());
  for (auto const& [structure, record] : frames) {
    auto const read = reader.next();
    ASSERT_TRUE(read);
    expectSame(*read, structure);
    FrameRecord const kept = reader.record().value();
    EXPECT_EQ(kept.source, record.source);
    EXPECT_EQ(kept.trajectory, record.trajectory);
    EXPECT_EQ(kept.step, record.step);
    EXPECT_EQ(kept.weight, record.weight);
    ASSERT_EQ(kept.labels.size(), record.labels.size());
    for (auto const& [name, labels] : record.labels) {
      ASSERT_TRUE(kept.labels.contains(name));
      EXPECT_EQ(kept.labels.at(name).energy, labels.energy);
      EXPECT_EQ(kept.labels.at(name).forces, labels.forces);
      EXPECT_EQ(kept.labels.at(name).virial, labels.virial);
    }
  }
  EXPECT_FALSE(reader.next());
}

TEST(Database, KeepsFramesAndRecordsToTheLastBit) {
  TemporaryFolder const folder;
  auto const frames = makeFrames(2500);  // several chunks of frames and of atoms
  write(folder / "a.h5", frames);
  expectHolds(folder / "a.h5", frames);
  DatabaseReader const reader(folder / "a.h5");
  EXPECT_EQ(reader.origin().teacher, "t.mtp");
  EXPECT_EQ(reader.origin().teacher_sha256, "00");
  EXPECT_EQ(reader.origin().commands, std::vector<std::string>{"first"});
  EXPECT_EQ(reader.labelSets(), std::vector<std::string>{"dft"});
  EXPECT_EQ(folder.count(), 1);
  // The same input gives the same bytes.
  std::string const bytes = contentOf(folder / "a.h5");
  write(folder / "a.h5", frames);
  EXPECT_TRUE(contentOf(folder / "a.h5") == bytes);
}

TEST(Database, SchemaAsDocumented) {
  TemporaryFolder const folder;
  auto const frames = makeFrames(20);
  write(folder / "a.h5", frames);
  Hdf5Edit const file(folder / "a.h5");
  auto const offsets = file.numbers("/frames/offset");
  ASSERT_EQ(offsets.size(), 21U);
  EXPECT_EQ(offsets[0], 0);
  double atoms = 0;
  for (std::size_t n = 0; n < 20; ++n)
    EXPECT_EQ(offsets[n + 1], atoms += static_cast<double>(frames[n].structure.size()));
  auto const rows = static_cast<hsize_t>(atoms);
  using Shape = std::vector<hsize_t>;
  for (auto const& [path, shape] : std::vector<std::pair<std::string, Shape>>{{"/frames/cell", {20, 3, 3}},
                                                                              {"/frames/pbc", {20, 3}},
                                                                              {"/frames/energy", {20}},
                                                                              {"/frames/virial", {20, 6}},
                                                                              {"/frames/weight", {20}},
                                                                              {"/frames/config_type", {20}},
                                                                              {"/frames/source", {20}},
                                                                              {"/frames/trajectory", {20}},
                                                                              {"/frames/step", {20}},
                                                                              {"/atoms/Z", {rows}},
                                                                              {"/atoms/position", {rows, 3}},
                                                                              {"/atoms/force", {rows, 3}},
                                                                              {"/labels/dft/energy", {20}},
                                                                              {"/labels/dft/virial", {20, 6}},
                                                                              {"/labels/dft/force", {rows, 3}}})
    EXPECT_EQ(file.shape(path), shape) << path;
  // Missing labels are NaN, all others the numbers themselves.
  auto const energies = file.numbers("/frames/energy"), forces = file.numbers("/atoms/force");
  for (std::size_t n = 0; n < 20; ++n) {
    auto const& s = frames[n].structure;
    EXPECT_TRUE(s.energy ? energies[n] == *s.energy : std::isnan(energies[n])) << n;
    for (std::size_t i = 0; i < s.size(); ++i)
      for (std::size_t x = 0; x < 3; ++x) {
        double const f = forces[3 * (static_cast<std::size_t>(offsets[n]) + i) + x];
        EXPECT_TRUE(s.forces.empty() ? std::isnan(f) : f == s.forces[i][x]) << n;
      }
  }
}

TEST(Database, AppendingEqualsWritingAtOnce) {
  TemporaryFolder const folder;
  auto const frames = makeFrames(2300);
  for (std::vector<std::size_t> const& ends :
       {std::vector<std::size_t>{1, 2300}, {1024, 2048, 2300}, {7, 8, 1500, 2300}}) {
    std::filesystem::remove(folder / "a.h5");
    std::size_t begin = 0;
    for (std::size_t const end : ends) {
      write(folder / "a.h5", std::span(frames).subspan(begin, end - begin), Mode::append);
      begin = end;
      expectHolds(folder / "a.h5", std::span(frames).first(end));
    }
    EXPECT_EQ(DatabaseReader(folder / "a.h5").origin().commands.size(), ends.size());
  }
  // Nothing appended: nothing lost.
  write(folder / "a.h5", {}, Mode::append);
  expectHolds(folder / "a.h5", frames);
}

TEST(Database, WithoutFeaturesOrLabelSetsOrTeacher) {
  // Written by another program: /features and /labels are not there.
  TemporaryFolder const folder;
  auto frames = makeFrames(6);
  for (auto& [structure, record] : frames) record.labels.clear();
  write(folder / "a.h5", frames);
  { Hdf5Edit(folder / "a.h5").remove("/features"); }
  for (auto& [structure, record] : frames) structure.features.clear();
  expectHolds(folder / "a.h5", frames);
  auto const more = makeFrames(30, 2);
  write(folder / "a.h5", more, Mode::append);
  frames.insert(frames.end(), more.begin(), more.end());
  expectHolds(folder / "a.h5", frames);
}

TEST(Database, NamesOfAnyLength) {
  TemporaryFolder const folder;
  auto frames = makeFrames(2200);
  for (auto const& [n, length] : {std::pair(3, 33), {1030, 200}, {2100, 4096}}) {
    frames[n].structure.config_type = std::string(static_cast<std::size_t>(length), 'x');
    frames[n].record.trajectory = std::string(static_cast<std::size_t>(length), 'y');
    frames[n].structure.features = {{"long", std::string(100'000, 'z')}};
  }
  write(folder / "a.h5", std::span(frames).first(2000));
  write(folder / "a.h5", std::span(frames).subspan(2000), Mode::append);
  expectHolds(folder / "a.h5", frames);
}

TEST(Database, TextOfVariableLength) {  // as other programs write it
  TemporaryFolder const folder;
  auto frames = makeFrames(6);
  std::string const file = folder / "a.h5";
  write(file, frames);
  hid_t const type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  { Hdf5Edit(file).replace("/frames/source", type, {6}); }
  H5Tclose(type);
  for (auto& [structure, record] : frames) record.source.clear();
  expectHolds(file, frames);
  EXPECT_NE(messageOf<InputError>([&] {
              DatabaseWriter(file, {}, Mode::append);
            }).find("/frames/source: found text of variable"),
            std::string::npos);
  expectHolds(file, frames);
}

TEST(Database, LabelKeysChooseTheLabels) {
  TemporaryFolder const folder;
  auto const frames = makeFrames(14);  // of which 4 and 13 have labels "dft"
  write(folder / "a.h5", frames);
  DatabaseReader reader(folder / "a.h5", {.energy = "dft/energy", .force = "dft/forces", .virial = "virial"});
  for (auto const& [structure, record] : frames) {
    auto const read = reader.next().value();
    auto const found = record.labels.find("dft");
    EXPECT_EQ(read.energy, found == record.labels.end() ? std::nullopt : found->second.energy);
    EXPECT_EQ(read.forces, found == record.labels.end() ? std::vector<Vector3>{} : found->second.forces);
    EXPECT_EQ(read.virial, structure.virial);
  }
  for (std::string const key : {"enrgy", "pbe/energy", "dft/enrgy", "dft"})
    EXPECT_NE(messageOf<InputError>([&] {
                DatabaseReader(folder / "a.h5", {.energy = key, .force = {}, .virial = {}});
              }).find("found no labels '" + key + "', expected energy or dft/energy"),
              std::string::npos);
}

TEST(Database, OtherReadersAndWritersMeanwhile) {
  TemporaryFolder const folder;
  auto const frames = makeFrames(40);
  std::string const file = folder / "a.h5";
  write(file, std::span(frames).first(10));
  DatabaseReader before(file);
  {
    DatabaseWriter writer(file, {}, Mode::append);
    for (std::size_t n = 10; n < 40; ++n) writer.write(frames[n].structure, frames[n].record);
    expectHolds(file, std::span(frames).first(10));
    EXPECT_NE(
        messageOf<SystemError>([&] { DatabaseWriter(file, {}, Mode::append); }).find("another process is doing so"),
        std::string::npos);
    writer.close();
  }
  expectHolds(file, frames);
  std::size_t read = 0;
  while (before.next()) ++read;
  EXPECT_EQ(read, 10U);  // the file that it opened
  {
    DatabaseWriter writer(file, {}, Mode::append);
    writer.write(frames[0].structure);
  }
  {
    DatabaseWriter writer(file);
    writer.write(frames[0].structure);
  }
  expectHolds(file, frames);  // not closed: not there
  EXPECT_EQ(folder.count(), 1);
}

TEST(Database, WriterRefuses) {
  TemporaryFolder const folder;
  auto const frames = makeFrames(3);
  std::string const file = folder / "a.h5";
  write(file, frames);
  EXPECT_NE(messageOf<InputError>([&] {
              DatabaseWriter(file, {.teacher = "u.mtp", .teacher_sha256 = "11", .commands = {}}, Mode::append);
            }).find("labels of the teacher 't.mtp'"),
            std::string::npos);
  DatabaseWriter writer(folder / "b.h5");
  auto const refused = [&](std::string const& fragment, std::function<void(Structure&, FrameRecord&)> const& spoil) {
    auto [structure, record] = frames[0];
    spoil(structure, record);
    std::string const message = messageOf<InputError>([&] { writer.write(structure, record); });
    EXPECT_NE(message.find(fragment), std::string::npos) << message;
  };
  double const nan = std::nan("");
  refused("position that is not finite", [&](Structure& s, FrameRecord&) { s.positions[0][1] = nan; });
  refused("energy that is not finite", [&](Structure& s, FrameRecord&) { s.energy = nan; });
  refused("found species 119", [&](Structure& s, FrameRecord&) { s.species[0] = 119; });
  refused("zero byte", [&](Structure& s, FrameRecord&) { s.config_type = std::string("a\0b", 3); });
  refused("zero byte", [&](Structure& s, FrameRecord&) { s.features = {{"a", std::string("a\0b", 3)}}; });
  refused("name of 4097 bytes", [&](Structure&, FrameRecord& r) { r.trajectory = std::string(4097, 'x'); });
  refused("the name 'a/b' of labels", [&](Structure&, FrameRecord& r) { r.labels["a/b"].energy = 1; });
  refused("labels 'dft' that is not finite", [&](Structure&, FrameRecord& r) { r.labels["dft"].energy = nan; });
  refused("forces of the labels 'dft'", [&](Structure&, FrameRecord& r) { r.labels["dft"].forces.resize(99); });
  for (auto const& [structure, record] : frames) writer.write(structure, record);
  writer.close();
  expectHolds(folder / "b.h5", frames);  // what was refused left no trace
}

TEST(Database, ReferenceLabelsAreASet) {
  TemporaryFolder const folder;
  Structure const s = makeFrames(1)[0].structure;
  auto const writer = openStructureWriter(folder / "a.h5");
  writer->write(s, {}, &s);
  writer->close();
  DatabaseReader reader(folder / "a.h5");
  expectSame(reader.next().value(), s);
  EXPECT_EQ(reader.record().value().labels.at("ref").energy, s.energy);
}

TEST(Database, RecordsOfTextFiles) {
  Structure s;
  FrameRecord record = makeFrameRecord(s, "a.xyz", 7);
  EXPECT_EQ(record.source + record.trajectory, "a.xyza.xyz");
  EXPECT_EQ(record.step, 7);
  EXPECT_FALSE(record.weight);
  s.features = {{"trajectory", "melt"}, {"timestep", "5000"}, {"weight", "0.25"}};
  record = makeFrameRecord(s, "a.xyz", 7);
  EXPECT_EQ(record.trajectory, "melt");
  EXPECT_EQ(record.step, 5000);
  EXPECT_EQ(record.weight, 0.25);
}

/// What is done to a good database, and a part of the message it is refused with.
struct Damage {
  std::string fragment;
  std::function<void(Hdf5Edit const&)> change;
};

TEST(Database, DamageIsNamed) {
  TemporaryFolder const folder;
  std::string const file = folder / "a.h5";
  auto const frames = makeFrames(8);
  std::vector<Damage> damages = {
      {"without /meta", [](auto const& f) { f.remove("/meta"); }},
      {"/meta: found no attribute schema_version", [](auto const& f) { f.removeAttribute("/meta", "schema_version"); }},
      {"/meta schema_version: found 2, expected 1",
       [](auto const& f) { f.setAttribute("/meta", "schema_version", 2); }},
      {"/meta: found no attribute units,", [](auto const& f) { f.removeAttribute("/meta", "units"); }},
      {"/meta: found no attribute teacher,", [](auto const& f) { f.removeAttribute("/meta", "teacher"); }},
      {"/frames/energy: found 7 rows, expected 8", [](auto const& f) { f.resize("/frames/energy", 7); }},
      {"/atoms/force: found 3 rows, expected", [](auto const& f) { f.resize("/atoms/force", 3); }},
      {"/frames/offset: found 0 rows", [](auto const& f) { f.resize("/frames/offset", 0); }},
      {"/frames/offset: found the first offset 1", [](auto const& f) { f.setNumber("/frames/offset", 0, 1); }},
      {"/frames/offset: found the last offset -1", [](auto const& f) { f.setNumber("/frames/offset", 8, -1); }},
      {"/atoms/Z: found ", [](auto const& f) { f.setNumber("/frames/offset", 8, 1000); }},
      {"frame 1: /frames/offset: found offsets", [](auto const& f) { f.setNumber("/frames/offset", 2, 0); }},
      {"frame 1: /frames/offset: found offsets", [](auto const& f) { f.setNumber("/frames/offset", 2, 9000); }},
      {"frame 1: /frames/offset: found offsets", [](auto const& f) { f.setNumber("/frames/offset", 2, -3); }},
      {"/atoms/position: found shape ",
       [](auto const& f) {
         f.replace("/atoms/position", H5T_IEEE_F64LE, {9, 2});
       }},
      {"expected rows x 3 x 3",
       [](auto const& f) {
         f.replace("/frames/cell", H5T_IEEE_F64LE, {8, 9});
       }},
      {"/frames/energy: found shape one value", [](auto const& f) { f.replace("/frames/energy", H5T_IEEE_F64LE, {}); }},
      {"/atoms/Z: found floating-point", [](auto const& f) { f.replace("/atoms/Z", H5T_IEEE_F64LE, {9}); }},
      {"/frames/energy: found integers", [](auto const& f) { f.replace("/frames/energy", H5T_STD_I32LE, {8}); }},
      {"/frames/config_type: found integers, expected text",
       [](auto const& f) { f.replace("/frames/config_type", H5T_STD_I32LE, {8}); }},
      {"frame 0: /atoms/Z: found 0,", [](auto const& f) { f.setNumber("/atoms/Z", 0, 0); }},
      {"frame 0: /atoms/Z: found 119,", [](auto const& f) { f.setNumber("/atoms/Z", 0, 119); }},
      {"frame 0: /frames/pbc: found 7,", [](auto const& f) { f.setNumber("/frames/pbc", 0, 7); }},
      {"frame 0: found a position that is not finite", [](auto const& f) { f.setNumber("/atoms/position", 1, NAN); }},
      {"frame 0: found a position that is not finite",
       [](auto const& f) { f.setNumber("/atoms/position", 1, INFINITY); }},
      {"frame 1: found a lattice vector that is not finite",
       [](auto const& f) { f.setNumber("/frames/cell", 9, NAN); }},
      {"frame 3: found a cell without volume",
       [](auto const& f) {
         for (std::size_t k = 0; k < 3; ++k) f.setNumber("/frames/cell", 27 + k, f.numbers("/frames/cell")[30 + k]);
       }},
      {"frame 0: found an energy that is not finite",
       [](auto const& f) { f.setNumber("/frames/energy", 0, INFINITY); }},
      {"frame 3: /frames/virial: found 1 of 6", [](auto const& f) { f.setNumber("/frames/virial", 20, NAN); }},
      {"frame 0: /atoms/force: found 1 of ", [](auto const& f) { f.setNumber("/atoms/force", 2, NAN); }},
      {"/labels/dft/force", [](auto const& f) { f.remove("/labels/dft/force"); }},
      {"/labels/dft/energy: found 9 rows", [](auto const& f) { f.resize("/labels/dft/energy", 9); }},
      {"frame 0: /features/text: found a name without a value",
       [](auto const& f) { f.setNumber("/features/text", 4, 'x'); }},
      {"/features/offset: found 5 rows", [](auto const& f) { f.resize("/features/offset", 5); }},
      {"/features/text: found 1 rows", [](auto const& f) { f.resize("/features/text", 1); }}};
  for (std::string const path :
       {"/frames/offset", "/frames/cell", "/frames/pbc", "/frames/energy", "/frames/virial", "/frames/weight",
        "/frames/config_type", "/frames/source", "/frames/trajectory", "/frames/step", "/atoms/Z", "/atoms/position",
        "/atoms/force", "/features/offset", "/features/text"})
    damages.push_back({"found no dataset " + path, [path](auto const& f) { f.remove(path); }});
  for (std::string const group : {"/frames", "/atoms"})
    damages.push_back({"found no dataset " + group, [group](auto const& f) { f.remove(group); }});
  for (auto const& [fragment, change] : damages) {
    write(file, frames);
    change(Hdf5Edit(file));
    std::string const message = messageOf<InputError>([&] { (void)readStructures(file); });
    EXPECT_TRUE(message.starts_with(file + ": ")) << message;
    EXPECT_NE(message.find(fragment), std::string::npos) << message << "\nlacks " << fragment;
    EXPECT_NE(message.find("found "), std::string::npos) << message;
    EXPECT_NE(message.find(", expected "), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(Database, ForeignFilesAreRefused) {
  TemporaryFolder const folder;
  auto const message = [&](std::string const& file) {
    return messageOf<InputError>([&] { (void)readStructures(file); });
  };
  test::makeEmptyHdf5(folder / "a.h5");
  EXPECT_NE(message(folder / "a.h5").find("found an HDF5 file without /meta, expected a database"), std::string::npos);
  EXPECT_NE(message(folder.write("b.h5", "text")).find("found a file that is not HDF5"), std::string::npos);
  EXPECT_NE(message(folder.write("c.h5", "")).find("found a file that is not HDF5"), std::string::npos);
  EXPECT_NE(message(folder / "none.h5").find("found nothing to read (No such file"), std::string::npos);
  std::filesystem::create_directory(folder / "d.h5");
  EXPECT_NE(message(folder / "d.h5").find("found a directory"), std::string::npos);
  EXPECT_NE(message("/dev/null").find("unknown kind"), std::string::npos);
  EXPECT_NE(message(folder.write("e.h5.xz", "")).find("found a compressed database"), std::string::npos);
}

TEST(Database, CutAnywhereItIsRefused) {
  TemporaryFolder const folder;
  write(folder / "a.h5", makeFrames(12));
  std::string const bytes = contentOf(folder / "a.h5");
  std::size_t const step = std::max<std::size_t>(1, bytes.size() / 400);
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    std::string const file = folder.write("b.h5", bytes.substr(0, size));
    std::string const message = messageOf<InputError>([&] { (void)readStructures(file); });
    EXPECT_TRUE(message.starts_with(file + ": found ")) << size << ": " << message;
  }
}

TEST(Database, OneWrongBitIsRefusedOrDoesNotMatter) {
  TemporaryFolder const folder;
  auto const frames = makeFrames(12);
  write(folder / "a.h5", frames);
  std::string const bytes = contentOf(folder / "a.h5");
  std::mt19937_64 random(3);
  std::size_t refused = 0;
  for (int n = 0; n < 300; ++n) {
    std::string damaged = bytes;
    std::size_t const at = random() % bytes.size();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    SCOPED_TRACE(at);
    try {
      expectHolds(folder.write("b.h5", damaged), frames);
    } catch (InputError const& error) {
      ++refused;
      EXPECT_TRUE(std::string(error.what()).starts_with(folder / "b.h5")) << error.what();
    }
  }
  EXPECT_GT(refused, 200U);
}

TEST(DatabaseSharedData, EveryFileThereAndBack) {
  auto const data = test::sharedData();
  if (data.empty()) GTEST_SKIP() << "no shared data folder (SINTER_SHARED_DATA)";
  TemporaryFolder const folder;
  std::size_t files = 0, atoms = 0;
  for (auto const& [path, counts] : test::manifestOf(data)) {
    SCOPED_TRACE(path);
    auto const frames = readStructures((data / path).string());
    {
      auto const writer = openStructureWriter(folder / "a.h5");
      for (Structure const& frame : frames) writer->write(frame);
      writer->close();
    }
    DatabaseReader reader(folder / "a.h5");
    test::Counts read;
    for (Structure const& frame : frames) {
      auto const back = reader.next();
      ASSERT_TRUE(back);
      expectSame(*back, frame);
      ++read.frames;
      read.atoms += back->size();
    }
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(read, counts);
    ++files;
    atoms += read.atoms;
  }
  std::printf("%zu files, %zu atoms\n", files, atoms);
  EXPECT_GT(files, 60U);
}

}  // namespace
}  // namespace sinter
