#include "sinter/validation/wave_vectors.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/structures/random_bits.hpp"

namespace sinter {

namespace {

double dot(Vector3 const& a, Vector3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
double norm(Vector3 const& a) { return std::sqrt(dot(a, a)); }

// Rows 2 pi a*, 2 pi b*, 2 pi c*.
Matrix3 reciprocal(Matrix3 const& cell, double volume) {
  Matrix3 result;
  for (std::size_t d = 0; d < 3; ++d) {
    Vector3 const &u = cell[(d + 1) % 3], &v = cell[(d + 2) % 3];
    for (std::size_t x = 0; x < 3; ++x)
      result[d][x] =
          2 * std::numbers::pi / volume * (u[(x + 1) % 3] * v[(x + 2) % 3] - u[(x + 2) % 3] * v[(x + 1) % 3]);
  }
  return result;
}

struct Candidate {
  std::uint64_t rank;  // random
  std::array<int, 3> indices;
  double length;

  bool operator<(Candidate const& other) const {
    return rank != other.rank ? rank < other.rank : indices < other.indices;
  }
};

}  // namespace

WaveVectors chooseWaveVectors(Matrix3 const& cell, double q_max, double bin_width, int most, std::uint64_t seed) {
  auto const fail = [](std::string const& message) { throw InputError("chooseWaveVectors: " + message); };
  if (!(q_max > 0 && bin_width > 0 && bin_width <= q_max && q_max / bin_width <= 1e6))
    fail("found q_max " + numberText(q_max) + " and bin_width " + numberText(bin_width) +
         ", expected numbers > 0 with 1 to 10^6 bins (1/Angstrom)");
  if (most < 1) fail("found " + std::to_string(most) + " vectors per bin, expected 1 at least");
  double const volume = determinant(cell);
  if (!(std::abs(volume) > 0)) fail("found a cell without a volume, expected three independent lattice vectors");
  double const number = std::abs(volume) * q_max * q_max * q_max / (12 * std::numbers::pi * std::numbers::pi);
  if (!(number <= 1e10))
    fail("found about " + numberText(number) + " wave vectors up to q_max " + numberText(q_max) +
         ", expected at most 10^10");

  Matrix3 const b = reciprocal(cell, volume);
  auto const bins = static_cast<std::size_t>(std::lround(q_max / bin_width));
  WaveVectors result;
  result.bin_width = q_max / static_cast<double>(bins);
  std::vector<std::vector<Candidate>> chosen(bins);  // heaps: the largest rank is in front
  auto const offer = [&](std::array<int, 3> const& indices, double squared) {
    double const length = std::sqrt(squared), place = length / result.bin_width;
    if (!(place < static_cast<double>(bins))) return;  // nor is what cancels below zero in a sheared cell
    auto const bin = static_cast<std::size_t>(place);
    std::uint64_t rank = seed;
    for (int const index : indices) rank = detail::randomBits(rank + static_cast<std::uint32_t>(index));
    Candidate const candidate{rank, indices, length};
    auto& heap = chosen[bin];
    if (heap.size() == static_cast<std::size_t>(most)) {
      if (!(candidate < heap.front())) return;
      std::pop_heap(heap.begin(), heap.end());
      heap.pop_back();
    }
    heap.push_back(candidate);
    std::push_heap(heap.begin(), heap.end());
  };
  // |index d| <= q_max |a_d| / 2 pi, and of l the roots of |k|^2 = q_max^2 where h and k are given.
  double const bound = q_max / (2 * std::numbers::pi);
  for (std::size_t d = 0; d < 3; ++d)  // so that indices are integers
    if (!(bound * norm(cell[d]) <= 1e9))
      fail("found lattice vector " + std::to_string(d + 1) + " of " + numberText(norm(cell[d])) +
           " Angstrom with q_max " + numberText(q_max) + ", expected at most 10^9 wave vectors along it");
  int const h_max = static_cast<int>(bound * norm(cell[0])), k_max = static_cast<int>(bound * norm(cell[1]));
  double const squared_c = dot(b[2], b[2]);
  for (int h = 0; h <= h_max; ++h)
    for (int k = h > 0 ? -k_max : 0; k <= k_max; ++k) {
      Vector3 in_plane;
      for (std::size_t x = 0; x < 3; ++x) in_plane[x] = h * b[0][x] + k * b[1][x];
      double const along = dot(in_plane, b[2]), squared = dot(in_plane, in_plane),
                   discriminant = along * along - squared_c * (squared - q_max * q_max);
      if (discriminant < 0) continue;
      double const root = std::sqrt(discriminant);
      int const first = h > 0 || k > 0 ? static_cast<int>(std::floor((-along - root) / squared_c)) : 1,
                last = static_cast<int>(std::ceil((-along + root) / squared_c));
      for (int l = first; l <= last; ++l) offer({h, k, l}, squared + l * (2 * along + l * squared_c));
    }

  result.bin_offsets.push_back(0);
  for (auto& bin : chosen) {
    std::sort(bin.begin(), bin.end(), [](auto const& x, auto const& y) { return x.indices < y.indices; });
    for (auto const& candidate : bin) {
      result.indices.push_back(candidate.indices);
      result.length.push_back(candidate.length);
    }
    result.bin_offsets.push_back(result.size());
  }
  return result;
}

}  // namespace sinter
