#include "sinter/simulation/phases.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/core/pressure.hpp"
#include "sinter/simulation/same_crystal.hpp"

namespace sinter {

namespace {

// Enthalpies between the pressures, cubic Hermite polynomials. Where a crystal has become another one of the curves,
// its numbers are those of that one.
class Enthalpies {
 public:
  explicit Enthalpies(std::vector<PhaseCurve const*> curves) : _curves(std::move(curves)) {
    if (_curves.empty() || _curves[0]->points.empty())
      throw InputError("phases: found no enthalpies, expected those of one crystal at one pressure at least");
    auto const& first = _curves[0]->points;
    for (auto const* curve : _curves)
      if (!std::equal(curve->points.begin(), curve->points.end(), first.begin(), first.end(),
                      [](auto const& a, auto const& b) { return a.pressure == b.pressure; }))
        throw InputError("phases: found " + curve->name + " and " + _curves[0]->name +
                         " at different pressures, expected the same");
    std::sort(_curves.begin(), _curves.end(), [](auto const* a, auto const* b) { return a->name < b->name; });
    for (auto const* curve : _curves) {
      auto& owners = _owners.emplace_back();
      for (auto const& point : curve->points) {
        std::size_t owner = 0;
        while (owner < _curves.size() && _curves[owner]->name != point.same_as) ++owner;
        owners.push_back(owner < _curves.size() ? owner : _owners.size() - 1);
      }
    }
  }

  [[nodiscard]] PhaseSequence sequence() const {
    std::optional<std::size_t> current = lowest(0, 0);
    PhaseSequence result;
    if (current) result.first = _curves[*current]->name;
    constexpr int parts = 64;  // of an interval: a phase that is stable in less is overlooked
    for (std::size_t k = 0; k + 1 < _owners[0].size(); ++k)
      for (int part = 1; part <= parts; ++part) {
        std::optional<std::size_t> const next = lowest(k, double(part) / parts);
        if (!next || next == current) continue;
        if (current)
          result.transitions.push_back(transition(*current, *next, k, double(part - 1) / parts, double(part) / parts));
        else
          result.first = _curves[*next]->name;
        current = next;
      }
    return result;
  }

 private:
  [[nodiscard]] PhasePoint const& point(std::size_t curve, std::size_t k) const {
    return _curves[_owners[curve][k]]->points[k];
  }

  // Of a curve at the part s of the way from pressure k to the next.
  [[nodiscard]] double enthalpy(std::size_t curve, std::size_t k, double s) const {
    PhasePoint const& a = point(curve, k);
    if (s == 0) return a.enthalpy;
    PhasePoint const& b = point(curve, k + 1);
    if (s == 1) return b.enthalpy;
    double const step = b.pressure - a.pressure, r = 1 - s;
    return r * r * ((1 + 2 * s) * a.enthalpy + s * step * a.volume) +
           s * s * ((1 + 2 * r) * b.enthalpy - r * step * b.volume);
  }

  // Whether a curve has numbers at this part of the way.
  [[nodiscard]] bool isThere(std::size_t curve, std::size_t k, double s) const {
    return (s == 1 || !point(curve, k).failure) && (s == 0 || !point(curve, k + 1).failure);
  }

  // The curve of lowest enthalpy among those that have not become another one there.
  [[nodiscard]] std::optional<std::size_t> lowest(std::size_t k, double s) const {
    std::optional<std::size_t> best;
    for (std::size_t c = 0; c < _curves.size(); ++c) {
      bool const is_itself = (s < 1 && _owners[c][k] == c) || (s > 0 && _owners[c][k + 1] == c);
      if (is_itself && isThere(c, k, s) && (!best || enthalpy(c, k, s) < enthalpy(*best, k, s))) best = c;
    }
    return best;
  }

  [[nodiscard]] PhaseTransition transition(std::size_t from, std::size_t to, std::size_t k, double low,
                                           double high) const {
    double const s = crossing(from, to, k, low, high);
    double const p = _curves[0]->points[k].pressure, next = _curves[0]->points[k + 1].pressure;
    auto const meet = [&](std::size_t at) { return _owners[from][at] == _owners[to][at]; };
    return {_curves[from]->name, _curves[to]->name, p + s * (next - p), meet(k) || meet(k + 1)};
  }

