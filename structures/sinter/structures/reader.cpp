#include "sinter/structures/reader.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/structures/cfg_reader.hpp"
#include "sinter/structures/extxyz_reader.hpp"

namespace sinter {

std::unique_ptr<StructureReader> openStructureFile(std::string const& file, LabelKeys const& keys) {
  std::filesystem::path path = file;
  if (path.extension() == ".xz" || path.extension() == ".gz") path = path.stem();
  std::string kind = path.extension().string();
  std::transform(kind.begin(), kind.end(), kind.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (kind == ".extxyz" || kind == ".xyz") return std::make_unique<ExtxyzReader>(file, keys);
  if (kind == ".cfg") return std::make_unique<CfgReader>(file);
  throw InputError(
      file, 0,
      "found a file of unknown kind ('" + kind + "'), expected .extxyz, .xyz or .cfg, also with .xz or .gz behind it");
}

std::vector<Structure> readStructures(std::string const& file, LabelKeys const& keys) {
  std::vector<Structure> structures;
  auto const reader = openStructureFile(file, keys);
  while (auto structure = reader->next()) structures.push_back(std::move(*structure));
  return structures;
}

}  // namespace sinter
