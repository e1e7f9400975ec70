#include "sinter/soap/soap_evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/neighbor/centre_range.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "sinter/soap/soap_chunks.hpp"
#include "sinter/soap/soap_kernel.hpp"
#include "sinter/soap/soap_sinks.hpp"

namespace sinter {

namespace {

constexpr int most_neighbors = 200'000;  // of an atom: what a team's scratch memory holds

std::string nameOf(std::span<std::string const> names, std::size_t s) {
  return s < names.size() ? names[s] : "structure " + std::to_string(s);
}

[[noreturn]] void failNotFinite(std::string const& name, char const* what) {
  throw InputError(name + ": found " + what + " that is not finite, expected no two atoms at the same place");
}

void requireAtoms(std::span<Structure const> structures, std::span<std::string const> names) {
  for (std::size_t s = 0; s < structures.size(); ++s)
    if (structures[s].size() == 0)
      throw InputError(nameOf(names, s) + ": found no atoms, expected some to take the average of");
}

}  // namespace

namespace detail {

template <class View>
[[nodiscard]] auto onHost(View const& view) {
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
}

// The neighbour list of structures; when there cannot be one, the message says of which of them.
template <class ExecutionSpace>
[[nodiscard]] auto listNeighbors(ExecutionSpace const& space, double cutoff, SpeciesMap const& species_map,
                                 std::span<Structure const> structures, std::span<std::string const> names) {
  using memory_space = typename ExecutionSpace::memory_space;
  auto const build = [&](StructureBatch<memory_space> const& batch) {
    auto list = buildNeighborList(space, batch, cutoff);
    if (list.max_neighbors > most_neighbors)
      throw InputError("found " + std::to_string(list.max_neighbors) + " neighbours of an atom within " +
                       std::to_string(cutoff) + " Angstrom, expected at most " + std::to_string(most_neighbors));
    return list;
  };
  auto const batch = makeStructureBatch<memory_space>(structures, species_map, names);
  try {
    return build(batch);
  } catch (InputError const&) {
    for (std::size_t s = 0; s < structures.size(); ++s) {
      try {
        (void)build(makeStructureBatch<memory_space>(structures.subspan(s, 1), species_map));
      } catch (InputError const& error) {
        std::string const message = error.what();
        throw InputError(nameOf(names, s) + ": " + message.substr(message.find("found")));  // its number is 0 here
      }
    }
    throw;
  }
}

// Structures and the buffers for some of their atoms at a time.
template <class ExecutionSpace, class Real>
class SoapBatch {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Evaluator = SoapEvaluator<ExecutionSpace>;
  using Chunks = SoapChunks<ExecutionSpace, Real, NeighborList<memory_space>>;
  using Rows = SoapRows<memory_space, Real>;
  using Matrix = Kokkos::View<double**, Kokkos::LayoutRight, memory_space>;
  using RealMatrix = Kokkos::View<Real**, Kokkos::LayoutRight, memory_space>;
  static constexpr auto vectors = SoapOutputs::coefficients | SoapOutputs::spectra;

  SoapBatch(ExecutionSpace const& space, SoapPlan<memory_space> const& plan, NeighborList<memory_space> const& list)
      : _space(space), _plan(plan), _list(list), _chunks(space, plan, list) {}

  [[nodiscard]] int atoms() const { return _list.numCentres(); }
  [[nodiscard]] int structures() const { return _list.batch.structures(); }
  [[nodiscard]] int structureOf(int atom) const { return _chunks.groupOf(atom); }

  // to = from / atoms of the structure of each row.
  template <class From, class To>
  void divideByAtoms(From const& from, To const& to) const {
    auto const offsets = _list.batch.offsets;
    auto const columns = static_cast<int>(from.extent(1));
    using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2, Kokkos::Iterate::Right>>;
    Kokkos::parallel_for(
        "sinter::soap::divide", Policy(_space, {0, 0}, {structures(), columns}, {1, 64}), KOKKOS_LAMBDA(int s, int k) {
          to(s, k) = static_cast<typename To::value_type>(static_cast<double>(from(s, k)) /
                                                          static_cast<double>(offsets(s + 1) - offsets(s)));
        });
  }

