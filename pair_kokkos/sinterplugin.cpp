// The plugin `sinterplugin.so`: registers the pair styles of Sinter with LAMMPS.
#include <Kokkos_Core.hpp>
#include <cstdlib>
#include <cstring>

#include "error.h"
#include "info.h"
#include "lammps.h"
#include "lammpsplugin.h"
#include "pair_mtp.h"
#include "pair_mtp_kokkos.h"
#include "version.h"

using namespace LAMMPS_NS;

namespace {

// The plain style runs on Kokkos::Serial also where LAMMPS itself was started without KOKKOS.
void startKokkos() {
  if (Kokkos::is_initialized() || Kokkos::is_finalized()) return;
  Kokkos::InitializationSettings settings;
  settings.set_num_threads(1);
  settings.set_disable_warnings(true);
  Kokkos::initialize(settings);
  std::atexit([] {
    if (Kokkos::is_initialized() && !Kokkos::is_finalized()) Kokkos::finalize();
  });
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
  if (lmp->kokkos != nullptr && !Info::has_accelerator_feature("KOKKOS", "precision", "double"))
    lmp->error->all(FLERR,
                    "sinterplugin.so needs LAMMPS's KOKKOS package in double precision (its own styles have mixed)");
  startKokkos();

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
  if (lmp->kokkos != nullptr) {
    add("mtp/kk", create<PairMTPKokkos<LMPDeviceType>>);
    add("mtp/kk/device", create<PairMTPKokkos<LMPDeviceType>>);
    add("mtp/kk/host", create<PairMTPKokkos<LMPHostType>>);
  }
}
