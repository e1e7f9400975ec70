/// \file
/// All structural metrics of a frame, and of a trajectory frame by frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/validation/bond_angles.hpp"
#include "sinter/validation/coordination.hpp"
#include "sinter/validation/pair_distribution.hpp"
#include "sinter/validation/structure_factor.hpp"
#include "sinter/validation/wave_vectors.hpp"

namespace sinter {

/// What is measured. Defaults are for silicon.
struct MetricSettings {
  double bond_cutoff = 2.85;              ///< atoms closer than that are bonded (A)
  double angle_bin = 0.25;                ///< of the histogram of bond angles (degrees)
  double r_max = 10, r_bin = 0.02;        ///< of g(r) (A)
  double q_max = 10, q_bin = 0.05;        ///< of S(Q) (1/A)
  bool lorch = false;                     ///< window of the S(Q) from g(r)
  int vectors_per_bin = 50;               ///< of the S(Q) by direct sums, at most
  std::uint64_t seed = 1;                 ///< of the choice of these
  double peak_from = 1.5, peak_to = 2.6;  ///< where the first sharp diffraction peak is looked for (1/A)
};

/// \throws InputError naming the first setting that is out of its range.
void checkMetricSettings(MetricSettings const& settings);

/// Middles of the bins of S(Q) (1/A), where it is computed from g(r).
[[nodiscard]] std::vector<double> waveNumbers(MetricSettings const& settings);

/// Metrics of one frame. What has no meaning for it is absent, with the reason in `failures` by the name of the metric:
/// coordination, bond_angles, pair_distribution, structure_factor.
struct FrameMetrics {
  std::vector<int> bonds;  ///< of each atom; empty where they could not be counted
  CoordinationStatistics coordination;
  std::optional<BondAngles> angles;
  std::vector<std::int32_t> species;                     ///< of the types of `pairs`, as in `Structure`
  std::optional<PairDistribution> pairs;                 ///< absent without a cell
  std::vector<double> transformed;                       ///< S(Q) from g(r) at `waveNumbers`; empty without a cell
  std::vector<std::vector<double>> partial_transformed;  ///< the same of each of `pairs->partials` (Faber, Ziman)
  BinnedStructureFactor direct;                          ///< S(Q) by direct sums; no bins without a cell
  std::optional<DiffractionPeak> transformed_peak, direct_peak;
  std::map<std::string, std::string> failures;
};

/// Measures frames one after another.
template <class ExecutionSpace>
class StructureMetrics {
 public:
  /// \throws InputError as `checkMetricSettings`.
  explicit StructureMetrics(MetricSettings const& settings, ExecutionSpace space = {});

  /// \param structure a checked one (`checkStructure`); without atoms all metrics are empty
  /// \param name of the structure, for messages
  /// Memory beyond the structure: 100 bytes per atom and 10 per pair of atoms closer than r_max (2.1 kB per atom of
  /// silicon and 10 A).
  [[nodiscard]] FrameMetrics measure(Structure const& structure, std::string const& name);

 private:
  MetricSettings _settings;
  ExecutionSpace _space;
  NeighborList<typename ExecutionSpace::memory_space> _list;  // its memory is used again
  Matrix3 _cell{};                                            // that `_vectors` belong to
  WaveVectors _vectors;
};

/// Means of curves with the same points, each of the same weight.
class MeanCurve {
 public:
  void add(std::vector<double> const& values);
  [[nodiscard]] std::size_t count() const { return _count; }
  /// Empty where none was added.
  [[nodiscard]] std::vector<double> mean() const;

 private:
  std::vector<double> _sum;
  std::size_t _count = 0;
};

/// Metrics of all frames together: atoms, angles and wave vectors of all frames count alike, g(r) and the S(Q) from it
/// are means over frames.
struct TrajectoryMetrics {
  CoordinationStatistics coordination;
  std::optional<BondAngles> angles;
  double r_bin = 0;  ///< (A)
  MeanCurve pairs;
  std::map<std::pair<std::int32_t, std::int32_t>, MeanCurve> partial_pairs;  ///< by species
  MeanCurve transformed;
  std::map<std::pair<std::int32_t, std::int32_t>, MeanCurve> partial_transformed;  ///< by species
  BinnedStructureFactor direct;

  void add(FrameMetrics const& frame);
};

/// The first sharp diffraction peak by `findPeak`, of S(Q) from g(r) and by direct sums.
[[nodiscard]] std::optional<DiffractionPeak> findFirstPeak(MetricSettings const& settings,
                                                           std::vector<double> const& transformed);
[[nodiscard]] std::optional<DiffractionPeak> findFirstPeak(MetricSettings const& settings,
                                                           BinnedStructureFactor const& direct);

}  // namespace sinter
