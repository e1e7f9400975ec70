/// \file
/// Which Sinter this is.
#pragma once

namespace sinter {

/// Version of the release, "0.1.0".
[[nodiscard]] char const* version();

/// Commit of the sources this was built from, with "-dirty" for uncommitted changes; "unknown" outside a checkout.
[[nodiscard]] char const* gitCommit();

}  // namespace sinter
