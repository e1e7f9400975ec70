// The plugin `sinterplugin.so`: registers the pair styles of Sinter with LAMMPS.
#include "pair_mtp.h"
#include "pair_mtp_kokkos.h"
#include "plugin_entry.hpp"

using namespace LAMMPS_NS;

namespace {

template <class Style>
Pair* create(LAMMPS* lmp) {
  return new Style(lmp);
}

}  // namespace

extern "C" void lammpsplugin_init(void* lammps, void* handle, void* register_function) {
  auto* const lmp = static_cast<LAMMPS*>(lammps);
  sinter::checkLammps(lmp, "sinterplugin.so");
  auto const add = [&](char const* name, Pair* (*factory)(LAMMPS*)) {
    auto plugin = sinter::makePlugin("pair", "Sinter: moment tensor potentials", handle);
    plugin.name = name;
    plugin.creator.v1 = reinterpret_cast<lammpsplugin_factory1*>(factory);
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
