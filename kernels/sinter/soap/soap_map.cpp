#include "sinter/soap/soap_map.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/memory_size.hpp"
#include "sinter/linalg/dense.hpp"
#include "sinter/linalg/panel_algebra.hpp"
#include "sinter/soap/soap_similarity.hpp"

namespace sinter {

namespace {

std::size_t product(int a, int b) { return static_cast<std::size_t>(a) * static_cast<std::size_t>(b); }

void check(std::span<double const> vectors, int dimension, SoapMapSettings const& settings) {
  auto const fail = [](std::string const& found, std::string const& expected) {
    throw InputError("SOAP map: found " + found + ", expected " + expected);
  };
  if (!(std::isfinite(settings.zeta) && settings.zeta > 0))
    fail("zeta = " + std::to_string(settings.zeta), "a positive number");
  if (settings.components < 1) fail(std::to_string(settings.components) + " components", "one or more");
  if (dimension < 1 || vectors.size() % static_cast<std::size_t>(dimension) != 0)
    fail(std::to_string(vectors.size()) + " numbers of vectors", "a multiple of " + std::to_string(dimension));
  std::size_t const n = vectors.size() / static_cast<std::size_t>(dimension),
                    least = std::max<std::size_t>(3, static_cast<std::size_t>(settings.components) + 1);
  if (n < least) fail(std::to_string(n) + " vectors", std::to_string(least) + " or more");
  if (std::size_t const needed = SoapMap::bytes(n, dimension, settings.kind); needed > settings.max_memory)
    fail(inMiB(settings.max_memory) + " of memory for " + std::to_string(n) + " vectors",
         inMiB(needed) + " (a map of landmarks takes less)");
  if (!std::all_of(vectors.begin(), vectors.end(), [](double x) { return std::isfinite(x); }))
    fail("a number that is not finite", "finite vectors");
}

// The sign rule.
double signOf(std::span<double const> vector) {
  double largest = 0;
  for (double const x : vector) largest = std::max(largest, std::abs(x));
  auto const first =
      std::find_if(vector.begin(), vector.end(), [&](double x) { return std::abs(x) >= (1 - 1e-6) * largest; });
  return *first < 0 ? -1 : 1;
}

// The largest eigenpairs of a symmetric matrix A, which is lost, or of A^T A.
template <class ExecutionSpace>
Eigenpairs leadingPairs(ExecutionSpace const& space, std::vector<double>& matrix, bool of_gram, int n, int count) {
  using Numbers = Kokkos::View<double*, typename ExecutionSpace::memory_space>;
  using OnHost = Kokkos::View<double*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
  PanelAlgebra<ExecutionSpace> const algebra(space);
  auto const there = Kokkos::create_mirror_view_and_copy(typename ExecutionSpace::memory_space(),
                                                         OnHost(matrix.data(), matrix.size()));
  if (!of_gram) return algebra.largestEigenpairs(there.data(), n, count);
  Numbers const gram("sinter::soap::gram", matrix.size());
  algebra.addGram(there.data(), n, n, n, gram.data());
  return algebra.largestEigenpairs(gram.data(), n, count);
}

}  // namespace

std::size_t SoapMap::bytes(std::size_t n, int dimension, SoapMapKind kind) {
  std::size_t const matrices = kind == SoapMapKind::kernel_pca ? 1 : 2;
  return sizeof(double) * n * (matrices * n + static_cast<std::size_t>(dimension));
}

template <class ExecutionSpace>
SoapMap::SoapMap(std::vector<double> vectors, int dimension, SoapMapSettings const& settings,
                 ExecutionSpace const& space)
    : _settings(settings), _dimension(dimension), _vectors(std::move(vectors)) {
  check(_vectors, _dimension, _settings);
  _size = static_cast<int>(_vectors.size() / static_cast<std::size_t>(_dimension));
  std::vector<double> kernel(product(_size, _size), 0);
  addRowGram(_vectors.data(), _size, _dimension, kernel.data());
  for (int i = 0; i < _size; ++i)  // the lower triangle, column-major
    for (int j = i; j < _size; ++j)
      kernel[product(j, _size) + i] = kernel[product(i, _size) + j] =
          soapKernel(kernel[product(i, _size) + j], _settings.zeta);
  if constexpr (has_panel_algebra<ExecutionSpace>)
    centreAndDecompose(space, std::move(kernel));
  else
    centreAndDecompose(Kokkos::DefaultHostExecutionSpace(), std::move(kernel));
}

template <class ExecutionSpace>
void SoapMap::centreAndDecompose(ExecutionSpace const& space, std::vector<double> kernel) {
  int const n = _size, components = _settings.components;
  bool const of_kernel = _settings.kind == SoapMapKind::kernel_pca;
  double mean = 0, trace = 0, total = 0;
  _means.assign(static_cast<std::size_t>(n), 0);
  for (int i = 0; i < n; ++i) {
    double const* const row = &kernel[product(i, n)];
    for (int j = 0; j < n; ++j) _means[i] += row[j] / n;
    mean += _means[i] / n;
    trace += row[i];
  }
  // K, or k H (X is -2 times its transpose), and the sum of the eigenvalues of what is decomposed.
  for (int i = 0; i < n; ++i) {
    double* const row = &kernel[product(i, n)];
    for (int j = 0; j < n; ++j) {
      row[j] -= _means[i] + (of_kernel ? _means[j] - mean : 0);  // eqs. (4.23), (4.24)
      if (!of_kernel) total += row[j] * row[j];
    }
    if (of_kernel) total += row[i];
  }
  // Eigenvalues that rounding of k, and of sums of its squares, makes.
  constexpr double epsilon = 8 * std::numeric_limits<double>::epsilon();
  double const noise = of_kernel ? epsilon * trace : epsilon * total + std::pow(epsilon * trace, 2);
  if (!(total > noise))
    throw InputError("SOAP map: found " + std::to_string(n) +
                     " vectors that are all the same, expected different ones");
  auto pairs = leadingPairs(space, kernel, !of_kernel, n, components);

  double const scale = of_kernel ? 1 : 4;  // D and k
  _coordinates.assign(product(n, components), 0);
  _axes.assign(product(components, n), 0);
  for (int a = 0; a < components; ++a) {
    double const value = pairs.values[a] > noise ? pairs.values[a] : 0;
    _eigenvalues.push_back(scale * value);
    _explained.push_back(value / total);
    std::span<double> const u(&pairs.vectors[product(a, n)], static_cast<std::size_t>(n));
    double const length = std::sqrt(scale * value) * signOf(u);
    for (int i = 0; i < n; ++i) _coordinates[product(i, components) + a] = length * u[i];
    if (value == 0) std::fill(u.begin(), u.end(), 0.0);
    if (of_kernel) {
      double sum = 0;  // zero but for rounding; then (4.25) needs no mean of the new vector's kernels
      for (double const x : u) sum += x;
      for (int i = 0; value > 0 && i < n; ++i) _axes[product(a, n) + i] = (u[i] - sum / n) / length;
    } else if (value > 0) {
      for (double& x : u) x *= scale / length;
    }
  }
  if (!of_kernel) addRowProduct(pairs.vectors.data(), components, kernel.data(), n, n, _axes.data());
}

std::vector<double> SoapMap::project(std::span<double const> vectors) const {
  auto const dimension = static_cast<std::size_t>(_dimension);
  if (vectors.size() % dimension != 0)
    throw InputError("SOAP map: found " + std::to_string(vectors.size()) +
                     " numbers of vectors, expected a multiple of " + std::to_string(dimension));
  constexpr std::size_t numbers_at_a_time = std::size_t{1} << 22;
  std::size_t const rows = vectors.size() / dimension, width = static_cast<std::size_t>(_settings.components),
                    chunk = std::max<std::size_t>(1, numbers_at_a_time / static_cast<std::size_t>(_size));
  std::vector<double> result(rows * width, 0), kernel;
  for (std::size_t first = 0, count = 0; first < rows; first += count) {
    count = std::min(chunk, rows - first);
    kernel.assign(count * static_cast<std::size_t>(_size), 0);
    addRowProduct(&vectors[first * dimension], static_cast<int>(count), _vectors.data(), _size, _dimension,
                  kernel.data());
    for (std::size_t k = 0; k < kernel.size(); ++k)
      kernel[k] = soapKernel(kernel[k], _settings.zeta) - _means[k % static_cast<std::size_t>(_size)];
    addRowProduct(kernel.data(), static_cast<int>(count), _axes.data(), _settings.components, _size,
                  &result[first * width]);  // eq. (4.25)
  }
  return result;
}

#define SINTER_INSTANTIATE(SPACE) \
  template SoapMap::SoapMap(std::vector<double>, int, SoapMapSettings const&, SPACE const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
