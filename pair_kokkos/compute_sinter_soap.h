/// \file
/// LAMMPS compute `sinter/soap`: how like atoms, and all of them together, are to crystals; life cycle only.
#ifdef COMPUTE_CLASS
// clang-format off
ComputeStyle(sinter/soap,ComputeSinterSoap);
// clang-format on
#else

#ifndef SINTER_COMPUTE_SINTER_SOAP_H
#define SINTER_COMPUTE_SINTER_SOAP_H

#include <Kokkos_Core.hpp>
#include <memory>
#include <vector>

#include "compute.h"
#include "lammps_soap.hpp"
#include "sinter/soap/soap_settings.hpp"
#include "sinter/structures/reference_structures.hpp"

namespace LAMMPS_NS {

/// What the plain and the KOKKOS style share: input, types, neighbour request, arrays, sums over ranks.
///
///   compute ID group sinter/soap REF [preset NAME] [convention quip] [n_max N] [l_max L] [cutoff R] [cutoff_width W]
///                                    [sigma S] [zeta Z] [species A B ...]
///
/// Per atom of the group: (p . p')^zeta for each frame of REF, a column for each; 0 for other atoms. Global vector: the
/// same of the inner average over the group.
class ComputeSinterSoapBase : public Compute {
 public:
  ComputeSinterSoapBase(LAMMPS* lmp, int narg, char** arg);
  ~ComputeSinterSoapBase() override;

  void init() override;
  void init_list(int id, NeighList* pointer) override;
  void compute_peratom() override;
  void compute_vector() override;
  double memory_usage() override;

 protected:
  // `LammpsSoap::evaluate` of own atoms in the group; fills `rows` where they are asked for.
  virtual std::vector<double> evaluate(bool per_atom) = 0;
  virtual std::vector<double> ofAverage(std::vector<double> const& all_sums) const = 0;

  NeighList* list = nullptr;
  sinter::SoapSettings settings;
  double zeta = 4;
  sinter::ReferenceStructures references;
  std::vector<int> type_map;  // species of the settings for LAMMPS types 0 (unused), 1, ...; -1 for NULL
  double** rows = nullptr;    // (nmax, references), zero when `evaluate` is called
  std::vector<double> sums;   // of this rank, of step `sums_step`

 private:
  void buildList();
  void readKeywords(int narg, char** arg);
  void mapTypes(std::vector<std::string> const& names, char const* file);

  int nmax = 0;
  bigint sums_step = -1;
};

/// The plain style: one thread, any LAMMPS.
class ComputeSinterSoap : public ComputeSinterSoapBase {
 public:
  ComputeSinterSoap(LAMMPS* lmp, int narg, char** arg);

 protected:
  std::vector<double> evaluate(bool per_atom) override;
  std::vector<double> ofAverage(std::vector<double> const& all_sums) const override;

 private:
  std::unique_ptr<sinter::LammpsSoap<Kokkos::Serial> > soap;
};

}  // namespace LAMMPS_NS

#endif  // SINTER_COMPUTE_SINTER_SOAP_H
#endif  // COMPUTE_CLASS
