// The linear fit finds what labels were made from, and equals dense least squares on rows by finite differences.
#include "sinter/fitting/linear_fit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "backends.hpp"
#include "basis_differences.hpp"
#include "core/temporary_folder.hpp"
#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_template.hpp"

extern "C" void dgelsy_(int const* m, int const* n, int const* nrhs, double* a, int const* lda, double* b,
                        int const* ldb, int* jpvt, double const* rcond, int* rank, double* work, int const* lwork,
                        int* info);

namespace sinter {
namespace {

using reference::diamond;
using reference::randomStructure;
using reference::testModel;

template <class ExecutionSpace>
class LinearFitTest : public testing::Test {
 protected:
  static LinearFit fit(FitSettings settings, MtpModel const& start, std::vector<Structure> const& structures,
                       FitProgress const& progress = {}) {
    settings.ridge_choice = RidgeChoice::given;
    return fitLinear(ExecutionSpace(), settings, start, structures, progress);
  }
};
TYPED_TEST_SUITE(LinearFitTest, test::ExecutionSpaces);

reference::MtpResult evaluate(MtpModel const& model, Structure const& structure) {
  return reference::evaluateMtp(model, structure, reference::typesOf(model, structure));
}

Voigt voigtOf(Matrix3 const& m) { return {m[0][0], m[1][1], m[2][2], m[1][2], m[0][2], m[0][1]}; }

// Small bulk structures of varied composition, and a molecule and a slab.
std::vector<Structure> smallStructures(std::vector<int> const& species, std::uint64_t seed) {
  std::array<bool, 3> const bulk{true, true, true};
  Matrix3 const triclinic{{{4.3, 0.3, -0.2}, {1.4, 4.5, 0.4}, {-0.9, 1.2, 4.7}}};
  Matrix3 const box{{{4.2, 0, 0}, {0, 4.4, 0}, {0, 0, 4.6}}};
  std::vector<int> const reversed(species.rbegin(), species.rend());
  std::vector<Structure> all;
  for (std::uint64_t n = 0; n < 2; ++n)
    all.push_back(diamond(1, 5.3 + 0.3 * static_cast<double>(n), 0.3, species, 10 * seed + n));
  for (std::uint64_t n = 0; n < 4; ++n) {
    auto const& order = n % 2 == 0 ? species : reversed;
    all.push_back(randomStructure(3 + static_cast<int>(n), triclinic, bulk, 1.9, order, 10 * seed + n + 2));
  }
  all.push_back(randomStructure(5, box, {true, true, false}, 1.9, species, 10 * seed + 6));
  Structure molecule = randomStructure(5, box, {false, false, false}, 1.8, reversed, 10 * seed + 7);
  molecule.cell = {};
  all.push_back(molecule);
  return all;
}

// Labels of a model, moved by up to `noise` per number (eV/atom, eV/A, eV/atom).
void label(std::vector<Structure>& structures, MtpModel const& model, double noise = 0) {
  reference::Random random(77);
  for (auto& s : structures) {
    auto const result = evaluate(model, s);
    auto const atoms = static_cast<double>(s.size());
    s.energy = result.energy + atoms * noise * random();
    s.forces = result.forces;
    for (auto& f : s.forces)
      for (double& x : f) x += noise * random();
    if (volume(s)) {
      s.virial = voigtOf(result.virial);
      for (double& w : *s.virial) w += atoms * noise * random();
    }
  }
}

// ---- an independent solution ----------------------------------------------------------------------------------------

struct Weights {
  double energy, force, virial;  // of squared differences of one structure
};

// As the documentation of the command line has it, written out anew.
Weights weightsOf(FitSettings const& settings, Structure const& structure) {
  LabelWeights w = settings.weights;
  if (settings.config_type_weights.contains(structure.config_type))
    w = settings.config_type_weights.at(structure.config_type);
  double const n = static_cast<double>(structure.size());
  if (settings.weight_mode == WeightMode::molecules) return {w.energy, w.force, w.virial};
  if (settings.weight_mode == WeightMode::structures) return {w.energy / (n * n), w.force / n, w.virial / (n * n)};
  return {w.energy / n, w.force, w.virial / n};
}

// Per atom, of the structures that have one.
double meanEnergy(std::vector<Structure> const& structures) {
  double energy = 0, atoms = 0;
  for (auto const& s : structures)
    if (s.energy) {
      energy += *s.energy;
      atoms += static_cast<double>(s.size());
    }
  return energy / atoms;
}

struct DenseSolution {
  std::vector<double> x;
  int rows = 0, rank = 0;
  double loss = 0;
};

// Dense weighted least squares (LAPACK dgelsy: column-pivoted QR) on rows by finite differences.
DenseSolution solveDense(FitSettings const& settings, MtpModel const& model, std::vector<Structure> const& structures,
                         std::vector<test::BasisRows> const& basis_rows) {
  std::size_t const basis = model.alpha_moment_mapping.size();
  std::size_t const n = basis + (settings.e0.empty() ? static_cast<std::size_t>(model.species_count) : 0);
  double const mean_energy = settings.e0.empty() ? meanEnergy(structures) : 0;  // a ridge pulls energies towards it
  std::vector<std::vector<double>> a;
  std::vector<double> b;
  auto const add = [&](double weight, test::BasisRow row, double target) {
    if (weight == 0) return;
    row.resize(n);
    for (double& x : row) x *= std::sqrt(weight);
    a.push_back(row);
    b.push_back(std::sqrt(weight) * target);
  };
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const& structure = structures[s];
    auto const weights = weightsOf(settings, structure);
    if (structure.energy) {
      auto row = basis_rows[s].energy;
      row.resize(n);
      double target = *structure.energy - mean_energy * static_cast<double>(structure.size());
      for (std::size_t i = 0; i < structure.size(); ++i) {
        if (settings.e0.empty())
          row[basis + (structure.species[i] == model.species[0] ? 0 : 1)] += 1;
        else
          target -= settings.e0.at(structure.species[i]);
      }
      add(weights.energy, row, target);
    }
    for (std::size_t i = 0; i < structure.forces.size(); ++i) {
      auto const& f = structure.forces[i];
      double weight = weights.force;
      if (settings.scale_by_force > 0)
        weight *= settings.scale_by_force / (f[0] * f[0] + f[1] * f[1] + f[2] * f[2] + settings.scale_by_force);
      for (std::size_t x = 0; x < 3; ++x) add(weight, basis_rows[s].force[i][x], f[x]);
    }
    if (structure.virial && structure.periodic == std::array<bool, 3>{true, true, true})
      for (std::size_t nine = 0; nine < 9; ++nine) {
        constexpr std::size_t component[9] = {0, 5, 4, 5, 1, 3, 4, 3, 2};
        std::size_t const v = component[nine];
        add(weights.virial, basis_rows[s].virial[v], (*structure.virial)[v]);
      }
  }
  std::size_t const data_rows = a.size();

