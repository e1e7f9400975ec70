#include "sinter/fitting/potential_fit.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <utility>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/memory_size.hpp"
#include "sinter/fitting/bfgs.hpp"
#include "sinter/fitting/communicator.hpp"
#include "sinter/fitting/projected_lbfgs.hpp"

namespace sinter {

namespace {

// Steps on a part of the data: on a ladder until starts have met, if they do; otherwise not further than the difference
// to all data.
constexpr double ladder_tolerance = 1e-4, part_tolerance = 1e-3;
constexpr int part_iterations = 12;
// What the Cholesky factor of normal equations still tells apart: L-BFGS takes no ridge.
constexpr double normal_tolerance = 1e-7;
constexpr std::size_t least_part = 40;   // structures
constexpr double start_noise = 0.3;      // of other starts, relative to coefficient vectors of norm 1
constexpr int lbfgs_steps_for_one = 10;  // times as many L-BFGS steps: they are shorter

// Every fourth structure of each config type, `least_part` at least.
StructureSet partOf(StructureSet const& structures) {
  std::size_t const step = std::clamp<std::size_t>(structures.size() / least_part, 1, 4);
  std::map<std::string, std::size_t> seen;
  std::vector<std::size_t> part;
  for (std::size_t s = 0; s < structures.size(); ++s)
    if (seen[structures.configTypeOf(s)]++ % step == 0) part.push_back(s);
  return structures.part(std::move(part));
}

// A fit that would not stay below max_memory does not begin.
void requireMemory(FitSettings const& settings, FitMemory const& memory) {
  if (memory.spare > 0) return;
  std::size_t const least = memory.program + memory.needed;
  throw InputError("solver.max_memory: found " + inMiB(settings.max_memory) + ", expected " + inMiB(least + least / 8) +
                   " at least: the program and the structures in memory take " + inMiB(memory.program) +
                   ", the matrices of the fit with one small batch " + inMiB(memory.needed));
}

// Start number `index`: the model itself, or with radial functions changed at random.
MtpModel startOf(MtpModel model, int index, int seed) {
  fixGauge(model);
  if (index == 0) return model;
  std::mt19937_64 random(static_cast<std::uint64_t>(seed) * 1000003 + static_cast<std::uint64_t>(index));
  auto const uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };  // the same everywhere
  double const size =
      start_noise * std::sqrt(3.0 / (model.radial_basis_size * model.species_count * model.species_count));
  for (double& c : model.radial_coeffs) c += size * (2 * uniform() - 1);
  fixGauge(model);
  return model;
}

// FNV-1a of bytes.
class Digest {
 public:
  void add(void const* data, std::size_t size) {
    auto const* const bytes = static_cast<unsigned char const*>(data);
    for (std::size_t i = 0; i < size; ++i) _value = (_value ^ bytes[i]) * 0x100000001b3ULL;
  }
  template <class T>
  void add(T const& value) {
    add(&value, sizeof(value));
  }
  template <class T>
  void add(std::vector<T> const& values) {
    add(values.size());
    add(values.data(), values.size() * sizeof(T));
  }
  void add(std::string const& text) {
    add(text.size());
    add(text.data(), text.size());
  }
  [[nodiscard]] std::string text() const { return std::to_string(_value); }

 private:
  std::uint64_t _value = 0xcbf29ce484222325ULL;
};

template <class ExecutionSpace>
class Fitter {
 public:
  Fitter(FitSettings const& settings, MtpModel start, double nearest, StructureSet const& structures,
         FitHooks const& hooks, std::optional<FitState> const& resume)
      : _settings(settings), _start(std::move(start)), _nearest(nearest), _structures(structures), _hooks(hooks) {
    _settings.method = methodOf(settings, _start);
    _ranks.together([&] {
      if (hooks.save || resume) _state.identity = fitIdentity(_settings, _start, structures);
      if (resume && resume->identity != _state.identity)
        throw InputError("checkpoint: found the state of a fit with other settings or data, expected one of this fit");
    });
    if (resume) _state = *resume;
  }

  PotentialFit run() {
    MtpModel radial = _start;
    bool const projects = _settings.method == FitMethod::varpro || _settings.method == FitMethod::lbfgs;
    if (projects) radial = chooseRadial();
    auto training = makeTraining(_structures);
    if (projects) radial = runStage(*training, radial, nextStage(_best, lastLevel(), true));
    PotentialFit fit;
    if (_settings.method == FitMethod::bfgs) radial = fitBfgs(*training, radial);
    static_cast<LinearFit&>(fit) = solveLinear(*training, _settings, radial);
    fit.stages = _state.stages;
    for (auto const& stage : fit.stages) fit.iterations += stage.state.iterations;
    return fit;
  }

