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
#include "sinter/soap/soap_similarity.hpp"
#include "sinter/soap/soap_workers.hpp"

namespace sinter {

namespace detail {

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

// Rows on one execution space, with a number each, of which the largest is looked for.
template <class ExecutionSpace>
class SoapCandidates {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Kernel = SoapProductsKernel<ExecutionSpace>;
  using Numbers = Kokkos::View<double*, memory_space>;

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

  // Takes the reference (of which `square` is the product with itself) among those that `nearest` has the squares of
  // distances to.
  void bringNearer(Numbers const& squares, double square, double zeta, Numbers const& nearest) const {
    auto const products = _products;
    Kokkos::parallel_for(
        "sinter::soap::nearest", Kokkos::RangePolicy<ExecutionSpace>(_space, 0, _size), KOKKOS_LAMBDA(int i) {
          double const own = soapKernel(squares(i), zeta) + soapKernel(square, zeta),
                       distance = own - 2 * soapKernel(products(i, 0), zeta);  // eq. (4.26)
          nearest(i) = Kokkos::min(nearest(i), distance > 1e-14 * own ? distance : 0.0);
        });
  }

  // Leverage scores of the rows that are `open` (1; else 0): products are those with singular vectors, `inverse` is one
  // over the squares of the singular values.
  void weigh(std::span<double const> inverse, Numbers const& open, Numbers const& scores) const {
    auto const products = _products;
    auto const weights = copyTo<memory_space>(inverse, "sinter::soap::inverse");
    Kokkos::parallel_for(
        "sinter::soap::scores", Kokkos::RangePolicy<ExecutionSpace>(_space, 0, _size), KOKKOS_LAMBDA(int i) {
          double score = 0;
          for (int r = 0; r < static_cast<int>(weights.extent(0)); ++r)
            score += weights(r) * products(i, r) * products(i, r);  // eq. (4.27)
          scores(i) = open(i) * score;
        });
  }