  // Columns of norm 1, and the ridge relative to them.
  std::vector<double> norms(n);
  for (auto const& row : a)
    for (std::size_t c = 0; c < n; ++c) norms[c] += row[c] * row[c];
  for (double& x : norms) x = std::sqrt(x);
  std::size_t const height = data_rows + (settings.ridge > 0 ? n : 0);
  std::vector<double> matrix(height * n), right(std::max(height, n));
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t r = 0; r < data_rows; ++r) matrix[c * height + r] = a[r][c] / norms[c];
    if (settings.ridge > 0) matrix[c * height + data_rows + c] = std::sqrt(settings.ridge);
  }
  std::copy(b.begin(), b.end(), right.begin());

  DenseSolution solution;
  int const m = static_cast<int>(height), columns = static_cast<int>(n), one = 1;
  int const ldb = static_cast<int>(right.size()), length = 64 * (m + columns);
  int info = 0;
  std::vector<int> pivots(n);
  std::vector<double> work(static_cast<std::size_t>(length));
  double const rcond = 1e-9;  // finite differences know dependent columns to about 1e-11
  dgelsy_(&m, &columns, &one, matrix.data(), &m, right.data(), &ldb, pivots.data(), &rcond, &solution.rank, work.data(),
          &length, &info);
  EXPECT_EQ(info, 0);
  for (std::size_t c = 0; c < n; ++c) solution.x.push_back(right[c] / norms[c]);
  for (std::size_t r = 0; r < data_rows; ++r) {
    double residual = -b[r];
    for (std::size_t c = 0; c < n; ++c) residual += a[r][c] * solution.x[c];
    solution.loss += residual * residual / static_cast<double>(structures.size());
  }
  for (std::size_t c = basis; c < n; ++c) solution.x[c] += mean_energy;
  return solution;
}

