/// \file
/// The potentials and crystals that the benchmarks evaluate, here and in LAMMPS, and the plain reference's answer for
/// one atom in the middle of a crystal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "neighbor_reference.hpp"
#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter::perf {

/// A potential with random coefficients; none is zero.
struct MtpCase {
  int level = 16;
  int species = 1;       ///< 1 to 5
  int neighbors = 28;    ///< in diamond silicon: 28, 46 or 70, by the cutoff
  bool foreign = false;  ///< a table that is no template's
};

/// "level:16/species:1/neighbors:28/table:template"
std::string nameOf(MtpCase const& mtp);

/// Atomic numbers of the species.
std::vector<std::int32_t> speciesOf(MtpCase const& mtp);

MtpModel makeModel(MtpCase const& mtp);

/// Flops of one atom-step by the standard count of ../shared/design/performance.md (28 neighbours, FMA = 2), whatever
/// the code executes; 0 where there is none.
double standardFlops(MtpCase const& mtp);

/// Diamond of 8 cells^3 atoms with the lattice constant of silicon, atoms moved by up to 0.08 A along each axis, the
/// species alternating.
Structure crystalOf(MtpCase const& mtp, int cells);

/// An atom in the middle of `crystalOf(mtp, cells)`.
int middleAtom(int cells);

/// Atoms (images too) within `radius` of an atom, by plain loops; the cell is rectangular.
std::vector<reference::Pair> neighborsOf(Structure const& structure, int atom, double radius);

/// The plain reference's answer for one atom and the centres whose energies depend on it.
struct SpotCheck {
  int atom;
  std::vector<int> centres;  ///< the atom and its neighbours
  double energy;             ///< of the centres (eV)
  Vector3 force;             ///< on the atom (eV/A)
  double scale;              ///< size of what is summed: errors are compared with it

  /// Sum of the deviations of another answer, over `scale`.
  [[nodiscard]] double deviation(double other_energy, Vector3 const& other_force) const;
};

SpotCheck spotCheck(MtpModel const& model, Structure const& structure, int atom);

}  // namespace sinter::perf
