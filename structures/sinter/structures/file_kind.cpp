#include "sinter/structures/file_kind.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include "sinter/structures/text_source.hpp"

namespace sinter::detail {

namespace {

std::string lowerExtension(std::filesystem::path const& path) {
  std::string kind = path.extension().string();
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return kind;
}

}  // namespace

bool isCompressedName(std::string const& file) {
  std::string const extension = std::filesystem::path(file).extension().string();
  return extension == ".xz" || extension == ".gz";
}

FileKind kindOfName(std::string const& file) {
  constexpr std::array<std::pair<std::string_view, FileKind>, 11> kinds = {{{".extxyz", FileKind::extxyz},
                                                                            {".xyz", FileKind::extxyz},
                                                                            {".cfg", FileKind::cfg},
                                                                            {".data", FileKind::lammps_data},
                                                                            {".lammps-data", FileKind::lammps_data},
                                                                            {".lmp", FileKind::lammps_any},
                                                                            {".dump", FileKind::lammps_dump},
                                                                            {".lammpstrj", FileKind::lammps_dump},
                                                                            {".h5", FileKind::database},
                                                                            {".hdf5", FileKind::database},
                                                                            {".h5md", FileKind::h5md}}};
  std::filesystem::path path = file;
  if (isCompressedName(file)) path = path.stem();
  std::string const extension = lowerExtension(path);
  if (extension == ".h5" && lowerExtension(path.stem()) == ".mace") return FileKind::mace;
  for (auto const& [name, kind] : kinds)
    if (name == extension) return kind;
  return FileKind::unknown;
}

FileKind kindOfContent(std::string const& file) {
  constexpr int lines_to_see = 20;  // "N atoms" is among the first of a LAMMPS data file
  // Reading a pipe would take from it what the reader needs.
  std::error_code ignored;
  auto const status = std::filesystem::status(file, ignored);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return FileKind::unknown;
  TextSource source(file);
  auto line = source.next();
  if (!line) return FileKind::unknown;
  if (line->starts_with("ITEM:")) return FileKind::lammps_dump;
  if (line->starts_with("LAMMPS")) return FileKind::lammps_data;
  std::vector<std::string_view> words;
  for (int n = 0; line && n < lines_to_see; line = source.next(), ++n) {
    splitWords(*line, words);
    if (words.size() == 1 && words[0] == "BEGIN_CFG") return FileKind::cfg;
    if (n > 0 && words.size() == 2 && words[1] == "atoms" && parseInteger(words[0])) return FileKind::lammps_data;
  }
  return FileKind::unknown;
}

}  // namespace sinter::detail