// Training and held-out structures with finite-difference rows; made once.
struct NoisyProblem {
  MtpModel truth = testModel(8, {14, 8});
  std::vector<Structure> train = smallStructures({14, 8}, 1), held_out = smallStructures({14, 8}, 2);
  std::vector<test::BasisRows> train_rows, held_out_rows;

  NoisyProblem() {
    for (std::uint64_t const seed : {3, 4})
      for (auto const& s : smallStructures({14, 8}, seed)) train.push_back(s);
    label(train, truth, 0.1);
    for (std::size_t s = 0; s < train.size(); ++s) train[s].config_type = s % 3 == 0 ? "liquid" : "solid";
    for (auto const& s : train) train_rows.push_back(test::basisRowsByDifferences(truth, s));
    for (auto const& s : held_out) held_out_rows.push_back(test::basisRowsByDifferences(truth, s));
  }
};

NoisyProblem const& noisyProblem() {
  static NoisyProblem const problem;
  return problem;
}

double dot(test::BasisRow const& row, std::vector<double> const& x) {
  double sum = 0;
  for (std::size_t k = 0; k < row.size(); ++k) sum += row[k] * x[k];
  return sum;
}

// Largest difference of the predicted forces of two potentials on the held-out structures.
double largestForceDifference(MtpModel const& a, MtpModel const& b) {
  double largest = 0;
  for (auto const& s : noisyProblem().held_out) {
    auto const first = evaluate(a, s), second = evaluate(b, s);
    for (std::size_t i = 0; i < s.size(); ++i)
      for (std::size_t x = 0; x < 3; ++x)
        largest = std::max(largest, std::abs(first.forces[i][x] - second.forces[i][x]));
  }
  return largest;
}

// Energies to 1e-6 eV and forces to 1e-6 eV/A on held-out structures, and what the fit says of itself.
void expectSamePredictions(LinearFit const& fit, FitSettings const& settings, std::vector<Structure> const& train) {
  auto const& problem = noisyProblem();
  auto const dense = solveDense(settings, problem.truth, train, problem.train_rows);
  EXPECT_EQ(fit.columns, static_cast<int>(dense.x.size()));
  EXPECT_EQ(fit.rank, dense.rank);
  EXPECT_NEAR(fit.loss, dense.loss, 1e-9 * dense.loss);  // rows by differences are good to 1e-11 or better
  std::size_t const basis = problem.truth.alpha_moment_mapping.size();
  for (std::size_t s = 0; s < problem.held_out.size(); ++s) {
    auto const& structure = problem.held_out[s];
    auto const predicted = evaluate(fit.model, structure);
    double energy = dot(problem.held_out_rows[s].energy, dense.x);
    for (auto const z : structure.species)
      energy += settings.e0.empty() ? dense.x[basis + (z == problem.truth.species[0] ? 0 : 1)] : settings.e0.at(z);
    EXPECT_NEAR(predicted.energy, energy, 1e-6) << "structure " << s;
    for (std::size_t i = 0; i < structure.size(); ++i)
      for (std::size_t x = 0; x < 3; ++x)
        EXPECT_NEAR(predicted.forces[i][x], dot(problem.held_out_rows[s].force[i][x], dense.x), 1e-6)
            << "structure " << s << ", atom " << i;
  }
}

// ---- tests
// ------------------------------------------------------------------------------------------------------------

