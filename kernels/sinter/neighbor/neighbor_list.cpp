/// \file
/// Neighbour lists by binning: kernels/README.md, chapter 1. Slow reference: tests/reference/neighbor_reference.hpp.
#include "sinter/neighbor/neighbor_list.hpp"

#include <string>
#include <type_traits>

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

using Image = Kokkos::Array<std::int16_t, 3>;

// A lattice translation as one number, n_0 + 2^20 n_1 + 2^40 n_2: sums and differences need no unpacking.
using PackedImage = std::int64_t;
KOKKOS_FUNCTION inline PackedImage packed(int const n[3]) {
  return n[0] + n[1] * (PackedImage(1) << 20) + n[2] * (PackedImage(1) << 40);
}
KOKKOS_FUNCTION inline Image unpacked(PackedImage image) {
  constexpr PackedImage half = 1 << 19;
  PackedImage const biased = image + half + (half << 20) + (half << 40);
  Image n;
  for (int d = 0; d < 3; ++d) n[d] = static_cast<std::int16_t>(((biased >> (20 * d)) & (2 * half - 1)) - half);
  return n;
}

// Where an atom is once it is moved into the cell: position + wraps . cell.
struct Place {
  PackedImage wraps;
  int bin;
};

// An atom in the order of the bins, so that candidates are read one after another.
struct BinnedAtom {
  double r[3];  // in the cell
  PackedImage wraps;
  int atom, bin;
};

template <class MemorySpace>
struct BinnedAtoms {
  Kokkos::View<BinGrid*, MemorySpace> grids;
  Kokkos::View<int*, MemorySpace> bin_offsets;    // (bins + 1) first atom of each bin
  Kokkos::View<BinnedAtom*, MemorySpace> sorted;  // atoms of each bin, ascending
};

constexpr double max_images = 1e6;
constexpr double max_wraps = 7500;  // cells away; translations are stored as differences in 16-bit integers

KOKKOS_FUNCTION inline double fractional(DeviceCell const& cell, double const r[3], int d) {
  return r[0] * cell.inverse[0][d] + r[1] * cell.inverse[1][d] + r[2] * cell.inverse[2][d];
}

KOKKOS_FUNCTION inline int floorDivide(int a, int b) { return (a >= 0) ? a / b : -((b - 1 - a) / b); }

