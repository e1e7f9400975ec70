#include "sinter/validation/crystal_axis.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <set>
#include <string>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/validation/coordination.hpp"

namespace sinter {

namespace detail {

// The tensor of one atom.
template <class ExecutionSpace>
struct BondTensorsKernel {
  using MemorySpace = typename ExecutionSpace::memory_space;

  NeighborList<MemorySpace> list;
  Kokkos::View<int const*, MemorySpace> counts;
  Kokkos::View<double* [6], Kokkos::LayoutRight, MemorySpace> tensors;

  KOKKOS_FUNCTION void operator()(int i) const {
    auto const environment = list.environment(i);
    int const count = counts(i);
    if (count == 0 || environment.size() < count) return;
    double squared[most_bonds];  // of the nearest ones so far, ascending
    int places[most_bonds];
    int found = 0;
    for (int k = 0; k < environment.size(); ++k) {
      double const norm = environment.displacement(k).squaredNorm();
      if (found == count && !(norm < squared[count - 1])) continue;
      int at = found < count ? found++ : count - 1;
      for (; at > 0 && norm < squared[at - 1]; --at) {
        squared[at] = squared[at - 1];
        places[at] = places[at - 1];
      }
      squared[at] = norm;
      places[at] = k;
    }
    for (int n = 0; n < count; ++n) {
      auto const b = environment.displacement(places[n]);
      for (int x = 0; x < 3; ++x) tensors(i, x) += b[x] * b[x] / squared[n];
      tensors(i, 3) += b[1] * b[2] / squared[n];
      tensors(i, 4) += b[0] * b[2] / squared[n];
      tensors(i, 5) += b[0] * b[1] / squared[n];
    }
  }
};

// The direction at one atom.
template <class ExecutionSpace>
struct AxisDirectionsKernel {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Tensors = Kokkos::View<double* [6], Kokkos::LayoutRight, MemorySpace>;

  NeighborList<MemorySpace> bonds;
  Tensors tensors;
  Kokkos::View<int const*, MemorySpace> classes;
  Tensors directions;

  KOKKOS_FUNCTION void operator()(int i) const {
    double sum[6];
    for (int v = 0; v < 6; ++v) sum[v] = tensors(i, v);
    auto const environment = bonds.environment(i);
    for (int k = 0; k < environment.size(); ++k) {
      int const j = environment.neighbor(k);
      if (classes(j) != classes(i)) continue;
      for (int v = 0; v < 6; ++v) sum[v] += tensors(j, v);
    }
    double const third = (sum[0] + sum[1] + sum[2]) / 3;
    double squared = 0;
    for (int v = 0; v < 6; ++v) {
      sum[v] = v < 3 ? sum[v] - third : Kokkos::sqrt(2.0) * sum[v];
      squared += sum[v] * sum[v];
    }
    if (squared == 0) return;
    double const length = Kokkos::sqrt(squared);
    for (int v = 0; v < 6; ++v) directions(i, v) = sum[v] / length;
  }
};

// To the host.
template <class View>
std::vector<Voigt> tensorsToHost(View const& tensors) {
  auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), tensors);
  std::vector<Voigt> result(host.extent(0));
  for (std::size_t i = 0; i < result.size(); ++i)
    for (std::size_t v = 0; v < 6; ++v) result[i][v] = host(i, v);
  return result;
}

}  // namespace detail

namespace {

// Eigenvalues, descending, and eigenvectors.
Eigenpairs eigenpairsOf(Voigt const& t) {
  std::array<double, 9> matrix = {t[0], t[5], t[4], t[5], t[1], t[3], t[4], t[3], t[2]};
  return largestEigenpairs(matrix.data(), 3, 3);
}

// Of three eigenvalues the first or the last, minus the mean of the other two.
double contrastOf(std::vector<double> const& values, bool of_first) {
  return of_first ? values[0] - (values[1] + values[2]) / 2 : values[2] - (values[0] + values[1]) / 2;
}

}  // namespace

template <class ExecutionSpace>
std::vector<Voigt> bondTensors(ExecutionSpace const& space,
                               NeighborList<typename ExecutionSpace::memory_space> const& list,
                               std::span<int const> counts) {
  using Kernel = detail::BondTensorsKernel<ExecutionSpace>;
  auto const atoms = static_cast<std::size_t>(list.numCentres());
  if (counts.size() != atoms ||
      std::any_of(counts.begin(), counts.end(), [](int count) { return count < 0 || count > most_bonds; }))
    throw InputError("bondTensors: expected a count for each of " + std::to_string(atoms) + " atoms, 0 to " +
                     std::to_string(most_bonds));
  Kernel const kernel{list, copyTo<typename ExecutionSpace::memory_space>(counts, "sinter::validation::bond_counts"),
                      decltype(Kernel::tensors)("sinter::validation::bond_tensors", atoms)};
  Kokkos::parallel_for("sinter::validation::bond_tensors",
                       Kokkos::RangePolicy<ExecutionSpace>(space, 0, static_cast<int>(atoms)), kernel);
  space.fence("sinter::validation::bond_tensors");
  return detail::tensorsToHost(kernel.tensors);
}

