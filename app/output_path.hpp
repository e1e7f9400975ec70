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

/// The extension of a file name in lower case, with its dot.
[[nodiscard]] std::string lowerExtension(std::string const& file);

}  // namespace sinter::app
