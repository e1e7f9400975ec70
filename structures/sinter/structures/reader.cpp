#include "sinter/structures/reader.hpp"

#include <filesystem>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/structures/cfg_reader.hpp"
#include "sinter/structures/database_reader.hpp"
#include "sinter/structures/extxyz_reader.hpp"
#include "sinter/structures/file_kind.hpp"
#include "sinter/structures/lammps_data_reader.hpp"
#include "sinter/structures/lammps_dump_reader.hpp"

namespace sinter {

std::unique_ptr<StructureReader> openStructureFile(std::string const& file, LabelKeys const& keys) {
  using detail::FileKind;
  FileKind kind = detail::kindOfName(file);
  if (kind == FileKind::lammps_any)
    kind = detail::kindOfContent(file) == FileKind::lammps_dump ? FileKind::lammps_dump : FileKind::lammps_data;
  if (kind == FileKind::unknown) kind = detail::kindOfContent(file);
  switch (kind) {
    case FileKind::extxyz:
      return std::make_unique<ExtxyzReader>(file, keys);
    case FileKind::cfg:
      return std::make_unique<CfgReader>(file);
    case FileKind::lammps_data:
      return std::make_unique<LammpsDataReader>(file);
    case FileKind::lammps_dump:
      return std::make_unique<LammpsDumpReader>(file);
    case FileKind::database:
      if (detail::isCompressedName(file))
        throw InputError(file, 0, "found a compressed database, expected an .h5 file as it is");
      return std::make_unique<DatabaseReader>(file, keys);
    case FileKind::h5md:
    case FileKind::mace:
      throw InputError(file, 0, "found a kind of file that is only written, expected a database (.h5) or one of text");
    default:
      throw InputError(file, 0,
                       "found a file of unknown kind ('" + std::filesystem::path(file).extension().string() +
                           "'), expected .extxyz, .xyz, .cfg, .data, .lmp, .dump or .lammpstrj, also with .xz or .gz "
                           "behind it, .h5, or a LAMMPS file of any name");
  }
}

std::vector<Structure> readStructures(std::string const& file, LabelKeys const& keys) {
  std::vector<Structure> structures;
  auto const reader = openStructureFile(file, keys);
  while (auto structure = reader->next()) structures.push_back(std::move(*structure));
  return structures;
}

}  // namespace sinter
