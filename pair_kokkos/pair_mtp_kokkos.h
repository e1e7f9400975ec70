/// \file
/// LAMMPS pair style `mtp/kk`: everything stays where KOKKOS keeps it.
#ifdef PAIR_CLASS
// clang-format off
PairStyle(mtp/kk,PairMTPKokkos<LMPDeviceType>);
PairStyle(mtp/kk/device,PairMTPKokkos<LMPDeviceType>);
PairStyle(mtp/kk/host,PairMTPKokkos<LMPHostType>);
PairStyle(mlip/kk,PairMTPKokkos<LMPDeviceType>);
PairStyle(mlip/kk/device,PairMTPKokkos<LMPDeviceType>);
PairStyle(mlip/kk/host,PairMTPKokkos<LMPHostType>);
// clang-format on
#else

#ifndef SINTER_PAIR_MTP_KOKKOS_H
#define SINTER_PAIR_MTP_KOKKOS_H

#include "kokkos_base.h"
#include "lammps_inner_list.hpp"
#include "pair_kokkos.h"
#include "pair_mtp.h"

namespace LAMMPS_NS {

/// \tparam DeviceType LMPDeviceType or LMPHostType
template <class DeviceType>
class PairMTPKokkos : public PairMTPBase, public KokkosBase {
 public:
  typedef DeviceType device_type;
  typedef ArrayTypes<DeviceType> AT;

  explicit PairMTPKokkos(LAMMPS* lmp);
  ~PairMTPKokkos() override;
  void coeff(int narg, char** arg) override;
  void init_style() override;
  void compute(int eflag, int vflag) override;

  // Of `homes`, on one process.
  int pack_forward_comm(int n, int* list, double* buffer, int, int*) override;
  void unpack_forward_comm(int n, int first, double* buffer) override;
  int pack_forward_comm_kokkos(int n, DAT::tdual_int_1d list, DAT::tdual_double_1d& buffer, int, int*) override;
  void unpack_forward_comm_kokkos(int n, int first, DAT::tdual_double_1d& buffer) override;
  int pack_reverse_comm_kokkos(int n, int first, DAT::tdual_double_1d& buffer) override;
  void unpack_reverse_comm_kokkos(int n, DAT::tdual_int_1d list, DAT::tdual_double_1d& buffer) override;
  int pack_reverse_comm(int n, int first, double* buffer) override;
  void unpack_reverse_comm(int n, int* list, double* buffer) override;

  using MemorySpace = typename DeviceType::memory_space;
  // Makes `centres` of a new list. (Public, because nvcc takes device lambdas from public functions only.)
  void findCentres();

 private:
  // Atoms of the list that the potential describes: all, or those whose type is not NULL; species by species, so that
  // the centres of a pack are alike.
  Kokkos::View<int const*, MemorySpace> centres;
  using Neighbors = sinter::KokkosNeighbors<typename ArrayTypes<DeviceType>::t_int_1d,
                                            typename ArrayTypes<DeviceType>::t_neighbors_2d>;
  sinter::InnerList<DeviceType, Neighbors> inner_list;
  using AllForces = Kokkos::DualView<double* [3], Kokkos::LayoutRight, DeviceType>;

  void findHomes();
  void takeForcesToHost();  // where LAMMPS communicates on the host

  sinter::MtpPlan<MemorySpace> plan;
  sinter::LammpsBuffers<DeviceType> buffers;
  Kokkos::View<int const*, MemorySpace> d_type_map;
  Kokkos::View<int*, Kokkos::HostSpace> homes;  // (owned + ghosts) the owned atom that each is an image of
  AllForces all_forces;                         // (owned + ghosts, 3), with newton off on several processes or a device

  DAT::ttransform_kkacc_1d k_eatom;
  DAT::ttransform_kkacc_1d_6 k_vatom;
  DAT::ttransform_kkacc_1d_9 k_cvatom;
};

}  // namespace LAMMPS_NS

#endif  // SINTER_PAIR_MTP_KOKKOS_H
#endif  // PAIR_CLASS
