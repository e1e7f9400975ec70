/// \file
/// Maps of sets of SOAP vectors: a few coordinates per vector, so that vectors that are alike lie close together.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace sinter {

/// Whose principal components a map shows. k_ij = (p_i . p_j)^zeta.
enum class SoapMapKind {
  kernel_pca,   ///< of the vectors in the space of the kernel, eq. (4.23)
  distance_pca  ///< of the rows of D_ij = 2 - 2 k_ij, eq. (4.24)
};

/// What defines a map.
struct SoapMapSettings {
  SoapMapKind kind = SoapMapKind::kernel_pca;
  double zeta = 4;
  int components = 2;
  std::size_t max_memory = std::numeric_limits<std::size_t>::max();  ///< for vectors and matrices (bytes)
};

/// Principal components of a set of SOAP vectors, and the places of further vectors among them. Components are in the
/// order of their variance. The coordinate of the largest magnitude is positive, or the first of those that are as
/// large to 1e-6. Components of equal variance may be any rotation of each other.
///
/// Source: B. Schoelkopf, A. Smola, K.-R. Mueller, Neural Comput. 10, 1299 (1998); J. D. Morrow, V. L. Deringer,
/// J. Chem. Phys. 157, 104105 (2022). A product p . p' below zero, which rounding makes, counts as zero, as in
/// SoapSimilarity.
class SoapMap {
 public:
  /// \param vectors (n, dimension) row-major, n >= 3; \param space what is of n^3 is done here, if it has dense algebra
  /// \throws InputError for fewer vectors than 3 or than components + 1, numbers that are not finite, vectors that are
  /// all the same, zeta or components below the least, and where `bytes` is more than max_memory.
  /// Cost: n^2 dimension + 4/3 n^3 (distance_pca: + n^3) multiply-adds in BLAS and LAPACK, cuBLAS and cuSOLVER.
  template <class ExecutionSpace = Kokkos::DefaultHostExecutionSpace>
  SoapMap(std::vector<double> vectors, int dimension, SoapMapSettings const& settings = {},
          ExecutionSpace const& space = {});

  /// Memory of a map of n vectors: they themselves, and one matrix (n, n) or, of distance_pca, two. A device has as
  /// many matrices once more.
  [[nodiscard]] static std::size_t bytes(std::size_t n, int dimension, SoapMapKind kind);

  [[nodiscard]] int components() const { return _settings.components; }

  /// (n, components) row-major. Components without variance (fewer different vectors) are zero.
  [[nodiscard]] std::vector<double> const& coordinates() const { return _coordinates; }

  /// Sum of the squares of each component's coordinates: eigenvalues of the centred kernel matrix, or of X X^T where X
  /// are the centred rows of D.
  [[nodiscard]] std::vector<double> const& eigenvalues() const { return _eigenvalues; }

  /// The eigenvalues over the sum of all n eigenvalues.
  [[nodiscard]] std::vector<double> const& explained() const { return _explained; }

  /// Coordinates of other vectors, eq. (4.25). \param vectors (rows, dimension); \returns (rows, components), row-major
  /// \throws InputError unless these are whole vectors.
  [[nodiscard]] std::vector<double> project(std::span<double const> vectors) const;

 private:
  template <class ExecutionSpace>
  void centreAndDecompose(ExecutionSpace const& space, std::vector<double> kernel);

  SoapMapSettings _settings;
  int _dimension;
  int _size;  // n
  std::vector<double> _vectors;
  std::vector<double> _means;  // of the columns of k
  std::vector<double> _axes;   // (components, n): y = axes (k - means)
  std::vector<double> _coordinates, _eigenvalues, _explained;
};

}  // namespace sinter
