#include "compute_sinter_soap.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "lammps_environment.hpp"
#include "lammps_kokkos.hpp"
#include "memory.h"
#include "neigh_list.h"
#include "neigh_request.h"
#include "neighbor.h"
#include "npair.h"
#include "pair.h"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "update.h"
#include "utils.h"

namespace LAMMPS_NS {

ComputeSinterSoapBase::ComputeSinterSoapBase(LAMMPS* lmp, int narg, char** arg) : Compute(lmp, narg, arg) {
  sinter::startKokkos(error);
  if (narg < 4) error->all(FLERR, "compute sinter/soap: expected the name of a file of reference crystals");
  if (!domain->box_exist) error->all(FLERR, "compute sinter/soap: expected a simulation box before it");
  if (std::strcmp(update->unit_style, "metal") != 0 && std::strcmp(update->unit_style, "real") != 0)
    error->all(FLERR, "compute sinter/soap: found units {}, expected metal or real (Angstrom)", update->unit_style);
  try {
    references = sinter::readReferenceStructures(arg[3]);
    readKeywords(narg, arg);
    sinter::checkSoapSettings(settings);
  } catch (sinter::InputError const& e) {
    error->all(FLERR, "compute sinter/soap: {}", e.what());
  }

  int const columns = static_cast<int>(references.names.size());
  peratom_flag = 1;
  size_peratom_cols = columns == 1 ? 0 : columns;
  vector_flag = 1;
  size_vector = columns;
  extvector = 0;
  vector = new double[columns];
  std::string text;
  for (int r = 0; r < columns; r++) text += fmt::format(" {} {}", r + 1, references.names[r]);
  if (comm->me == 0) utils::logmesg(lmp, "compute {} sinter/soap: similarities to{}\n", id, text);
}

ComputeSinterSoapBase::~ComputeSinterSoapBase() {
  memory->destroy(rows);
  delete[] vector;
}

void ComputeSinterSoapBase::readKeywords(int narg, char** arg) {
  std::map<std::string, std::string> values = {{"preset", "paper-2022-scripts"},
                                               {"convention", "quip"},
                                               {"n_max", ""},
                                               {"l_max", ""},
                                               {"cutoff", ""},
                                               {"cutoff_width", ""},
                                               {"sigma", ""},
                                               {"zeta", ""}};
  std::vector<std::string> names;
  for (int a = 4; a < narg;) {
    std::string const key = arg[a];
    int const count = key == "species" ? atom->ntypes : 1;
    if (key != "species" && !values.contains(key))
      error->all(FLERR,
                 "compute sinter/soap: found keyword '{}', expected preset, convention, n_max, l_max, cutoff, "
                 "cutoff_width, sigma, zeta or species",
                 key);
    if (a + count >= narg)
      error->all(FLERR, "compute sinter/soap: found {} words behind {}, expected {}", narg - a - 1, key, count);
    if (key == "species")
      names.assign(arg + a + 1, arg + a + 1 + count);
    else
      values[key] = arg[a + 1];
    a += 1 + count;
  }
  settings = sinter::soapPreset(values["preset"], 0);
  if (values["convention"] != "quip")
    error->all(FLERR, "compute sinter/soap: found convention {}, expected quip, whose vectors have length 1",
               values["convention"]);
  auto const take = [&](char const* key, auto& to) {
    if (values[key].empty()) return;
    if constexpr (std::is_same_v<std::decay_t<decltype(to)>, int>)
      to = utils::inumeric(FLERR, values[key], false, lmp);
    else
      to = utils::numeric(FLERR, values[key], false, lmp);
  };
  take("n_max", settings.n_max);
  take("l_max", settings.l_max);
  take("cutoff", settings.cutoff);
  take("cutoff_width", settings.cutoff_width);
  take("sigma", settings.sigma);
  take("zeta", zeta);
  mapTypes(names, arg[3]);
}

void ComputeSinterSoapBase::mapTypes(std::vector<std::string> const& names, char const* file) {
  std::set<std::int32_t> species;
  for (auto const& structure : references.structures)
    species.insert(structure.species.begin(), structure.species.end());
  if (*species.begin() < 0)
    error->all(FLERR, "compute sinter/soap: found atom types without names in {}, expected chemical symbols", file);
  settings.species.assign(species.begin(), species.end());
  std::string symbols;
  for (auto const z : settings.species) symbols += (symbols.empty() ? "" : ",") + sinter::chemicalSymbol(z);
  if (names.empty() && settings.species.size() > 1)
    error->all(FLERR,
               "compute sinter/soap: found several species in {} ({}), expected species and one of them, or NULL, per "
               "atom type",
               file, symbols);
  type_map.assign(static_cast<std::size_t>(atom->ntypes) + 1, names.empty() ? 0 : -1);
  for (std::size_t t = 0; t < names.size(); t++) {
    if (names[t] == "NULL") continue;
    auto const found = std::find(settings.species.begin(), settings.species.end(), sinter::atomicNumber(names[t]));
    if (found == settings.species.end())
      error->all(FLERR, "compute sinter/soap: found species {}, expected those of {}: {}", names[t], file, symbols);
    type_map[t + 1] = static_cast<int>(found - settings.species.begin());
  }
}

void ComputeSinterSoapBase::init() {
  if (comm->mode != Comm::SINGLE)
    error->all(FLERR, "compute sinter/soap: found comm_modify mode multi, expected single");
  // Bins are those of LAMMPS's own last list, and atoms may have moved half a skin since.
  double const range = settings.cutoff + neighbor->skin;
  double const ghosts =
      std::max(comm->cutghostuser, force->pair != nullptr ? force->pair->cutforce + neighbor->skin : 0.0);
  if (range > ghosts)
    error->all(
        FLERR,
        "compute sinter/soap: found ghost atoms up to {} A, expected {} (cutoff and skin): comm_modify cutoff {}",
        ghosts, range, range);
  neighbor->add_request(this, NeighConst::REQ_FULL | NeighConst::REQ_OCCASIONAL)->set_cutoff(range);
  sums_step = -1;
}

void ComputeSinterSoapBase::init_list(int, NeighList* pointer) { list = pointer; }

// By itself LAMMPS builds an occasional list once between two of its own. Of atoms that have come closer by two skins
// since then it would lack some.
void ComputeSinterSoapBase::buildList() {
  if (list->np->last_build < update->ntimestep) list->np->last_build = -1;
  neighbor->build_one(list);
}

void ComputeSinterSoapBase::compute_peratom() {
  invoked_peratom = update->ntimestep;
  if (atom->nmax > nmax) {
    nmax = atom->nmax;
    memory->destroy(rows);
    memory->create(rows, nmax, size_vector, "sinter/soap:rows");
    if (size_peratom_cols == 0)
      vector_atom = &rows[0][0];
    else
      array_atom = rows;
  }
  if (nmax > 0) std::fill_n(&rows[0][0], static_cast<std::size_t>(atom->nlocal) * size_vector, 0.0);
  buildList();
  sums = evaluate(true);
  sums_step = update->ntimestep;
}

void ComputeSinterSoapBase::compute_vector() {
  invoked_vector = update->ntimestep;
  if (sums_step != update->ntimestep) {
    buildList();
    sums = evaluate(false);
    sums_step = update->ntimestep;
  }
  std::vector<double> all_sums(sums.size());
  MPI_Allreduce(sums.data(), all_sums.data(), static_cast<int>(sums.size()), MPI_DOUBLE, MPI_SUM, world);
  std::fill_n(vector, size_vector, 0.0);
  if (all_sums.back() > 0) std::ranges::copy(ofAverage(all_sums), vector);
}

double ComputeSinterSoapBase::memory_usage() { return static_cast<double>(nmax) * size_vector * sizeof(double); }

// ---- the plain style
// -------------------------------------------------------------------------------------------------

ComputeSinterSoap::ComputeSinterSoap(LAMMPS* lmp, int narg, char** arg) : ComputeSinterSoapBase(lmp, narg, arg) {
  try {
    soap = std::make_unique<sinter::LammpsSoap<Kokkos::Serial>>(settings, references, zeta);
  } catch (sinter::InputError const& e) {
    error->all(FLERR, "compute sinter/soap: {}", e.what());
  }
}

std::vector<double> ComputeSinterSoap::evaluate(bool per_atom) {
  std::vector<int> centres;
  auto const environment = sinter::plainEnvironment(*atom, *list, type_map, groupbit, centres);
  using Rows = sinter::LammpsSoap<Kokkos::Serial>::Similarities;
  bool const puts = per_atom && !centres.empty();
  return soap->evaluate(environment, puts ? Rows(&rows[0][0], atom->nlocal, size_vector) : Rows());
}

std::vector<double> ComputeSinterSoap::ofAverage(std::vector<double> const& all_sums) const {
  return soap->ofAverage(all_sums);
}

}  // namespace LAMMPS_NS