// Bins at least a cutoff wide, never more than a few per atom.
KOKKOS_FUNCTION inline BinGrid makeGrid(DeviceCell const& cell, double const lowest[3], double const highest[3],
                                        int atoms, double cutoff) {
  BinGrid grid{};
  double width[3];
  for (int d = 0; d < 3; ++d) {
    double const extent = cell.periodic[d] ? 1.0 : Kokkos::fmax(highest[d] - lowest[d], 1e-6) * (1 + 1e-9);
    width[d] = extent * cell.height[d];
    grid.origin[d] = cell.periodic[d] ? 0.0 : lowest[d];
    grid.n[d] = static_cast<int>(Kokkos::fmin(Kokkos::fmax(width[d] / cutoff, 1.0), 1e6));
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
    if (cell.periodic[d] && reach / grid.n[d] > max_wraps) grid.too_thin = 1;
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

  auto const grids = result.grids;
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
  result.sorted = decltype(result.sorted)(uninitialized("sinter::neighbor::sorted"), atoms);
  auto const bin_offsets = result.bin_offsets;
  auto const sorted = result.sorted;
  Kokkos::View<Place*, MemorySpace> const places(uninitialized("sinter::neighbor::places"), atoms);
  Kokkos::View<int*, MemorySpace> const fill(Kokkos::view_alloc(space, "sinter::neighbor::fill"), bins);

  int too_far = 0;
  Kokkos::parallel_reduce(
      "sinter::neighbor::placeAtoms", Policy(space, 0, atoms),
      KOKKOS_LAMBDA(int i, int& worst) {
        int const s = batch.structure(i);
        DeviceCell const& cell = batch.cells(s);
        BinGrid const& grid = grids(s);
        double const r[3] = {batch.positions(i, 0), batch.positions(i, 1), batch.positions(i, 2)};
        int bin = 0, wraps[3];
        for (int d = 0; d < 3; ++d) {
          double const f = fractional(cell, r, d);
          double wrap = cell.periodic[d] ? -Kokkos::floor(f) : 0.0;
          if (!(Kokkos::fabs(cell.periodic[d] ? wrap : f) < (cell.periodic[d] ? max_wraps : 1e300))) {
            worst = Kokkos::max(worst, i + 1);  // also when the position is not a number
            wrap = 0;
          }
          wraps[d] = static_cast<int>(wrap);
          double const b = (f + wrap - grid.origin[d]) * grid.scale[d];
          bin = bin * grid.n[d] + static_cast<int>(Kokkos::fmin(Kokkos::fmax(b, 0.0), grid.n[d] - 1.0));
        }
        places(i) = {packed(wraps), grid.first_bin + bin};
        Kokkos::atomic_inc(&fill(grid.first_bin + bin));
      },
      Kokkos::Max<int>(too_far));
  if (too_far > 0)
    throw InputError("atom " + std::to_string(too_far - 1) +
                     " of the batch: found a position that is not a number or more than " +
                     std::to_string(static_cast<int>(max_wraps)) + " cells away, expected atoms near their cell");
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
      KOKKOS_LAMBDA(int i) { sorted(Kokkos::atomic_fetch_inc(&fill(places(i).bin))).atom = i; });
  Kokkos::parallel_for(
      "sinter::neighbor::sortBins", Policy(space, 0, bins), KOKKOS_LAMBDA(int b) {
        int const begin = bin_offsets(b), end = bin_offsets(b + 1);
        for (int p = begin + 1; p < end; ++p) {  // ascending: it does not matter which thread came first
          int const atom = sorted(p).atom;
          int q = p;
          for (; q > begin && sorted(q - 1).atom > atom; --q) sorted(q).atom = sorted(q - 1).atom;
          sorted(q).atom = atom;
        }
        for (int p = begin; p < end; ++p) {
          BinnedAtom& self = sorted(p);
          DeviceCell const& cell = batch.cells(batch.structure(self.atom));
          self.wraps = places(self.atom).wraps;
          self.bin = b;
          Image const wraps = unpacked(self.wraps);
          for (int x = 0; x < 3; ++x) {
            self.r[x] = batch.positions(self.atom, x);
            for (int d = 0; d < 3; ++d) self.r[x] += wraps[d] * cell.vectors[d][x];
          }
        }
      });
  return result;
}

// Coordinate of a bin along one direction, counted on beyond the cell: bin `bin` of the image `image`.
struct BinCoordinate {
  int bin, image, n;

  KOKKOS_FUNCTION BinCoordinate(int b, int bins) : image(floorDivide(b, bins)), n(bins) { bin = b - image * n; }
  KOKKOS_FUNCTION void advance(int bins) {  // not beyond the first bin of the next image
    bin += bins;
    if (bin == n) {
      bin = 0;
      ++image;
    }
  }
};

