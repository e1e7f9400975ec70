#include "sinter/structures/writer.hpp"

#include "sinter/core/error.hpp"
#include "sinter/structures/cfg_writer.hpp"
#include "sinter/structures/database_writer.hpp"
#include "sinter/structures/extxyz_writer.hpp"
#include "sinter/structures/file_kind.hpp"
#include "sinter/structures/h5md_writer.hpp"
#include "sinter/structures/lammps_data_writer.hpp"
#include "sinter/structures/lammps_dump_writer.hpp"
#include "sinter/structures/mace_writer.hpp"

namespace sinter {

void StructureWriter::fail(std::string const& message) const { throw InputError(_name + "::write: " + message); }

void StructureWriter::requireSize(std::string const& what, std::size_t found, std::size_t expected) const {
  if (found != expected)
    fail("found " + std::to_string(found) + " " + what + " for " + std::to_string(expected) +
         " atoms, expected one per atom");
}

void StructureWriter::write(Structure const& structure, std::span<AtomColumn const> columns,
                            Structure const* reference) {
  std::size_t const size = structure.size();
  if (size == 0) fail("found a structure without atoms, expected at least one");
  requireSize("species", structure.species.size(), size);
  if (!structure.forces.empty()) requireSize("forces", structure.forces.size(), size);
  if (reference != nullptr && !reference->forces.empty())
    requireSize("reference forces", reference->forces.size(), size);
  for (std::int32_t const species : structure.species)
    if (species == 0 || species > 118)
      fail("found species " + std::to_string(species) + ", expected an atomic number from 1 to 118 or a type below 0");
  for (auto const& [name, values, width] : columns)
    if (values.size() != width * size)
      fail("found " + std::to_string(values.size()) + " numbers in column " + std::string(name) + " for " +
           std::to_string(size) + " atoms, expected " + (width == 1 ? "one" : std::to_string(width)) + " per atom");
  writeFrame(structure, columns, reference);
}

bool isWritableStructureFile(std::string const& file) {
  switch (detail::kindOfName(file)) {
    case detail::FileKind::extxyz:
    case detail::FileKind::cfg:
    case detail::FileKind::lammps_data:
    case detail::FileKind::lammps_any:
    case detail::FileKind::lammps_dump:
    case detail::FileKind::database:
    case detail::FileKind::h5md:
    case detail::FileKind::mace:
      return !detail::isCompressedName(file);
    default:
      return false;
  }
}

std::unique_ptr<StructureWriter> openStructureWriter(std::string const& file,
                                                     std::vector<std::int32_t> const& species) {
  if (!isWritableStructureFile(file))
    throw InputError(file, 0,
                     std::string("found a file of a kind that is not written, expected ") + writable_extensions);
  switch (detail::kindOfName(file)) {
    case detail::FileKind::extxyz:
      return std::make_unique<ExtxyzWriter>(file);
    case detail::FileKind::cfg:
      return std::make_unique<CfgWriter>(file, species);
    case detail::FileKind::database:
      return std::make_unique<DatabaseWriter>(file);
    case detail::FileKind::lammps_dump:
      return std::make_unique<LammpsDumpWriter>(file, species);
    case detail::FileKind::h5md:
      return std::make_unique<H5mdWriter>(file);
    case detail::FileKind::mace:
      return std::make_unique<MaceWriter>(file);
    default:
      return std::make_unique<LammpsDataWriter>(file, species);
  }
}

}  // namespace sinter
