/// \file
/// Neighbour lists by binning: kernels/README.md, chapter 1. Slow reference: tests/reference/neighbor_reference.hpp.
#include "sinter/neighbor/neighbor_list.hpp"

#include <string>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"

namespace sinter {

namespace detail {

// Bins of one structure: n[d] bins along lattice vector d; a search reaches `reach[d]` bins to either side.
struct BinGrid {
  int n[3];
  int reach[3];
  double origin[3];  // fractional coordinate where bin 0 begins
  double scale[3];   // bins per unit of fractional coordinate
  int first_bin;
  int too_thin;  // 1 when an atom would see an absurd number of images
};

template <class MemorySpace>
struct BinnedAtoms {
  Kokkos::View<BinGrid*, MemorySpace> grids;
  Kokkos::View<double* [3], Kokkos::LayoutRight, MemorySpace> wrapped;  // positions moved into the cell
  Kokkos::View<int* [3], Kokkos::LayoutRight, MemorySpace> wraps;       // wrapped = position + wraps . cell
  Kokkos::View<int* [3], Kokkos::LayoutRight, MemorySpace> bin;         // bin of each atom along each direction
  Kokkos::View<int*, MemorySpace> bin_offsets, binned;                  // atoms of each bin, ascending
};

constexpr double max_images = 1e6;
constexpr int max_translation = 15000;  // lattice translations are stored as differences in 16-bit integers

KOKKOS_FUNCTION inline double fractional(DeviceCell const& cell, double const r[3], int d) {
  return r[0] * cell.inverse[0][d] + r[1] * cell.inverse[1][d] + r[2] * cell.inverse[2][d];
}

KOKKOS_FUNCTION inline int floorDivide(int a, int b) { return (a >= 0) ? a / b : -((b - 1 - a) / b); }

// Bins about half a cutoff wide, never more than a few per atom.
KOKKOS_FUNCTION inline BinGrid makeGrid(DeviceCell const& cell, double const lowest[3], double const highest[3],
                                        int atoms, double cutoff) {
  BinGrid grid{};
  double width[3];
  for (int d = 0; d < 3; ++d) {
    double const extent = cell.periodic[d] ? 1.0 : Kokkos::fmax(highest[d] - lowest[d], 1e-6) * (1 + 1e-9);
    width[d] = extent * cell.height[d];
    grid.origin[d] = cell.periodic[d] ? 0.0 : lowest[d];
    grid.n[d] = static_cast<int>(Kokkos::fmin(Kokkos::fmax(2 * width[d] / cutoff, 1.0), 1e6));
    grid.scale[d] = extent;
  }
  double const limit = Kokkos::fmax(8.0, 2.0 * atoms);
  while (double(grid.n[0]) * grid.n[1] * grid.n[2] > limit) {
    int largest = 0;
    for (int d = 1; d < 3; ++d)
      if (grid.n[d] > grid.n[largest]) largest = d;
    grid.n[largest] = (grid.n[largest] + 1) / 2;
  }
  double images = 1;
  for (int d = 0; d < 3; ++d) {
    double const reach = Kokkos::ceil(cutoff * grid.n[d] / width[d]);
    if (cell.periodic[d]) images *= 2 * reach / grid.n[d] + 1;
    if (cell.periodic[d] && reach / grid.n[d] > max_translation / 2) grid.too_thin = 1;
    grid.reach[d] = static_cast<int>(Kokkos::fmin(reach, cell.periodic[d] ? 1e9 : grid.n[d]));
    grid.scale[d] = grid.n[d] / grid.scale[d];
  }
  if (images > max_images) grid.too_thin = 1;
  return grid;
}

template <class ExecutionSpace>
BinnedAtoms<typename ExecutionSpace::memory_space> binAtoms(
    ExecutionSpace const& space, StructureBatch<typename ExecutionSpace::memory_space> const& batch, double cutoff) {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Policy = Kokkos::RangePolicy<ExecutionSpace>;
  using Teams = Kokkos::TeamPolicy<ExecutionSpace>;
  auto const uninitialized = [&](char const* label) {
    return Kokkos::view_alloc(space, std::string(label), Kokkos::WithoutInitializing);
  };
  int const atoms = batch.atoms(), structures = batch.structures();
  BinnedAtoms<MemorySpace> result;
  result.grids = decltype(result.grids)(uninitialized("sinter::neighbor::grids"), structures);
  result.wrapped = decltype(result.wrapped)(uninitialized("sinter::neighbor::wrapped"), atoms);
  result.wraps = decltype(result.wraps)(uninitialized("sinter::neighbor::wraps"), atoms);
  result.bin = decltype(result.bin)(uninitialized("sinter::neighbor::bin"), atoms);

  auto const grids = result.grids;
  auto const wrapped = result.wrapped;
  auto const wraps = result.wraps;
  auto const bin = result.bin;
  Kokkos::parallel_for(
      "sinter::neighbor::makeGrids", Teams(space, structures, Kokkos::AUTO),
      KOKKOS_LAMBDA(typename Teams::member_type const& team) {
        int const s = team.league_rank();
        auto const first = batch.offsets(s), last = batch.offsets(s + 1);
        DeviceCell const& cell = batch.cells(s);
        double lowest[3], highest[3];
        for (int d = 0; d < 3; ++d) {
          Kokkos::MinMaxScalar<double> range;
          Kokkos::parallel_reduce(
              Kokkos::TeamThreadRange(team, first, last),
              [&](std::int64_t i, Kokkos::MinMaxScalar<double>& partial) {
                double const r[3] = {batch.positions(i, 0), batch.positions(i, 1), batch.positions(i, 2)};
                double const f = fractional(cell, r, d);
                if (f < partial.min_val) partial.min_val = f;
                if (f > partial.max_val) partial.max_val = f;
              },
              Kokkos::MinMax<double>(range));
          lowest[d] = range.min_val;
          highest[d] = range.max_val;
        }
        Kokkos::single(Kokkos::PerTeam(team),
                       [&] { grids(s) = makeGrid(cell, lowest, highest, static_cast<int>(last - first), cutoff); });
      });
  int too_thin = 0;
  Kokkos::parallel_reduce(
      "sinter::neighbor::checkGrids", Policy(space, 0, structures),
      KOKKOS_LAMBDA(int s, int& worst) {
        if (grids(s).too_thin) worst = Kokkos::max(worst, s + 1);
      },
      Kokkos::Max<int>(too_thin));
  if (too_thin > 0)
    throw InputError("structure " + std::to_string(too_thin - 1) +
                     ": found a cell so small that an atom would see more than " +
                     std::to_string(static_cast<int>(max_images)) + " images within the cutoff of " +
                     std::to_string(cutoff) + " Angstrom, expected a cell of atomic size");
  int bins = 0;
  Kokkos::parallel_scan(
      "sinter::neighbor::countBins", Policy(space, 0, structures),
      KOKKOS_LAMBDA(int s, int& sum, bool final) {
        if (final) grids(s).first_bin = sum;
        sum += grids(s).n[0] * grids(s).n[1] * grids(s).n[2];
      },
      bins);

  result.bin_offsets =
      decltype(result.bin_offsets)(Kokkos::view_alloc(space, "sinter::neighbor::bin_offsets"), bins + 1);
  result.binned = decltype(result.binned)(uninitialized("sinter::neighbor::binned"), atoms);
  auto const bin_offsets = result.bin_offsets;
  auto const binned = result.binned;
  Kokkos::View<int*, MemorySpace> const fill(Kokkos::view_alloc(space, "sinter::neighbor::fill"), bins);

  auto const bin_index = KOKKOS_LAMBDA(int i)->int {
    BinGrid const& g = grids(batch.structure(i));
    return g.first_bin + (bin(i, 0) * g.n[1] + bin(i, 1)) * g.n[2] + bin(i, 2);
  };
  int too_far = 0;
  Kokkos::parallel_reduce(
      "sinter::neighbor::wrapAtoms", Policy(space, 0, atoms),
      KOKKOS_LAMBDA(int i, int& worst) {
        int const s = batch.structure(i);
        DeviceCell const& cell = batch.cells(s);
        BinGrid const& grid = grids(s);
        double const r[3] = {batch.positions(i, 0), batch.positions(i, 1), batch.positions(i, 2)};
        double w[3] = {r[0], r[1], r[2]};
        for (int d = 0; d < 3; ++d) {
          double const f = fractional(cell, r, d);
          double wrap = cell.periodic[d] ? -Kokkos::floor(f) : 0.0;
          if (!(Kokkos::fabs(cell.periodic[d] ? wrap : f) < (cell.periodic[d] ? max_translation / 2 : 1e300))) {
            worst = Kokkos::max(worst, i + 1);  // also when the position is not a number
            wrap = 0;
          }
          wraps(i, d) = static_cast<int>(wrap);
          for (int x = 0; x < 3; ++x) w[x] += wrap * cell.vectors[d][x];
          double const b = (f + wrap - grid.origin[d]) * grid.scale[d];
          bin(i, d) = static_cast<int>(Kokkos::fmin(Kokkos::fmax(b, 0.0), grid.n[d] - 1.0));
        }
        for (int x = 0; x < 3; ++x) wrapped(i, x) = w[x];
        Kokkos::atomic_inc(&fill(bin_index(i)));
      },
      Kokkos::Max<int>(too_far));
  if (too_far > 0)
    throw InputError("atom " + std::to_string(too_far - 1) +
                     " of the batch: found a position that is not a number or more than " +
                     std::to_string(max_translation / 2) + " cells away, expected atoms near their cell");
  Kokkos::parallel_scan(
      "sinter::neighbor::binOffsets", Policy(space, 0, bins), KOKKOS_LAMBDA(int b, int& sum, bool final) {
        int const count = fill(b);
        sum += count;
        if (final) {
          bin_offsets(b + 1) = sum;
          fill(b) = sum - count;
        }
      });
  Kokkos::parallel_for(
      "sinter::neighbor::fillBins", Policy(space, 0, atoms),
      KOKKOS_LAMBDA(int i) { binned(Kokkos::atomic_fetch_inc(&fill(bin_index(i)))) = i; });
  Kokkos::parallel_for(  // ascending order: the result does not depend on which thread came first
      "sinter::neighbor::sortBins", Policy(space, 0, bins), KOKKOS_LAMBDA(int b) {
        for (int p = bin_offsets(b) + 1; p < bin_offsets(b + 1); ++p) {
          int const atom = binned(p);
          int q = p;
          for (; q > bin_offsets(b) && binned(q - 1) > atom; --q) binned(q) = binned(q - 1);
          binned(q) = atom;
        }
      });
  return result;
}

// Calls visit(j, image) for every neighbour of atom i.
template <class MemorySpace, class Visit>
KOKKOS_FUNCTION void forEachNeighbor(StructureBatch<MemorySpace> const& batch, BinnedAtoms<MemorySpace> const& atoms,
                                     double cutoff, int i, Visit const& visit) {
  int const s = batch.structure(i);
  DeviceCell const& cell = batch.cells(s);
  BinGrid const& grid = atoms.grids(s);
  double const ri[3] = {atoms.wrapped(i, 0), atoms.wrapped(i, 1), atoms.wrapped(i, 2)};
  int first[3], last[3];
  for (int d = 0; d < 3; ++d) {
    first[d] = atoms.bin(i, d) - grid.reach[d];
    last[d] = atoms.bin(i, d) + grid.reach[d];
    if (!cell.periodic[d]) {
      first[d] = Kokkos::max(first[d], 0);
      last[d] = Kokkos::min(last[d], grid.n[d] - 1);
    }
  }
  int image[3];
  for (int a = first[0]; a <= last[0]; ++a) {
    image[0] = floorDivide(a, grid.n[0]);
    for (int b = first[1]; b <= last[1]; ++b) {
      image[1] = floorDivide(b, grid.n[1]);
      for (int c = first[2]; c <= last[2]; ++c) {
        image[2] = floorDivide(c, grid.n[2]);
        double shift[3];
        for (int x = 0; x < 3; ++x)
          shift[x] =
              image[0] * cell.vectors[0][x] + image[1] * cell.vectors[1][x] + image[2] * cell.vectors[2][x] - ri[x];
        int const bin = grid.first_bin +
                        ((a - image[0] * grid.n[0]) * grid.n[1] + (b - image[1] * grid.n[1])) * grid.n[2] +
                        (c - image[2] * grid.n[2]);
        for (int p = atoms.bin_offsets(bin); p < atoms.bin_offsets(bin + 1); ++p) {
          int const j = atoms.binned(p);
          double const x = atoms.wrapped(j, 0) + shift[0], y = atoms.wrapped(j, 1) + shift[1],
                       z = atoms.wrapped(j, 2) + shift[2];
          bool const itself = j == i && image[0] == 0 && image[1] == 0 && image[2] == 0;
          if (x * x + y * y + z * z < cutoff * cutoff && !itself) visit(j, image);
        }
      }
    }
  }
}

}  // namespace detail

template <class ExecutionSpace>
NeighborList<typename ExecutionSpace::memory_space> buildNeighborList(
    ExecutionSpace const& space, StructureBatch<typename ExecutionSpace::memory_space> const& batch, double cutoff) {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Policy = Kokkos::RangePolicy<ExecutionSpace>;
  if (!(cutoff > 0))
    throw InputError("buildNeighborList: found cutoff " + std::to_string(cutoff) + ", expected > 0 (Angstrom)");
  NeighborList<MemorySpace> list;
  list.batch = batch;
  list.cutoff = cutoff;
  int const atoms = batch.atoms();
  auto const binned = detail::binAtoms(space, batch, cutoff);

  list.offsets = decltype(list.offsets)(Kokkos::view_alloc(space, "sinter::neighbor::offsets"), atoms + 1);
  auto const offsets = list.offsets;
  Kokkos::parallel_for(
      "sinter::neighbor::count", Policy(space, 0, atoms), KOKKOS_LAMBDA(int i) {
        int count = 0;
        detail::forEachNeighbor(batch, binned, cutoff, i, [&](int, int const*) { ++count; });
        offsets(i + 1) = count;
      });
  Kokkos::parallel_reduce(
      "sinter::neighbor::max", Policy(space, 0, atoms),
      KOKKOS_LAMBDA(int i, int& most) { most = Kokkos::max(most, static_cast<int>(offsets(i + 1))); },
      Kokkos::Max<int>(list.max_neighbors));
  if (atoms == 0) list.max_neighbors = 0;
  std::int64_t pairs = 0;
  Kokkos::parallel_scan(
      "sinter::neighbor::offsets", Policy(space, 0, atoms + 1),
      KOKKOS_LAMBDA(int i, std::int64_t& sum, bool final) {
        sum += offsets(i);
        if (final) offsets(i) = sum;
      },
      pairs);
  list.neighbors = decltype(list.neighbors)(
      Kokkos::view_alloc(space, "sinter::neighbor::neighbors", Kokkos::WithoutInitializing), pairs);
  list.images =
      decltype(list.images)(Kokkos::view_alloc(space, "sinter::neighbor::images", Kokkos::WithoutInitializing), pairs);
  auto const neighbors = list.neighbors;
  auto const images = list.images;
  Kokkos::parallel_for(
      "sinter::neighbor::fill", Policy(space, 0, atoms), KOKKOS_LAMBDA(int i) {
        std::int64_t pair = offsets(i);
        detail::forEachNeighbor(batch, binned, cutoff, i, [&](int j, int const* image) {
          neighbors(pair) = j;
          for (int d = 0; d < 3; ++d)  // from wrapped to given positions
            images(pair)[d] = static_cast<std::int16_t>(image[d] + binned.wraps(j, d) - binned.wraps(i, d));
          ++pair;
        });
      });
  return list;
}

#define SINTER_INSTANTIATE(SPACE)                                      \
  template NeighborList<SPACE::memory_space> buildNeighborList<SPACE>( \
      SPACE const&, StructureBatch<SPACE::memory_space> const&, double);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