  // Coefficients and vectors of all structures.
  [[nodiscard]] Rows innerAverages() const {
    Rows means(_plan, structures());
    Matrix const sums("sinter::soap::sums", means.coefficients.extent(0), means.coefficients.extent(1));
    _chunks.addCoefficients(sums);
    divideByAtoms(sums, means.coefficients);
    evaluateSpectra(_space, _plan, means, structures());
    return means;
  }

  // Calls visit(first, vectors) for all rows in their order, vectors complete.
  template <class Visit>
  void forEachVector(SoapAverage average, Visit const& visit) const {
    auto const put = [&](auto const& rows, int first, int count) {
      _space.fence("sinter::soap::vectors");
      visit(first, typename Evaluator::Vectors(Kokkos::subview(rows, std::pair<int, int>(0, count), Kokkos::ALL)));
    };
    if (average == SoapAverage::inner) {
      put(innerAverages().spectra, 0, structures());
    } else if (average == SoapAverage::outer) {
      Matrix const sums("sinter::soap::sums", static_cast<std::size_t>(structures()),
                        static_cast<std::size_t>(_plan.dimension));
      _chunks.template forEach<vectors>([&](Rows const& rows, auto const& range) {
        _chunks.addToGroups(rows.spectra, range.first, range.count, sums);
      });
      divideByAtoms(sums, sums);
      put(sums, 0, structures());
    } else {
      _chunks.template forEach<vectors>(
          [&](Rows const& rows, auto const& range) { put(rows.spectra, range.first, range.count); });
    }
  }

  // What an energy gives: forces and virials of all atoms, energies of atoms or structures.
  struct Gradients {
    Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces;
    Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> site_virial;
    Kokkos::View<double*, memory_space> energies;
  };

  [[nodiscard]] Gradients gradients(typename Evaluator::Energy const& energy, SoapAverage average) const {
    bool const of_structures = average == SoapAverage::inner;
    auto const size = static_cast<std::size_t>(atoms()),
               rows = static_cast<std::size_t>(of_structures ? structures() : _chunks.size()),
               dimension = static_cast<std::size_t>(_plan.dimension);
    Gradients result{decltype(Gradients::forces)("sinter::soap::forces", size),
                     decltype(Gradients::site_virial)("sinter::soap::site_virial", size),
                     decltype(Gradients::energies)("sinter::soap::energies",
                                                   of_structures ? static_cast<std::size_t>(structures()) : size)};
    Matrix const derivatives("sinter::soap::derivatives", rows, dimension);
    RealMatrix const adjoints = adjointsOf(rows);
    SoapForcesSink<ExecutionSpace, Real> sink{adjoints, {}, {}, result.site_virial};
    sink.forces.begin(_space, result.forces);
    // The derivatives of rows `first` to first + count - 1 by their coefficients.
    auto const differentiate = [&](Rows const& rows_here, int first, int count) {
      std::pair<int, int> const here(0, count);
      energy(_space, Kokkos::subview(rows_here.spectra, here, Kokkos::ALL),
             Kokkos::subview(result.energies, std::pair<int, int>(first, first + count)),
             Kokkos::subview(derivatives, here, Kokkos::ALL));
      differentiateSpectra<Real>(_space, _plan, rows_here, count,
                                 Kokkos::View<double const**, Kokkos::LayoutRight, memory_space>(derivatives),
                                 adjoints);
    };
    if (of_structures) {
      auto const means = innerAverages();
      differentiate(means, 0, structures());
      divideByAtoms(adjoints, adjoints);
      sink.row = _list.batch.structure;
      evaluateSoap<SoapOutputs::gradients, Real>(_space, _plan, _list, sink);
    } else {
      _chunks.template forEach<vectors>([&](Rows const& some, auto const& range) {
        differentiate(some, range.first, range.count);
        evaluateSoap<SoapOutputs::gradients, Real>(_space, _plan, range, sink);
      });
    }
    sink.forces.finish(_space);
    _space.fence("sinter::soap::gradients");
    return result;
  }

