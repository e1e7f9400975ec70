// The plugin `sinterplugin.so`: registers the pair styles of Sinter with LAMMPS.
#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstring>

#include "error.h"
#include "info.h"
#include "lammps.h"
#include "lammpsplugin.h"
#include "library.h"
#include "pair_mtp.h"
#include "pair_mtp_kokkos.h"
#include "version.h"

using namespace LAMMPS_NS;

namespace {

void checkKokkos(LAMMPS* lmp) {
  if (lmp->kokkos != nullptr && !Kokkos::is_initialized())
    lmp->error->all(FLERR,
                    "sinterplugin.so has a Kokkos of its own, which LAMMPS has not initialized; build it with "
                    "-DSINTER_KOKKOS_FROM_HOST=ON, and with the Kokkos that LAMMPS uses");
}

// Types whose sizes a LAMMPS build chooses (LAMMPS_SMALLBIG, LAMMPS_BIGBIG).
void checkSize(LAMMPS* lmp, char const* type, std::size_t expected) {
  int const found = lammps_extract_setting(lmp, type);
  if (found != static_cast<int>(expected))
    lmp->error->all(FLERR,
                    "sinterplugin.so was built for a {} of {} bytes, but LAMMPS's has {}; build it with the same "
                    "LAMMPS_SIZES",
                    type, expected, found);
}

// The members of LAMMPS behind its communicator stand elsewhere when that has another size.
void checkMpi(LAMMPS* lmp) {
#if defined(MPI_STUBS)
  constexpr bool expected = false;
#else
  constexpr bool expected = true;
#endif
  if ((lammps_config_has_mpi_support() != 0) != expected)
    lmp->error->all(FLERR, "sinterplugin.so was built {} MPI, but this LAMMPS {}; build it against this one",
                    expected ? "with" : "without", expected ? "has none" : "has it");
}

template <class Style>
Pair* create(LAMMPS* lmp) {
  return new Style(lmp);
}

}  // namespace

extern "C" void lammpsplugin_init(void* lammps, void* handle, void* register_function) {
  auto* const lmp = static_cast<LAMMPS*>(lammps);
  if (std::strcmp(lmp->version, LAMMPS_VERSION) != 0)
    lmp->error->all(FLERR, "sinterplugin.so was built for LAMMPS {}, but this is LAMMPS {}; build it against this one",
                    LAMMPS_VERSION, lmp->version);
  checkMpi(lmp);
  if (lmp->kokkos != nullptr && !Info::has_accelerator_feature("KOKKOS", "precision", "double"))
    lmp->error->all(FLERR,
                    "sinterplugin.so needs LAMMPS's KOKKOS package in double precision (its own styles have mixed)");
  checkSize(lmp, "tagint", sizeof(tagint));
  checkSize(lmp, "bigint", sizeof(bigint));
  checkSize(lmp, "imageint", sizeof(imageint));
  checkKokkos(lmp);

  auto const add = [&](char const* name, Pair* (*factory)(LAMMPS*)) {
    lammpsplugin_t plugin;
    plugin.version = LAMMPS_VERSION;
    plugin.style = "pair";
    plugin.name = name;
    plugin.info = "Sinter: moment tensor potentials";
    plugin.author = "the Sinter authors";
    plugin.creator.v1 = reinterpret_cast<lammpsplugin_factory1*>(factory);
    plugin.handle = handle;
    reinterpret_cast<lammpsplugin_regfunc>(register_function)(&plugin, lmp);
  };
  add("mtp", create<PairMTP>);
  add("mlip", create<PairMTP>);
  if (lmp->kokkos != nullptr) {
    for (char const* name : {"mtp/kk", "mtp/kk/device", "mlip/kk", "mlip/kk/device"})
      add(name, create<PairMTPKokkos<LMPDeviceType>>);
    for (char const* name : {"mtp/kk/host", "mlip/kk/host"}) add(name, create<PairMTPKokkos<LMPHostType>>);
  }
}
