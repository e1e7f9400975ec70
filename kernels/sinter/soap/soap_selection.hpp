/// \file
/// Choosing a few SOAP vectors that stand for a set: farthest points, and CUR.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace sinter {

/// Rows in the order in which they were chosen.
struct SoapSelection {
  std::vector<std::size_t> rows;
  std::vector<double> distances;  ///< of each row when it was chosen, >= 0
};

/// Chooses among vectors. Of candidates that are equal to nine digits the first is chosen, so that rounding does
/// not choose among equal vectors.
template <class ExecutionSpace>
class SoapSelector {
 public:
  /// Called after each choice; may throw to stop.
  using AfterChoice = std::function<void(std::size_t chosen)>;

  /// \param vectors (n, dimension) row-major, which outlive this; a device has a copy
  /// \throws InputError unless these are whole vectors of finite numbers.
  SoapSelector(std::span<double const> vectors, int dimension, ExecutionSpace space = {});

  /// Farthest-point sampling: each row is the one with the largest distance to the nearest row before it, eq. (4.26),
  /// where d_ij^2 = k_ii + k_jj - 2 k_ij, k_ij = (p_i . p_j)^zeta. `distances` are these distances; that of the first
  /// row is to the mean of the vectors.
  ///
  /// \param first the first row; by default that with the largest distance to the mean of the vectors
  /// \throws InputError for a count of 0 or more than n, a row that is not there, zeta that is not positive, and when
  /// fewer than `count` vectors are different (distances below 1e-7 sqrt(k_ii + k_jj) are rounding).
  /// Cost: n count dimension multiply-adds.
  [[nodiscard]] SoapSelection farthestPoints(std::size_t count, double zeta = 4, std::optional<std::size_t> first = {},
                                             AfterChoice const& after_choice = {}) const;

  /// CUR: each row is the one with the largest leverage score among the `rank` leading singular vectors of the rows
  /// orthogonalised to those before it, eq. (4.27). `distances` are lengths of the orthogonalised rows.
  ///
  /// Source: M. W. Mahoney, P. Drineas, PNAS 106, 697 (2009); deterministic and greedy as in G. Imbalzano et al.,
  /// J. Chem. Phys. 148, 241730 (2018).
  /// \throws InputError for a count or rank of 0, a count of more than n, and when the rows have a lower rank (of
  /// what is left of them 1e-14 of the whole is rounding).
  /// Cost: with m = min(n, dimension) an eigenproblem of size m and n dimension multiply-adds per row.
  [[nodiscard]] SoapSelection cur(std::size_t count, int rank = 1, AfterChoice const& after_choice = {}) const;

  /// Memory of `cur` on the host beyond n vectors: a copy of them and their products with the chosen ones, m x m
  /// matrices.
  [[nodiscard]] static std::size_t curBytes(std::size_t n, int dimension, std::size_t count);

 private:
  using memory_space = typename ExecutionSpace::memory_space;

  void requireCount(std::size_t count) const;

  ExecutionSpace _space;
  std::span<double const> _host;
  std::size_t _dimension, _size;
};

}  // namespace sinter