TYPED_TEST(LinearFitTest, RecoversTheModelThatMadeTheLabels) {
  for (std::vector<int> const& species : {std::vector<int>{14}, std::vector<int>{14, 8}}) {
    auto const truth = testModel(8, {species.begin(), species.end()});
    auto train = smallStructures(species, 5);
    for (auto const& s : smallStructures(species, 6)) train.push_back(s);
    label(train, truth);
    auto const fit = this->fit({}, truth, train);
    EXPECT_EQ(fit.rank, fit.columns);
    EXPECT_EQ(fit.columns, static_cast<int>(truth.moment_coeffs.size() + species.size()));
    EXPECT_EQ(fit.model.radial_coeffs, truth.radial_coeffs);
    EXPECT_LT(fit.loss, 1e-16);
    for (auto const& s : smallStructures(species, 7)) {
      auto const expected = evaluate(truth, s), predicted = evaluate(fit.model, s);
      EXPECT_NEAR(predicted.energy, expected.energy, 1e-8);
      for (std::size_t i = 0; i < s.size(); ++i)
        for (std::size_t x = 0; x < 3; ++x) EXPECT_NEAR(predicted.forces[i][x], expected.forces[i][x], 1e-8);
      for (std::size_t v = 0; v < 6; ++v) EXPECT_NEAR(voigtOf(predicted.virial)[v], voigtOf(expected.virial)[v], 1e-8);
    }
  }
}

// On every radial basis. Structures have neighbours below R_min: the pair repulsion, which no basis function has, must
// not go into the coefficients.
TYPED_TEST(LinearFitTest, RecoversTheModelOnEveryRadialBasis) {
  for (auto const type : {RadialBasisType::RBChebyshev_repuls, RadialBasisType::BChebyshev,
                          RadialBasisType::BChebyshev_repuls, RadialBasisType::RBShapeev, RadialBasisType::RBTaylor}) {
    SCOPED_TRACE(std::string(formOf(type).name));
    auto const truth = testModel(8, {14, 8}, 5.0, 1, type);
    auto train = smallStructures({14, 8}, 5);
    for (auto const& s : smallStructures({14, 8}, 6)) train.push_back(s);
    label(train, truth);
    double largest = 0;  // of the labels: errors are relative to them
    for (auto const& s : train) largest = std::max(largest, evaluate(truth, s).gradient_norm);
    auto const fit = this->fit({}, truth, train);
    EXPECT_EQ(fit.rank, fit.columns);
    EXPECT_EQ(fit.model.radial_basis_type, type);
    for (auto const& s : smallStructures({14, 8}, 7)) {
      auto const expected = evaluate(truth, s), predicted = evaluate(fit.model, s);
      EXPECT_NEAR(predicted.energy, expected.energy, 1e-8 * (1 + largest));
      for (std::size_t i = 0; i < s.size(); ++i)
        for (std::size_t x = 0; x < 3; ++x)
          EXPECT_NEAR(predicted.forces[i][x], expected.forces[i][x], 1e-8 * (1 + largest));
    }
  }
}

// A start on the radial basis that the settings name, for a generated template and for one of a file.
TYPED_TEST(LinearFitTest, StartHasTheRadialBasisOfTheSettings) {
  auto const structures = smallStructures({14}, 5);
  FitSettings settings;
  settings.levels = {6};
  settings.species = {14};
  EXPECT_EQ(makeStartModel(TypeParam(), settings, structures).radial_basis_type, RadialBasisType::RBChebyshev);
  settings.radial_type = RadialBasisType::RBShapeev;
  auto const model = makeStartModel(TypeParam(), settings, structures);
  EXPECT_EQ(model.radial_basis_type, RadialBasisType::RBShapeev);
  EXPECT_FALSE(model.radial_coeffs.empty());

  test::TemporaryFolder const folder;
  writeMtp(model, folder / "template.mtp");
  settings.levels.clear();
  settings.template_file = folder / "template.mtp";
  EXPECT_EQ(makeStartModel(TypeParam(), settings, structures).radial_coeffs, model.radial_coeffs);
  settings.radial_type.reset();
  EXPECT_EQ(makeStartModel(TypeParam(), settings, structures).radial_basis_type, RadialBasisType::RBShapeev);
  settings.radial_type = RadialBasisType::RBTaylor;  // not the one that the file's coefficients are for
  EXPECT_THROW((void)makeStartModel(TypeParam(), settings, structures), InputError);
}

