#include "sinter/simulation/equation_of_state.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/linalg/least_squares.hpp"

namespace sinter {

double EquationOfState::energyAt(double at_volume) const {
  double const y = std::pow(volume / at_volume, 2. / 3), t = y - 1;
  return energy + 9. / 16 * volume * bulk_modulus * t * t * (t * bulk_modulus_derivative + 6 - 4 * y);
}

double EquationOfState::pressureAt(double at_volume) const {
  double const y = std::pow(volume / at_volume, 2. / 3);
  return 1.5 * bulk_modulus * std::pow(y, 2.5) * (y - 1) * (1 + 0.75 * (bulk_modulus_derivative - 4) * (y - 1));
}

EquationOfState fitEquationOfState(std::span<VolumePoint const> points) {
  std::string const where = "fitEquationOfState: ";
  for (auto const& p : points)
    if (!(p.volume > 0 && std::isfinite(p.volume) && std::isfinite(p.energy)))
      throw InputError(where + "found energy " + numberText(p.energy) + " at volume " + numberText(p.volume) +
                       ", expected a finite one at a volume > 0");
  if (points.size() < 4)
    throw InputError(where + "found " + std::to_string(points.size()) + " points, expected 4 at least");
  // A cubic polynomial of t = (v / V)^(2/3) - 1 for energies from that of the first point: both are small numbers.
  double const v = points.front().volume, energy = points.front().energy;
  StreamedLeastSquares cubic(4);
  for (auto const& p : points) {
    double const t = std::pow(v / p.volume, 2. / 3) - 1;
    cubic.append(std::array{1., t, t * t, t * t * t}, p.energy - energy);
  }
  auto const solution = cubic.solve();
  if (solution.rank < 4)
    throw InputError(where + "found " + std::to_string(solution.rank) + " different volumes, expected 4 at least");
  auto const& c = solution.x;
  auto const [low, high] = std::minmax_element(points.begin(), points.end(),
                                               [](auto const& a, auto const& b) { return a.volume < b.volume; });
  // Where the first derivative c_1 + 2 c_2 t + 3 c_3 t^2 is zero and the second, 2 root, positive.
  double const root = std::sqrt(c[2] * c[2] - 3 * c[1] * c[3]);  // NaN when there is no minimum
  double const t = -c[1] / (c[2] + root), y = 1 + t;
  double const at = v / std::pow(y, 1.5);
  if (!(root > 0 && at >= low->volume && at <= high->volume))
    throw InputError(where + "found no minimum of the energy between the volumes " + numberText(low->volume) + " and " +
                     numberText(high->volume) + " A^3, expected one");
  EquationOfState result;
  result.energy = energy + c[0] + t * (c[1] + t * (c[2] + t * c[3]));
  result.volume = at;
  result.bulk_modulus = 8. / 9 * root * y * y / at;          // V d2E/dV2, where dE/dt = 0
  result.bulk_modulus_derivative = 4 + 2 * y * c[3] / root;  // -1 - V (d3E/dV3) / (d2E/dV2)
  return result;
}

}  // namespace sinter
