#include "sinter/structures/cfg_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <utility>

#include "sinter/structures/atom_order.hpp"

namespace sinter {

namespace {

using Words = std::vector<std::string_view>;

/// Reads one configuration, keyword by keyword.
class Configuration {
 public:
  Configuration(TextSource& source, Words& words) : _source(source), _words(words), _begin(source.line()) {}

  Structure read() {
    for (;;) {
      nextLine("END_CFG");
      std::string const keyword(_words[0]);
      if (keyword == "END_CFG") return finished();
      if (keyword == "Feature") {
        readFeature();
        continue;
      }
      bool const cell = keyword == "Supercell" || keyword == "SuperCell";
      once(cell ? "Supercell" : keyword);
      if (keyword == "Size")
        readSize();
      else if (cell)
        readCell();
      else if (keyword == "AtomData:")
        readAtoms();
      else if (keyword == "Energy")
        _structure.energy = _source.number(value("the energy (eV)"), "the energy (eV)");
      else if (keyword == "PlusStress:")
        readVirial();
      else if (keyword == "Stress:")
        _source.fail("'Stress:'",
                     "'PlusStress:', which has the opposite sign (the virial in eV, positive when compressed)");
      else
        _source.fail(inQuotes(keyword), "Size, Supercell, AtomData:, Energy, PlusStress:, Feature or END_CFG");
    }
  }

 private:
  // The words of the next line that is not blank.
  void nextLine(std::string_view expected) {
    auto const line = _source.nextNonblank();
    if (!line)
      _source.fail("the end of the file in the configuration begun at line " + std::to_string(_begin), expected);
    _line = *line;
    splitWords(_line, _words);
  }

  void once(std::string const& keyword) {
    if (std::find(_seen.begin(), _seen.end(), keyword) != _seen.end())
      _source.fail(inQuotes(keyword) + " a second time", "each keyword once between BEGIN_CFG and END_CFG");
    _seen.push_back(keyword);
  }

  // The one value of a keyword: behind it or on the next line.
  std::string_view value(std::string_view expected) {
    if (_words.size() == 1)
      nextLine(expected);
    else
      _words.erase(_words.begin());
    if (_words.size() != 1) _source.fail(inQuotes(_line), expected);
    return _words[0];
  }

  void readSize() {
    constexpr std::string_view rule = "the number of atoms (1 to 2147483647)";
    _size = static_cast<std::size_t>(_source.integer(value(rule), 1, std::numeric_limits<std::int32_t>::max(), rule));
  }

  void readCell() {
    constexpr std::string_view rule = "a lattice vector (three numbers, Angstrom)";
    if (_words.size() != 1) _source.fail(inQuotes(_line), "Supercell alone on its line");
    for (std::size_t d = 0;; ++d) {
      nextLine("a lattice vector or a keyword");
      if (!parseNumber(_words[0])) break;
      if (d == 3) _source.fail("a fourth lattice vector", "at most three");
      if (_words.size() != 3) _source.fail(inQuotes(_line), rule);
      for (std::size_t x = 0; x < 3; ++x) _structure.cell[d][x] = _source.number(_words[x], rule);
      _structure.periodic[d] = true;
    }
    _source.repeat();
  }

  /// Where in the words of an atom's line its properties stand.
  struct Columns {
    std::size_t count = 0;
    std::optional<std::size_t> id, type;
    std::optional<std::array<std::size_t, 3>> position, force;
    bool direct = false;  // positions in lattice vectors
  };

  std::optional<std::size_t> findColumn(std::string_view name) const {
    auto const names = std::span(_words).subspan(1);
    auto const found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    if (std::find(found + 1, names.end(), name) != names.end())
      _source.fail("the column " + std::string(name) + " twice", "each name once");
    return static_cast<std::size_t>(found - names.begin());
  }

  // All three columns or none of them.
  std::optional<std::array<std::size_t, 3>> findColumns(std::array<std::string_view, 3> const& names) const {
    auto const x = findColumn(names[0]), y = findColumn(names[1]), z = findColumn(names[2]);
    if (!x && !y && !z) return std::nullopt;
    if (!x || !y || !z)
      _source.fail(inQuotes(_line), "all of " + std::string(names[0]) + " " + std::string(names[1]) + " " +
                                        std::string(names[2]) + " or none of them");
    return std::array{*x, *y, *z};
  }

  Columns readColumns() const {
    Columns result;
    result.count = _words.size() - 1;
    result.id = findColumn("id");
    result.type = findColumn("type");
    result.position = findColumns({"cartes_x", "cartes_y", "cartes_z"});
    if (!result.position) {
      result.position = findColumns({"direct_x", "direct_y", "direct_z"});
      result.direct = true;
    }
    result.force = findColumns({"fx", "fy", "fz"});
    if (!result.type) _source.fail("AtomData without the column type", "type");
    if (!result.position) _source.fail("AtomData without positions", "cartes_x .. cartes_z or direct_x .. direct_z");
    return result;
  }

  Vector3 readVector(std::array<std::size_t, 3> const& columns, std::string_view expected) const {
    return {_source.number(_words[columns[0]], expected), _source.number(_words[columns[1]], expected),
            _source.number(_words[columns[2]], expected)};
  }

