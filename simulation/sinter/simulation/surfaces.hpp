/// \file
/// Surfaces of a crystal with the diamond structure, not reconstructed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/simulation/batch_relaxation.hpp"

namespace sinter {

/// 1 eV/A^2 in J/m^2.
inline constexpr double joule_per_square_metre_per_ev_per_square_angstrom = 16.02176634;  ///< exact, SI 2019

/// Miller indices of a surface.
enum class DiamondSurface { s100, s110, s111 };
[[nodiscard]] std::string nameOf(DiamondSurface surface);  ///< "100", "110", "111"

/// A slab, one surface cell (1 x 1) wide, periodic along its first two lattice vectors (x, and the xy plane) and not
/// along the third (z), which is as long as the slab is thick and 10 A more. Both sides are the same surface.
/// \param planes planes of the fcc lattice, each with two atoms per surface cell: for (100) two layers a/4 apart, for
///        (110) one layer, for (111) a double layer (cut where one bond per atom is broken)
/// \param lattice_constant (A) \throws InputError unless it and `planes` are positive.
[[nodiscard]] Structure diamondSlab(DiamondSurface surface, std::int32_t atomic_number, double lattice_constant,
                                    int planes);

/// A relaxed slab.
struct SurfaceEnergy {
  DiamondSurface surface{};
  double area = 0;              ///< of one side (A^2)
  double unrelaxed_energy = 0;  ///< (E - N E_bulk) / (2 area) as cut (eV/A^2)
  double energy = 0;            ///< the same with relaxed atoms
  Structure structure;          ///< relaxed
};

/// Energies of surfaces from slabs of `planes` planes; atoms are relaxed, the surface cell stays that of the bulk.
/// Reconstructions that need a larger surface cell, as the dimers of (100), cannot happen. One batch.
/// \param lattice_constant (A) that of the relaxed crystal
/// \param settings pressure, cell and its tolerance play no part
/// \throws InputError unless `lattice_constant` and `planes` are positive, and when a relaxation did not converge.
template <class ExecutionSpace>
[[nodiscard]] std::vector<SurfaceEnergy> surfaceEnergies(MtpModel const& model, std::int32_t atomic_number,
                                                         double lattice_constant, int planes,
                                                         std::span<DiamondSurface const> surfaces,
                                                         RelaxationSettings settings = {}, ExecutionSpace space = {});

}  // namespace sinter
