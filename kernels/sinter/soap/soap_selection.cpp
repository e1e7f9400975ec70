#include "sinter/soap/soap_selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/linalg/panel_algebra.hpp"
#include "sinter/soap/soap_workers.hpp"

namespace sinter {

namespace detail {

KOKKOS_INLINE_FUNCTION double soapKernel(double dot, double zeta) { return Kokkos::pow(dot < 0 ? 0 : dot, zeta); }

// Products of each row with some references.
template <class ExecutionSpace>
struct SoapProductsKernel {
  using Team = SoapTeam<ExecutionSpace, double>;
  using Matrix = Kokkos::View<double**, Kokkos::LayoutRight, typename ExecutionSpace::memory_space>;
  using Rows = typename Matrix::const_type;

  Rows rows;
  Kokkos::View<double const*, typename ExecutionSpace::memory_space> references;  // one behind the other
  Matrix products;

  KOKKOS_FUNCTION void operator()(typename Team::Member const& team) const {
    typename Team::Workers const workers(team);
    int const row = team.league_rank(), dimension = static_cast<int>(rows.extent(1));
    for (int r = 0; r < static_cast<int>(products.extent(1)); ++r) {
      double const dot = dotProduct(workers, dimension, &rows(row, 0), &references(r * dimension));
      workers.once([&] { products(row, r) = dot; });
    }
  }
};

// The product of each row with itself, in the same order of sums.
template <class ExecutionSpace>
struct SoapSquaresKernel {
  using Team = SoapTeam<ExecutionSpace, double>;

  typename SoapProductsKernel<ExecutionSpace>::Rows rows;
  Kokkos::View<double*, typename ExecutionSpace::memory_space> squares;

  KOKKOS_FUNCTION void operator()(typename Team::Member const& team) const {
    typename Team::Workers const workers(team);
    int const row = team.league_rank();
    double const dot = dotProduct(workers, static_cast<int>(rows.extent(1)), &rows(row, 0), &rows(row, 0));
    workers.once([&] { squares(row) = dot; });
  }
};

// Rows on one execution space, and the largest of a number that each has.
template <class ExecutionSpace>
class SoapCandidates {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Kernel = SoapProductsKernel<ExecutionSpace>;
  using Numbers = Kokkos::View<double*, memory_space>;
  using Largest = Kokkos::MaxFirstLoc<double, int>;
  using Choice = typename Largest::value_type;

  SoapCandidates(ExecutionSpace const& space, std::span<double const> rows, std::size_t dimension, int references)
      : _space(space), _size(static_cast<int>(rows.size() / dimension)) {
    Kokkos::View<double const**, Kokkos::LayoutRight, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const
        host(rows.data(), rows.size() / dimension, dimension);
    _rows = Kokkos::create_mirror_view_and_copy(memory_space(), host);
    _products = typename Kernel::Matrix("sinter::soap::products", rows.size() / dimension,
                                        static_cast<std::size_t>(references));
  }

  // Products of all rows with themselves.
  [[nodiscard]] Numbers squares() const {
    Numbers const result("sinter::soap::squares", static_cast<std::size_t>(_size));
    int level = 0;
    Kokkos::parallel_for("sinter::soap::squares", Kernel::Team::makePolicy(_space, _size, 0, level),
                         SoapSquaresKernel<ExecutionSpace>{_rows, result});
    return result;
  }

  void multiply(std::span<double const> references) {
    int level = 0;
    Kokkos::parallel_for("sinter::soap::products", Kernel::Team::makePolicy(_space, _size, 0, level),
                         Kernel{_rows, copyTo<memory_space>(references, "sinter::soap::references"), _products});
  }

  // The row that is farthest of all from the reference (of which `square` is the product with itself) and those before:
  // `nearest` has squares of distances to these.
  [[nodiscard]] Choice farthest(Numbers const& squares, double square, double zeta, Numbers const& nearest) const {
    auto const products = _products;
    Choice choice;
    Kokkos::parallel_reduce(
        "sinter::soap::farthest", Kokkos::RangePolicy<ExecutionSpace>(_space, 0, _size),
        KOKKOS_LAMBDA(int i, Choice& best) {
          double const own = soapKernel(squares(i), zeta) + soapKernel(square, zeta),
                       distance = own - 2 * soapKernel(products(i, 0), zeta);  // eq. (4.34)
          nearest(i) = Kokkos::min(nearest(i), distance > 1e-14 * own ? distance : 0.0);
          if (nearest(i) > best.val || (nearest(i) == best.val && i < best.loc)) best = {nearest(i), i};
        },
        Largest(choice));
    return choice;
  }