// The linear fit predicts the same as a dense pivoted QR of finite-difference design rows on a small set (forces to
// 1e-6 eV/A).
TYPED_TEST(LinearFitTest, EqualsDensePivotedQrOfFiniteDifferences) {
  auto const& problem = noisyProblem();
  auto const fit = this->fit({}, problem.truth, problem.train);
  expectSamePredictions(fit, {}, problem.train);
  EXPECT_GT(fit.loss, 1e-4);  // noise is there, so that weights decide
  EXPECT_GT(largestForceDifference(fit.model, problem.truth), 1e-4);
}

// Every setting against the direct computation, and each does something.
TYPED_TEST(LinearFitTest, WeightsAndRidgeEqualTheDirectComputation) {
  auto const& problem = noisyProblem();
  std::map<std::string, FitSettings> variants;
  variants["weights"].weights = {0.3, 0.02, 0.05};
  variants["molecules"].weight_mode = WeightMode::molecules;
  variants["structures"].weight_mode = WeightMode::structures;
  variants["scale_by_force"].scale_by_force = 0.2;
  variants["config_type"].config_type_weights["liquid"] = {10, 0.01, 0};
  variants["no energies"].weights.energy = 0;
  variants["e0"].e0 = {{14, -3.2}, {8, -2.1}};
  variants["ridge"].ridge = 1e-3;
  auto& all = variants["all"];
  all.weight_mode = WeightMode::structures;
  all.scale_by_force = 1.5;
  all.config_type_weights["solid"] = {2, 0.3, 0.02};
  all.e0 = {{14, -3}, {8, -2}};
  all.ridge = 1e-4;

  auto const plain = this->fit({}, problem.truth, problem.train);
  for (auto const& [name, settings] : variants) {
    SCOPED_TRACE(name);
    if (name == "no energies") {  // species energies are then not determined
      auto const fit = this->fit(settings, problem.truth, problem.train);
      EXPECT_EQ(fit.rank, fit.columns - 2);
      for (double const energy : fit.model.species_coeffs)
        EXPECT_NEAR(energy, meanEnergy(problem.train), 1e-12 * std::abs(energy));
      continue;
    }
    auto const fit = this->fit(settings, problem.truth, problem.train);
    expectSamePredictions(fit, settings, problem.train);
    EXPECT_GT(largestForceDifference(fit.model, plain.model), 1e-4);
    if (!settings.e0.empty()) {
      EXPECT_EQ(fit.model.species_coeffs, (std::vector<double>{settings.e0.at(14), settings.e0.at(8)}));
    }
  }
}

TYPED_TEST(LinearFitTest, TakesTheLabelsThatAreThere) {
  auto const& problem = noisyProblem();
  auto train = problem.train;
  std::size_t rows = 0;
  for (std::size_t s = 0; s < train.size(); ++s) {
    if (s % 4 == 1) train[s].energy.reset();
    if (s % 5 == 2) train[s].forces.clear();
    if (s % 3 == 0) train[s].virial.reset();
    // A virial without a volume means nothing.
    if (!volume(train[s])) train[s].virial = Voigt{1e3, -2e3, 3e3, 4e3, 5e3, 6e3};
    rows += (train[s].energy ? 1 : 0) + 3 * train[s].forces.size() + (train[s].virial && volume(train[s]) ? 6 : 0);
  }
  auto const fit = this->fit({}, problem.truth, train);
  EXPECT_EQ(fit.rows, rows);
  expectSamePredictions(fit, {}, train);
}

TYPED_TEST(LinearFitTest, MemoryChangesNothingAndRunsGiveTheSameBits) {
  auto const& problem = noisyProblem();
  FitSettings small;
  small.max_memory = 1;  // nothing is kept
  std::size_t done = 0;
  auto const frugal = this->fit(small, problem.truth, problem.train, [&](std::size_t n) { done = n; });
  EXPECT_EQ(done, problem.train.size());
  auto const first = this->fit({}, problem.truth, problem.train), second = this->fit({}, problem.truth, problem.train);
  for (auto const* other : {&frugal, &second}) {
    EXPECT_EQ(first.model.moment_coeffs, other->model.moment_coeffs);
    EXPECT_EQ(first.model.species_coeffs, other->model.species_coeffs);
    EXPECT_EQ(first.loss, other->loss);
  }
}

