// The plugin `sintersoapplugin.so`: registers the computes of Sinter with LAMMPS. A file of its own, because SOAP needs
// LAPACK, and reading crystals HDF5, which potentials do without.
#include "compute_sinter_soap.h"
#include "compute_sinter_soap_kokkos.h"
#include "plugin_entry.hpp"

using namespace LAMMPS_NS;

namespace {

template <class Style>
Compute* create(LAMMPS* lmp, int narg, char** arg) {
  return new Style(lmp, narg, arg);
}

}  // namespace

extern "C" void lammpsplugin_init(void* lammps, void* handle, void* register_function) {
  auto* const lmp = static_cast<LAMMPS*>(lammps);
  sinter::checkLammps(lmp, "sintersoapplugin.so");
  auto const add = [&](char const* name, Compute* (*factory)(LAMMPS*, int, char**)) {
    auto plugin = sinter::makePlugin("compute", "Sinter: similarities of atoms to crystals", handle);
    plugin.name = name;
    plugin.creator.v2 = reinterpret_cast<lammpsplugin_factory2*>(factory);
    reinterpret_cast<lammpsplugin_regfunc>(register_function)(&plugin, lmp);
  };
  add("sinter/soap", create<ComputeSinterSoap>);
  if (lmp->kokkos != nullptr) {
    for (char const* name : {"sinter/soap/kk", "sinter/soap/kk/device"})
      add(name, create<ComputeSinterSoapKokkos<LMPDeviceType>>);
    add("sinter/soap/kk/host", create<ComputeSinterSoapKokkos<LMPHostType>>);
  }
}
