/// \file
/// Where the results of `evaluateMtp` go.
#pragma once

#include <Kokkos_Core.hpp>

#include "sinter/core/simd.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/neighbor/force_sum.hpp"

namespace sinter {

/// Site energies, forces and the virial of each centre, eq. (2.13).
///
/// F_i += dE_i/dr_ij, F_j -= dE_i/dr_ij; the virial of a centre is -sum_j r_ij (x) dE_i/dr_ij.
template <class ExecutionSpace>
struct EnergyForcesVirialSink {
  using memory_space = typename ExecutionSpace::memory_space;
  static constexpr bool owns_groups = false;

  Kokkos::View<double*, memory_space> site_energies;                         ///< (atoms) eV
  ForceSum<ExecutionSpace> forces;                                           ///< begun by the caller
  Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> site_virial;  ///< (atoms, 6) eV, xx yy zz yz xz xy

  /// What one thread adds through.
  struct Access {
    EnergyForcesVirialSink const& sink;
    typename ForceSum<ExecutionSpace>::Access forces;

    KOKKOS_FUNCTION void siteEnergy(int i, double energy) const { sink.site_energies(i) = energy; }
    KOKKOS_FUNCTION static constexpr bool wantsVirials() { return true; }
    KOKKOS_FUNCTION static constexpr bool wantsPairVirials() { return false; }
    KOKKOS_FUNCTION static void pairVirial(int, int, double const (&)[3][3]) {}
    KOKKOS_FUNCTION void pair(int, int j, Triple const& gradient) const { forces.subtract(j, gradient); }
    KOKKOS_FUNCTION void centre(int, int i, PairSums const& sums) const {
      forces.addToCentre(i, sums.gradient);
      for (int v = 0; v < 6; ++v) sink.site_virial(i, v) = sums.virial[v];
    }
  };
  KOKKOS_FUNCTION Access access() const { return {*this, typename ForceSum<ExecutionSpace>::Access(forces)}; }
};

/// Rows of the linear least-squares problem: what each basis function adds to energy, forces and virial.
///
/// One thread owns a structure: on the host rows are summed without atomics and in a fixed order.
template <class ExecutionSpace>
struct DesignRowsSink {
  using memory_space = typename ExecutionSpace::memory_space;
  static constexpr bool owns_groups = true;

  Kokkos::View<int const*, memory_space> structure;                   ///< (atoms) structure of each atom
  Kokkos::View<double**, Kokkos::LayoutRight, memory_space> energy;   ///< (structures, basis) sum_i B_k
  Kokkos::View<double***, Kokkos::LayoutRight, memory_space> force;   ///< (atoms, 3, basis) force on an atom
  Kokkos::View<double***, Kokkos::LayoutRight, memory_space> virial;  ///< (structures, 6, basis) xx yy zz yz xz xy

  KOKKOS_FUNCTION DesignRowsSink const& access() const { return *this; }
  KOKKOS_FUNCTION void basisValue(int i, int b, double value) const { energy(structure(i), b) += value; }
  KOKKOS_FUNCTION static constexpr bool wantsVirials() { return true; }
  KOKKOS_FUNCTION static constexpr bool wantsPairVirials() { return false; }
  KOKKOS_FUNCTION static void pairVirial(int, int, double const (&)[3][3]) {}
  KOKKOS_FUNCTION void pair(int b, int j, Triple const& gradient) const {
    for (int x = 0; x < 3; ++x) {
      if constexpr (is_device_space<ExecutionSpace>) {  // vector lanes may meet in two images of one atom
        Kokkos::atomic_sub(&force(j, x, b), gradient[x]);
      } else {
        force(j, x, b) -= gradient[x];
      }
    }
  }
  KOKKOS_FUNCTION void centre(int b, int i, PairSums const& sums) const {
    for (int x = 0; x < 3; ++x) force(i, x, b) += sums.gradient[x];
    for (int v = 0; v < 6; ++v) virial(structure(i), v, b) += sums.virial[v];
  }
};

}  // namespace sinter
