#include "sinter/soap/soap_evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/neighbor/centre_range.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "sinter/soap/soap_kernel.hpp"
#include "sinter/soap/soap_sinks.hpp"

namespace sinter {

namespace detail {

template <class View>
[[nodiscard]] auto onHost(View const& view) {
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
}

// A batch of structures and the buffers for some of its atoms at a time.
template <class ExecutionSpace, class Real>
class SoapBatch {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Evaluator = SoapEvaluator<ExecutionSpace>;
  using Matrix = Kokkos::View<double**, Kokkos::LayoutRight, memory_space>;
  using RealMatrix = Kokkos::View<Real**, Kokkos::LayoutRight, memory_space>;

  SoapBatch(ExecutionSpace const& space, SoapPlan<memory_space> const& plan, StructureBatch<memory_space> const& batch)
      : _space(space), _plan(plan), _list(buildNeighborList(space, batch, plan.cutoff)) {
    // Rows that the caches of a host hold, or that fill a device.
    std::size_t const memory =
        is_device_space<ExecutionSpace> ? 256 << 20 : (1 << 20) * static_cast<std::size_t>(space.concurrency());
    std::size_t const numbers =
        static_cast<std::size_t>(plan.rows()) * plan.template width<Real>() + static_cast<std::size_t>(plan.dimension);
    auto const chunk = std::clamp<std::size_t>(memory / (numbers * sizeof(double)), 64, 1 << 20);
    _chunk = static_cast<int>(std::min<std::size_t>(chunk, static_cast<std::size_t>(batch.atoms())));
    _rows = SoapRows<memory_space, Real>(plan, _chunk);
  }

  [[nodiscard]] int atoms() const { return _list.numCentres(); }
  [[nodiscard]] int structures() const { return _list.batch.structures(); }

  // Calls body(first, count) with coefficients and vectors of these atoms in `_rows`.
  template <class Body>
  void forEachChunk(Body const& body) {
    constexpr auto outputs = SoapOutputs::coefficients | SoapOutputs::spectra;
    for (int first = 0; first < atoms(); first += _chunk) {
      CentreRange<NeighborList<memory_space>> const range{_list, first, std::min(_chunk, atoms() - first)};
      evaluateSoap<outputs, Real>(_space, _plan, range, SoapRowsSink<ExecutionSpace, Real>{_rows});
      body(first, range.count);
    }
  }

  // Adds rows of atoms first ... first + count - 1 to those of their structures, atom after atom.
  template <class Rows>
  void addToStructures(Rows const& rows, int first, int count, Matrix const& sums) {
    auto const offsets = _list.batch.offsets;
    auto const columns = static_cast<int>(rows.extent(1));
    using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2, Kokkos::Iterate::Right>>;
    Kokkos::parallel_for(
        "sinter::soap::add_to_structures", Policy(_space, {0, 0}, {structures(), columns}),
        KOKKOS_LAMBDA(int s, int k) {
          int const begin = Kokkos::max(static_cast<int>(offsets(s)), first),
                    end = Kokkos::min(static_cast<int>(offsets(s + 1)), first + count);
          for (int i = begin; i < end; ++i) sums(s, k) += static_cast<double>(rows(i - first, k));
        });
  }

  // to = from / atoms of the structure of each row.
  template <class From, class To>
  void divideByAtoms(From const& from, To const& to) {
    auto const offsets = _list.batch.offsets;
    auto const columns = static_cast<int>(from.extent(1));
    using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2, Kokkos::Iterate::Right>>;
    Kokkos::parallel_for(
        "sinter::soap::divide", Policy(_space, {0, 0}, {structures(), columns}), KOKKOS_LAMBDA(int s, int k) {
          to(s, k) = static_cast<typename To::value_type>(static_cast<double>(from(s, k)) /
                                                          static_cast<double>(offsets(s + 1) - offsets(s)));
        });
  }

  // Coefficients and vectors of all structures.
  [[nodiscard]] SoapRows<memory_space, Real> innerAverages() {
    SoapRows<memory_space, Real> means(_plan, structures());
    Matrix const sums("sinter::soap::sums", means.coefficients.extent(0), means.coefficients.extent(1));
    forEachChunk([&](int first, int count) { addToStructures(_rows.coefficients, first, count, sums); });
    divideByAtoms(sums, means.coefficients);
    evaluateSpectra(_space, _plan, means, structures());
    return means;
  }

  [[nodiscard]] std::vector<double> vectors(SoapAverage average) {
    std::vector<double> result;
    auto const append = [&](auto const& rows, int count) {
      auto const host = onHost(rows);
      result.insert(result.end(), host.data(), host.data() + static_cast<std::ptrdiff_t>(count) * _plan.dimension);
    };
    if (average == SoapAverage::inner) {
      auto const means = innerAverages();
      _space.fence("sinter::soap::vectors");
      append(means.spectra, structures());
    } else if (average == SoapAverage::outer) {
      Matrix const sums("sinter::soap::sums", static_cast<std::size_t>(structures()),
                        static_cast<std::size_t>(_plan.dimension));
      forEachChunk([&](int first, int count) { addToStructures(_rows.spectra, first, count, sums); });
      divideByAtoms(sums, sums);
      _space.fence("sinter::soap::vectors");
      append(sums, structures());
    } else {
      result.reserve(static_cast<std::size_t>(atoms()) * static_cast<std::size_t>(_plan.dimension));
      forEachChunk([&](int, int count) {
        _space.fence("sinter::soap::vectors");
        append(_rows.spectra, count);
      });
    }
    return result;
  }

  // What an energy gives: forces and virials of all atoms, energies of atoms or structures.
  struct Gradients {
    Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces;
    Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> site_virial;
    Kokkos::View<double*, memory_space> energies;
  };

