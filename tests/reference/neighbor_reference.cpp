#include "neighbor_reference.hpp"

#include <cmath>

namespace sinter::reference {

std::vector<Pair> allPairs(Structure const& s, double cutoff) {
  // Enough images: the largest distance between two atoms plus the cutoff, over the distance of opposite faces.
  double spread = 0;
  for (auto const& a : s.positions)
    for (auto const& b : s.positions) spread = std::max(spread, std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]));
  auto const cross = [](Vector3 const& a, Vector3 const& b) {
    return Vector3{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
  };
  int images[3] = {0, 0, 0};
  for (int d = 0; d < 3; ++d) {
    if (!s.periodic[d]) continue;
    // The part of vector d that is orthogonal to the other periodic vectors.
    Vector3 height = s.cell[d];
    Vector3 const &b = s.cell[(d + 1) % 3], &c = s.cell[(d + 2) % 3];
    bool const pb = s.periodic[(d + 1) % 3], pc = s.periodic[(d + 2) % 3];
    if (pb && pc) {
      Vector3 const n = cross(b, c);
      double const nn = n[0] * n[0] + n[1] * n[1] + n[2] * n[2];
      double const f = (height[0] * n[0] + height[1] * n[1] + height[2] * n[2]) / nn;
      height = {f * n[0], f * n[1], f * n[2]};
    } else if (pb || pc) {
      Vector3 const& e = pb ? b : c;
      double const ee = e[0] * e[0] + e[1] * e[1] + e[2] * e[2];
      double const f = (height[0] * e[0] + height[1] * e[1] + height[2] * e[2]) / ee;
      for (int x = 0; x < 3; ++x) height[x] -= f * e[x];
    }
    images[d] = static_cast<int>(std::ceil((cutoff + spread) / std::hypot(height[0], height[1], height[2])));
  }
  std::vector<Pair> pairs;
  for (int i = 0; i < static_cast<int>(s.size()); ++i)
    for (int j = 0; j < static_cast<int>(s.size()); ++j)
      for (int a = -images[0]; a <= images[0]; ++a)
        for (int b = -images[1]; b <= images[1]; ++b)
          for (int c = -images[2]; c <= images[2]; ++c) {
            if (i == j && a == 0 && b == 0 && c == 0) continue;
            Vector3 d;
            for (int x = 0; x < 3; ++x)
              d[x] = s.positions[j][x] - s.positions[i][x] + a * s.cell[0][x] + b * s.cell[1][x] + c * s.cell[2][x];
            if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < cutoff * cutoff) pairs.push_back({i, j, d});
          }
  return pairs;
}

}  // namespace sinter::reference
