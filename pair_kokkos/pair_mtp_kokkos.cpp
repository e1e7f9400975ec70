#include "pair_mtp_kokkos.h"

#include <algorithm>
#include <exception>
#include <numeric>
#include <type_traits>

#include "atom_kokkos.h"
#include "atom_masks.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "kokkos.h"
#include "lammps_environment.hpp"
#include "memory_kokkos.h"
#include "modify.h"
#include "neigh_list_kokkos.h"
#include "neigh_request.h"
#include "neighbor.h"
#include "sinter/core/copy_to.hpp"
#include "update.h"

#if !defined(LMP_KOKKOS_DOUBLE_DOUBLE)
#error "pair style mtp/kk needs a LAMMPS build with KOKKOS_PREC=double; use its own option: precision mixed"
#endif

namespace LAMMPS_NS {

template <class DeviceType>
PairMTPKokkos<DeviceType>::PairMTPKokkos(LAMMPS* lmp) : PairMTPBase(lmp) {
  kokkosable = 1;
  reverse_comm_device = 1;
  atomKK = static_cast<AtomKokkos*>(atom);
  execution_space = ExecutionSpaceFromDevice<DeviceType>::space;
  datamask_read = X_MASK | F_MASK | TYPE_MASK | ENERGY_MASK | VIRIAL_MASK;
  datamask_modify = F_MASK | ENERGY_MASK | VIRIAL_MASK;
}

template <class DeviceType>
PairMTPKokkos<DeviceType>::~PairMTPKokkos() {
  if (copymode) return;
  memoryKK->destroy_kokkos(k_eatom, eatom);
  memoryKK->destroy_kokkos(k_vatom, vatom);
  memoryKK->destroy_kokkos(k_cvatom, cvatom);
  eatom = nullptr;
  vatom = cvatom = nullptr;
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::coeff(int narg, char** arg) {
  PairMTPBase::coeff(narg, arg);
  try {
    plan = sinter::makeMtpPlan<MemorySpace>(model, sinter::MtpProgramUse::energy);
  } catch (std::exception const& e) {
    error->all(FLERR, "pair_style mtp/kk: {}", e.what());
  }
  d_type_map = sinter::copyTo<MemorySpace>(type_map, "sinter::pair::type_map");
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::init_style() {
  PairMTPBase::init_style();
  auto* const request = neighbor->find_request(this);
  constexpr bool is_device = std::is_same_v<DeviceType, LMPDeviceType>;
  request->set_kokkos_host(std::is_same_v<DeviceType, LMPHostType> && !is_device);
  request->set_kokkos_device(is_device);
  request->enable_full();  // whatever `package kokkos neigh` says of other styles
  // Where the style alone makes the forces, LAMMPS need not set them to zero first (on a CPU; with a GPU LAMMPS adds
  // forces of host styles to those of the device, which must then be zero).
  bool const is_alone = !force->newton && !utils::strmatch(force->pair_style, "^hybrid");
  fuse_force_clear_flag = is_alone && is_device && !sinter::is_device_space<DeviceType> ? 1 : 0;
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::findCentres() {
  auto const ilist = static_cast<NeighListKokkos<DeviceType>*>(list)->d_ilist;
  int const inum = list->inum;
  if (sinter::allDescribed(type_map) && plan.species_count == 1) {
    centres = Kokkos::subview(ilist, Kokkos::pair<int, int>(0, inum));
    return;
  }
  auto const types = atomKK->k_type.view<DeviceType>();
  auto const type_map = d_type_map;
  Kokkos::View<int*, MemorySpace> const found(Kokkos::view_alloc("sinter::pair::centres", Kokkos::WithoutInitializing),
                                              inum);
  int count = 0;
  for (int species = 0; species < plan.species_count; ++species) {
    int const begin = count;
    int of_species = 0;
    Kokkos::parallel_scan(
        "sinter::pair::findCentres", Kokkos::RangePolicy<DeviceType>(0, inum),
        KOKKOS_LAMBDA(int ii, int& sum, bool final) {
          int const i = ilist(ii);
          if (type_map(types(i)) != species) return;
          if (final) found(begin + sum) = i;
          ++sum;
        },
        of_species);
    count += of_species;
  }
  centres = Kokkos::subview(found, Kokkos::pair<int, int>(0, count));
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::compute(int eflag, int vflag) {
  ev_init(eflag, vflag, 0);
  if (eflag_atom) {
    memoryKK->destroy_kokkos(k_eatom, eatom);
    memoryKK->create_kokkos(k_eatom, eatom, maxeatom, "pair:eatom");
  }
  if (vflag_atom) {
    memoryKK->destroy_kokkos(k_vatom, vatom);
    memoryKK->create_kokkos(k_vatom, vatom, maxvatom, "pair:vatom");
  }
  if (cvflag_atom) {
    memoryKK->destroy_kokkos(k_cvatom, cvatom);
    memoryKK->create_kokkos(k_cvatom, cvatom, maxcvatom, "pair:cvatom");
  }
  atomKK->sync(execution_space, datamask_read);
  atomKK->modified(execution_space, (eflag || vflag) ? datamask_modify : static_cast<unsigned>(F_MASK));

  int const all = atom->nlocal + atom->nghost;
  if (all == 0) return;
  copymode = 1;

  auto* const k_list = static_cast<NeighListKokkos<DeviceType>*>(list);
  using Positions = typename AT::t_kkfloat_1d_3_lr_randomread;
  using Types = typename AT::t_int_1d_randomread;
  sinter::LammpsEnvironment<MemorySpace, Positions, Types, Neighbors> environment;
  environment.x = atomKK->k_x.view<DeviceType>();
  environment.lammps_type = atomKK->k_type.view<DeviceType>();
  environment.type_map = d_type_map;
  bool const is_new_list = neighbor->ago == 0;  // else it is that of an earlier step
  if (is_new_list) findCentres();
  environment.centres = centres;
  environment.list = {k_list->d_numneigh, k_list->d_neighbors};
  environment.atoms = all;
  environment.owned = atom->nlocal;
  environment.most_neighbors = static_cast<int>(k_list->d_neighbors.extent(1));
  environment.all_described = sinter::allDescribed(type_map);
  DeviceType const space;
  if constexpr (!sinter::is_device_space<DeviceType>) {
    bool const ghosts_are_own = comm->nprocs == 1 && !domain->box_change;
    inner_list.replace(space, environment, plan.max_dist, ghosts_are_own ? atom->nlocal : all, is_new_list);
    if (comm->nprocs == 1 && (is_new_list || static_cast<int>(homes.extent(0)) != all)) findHomes();
  }

  auto const f = atomKK->k_f.view<DeviceType>();
  using Forces = Kokkos::View<double* [3], Kokkos::LayoutRight, DeviceType>;
  // On one process ghosts are images of its own atoms, and nothing needs to be sent.
  bool const knows_homes = !sinter::is_device_space<DeviceType> && comm->nprocs == 1;
  typename sinter::ForceSum<DeviceType>::Homes homes_of_ghosts;
  if constexpr (!sinter::is_device_space<DeviceType>)
    if (knows_homes) homes_of_ghosts = Kokkos::subview(homes, Kokkos::pair<int, int>(atom->nlocal, all));
  bool const own_reverse = !force->newton_pair && !knows_homes;
  // As VerletKokkos::fuse_check: forces from before are those of an earlier step.
  bool const replaces = fuse_force_clear_flag != 0 && update->whichflag == 1 && modify->n_pre_force == 0;
  if (own_reverse) {
    if (static_cast<int>(all_forces.extent(0)) < all) all_forces = AllForces("sinter::pair::all_forces", all + all / 8);
    Kokkos::deep_copy(space, all_forces.template view<DeviceType>(), 0.0);
  }
  Forces const forces = own_reverse ? Forces(all_forces.template view<DeviceType>()) : Forces(f);

  sinter::LammpsTally tally;
  tally.totals = eflag_global || vflag_global;
  tally.atom_virial = vflag_atom;
  tally.centroid_virial = cvflag_atom;
  auto const atom_virial = k_vatom.template view<DeviceType>();
  auto const centroid_virial = k_cvatom.template view<DeviceType>();
  if (precision == sinter::Precision::mixed)
    sinter::evaluateForLammps<float>(space, plan, environment, buffers, forces, homes_of_ghosts, replaces, atom_virial,
                                     centroid_virial, tally);
  else
    sinter::evaluateForLammps<double>(space, plan, environment, buffers, forces, homes_of_ghosts, replaces, atom_virial,
                                      centroid_virial, tally);

  if (own_reverse) {
    all_forces.template modify<DeviceType>();
    sendHome(nullptr, 3);  // from all_forces, wherever LAMMPS communicates
    all_forces.template sync<DeviceType>();
    auto const sent_home = all_forces.template view<DeviceType>();
    Kokkos::parallel_for(
        "sinter::pair::addForces", Kokkos::RangePolicy<DeviceType>(space, 0, atom->nlocal), KOKKOS_LAMBDA(int i) {
          for (int x = 0; x < 3; ++x) f(i, x) = sent_home(i, x) + (replaces ? 0 : f(i, x));
        });
  }
  if (eflag_global) eng_vdwl += tally.energy;
  if (vflag_global)
    for (int v = 0; v < 6; v++) virial[v] += tally.virial[v];
  if (eflag_atom) {
    auto const energies = buffers.site_energies;
    auto const per_atom = k_eatom.template view<DeviceType>();
    auto const evaluated = environment.centres;
    Kokkos::parallel_for(
        "sinter::pair::eatom", Kokkos::RangePolicy<DeviceType>(space, 0, evaluated.extent(0)),
        KOKKOS_LAMBDA(int c) { per_atom(evaluated(c)) += energies(evaluated(c)); });
    k_eatom.template modify<DeviceType>();
    k_eatom.sync_host();
  }
  if (vflag_atom) {
    k_vatom.template modify<DeviceType>();
    k_vatom.sync_host();
  }
  if (cvflag_atom) {
    k_cvatom.template modify<DeviceType>();
    k_cvatom.sync_host();
  }
  reverse_comm_device = 0;  // these virials are on the host now, where LAMMPS's computes read them
  sendVirialsHome();
  reverse_comm_device = 1;
  copymode = 0;
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::findHomes() {
  int const all = atom->nlocal + atom->nghost;
  if (static_cast<int>(homes.extent(0)) != all)
    homes = decltype(homes)(Kokkos::view_alloc("sinter::pair::homes", Kokkos::WithoutInitializing), all);
  std::iota(homes.data(), homes.data() + atom->nlocal, 0);
  comm->forward_comm(this, 1);
}

template <class DeviceType>
int PairMTPKokkos<DeviceType>::pack_forward_comm(int n, int* list, double* buffer, int, int*) {
  for (int i = 0; i < n; i++) buffer[i] = homes(list[i]);
  return n;
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::unpack_forward_comm(int n, int first, double* buffer) {
  for (int i = 0; i < n; i++) homes(first + i) = static_cast<int>(buffer[i]);
}

template <class DeviceType>
int PairMTPKokkos<DeviceType>::pack_forward_comm_kokkos(int n, DAT::tdual_int_1d list, DAT::tdual_double_1d& buffer,
                                                        int, int*) {
  return pack_forward_comm(n, list.view_host().data(), buffer.view_host().data(), 0, nullptr);
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::unpack_forward_comm_kokkos(int n, int first, DAT::tdual_double_1d& buffer) {
  unpack_forward_comm(n, first, buffer.view_host().data());
}

template <class DeviceType>
int PairMTPKokkos<DeviceType>::pack_reverse_comm_kokkos(int n, int first, DAT::tdual_double_1d& buffer) {
  auto const out = buffer.view<DeviceType>();
  auto const forces = all_forces.template view<DeviceType>();
  Kokkos::parallel_for(
      "sinter::pair::packReverse", Kokkos::RangePolicy<DeviceType>(0, n), KOKKOS_LAMBDA(int i) {
        for (int x = 0; x < 3; ++x) out(3 * i + x) = forces(first + i, x);
      });
  return 3 * n;
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::unpack_reverse_comm_kokkos(int n, DAT::tdual_int_1d list,
                                                           DAT::tdual_double_1d& buffer) {
  auto const in = buffer.view<DeviceType>();
  auto const atoms = list.view<DeviceType>();
  auto const forces = all_forces.template view<DeviceType>();
  Kokkos::parallel_for(
      "sinter::pair::unpackReverse", Kokkos::RangePolicy<DeviceType>(0, n), KOKKOS_LAMBDA(int i) {
        for (int x = 0; x < 3; ++x) forces(atoms(i), x) += in(3 * i + x);  // no atom twice in one list
      });
}

template <class DeviceType>
int PairMTPKokkos<DeviceType>::pack_reverse_comm(int n, int first, double* buffer) {
  takeForcesToHost();
  return PairMTPBase::pack_reverse_comm(n, first, buffer);
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::unpack_reverse_comm(int n, int* list, double* buffer) {
  takeForcesToHost();
  PairMTPBase::unpack_reverse_comm(n, list, buffer);
  if (reverse_width == 3) all_forces.modify_host();
}

template <class DeviceType>
void PairMTPKokkos<DeviceType>::takeForcesToHost() {
  if (reverse_width != 3) return;  // virials
  all_forces.sync_host();
  reverse_data = all_forces.view_host().data();
}

template class PairMTPKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class PairMTPKokkos<LMPHostType>;
#endif

}  // namespace LAMMPS_NS
