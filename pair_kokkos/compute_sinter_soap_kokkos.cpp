#include "compute_sinter_soap_kokkos.h"

#include <algorithm>
#include <type_traits>

#include "atom_kokkos.h"
#include "atom_masks.h"
#include "error.h"
#include "lammps_environment.hpp"
#include "neigh_list_kokkos.h"
#include "neigh_request.h"
#include "neighbor.h"
#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"

namespace LAMMPS_NS {

template <class DeviceType>
ComputeSinterSoapKokkos<DeviceType>::ComputeSinterSoapKokkos(LAMMPS* lmp, int narg, char** arg)
    : ComputeSinterSoapBase(lmp, narg, arg) {
  kokkosable = 1;
  atomKK = static_cast<AtomKokkos*>(atom);
  execution_space = ExecutionSpaceFromDevice<DeviceType>::space;
  datamask_read = EMPTY_MASK;
  datamask_modify = EMPTY_MASK;
  try {
    soap = std::make_unique<sinter::LammpsSoap<DeviceType>>(settings, references, zeta);
  } catch (sinter::InputError const& e) {
    error->all(FLERR, "compute sinter/soap/kk: {}", e.what());
  }
  d_type_map = sinter::copyTo<MemorySpace>(type_map, "sinter::compute::type_map");
}

template <class DeviceType>
void ComputeSinterSoapKokkos<DeviceType>::init() {
  ComputeSinterSoapBase::init();
  auto* const request = neighbor->find_request(this);
  constexpr bool is_device = std::is_same_v<DeviceType, LMPDeviceType>;
  request->set_kokkos_host(std::is_same_v<DeviceType, LMPHostType> && !is_device);
  request->set_kokkos_device(is_device);
}

template <class DeviceType>
std::vector<double> ComputeSinterSoapKokkos<DeviceType>::evaluate(bool per_atom) {
  using AT = ArrayTypes<DeviceType>;
  using Neighbors = sinter::KokkosNeighbors<typename AT::t_int_1d, typename AT::t_neighbors_2d>;
  atomKK->sync(execution_space, X_MASK | TYPE_MASK | MASK_MASK);
  auto* const k_list = static_cast<NeighListKokkos<DeviceType>*>(list);
  DeviceType const space;

  sinter::LammpsEnvironment<MemorySpace, typename AT::t_kkfloat_1d_3_lr_randomread, typename AT::t_int_1d_randomread,
                            Neighbors>
      environment;
  environment.x = atomKK->k_x.view<DeviceType>();
  environment.lammps_type = atomKK->k_type.view<DeviceType>();
  environment.type_map = d_type_map;
  environment.list = {k_list->d_numneigh, k_list->d_neighbors};
  environment.atoms = atom->nlocal + atom->nghost;
  environment.owned = atom->nlocal;
  environment.all_described = sinter::allDescribed(type_map);

  auto const ilist = k_list->d_ilist;
  auto const counts = k_list->d_numneigh;
  auto const types = atomKK->k_type.view<DeviceType>();
  auto const masks = atomKK->k_mask.view<DeviceType>();
  auto const species = d_type_map;
  int const bit = groupbit;
  Kokkos::View<int*, MemorySpace> const found(
      Kokkos::view_alloc("sinter::compute::centres", Kokkos::WithoutInitializing), list->inum);
  int count = 0;
  Kokkos::parallel_scan(
      "sinter::compute::findCentres", Kokkos::RangePolicy<DeviceType>(space, 0, list->inum),
      KOKKOS_LAMBDA(int ii, int& sum, bool final) {
        int const i = ilist(ii);
        if ((masks(i) & bit) == 0 || species(types(i)) < 0) return;
        if (final) found(sum) = i;
        ++sum;
      },
      count);
  environment.centres = Kokkos::subview(found, Kokkos::pair<int, int>(0, count));
  int most = 0;
  Kokkos::parallel_reduce(
      "sinter::compute::mostNeighbors", Kokkos::RangePolicy<DeviceType>(space, 0, count),
      KOKKOS_LAMBDA(int c, int& largest) { largest = Kokkos::max(largest, counts(found(c))); }, Kokkos::Max<int>(most));
  environment.most_neighbors = std::max(most, 0);

  using Similarities = typename sinter::LammpsSoap<DeviceType>::Similarities;
  if (!per_atom || count == 0) return soap->evaluate(environment, Similarities());
  Similarities const similarities("sinter::compute::similarities", atom->nlocal, size_vector);
  auto const result = soap->evaluate(environment, similarities);
  Kokkos::View<double**, Kokkos::LayoutRight, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(
      &rows[0][0], atom->nlocal, size_vector);
  Kokkos::deep_copy(host, similarities);
  return result;
}

template <class DeviceType>
std::vector<double> ComputeSinterSoapKokkos<DeviceType>::ofAverage(std::vector<double> const& all_sums) const {
  return soap->ofAverage(all_sums);
}

template class ComputeSinterSoapKokkos<LMPDeviceType>;
#ifdef LMP_KOKKOS_GPU
template class ComputeSinterSoapKokkos<LMPHostType>;
#endif

}  // namespace LAMMPS_NS
