#include "sinter/structures/lammps_dump_reader.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/structures/atom_order.hpp"

namespace sinter {

namespace {

using Words = std::vector<std::string_view>;

constexpr std::string_view item = "ITEM:";

/// Reads one frame; `_line` is its first ITEM.
class Frame {
 public:
  Frame(TextSource& source, Words& words) : _source(source), _words(words) {}

  Structure read() {
    for (std::string_view line = _source.next().value();; line = nextLine("ITEM: ATOMS")) {
      if (!line.starts_with(item)) _source.fail(inQuotes(line), "ITEM: TIMESTEP, NUMBER OF ATOMS, BOX BOUNDS or ATOMS");
      std::string_view const what = line.substr(item.size());
      splitWords(what, _words);
      if (starts("TIMESTEP")) {
        once(_timestep, "TIMESTEP");
        std::string_view const step = onlyWord("a time step");
        (void)_source.integer(step, 0, std::numeric_limits<std::int64_t>::max(), "a time step");
        _structure.features.emplace_back("timestep", step);
      } else if (starts("NUMBER", "OF", "ATOMS")) {
        once(_size > 0, "NUMBER OF ATOMS");
        constexpr std::string_view rule = "the number of atoms (1 to 2147483647)";
        _size = static_cast<std::size_t>(
            _source.integer(onlyWord(rule), 1, std::numeric_limits<std::int32_t>::max(), rule));
      } else if (starts("BOX", "BOUNDS")) {
        once(_box, "BOX BOUNDS");
        readBox();
      } else if (starts("UNITS")) {
        if (std::string_view const units = onlyWord("units"); units != "metal")
          _source.fail("units " + inQuotes(units), "metal");
      } else if (starts("TIME")) {
        (void)_source.number(onlyWord("a time"), "a time");
      } else if (starts("ATOMS")) {
        readAtoms();
        return std::move(_structure);
      } else {
        _source.fail(inQuotes(line), "ITEM: TIMESTEP, NUMBER OF ATOMS, BOX BOUNDS or ATOMS");
      }
    }
  }

 private:
  template <class... Names>
  bool starts(Names... names) const {
    std::array<std::string_view, sizeof...(Names)> const expected = {names...};
    return _words.size() >= expected.size() && std::equal(expected.begin(), expected.end(), _words.begin());
  }

  std::string_view nextLine(std::string_view expected) {
    auto const line = _source.next();
    if (!line) _source.fail("the end of the file", expected);
    return *line;
  }

  void once(bool seen, std::string const& what) {
    if (seen) _source.fail("'ITEM: " + what + "' a second time", "ITEM: ATOMS before the next frame");
    if (what == "TIMESTEP") _timestep = true;
    if (what == "BOX BOUNDS") _box = true;
  }

  std::string_view onlyWord(std::string_view expected) {
    std::string_view const line = nextLine(expected);
    splitWords(line, _words);
    if (_words.size() != 1) _source.fail(inQuotes(line), expected);
    return _words[0];
  }

  template <std::size_t count>
  std::array<double, count> numbers(std::string_view expected) {
    std::string_view const line = nextLine(expected);
    splitWords(line, _words);
    if (_words.size() != count) _source.fail(inQuotes(line), expected);
    std::array<double, count> result{};
    for (std::size_t k = 0; k < count; ++k) result[k] = _source.number(_words[k], expected);
    return result;
  }

  void readBox() {
    std::size_t at = 2;
    bool const general = starts("BOX", "BOUNDS", "abc", "origin");
    bool const triclinic = starts("BOX", "BOUNDS", "xy", "xz", "yz");
    if (general) at = 4;
    if (triclinic) at = 5;
    if (_words.size() != at && _words.size() != at + 3)
      _source.fail("'ITEM: BOX BOUNDS' with " + std::to_string(_words.size() - at) + " boundaries",
                   "three, as in pp pp ff (after xy xz yz or abc origin where the box is triclinic), or none");
    _structure.periodic.fill(true);
    for (std::size_t d = 0; at + d < _words.size(); ++d) {
      std::string_view const b = _words[at + d];
      if (b.size() != 2 || b.find_first_not_of("pfsm") != std::string_view::npos ||
          (b != "pp" && b.find('p') != std::string_view::npos))
        _source.fail(inQuotes(b), "a boundary as pp, ff, ss, mm or fs");
      _structure.periodic[d] = b == "pp";
    }
    if (general)
      readGeneralBox();
    else
      readBounds(triclinic);
  }

  void readGeneralBox() {
    for (std::size_t d = 0; d < 3; ++d) {
      auto const [x, y, z, origin] = numbers<4>("a lattice vector and a component of the origin (Angstrom)");
      _structure.cell[d] = {x, y, z};
      _origin[d] = origin;
    }
  }

  void readBounds(bool triclinic) {
    Vector3 low{}, high{}, tilt{};  // tilt: xy xz yz
    for (std::size_t d = 0; d < 3; ++d) {
      if (triclinic) {
        auto const [l, h, t] = numbers<3>("lower bound, upper bound and tilt (Angstrom)");
        low[d] = l, high[d] = h, tilt[d] = t;
      } else {
        auto const [l, h] = numbers<2>("lower and upper bound (Angstrom)");
        low[d] = l, high[d] = h;
      }
      if (!(high[d] > low[d]))
        _source.fail(inQuotes(_words[0]) + " to " + inQuotes(_words[1]), "a lower bound below the upper one");
    }
    // The bounds of a triclinic box are those of the orthogonal box around it.
    auto const [xy, xz, yz] = tilt;
    low[0] -= std::min({0.0, xy, xz, xy + xz});
    high[0] -= std::max({0.0, xy, xz, xy + xz});
    low[1] -= std::min(0.0, yz);
    high[1] -= std::max(0.0, yz);
    for (std::size_t d = 0; d < 3; ++d)
      if (!(high[d] > low[d])) _source.fail("tilts that are larger than the bounds allow", "bounds around the box");
    _origin = low;
    _structure.cell = {{{high[0] - low[0], 0, 0}, {xy, high[1] - low[1], 0}, {xz, yz, high[2] - low[2]}}};
  }

