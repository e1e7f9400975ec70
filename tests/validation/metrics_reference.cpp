#include "metrics_reference.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "neighbor_reference.hpp"

namespace sinter::reference {

namespace {
double dot(Vector3 const& a, Vector3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
}  // namespace

std::vector<int> bondCounts(Structure const& structure, double cutoff) {
  std::vector<int> counts(structure.size());
  for (auto const& pair : allPairs(structure, cutoff)) ++counts[pair.i];
  return counts;
}

std::vector<double> bondAngles(Structure const& structure, double cutoff, int bonds) {
  auto const pairs = allPairs(structure, cutoff);
  auto const counts = bondCounts(structure, cutoff);
  std::vector<double> angles;
  for (std::size_t p = 0; p < pairs.size(); ++p)
    for (std::size_t q = p + 1; q < pairs.size(); ++q) {
      if (pairs[p].i != pairs[q].i || (bonds >= 0 && counts[pairs[p].i] != bonds)) continue;
      Vector3 const &a = pairs[p].displacement, &b = pairs[q].displacement;
      double const cosine = dot(a, b) / std::sqrt(dot(a, a) * dot(b, b));
      angles.push_back(180 / std::numbers::pi * std::acos(std::clamp(cosine, -1.0, 1.0)));
    }
  return angles;
}

std::vector<double> pairDistribution(Structure const& structure, int a, int b, double r_max, int bins) {
  auto const is = [&](int i, int element) { return element == 0 || structure.species[i] == element; };
  std::vector<double> g(bins);
  double atoms_a = 0, atoms_b = 0;
  for (int i = 0; i < static_cast<int>(structure.size()); ++i) {
    atoms_a += is(i, a);
    atoms_b += is(i, b);
  }
  double const width = r_max / bins;
  for (auto const& pair : allPairs(structure, r_max))
    if (is(pair.i, a) && is(pair.j, b)) {
      double const r = std::sqrt(dot(pair.displacement, pair.displacement));
      g[std::min(static_cast<int>(r / width), bins - 1)] += 1;
    }
  for (int n = 0; n < bins; ++n)
    g[n] /= atoms_a * atoms_b / *volume(structure) * 4 * std::numbers::pi / 3 *
            (std::pow((n + 1) * width, 3) - std::pow(n * width, 3));
  return g;
}

Vector3 waveVector(Matrix3 const& cell, std::array<int, 3> const& indices) {
  Vector3 k{};
  for (int d = 0; d < 3; ++d) {
    Vector3 const &u = cell[(d + 1) % 3], &v = cell[(d + 2) % 3];
    Vector3 const cross = {u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]};
    for (int x = 0; x < 3; ++x) k[x] += indices[d] * 2 * std::numbers::pi * cross[x] / dot(cell[d], cross);
  }
  return k;
}

double structureFactor(Structure const& structure, Vector3 const& k) {
  std::complex<double> sum = 0;
  for (auto const& r : structure.positions) sum += std::polar(1.0, dot(k, r));
  return std::norm(sum) / static_cast<double>(structure.size());
}

std::vector<std::array<int, 3>> allWaveVectors(Matrix3 const& cell, double q_max) {
  std::array<int, 3> most;
  for (int d = 0; d < 3; ++d)
    most[d] = static_cast<int>(q_max * std::sqrt(dot(cell[d], cell[d])) / (2 * std::numbers::pi)) + 1;
  std::vector<std::array<int, 3>> result;
  for (int h = -most[0]; h <= most[0]; ++h)
    for (int k = -most[1]; k <= most[1]; ++k)
      for (int l = -most[2]; l <= most[2]; ++l) {
        std::array<int, 3> const indices = {h, k, l}, opposite = {-h, -k, -l};
        Vector3 const wave = waveVector(cell, indices);
        if (indices > opposite && dot(wave, wave) < q_max * q_max) result.push_back(indices);
      }
  return result;
}

Structure cubicCrystal(std::vector<Vector3> const& basis, double a, int n) {
  Structure cell;
  for (int d = 0; d < 3; ++d) cell.cell[d][d] = a;
  cell.periodic = {true, true, true};
  for (auto const& s : basis) cell.positions.push_back({a * s[0], a * s[1], a * s[2]});
  cell.species.assign(basis.size(), 14);
  return supercell(cell, {n, n, n});
}

Structure supercell(Structure const& structure, std::array<int, 3> const& n) {
  Structure result = structure;
  result.positions.clear();
  result.species.clear();
  for (int a = 0; a < n[0]; ++a)
    for (int b = 0; b < n[1]; ++b)
      for (int c = 0; c < n[2]; ++c)
        for (std::size_t i = 0; i < structure.size(); ++i) {
          Vector3 r = structure.positions[i];
          for (int x = 0; x < 3; ++x)
            r[x] += a * structure.cell[0][x] + b * structure.cell[1][x] + c * structure.cell[2][x];
          result.positions.push_back(r);
          result.species.push_back(structure.species[i]);
        }
  for (int d = 0; d < 3; ++d)
    for (double& x : result.cell[d]) x *= n[d];
  return result;
}

Structure movedAndReversed(Structure const& structure, Vector3 const& shift) {
  Structure result = structure;
  std::reverse(result.positions.begin(), result.positions.end());
  std::reverse(result.species.begin(), result.species.end());
  for (auto& r : result.positions)
    for (int x = 0; x < 3; ++x) r[x] += shift[x];
  return result;
}

}  // namespace sinter::reference
