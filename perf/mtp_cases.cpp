#include "mtp_cases.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "mtp_reference.hpp"
#include "test_systems.hpp"

namespace sinter::perf {
namespace {

constexpr double lattice_constant = 5.43, rattle = 0.08;  // A

// Between the shells of neighbours of diamond silicon.
std::map<int, double> const cutoff_of_neighbors = {{28, 5.0}, {46, 6.3}, {70, 6.86}};

// Divides linear coefficients by the size of their basis functions in the crystal: those of high levels are huge.
void scaleCoefficients(MtpModel& model, Structure const& crystal) {
  std::vector<double> size(model.moment_coeffs.size(), 1);
  auto const types = reference::typesOf(model, crystal);
  for (int atom = 0; atom < 8; ++atom) {
    auto const basis = reference::evaluateMtp(model, types, neighborsOf(crystal, atom, model.max_dist)).basis;
    for (std::size_t k = 0; k < size.size(); ++k) size[k] = std::max(size[k], std::abs(basis[k]));
  }
  for (std::size_t k = 0; k < size.size(); ++k) model.moment_coeffs[k] /= size[k];
}

// The potential without the radial function of largest mu and all that needs it, and with its basic moments in reverse
// order: nearly the same work, and no template.
MtpModel foreignTable(MtpModel const& model) {
  auto const moments = static_cast<std::size_t>(model.alpha_moments_count);
  auto const basics = model.alpha_index_basic.size();
  std::vector<bool> lost(moments);
  for (std::size_t m = 0; m < basics; ++m) lost[m] = model.alpha_index_basic[m][0] == model.radial_funcs_count - 1;
  for (auto const& [a, b, mult, c] : model.alpha_index_times)
    if (lost[a] || lost[b]) lost[c] = true;

  MtpModel result = model;
  result.alpha_index_basic.clear();
  result.alpha_index_times.clear();
  result.alpha_moment_mapping.clear();
  result.moment_coeffs.clear();
  std::vector<int> new_number(moments, -1);
  int count = 0;
  for (std::size_t m = basics; m-- > 0;) {
    if (lost[m]) continue;
    new_number[m] = count++;
    result.alpha_index_basic.push_back(model.alpha_index_basic[m]);
  }
  for (std::size_t m = basics; m < moments; ++m)
    if (!lost[m]) new_number[m] = count++;
  result.alpha_moments_count = count;
  for (auto const& [a, b, mult, c] : model.alpha_index_times)
    if (!lost[c]) result.alpha_index_times.push_back({new_number[a], new_number[b], mult, new_number[c]});
  for (std::size_t k = 0; k < model.alpha_moment_mapping.size(); ++k) {
    int const moment = model.alpha_moment_mapping[k];
    if (lost[moment]) continue;
    result.alpha_moment_mapping.push_back(new_number[moment]);
    result.moment_coeffs.push_back(model.moment_coeffs[k]);
  }
  checkMtpModel(result, "foreign table");
  return result;
}

}  // namespace

std::string nameOf(MtpCase const& mtp) {
  return "level:" + std::to_string(mtp.level) + "/species:" + std::to_string(mtp.species) +
         "/neighbors:" + std::to_string(mtp.neighbors) + "/table:" + (mtp.foreign ? "foreign" : "template");
}

std::vector<std::int32_t> speciesOf(MtpCase const& mtp) {
  std::array<std::int32_t, 5> constexpr elements = {14, 32, 6, 50, 8};
  return {elements.begin(), elements.begin() + mtp.species};
}

MtpModel makeModel(MtpCase const& mtp) {
  auto model = reference::testModel(mtp.level, speciesOf(mtp), cutoff_of_neighbors.at(mtp.neighbors));
  scaleCoefficients(model, crystalOf(mtp, 2));
  return mtp.foreign ? foreignTable(model) : model;
}

double standardFlops(MtpCase const& mtp) {
  static std::map<int, double> const flops = {{8, 8974}, {12, 17978}, {16, 37320}, {20, 94336}, {24, 330000}};
  return mtp.neighbors == 28 && !mtp.foreign && flops.contains(mtp.level) ? flops.at(mtp.level) : 0;
}

Structure crystalOf(MtpCase const& mtp, int cells) {
  return reference::diamond(cells, lattice_constant, rattle, speciesOf(mtp));
}

int middleAtom(int cells) { return 8 * ((cells / 2 * cells + cells / 2) * cells + cells / 2); }

std::vector<reference::Pair> neighborsOf(Structure const& structure, int atom, double radius) {
  int images[3];
  for (int x = 0; x < 3; ++x) images[x] = static_cast<int>(std::ceil(radius / structure.cell[x][x])) + 1;
  std::vector<reference::Pair> result;
  for (int j = 0; j < static_cast<int>(structure.size()); ++j) {
    Vector3 d;
    for (int x = 0; x < 3; ++x) d[x] = structure.positions[j][x] - structure.positions[atom][x];
    for (int a = -images[0]; a <= images[0]; ++a)
      for (int b = -images[1]; b <= images[1]; ++b)
        for (int c = -images[2]; c <= images[2]; ++c) {
          if (j == atom && a == 0 && b == 0 && c == 0) continue;
          Vector3 const image{d[0] + a * structure.cell[0][0], d[1] + b * structure.cell[1][1],
                              d[2] + c * structure.cell[2][2]};
          if (std::hypot(image[0], image[1], image[2]) < radius) result.push_back({atom, j, image});
        }
  }
  return result;
}

double SpotCheck::deviation(double other_energy, Vector3 const& other_force) const {
  double sum = std::abs(other_energy - energy);
  for (int x = 0; x < 3; ++x) sum += std::abs(other_force[x] - force[x]);
  return sum / scale;
}

SpotCheck spotCheck(MtpModel const& model, Structure const& structure, int atom) {
  // A cluster that holds all neighbours of the atom's neighbours; the atom comes first.
  auto const types = reference::typesOf(model, structure);
  Structure cluster;
  cluster.positions = {{0, 0, 0}};
  std::vector<int> cluster_types{types[atom]}, cluster_atoms{atom};
  for (auto const& pair : neighborsOf(structure, atom, 2 * model.max_dist)) {
    cluster.positions.push_back(pair.displacement);
    cluster_types.push_back(types[pair.j]);
    cluster_atoms.push_back(pair.j);
  }
  auto const isCentre = [&](int i) {
    auto const& r = cluster.positions[i];
    return std::hypot(r[0], r[1], r[2]) < model.max_dist;
  };
  auto pairs = reference::allPairs(cluster, model.max_dist);
  std::erase_if(pairs, [&](auto const& pair) { return !isCentre(pair.i); });
  auto const expected = reference::evaluateMtp(model, cluster_types, pairs);

  SpotCheck check{atom, {}, 0, expected.forces[0], 1 + expected.gradient_norm};
  for (int i = 0; i < static_cast<int>(cluster.size()); ++i) {
    if (!isCentre(i)) continue;
    check.centres.push_back(cluster_atoms[i]);
    check.energy += expected.site_energies[i];
    check.scale += std::abs(expected.site_energies[i]);
  }
  return check;
}

}  // namespace sinter::perf