// Calls visit(begin, end, image, shift) for the atoms begin <= p < end of every row of bins, or image of one, that a
// search from `bin` reaches; shift (A) moves atoms of the cell to this image. The bin itself is a row of its own.
template <class Visit>
KOKKOS_FUNCTION void forEachRowAround(DeviceCell const& cell, BinGrid const& grid, int const* bin_offsets, int bin,
                                      Visit const& visit) {
  int const in_grid = bin - grid.first_bin;
  int const own[3] = {in_grid / (grid.n[1] * grid.n[2]), in_grid / grid.n[2] % grid.n[1], in_grid % grid.n[2]};
  int first[3], count[3];
  for (int d = 0; d < 3; ++d) {
    first[d] = own[d] - grid.reach[d];
    int last = own[d] + grid.reach[d];
    if (!cell.periodic[d]) {
      first[d] = Kokkos::max(first[d], 0);
      last = Kokkos::min(last, grid.n[d] - 1);
    }
    count[d] = last - first[d] + 1;
  }
  BinCoordinate const first_b(first[1], grid.n[1]), first_c(first[2], grid.n[2]);
  BinCoordinate a(first[0], grid.n[0]);
  for (int ka = 0; ka < count[0]; ++ka, a.advance(1)) {
    BinCoordinate b = first_b;
    for (int kb = 0; kb < count[1]; ++kb, b.advance(1)) {
      BinCoordinate c = first_c;
      int const row = grid.first_bin + (a.bin * grid.n[1] + b.bin) * grid.n[2];
      for (int left = count[2]; left > 0;) {
        int const image[3] = {a.image, b.image, c.image};
        int stop = grid.n[2];
        if (c.bin <= own[2] && row + own[2] == bin && packed(image) == 0) stop = own[2] + (c.bin == own[2]);
        int const bins = Kokkos::min(left, stop - c.bin);
        int const begin = bin_offsets[row + c.bin], end = bin_offsets[row + c.bin + bins];
        left -= bins;
        c.advance(bins);
        if (begin == end) continue;
        double shift[3];
        for (int x = 0; x < 3; ++x)
          shift[x] = image[0] * cell.vectors[0][x] + image[1] * cell.vectors[1][x] + image[2] * cell.vectors[2][x];
        visit(begin, end, packed(image), shift);
      }
    }
  }
}

// Atoms and images that may be neighbours of the atoms of one bin, side by side.
struct Candidates {
  static constexpr int capacity = 512;

  double x[capacity], y[capacity], z[capacity];
  int atom[capacity];
  PackedImage image[capacity];  // of the given position
  int size = 0;
  PackedImage any_image = 0;                   // 0 when all images are
  int own_begin = 0, own_end = 0, own_at = 0;  // atoms own_begin <= p < own_end of the bin itself are at own_at
};

// Counts or writes the neighbours of all atoms. On a host a call takes the atoms of one bin together, on a device one
// atom; the order of the neighbours is the same.
template <class ExecutionSpace>
struct NeighborKernel {
  using MemorySpace = typename ExecutionSpace::memory_space;

  StructureBatch<MemorySpace> batch;
  BinnedAtoms<MemorySpace> binned;
  double cutoff;
  Kokkos::View<int*, MemorySpace> count;  // (atoms, in the order of the bins) neighbours still to be written
  Kokkos::View<std::int64_t*, MemorySpace> offsets;
  Kokkos::View<int*, MemorySpace> neighbors;
  Kokkos::View<Image*, MemorySpace> images;
  bool writes;

  auto policy(ExecutionSpace const& space) const {
    std::size_t const bins = binned.bin_offsets.extent(0) - 1;
    return Kokkos::RangePolicy<ExecutionSpace>(space, 0, is_device_space<ExecutionSpace> ? batch.atoms() : bins);
  }

  KOKKOS_FUNCTION void operator()(int index) const {
    if constexpr (is_device_space<ExecutionSpace>)
      ofAtom(index);
    else
      ofBin(index);
  }

 private:
  KOKKOS_FUNCTION void ofAtom(int p) const {
    BinnedAtom const& self = binned.sorted(p);
    int const s = batch.structure(self.atom);
    std::int64_t pair = writes ? offsets(self.atom) : 0;
    int found = 0;
    forEachRowAround(batch.cells(s), binned.grids(s), binned.bin_offsets.data(), self.bin,
                     [&](int begin, int end, PackedImage image, double const* shift) {
                       for (int q = begin; q < end; ++q) {
                         BinnedAtom const& other = binned.sorted(q);
                         double const x = other.r[0] + shift[0] - self.r[0], y = other.r[1] + shift[1] - self.r[1],
                                      z = other.r[2] + shift[2] - self.r[2];
                         bool const itself = q == p && image == 0;
                         if (!(x * x + y * y + z * z < cutoff * cutoff) || itself) continue;
                         ++found;
                         if (!writes) continue;
                         neighbors(pair) = other.atom;
                         images(pair) = unpacked(image + other.wraps - self.wraps);
                         ++pair;
                       }
                     });
    if (!writes) count(p) = found;
  }