  // The row with the largest leverage score among those that are `open` (1; else 0); products are those with singular
  // vectors, `inverse` one over the squares of the singular values.
  [[nodiscard]] Choice weightiest(std::span<double const> inverse, Numbers const& open) const {
    auto const products = _products;
    auto const weights = copyTo<memory_space>(inverse, "sinter::soap::inverse");
    Choice choice;
    Kokkos::parallel_reduce(
        "sinter::soap::weightiest", Kokkos::RangePolicy<ExecutionSpace>(_space, 0, _size),
        KOKKOS_LAMBDA(int i, Choice& best) {
          double score = 0;
          for (int r = 0; r < static_cast<int>(weights.extent(0)); ++r)
            score += weights(r) * products(i, r) * products(i, r);  // eq. (4.35)
          score *= open(i);
          if (score > best.val || (score == best.val && i < best.loc)) best = {score, i};
        },
        Largest(choice));
    return choice;
  }

 private:
  ExecutionSpace _space;
  int _size;
  typename Kernel::Rows _rows;
  typename Kernel::Matrix _products;
};

}  // namespace detail

namespace {

double dot(std::span<double const> a, std::span<double const> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

[[noreturn]] void fail(std::string const& found, std::string const& expected) {
  throw InputError("SOAP selection: found " + found + ", expected " + expected);
}

}  // namespace

template <class ExecutionSpace>
SoapSelector<ExecutionSpace>::SoapSelector(std::span<double const> vectors, int dimension, ExecutionSpace space)
    : _space(std::move(space)), _host(vectors), _dimension(static_cast<std::size_t>(dimension)) {
  if (dimension < 1 || vectors.size() % _dimension != 0)
    fail(std::to_string(vectors.size()) + " numbers of vectors", "a multiple of " + std::to_string(dimension));
  _size = vectors.size() / _dimension;
  if (_size > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    fail(std::to_string(_size) + " vectors", "less than 2^31");
  if (!std::all_of(vectors.begin(), vectors.end(), [](double x) { return std::isfinite(x); }))
    fail("a number that is not finite", "finite vectors");
}

template <class ExecutionSpace>
void SoapSelector<ExecutionSpace>::requireCount(std::size_t count) const {
  if (count < 1 || count > _size)
    fail("a count of " + std::to_string(count), "1 to " + std::to_string(_size) + ", the number of vectors");
}

template <class ExecutionSpace>
SoapSelection SoapSelector<ExecutionSpace>::farthestPoints(std::size_t count, double zeta,
                                                           std::optional<std::size_t> first,
                                                           AfterChoice const& after_choice) const {
  requireCount(count);
  if (!(std::isfinite(zeta) && zeta > 0)) fail("zeta = " + std::to_string(zeta), "a positive number");
  if (first && *first >= _size)
    fail("row " + std::to_string(*first) + " as the first", "0 to " + std::to_string(_size - 1));
  using Candidates = detail::SoapCandidates<ExecutionSpace>;
  Candidates candidates(_space, _host, _dimension, 1);
  auto const squares = candidates.squares();
  auto const squares_on_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), squares);
  typename Candidates::Numbers const nearest("sinter::soap::nearest", _size);
  auto const forget = [&] { Kokkos::deep_copy(_space, nearest, std::numeric_limits<double>::infinity()); };

  std::vector<double> mean(_dimension, 0);
  for (std::size_t k = 0; k < _host.size(); ++k) mean[k % _dimension] += _host[k] / static_cast<double>(_size);
  forget();
  candidates.multiply(mean);
  auto choice = candidates.farthest(squares, dot(mean, mean), zeta, nearest);
  if (first) {
    auto const distance = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), nearest);
    choice = {distance(*first), static_cast<int>(*first)};
  }
  forget();
  SoapSelection result;
  while (true) {
    auto const row = static_cast<std::size_t>(choice.loc);
    result.rows.push_back(row);
    result.distances.push_back(std::sqrt(choice.val));
    if (after_choice) after_choice(result.rows.size());
    if (result.rows.size() == count) return result;
    candidates.multiply(_host.subspan(row * _dimension, _dimension));
    choice = candidates.farthest(squares, squares_on_host(row), zeta, nearest);
    if (!(choice.val > 0))
      fail(std::to_string(result.rows.size()) + " different vectors", std::to_string(count) + " at least");
  }
}