  std::optional<std::size_t> findColumn(std::string_view name) const {
    auto const found = std::find(_words.begin() + 1, _words.end(), name);
    if (found == _words.end()) return std::nullopt;
    if (std::find(found + 1, _words.end(), name) != _words.end())
      _source.fail("the column " + std::string(name) + " twice", "each name once");
    return static_cast<std::size_t>(found - _words.begin()) - 1;
  }

  using Three = std::array<std::size_t, 3>;

  // All three columns or none of them.
  std::optional<Three> findColumns(std::string const& before, std::string const& after) const {
    std::array<std::string, 3> const names = {before + "x" + after, before + "y" + after, before + "z" + after};
    auto const x = findColumn(names[0]), y = findColumn(names[1]), z = findColumn(names[2]);
    if (!x && !y && !z) return std::nullopt;
    if (!x || !y || !z)
      _source.fail("not all of the columns " + names[0] + " " + names[1] + " " + names[2], "all or none of them");
    return Three{*x, *y, *z};
  }

  struct Columns {
    std::size_t count = 0;
    std::optional<std::size_t> id, type, name;
    Three position{};
    std::optional<Three> force;
    bool scaled = false;
  };

  Columns readColumns() const {
    Columns result;
    result.count = _words.size() - 1;
    result.id = findColumn("id");
    result.type = findColumn("type");
    result.name = findColumn("element");
    if (!result.name) result.name = findColumn("typelabel");
    if (!result.type && !result.name) _source.fail("ATOMS without type and element", "one of them");
    result.force = findColumns("f", "");
    for (auto const* const after : {"", "u", "s", "su"})
      if (auto const columns = findColumns("", after)) {
        result.position = *columns;
        result.scaled = after[0] == 's';
        return result;
      }
    _source.fail("ATOMS without positions", "x y z, xu yu zu, xs ys zs or xsu ysu zsu");
  }

  std::int32_t readSpecies(Columns const& columns) const {
    if (columns.name)
      if (auto const z = atomicNumber(_words[*columns.name])) return z;
    if (!columns.type) _source.fail(inQuotes(_words[*columns.name]), "the symbol of an element, or a column type");
    return static_cast<std::int32_t>(
        -_source.integer(_words[*columns.type], 1, std::numeric_limits<std::int32_t>::max(), "an atom type (from 1)"));
  }

  Vector3 vector(Three const& columns, std::string_view expected) const {
    return {_source.number(_words[columns[0]], expected), _source.number(_words[columns[1]], expected),
            _source.number(_words[columns[2]], expected)};
  }

  Vector3 fromScaled(Vector3 const& s) const {
    Vector3 r = _origin;
    for (std::size_t x = 0; x < 3; ++x)
      for (std::size_t d = 0; d < 3; ++d) r[x] += s[d] * _structure.cell[d][x];
    return r;
  }

  void readAtoms() {
    if (!_timestep) _source.fail("'ITEM: ATOMS'", "ITEM: TIMESTEP before it");
    if (_size == 0) _source.fail("'ITEM: ATOMS'", "ITEM: NUMBER OF ATOMS before it");
    if (!_box) _source.fail("'ITEM: ATOMS'", "ITEM: BOX BOUNDS before it");
    Columns const columns = readColumns();
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < _size; ++i) {
      auto const ofAll = [&] { return "atom " + std::to_string(i + 1) + " of " + std::to_string(_size); };
      auto const line = _source.next();
      if (!line) _source.fail("the end of the file", ofAll());
      splitWords(*line, _words);
      if (_words.size() != columns.count)
        _source.fail(inQuotes(*line), ofAll() + " with " + std::to_string(columns.count) + " columns");
      _structure.species.push_back(readSpecies(columns));
      Vector3 const position = vector(columns.position, "a coordinate");
      _structure.positions.push_back(columns.scaled ? fromScaled(position) : position);
      if (columns.force) _structure.forces.push_back(vector(*columns.force, "a force (eV/Angstrom)"));
      if (columns.id)
        ids.push_back(
            _source.integer(_words[*columns.id], 1, std::numeric_limits<std::int64_t>::max(), "an id from 1"));
    }
    if (auto const twice = detail::sortAtoms(_structure, ids))
      _source.fail("the id " + std::to_string(*twice) + " twice", "each id once");
  }

  TextSource& _source;
  Words& _words;
  bool _timestep = false, _box = false;
  std::size_t _size = 0;
  Vector3 _origin{};
  Structure _structure;
};

}  // namespace

LammpsDumpReader::LammpsDumpReader(std::string const& file) : _source(file) {}

std::optional<Structure> LammpsDumpReader::next() {
  if (!_source.nextNonblank()) return std::nullopt;
  std::string const where = _source.where();
  _source.repeat();
  Structure structure = Frame(_source, _words).read();
  detail::checkFrame(structure, where);
  return structure;
}

}  // namespace sinter