template <class ExecutionSpace>
std::vector<Voigt> axisDirections(ExecutionSpace const& space,
                                  NeighborList<typename ExecutionSpace::memory_space> const& bonds,
                                  std::span<Voigt const> tensors, std::span<int const> classes) {
  using Kernel = detail::AxisDirectionsKernel<ExecutionSpace>;
  auto const atoms = static_cast<std::size_t>(bonds.numCentres());
  if (tensors.size() != atoms || classes.size() != atoms)
    throw InputError("axisDirections: expected a tensor and a class for each of " + std::to_string(atoms) + " atoms");
  typename Kernel::Tensors const input("sinter::validation::bond_tensors", atoms),
      directions("sinter::validation::axis_directions", atoms);
  auto const host = Kokkos::create_mirror_view(input);
  for (std::size_t i = 0; i < atoms; ++i)
    for (std::size_t v = 0; v < 6; ++v) host(i, v) = tensors[i][v];
  Kokkos::deep_copy(input, host);
  Kokkos::parallel_for(
      "sinter::validation::axis_directions", Kokkos::RangePolicy<ExecutionSpace>(space, 0, static_cast<int>(atoms)),
      Kernel{bonds, input, copyTo<typename ExecutionSpace::memory_space>(classes, "sinter::validation::classes"),
             directions});
  space.fence("sinter::validation::axis_directions");
  return detail::tensorsToHost(directions);
}

template <class ExecutionSpace>
std::optional<BondAxis> bondAxisOf(ExecutionSpace const& space, Structure const& crystal, double bond_cutoff) {
  std::set<std::int32_t> const species(crystal.species.begin(), crystal.species.end());
  SpeciesMap const types({species.begin(), species.end()}, static_cast<int>(species.size()));
  auto const list = buildNeighborList(
      space, makeStructureBatch<typename ExecutionSpace::memory_space>({&crystal, 1}, types), bond_cutoff);
  auto const bonds = countBonds(space, list, bond_cutoff);
  if (bonds.empty() || bonds[0] == 0 || bonds[0] > most_bonds ||
      std::any_of(bonds.begin(), bonds.end(), [&](int count) { return count != bonds[0]; }))
    return std::nullopt;
  Voigt mean{};
  auto const tensors = bondTensors(space, list, bonds);
  for (auto const& tensor : tensors)
    for (std::size_t v = 0; v < 6; ++v) mean[v] += tensor[v] / static_cast<double>(bonds.size());
  auto const values = eigenpairsOf(mean).values;
  bool const of_first = values[0] - values[1] > values[1] - values[2];
  double const contrast = contrastOf(values, of_first), trace = bonds[0],
               others = of_first ? values[1] - values[2] : values[0] - values[1];
  if (!(std::abs(contrast) > 0.05 * trace && others < 0.01 * trace)) return std::nullopt;
  // Where atoms show different directions (that only their mean makes one axis of), none of them is the crystal's.
  std::vector<int> each(bonds.size());
  std::iota(each.begin(), each.end(), 0);
  auto const directions = axisDirections(space, list, tensors, each);
  for (auto const& direction : directions)
    if (std::inner_product(direction.begin(), direction.end(), directions[0].begin(), 0.0) < 0.99) return std::nullopt;
  return BondAxis{bonds[0], contrast};
}

CrystalAxis crystalAxis(Voigt const& tensor, BondAxis const& bonds) {
  auto const pairs = eigenpairsOf(tensor);
  bool const of_first = bonds.contrast > 0;
  auto const begin = pairs.vectors.begin() + (of_first ? 0 : 6);
  CrystalAxis axis;
  std::copy_n(begin, 3, axis.direction.begin());
  double const largest = *std::max_element(axis.direction.begin(), axis.direction.end(),
                                           [](double a, double b) { return std::abs(a) < std::abs(b); });
  if (largest < 0)
    for (double& x : axis.direction) x = -x;
  axis.alignment = contrastOf(pairs.values, of_first) / bonds.contrast;
  return axis;
}

#define SINTER_INSTANTIATE(SPACE)                                                                    \
  template std::vector<Voigt> bondTensors(SPACE const&, NeighborList<SPACE::memory_space> const&,    \
                                          std::span<int const>);                                     \
  template std::vector<Voigt> axisDirections(SPACE const&, NeighborList<SPACE::memory_space> const&, \
                                             std::span<Voigt const>, std::span<int const>);          \
  template std::optional<BondAxis> bondAxisOf(SPACE const&, Structure const&, double);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
