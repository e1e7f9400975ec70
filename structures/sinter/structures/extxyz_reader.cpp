#include "sinter/structures/extxyz_reader.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/structures/extxyz_comment.hpp"
#include "sinter/structures/extxyz_keys.hpp"

namespace sinter {

namespace {

using detail::ExtxyzComment;
using Names = std::span<std::string_view const>;

using detail::energy_names;
using detail::force_names;
using detail::stress_names;
using detail::virial_names;

// The first of `names` (or the key the user gave) that the comment line has, or an empty one.
std::string_view presentKey(ExtxyzComment const& comment, std::string const& user_key, Names names) {
  if (!user_key.empty()) return comment.find(user_key) != nullptr ? std::string_view(user_key) : std::string_view();
  for (std::string_view const name : names)
    if (comment.find(name) != nullptr) return name;
  return {};
}

Voigt voigt(ExtxyzComment const& comment, std::string_view key, TextSource const& source) {
  constexpr std::string_view expected = "nine numbers (row-major) or six (xx yy zz yz xz xy)";
  auto const n = comment.numbers(key, expected);
  if (n.size() == 6) return {n[0], n[1], n[2], n[3], n[4], n[5]};
  if (n.size() != 9) source.fail(std::to_string(n.size()) + " numbers in " + std::string(key), expected);
  return {n[0], n[4], n[8], std::midpoint(n[5], n[7]), std::midpoint(n[2], n[6]), std::midpoint(n[1], n[3])};
}

void readCell(ExtxyzComment const& comment, TextSource const& source, Structure& structure) {
  std::string_view const lattice_key = comment.find("lattice") != nullptr ? "lattice" : "Lattice";
  auto const lattice = comment.numbers(lattice_key, "nine numbers (Angstrom; rows are lattice vectors)");
  if (!lattice.empty() && lattice.size() != 9)
    source.fail(std::to_string(lattice.size()) + " numbers in Lattice", "nine (Angstrom; rows are lattice vectors)");
  for (std::size_t k = 0; k < lattice.size(); ++k) structure.cell[k / 3][k % 3] = lattice[k];
  structure.periodic.fill(!lattice.empty());

  std::string const* const pbc = comment.find("pbc");
  if (pbc == nullptr) return;
  std::vector<std::string_view> words;
  splitWords(*pbc, words, " \t,[]{}");
  if (words.size() != 3) source.fail("pbc=" + inQuotes(*pbc), "three of T and F");
  for (std::size_t d = 0; d < 3; ++d) {
    bool const yes = words[d] == "T" || words[d] == "True" || words[d] == "true" || words[d] == "1";
    bool const no = words[d] == "F" || words[d] == "False" || words[d] == "false" || words[d] == "0";
    if (!yes && !no) source.fail(inQuotes(words[d]) + " in pbc", "T or F");
    structure.periodic[d] = yes;
  }
}

void readLabels(ExtxyzComment const& comment, LabelKeys const& keys, TextSource const& source, Structure& structure) {
  if (auto const key = presentKey(comment, keys.energy, energy_names); !key.empty()) {
    auto const values = comment.numbers(key, "a number (eV)");
    if (values.size() != 1) source.fail(std::to_string(values.size()) + " numbers in " + std::string(key), "one (eV)");
    structure.energy = values[0];
  }
  if (std::string const* const type = comment.find("config_type")) structure.config_type = *type;

  auto key = presentKey(comment, keys.virial, virial_names);
  bool is_stress = keys.virial.find("stress") != std::string::npos || keys.virial.find("Stress") != std::string::npos;
  if (key.empty() && keys.virial.empty()) {
    key = presentKey(comment, {}, stress_names);
    is_stress = true;
  }
  if (key.empty()) return;
  Voigt values = voigt(comment, key, source);
  if (is_stress) {
    double const cell_volume = std::abs(determinant(structure.cell));
    if (!(cell_volume > 0)) return;
    for (double& value : values) value *= -cell_volume;  // ASE: sigma = -W / V
  }
  structure.virial = values;
}

/// One item of Properties: the columns [begin, begin + width) of an atom's line.
struct Property {
  std::string_view name;
  std::size_t begin = 0, width = 0;
};

std::vector<Property> readProperties(std::string_view text, TextSource const& source) {
  constexpr std::string_view form = "Properties=name:type:columns:..., types S, R, I or L";
  constexpr std::size_t most_columns = 1'000'000;
  std::vector<std::string_view> fields;
  splitWords(text, fields, ":");
  if (fields.empty() || fields.size() % 3 != 0) source.fail("Properties=" + inQuotes(text), form);
  std::vector<Property> result;
  std::size_t begin = 0;
  for (std::size_t f = 0; f < fields.size(); f += 3) {
    std::string_view const type = fields[f + 1];
    if (type != "S" && type != "R" && type != "I" && type != "L") source.fail(inQuotes(type) + " in Properties", form);
    auto const width = static_cast<std::size_t>(source.integer(fields[f + 2], 1, most_columns, "a number of columns"));
    result.push_back({fields[f], begin, width});
    begin += width;
    if (begin > most_columns) source.fail("more than a million columns in Properties", form);
  }
  return result;
}

// First column of the first of `names` that the file has, or nothing.
std::optional<std::size_t> findColumn(std::vector<Property> const& properties, Names names, std::size_t width,
                                      TextSource const& source) {
  for (std::string_view const name : names) {
    Property const* found = nullptr;
    for (Property const& property : properties) {
      if (property.name != name) continue;
      if (found != nullptr) source.fail(std::string(name) + " twice in Properties", "each name once");
      found = &property;
    }
    if (found == nullptr) continue;
    if (found->width != width)
      source.fail(std::to_string(found->width) + " columns of " + std::string(name), std::to_string(width));
    return found->begin;
  }
  return std::nullopt;
}

/// Where in the words of an atom's line its properties begin.
struct Columns {
  std::optional<std::size_t> symbol, atomic_number, position, force;
  std::size_t count = 0;
  bool plain = false;  // plain XYZ: more words than `count` may follow
};

Columns readColumns(ExtxyzComment const& comment, std::string const& force_key, TextSource const& source) {
  std::string const* const text = comment.find("Properties");
  if (text == nullptr) return {.symbol = 0, .atomic_number = {}, .position = 1, .force = {}, .count = 4, .plain = true};
  auto const properties = readProperties(*text, source);
  auto const find = [&](Names names, std::size_t width) { return findColumn(properties, names, width, source); };
  std::array<std::string_view, 1> const user_force = {force_key};
  Columns result;
  result.symbol = find(std::array<std::string_view, 1>{"species"}, 1);
  result.atomic_number = find(std::array<std::string_view, 2>{"Z", "numbers"}, 1);
  result.position = find(std::array<std::string_view, 1>{"pos"}, 3);
  result.force = force_key.empty() ? find(force_names, 3) : find(user_force, 3);
  result.count = properties.back().begin + properties.back().width;
  if (!result.position) source.fail("Properties without pos", "pos:R:3");
  if (!result.symbol && !result.atomic_number) source.fail("Properties without species and Z", "species:S:1 or Z:I:1");
  return result;
}

// X0, X1, ... are types without names.
std::optional<std::int32_t> unnamedType(std::string_view symbol) {
  if (symbol.size() < 2 || symbol[0] != 'X' || symbol[1] < '0' || symbol[1] > '9') return std::nullopt;
  auto const type = parseInteger(symbol.substr(1));
  if (!type || *type >= std::numeric_limits<std::int32_t>::max()) return std::nullopt;
  return static_cast<std::int32_t>(-1 - *type);
}

std::int32_t readSpecies(std::span<std::string_view const> words, Columns const& columns, TextSource const& source) {
  if (!columns.symbol)
    return static_cast<std::int32_t>(
        source.integer(words[*columns.atomic_number], 1, 118, "an atomic number from 1 to 118"));
  std::string_view const symbol = words[*columns.symbol];
  if (auto const z = atomicNumber(symbol)) return z;
  if (auto const type = unnamedType(symbol)) return *type;
  if (columns.plain)
    if (auto const z = parseInteger(symbol); z && *z >= 1 && *z <= 118) return static_cast<std::int32_t>(*z);
  source.fail(inQuotes(symbol), "a chemical symbol");
}

Vector3 readVector(std::span<std::string_view const> words, std::size_t begin, std::string_view expected,
                   TextSource const& source) {
  return {source.number(words[begin], expected), source.number(words[begin + 1], expected),
          source.number(words[begin + 2], expected)};
}

}  // namespace

ExtxyzReader::ExtxyzReader(std::string const& file, LabelKeys keys) : _source(file), _keys(std::move(keys)) {}

std::optional<Structure> ExtxyzReader::next() {
  auto line = _source.nextNonblank();
  if (!line) return std::nullopt;
  std::string const where = _source.where();
  constexpr std::string_view count_rule = "the number of atoms (1 to 2147483647) alone on its line";
  splitWords(*line, _words);
  if (_words.size() != 1) _source.fail(inQuotes(*line), count_rule);
  auto const count =
      static_cast<std::size_t>(_source.integer(_words[0], 1, std::numeric_limits<std::int32_t>::max(), count_rule));

  line = _source.next();
  if (!line) _source.fail("the end of the file", "a comment line and " + std::to_string(count) + " atoms");
  Structure structure;
  ExtxyzComment const comment(*line, _source);
  readCell(comment, _source, structure);
  readLabels(comment, _keys, _source, structure);
  structure.features = comment.features({_keys.energy, _keys.virial});
  Columns const columns = readColumns(comment, _keys.force, _source);

  for (std::size_t i = 0; i < count; ++i) {
    auto const of_all = [&] { return "atom " + std::to_string(i + 1) + " of " + std::to_string(count); };
    line = _source.next();
    if (!line) _source.fail("the end of the file", of_all());
    splitWords(*line, _words);
    if (_words.size() < columns.count || (_words.size() > columns.count && !columns.plain))
      _source.fail(std::to_string(_words.size()) + " columns",
                   std::to_string(columns.count) + (columns.plain ? " or more for " : " for ") + of_all());
    structure.species.push_back(readSpecies(_words, columns, _source));
    structure.positions.push_back(readVector(_words, *columns.position, "a coordinate (Angstrom)", _source));
    if (columns.force) structure.forces.push_back(readVector(_words, *columns.force, "a force (eV/Angstrom)", _source));
  }
  detail::checkFrame(structure, where);
  return structure;
}

}  // namespace sinter