  // The first row of those whose number is the largest to nine digits.
  [[nodiscard]] std::size_t largest(Numbers const& numbers) const {
    Kokkos::RangePolicy<ExecutionSpace> const all(_space, 0, _size);
    double most = 0;
    Kokkos::parallel_reduce(
        "sinter::soap::largest", all, KOKKOS_LAMBDA(int i, double& m) { m = Kokkos::max(m, numbers(i)); },
        Kokkos::Max<double>(most));
    double const enough = (1 - 1e-9) * most;
    int row = 0;
    Kokkos::parallel_reduce(
        "sinter::soap::first", all,
        KOKKOS_LAMBDA(int i, int& first) {
          if (numbers(i) >= enough && i < first) first = i;
        },
        Kokkos::Min<int>(row));
    return static_cast<std::size_t>(row);
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

// Rows B less their part along the chosen ones, and G = B^T B (lower triangle), which follows each choice; B itself is
// made anew now and then.
class RowsLeft {
 public:
  // Rows that are fewer than their components are as well given in a basis of their own: A^T = Q R, rows of R^T.
  RowsLeft(std::span<double const> vectors, std::size_t size, std::size_t dimension)
      : _size(static_cast<int>(size)), _width(std::min(size, dimension)), _rows(vectors.begin(), vectors.end()) {
    if (size < dimension) {
      auto triangular = std::exchange(_rows, std::vector<double>(size * size, 0));
      _algebra.triangularize(triangular.data(), static_cast<int>(dimension), _size, static_cast<int>(dimension));
      for (std::size_t i = 0; i < size; ++i) std::copy_n(&triangular[i * dimension], i + 1, &_rows[i * size]);
    }
    makeGram();
    _first_trace = _trace;
  }

  [[nodiscard]] int width() const { return static_cast<int>(_width); }
  [[nodiscard]] std::span<double const> rows() const { return _rows; }
  [[nodiscard]] Eigenpairs leadingPairs(int count) const {
    auto gram = _gram;
    return _algebra.largestEigenpairs(gram.data(), width(), count);
  }

  // Eigenvalues of G that are rounding of the vectors, or of the updates of G.
  [[nodiscard]] double noise() const {
    constexpr double epsilon = std::numeric_limits<double>::epsilon();
    return std::max(std::pow(32 * epsilon, 2) * _first_trace, epsilon * width() * _trace);
  }

  // Whether updates of G have left only some digits.
  [[nodiscard]] bool isImprecise(Eigenpairs const& pairs) const { return !(pairs.values[0] > 1e-6 * _trace); }

  void renew() {
    int const count = static_cast<int>(_chosen.size() / _width);
    for (int pass = 0; pass < 2; ++pass) {  // twice is enough (Gram-Schmidt)
      std::vector<double> along(static_cast<std::size_t>(_size) * static_cast<std::size_t>(count), 0);
      addRowProduct(_rows.data(), _size, _chosen.data(), count, width(), along.data());
      for (double& x : along) x = -x;
      _algebra.addToPanel(along.data(), _size, count, count, _chosen.data(), width(), width(), _rows.data(), width());
    }
    makeGram();
  }

  // Takes a row as chosen. Returns the length of what was left of it.
  double remove(std::size_t row) {
    auto const begin = _rows.begin() + static_cast<std::ptrdiff_t>(row * _width);
    std::vector<double> x(begin, begin + width());
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t k = 0; k < _chosen.size(); k += _width) {
        std::span<double const> const direction(&_chosen[k], _width);
        double const along = dot(direction, x);
        for (std::size_t a = 0; a < _width; ++a) x[a] -= along * direction[a];
      }
    double const length = std::sqrt(dot(x, x));
    for (double& component : x) component /= length;
    _chosen.insert(_chosen.end(), x.begin(), x.end());

    // G <- (1 - x x^T) G (1 - x x^T) = G - g x^T - x g^T, with g = G x - x (x . G x) / 2.
    std::vector<double> g(_width, 0);
    for (std::size_t a = 0; a < _width; ++a)
      for (std::size_t b = a; b < _width; ++b) {
        double const element = _gram[a * _width + b];
        g[a] += element * x[b];
        if (b > a) g[b] += element * x[a];
      }
    double const half = dot(x, g) / 2;
    for (std::size_t a = 0; a < _width; ++a) g[a] -= half * x[a];
    for (std::size_t a = 0; a < _width; ++a)
      for (std::size_t b = a; b < _width; ++b) _gram[a * _width + b] -= g[a] * x[b] + g[b] * x[a];
    return length;
  }

 private:
  void makeGram() {
    _gram.assign(_width * _width, 0);
    addGram(_rows.data(), _size, width(), width(), _gram.data());
    _trace = 0;
    for (std::size_t k = 0; k < _width; ++k) _trace += _gram[k * _width + k];
  }

  PanelAlgebra<Kokkos::DefaultHostExecutionSpace> _algebra;
  int _size;
  std::size_t _width;
  std::vector<double> _rows, _gram;
  std::vector<double> _chosen;          // orthonormal
  double _trace = 0, _first_trace = 0;  // of G when it was made
};

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
  candidates.bringNearer(squares, dot(mean, mean), zeta, nearest);
  SoapSelection result;
  while (true) {
    bool const is_first = result.rows.empty();
    std::size_t const row = is_first && first ? *first : candidates.largest(nearest);
    double square = 0;
    Kokkos::deep_copy(square, Kokkos::subview(nearest, row));
    if (!is_first && !(square > 0))
      fail(std::to_string(result.rows.size()) + " different vectors", std::to_string(count) + " at least");
    result.rows.push_back(row);
    result.distances.push_back(std::sqrt(square));
    if (after_choice) after_choice(result.rows.size());
    if (result.rows.size() == count) return result;
    if (is_first) forget();
    candidates.multiply(_host.subspan(row * _dimension, _dimension));
    candidates.bringNearer(squares, squares_on_host(row), zeta, nearest);
  }
}

template <class ExecutionSpace>
std::size_t SoapSelector<ExecutionSpace>::curBytes(std::size_t n, int dimension, std::size_t count) {
  std::size_t const components = static_cast<std::size_t>(dimension), m = std::min(n, components);
  return sizeof(double) * (n * m + 2 * m * m + count * (n + m) + (n < components ? n * components : 0));
}

template <class ExecutionSpace>
SoapSelection SoapSelector<ExecutionSpace>::cur(std::size_t count, int rank, AfterChoice const& after_choice) const {
  requireCount(count);
  if (rank < 1) fail("rank " + std::to_string(rank), "one or more");
  RowsLeft left(_host, _size, _dimension);
  using Candidates = detail::SoapCandidates<ExecutionSpace>;
  int const pairs_kept = std::min(rank, left.width());
  std::optional<Candidates> candidates;
  typename Candidates::Numbers const open("sinter::soap::open", _size), scores("sinter::soap::scores", _size);
  Kokkos::deep_copy(_space, open, 1.0);
  SoapSelection result;
  while (result.rows.size() < count) {
    auto pairs = left.leadingPairs(pairs_kept);
    if (!candidates || left.isImprecise(pairs)) {
      if (candidates) {
        left.renew();
        pairs = left.leadingPairs(pairs_kept);
      }
      candidates.emplace(_space, left.rows(), static_cast<std::size_t>(left.width()), pairs_kept);
    }
    if (!(pairs.values[0] > left.noise()))
      fail("vectors of rank " + std::to_string(result.rows.size()), std::to_string(count) + " at least");
    std::vector<double> inverse;
    for (double const value : pairs.values) inverse.push_back(value > left.noise() ? 1 / value : 0);
    candidates->multiply(pairs.vectors);
    candidates->weigh(inverse, open, scores);
    std::size_t const row = candidates->largest(scores);
    Kokkos::deep_copy(_space, Kokkos::subview(open, row), 0.0);
    result.rows.push_back(row);
    result.distances.push_back(left.remove(row));
    if (after_choice) after_choice(result.rows.size());
  }
  return result;
}

#define SINTER_INSTANTIATE(SPACE) template class SoapSelector<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
