/// \file
/// A shorter neighbour list inside LAMMPS's, for the steps between two of its builds.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>

#include "lammps_environment.hpp"
#include "sinter/neighbor/force_sum.hpp"

namespace sinter {

/// The neighbours of each centre within the cutoff and a small skin. It stays valid while no atom has moved by more
/// than half that skin, some steps of dynamics; LAMMPS's own list has a wider skin, lives longer, and half of it is
/// beyond the cutoff. Kernels on the host then need not trim it.
template <class ExecutionSpace, class Neighbors>
class InnerList {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  static constexpr double skin = 0.25;  ///< A

  /// Gives `environment`, with LAMMPS's list, the inner list in its place, made anew where needed.
  /// \param watched atoms whose motion tells that of all are those before this one
  /// \param is_new LAMMPS has built its list since the last call
  template <class Positions, class Types>
  void replace(ExecutionSpace const& space, LammpsEnvironment<memory_space, Positions, Types, Neighbors>& environment,
               double cutoff, int watched, bool is_new) {
    if (is_new || environment.atoms != static_cast<int>(_positions.extent(0)) ||
        haveMoved(space, environment.x, watched))
      make(space, environment, cutoff);
    environment.list = {_counts, _table};
    environment.blocks = _blocks;
    environment.most_neighbors = static_cast<int>(_table.extent(1));
    environment.all_described = environment.trimmed = true;
  }

  /// Whether a watched atom has moved by more than half the skin since the list was made. (Public, as are
  /// all functions with device lambdas, for nvcc.)
  template <class Positions>
  [[nodiscard]] bool haveMoved(ExecutionSpace const& space, Positions const& x, int watched) const {
    auto const old = _positions;
    double farthest = 0;
    Kokkos::parallel_reduce(
        "sinter::pair::haveMoved", Kokkos::RangePolicy<ExecutionSpace>(space, 0, watched),
        KOKKOS_LAMBDA(int i, double& most) {
          double const squared = (Triple::load(&x(i, 0)) - Triple::load(&old(i, 0))).squaredNorm();
          if (squared > most) most = squared;
        },
        Kokkos::Max<double>(farthest));
    return farthest > skin * skin / 4;
  }

  template <class Environment>
  void make(ExecutionSpace const& space, Environment const& outer, double cutoff) {
    if (static_cast<int>(_positions.extent(0)) != outer.atoms)
      _positions = decltype(_positions)(
          Kokkos::view_alloc("sinter::pair::inner_positions", space, Kokkos::WithoutInitializing), outer.atoms);
    auto const positions = _positions;
    auto const x = outer.x;
    Kokkos::parallel_for(
        "sinter::pair::keepPositions", Kokkos::RangePolicy<ExecutionSpace>(space, 0, outer.atoms),
        KOKKOS_LAMBDA(int i) {
          for (int d = 0; d < 3; ++d) positions(i, d) = x(i, d);
        });
    if (outer.owned > static_cast<int>(_counts.extent(0)))
      resize(space, outer.owned + outer.owned / 8, width() > 0 ? width() : 32);
    int const longest = fill(space, outer, cutoff);
    if (longest < width()) return;
    resize(space, static_cast<int>(_counts.extent(0)), longest + 2);
    fill(space, outer, cutoff);
  }

  /// Fills the rows, of which those that are too long are cut, and returns the length of the longest.
  template <class Environment>
  int fill(ExecutionSpace const& space, Environment const& outer, double cutoff) const {
    double const reach = (cutoff + skin) * (cutoff + skin);
    auto const counts = _counts;
    auto const table = _table;
    auto const blocks_of = _blocks;
    int const last = width() - 1;
    AtomBlocks const blocks(outer.atoms);
    int longest = 0;
    Kokkos::parallel_reduce(
        "sinter::pair::makeInnerList", Kokkos::RangePolicy<ExecutionSpace>(space, 0, outer.numCentres()),
        KOKKOS_LAMBDA(int c, int& most) {
          auto const environment = outer.environment(c);
          int const i = outer.centre(c), size = environment.size();
          int inside = 0;
          std::uint64_t touched = blocks.of(i);
          for (int k = 0; k < size; ++k) {  // what is outside is written over by the next one
            int const j = environment.neighbor(k);
            bool const is_inside = !(environment.displacement(k).squaredNorm() >= reach);  // what is no number, too
            table(i, inside < last ? inside : last) = j;
            inside += is_inside ? 1 : 0;
            touched |= is_inside ? blocks.of(j) : 0;
          }
          counts(i) = inside;
          blocks_of(i) = touched;
          if (inside > most) most = inside;
        },
        Kokkos::Max<int>(longest));
    return longest;
  }

 private:
  [[nodiscard]] int width() const { return static_cast<int>(_table.extent(1)); }

  void resize(ExecutionSpace const& space, int atoms, int width) {
    _table = {};
    _counts =
        decltype(_counts)(Kokkos::view_alloc("sinter::pair::inner_counts", space, Kokkos::WithoutInitializing), atoms);
    _blocks =
        decltype(_blocks)(Kokkos::view_alloc("sinter::pair::inner_blocks", space, Kokkos::WithoutInitializing), atoms);
    _table = decltype(_table)(Kokkos::view_alloc("sinter::pair::inner_list", space, Kokkos::WithoutInitializing), atoms,
                              width);
  }

  Kokkos::View<int*, memory_space> _counts;
  Kokkos::View<std::uint64_t*, memory_space> _blocks;  // of a centre and its neighbours, for `ForceSum`
  Kokkos::View<int**, Kokkos::LayoutRight, memory_space> _table;
  Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> _positions;
};

}  // namespace sinter
