/// \file
/// LAMMPS pair style `mtp`, also known as `mlip`: life cycle only; the physics is `evaluateMtp`.
#ifdef PAIR_CLASS
// clang-format off
PairStyle(mtp,PairMTP);
PairStyle(mlip,PairMTP);
// clang-format on
#else

#ifndef SINTER_PAIR_MTP_H
#define SINTER_PAIR_MTP_H

#include <Kokkos_Core.hpp>
#include <string>
#include <vector>

#include "lammps_sink.hpp"
#include "pair.h"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_plan.hpp"

namespace LAMMPS_NS {

/// What the plain and the KOKKOS style share: input, types, neighbour request, ghost forces when newton is off.
///
///   pair_style mtp FILE [species A B ...] [precision double|mixed]
///   pair_style mlip load_from=FILE                                  as in inputs for MLIP-3
///   pair_coeff * * [A B ...]      one species (or NULL) per atom type
class PairMTPBase : public Pair {
 public:
  explicit PairMTPBase(LAMMPS* lmp);
  ~PairMTPBase() override;

  void settings(int narg, char** arg) override;
  void coeff(int narg, char** arg) override;
  void init_style() override;
  double init_one(int i, int j) override;

  // With newton off LAMMPS does not send home what ghosts got; the style does.
  int pack_reverse_comm(int n, int first, double* buffer) override;
  void unpack_reverse_comm(int n, int* list, double* buffer) override;

 protected:
  void allocate();
  void refuseExtrapolationControl(int narg, char** arg);
  void sendHome(double* data, int width);  // adds rows of ghosts to those of their owners
  void sendVirialsHome();                  // vatom and cvatom (host), with newton off
  void clearGhostVirials();

  sinter::MtpModel model;
  sinter::Precision precision = sinter::Precision::full;
  bool types_in_order = false;     // without names, LAMMPS's types are those of the potential, in the same order
  std::vector<int> type_map;       // species of the potential for LAMMPS types 0 (unused), 1, ...; -1 for NULL
  double* reverse_data = nullptr;  // rows of owned and ghost atoms while they are sent home
  int reverse_width = 0;           // of a row: 3 for forces, 6 or 9 for virials
};

/// The plain style: one thread, any LAMMPS.
class PairMTP : public PairMTPBase {
 public:
  using PairMTPBase::PairMTPBase;
  void coeff(int narg, char** arg) override;
  void compute(int eflag, int vflag) override;

 private:
  sinter::MtpPlan<Kokkos::HostSpace> plan;
  sinter::LammpsBuffers<Kokkos::Serial> buffers;
  std::vector<double> all_forces;  // (owned + ghosts) x 3, with newton off
};

}  // namespace LAMMPS_NS

#endif  // SINTER_PAIR_MTP_H
#endif  // PAIR_CLASS
