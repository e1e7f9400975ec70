#include "pair_mtp.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <numeric>

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "force.h"
#include "lammps_environment.hpp"
#include "lammps_kokkos.hpp"
#include "memory.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "update.h"
#include "utils.h"

namespace LAMMPS_NS {

namespace {
// Keywords of MLIP-3's `pair_style mlip`. To ignore them would leave a run unwatched whose author thinks otherwise.
bool isExtrapolationControl(std::string const& word) {
  auto const key = word.substr(0, word.find('='));
  return key.starts_with("extrapolation_control") || key == "save_extrapolative_to" || key == "threshold_save" ||
         key == "threshold_break";
}
}  // namespace

PairMTPBase::PairMTPBase(LAMMPS* lmp) : Pair(lmp) {
  sinter::startKokkos(error);
  one_coeff = 1;
  manybody_flag = 1;
  single_enable = 0;
  restartinfo = 0;
  respa_enable = 0;
  no_virial_fdotr_compute = 1;
  centroidstressflag = CENTROID_AVAIL;
  unit_convert_flag = 0;
  comm_reverse_off = 9;  // the most that sendHome sends: centroid virials
}

PairMTPBase::~PairMTPBase() {
  if (copymode || !allocated) return;
  memory->destroy(setflag);
  memory->destroy(cutsq);
}

void PairMTPBase::allocate() {
  allocated = 1;
  int const n = atom->ntypes;
  memory->create(setflag, n + 1, n + 1, "pair:setflag");
  memory->create(cutsq, n + 1, n + 1, "pair:cutsq");
  for (int i = 1; i <= n; i++)
    for (int j = 1; j <= n; j++) setflag[i][j] = 0;
}

void PairMTPBase::refuseExtrapolationControl(int narg, char** arg) {
  for (int a = 0; a < narg; a++)
    if (isExtrapolationControl(arg[a]))
      error->all(FLERR, "pair_style mlip: found '{}', but Sinter computes no extrapolation grades; remove the keyword",
                 arg[a]);
}

void PairMTPBase::settings(int narg, char** arg) {
  refuseExtrapolationControl(narg, arg);
  if (narg < 1) error->all(FLERR, "pair_style mtp: expected the name of a potential file");
  std::string file = arg[0];
  if (file.ends_with(".ini"))
    error->all(FLERR, "pair_style mlip: found {}, a settings file of MLIP-2; expected load_from=FILE, a potential",
               file);
  types_in_order = file.starts_with("load_from=");  // an input written for MLIP-3
  if (types_in_order) file.erase(0, file.find('=') + 1);
  // LAMMPS calls this again, of the same object, when the input repeats `pair_style mtp`: everything starts anew, and
  // pair_coeff, which builds the plan, must follow.
  precision = sinter::Precision::full;
  if (allocated)
    for (int i = 1; i <= atom->ntypes; i++)
      for (int j = 1; j <= atom->ntypes; j++) setflag[i][j] = 0;
  try {
    model = sinter::readMtp(file);
  } catch (std::exception const& e) {
    error->all(FLERR, "pair_style mtp: {}", e.what());
  }
  if (!model.trained()) error->all(FLERR, "pair_style mtp: {} has no coefficients (an untrained template)", file);
  for (int a = 1; a < narg;) {
    std::string const key = arg[a];
    if (key == "precision") {
      std::string const value = a + 1 < narg ? arg[a + 1] : "";
      if (value != "double" && value != "mixed")
        error->all(FLERR, "pair_style mtp: found precision '{}', expected double or mixed", value);
      precision = value == "mixed" ? sinter::Precision::mixed : sinter::Precision::full;
      a += 2;
    } else if (key == "species") {
      std::vector<std::int32_t> species;
      for (++a; a < narg && static_cast<int>(species.size()) < model.species_count; ++a) {
        species.push_back(sinter::atomicNumber(arg[a]));
        if (species.back() == 0)
          error->all(FLERR, "pair_style mtp: found species '{}', expected a chemical symbol", arg[a]);
      }
      if (static_cast<int>(species.size()) != model.species_count)
        error->all(FLERR, "pair_style mtp: found {} species, expected {} as in {}", species.size(), model.species_count,
                   file);
      if (!model.species.empty() && model.species != species)
        error->all(FLERR, "pair_style mtp: the species given are not those that {} names", file);
      model.species = species;
    } else {
      error->all(FLERR, "pair_style mtp: found keyword '{}', expected species or precision", key);
    }
  }
}

void PairMTPBase::coeff(int narg, char** arg) {
  if (!allocated) allocate();
  int const types = atom->ntypes;
  if (narg < 2 || std::strcmp(arg[0], "*") != 0 || std::strcmp(arg[1], "*") != 0)
    error->all(FLERR, "pair_coeff of pair_style mtp must be: pair_coeff * * [species of atom types 1, 2, ...]");
  type_map.assign(static_cast<std::size_t>(types) + 1, -1);
  if (narg == 2) {
    if (types_in_order && types <= model.species_count) {
      std::iota(type_map.begin() + 1, type_map.end(), 0);
    } else if (model.species_count > 1) {
      error->all(FLERR,
                 "pair_coeff: the potential has {} species, expected one species per atom type: pair_coeff * * A B ...",
                 model.species_count);
    } else {
      std::fill(type_map.begin() + 1, type_map.end(), 0);
    }
  } else {
    if (narg != 2 + types)
      error->all(FLERR, "pair_coeff: found {} species, expected {} (one per atom type)", narg - 2, types);
    if (model.species.empty() && model.species_count > 1)
      error->all(FLERR,
                 "pair_coeff: the potential does not name its {} species; name them in the order of the file: "
                 "pair_style mtp FILE species A B ...",
                 model.species_count);
    std::string only;  // a file with one species that it does not name takes any one name
    for (int t = 1; t <= types; t++) {
      std::string const name = arg[t + 1];
      if (name == "NULL") continue;
      if (model.species.empty()) {
        if (!only.empty() && only != name)
          error->all(FLERR, "pair_coeff: found species {} and {}, but the potential has one species", only, name);
        only = name;
        type_map[t] = 0;
        continue;
      }
      auto const found = std::find(model.species.begin(), model.species.end(), sinter::atomicNumber(name));
      if (found == model.species.end()) error->all(FLERR, "pair_coeff: the potential does not know species {}", name);
      type_map[t] = static_cast<int>(found - model.species.begin());
    }
  }
  for (int i = 1; i <= types; i++)
    for (int j = i; j <= types; j++) setflag[i][j] = type_map[i] >= 0 && type_map[j] >= 0 ? 1 : 0;
}

void PairMTPBase::init_style() {
  if (std::strcmp(update->unit_style, "metal") != 0)
    error->all(FLERR, "pair_style mtp: found units {}, expected metal", update->unit_style);
  if (utils::strmatch(update->integrate_style, "^respa"))
    error->all(FLERR, "pair_style mtp: found run_style {}, expected verlet: a many-body potential cannot be split",
               update->integrate_style);
  neighbor->add_request(this, NeighConst::REQ_FULL);
}

double PairMTPBase::init_one(int, int) { return model.max_dist; }

int PairMTPBase::pack_reverse_comm(int n, int first, double* buffer) {
  if (n == 0) return 0;
  std::memcpy(buffer, reverse_data + static_cast<std::size_t>(reverse_width) * first,
              sizeof(double) * reverse_width * n);
  return reverse_width * n;
}

void PairMTPBase::unpack_reverse_comm(int n, int* list, double* buffer) {
  for (int i = 0; i < n; i++) {
    double* const row = reverse_data + static_cast<std::size_t>(reverse_width) * list[i];
    for (int x = 0; x < reverse_width; x++) row[x] += buffer[reverse_width * i + x];
  }
}

void PairMTPBase::sendHome(double* data, int width) {
  reverse_data = data;
  reverse_width = width;
  comm->reverse_comm(this, width);
}

void PairMTPBase::sendVirialsHome() {
  if (force->newton_pair) return;
  if (vflag_atom) sendHome(&vatom[0][0], 6);
  if (cvflag_atom) sendHome(&cvatom[0][0], 9);
  clearGhostVirials();  // LAMMPS's computes collect them when newton is on for bonds
}

void PairMTPBase::clearGhostVirials() {
  auto const ghosts = static_cast<std::size_t>(atom->nghost);
  if (ghosts == 0) return;
  if (vflag_atom) std::fill_n(vatom[atom->nlocal], 6 * ghosts, 0.0);
  if (cvflag_atom) std::fill_n(cvatom[atom->nlocal], 9 * ghosts, 0.0);
}

// ---- the plain style
// -------------------------------------------------------------------------------------------------

void PairMTP::coeff(int narg, char** arg) {
  PairMTPBase::coeff(narg, arg);
  try {
    plan = sinter::makeMtpPlan<Kokkos::HostSpace>(model, sinter::MtpProgramUse::energy);
  } catch (std::exception const& e) {
    error->all(FLERR, "pair_style mtp: {}", e.what());
  }
}

void PairMTP::compute(int eflag, int vflag) {
  ev_init(eflag, vflag);
  using Unmanaged = Kokkos::MemoryTraits<Kokkos::Unmanaged>;
  using Forces = Kokkos::View<double* [3], Kokkos::LayoutRight, Kokkos::HostSpace, Unmanaged>;
  using AtomVirial = Kokkos::View<double* [6], Kokkos::LayoutRight, Kokkos::HostSpace, Unmanaged>;
  using CentroidVirial = Kokkos::View<double* [9], Kokkos::LayoutRight, Kokkos::HostSpace, Unmanaged>;

  int const all = atom->nlocal + atom->nghost;
  if (all == 0) return;
  if (!force->newton) clearGhostVirials();  // then ev_init leaves them as they are
  std::vector<int> centres;
  auto const environment = sinter::plainEnvironment(*atom, *list, type_map, 1, centres);

  bool const own_reverse = !force->newton_pair;
  if (own_reverse) all_forces.assign(3 * static_cast<std::size_t>(all), 0.0);
  double* const target = own_reverse ? all_forces.data() : &atom->f[0][0];

  sinter::LammpsTally tally;
  tally.totals = eflag_global || vflag_global;
  tally.atom_virial = vflag_atom;
  tally.centroid_virial = cvflag_atom;
  Forces const forces(target, all);
  AtomVirial const atom_virial(vflag_atom ? &vatom[0][0] : nullptr, vflag_atom ? all : 0);
  CentroidVirial const centroid_virial(cvflag_atom ? &cvatom[0][0] : nullptr, cvflag_atom ? all : 0);
  Kokkos::Serial const space;
  if (precision == sinter::Precision::mixed)
    sinter::evaluateForLammps<float>(space, plan, environment, buffers, forces, {}, false, atom_virial, centroid_virial,
                                     tally);
  else
    sinter::evaluateForLammps<double>(space, plan, environment, buffers, forces, {}, false, atom_virial,
                                      centroid_virial, tally);

  if (own_reverse) {
    sendHome(all_forces.data(), 3);
    for (int i = 0; i < atom->nlocal; i++)
      for (int x = 0; x < 3; x++) atom->f[i][x] += all_forces[3 * static_cast<std::size_t>(i) + x];
  }
  if (eflag_global) eng_vdwl += tally.energy;
  if (eflag_atom)
    for (int const i : centres) eatom[i] += buffers.site_energies(i);
  if (vflag_global)
    for (int v = 0; v < 6; v++) virial[v] += tally.virial[v];
  sendVirialsHome();
}

}  // namespace LAMMPS_NS
