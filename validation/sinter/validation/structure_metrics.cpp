#include "sinter/validation/structure_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <span>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/number_text.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/validation/direct_structure_factor.hpp"

namespace sinter {

namespace {

// Types by species: 0, 1, ... in ascending order, or as the file numbers them where it does not name them.
SpeciesMap speciesMapOf(Structure const& structure, std::vector<std::int32_t>& species) {
  std::set<std::int32_t> const found(structure.species.begin(), structure.species.end());
  if (!found.empty() && *found.begin() < 0) {
    for (std::int32_t s = -1; s >= *found.begin(); --s) species.push_back(s);
    return {{}, static_cast<int>(species.size())};
  }
  species.assign(found.begin(), found.end());
  return {species, static_cast<int>(species.size())};
}

// Before a long neighbour list is built in vain.
void requireCell(Structure const& structure) {
  if (structure.size() == 0) throw InputError("found no atoms, expected one at least");
  if (!volume(structure))
    throw InputError(
        "found a structure that is not periodic along all three lattice vectors, expected one with a volume");
}

}  // namespace

void checkMetricSettings(MetricSettings const& settings) {
  auto const check = [&](char const* name, double value, double least, double most, char const* unit) {
    if (!(value >= least && value <= most))
      throw InputError(std::string(name) + ": found " + numberText(value) + ", expected " + numberText(least) + " to " +
                       numberText(most) + unit);
  };
  check("bond_cutoff", settings.bond_cutoff, 0.1, 100, " (Angstrom)");
  check("angle_bin", settings.angle_bin, 0.001, 180, " (degrees)");
  check("r_max", settings.r_max, 0.1, 1000, " (Angstrom)");
  check("r_bin", settings.r_bin, 1e-6 * settings.r_max, settings.r_max, " (Angstrom)");
  check("q_max", settings.q_max, 0.1, 1000, " (1/Angstrom)");
  check("q_bin", settings.q_bin, 1e-6 * settings.q_max, settings.q_max, " (1/Angstrom)");
  check("vectors_per_bin", settings.vectors_per_bin, 1, 1e6, "");
  check("peak_from", settings.peak_from, 0, settings.peak_to, " (1/Angstrom)");
}

std::vector<double> waveNumbers(MetricSettings const& settings) {
  auto const bins = static_cast<std::size_t>(std::lround(settings.q_max / settings.q_bin));
  std::vector<double> result;
  for (std::size_t b = 0; b < bins; ++b)
    result.push_back((static_cast<double>(b) + 0.5) * settings.q_max / static_cast<double>(bins));
  return result;
}

template <class ExecutionSpace>
StructureMetrics<ExecutionSpace>::StructureMetrics(MetricSettings const& settings, ExecutionSpace space)
    : _settings(settings), _space(space) {
  checkMetricSettings(settings);
}

template <class ExecutionSpace>
FrameMetrics StructureMetrics<ExecutionSpace>::measure(Structure const& structure, std::string const& name) {
  FrameMetrics result;
  auto const species_map = speciesMapOf(structure, result.species);
  auto const batch =
      makeStructureBatch<typename ExecutionSpace::memory_space>({&structure, 1}, species_map, {&name, 1});
  // A metric that throws has no meaning for this frame; the others may have.
  auto const attempt = [&](char const* metric, auto const& compute) {
    try {
      compute();
    } catch (InputError const& error) {
      result.failures[metric] = error.what();
    }
  };
  attempt("coordination", [&] {
    buildNeighborList(_space, batch, _settings.bond_cutoff, _list);
    result.bonds = countBonds(_space, _list, _settings.bond_cutoff);
    result.coordination = CoordinationStatistics(result.bonds);
  });
  attempt("bond_angles", [&] {
    if (result.failures.contains("coordination"))  // the list is that of another frame
      throw InputError("there are no bonds: " + result.failures["coordination"]);
    result.angles = measureBondAngles(_space, _list, _settings.bond_cutoff, _settings.angle_bin);
  });
  attempt("pair_distribution", [&] {
    requireCell(structure);
    buildNeighborList(_space, batch, _settings.r_max, _list);
    result.pairs = measurePairDistribution(_space, _list, _settings.r_max, _settings.r_bin);
    result.transformed = transformedStructureFactor(*result.pairs, waveNumbers(_settings), _settings.lorch);
    result.partial_transformed = partialStructureFactors(*result.pairs, waveNumbers(_settings), _settings.lorch);
    result.transformed_peak = findFirstPeak(_settings, result.transformed);
  });
  attempt("structure_factor", [&] {
    requireCell(structure);
    if (_vectors.size() == 0 || structure.cell != _cell) {
      _vectors = chooseWaveVectors(structure.cell, _settings.q_max, _settings.q_bin, _settings.vectors_per_bin,
                                   _settings.seed);
      _cell = structure.cell;
    }
    result.direct = {_vectors, directStructureFactor(_space, batch, _vectors)};
    result.direct_peak = findFirstPeak(_settings, result.direct);
  });
  return result;
}

void MeanCurve::add(std::vector<double> const& values) {
  _sum.resize(std::max(_sum.size(), values.size()));
  for (std::size_t p = 0; p < values.size(); ++p) _sum[p] += values[p];
  ++_count;
}

std::vector<double> MeanCurve::mean() const {
  auto result = _sum;
  for (double& value : result) value /= static_cast<double>(_count);
  return result;
}

void TrajectoryMetrics::add(FrameMetrics const& frame) {
  coordination += frame.coordination;
  if (frame.angles) {
    if (angles) {
      angles->all += frame.angles->all;
      angles->five_fold += frame.angles->five_fold;
    } else {
      angles = frame.angles;
    }
  }
  direct += frame.direct;
  if (!frame.pairs) return;
  r_bin = frame.pairs->bin_width;
  pairs.add(frame.pairs->total);
  for (std::size_t p = 0; p < frame.pairs->partials.size(); ++p) {
    auto const& partial = frame.pairs->partials[p];
    std::pair const species(frame.species[static_cast<std::size_t>(partial.a)],
                            frame.species[static_cast<std::size_t>(partial.b)]);
    partial_pairs[species].add(partial.g);
    partial_transformed[species].add(frame.partial_transformed[p]);
  }
  transformed.add(frame.transformed);
}

std::optional<DiffractionPeak> findFirstPeak(MetricSettings const& settings, std::vector<double> const& transformed) {
  if (transformed.empty()) return std::nullopt;
  return findPeak(waveNumbers(settings), transformed, settings.peak_from, settings.peak_to);
}

std::optional<DiffractionPeak> findFirstPeak(MetricSettings const& settings, BinnedStructureFactor const& direct) {
  std::vector<double> q, s;
  for (std::size_t b = 0; b < direct.bins(); ++b) {
    if (direct.vectors(b) == 0) continue;
    q.push_back(direct.q(b));
    s.push_back(direct.mean(b));
  }
  return findPeak(q, s, settings.peak_from, settings.peak_to);
}

#define SINTER_INSTANTIATE(SPACE) template class StructureMetrics<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