  KOKKOS_FUNCTION void ofBin(int bin) const {
    int const first = binned.bin_offsets(bin), last = binned.bin_offsets(bin + 1);
    if (first == last) return;
    double low[3], high[3];  // the box around the atoms of the bin
    for (int x = 0; x < 3; ++x) {
      low[x] = high[x] = binned.sorted(first).r[x];
      for (int p = first + 1; p < last; ++p) {
        low[x] = Kokkos::min(low[x], binned.sorted(p).r[x]);
        high[x] = Kokkos::max(high[x], binned.sorted(p).r[x]);
      }
    }
    double const within = cutoff * cutoff * (1 + 1e-12);  // rounding must not lose what the last test would keep
    Candidates found;
    auto const gather = [&](int begin, int end, PackedImage image, double const* shift) {
      if (begin == first && end == last) {  // an image of the bin itself: in small cells most are too far
        double distance = 0;
        for (int x = 0; x < 3; ++x) {
          double const gap = Kokkos::max(Kokkos::abs(shift[x]) - (high[x] - low[x]), 0.0);
          distance += gap * gap;
        }
        if (distance > within) return;
      }
      bool const is_own = begin == first && image == 0;
      while (begin < end) {
        int const stop = begin + Kokkos::min(end - begin, Candidates::capacity - found.size);
        if (is_own) {
          found.own_begin = begin;
          found.own_end = stop;
          found.own_at = found.size;
        }
        int size = found.size;
        for (int q = begin; q < stop; ++q) {  // written in any case: a branch would be mispredicted
          BinnedAtom const& other = binned.sorted(q);
          double const r[3] = {other.r[0] + shift[0], other.r[1] + shift[1], other.r[2] + shift[2]};
          double distance = 0;  // squared, to the box
          for (int x = 0; x < 3; ++x) {
            double const outside = r[x] - Kokkos::min(Kokkos::max(r[x], low[x]), high[x]);
            distance += outside * outside;
          }
          found.x[size] = r[0];
          found.y[size] = r[1];
          found.z[size] = r[2];
          found.atom[size] = other.atom;
          found.image[size] = image + other.wraps;
          found.any_image |= image + other.wraps;
          size += distance < within;
        }
        found.size = size;
        begin = stop;
        if (found.size == Candidates::capacity) search(found, first, last);
      }
    };
    int const s = batch.structure(binned.sorted(first).atom);
    forEachRowAround(batch.cells(s), binned.grids(s), binned.bin_offsets.data(), bin, gather);
    search(found, first, last);
  }

  // The neighbours of the atoms first <= p < last among the candidates, which are used up.
  KOKKOS_FUNCTION void search(Candidates& found, int first, int last) const {
    double squared[Candidates::capacity];
    int chosen[Candidates::capacity];
    double const squared_cutoff = cutoff * cutoff;
    int const size = found.size;
    for (int p = first; p < last; ++p) {
      BinnedAtom const& self = binned.sorted(p);
      for (int k = 0; k < size; ++k) {
        double const x = found.x[k] - self.r[0], y = found.y[k] - self.r[1], z = found.z[k] - self.r[2];
        squared[k] = x * x + y * y + z * z;
      }
      if (found.own_begin <= p && p < found.own_end)
        squared[found.own_at + p - found.own_begin] = 2 * squared_cutoff;  // not its own neighbour
      int n = 0;
      if (!writes) {
        for (int k = 0; k < size; ++k) n += squared[k] < squared_cutoff;
        count(p) += n;
        continue;
      }
      for (int k = 0; k < size; ++k) {
        chosen[n] = k;
        n += squared[k] < squared_cutoff;
      }
      std::int64_t const begin = offsets(self.atom + 1) - count(p);
      count(p) -= n;
      int* const to = neighbors.data() + begin;
      for (int k = 0; k < n; ++k) to[k] = found.atom[chosen[k]];
      Image* const to_images = images.data() + begin;
      if (found.any_image == 0 && self.wraps == 0) {
        for (int k = 0; k < n; ++k) to_images[k] = Image{};
      } else {
        for (int k = 0; k < n; ++k) to_images[k] = unpacked(found.image[chosen[k]] - self.wraps);
      }
    }
    found.size = found.own_begin = found.own_end = 0;
    found.any_image = 0;
  }
};

}  // namespace detail

