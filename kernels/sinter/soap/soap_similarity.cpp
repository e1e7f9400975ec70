#include "sinter/soap/soap_similarity.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/soap/soap_workers.hpp"

namespace sinter {

namespace detail {

// All references of one vector.
template <class ExecutionSpace>
struct SoapSimilarityKernel {
  using Team = SoapTeam<ExecutionSpace, double>;
  using Similarity = SoapSimilarity<ExecutionSpace>;

  typename Similarity::Vectors vectors, references;
  double zeta;
  typename Similarity::Similarities similarities;

  KOKKOS_FUNCTION void operator()(typename Team::Member const& team) const {
    typename Team::Workers const workers(team);
    int const row = team.league_rank(), count = static_cast<int>(references.extent(0)),
              dimension = static_cast<int>(references.extent(1));
    for (int r = 0; r < count; ++r) {
      double const dot = dotProduct(workers, dimension, &vectors(row, 0), &references(r, 0));
      workers.once([&] { similarities(row, r) = soapKernel(dot, zeta); });
    }
  }
};

// A copy of vectors of the host in the memory of `space`, complete on return.
template <class ExecutionSpace>
[[nodiscard]] auto copyVectors(std::span<double const> vectors, std::size_t dimension) {
  std::size_t const rows = vectors.size() / dimension;
  Kokkos::View<double**, Kokkos::LayoutRight, typename ExecutionSpace::memory_space> const result(
      Kokkos::view_alloc("sinter::soap::vectors", Kokkos::WithoutInitializing), rows, dimension);
  Kokkos::View<double const**, Kokkos::LayoutRight, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const
      host(vectors.data(), rows, dimension);
  Kokkos::deep_copy(result, host);
  return result;
}

}  // namespace detail

namespace {

constexpr std::size_t rows_at_a_time = 4096;

}  // namespace

template <class ExecutionSpace>
SoapSimilarity<ExecutionSpace>::SoapSimilarity(std::span<double const> references, int dimension, double zeta,
                                               ExecutionSpace space)
    : _space(std::move(space)), _zeta(zeta) {
  if (!(std::isfinite(zeta) && zeta > 0))
    throw InputError("SOAP: found zeta = " + std::to_string(zeta) + ", expected a positive number");
  if (dimension < 1 || references.empty() || references.size() % static_cast<std::size_t>(dimension) != 0)
    throw InputError("SOAP: found " + std::to_string(references.size()) +
                     " numbers of reference vectors, expected one or more times " + std::to_string(dimension));
  _references = detail::copyVectors<ExecutionSpace>(references, static_cast<std::size_t>(dimension));
}

template <class ExecutionSpace>
void SoapSimilarity<ExecutionSpace>::evaluate(Vectors const& vectors, Similarities const& similarities) const {
  std::size_t const rows = vectors.extent(0);
  if (vectors.extent(1) != _references.extent(1) || similarities.extent(0) != rows ||
      similarities.extent(1) != _references.extent(0))
    throw InputError("SOAP: found " + std::to_string(rows) + " x " + std::to_string(vectors.extent(1)) +
                     " vectors and " + std::to_string(similarities.extent(0)) + " x " +
                     std::to_string(similarities.extent(1)) + " similarities, expected n x " +
                     std::to_string(_references.extent(1)) + " and n x " + std::to_string(_references.extent(0)));
  if (rows == 0) return;
  using Kernel = detail::SoapSimilarityKernel<ExecutionSpace>;
  int level = 0;
  auto const policy = Kernel::Team::makePolicy(_space, static_cast<int>(rows), 0, level);
  Kokkos::parallel_for("sinter::soap::similarities", policy, Kernel{vectors, _references, _zeta, similarities});
}

template <class ExecutionSpace>
std::vector<double> SoapSimilarity<ExecutionSpace>::evaluate(std::span<double const> vectors) const {
  std::size_t const dimension = _references.extent(1);
  if (vectors.size() % dimension != 0)
    throw InputError("SOAP: found " + std::to_string(vectors.size()) + " numbers of vectors, expected a multiple of " +
                     std::to_string(dimension));
  std::size_t const rows = vectors.size() / dimension;
  std::vector<double> result;
  result.reserve(rows * _references.extent(0));
  for (std::size_t first = 0, count = 0; first < rows; first += count) {  // copies of some rows at a time
    count = std::min(rows_at_a_time, rows - first);
    Similarities const similarities(Kokkos::view_alloc("sinter::soap::similarities", Kokkos::WithoutInitializing),
                                    count, _references.extent(0));
    evaluate(detail::copyVectors<ExecutionSpace>(vectors.subspan(first * dimension, count * dimension), dimension),
             similarities);
    _space.fence("sinter::soap::similarities");
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), similarities);
    result.insert(result.end(), host.data(), host.data() + host.size());
  }
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class SoapSimilarity<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