  // d p_ic / d r_j of all atoms, a component at a time.
  [[nodiscard]] std::vector<double> jacobian() const {
    auto const size = static_cast<std::size_t>(atoms()), dimension = static_cast<std::size_t>(_plan.dimension);
    Kokkos::View<double** [3], Kokkos::LayoutRight, memory_space> const component("sinter::soap::jacobian", size, size);
    Matrix const derivatives("sinter::soap::derivatives", size, dimension);
    RealMatrix const adjoints = adjointsOf(size);
    Rows const rows(_plan, atoms());
    evaluateSoap<vectors, Real>(_space, _plan, _list, SoapRowsSink<ExecutionSpace, Real>{rows});
    std::vector<double> result(size * dimension * size * 3);
    for (std::size_t c = 0; c < dimension; ++c) {
      Kokkos::deep_copy(_space, derivatives, 0.0);
      Kokkos::deep_copy(_space, Kokkos::subview(derivatives, Kokkos::ALL, c), 1.0);
      Kokkos::deep_copy(_space, component, 0.0);
      differentiateSpectra<Real>(_space, _plan, rows, atoms(),
                                 Kokkos::View<double const**, Kokkos::LayoutRight, memory_space>(derivatives),
                                 adjoints);
      evaluateSoap<SoapOutputs::gradients, Real>(_space, _plan, _list,
                                                 SoapJacobianSink<ExecutionSpace, Real>{adjoints, component});
      _space.fence("sinter::soap::jacobian");
      auto const host = onHost(component);
      for (std::size_t i = 0; i < size; ++i)
        std::copy_n(host.data() + i * size * 3, size * 3, result.data() + (i * dimension + c) * size * 3);
    }
    return result;
  }

 private:
  // Room for derivatives by coefficients.
  [[nodiscard]] RealMatrix adjointsOf(std::size_t rows) const {
    return RealMatrix("sinter::soap::adjoints", rows,
                      static_cast<std::size_t>(_plan.rows()) * _plan.template width<Real>());
  }

