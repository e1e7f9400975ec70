/// \file
/// Similarities of SOAP vectors, k = (p . p')^zeta, to those of reference environments.
#pragma once

#include <Kokkos_Core.hpp>
#include <span>
#include <vector>

namespace sinter {

/// k = (p . p')^zeta of the product of two vectors. One below zero, which rounding makes, counts as zero; what is not a
/// number stays.
KOKKOS_INLINE_FUNCTION double soapKernel(double product, double zeta) {
  return Kokkos::pow(product < 0 ? 0 : product, zeta);
}

/// Reference vectors on one execution space, for
///
///     k(p, p'_r) = (p . p'_r)^zeta
///
/// which is 1 for equal vectors of length 1 (of atoms, and inner averages), and less for others.
///
/// Source: A. P. Bartok, R. Kondor, G. Csanyi, Phys. Rev. B 87, 184115 (2013), where p . p' is divided by both lengths:
/// they are 1 but for outer averages, which are shorter, and stay so.
template <class ExecutionSpace>
class SoapSimilarity {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Vectors = Kokkos::View<double const**, Kokkos::LayoutRight, memory_space>;
  using Similarities = Kokkos::View<double**, Kokkos::LayoutRight, memory_space>;

  /// \param references vectors of `dimension` numbers each, row-major
  /// \throws InputError unless there are one or more whole vectors, and zeta is positive.
  SoapSimilarity(std::span<double const> references, int dimension, double zeta, ExecutionSpace space = {});

  /// Number of reference vectors.
  [[nodiscard]] int references() const { return static_cast<int>(_references.extent(0)); }

  /// k of each vector and reference, `soapKernel`; asynchronous.
  ///
  /// \param vectors (rows, dimension)
  /// \param similarities (rows, references), written
  /// Cost: rows x references x dimension multiply-adds; bitwise repeatable.
  void evaluate(Vectors const& vectors, Similarities const& similarities) const;

  /// The same of vectors on the host, row-major.
  [[nodiscard]] std::vector<double> evaluate(std::span<double const> vectors) const;

 private:
  ExecutionSpace _space;
  Vectors _references;
  double _zeta;
};

}  // namespace sinter