  void readAtoms() {
    if (_size == 0) _source.fail("'AtomData:'", "Size before it");
    Columns const columns = readColumns();
    constexpr auto highest_type = std::int64_t{std::numeric_limits<std::int32_t>::max()} - 1;
    auto const size = static_cast<std::int64_t>(_size);
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < _size; ++i) {
      nextLine("atom " + std::to_string(i + 1) + " of " + std::to_string(_size));
      if (_words.size() != columns.count)
        _source.fail(inQuotes(_line), "atom " + std::to_string(i + 1) + " of " + std::to_string(_size) + " with " +
                                          std::to_string(columns.count) + " columns");
      std::int64_t const type = _source.integer(_words[*columns.type], 0, highest_type, "an atom type (from 0)");
      _structure.species.push_back(static_cast<std::int32_t>(-1 - type));
      _structure.positions.push_back(readVector(*columns.position, "a coordinate"));
      if (columns.force) _structure.forces.push_back(readVector(*columns.force, "a force (eV/Angstrom)"));
      if (columns.id)
        ids.push_back(_source.integer(_words[*columns.id], 1, size, "an id from 1 to " + std::to_string(_size)));
    }
    _direct = columns.direct;
    if (auto const twice = detail::sortAtoms(_structure, ids))
      _source.fail("the id " + std::to_string(*twice) + " twice", "ids 1 to Size, each once");
  }

  void readVirial() {
    constexpr std::string_view rule = "PlusStress: with xx yy zz yz xz xy in any order";
    constexpr std::array<std::string_view, 6> names = {"xx", "yy", "zz", "yz", "xz", "xy"};
    std::array<std::size_t, 6> columns{};
    if (_words.size() != 7) _source.fail(inQuotes(_line), rule);
    for (std::size_t k = 0; k < names.size(); ++k) {
      auto const column = findColumn(names[k]);
      if (!column) _source.fail(inQuotes(_line), rule);
      columns[k] = *column;
    }
    nextLine("six numbers (eV)");
    if (_words.size() != 6) _source.fail(inQuotes(_line), "six numbers (eV)");
    Voigt virial{};
    for (std::size_t k = 0; k < names.size(); ++k)
      virial[k] = _source.number(_words[columns[k]], "a component of the virial (eV)");
    _structure.virial = virial;
  }

  // The value is the rest of the line; further lines of the same name are further lines of the value.
  void readFeature() {
    constexpr std::array<std::string_view, 3> of_reference = {"ref_energy", "ref_virial", "ref_forces"};
    if (_words.size() < 2) _source.fail("'Feature'", "Feature with a name and a value");
    std::string const name(_words[1]);
    if (std::find(of_reference.begin(), of_reference.end(), name) != of_reference.end()) return;
    std::string value;
    if (_words.size() > 2) {
      auto const begin = static_cast<std::size_t>(_words[2].data() - _line.data());
      auto const end = static_cast<std::size_t>(_words.back().data() - _line.data()) + _words.back().size();
      value = _line.substr(begin, end - begin);
    }
    auto const [place, first] = _feature_at.try_emplace(name, _features.size());
    if (first)
      _features.emplace_back(name, std::move(value));
    else
      _features[place->second].second += "\n" + value;
  }

  // `config_type` apart from the others.
  void storeFeatures() {
    for (auto& [name, value] : _features)
      if (name == "config_type")
        _structure.config_type = std::move(value);
      else
        _structure.features.emplace_back(std::move(name), std::move(value));
  }

  Structure finished() {
    if (_structure.positions.empty()) _source.fail("'END_CFG'", "Size and AtomData: before it");
    if (_direct) {
      auto const& periodic = _structure.periodic;
      if (!(periodic[0] && periodic[1] && periodic[2]))
        _source.fail("direct coordinates without a cell",
                     "a Supercell of three vectors (or cartes_x cartes_y cartes_z)");
      for (Vector3& r : _structure.positions) {
        Vector3 const f = r;
        for (std::size_t x = 0; x < 3; ++x)
          r[x] = f[0] * _structure.cell[0][x] + f[1] * _structure.cell[1][x] + f[2] * _structure.cell[2][x];
      }
    }
    storeFeatures();
    return std::move(_structure);
  }

  TextSource& _source;
  Words& _words;
  std::size_t _begin;
  std::string_view _line;
  std::vector<std::string> _seen;
  std::size_t _size = 0;
  bool _direct = false;
  Structure _structure;
  std::vector<std::pair<std::string, std::string>> _features;
  std::map<std::string, std::size_t> _feature_at;  // by name
};

}  // namespace

CfgReader::CfgReader(std::string const& file) : _source(file) {}

std::optional<Structure> CfgReader::next() {
  auto const line = _source.nextNonblank();
  if (!line) return std::nullopt;
  std::string const where = _source.where();
  splitWords(*line, _words);
  if (_words.size() != 1 || _words[0] != "BEGIN_CFG") _source.fail(inQuotes(*line), "BEGIN_CFG");
  Structure structure = Configuration(_source, _words).read();
  detail::checkFrame(structure, where);
  return structure;
}

}  // namespace sinter
