/// \file
/// Kokkos for plain styles, which run on Kokkos::Serial also where LAMMPS itself was started without KOKKOS.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstdlib>

#include "error.h"

namespace sinter {

/// Initializes Kokkos unless it is, until the program ends.
inline void startKokkos(LAMMPS_NS::Error* error) {
  if (Kokkos::is_initialized()) return;
  if (Kokkos::is_finalized()) error->all(FLERR, "Sinter: Kokkos was finalized before");
  Kokkos::InitializationSettings settings;
  settings.set_num_threads(1);
  settings.set_disable_warnings(true);
  Kokkos::initialize(settings);
  std::atexit([] {
    if (Kokkos::is_initialized() && !Kokkos::is_finalized()) Kokkos::finalize();
  });
}

}  // namespace sinter
