/// \file
/// Eigenvalues and eigenvectors of small symmetric matrices by Jacobi's rotations.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace sinter::reference {

/// Eigenvalues, descending, and their eigenvectors.
struct Eigenpairs {
  std::vector<double> values;
  std::vector<std::vector<double>> vectors;
};

/// \param a symmetric
inline Eigenpairs jacobiEigenpairs(std::vector<std::vector<double>> a) {
  std::size_t const n = a.size();
  std::vector<std::vector<double>> v(n, std::vector<double>(n, 0));  // rows become eigenvectors
  for (std::size_t i = 0; i < n; ++i) v[i][i] = 1;
  for (int sweep = 0; sweep < 60; ++sweep)
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        double const angle = 0.5 * std::atan2(2 * a[p][q], a[q][q] - a[p][p]), c = std::cos(angle), s = std::sin(angle);
        for (std::size_t k = 0; k < n; ++k) {
          double const x = a[k][p], y = a[k][q];
          a[k][p] = c * x - s * y;
          a[k][q] = s * x + c * y;
        }
        for (std::size_t k = 0; k < n; ++k) {
          double const x = a[p][k], y = a[q][k], u = v[p][k], w = v[q][k];
          a[p][k] = c * x - s * y;
          a[q][k] = s * x + c * y;
          v[p][k] = c * u - s * w;
          v[q][k] = s * u + c * w;
        }
      }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t x, std::size_t y) { return a[x][x] > a[y][y]; });
  Eigenpairs result;
  for (std::size_t const k : order) {
    result.values.push_back(a[k][k]);
    result.vectors.push_back(v[k]);
  }
  return result;
}

}  // namespace sinter::reference