 private:
  [[nodiscard]] int lastLevel() const { return _settings.levels.empty() ? 0 : _settings.levels.back(); }
  [[nodiscard]] auto makeTraining(StructureSet const& structures) const {
    auto training = std::make_unique<TrainingRows<ExecutionSpace>>(_settings, _start, structures, _hooks.pass);
    _ranks.together([&] { requireMemory(_settings, training->memory(MtpRows(_start))); });
    return training;
  }
  [[nodiscard]] VarproOptions options(bool all_data) const {
    bool const is_ladder = _settings.levels.size() > 1;
    VarproOptions result;
    result.tolerance = _settings.tolerance;
    result.max_iterations = _settings.max_iterations;
    if (!all_data) {
      result.tolerance = std::max(result.tolerance, is_ladder ? ladder_tolerance : part_tolerance);
      if (!is_ladder) result.max_iterations = std::min(result.max_iterations, part_iterations);
    }
    if (_settings.method == FitMethod::lbfgs)
      result.max_iterations =
          std::min(result.max_iterations, std::numeric_limits<int>::max() / lbfgs_steps_for_one) * lbfgs_steps_for_one;
    if (_settings.ridge_choice == RidgeChoice::given) result.ridge = std::max(result.ridge, _settings.ridge);
    return result;
  }

  // After every step; the first rank speaks for all.
  void tell(FitStage const& stage) const {
    _ranks.together([&] {
      if (_ranks.rank() > 0) return;
      if (_hooks.step) _hooks.step(stage);
      if (_hooks.save) _hooks.save(_state);
    });
  }

  // Starts on a part of the data, up the ladder to its last level but one (where there is one). The better half of them
  // goes on from each level; the best in the end.
  MtpModel chooseRadial() {
    auto levels = _settings.levels;
    if (levels.empty()) levels = {0};
    bool const is_ladder = levels.size() > 1;
    if (_settings.seeds == 1 && !is_ladder) return _start;
    int const last = levels.back();
    if (is_ladder) levels.pop_back();
    auto const part = partOf(_structures);
    auto training = makeTraining(part);
    struct Climber {
      int start;
      MtpModel model;
      double loss;
    };
    MtpModel const foot = is_ladder ? atLevel(_start, levels.front(), _nearest) : _start;
    std::vector<Climber> climbers;
    for (int start = 0; start < _settings.seeds; ++start)
      climbers.push_back({start, startOf(foot, start, _settings.seed), 0});
    for (int const level : levels) {
      for (auto& [start, model, loss] : climbers) {
        if (level != levels.front()) model = atLevel(model, level, _nearest);
        FitStage& stage = nextStage(start, level, false);
        model = runStage(*training, model, stage);
        loss = stage.state.loss;
      }
      std::stable_sort(climbers.begin(), climbers.end(),
                       [](Climber const& a, Climber const& b) { return a.loss < b.loss; });
      climbers.resize((climbers.size() + 1) / 2, climbers.front());
    }
    _best = climbers.front().start;
    return is_ladder ? atLevel(climbers.front().model, last, _nearest) : climbers.front().model;
  }

  // The stage that comes now: one of the state that is resumed, or a new one.
  FitStage& nextStage(int start, int level, bool all_data) {
    if (_next == _state.stages.size()) {
      _state.stages.push_back({start, level, all_data, {}, {}});
      _is_new = true;
    } else {
      _is_new = false;
    }
    return _state.stages[_next++];
  }

  MtpModel runStage(TrainingRows<ExecutionSpace>& training, MtpModel model, FitStage& stage) {
    if (!_is_new && (stage.state.converged || stage.state.iterations >= options(stage.all_data).max_iterations)) {
      model.radial_coeffs = stage.state.radial;
      return model;
    }
    fixGauge(model);
    bool const is_lbfgs = _settings.method == FitMethod::lbfgs;
    auto const columns = independentColumns(training, model, is_lbfgs ? normal_tolerance : rank_tolerance);
    if (is_lbfgs)
      takeSteps<ProjectedLbfgs>(training, model, columns, stage);
    else
      takeSteps<VariableProjection>(training, model, columns, stage);
    model.radial_coeffs = stage.state.radial;
    return model;
  }

