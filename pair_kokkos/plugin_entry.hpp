/// \file
/// What the entry points of Sinter's plugins share: checks of the LAMMPS that loads them, registration.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstring>

#include "error.h"
#include "info.h"
#include "lammps.h"
#include "lammpsplugin.h"
#include "library.h"
#include "version.h"

namespace sinter {

/// Stops LAMMPS with a message unless it is the one that this was built for. \param file name of the plugin
inline void checkLammps(LAMMPS_NS::LAMMPS* lmp, char const* file) {
  using namespace LAMMPS_NS;  // NOLINT(google-build-using-namespace): its types are used in its macros
  if (std::strcmp(lmp->version, LAMMPS_VERSION) != 0)
    lmp->error->all(FLERR, "{} was built for LAMMPS {}, but this is LAMMPS {}; build it against this one", file,
                    LAMMPS_VERSION, lmp->version);
    // The members of LAMMPS behind its communicator stand elsewhere when that has another size.
#if defined(MPI_STUBS)
  constexpr bool with_mpi = false;
#else
  constexpr bool with_mpi = true;
#endif
  if ((lammps_config_has_mpi_support() != 0) != with_mpi)
    lmp->error->all(FLERR, "{} was built {} MPI, but this LAMMPS {}; build it against this one", file,
                    with_mpi ? "with" : "without", with_mpi ? "has none" : "has it");
  if (lmp->kokkos != nullptr && !Info::has_accelerator_feature("KOKKOS", "precision", "double"))
    lmp->error->all(FLERR, "{} needs LAMMPS's KOKKOS package in double precision (its own styles have mixed)", file);
  // Types whose sizes a LAMMPS build chooses (LAMMPS_SMALLBIG, LAMMPS_BIGBIG).
  auto const checkSize = [&](char const* type, std::size_t expected) {
    int const found = lammps_extract_setting(lmp, type);
    if (found != static_cast<int>(expected))
      lmp->error->all(FLERR,
                      "{} was built for a {} of {} bytes, but LAMMPS's has {}; build it with the same LAMMPS_SIZES",
                      file, type, expected, found);
  };
  checkSize("tagint", sizeof(tagint));
  checkSize("bigint", sizeof(bigint));
  checkSize("imageint", sizeof(imageint));
  if (lmp->kokkos != nullptr && !Kokkos::is_initialized())
    lmp->error->all(FLERR,
                    "{} has a Kokkos of its own, which LAMMPS has not initialized; build it with "
                    "-DSINTER_KOKKOS_FROM_HOST=ON, and with the Kokkos that LAMMPS uses",
                    file);
}

/// A style to be registered, but for its name and creator.
inline lammpsplugin_t makePlugin(char const* style, char const* info, void* handle) {
  lammpsplugin_t plugin;
  plugin.version = LAMMPS_VERSION;
  plugin.style = style;
  plugin.info = info;
  plugin.author = "the Sinter authors";
  plugin.handle = handle;
  return plugin;
}

}  // namespace sinter