// A structure of weight w counts as w structures.
TYPED_TEST(LinearFitTest, StructuresHaveWeightsOfTheirOwn) {
  auto const& problem = noisyProblem();
  auto weighted = problem.train, repeated = problem.train;
  weighted[4].features.emplace_back("weight", "3");
  weighted[5].features.emplace_back("weight", "0");
  repeated.push_back(repeated[4]);
  repeated.push_back(repeated[4]);
  repeated.erase(repeated.begin() + 5);
  auto const first = this->fit({}, problem.truth, weighted), second = this->fit({}, problem.truth, repeated);
  EXPECT_LT(largestForceDifference(first.model, second.model), 1e-8);
  EXPECT_GT(largestForceDifference(first.model, this->fit({}, problem.truth, problem.train).model), 1e-5);
  for (char const* wrong : {"-1", "much", "nan", "2x", ""}) {
    weighted[4].features.back().second = wrong;
    auto const message = test::messageOf<InputError>([&] { (void)this->fit({}, problem.truth, weighted); });
    EXPECT_EQ(message, "structure 4: weight: found '" + std::string(wrong) + "', expected a number >= 0");
  }
}

// The solution with the ridge that the folds like best is that of this ridge.
TYPED_TEST(LinearFitTest, CrossValidationAndEvidenceChooseARidge) {
  auto const& problem = noisyProblem();
  FitSettings settings;
  settings.ridge_choice = RidgeChoice::cross_validation;
  auto const chosen = fitLinear(TypeParam(), settings, problem.truth, problem.train);
  ASSERT_FALSE(chosen.ridge_scores.empty());
  double least = chosen.ridge_scores.front().error;
  for (auto const& score : chosen.ridge_scores) least = std::min(least, score.error);
  EXPECT_GT(least, chosen.loss);  // the fit has seen the data, folds have not
  settings.ridge = chosen.ridge;
  auto const direct = this->fit(settings, problem.truth, problem.train);
  EXPECT_LT(largestForceDifference(chosen.model, direct.model), 1e-8);
  settings.ridge_choice = RidgeChoice::evidence;
  auto const by_evidence = fitLinear(TypeParam(), settings, problem.truth, problem.train);
  EXPECT_GT(by_evidence.ridge, 0);
  EXPECT_LT(by_evidence.loss, 1.5 * chosen.loss);
  EXPECT_EQ(chosen.spectrum.size(), static_cast<std::size_t>(chosen.rank));
}

TYPED_TEST(LinearFitTest, RefusesDataWithoutLabels) {
  auto const& problem = noisyProblem();
  auto const refused = [&](FitSettings const& settings, std::vector<Structure> const& structures,
                           std::string const& fragment) {
    auto const message = test::messageOf<InputError>([&] { (void)this->fit(settings, problem.truth, structures); });
    EXPECT_NE(message.find(fragment), std::string::npos) << message;
  };
  refused({}, {}, "expected labels");
  refused({}, smallStructures({14, 8}, 1), "expected labels");
  FitSettings weightless;
  weightless.weights = {0, 0, 0};
  refused(weightless, problem.train, "with a weight > 0");
  auto other = problem.train;
  other[3].species[0] = 6;
  refused({}, other, "C");
  auto infinite = problem.train;
  infinite[2].energy = std::numeric_limits<double>::infinity();
  refused({}, infinite, "not finite");
}