  template <template <class> class Minimizer>
  void takeSteps(TrainingRows<ExecutionSpace>& training, MtpModel const& model, std::vector<int> const& columns,
                 FitStage& stage) {
    Minimizer<ExecutionSpace> minimizer(training, model, columns, options(stage.all_data));
    if (!_is_new && !stage.state.radial.empty()) minimizer.restore(stage.state);
    auto const structures = static_cast<double>(training.structures());
    bool more = true;
    while (more) {
      more = minimizer.step();
      stage.state = minimizer.state();
      if (more || stage.losses.empty()) stage.losses.push_back(stage.state.loss / structures);
      if (!more) {  // nobody needs them any more
        stage.state.gradient.clear();
        stage.state.pairs.clear();
      }
      tell(stage);
    }
  }

  MtpModel fitBfgs(TrainingRows<ExecutionSpace>& training, MtpModel const& radial) {
    MtpModel const start = solveLinear(training, _settings, radial).model;
    FitStage& stage = nextStage(0, lastLevel(), true);
    auto const structures = static_cast<double>(training.structures());
    MtpModel const result =
        minimizeBfgs(training, start, _settings.tolerance, _settings.max_iterations, [&](int iteration, double loss) {
          stage.losses.push_back(loss / structures);
          stage.state.iterations = iteration;
          stage.state.loss = loss;
          tell(stage);
        });
    return result;
  }

  Communicator const& _ranks = Communicator::world();
  FitSettings _settings;
  MtpModel _start;
  double _nearest;
  StructureSet _structures;
  FitHooks const& _hooks;
  FitState _state;
  std::size_t _next = 0;
  bool _is_new = true;
  int _best = 0;
};

}  // namespace

FitMethod methodOf(FitSettings const& settings, MtpModel const& start) {
  bool const has_gradient = !formOf(start.radial_basis_type).repulsive,
             is_large = start.radial_coeffs.size() > most_radial_of_levenberg_marquardt;
  if (settings.method == FitMethod::lbfgs && !has_gradient)
    throw InputError("method \"lbfgs\": found the radial type RBChebyshev_repuls, expected one without pair repulsion");
  return settings.method == FitMethod::varpro && is_large && has_gradient ? FitMethod::lbfgs : settings.method;
}

std::string fitIdentity(FitSettings const& settings, MtpModel const& start, StructureSet const& structures) {
  Digest digest;
  digest.add(settings.levels);
  digest.add(start.radial_coeffs);
  digest.add(start.min_dist);
  digest.add(start.max_dist);
  digest.add(start.radial_basis_type);
  digest.add(start.species);
  digest.add(start.alpha_moment_mapping);
  digest.add(settings.weights.energy);
  digest.add(settings.weights.force);
  digest.add(settings.weights.virial);
  for (auto const& [name, weights] : settings.config_type_weights) {
    digest.add(name);
    digest.add(weights.energy);
    digest.add(weights.force);
    digest.add(weights.virial);
  }
  for (auto const& [species, energy] : settings.e0) {
    digest.add(species);
    digest.add(energy);
  }
  digest.add(settings.weight_mode);
  digest.add(settings.scale_by_force);
  digest.add(settings.method);
  digest.add(settings.ridge);
  digest.add(settings.ridge_choice);
  digest.add(settings.seeds);
  digest.add(settings.seed);
  digest.add(settings.tolerance);
  digest.add(settings.max_iterations);
  for (std::size_t n = 0; n < structures.size(); ++n) {
    Structure const& s = structures.load(n, n + 1).front();
    digest.add(s.cell);
    digest.add(s.positions);
    digest.add(s.species);
    digest.add(s.energy.value_or(0));
    digest.add(s.forces);
    digest.add(s.virial.value_or(Voigt{}));
    digest.add(s.config_type);
    for (auto const& [name, value] : s.features)
      if (name == "weight") digest.add(value);
  }
  return digest.text();
}

template <class ExecutionSpace>
PotentialFit fitPotential(FitSettings const& settings, MtpModel const& start, double nearest_distance,
                          StructureSet const& structures, FitHooks const& hooks,
                          std::optional<FitState> const& resume) {
  return Fitter<ExecutionSpace>(settings, start, nearest_distance, structures, hooks, resume).run();
}

#define SINTER_INSTANTIATE(SPACE)                                                                             \
  template PotentialFit fitPotential<SPACE>(FitSettings const&, MtpModel const&, double, StructureSet const&, \
                                            FitHooks const&, std::optional<FitState> const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
