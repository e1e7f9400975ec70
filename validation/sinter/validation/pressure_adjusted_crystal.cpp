#include "sinter/validation/pressure_adjusted_crystal.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/structures/features.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

namespace {

// The numbers of a cell and the fractional coordinates of its atoms, each the image next to `before` (or any).
std::vector<double> numbersOf(Structure const& structure, std::vector<double> const* before) {
  std::vector<double> numbers;
  for (auto const& vector : structure.cell) numbers.insert(numbers.end(), vector.begin(), vector.end());
  double const whole = determinant(structure.cell);
  for (auto const& r : structure.positions)
    for (std::size_t d = 0; d < 3; ++d) {
      Matrix3 replaced = structure.cell;
      replaced[d] = r;
      double fraction = determinant(replaced) / whole;  // Cramer's rule
      if (before != nullptr) fraction += std::round((*before)[numbers.size()] - fraction);
      numbers.push_back(fraction);
    }
  return numbers;
}

constexpr double largest_change = 0.3;  // of a cell from one pressure to the next: turned ones change by more

// The largest difference of two numbers of cells, relative to the longest edge along a coordinate.
double distanceOfCells(std::vector<double> const& a, std::vector<double> const& b) {
  double difference = 0, longest = 0;
  for (std::size_t n = 0; n < 9; ++n) {
    difference = std::max(difference, std::abs(a[n] - b[n]));
    longest = std::max(longest, std::abs(a[n]));
  }
  return difference / longest;
}

// Second derivatives at the knots of natural cubic splines, from a tridiagonal system.
std::vector<std::vector<double>> curvatureOf(std::vector<double> const& x, std::vector<std::vector<double>> const& y) {
  std::size_t const knots = x.size(), columns = y[0].size();
  std::vector<std::vector<double>> result(knots, std::vector<double>(columns));
  std::vector<double> above(knots);  // the diagonal above that of ones, after elimination
  for (std::size_t k = 1; k + 1 < knots; ++k) {
    double const left = x[k] - x[k - 1], right = x[k + 1] - x[k], pivot = (left + right) / 3 - left / 6 * above[k - 1];
    above[k] = right / 6 / pivot;
    for (std::size_t c = 0; c < columns; ++c)
      result[k][c] =
          ((y[k + 1][c] - y[k][c]) / right - (y[k][c] - y[k - 1][c]) / left - left / 6 * result[k - 1][c]) / pivot;
  }
  for (std::size_t k = knots - 1; k-- > 1;)
    for (std::size_t c = 0; c < columns; ++c) result[k][c] -= above[k] * result[k + 1][c];
  return result;
}

}  // namespace

PressureAdjustedCrystal::PressureAdjustedCrystal(std::string name, std::span<Structure const> structures,
                                                 std::span<double const> pressures)
    : _name(std::move(name)) {
  auto const fail = [&](std::string const& message) { throw InputError(_name + ": " + message); };
  if (structures.size() < 2 || structures.size() != pressures.size())
    fail("found " + std::to_string(structures.size()) + " structures and " + std::to_string(pressures.size()) +
         " pressures, expected two or more of both");
  std::vector<std::size_t> order(structures.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return pressures[a] < pressures[b]; });
  _form.species = structures[0].species;
  _form.periodic = structures[0].periodic;
  for (std::size_t const s : order) {
    Structure const& structure = structures[s];
    std::string const at = " at " + numberText(pressures[s]) + " GPa";
    if (!std::isfinite(pressures[s])) fail("found the pressure" + at.substr(3) + ", expected a number");
    if (!_pressures.empty() && pressures[s] == _pressures.back()) fail("found two structures" + at + ", expected one");
    if (!volume(structure)) fail("found a structure without a volume" + at + ", expected a periodic crystal");
    if (structure.species != _form.species) fail("found other atoms" + at + ", expected those of the first structure");
    auto numbers = numbersOf(structure, _values.empty() ? nullptr : &_values.back());
    if (!_values.empty() && distanceOfCells(_values.back(), numbers) > largest_change)
      fail("found a cell" + at + " that differs much from that before, expected the same cell in the same orientation");
    _pressures.push_back(pressures[s]);
    _values.push_back(std::move(numbers));
  }
  _curvature = curvatureOf(_pressures, _values);
}

Structure PressureAdjustedCrystal::at(double pressure) const {
  if (!(pressure >= leastPressure() && pressure <= mostPressure()))
    throw InputError(_name + ": found a pressure of " + numberText(pressure) + " GPa, expected " +
                     numberText(leastPressure()) + " to " + numberText(mostPressure()) +
                     " GPa, where this crystal is known");
  auto const above = std::upper_bound(_pressures.begin() + 1, _pressures.end() - 1, pressure);
  auto const k = static_cast<std::size_t>(above - _pressures.begin());
  double const width = _pressures[k] - _pressures[k - 1], b = (pressure - _pressures[k - 1]) / width, a = 1 - b,
               in_a = (a * a * a - a) * width * width / 6, in_b = (b * b * b - b) * width * width / 6;
  Numbers numbers(_values[k].size());
  for (std::size_t c = 0; c < numbers.size(); ++c)
    numbers[c] = a * _values[k - 1][c] + b * _values[k][c] + in_a * _curvature[k - 1][c] + in_b * _curvature[k][c];
  Structure result = _form;
  for (std::size_t c = 0; c < 9; ++c) result.cell[c / 3][c % 3] = numbers[c];
  for (std::size_t i = 0; i < result.species.size(); ++i) {
    Vector3 r{};
    for (std::size_t d = 0; d < 3; ++d)
      for (std::size_t x = 0; x < 3; ++x) r[x] += numbers[9 + 3 * i + d] * result.cell[d][x];
    result.positions.push_back(r);
  }
  return result;
}

std::vector<PressureAdjustedCrystal> pressureAdjustedCrystals(ReferenceStructures const& frames) {
  struct Knots {
    std::string name;
    std::vector<Structure> structures;
    std::vector<double> pressures;
  };
  std::vector<Knots> crystals;
  for (std::size_t f = 0; f < frames.structures.size(); ++f) {
    auto const* const text = findFeature(frames.structures[f], "pressure");
    auto const pressure = text == nullptr ? std::nullopt : parseNumber(*text);
    if (!pressure)
      throw InputError(frames.places[f] + ": found " + (text == nullptr ? "no pressure" : "pressure=" + *text) +
                       ", expected pressure=<number>, in GPa");
    auto crystal = std::find_if(crystals.begin(), crystals.end(),
                                [&](Knots const& knots) { return knots.name == frames.names[f]; });
    if (crystal == crystals.end()) crystal = crystals.insert(crystals.end(), {frames.names[f], {}, {}});
    crystal->structures.push_back(frames.structures[f]);
    crystal->pressures.push_back(*pressure);
  }
  std::vector<PressureAdjustedCrystal> result;
  for (auto const& [name, structures, pressures] : crystals) result.emplace_back(name, structures, pressures);
  return result;
}

}  // namespace sinter
