/// \file
/// Wrong output names are found before the work, not after it.
#pragma once

#include <string>
#include <vector>

namespace sinter::app {

/// Checks that `file` (given to `option`) can be the name of a new file: it has a name, its folder exists, nothing but
/// a regular file is in its place, and it is none of `taken` (inputs, other outputs). \throws InputError naming option
/// and file.
void checkOutputPath(std::string const& option, std::string const& file, std::vector<std::string> const& taken);

/// Checks the file of -o for structures with labels: as `checkOutputPath`, and its extension, .xyz, .extxyz or .cfg.
void checkLabelledOutput(std::string const& file, std::vector<std::string> const& taken);

/// Checks that `folder` (given to `option`) is a folder or can become one. \throws InputError naming both.
void checkOutputFolder(std::string const& option, std::string const& folder);

/// Makes `folder` and those above it, where they are missing.
/// \throws SystemError when that fails.
void makeOutputFolder(std::string const& folder);

/// The extension of a file name in lower case, with its dot.
[[nodiscard]] std::string lowerExtension(std::string const& file);

}  // namespace sinter::app
