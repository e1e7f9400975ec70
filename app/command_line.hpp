/// \file
/// The command as it was given, for files that say where they are from.
#pragma once

#include <string>

namespace sinter::app {

/// Words of the command with blanks between them; "sinter" where the system does not know them.
[[nodiscard]] std::string commandLine();

}  // namespace sinter::app