template <class ExecutionSpace>
void buildNeighborList(ExecutionSpace const& space, StructureBatch<typename ExecutionSpace::memory_space> const& batch,
                       double cutoff, NeighborList<typename ExecutionSpace::memory_space>& list) {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Policy = Kokkos::RangePolicy<ExecutionSpace>;
  if (!(cutoff > 0))
    throw InputError("buildNeighborList: found cutoff " + std::to_string(cutoff) + ", expected > 0 (Angstrom)");
  auto const binned = detail::binAtoms(space, batch, cutoff);
  auto const sorted = binned.sorted;
  int const atoms = batch.atoms();
  auto const reserve = [&](auto& view, char const* label, std::size_t size) {
    if (view.extent(0) >= size) return;
    if (view.extent(0) > 0) size += size / 32;  // of lists that are built again and again some are a little longer
    view = {};
    view =
        std::decay_t<decltype(view)>(Kokkos::view_alloc(space, std::string(label), Kokkos::WithoutInitializing), size);
  };

  list.batch = batch;
  list.cutoff = cutoff;
  reserve(list.offsets, "sinter::neighbor::offsets", static_cast<std::size_t>(atoms) + 1);
  auto const offsets = list.offsets;
  Kokkos::View<int*, MemorySpace> const count(Kokkos::view_alloc(space, "sinter::neighbor::counts"), atoms);
  detail::NeighborKernel<ExecutionSpace> kernel{batch, binned, cutoff, count, offsets, {}, {}, false};
  Kokkos::parallel_for("sinter::neighbor::count", kernel.policy(space), kernel);
  Kokkos::parallel_reduce(
      "sinter::neighbor::max", Policy(space, 0, atoms),
      KOKKOS_LAMBDA(int p, int& most) {
        offsets(sorted(p).atom) = count(p);
        most = Kokkos::max(most, count(p));
      },
      Kokkos::Max<int>(list.max_neighbors));
  if (atoms == 0) list.max_neighbors = 0;
  Kokkos::parallel_scan(
      "sinter::neighbor::offsets", Policy(space, 0, atoms + 1),
      KOKKOS_LAMBDA(int i, std::int64_t& sum, bool final) {
        std::int64_t const size = i < atoms ? offsets(i) : 0;
        if (final) offsets(i) = sum;
        sum += size;
      },
      list.num_pairs);
  reserve(list.neighbors, "sinter::neighbor::neighbors", static_cast<std::size_t>(list.num_pairs));
  reserve(list.images, "sinter::neighbor::images", static_cast<std::size_t>(list.num_pairs));
  kernel.neighbors = list.neighbors;
  kernel.images = list.images;
  kernel.writes = true;
  Kokkos::parallel_for("sinter::neighbor::fill", kernel.policy(space), kernel);
}

#define SINTER_INSTANTIATE(SPACE)                                                                          \
  template void buildNeighborList<SPACE>(SPACE const&, StructureBatch<SPACE::memory_space> const&, double, \
                                         NeighborList<SPACE::memory_space>&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