  [[nodiscard]] Gradients gradients(typename Evaluator::Energy const& energy, SoapAverage average) {
    bool const of_structures = average == SoapAverage::inner;
    auto const size = static_cast<std::size_t>(atoms()),
               rows = static_cast<std::size_t>(of_structures ? structures() : _chunk),
               dimension = static_cast<std::size_t>(_plan.dimension);
    Gradients result{decltype(Gradients::forces)("sinter::soap::forces", size),
                     decltype(Gradients::site_virial)("sinter::soap::site_virial", size),
                     decltype(Gradients::energies)("sinter::soap::energies",
                                                   of_structures ? static_cast<std::size_t>(structures()) : size)};
    Matrix const derivatives("sinter::soap::derivatives", rows, dimension);
    RealMatrix const adjoints("sinter::soap::adjoints", rows, _rows.coefficients.extent(1));
    SoapForcesSink<ExecutionSpace, Real> sink{adjoints, {}, {}, result.site_virial};
    sink.forces.begin(_space, result.forces);
    // The derivatives of rows `first` to first + count - 1 by their coefficients.
    auto const differentiate = [&](SoapRows<memory_space, Real> const& vectors, int first, int count) {
      std::pair<int, int> const here(0, count);
      energy(_space, Kokkos::subview(vectors.spectra, here, Kokkos::ALL),
             Kokkos::subview(result.energies, std::pair<int, int>(first, first + count)),
             Kokkos::subview(derivatives, here, Kokkos::ALL));
      differentiateSpectra<Real>(_space, _plan, vectors, count,
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
      forEachChunk([&](int first, int count) {
        differentiate(_rows, first, count);
        CentreRange<NeighborList<memory_space>> const range{_list, first, count};
        evaluateSoap<SoapOutputs::gradients, Real>(_space, _plan, range, sink);
      });
    }
    sink.forces.finish(_space);
    _space.fence("sinter::soap::gradients");
    return result;
  }

  // d p_ic / d r_j of all atoms, a component at a time.
  [[nodiscard]] std::vector<double> jacobian() {
    auto const size = static_cast<std::size_t>(atoms()), dimension = static_cast<std::size_t>(_plan.dimension);
    Kokkos::View<double** [3], Kokkos::LayoutRight, memory_space> const component("sinter::soap::jacobian", size, size);
    Matrix const derivatives("sinter::soap::derivatives", size, dimension);
    RealMatrix const adjoints("sinter::soap::adjoints", size, _rows.coefficients.extent(1));
    SoapRows<memory_space, Real> const rows(_plan, atoms());
    constexpr auto outputs = SoapOutputs::coefficients | SoapOutputs::spectra;
    evaluateSoap<outputs, Real>(_space, _plan, _list, SoapRowsSink<ExecutionSpace, Real>{rows});
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
  ExecutionSpace _space;
  SoapPlan<memory_space> _plan;
  NeighborList<memory_space> _list;
  SoapRows<memory_space, Real> _rows;
  int _chunk = 0;
};

}  // namespace detail

namespace {

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

template <class ExecutionSpace>
SoapEvaluator<ExecutionSpace>::SoapEvaluator(SoapSettings const& settings, Precision precision, ExecutionSpace space)
    : _space(std::move(space)),
      _precision(precision),
      _species_map(settings.species, static_cast<int>(settings.species.size())),
      _plan(makeSoapPlan<memory_space>(settings)) {}

template <class ExecutionSpace>
std::vector<double> SoapEvaluator<ExecutionSpace>::evaluate(std::span<Structure const> structures, SoapAverage average,
                                                            std::span<std::string const> names) const {
  if (average != SoapAverage::none) requireAtoms(structures, names);
  auto const batch = makeStructureBatch<memory_space>(structures, _species_map, names);
  auto const result = _precision == Precision::mixed
                          ? detail::SoapBatch<ExecutionSpace, float>(_space, _plan, batch).vectors(average)
                          : detail::SoapBatch<ExecutionSpace, double>(_space, _plan, batch).vectors(average);
  std::size_t begin = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    std::size_t const rows = average == SoapAverage::none ? structures[s].size() : 1,
                      end = begin + rows * static_cast<std::size_t>(dimension());
    if (!std::all_of(result.begin() + static_cast<std::ptrdiff_t>(begin),
                     result.begin() + static_cast<std::ptrdiff_t>(end), [](double x) { return std::isfinite(x); }))
      failNotFinite(nameOf(names, s), "a SOAP vector");
    begin = end;
  }
  return result;
}

template <class ExecutionSpace>
std::vector<Evaluation> SoapEvaluator<ExecutionSpace>::evaluate(std::span<Structure const> structures,
                                                                Energy const& energy, SoapAverage average,
                                                                std::span<std::string const> names) const {
  if (average == SoapAverage::outer)
    throw InputError("SOAP: found an outer average, expected none or inner for energies and forces");
  if (average == SoapAverage::inner) requireAtoms(structures, names);
  auto const batch = makeStructureBatch<memory_space>(structures, _species_map, names);
  auto const finish = [&]<class Real>(Real) {
    auto const gradients = detail::SoapBatch<ExecutionSpace, Real>(_space, _plan, batch).gradients(energy, average);
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
  auto const batch = makeStructureBatch<memory_space>({&structure, 1}, _species_map, {&name, 1});
  auto result = _precision == Precision::mixed
                    ? detail::SoapBatch<ExecutionSpace, float>(_space, _plan, batch).jacobian()
                    : detail::SoapBatch<ExecutionSpace, double>(_space, _plan, batch).jacobian();
  if (!std::all_of(result.begin(), result.end(), [](double x) { return std::isfinite(x); }))
    failNotFinite(name, "a derivative of a SOAP vector");
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class SoapEvaluator<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
