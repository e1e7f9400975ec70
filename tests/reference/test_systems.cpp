#include "test_systems.hpp"

#include <algorithm>
#include <cmath>

#include "mtp_reference.hpp"
#include "neighbor_reference.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/mtp/mtp_template.hpp"

namespace sinter::reference {

Structure diamond(int n, double a, double rattle, std::vector<int> const& species, std::uint64_t seed) {
  constexpr double basis[8][3] = {{0, 0, 0},       {0, .5, .5},     {.5, 0, .5},     {.5, .5, 0},
                                  {.25, .25, .25}, {.25, .75, .75}, {.75, .25, .75}, {.75, .75, .25}};
  Random random(seed);
  Structure s;
  for (int d = 0; d < 3; ++d) s.cell[d][d] = n * a;
  s.periodic = {true, true, true};
  for (int x = 0; x < n; ++x)
    for (int y = 0; y < n; ++y)
      for (int z = 0; z < n; ++z)
        for (auto const& b : basis) {
          s.positions.push_back({(x + b[0]) * a + rattle * random(), (y + b[1]) * a + rattle * random(),
                                 (z + b[2]) * a + rattle * random()});
          s.species.push_back(species[s.species.size() % species.size()]);
        }
  return s;
}

Structure randomStructure(int atoms, Matrix3 const& cell, std::array<bool, 3> const& periodic, double min_distance,
                          std::vector<int> const& species, std::uint64_t seed) {
  Random random(seed);
  Structure s;
  s.cell = cell;
  s.periodic = periodic;
  while (static_cast<int>(s.size()) < atoms) {
    Vector3 r{};
    for (int d = 0; d < 3; ++d) {
      double const f = (random() + 1) / 2;
      for (int x = 0; x < 3; ++x) r[x] += f * cell[d][x];
    }
    s.positions.push_back(r);
    s.species.push_back(species[s.species.size() % species.size()]);
    if (!allPairs(s, min_distance).empty()) {
      s.positions.pop_back();
      s.species.pop_back();
    }
  }
  return s;
}

MtpModel testModel(int level, std::vector<std::int32_t> const& species, double max_dist, std::uint64_t seed,
                   RadialBasisType type) {
  MtpTemplateOptions options;
  options.level = level;
  options.species = species;
  options.min_dist = 1.6;
  options.max_dist = max_dist;
  MtpModel model = makeMtpTemplate(options);
  setExponentialStart(model, 2.35);
  Random random(seed);
  for (double& c : model.radial_coeffs) c *= 1 + 0.3 * random();
  if (type != RadialBasisType::RBChebyshev) {
    model.radial_basis_type = type;
    if (formOf(type).clamped) model.min_dist = 2.31;
    std::vector<double> low, high, ignored;  // the size of each phi_n
    evaluateRadialBasis(model, model.min_dist, low, ignored);
    evaluateRadialBasis(model, 0.95 * max_dist, high, ignored);
    for (std::size_t i = 0; i < model.radial_coeffs.size(); ++i) {
      std::size_t const n = i % low.size();
      model.radial_coeffs[i] = 0.3 * random() / std::max(std::abs(low[n]), std::abs(high[n]));
    }
  }
  model.species_coeffs.resize(species.size());
  for (double& c : model.species_coeffs) c = -3 + random();
  model.moment_coeffs.resize(model.alpha_moment_mapping.size());
  for (double& c : model.moment_coeffs) c = 0.02 * random();
  return model;
}

std::vector<int> typesOf(MtpModel const& model, Structure const& structure) {
  return SpeciesMap(model.species, model.species_count).typesOf(structure, "test");
}

MtpModel solidModel() {
  MtpTemplateOptions options;
  options.level = 12;
  options.species = {14};
  options.min_dist = 1.6;
  MtpModel model = makeMtpTemplate(options);
  setExponentialStart(model, 2.35);
  // The second radial function, which decays as exp(-2 r), alone.
  auto const size = static_cast<std::size_t>(model.radial_basis_size);
  model.radial_coeffs = {model.radial_coeffs.begin() + size, model.radial_coeffs.begin() + 2 * size};
  model.radial_funcs_count = 1;
  model.alpha_index_basic = {{0, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {0, 2, 0, 0},
                             {0, 1, 1, 0}, {0, 1, 0, 1}, {0, 0, 2, 0}, {0, 0, 1, 1}, {0, 0, 0, 2}};
  model.alpha_index_times = {{0, 0, 1, 10}, {1, 1, 1, 11}, {2, 2, 1, 11}, {3, 3, 1, 11}, {4, 4, 1, 12},
                             {5, 5, 2, 12}, {6, 6, 2, 12}, {7, 7, 1, 12}, {8, 8, 2, 12}, {9, 9, 1, 12}};
  model.alpha_moments_count = 13;
  model.alpha_moment_mapping = {0, 10, 11, 12};
  double const a = 0.5;  // (eV)
  model.moment_coeffs = {-2 * 16. / 9 * a, a / 9, a * 2 / 3, a};
  model.species_coeffs = {0};
  return model;
}

std::vector<MtpModel> modelsOfAllKinds() {
  std::vector<MtpModel> all;
  for (int const level : {2, 6, 12}) all.push_back(testModel(level));
  all.push_back(testModel(10, {14, 8}));
  all.push_back(testModel(8, {14, 8, 6}));
  for (auto const type : {RadialBasisType::RBChebyshev_repuls, RadialBasisType::BChebyshev,
                          RadialBasisType::BChebyshev_repuls, RadialBasisType::RBShapeev, RadialBasisType::RBTaylor})
    all.push_back(testModel(8, {14, 8}, 5.0, 1, type));
  return all;
}

void label(Structure& structure, MtpModel const& truth, Random& random, double noise) {
  auto const result = evaluateMtp(truth, structure, typesOf(truth, structure));
  structure.energy = result.energy + noise * random();
  structure.forces = result.forces;
  for (auto& force : structure.forces)
    for (double& x : force) x += noise * random();
  auto const& w = result.virial;
  if (volume(structure)) structure.virial = Voigt{w[0][0], w[1][1], w[2][2], w[1][2], w[0][2], w[0][1]};
}

std::vector<Structure> testStructures(std::vector<int> const& species) {
  std::array<bool, 3> const bulk{true, true, true};
  std::vector<Structure> all;
  all.push_back(diamond(2, 5.43, 0.2, species));
  all.push_back(randomStructure(13, {{{6.1, 0.3, -0.2}, {2.9, 7.0, 0.4}, {-2.5, 1.9, 6.6}}}, bulk, 2.0, species, 3));
  all.push_back(randomStructure(2, {{{2.7, 0, 0}, {1.2, 2.6, 0}, {0.9, 1.1, 2.8}}}, bulk, 1.7, species, 4));
  all.push_back(randomStructure(1, {{{2.41, 0, 0}, {0, 2.57, 0}, {0, 0, 2.63}}}, bulk, 1.0, species, 5));
  // A very skewed choice of vectors of a lattice that is almost cubic.
  all.push_back(randomStructure(2, {{{2.6, 0, 0}, {10.3, 2.9, 0}, {5.1, 8.8, 2.8}}}, bulk, 1.7, species, 6));
  all.push_back(randomStructure(10, {{{6.0, 0, 0}, {1.0, 6.2, 0}, {0, 0, 6.5}}}, {true, true, false}, 2.0, species, 7));
  all.push_back(randomStructure(6, {{{0.7, 0.6, 5.1}, {5, 0, 0}, {0, 5, 0}}}, {true, false, false}, 1.8, species, 8));
  Structure molecule = randomStructure(5, {{{4, 0, 0}, {0, 4, 0}, {0, 0, 4}}}, {false, false, false}, 1.6, species, 9);
  molecule.cell = {};
  all.push_back(molecule);
  all.push_back(randomStructure(1, {{{20, 0, 0}, {0, 20, 0}, {0, 0, 20}}}, bulk, 2.0, species, 10));
  Structure lonely;
  lonely.positions = {{0.3, -0.2, 0.1}};
  lonely.species = {species[0]};
  all.push_back(lonely);
  Structure scattered = diamond(1, 5.5, 0.1, species, 11);
  for (std::size_t i = 0; i < scattered.size(); ++i)  // atoms far outside the cell
    for (int d = 0; d < 3; ++d) scattered.positions[i][d] += 5.5 * ((static_cast<int>(i) * (d + 2)) % 7 - 3);
  all.push_back(scattered);
  return all;
}

}  // namespace sinter::reference