TYPED_TEST(LinearFitTest, StartModelOfALevel) {
  TypeParam const space;
  auto const structures = smallStructures({14, 8}, 1);
  double smallest = 5, sum = 0;
  int counted = 0;
  for (auto const& s : structures) {
    std::vector<double> nearest(s.size(), 5);
    for (auto const& pair : reference::allPairs(s, 5)) {
      double const r = std::hypot(pair.displacement[0], pair.displacement[1], pair.displacement[2]);
      auto& least = nearest[static_cast<std::size_t>(pair.i)];
      least = std::min(least, r);
    }
    for (double const r : nearest) {
      smallest = std::min(smallest, r);
      sum += r;
      ++counted;
    }
  }
  FitSettings settings;
  settings.levels = {8};
  settings.species = {14, 8};
  settings.radial_size = 6;
  auto const automatic = makeStartModel(space, settings, structures);
  EXPECT_NEAR(automatic.min_dist, smallest, 1e-14 * 100);  // coordinates of 10 A, a few roundings
  EXPECT_EQ(automatic.max_dist, 5);
  EXPECT_EQ(automatic.species, settings.species);
  EXPECT_FALSE(automatic.trained());

  settings.min_dist = 1.5;
  auto const start = makeStartModel(space, settings, structures);
  auto expected =
      makeMtpTemplate({.level = 8, .species = {14, 8}, .min_dist = 1.5, .max_dist = 5, .radial_basis_size = 6});
  setExponentialStart(expected, sum / counted);
  EXPECT_EQ(start.alpha_index_times, expected.alpha_index_times);
  EXPECT_EQ(start.min_dist, 1.5);
  ASSERT_EQ(start.radial_coeffs.size(), expected.radial_coeffs.size());
  for (std::size_t n = 0; n < expected.radial_coeffs.size(); ++n)  // r0 to 1e-15; f grows by up to 2^3 dr0
    EXPECT_NEAR(start.radial_coeffs[n], expected.radial_coeffs[n], 1e-11 * (1 + std::abs(expected.radial_coeffs[n])));

  auto distant = diamond(1, 5.4, 0, {14, 8});
  settings.max_dist = 2;
  EXPECT_NE(test::messageOf<InputError>([&] {
              (void)makeStartModel(space, settings, std::vector<Structure>{distant});
            }).find("expected neighbours"),
            std::string::npos);
}

TYPED_TEST(LinearFitTest, StartModelOfATemplate) {
  TypeParam const space;
  test::TemporaryFolder const folder;
  auto const structures = smallStructures({14, 8}, 1);
  FitSettings settings;
  settings.template_file = folder / "template.mtp";
  settings.species = {14, 8};

  auto model = testModel(6, {14, 8});
  model.moment_coeffs.clear();
  model.species_coeffs.clear();
  writeMtp(model, settings.template_file);
  EXPECT_EQ(makeStartModel(space, settings, structures).radial_coeffs, model.radial_coeffs);  // those of the file

  model.radial_coeffs.clear();
  model.species.clear();
  writeMtp(model, settings.template_file);
  auto const start = makeStartModel(space, settings, structures);
  EXPECT_EQ(start.species, settings.species);
  EXPECT_EQ(start.min_dist, model.min_dist);
  EXPECT_EQ(start.alpha_moment_mapping, model.alpha_moment_mapping);
  EXPECT_EQ(start.radial_coeffs.size(), 4U * model.radial_funcs_count * model.radial_basis_size);

  // Settings change an untrained file, but not one whose radial coefficients belong to its distances.
  settings.max_dist = 4.5;
  settings.radial_size = 6;
  settings.min_dist_from_data = true;
  auto const changed = makeStartModel(space, settings, structures);
  EXPECT_EQ(changed.max_dist, 4.5);
  EXPECT_EQ(changed.radial_basis_size, 6);
  EXPECT_NE(changed.min_dist, model.min_dist);
  writeMtp(testModel(6, {14, 8}), settings.template_file);
  EXPECT_NE(test::messageOf<InputError>([&] {
              (void)makeStartModel(space, settings, structures);
            }).find("found radial coefficients"),
            std::string::npos);
  settings.max_dist.reset();
  settings.radial_size.reset();
  settings.min_dist_from_data = false;

  settings.species = {14};
  auto const message =
      test::messageOf<InputError>([&] { (void)makeStartModel(space, settings, std::vector{diamond(1, 5.4, 0)}); });
  EXPECT_NE(message.find("found 2 species, expected 1"), std::string::npos) << message;
}

}  // namespace
}  // namespace sinter
