/// \file
/// LAMMPS compute `sinter/soap/kk`: everything but the results stays where KOKKOS keeps it.
#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(sinter/soap/kk,ComputeSinterSoapKokkos<LMPDeviceType>);
ComputeStyle(sinter/soap/kk/device,ComputeSinterSoapKokkos<LMPDeviceType>);
ComputeStyle(sinter/soap/kk/host,ComputeSinterSoapKokkos<LMPHostType>);
// clang-format on
#else

#ifndef SINTER_COMPUTE_SINTER_SOAP_KOKKOS_H
#define SINTER_COMPUTE_SINTER_SOAP_KOKKOS_H

#include "compute_sinter_soap.h"
#include "kokkos_type.h"

namespace LAMMPS_NS {

/// \tparam DeviceType LMPDeviceType or LMPHostType
template <class DeviceType>
class ComputeSinterSoapKokkos : public ComputeSinterSoapBase {
 public:
  using MemorySpace = typename DeviceType::memory_space;

  ComputeSinterSoapKokkos(LAMMPS* lmp, int narg, char** arg);
  void init() override;

  // (Public, because nvcc takes device lambdas from public functions only.)
  std::vector<double> evaluate(bool per_atom) override;

 protected:
  std::vector<double> ofAverage(std::vector<double> const& all_sums) const override;

 private:
  std::unique_ptr<sinter::LammpsSoap<DeviceType> > soap;
  Kokkos::View<int const*, MemorySpace> d_type_map;
};

}  // namespace LAMMPS_NS

#endif  // SINTER_COMPUTE_SINTER_SOAP_KOKKOS_H
#endif  // COMPUTE_CLASS