template <class ExecutionSpace>
std::size_t SoapSelector<ExecutionSpace>::curBytes(std::size_t n, int dimension, std::size_t count) {
  std::size_t const components = static_cast<std::size_t>(dimension), m = std::min(n, components);
  return sizeof(double) * (2 * m * m + count * m + (n < components ? n * (components + n) : 0));
}

template <class ExecutionSpace>
SoapSelection SoapSelector<ExecutionSpace>::cur(std::size_t count, int rank, AfterChoice const& after_choice) const {
  requireCount(count);
  if (rank < 1) fail("rank " + std::to_string(rank), "one or more");
  // Rows that are fewer than their components are as well given in a basis of their own: A^T = Q R, rows of R^T.
  std::vector<double> rotated;
  std::span<double const> rows = _host;
  int const size = static_cast<int>(_size), dimension = static_cast<int>(std::min(_size, _dimension));
  if (_size < _dimension) {
    std::vector<double> factor(_host.begin(), _host.end());
    PanelAlgebra<Kokkos::DefaultHostExecutionSpace>().triangularize(factor.data(), static_cast<int>(_dimension), size,
                                                                    static_cast<int>(_dimension));
    for (std::size_t i = 0; i < _size; ++i)
      for (std::size_t k = 0; k < _size; ++k) rotated.push_back(k <= i ? factor[i * _dimension + k] : 0);
    rows = rotated;
  }
  auto const width = static_cast<std::size_t>(dimension);
  std::vector<double> gram(width * width, 0);  // of the orthogonalised rows, lower triangle
  addGram(rows.data(), size, dimension, dimension, gram.data());
  double total = 0;
  for (std::size_t k = 0; k < width; ++k) total += gram[k * width + k];
  double const noise = std::numeric_limits<double>::epsilon() * static_cast<double>(dimension) * total;

  using Candidates = detail::SoapCandidates<ExecutionSpace>;
  int const pairs_kept = std::min(rank, dimension);
  Candidates candidates(_space, rows, width, pairs_kept);
  typename Candidates::Numbers const open("sinter::soap::open", _size);
  Kokkos::deep_copy(_space, open, 1.0);
  std::vector<double> chosen;  // orthonormal
  SoapSelection result;
  while (result.rows.size() < count) {
    auto const pairs = largestEigenpairs(gram, dimension, pairs_kept);
    if (!(pairs.values[0] > noise))
      fail("vectors of rank " + std::to_string(result.rows.size()), std::to_string(count) + " at least");
    std::vector<double> inverse;
    for (double const value : pairs.values) inverse.push_back(value > noise ? 1 / value : 0);
    // Singular vectors are orthogonal to the chosen rows: products with the rows are those with what is left of them.
    candidates.multiply(pairs.vectors);
    auto const row = static_cast<std::size_t>(candidates.weightiest(inverse, open).loc);
    Kokkos::deep_copy(_space, Kokkos::subview(open, row), 0.0);

    auto const begin = rows.begin() + static_cast<std::ptrdiff_t>(row * width);
    std::vector<double> rest(begin, begin + dimension);
    for (int pass = 0; pass < 2; ++pass)  // twice is enough (Gram-Schmidt)
      for (std::size_t k = 0; k < chosen.size(); k += width) {
        std::span<double const> const direction(&chosen[k], width);
        double const along = dot(direction, rest);
        for (std::size_t x = 0; x < width; ++x) rest[x] -= along * direction[x];
      }
    double const length = std::sqrt(dot(rest, rest));
    for (double& x : rest) x /= length;
    chosen.insert(chosen.end(), rest.begin(), rest.end());
    result.rows.push_back(row);
    result.distances.push_back(length);

    // G <- (1 - x x^T) G (1 - x x^T) = G - g x^T - x g^T, with g = G x - x (x . G x) / 2.
    std::vector<double> g(width, 0);
    for (std::size_t a = 0; a < width; ++a)
      for (std::size_t b = a; b < width; ++b) {
        double const element = gram[a * width + b];
        g[a] += element * rest[b];
        if (b > a) g[b] += element * rest[a];
      }
    double const half = dot(rest, g) / 2;
    for (std::size_t a = 0; a < width; ++a) g[a] -= half * rest[a];
    for (std::size_t a = 0; a < width; ++a)
      for (std::size_t b = a; b < width; ++b) gram[a * width + b] -= g[a] * rest[b] + g[b] * rest[a];
    if (after_choice) after_choice(result.rows.size());
  }
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class SoapSelector<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