  // Where `to` becomes as low as `from` between s = low, where it is not lower, and high, where it is not higher; low
  // where one of them is not there between.
  [[nodiscard]] double crossing(std::size_t from, std::size_t to, std::size_t k, double low, double high) const {
    auto const isHigher = [&](double s) { return enthalpy(to, k, s) > enthalpy(from, k, s); };
    double const between = (low + high) / 2;
    if (!isThere(from, k, between) || !isThere(to, k, between) || !isHigher(low)) return low;
    for (double middle = (low + high) / 2; low < middle && middle < high; middle = (low + high) / 2)
      (isHigher(middle) ? low : high) = middle;
    return high;
  }

  std::vector<PhaseCurve const*> _curves;
  std::vector<std::vector<std::size_t>> _owners;  // by curve and pressure: which curve's the crystal is
};

}  // namespace

template <class ExecutionSpace>
std::vector<PhaseCurve> enthalpyCurves(MtpModel const& model, std::span<NamedCrystal const> crystals,
                                       std::span<double const> pressures, RelaxationSettings settings,
                                       ExecutionSpace space) {
  std::string const where = "enthalpyCurves: ";
  if (pressures.empty()) throw InputError(where + "found no pressure, expected one at least");
  for (std::size_t k = 1; k < pressures.size(); ++k)
    if (!(pressures[k] > pressures[k - 1]))
      throw InputError(where + "found pressure " + numberText(pressures[k]) + " after " + numberText(pressures[k - 1]) +
                       ", expected ascending ones (eV/A^3)");
  std::vector<Structure> starts;
  std::vector<std::string> names;
  std::vector<double> all_pressures;
  for (std::size_t c = 0; c < crystals.size(); ++c) {
    auto const& crystal = crystals[c];
    if (!volume(crystal.structure))
      throw InputError(where + "found " + crystal.name + " without volume, expected crystals");
    if (std::any_of(crystals.begin(), crystals.begin() + static_cast<std::ptrdiff_t>(c),
                    [&](auto const& other) { return other.name == crystal.name; }))
      throw InputError(where + "found two crystals named " + crystal.name + ", expected one of each name");
    for (double const p : pressures) {
      starts.push_back(crystal.structure);
      names.push_back(crystal.name + " at " + numberText(p * gpa_per_ev_per_cubic_angstrom) + " GPa");
      all_pressures.push_back(p);
    }
  }
  settings.cell = CellFreedom::full;
  auto relaxed = relax<ExecutionSpace>(model, settings, starts, names, all_pressures, std::move(space));
  auto const failed = [](RelaxedStructure const& one) { return one.status != RelaxationStatus::converged; };
  if (!relaxed.empty() && std::all_of(relaxed.begin(), relaxed.end(), failed))
    throw InputError(names[0] + ": found a relaxation that ended with " + nameOf(relaxed[0].status) +
                     ", expected converged");

  std::vector<PhaseCurve> curves;
  std::vector<CrystalRank> ranks;
  for (auto const& crystal : crystals) {
    curves.push_back({crystal.name, {}});
    ranks.push_back(crystalRank(crystal.name, crystal.structure));
  }
  for (std::size_t k = 0; k < pressures.size(); ++k) {
    std::vector<std::optional<CrystalState>> states(crystals.size());
    for (std::size_t c = 0; c < crystals.size(); ++c) {
      auto& one = relaxed[c * pressures.size() + k];
      auto& point = curves[c].points.emplace_back();
      point.pressure = pressures[k];
      if (failed(one)) {
        point.failure = "the relaxation ended with " + nameOf(one.status);
        continue;
      }
      auto const atoms = static_cast<double>(one.structure.size());
      point.enthalpy = *one.enthalpy / atoms;
      point.volume = *volume(one.structure) / atoms;
      point.structure = std::move(one.structure);
      states[c] = CrystalState{point.enthalpy, point.volume, neighborDistances(point.structure)};
    }
    auto const identities = crystalIdentities(states, ranks);
    for (std::size_t c = 0; c < crystals.size(); ++c)
      if (identities[c] != c) curves[c].points[k].same_as = crystals[identities[c]].name;
  }
  return curves;
}

std::optional<double> transitionPressure(PhaseCurve const& from, PhaseCurve const& to) {
  for (auto const& transition : Enthalpies({&from, &to}).sequence().transitions)
    if (transition.to == to.name) return transition.pressure;
  return {};
}

PhaseSequence stablePhases(std::span<PhaseCurve const> curves) {
  std::vector<PhaseCurve const*> all;
  for (auto const& curve : curves) all.push_back(&curve);
  return Enthalpies(std::move(all)).sequence();
}

#define SINTER_INSTANTIATE(SPACE)                                                                 \
  template std::vector<PhaseCurve> enthalpyCurves(MtpModel const&, std::span<NamedCrystal const>, \
                                                  std::span<double const>, RelaxationSettings, SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
