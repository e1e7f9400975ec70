/// \file
/// What the tests of the file readers share: comparison to the last bit, tables of malformed input, shared data.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "../core/temporary_folder.hpp"
#include "sinter/core/error.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter::test {

inline std::vector<std::uint64_t> bitsOf(std::vector<Vector3> const& vectors) {
  std::vector<std::uint64_t> bits;
  for (auto const& v : vectors)
    for (double const x : v) bits.push_back(std::bit_cast<std::uint64_t>(x));
  return bits;
}

/// Fails the test unless both are the same to the last bit.
inline void expectSame(Structure const& a, Structure const& b) {
  EXPECT_EQ(bitsOf({a.cell.begin(), a.cell.end()}), bitsOf({b.cell.begin(), b.cell.end()}));
  EXPECT_EQ(a.periodic, b.periodic);
  EXPECT_EQ(bitsOf(a.positions), bitsOf(b.positions));
  EXPECT_EQ(a.species, b.species);
  EXPECT_EQ(a.energy, b.energy);
  EXPECT_EQ(bitsOf(a.forces), bitsOf(b.forces));
  EXPECT_EQ(a.virial, b.virial);
  EXPECT_EQ(a.config_type, b.config_type);
  EXPECT_EQ(a.features, b.features);
}

/// A file that must not be read.
struct Malformed {
  std::string content;
  std::size_t line;      ///< that the message names
  std::string fragment;  ///< that the message holds
};

/// Every file of the table is refused with "file:line: found ..., expected ..." in one line.
inline void expectRefused(std::string const& name, std::vector<Malformed> const& table, LabelKeys const& keys = {}) {
  TemporaryFolder const folder;
  for (auto const& [content, line, fragment] : table) {
    std::string const file = folder.write(name, content);
    std::string const message = messageOf<InputError>([&] { (void)readStructures(file, keys); });
    EXPECT_TRUE(message.starts_with(file + ":" + std::to_string(line) + ": found ")) << message << "\n" << content;
    EXPECT_NE(message.find(", expected "), std::string::npos) << message;
    EXPECT_NE(message.find(fragment), std::string::npos) << message << "\nlacks " << fragment << " for\n" << content;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

/// Cut at every byte, a valid file either reads or is refused as bad input; how many were read.
inline std::size_t readCutAtEveryByte(std::string const& name, std::string const& content) {
  TemporaryFolder const folder;
  std::size_t read = 0;
  for (std::size_t size = 0; size < content.size(); ++size) {
    std::string const file = folder.write(name, content.substr(0, size));
    try {
      (void)readStructures(file);
      ++read;
    } catch (InputError const& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(file)) << error.what();
    }
  }
  return read;
}

/// Folder of the shared data, or an empty path when this machine does not have it.
inline std::filesystem::path sharedData() {
#ifdef SINTER_SHARED_DATA
  if (std::filesystem::is_directory(SINTER_SHARED_DATA)) return SINTER_SHARED_DATA;
#endif
  return {};
}

struct Counts {
  std::size_t frames = 0, atoms = 0;
  bool operator==(Counts const&) const = default;
  friend std::ostream& operator<<(std::ostream& out, Counts const& c) {
    return out << c.frames << " frames, " << c.atoms << " atoms";
  }
};

/// What MANIFEST.md of the shared data says about each structure file, by its path.
inline std::map<std::string, Counts> manifestOf(std::filesystem::path const& data) {
  std::map<std::string, Counts> result;
  std::ifstream stream(data / "MANIFEST.md");
  for (std::string line; std::getline(stream, line);) {
    std::replace(line.begin(), line.end(), '|', '\t');
    std::istringstream cells(line);
    std::string path, bytes, frames, atoms;
    if (line.size() < 2) continue;
    cells.ignore(1);
    std::getline(cells, path, '\t') && std::getline(cells, bytes, '\t') && std::getline(cells, frames, '\t') &&
        std::getline(cells, atoms, '\t');
    auto const begin = path.find_first_not_of(' ');
    if (begin == std::string::npos || frames.find_first_of("0123456789") == std::string::npos) continue;
    path = path.substr(begin, path.find_last_not_of(' ') + 1 - begin);
    if (auto const both = path.find(" pot.mtp + out.cfg"); both != std::string::npos) path.replace(both, 18, "out.cfg");
    if (path.find(".cfg") == std::string::npos && path.find("xyz") == std::string::npos) continue;
    result[path] = {std::stoul(frames), std::stoul(atoms)};
  }
  return result;
}

/// Reads each file below `data` whose name holds `kind` and compares its counts with the manifest.
inline void expectManifestCounts(std::filesystem::path const& data, std::string const& kind,
                                 std::map<std::string, Counts> const& not_in_manifest) {
  auto expected = manifestOf(data);
  expected.insert(not_in_manifest.begin(), not_in_manifest.end());
  std::size_t files = 0;
  for (auto const& entry : std::filesystem::recursive_directory_iterator(data)) {
    std::string const name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.find(kind) == std::string::npos) continue;
    std::string const path = std::filesystem::relative(entry.path(), data).string();
    Counts counts;
    auto const reader = openStructureFile(entry.path().string());
    while (auto const structure = reader->next()) {
      ++counts.frames;
      counts.atoms += structure->size();
    }
    ++files;
    ASSERT_TRUE(expected.contains(path)) << path << " is not in the manifest: " << counts;
    EXPECT_EQ(counts, expected[path]) << path;
  }
  EXPECT_GT(files, 10U);
}

}  // namespace sinter::test
