/// \file
/// Results of `evaluateMtp` in LAMMPS's terms, and the call that a pair style makes every step.
#pragma once

#include <Kokkos_Core.hpp>
#include <Kokkos_ScatterView.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_sinks.hpp"

namespace sinter {

/// What a pair style asks for, and gets back.
struct LammpsTally {
  bool totals = true;  ///< energy and virial of this step; without them a device is not waited for
  bool atom_virial = false, centroid_virial = false;
  double energy = 0;      ///< eV, of the centres
  double virial[6] = {};  ///< eV, LAMMPS order xx yy zz xy xz yz
};

/// Site energies, forces and virials, global and per atom.
template <class ExecutionSpace>
struct LammpsSink {
  static constexpr bool owns_groups = false;
  using memory_space = typename ExecutionSpace::memory_space;
  template <class Data>
  using Scatter = Kokkos::Experimental::ScatterView<Data, Kokkos::LayoutRight, typename ExecutionSpace::device_type>;

  Kokkos::View<double*, memory_space> site_energies;                         // (atoms)
  Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> site_virial;  // (atoms) xx yy zz yz xz xy
  ForceSum<ExecutionSpace> forces;
  Kokkos::View<std::uint64_t const*, memory_space> blocks;  // (centres' atoms) of neighbours, where that is known
  Scatter<double* [6]> atom_virial;      // xx yy zz xy xz yz, half of a pair's term to each of its atoms
  Scatter<double* [9]> centroid_virial;  // xx yy zz xy xz yz yx zx zy, all of a pair's term to the neighbour
  bool with_virials = true;              // of centres
  bool with_atom_virial = false, with_centroid_virial = false;

  struct Access {
    LammpsSink const& sink;
    typename ForceSum<ExecutionSpace>::Access forces;

    KOKKOS_FUNCTION void siteEnergy(int i, double energy) const { sink.site_energies(i) = energy; }

    KOKKOS_FUNCTION void pair(int, int j, Triple const& gradient) const { forces.subtract(j, gradient); }

    KOKKOS_FUNCTION bool wantsVirials() const { return sink.with_virials; }
    KOKKOS_FUNCTION bool wantsPairVirials() const { return sink.with_atom_virial || sink.with_centroid_virial; }
    KOKKOS_FUNCTION void pairVirial(int i, int j, double const (&pair)[3][3]) const {
      constexpr int row[9] = {0, 1, 2, 0, 0, 1, 1, 2, 2}, column[9] = {0, 1, 2, 1, 2, 2, 0, 0, 1};
      if (sink.with_atom_virial) {
        auto const virial = sink.atom_virial.access();
        for (int v = 0; v < 6; ++v) {  // symmetric part
          double const half = (pair[row[v]][column[v]] + pair[column[v]][row[v]]) / 4;
          virial(i, v) += half;
          virial(j, v) += half;
        }
      }
      if (sink.with_centroid_virial) {
        auto const virial = sink.centroid_virial.access();
        for (int v = 0; v < 9; ++v) virial(j, v) += pair[row[v]][column[v]];
      }
    }

    KOKKOS_FUNCTION void centre(int, int i, PairSums const& sums) const {
      forces.addToCentre(i, sums.gradient, sink.blocks.data() ? sink.blocks(i) : AtomBlocks::all);
      if (!wantsVirials()) return;
      for (int v = 0; v < 6; ++v) sink.site_virial(i, v) = sums.virial[v];
    }
  };
  KOKKOS_FUNCTION Access access() const { return {*this, typename ForceSum<ExecutionSpace>::Access(forces)}; }
};

/// Buffers of one pair style, kept from step to step.
template <class ExecutionSpace>
struct LammpsBuffers {
  using memory_space = typename ExecutionSpace::memory_space;
  Kokkos::View<double*, memory_space> site_energies;
  Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> site_virial;
  ForceSum<ExecutionSpace> forces;

  void resize(int atoms) {
    if (static_cast<int>(site_energies.extent(0)) >= atoms) return;
    int const extent = atoms + atoms / 8;
    site_energies = {};
    site_virial = {};
    site_energies = decltype(site_energies)("sinter::pair::site_energies", extent);
    site_virial = decltype(site_virial)("sinter::pair::site_virial", extent);
  }
};

/// Forces of all centres; their per-atom virials, where asked for, are added; energy and virial go to `tally`, site
/// energies stay in `buffers`.
/// \param forces, homes, replaces as for `ForceSum::begin`, but `forces` may have rows for images, too
template <class Real, class ExecutionSpace, class Environment, class Forces, class AtomVirial, class CentroidVirial>
void evaluateForLammps(ExecutionSpace const& space, MtpPlan<typename ExecutionSpace::memory_space> const& plan,
                       Environment const& environment, LammpsBuffers<ExecutionSpace>& buffers, Forces forces,
                       typename ForceSum<ExecutionSpace>::Homes const& homes, bool replaces, AtomVirial atom_virial,
                       CentroidVirial centroid_virial, LammpsTally& tally) {
  using Sink = LammpsSink<ExecutionSpace>;
  buffers.resize(environment.atoms);
  Sink sink;
  sink.site_energies = buffers.site_energies;
  sink.site_virial = buffers.site_virial;
  int const with_forces = environment.atoms - static_cast<int>(homes.extent(0));
  buffers.forces.begin(space, Kokkos::subview(forces, Kokkos::pair<int, int>(0, with_forces), Kokkos::ALL), homes,
                       replaces);
  sink.forces = buffers.forces;
  sink.blocks = environment.blocks;
  sink.with_virials = tally.totals;
  sink.with_atom_virial = tally.atom_virial;
  sink.with_centroid_virial = tally.centroid_virial;
  if (tally.atom_virial) sink.atom_virial = typename Sink::template Scatter<double* [6]>(atom_virial);
  if (tally.centroid_virial) sink.centroid_virial = typename Sink::template Scatter<double* [9]>(centroid_virial);

  evaluateMtp<MtpOutputs::site_energies | MtpOutputs::forces, Real>(space, plan, environment, sink);

  buffers.forces.finish(space);
  if (tally.atom_virial) Kokkos::Experimental::contribute(space, atom_virial, sink.atom_virial);
  if (tally.centroid_virial) Kokkos::Experimental::contribute(space, centroid_virial, sink.centroid_virial);

  if (!tally.totals) return;
  auto const energies = buffers.site_energies;
  auto const virials = buffers.site_virial;
  detail::Sums<double, 7> sums(0.0);
  Kokkos::parallel_reduce(
      "sinter::pair::sums", Kokkos::RangePolicy<ExecutionSpace>(space, 0, environment.numCentres()),
      KOKKOS_LAMBDA(int c, detail::Sums<double, 7>& sum) {
        int const i = environment.centre(c);
        constexpr int voigt[6] = {0, 1, 2, 5, 4, 3};  // LAMMPS: xx yy zz xy xz yz
        for (int v = 0; v < 6; ++v) sum.values[v] += virials(i, voigt[v]);
        sum.values[6] += energies(i);
      },
      Kokkos::Sum<detail::Sums<double, 7>>(sums));
  for (int v = 0; v < 6; ++v) tally.virial[v] = sums.values[v];
  tally.energy = sums.values[6];
}

}  // namespace sinter
