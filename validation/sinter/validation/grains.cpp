#include "sinter/validation/grains.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/validation/crystal_classes.hpp"

namespace sinter {

namespace {

using Translation = std::array<std::int64_t, 3>;  // in lattice vectors

Translation operator+(Translation const& a, Translation const& b) { return {a[0] + b[0], a[1] + b[1], a[2] + b[2]}; }
Translation operator-(Translation const& a, Translation const& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }

double product(Voigt const& a, Voigt const& b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

// Sets of atoms, each with a root; every atom knows its translation against the root.
class Components {
 public:
  Components(std::size_t atoms, std::optional<GrainDirections> const& directions)
      : _parent(atoms), _shift(atoms), _size(atoms, 1), _directions(directions) {
    std::iota(_parent.begin(), _parent.end(), 0);
    if (directions) _sums.assign(directions->of_atoms.begin(), directions->of_atoms.end());
  }

  // Root of an atom, and the atom's translation. Paths are halved on the way.
  std::pair<std::size_t, Translation> find(std::size_t atom) {
    Translation total{};
    while (static_cast<std::size_t>(_parent[atom]) != atom) {
      auto const parent = static_cast<std::size_t>(_parent[atom]);
      _shift[atom] = _shift[atom] + _shift[parent];  // that of a root is zero
      _parent[atom] = _parent[parent];
      total = total + _shift[atom];
      atom = static_cast<std::size_t>(_parent[atom]);
    }
    return {atom, total};
  }

  // Joins the sets of atoms i and j, of which j's image lies beside i, unless their directions differ.
  void connect(std::size_t i, std::size_t j, Translation const& image) {
    auto [root, shift] = find(i);
    auto [other, other_shift] = find(j);
    if (root == other || !agree(root, other)) return;
    Translation between = shift + image - other_shift;  // of `other` against `root`
    if (_size[root] < _size[other]) {
      std::swap(root, other);
      between = Translation{} - between;
    }
    _parent[other] = static_cast<int>(root);
    _shift[other] = between;
    _size[root] += _size[other];
    if (_directions)
      for (std::size_t v = 0; v < 6; ++v) _sums[root][v] += _sums[other][v];
  }

 private:
  [[nodiscard]] bool agree(std::size_t a, std::size_t b) const {
    if (!_directions || std::min(_size[a], _size[b]) < _directions->least_atoms) return true;
    double const squared = product(_sums[a], _sums[a]) * product(_sums[b], _sums[b]);
    return squared == 0 || product(_sums[a], _sums[b]) >= _directions->least * std::sqrt(squared);
  }

  std::vector<int> _parent;
  std::vector<Translation> _shift;  // against the parent
  std::vector<int> _size;           // of roots
  std::optional<GrainDirections> const& _directions;
  std::vector<Voigt> _sums;  // of directions, of roots
};

// Independent ones of the winding vectors of a grain.
class Windings {
 public:
  void add(Translation const& w) {
    if (isIndependent(w)) _vectors.push_back(w);
  }
  [[nodiscard]] int rank() const { return static_cast<int>(_vectors.size()); }
  // Whether one of them, and so any of their sums, has a part along lattice vector d.
  [[nodiscard]] bool goAlong(std::size_t d) const {
    return std::any_of(_vectors.begin(), _vectors.end(), [&](Translation const& w) { return w[d] != 0; });
  }

 private:
  static Translation cross(Translation const& a, Translation const& b) {
    return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  }
  [[nodiscard]] bool isIndependent(Translation const& w) const {
    if (_vectors.size() == 3) return false;
    if (_vectors.empty()) return w != Translation{};
    if (_vectors.size() == 1) return cross(_vectors[0], w) != Translation{};
    Translation const normal = cross(_vectors[0], _vectors[1]);
    return normal[0] * w[0] + normal[1] * w[1] + normal[2] * w[2] != 0;
  }

  std::vector<Translation> _vectors;
};

template <class View>
auto onHost(View const& view, std::int64_t size) {
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(),
                                             Kokkos::subview(view, std::pair<std::int64_t, std::int64_t>(0, size)));
}

}  // namespace

template <class ExecutionSpace>
Grains findGrains(ExecutionSpace const& space, NeighborList<typename ExecutionSpace::memory_space> const& bonds,
                  std::span<int const> classes, std::int64_t least_atoms,
                  std::optional<GrainDirections> const& directions) {
  auto const atoms = static_cast<std::size_t>(bonds.numCentres());
  if (classes.size() != atoms)
    throw InputError("findGrains: found " + std::to_string(classes.size()) + " classes for " + std::to_string(atoms) +
                     " atoms, expected one per atom");
  if (directions && directions->of_atoms.size() != atoms)
    throw InputError("findGrains: found " + std::to_string(directions->of_atoms.size()) + " directions for " +
                     std::to_string(atoms) + " atoms, expected one per atom");
  Grains result;
  result.of_atoms.assign(atoms, no_crystal);
  if (atoms == 0) return result;
  space.fence("sinter::validation::grains");
  auto const offsets = onHost(bonds.offsets, static_cast<std::int64_t>(atoms) + 1);
  auto const neighbors = onHost(bonds.neighbors, bonds.pairs());
  auto const images = onHost(bonds.images, bonds.pairs());
  // Bonds within a class; of both ways one.
  auto const forEachBond = [&](auto const& use) {
    for (std::size_t i = 0; i < atoms; ++i) {
      if (classes[i] == no_crystal) continue;
      for (std::int64_t k = offsets(i); k < offsets(i + 1); ++k)
        if (auto const j = static_cast<std::size_t>(neighbors(k)); j <= i && classes[j] == classes[i]) use(i, j, k);
    }
  };
  auto const imageOf = [&](std::int64_t k) { return Translation{images(k)[0], images(k)[1], images(k)[2]}; };
  Components components(atoms, directions);
  if (directions) {
    struct Bond {
      std::int64_t place;  // in the list
      int centre;
      int agreement;  // of the directions of its atoms, in thousandths: rounding must not order bonds
    };
    std::vector<Bond> sorted;
    forEachBond([&](std::size_t i, std::size_t j, std::int64_t k) {
      double const agreement = product(directions->of_atoms[i], directions->of_atoms[j]);
      sorted.push_back({k, static_cast<int>(i), static_cast<int>(std::lround(1000 * agreement))});
    });
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](Bond const& a, Bond const& b) { return a.agreement > b.agreement; });
    for (auto const& [k, centre, agreement] : sorted)
      components.connect(static_cast<std::size_t>(centre), static_cast<std::size_t>(neighbors(k)), imageOf(k));
  } else {
    forEachBond([&](std::size_t i, std::size_t j, std::int64_t k) { components.connect(i, j, imageOf(k)); });
  }

  std::vector<int> grain_of_root(atoms, no_crystal);
  for (std::size_t i = 0; i < atoms; ++i) {
    if (classes[i] == no_crystal) continue;
    int& grain = grain_of_root[components.find(i).first];
    if (grain == no_crystal) {
      grain = static_cast<int>(result.grains.size());
      result.grains.push_back({.crystal = classes[i], .first_atom = static_cast<int>(i)});
    }
    result.of_atoms[i] = grain;
    ++result.grains[static_cast<std::size_t>(grain)].atoms;
  }
  std::vector<Windings> windings(result.grains.size());
  forEachBond([&](std::size_t i, std::size_t j, std::int64_t k) {
    if (result.of_atoms[i] != result.of_atoms[j]) return;
    auto const w = components.find(i).second + imageOf(k) - components.find(j).second;
    if (w != Translation{}) windings[static_cast<std::size_t>(result.of_atoms[i])].add(w);
  });
  for (std::size_t g = 0; g < windings.size(); ++g) {
    result.grains[g].dimensions = windings[g].rank();
    for (std::size_t d = 0; d < 3; ++d) result.grains[g].along[d] = windings[g].goAlong(d);
  }

  // By size, without small ones.
  std::vector<int> order(result.grains.size()), place(result.grains.size(), no_crystal);
  std::iota(order.begin(), order.end(), 0);
  auto const sizeOf = [&](int g) { return result.grains[static_cast<std::size_t>(g)].atoms; };
  std::erase_if(order, [&](int g) { return sizeOf(g) < least_atoms; });
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return sizeOf(a) > sizeOf(b); });
  std::vector<Grain> sorted;
  for (int const g : order) {
    place[static_cast<std::size_t>(g)] = static_cast<int>(sorted.size());
    sorted.push_back(result.grains[static_cast<std::size_t>(g)]);
  }
  result.grains = std::move(sorted);
  for (int& g : result.of_atoms)
    if (g != no_crystal) g = place[static_cast<std::size_t>(g)];
  return result;
}

#define SINTER_INSTANTIATE(SPACE)                                                                          \
  template Grains findGrains(SPACE const&, NeighborList<SPACE::memory_space> const&, std::span<int const>, \
                             std::int64_t, std::optional<GrainDirections> const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
