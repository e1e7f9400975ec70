#include "sinter/simulation/crystals.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/core/number_text.hpp"

namespace sinter {

namespace {

struct Prototype {
  std::string_view name;
  char centring;               // P, I, F or C of the conventional cell
  bool is_hexagonal;           // otherwise its angles are right
  std::array<double, 3> axes;  // a b c, in any unit
  std::vector<Vector3> sites;  // of a primitive cell, as fractions of the conventional one
  double silicon_volume;       // per atom at 0 GPa (A^3)
};

constexpr double lonsdaleite_z = 1. / 16, imma_z = 0.19, cmca_x = 0.218, cmca_y = 0.172, cmca_z = 0.328;

std::vector<Prototype> const& prototypes() {
  static std::vector<Prototype> const all = {
      {"dia", 'F', false, {1, 1, 1}, {{0, 0, 0}, {.25, .25, .25}}, 20.36},
      {"hexdia",
       'P',
       true,
       {1, 1, 1.65},
       {{1. / 3, 2. / 3, lonsdaleite_z},
        {2. / 3, 1. / 3, .5 + lonsdaleite_z},
        {2. / 3, 1. / 3, -lonsdaleite_z},
        {1. / 3, 2. / 3, .5 - lonsdaleite_z}},
       20.33},
      {"bSn", 'I', false, {1, 1, .5519}, {{0, 0, 0}, {0, .5, .25}}, 15.39},
      {"Imma", 'I', false, {1.8467, 1.7387, 1}, {{0, .25, imma_z}, {0, .75, -imma_z}}, 15.26},
      {"sh", 'P', true, {1, 1, .9323}, {{0, 0, 0}}, 15.14},
      {"Cmca",
       'C',
       false,
       {8.7321, 5.1439, 5.1722},
       {{cmca_x, 0, 0},
        {-cmca_x, .5, .5},
        {-cmca_x, 0, 0},
        {cmca_x, .5, .5},
        {0, cmca_y, cmca_z},
        {0, .5 - cmca_y, .5 + cmca_z},
        {0, .5 + cmca_y, .5 - cmca_z},
        {0, -cmca_y, -cmca_z}},
       14.53},
      {"hcp", 'P', true, {1, 1, 1.6667}, {{1. / 3, 2. / 3, .25}, {2. / 3, 1. / 3, .75}}, 14.57},
      {"fcc", 'F', false, {1, 1, 1}, {{0, 0, 0}}, 14.72},
      {"bcc", 'I', false, {1, 1, 1}, {{0, 0, 0}}, 14.71},
      {"sc", 'P', false, {1, 1, 1}, {{0, 0, 0}}, 14.97}};
  return all;
}

Prototype const& prototypeOf(std::string_view name, std::string const& where) {
  auto const& all = prototypes();
  auto const found = std::find_if(all.begin(), all.end(), [&](Prototype const& p) { return p.name == name; });
  if (found != all.end()) return *found;
  std::string known;
  for (auto const& p : all) known += (known.empty() ? "" : ", ") + std::string(p.name);
  throw InputError(where + ": found crystal '" + std::string(name) + "', expected one of " + known);
}

// What a centring adds: translations to the conventional cell, and the vectors of the primitive one (in rows).
std::vector<Vector3> translationsOf(char centring) {
  switch (centring) {
    case 'I':
      return {{0, 0, 0}, {.5, .5, .5}};
    case 'F':
      return {{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};
    case 'C':
      return {{0, 0, 0}, {.5, .5, 0}};
    default:
      return {{0, 0, 0}};
  }
}

Matrix3 primitiveVectorsOf(char centring) {
  switch (centring) {
    case 'I':
      return {{{-.5, .5, .5}, {.5, -.5, .5}, {.5, .5, -.5}}};
    case 'F':
      return {{{0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}}};
    case 'C':
      return {{{.5, -.5, 0}, {.5, .5, 0}, {0, 0, 1}}};
    default:
      return {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  }
}

Vector3 combined(Vector3 const& fractions, Matrix3 const& vectors) {
  Vector3 r{};
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t x = 0; x < 3; ++x) r[x] += fractions[d] * vectors[d][x];
  return r;
}

}  // namespace

std::span<std::string_view const> crystalPrototypeNames() {
  static std::vector<std::string_view> const names = [] {
    std::vector<std::string_view> all;
    for (auto const& p : prototypes()) all.push_back(p.name);
    return all;
  }();
  return names;
}

Structure crystalPrototype(std::string_view name, std::int32_t atomic_number, double volume_per_atom,
                           CrystalCell cell) {
  Prototype const& prototype = prototypeOf(name, "crystalPrototype");
  if (!(volume_per_atom > 0 && std::isfinite(volume_per_atom)))
    throw InputError("crystalPrototype: found volume " + numberText(volume_per_atom) + " per atom, expected > 0 (A^3)");
  auto const [a, b, c] = prototype.axes;
  Matrix3 vectors = {{{a, 0, 0}, {0, b, 0}, {0, 0, c}}};
  if (prototype.is_hexagonal) vectors[1] = {-b / 2, b * std::numbers::sqrt3 / 2, 0};
  auto const translations = translationsOf(prototype.centring);
  auto const atoms = static_cast<double>(prototype.sites.size() * translations.size());
  double const scale = std::cbrt(volume_per_atom * atoms / determinant(vectors));
  for (auto& vector : vectors)
    for (double& x : vector) x *= scale;

  Structure crystal;
  crystal.periodic = {true, true, true};
  bool const is_primitive = cell == CrystalCell::primitive;
  Matrix3 const own = is_primitive ? primitiveVectorsOf(prototype.centring) : primitiveVectorsOf('P');
  for (std::size_t d = 0; d < 3; ++d) crystal.cell[d] = combined(own[d], vectors);
  for (auto const& site : prototype.sites)
    for (auto const& t : translations) {
      crystal.positions.push_back(combined({site[0] + t[0], site[1] + t[1], site[2] + t[2]}, vectors));
      if (is_primitive) break;
    }
  crystal.species.assign(crystal.size(), atomic_number);
  return crystal;
}

double siliconVolumePerAtom(std::string_view name) { return prototypeOf(name, "siliconVolumePerAtom").silicon_volume; }

Structure repeated(Structure const& crystal, std::array<int, 3> const& times) {
  for (int const n : times)
    if (n < 1) throw InputError("repeated: found " + std::to_string(n) + " times, expected > 0");
  Structure result;
  result.periodic = crystal.periodic;
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t x = 0; x < 3; ++x) result.cell[d][x] = times[d] * crystal.cell[d][x];
  for (int x = 0; x < times[0]; ++x)
    for (int y = 0; y < times[1]; ++y)
      for (int z = 0; z < times[2]; ++z) {
        Vector3 const shift = combined({double(x), double(y), double(z)}, crystal.cell);
        for (auto const& r : crystal.positions)
          result.positions.push_back({r[0] + shift[0], r[1] + shift[1], r[2] + shift[2]});
        result.species.insert(result.species.end(), crystal.species.begin(), crystal.species.end());
      }
  return result;
}

}  // namespace sinter
