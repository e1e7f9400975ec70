/// \file
/// What kind of structure file a name or the first lines of a file tell of.
#pragma once

#include <string>

namespace sinter::detail {

/// `lammps_any` is a LAMMPS data file or dump: `.lmp` is in use for both.
enum class FileKind { unknown, extxyz, cfg, lammps_data, lammps_dump, lammps_any, database, h5md, mace };

/// Whether the name ends in `.xz` or `.gz`.
[[nodiscard]] bool isCompressedName(std::string const& file);

/// By the extension (in any case, in front of `.xz` or `.gz`).
[[nodiscard]] FileKind kindOfName(std::string const& file);

/// By the first lines: `BEGIN_CFG`; `ITEM: ...`; a title with `LAMMPS`, or a line `N atoms` soon after it.
/// \throws InputError when the file cannot be read.
[[nodiscard]] FileKind kindOfContent(std::string const& file);

}  // namespace sinter::detail
