#include "sinter/validation/standard_checks.hpp"

#include <Kokkos_Core.hpp>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>

#include "sinter/core/execution.hpp"
#include "sinter/simulation/crystals.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_similarity.hpp"
#include "sinter/validation/structure_metrics.hpp"

namespace sinter {

namespace {

constexpr std::int32_t silicon = 14;

// Atoms of a density of silicon, each anywhere.
Structure independentAtoms(std::size_t count) {
  Structure gas;
  double const edge = std::cbrt(20 * static_cast<double>(count));
  for (std::size_t x = 0; x < 3; ++x) gas.cell[x][x] = edge;
  gas.periodic = {true, true, true};
  gas.species.assign(count, silicon);
  std::mt19937_64 random(1);
  for (std::size_t n = 0; n < count; ++n) {
    Vector3 position;
    for (double& x : position) x = edge * std::generate_canonical<double, 53>(random);
    gas.positions.push_back(position);
  }
  return gas;
}

// Mean of S(k) over all wave vectors of a frame longer than `from` (1/A), and its standard error for independent atoms,
// where S(k) is distributed exponentially with mean 1.
std::pair<double, double> meanAbove(BinnedStructureFactor const& factor, double from) {
  double sum = 0, vectors = 0;
  for (std::size_t b = 0; b < factor.bins(); ++b) {
    if (factor.vectors(b) == 0 || factor.q(b) < from) continue;
    vectors += static_cast<double>(factor.vectors(b));
    sum += static_cast<double>(factor.vectors(b)) * factor.mean(b);
  }
  return {sum / vectors, 1 / std::sqrt(vectors)};
}

}  // namespace

template <class ExecutionSpace>
std::vector<StandardCheck> runStandardChecks(ExecutionSpace space) {
  std::vector<StandardCheck> checks;
  auto const equals = [&](char const* name, double found, double expected, double tolerance, char const* source) {
    checks.push_back({name, found, expected - tolerance, expected + tolerance, source});
  };
  MetricSettings coarse, fine;
  coarse.q_max = fine.q_max = 4;
  fine.q_bin = 0.005;  // of (111) vectors only where it is them

  constexpr int cells = 4;
  Structure const unit = crystalPrototype("dia", silicon, 20, CrystalCell::conventional),
                  diamond = repeated(unit, {cells, cells, cells});
  auto const crystal = StructureMetrics<ExecutionSpace>(fine, space).measure(diamond, "diamond");
  equals("diamond: bonds per atom", crystal.coordination.mean(), 4, 0, "its structure");
  double const angle = std::acos(-1.0 / 3) * 180 / std::numbers::pi;
  equals("diamond: mean bond angle, degrees", crystal.angles ? crystal.angles->all.mean() : std::nan(""), angle, 1e-9,
         "arccos(-1/3)");
  // Of the eight (111) vectors S = |F|^2 / N with F = N (1 + i) / 2.
  double const q_111 = 2 * std::numbers::pi * std::numbers::sqrt3 / unit.cell[0][0];
  std::size_t highest = 0;
  for (std::size_t b = 1; b < crystal.direct.bins(); ++b)
    if (crystal.direct.vectors(b) > 0 && crystal.direct.q(b) < 1.2 * q_111 &&
        !(crystal.direct.mean(b) <= crystal.direct.mean(highest)))
      highest = b;
  equals("diamond: where S(Q) has its (111) peak, 1/A", crystal.direct.q(highest), q_111, 1e-9, "2 pi sqrt(3) / a");
  equals("diamond: height of the (111) peak, of the number of atoms",
         crystal.direct.mean(highest) / static_cast<double>(diamond.size()), 0.5, 1e-9, "|1 + i|^2 / 4");

  auto const gas = StructureMetrics<ExecutionSpace>(coarse, space).measure(independentAtoms(2000), "independent atoms");
  auto const [mean, error] = meanAbove(gas.direct, 1);
  equals("independent atoms: S(Q), mean above 1/A", mean, 1, 5 * error, "no correlation, five standard errors");

  SoapEvaluator<ExecutionSpace> const soap(soapPreset("paper-2022", silicon), Precision::full, space);
  Structure one = unit;
  one.positions[1][0] += 0.1;
  auto const vectors = soap.evaluate(std::array{one});
  SoapSimilarity<ExecutionSpace> const similarity(vectors, soap.dimension(), 4, space);
  auto const similarities = similarity.evaluate(vectors);
  double furthest = 1;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (double const own = similarities[i * (one.size() + 1)]; !(std::abs(own - 1) <= std::abs(furthest - 1)))
      furthest = own;
  equals("SOAP similarity of an environment to itself", furthest, 1, 1e-12, "vectors have length 1");
  return checks;
}

#define SINTER_INSTANTIATE(SPACE) template std::vector<StandardCheck> runStandardChecks<SPACE>(SPACE);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)
#undef SINTER_INSTANTIATE

}  // namespace sinter