  ExecutionSpace _space;
  SoapPlan<memory_space> _plan;
  NeighborList<memory_space> _list;
  Chunks _chunks;
};

// The first row with a number that is not finite, or as many as there are.
template <class ExecutionSpace, class Matrix>
[[nodiscard]] std::size_t firstNotFinite(ExecutionSpace const& space, Matrix const& rows) {
  std::int64_t first = static_cast<std::int64_t>(rows.size());
  auto const columns = static_cast<std::int64_t>(rows.extent(1));
  auto const* const numbers = rows.data();
  Kokkos::parallel_reduce(
      "sinter::soap::check", Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<std::int64_t>>(space, 0, first),
      KOKKOS_LAMBDA(std::int64_t e, std::int64_t & least) {
        if (!Kokkos::isfinite(numbers[e]) && e < least) least = e;
      },
      Kokkos::Min<std::int64_t>(first));
  return static_cast<std::size_t>(std::min(first, static_cast<std::int64_t>(rows.size())) / columns);
}

}  // namespace detail

template <class ExecutionSpace>
SoapEvaluator<ExecutionSpace>::SoapEvaluator(SoapSettings const& settings, Precision precision, ExecutionSpace space)
    : _space(std::move(space)),
      _precision(precision),
      _species_map(settings.species, static_cast<int>(settings.species.size())),
      _plan(makeSoapPlan<memory_space>(settings)) {}

template <class ExecutionSpace>
void SoapEvaluator<ExecutionSpace>::forEachVector(std::span<Structure const> structures, SoapAverage average,
                                                  std::span<std::string const> names, Visit const& visit) const {
  if (average != SoapAverage::none) requireAtoms(structures, names);
  auto const list = detail::listNeighbors(_space, _plan.cutoff, _species_map, structures, names);
  auto const evaluate = [&]<class Real>(Real) {
    detail::SoapBatch<ExecutionSpace, Real> const batch(_space, _plan, list);
    batch.forEachVector(average, [&](int first, Vectors const& vectors) {
      std::size_t const bad = detail::firstNotFinite(_space, vectors);
      if (bad < vectors.extent(0)) {
        int const row = first + static_cast<int>(bad);
        failNotFinite(nameOf(names, average == SoapAverage::none ? batch.structureOf(row) : row), "a SOAP vector");
      }
      visit(static_cast<std::size_t>(first), vectors);
    });
  };
  if (_precision == Precision::mixed)
    evaluate(float());
  else
    evaluate(double());
}

template <class ExecutionSpace>
std::vector<double> SoapEvaluator<ExecutionSpace>::evaluate(std::span<Structure const> structures, SoapAverage average,
                                                            std::span<std::string const> names) const {
  std::size_t rows = structures.size();
  if (average == SoapAverage::none)
    rows = std::accumulate(structures.begin(), structures.end(), std::size_t{0},
                           [](std::size_t sum, Structure const& structure) { return sum + structure.size(); });
  std::vector<double> result;
  result.reserve(rows * static_cast<std::size_t>(dimension()));
  forEachVector(structures, average, names, [&](std::size_t, Vectors const& vectors) {
    auto const host = detail::onHost(vectors);
    result.insert(result.end(), host.data(), host.data() + host.size());
  });
  return result;
}

template <class ExecutionSpace>
std::vector<Evaluation> SoapEvaluator<ExecutionSpace>::evaluate(std::span<Structure const> structures,
                                                                Energy const& energy, SoapAverage average,
                                                                std::span<std::string const> names) const {
  if (average == SoapAverage::outer)
    throw InputError("SOAP: found an outer average, expected none or inner for energies and forces");
  if (average == SoapAverage::inner) requireAtoms(structures, names);
  auto const list = detail::listNeighbors(_space, _plan.cutoff, _species_map, structures, names);
  auto const finish = [&]<class Real>(Real) {
    auto const gradients = detail::SoapBatch<ExecutionSpace, Real>(_space, _plan, list).gradients(energy, average);
    auto const forces = detail::onHost(gradients.forces);
    auto const virial = detail::onHost(gradients.site_virial);
    auto const energies = detail::onHost(gradients.energies);
    std::vector<Evaluation> results(structures.size());
    int atom = 0;
    for (std::size_t s = 0; s < structures.size(); ++s) {
      Evaluation& result = results[s];
      if (average == SoapAverage::inner) result.energy = energies(s);
      bool finite = true;
      for (std::size_t i = 0; i < structures[s].size(); ++i, ++atom) {
        if (average == SoapAverage::none) {
          result.energy += energies(atom);
          result.site_energies.push_back(energies(atom));
        }
        result.forces.push_back({forces(atom, 0), forces(atom, 1), forces(atom, 2)});
        for (int v = 0; v < 6; ++v) result.virial[v] += virial(atom, v);
        for (double const f : result.forces.back()) finite = finite && std::isfinite(f);
      }
      if (!(finite && std::isfinite(result.energy))) failNotFinite(nameOf(names, s), "an energy or force");
    }
    return results;
  };
  return _precision == Precision::mixed ? finish(float()) : finish(double());
}

template <class ExecutionSpace>
std::vector<double> SoapEvaluator<ExecutionSpace>::jacobian(Structure const& structure, std::string const& name) const {
  double const numbers = 3 * std::pow(static_cast<double>(structure.size()), 2) * dimension();
  if (numbers > 1 << 30)
    throw InputError(name + ": found " + std::to_string(structure.size()) + " atoms with " +
                     std::to_string(dimension()) +
                     " components each, expected a structure with at most 2^30 derivatives");
  auto const list = detail::listNeighbors(_space, _plan.cutoff, _species_map, {&structure, 1}, {&name, 1});
  auto result = _precision == Precision::mixed
                    ? detail::SoapBatch<ExecutionSpace, float>(_space, _plan, list).jacobian()
                    : detail::SoapBatch<ExecutionSpace, double>(_space, _plan, list).jacobian();
  if (!std::all_of(result.begin(), result.end(), [](double x) { return std::isfinite(x); }))
    failNotFinite(name, "a derivative of a SOAP vector");
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class SoapEvaluator<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
