#include "sinter/structures/lammps_data_reader.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/structures/atom_order.hpp"

namespace sinter {

namespace {

using Words = std::span<std::string_view const>;

/// Where in a line of `Atoms` the numbers stand; the id is the first.
struct AtomStyle {
  std::string_view name;
  std::size_t words, type, position;
};

constexpr std::array<AtomStyle, 6> atom_styles = {{{"atomic", 5, 1, 2},
                                                   {"charge", 6, 1, 3},
                                                   {"bond", 6, 2, 3},
                                                   {"angle", 6, 2, 3},
                                                   {"molecular", 6, 2, 3},
                                                   {"full", 7, 2, 4}}};

/// A section that is passed over, and what the header calls its lines (empty: their number is not known).
struct OtherSection {
  std::string_view name, lines;
};

constexpr std::array<OtherSection, 28> other_sections = {{{"Velocities", "atoms"},
                                                          {"Bonds", "bonds"},
                                                          {"Angles", "angles"},
                                                          {"Dihedrals", "dihedrals"},
                                                          {"Impropers", "impropers"},
                                                          {"Pair Coeffs", "atom types"},
                                                          {"PairIJ Coeffs", ""},
                                                          {"Bond Coeffs", "bond types"},
                                                          {"Angle Coeffs", "angle types"},
                                                          {"Dihedral Coeffs", "dihedral types"},
                                                          {"Improper Coeffs", "improper types"},
                                                          {"BondBond Coeffs", ""},
                                                          {"BondAngle Coeffs", ""},
                                                          {"MiddleBondTorsion Coeffs", ""},
                                                          {"EndBondTorsion Coeffs", ""},
                                                          {"AngleTorsion Coeffs", ""},
                                                          {"AngleAngleTorsion Coeffs", ""},
                                                          {"BondBond13 Coeffs", ""},
                                                          {"AngleAngle Coeffs", ""},
                                                          {"UreyBradley Coeffs", ""},
                                                          {"Bond Type Labels", "bond types"},
                                                          {"Angle Type Labels", "angle types"},
                                                          {"Dihedral Type Labels", "dihedral types"},
                                                          {"Improper Type Labels", "improper types"},
                                                          {"Ellipsoids", ""},
                                                          {"Lines", ""},
                                                          {"Triangles", ""},
                                                          {"Bodies", ""}}};

constexpr std::array<std::string_view, 19> counts = {"atoms",
                                                     "atom types",
                                                     "bonds",
                                                     "bond types",
                                                     "angles",
                                                     "angle types",
                                                     "dihedrals",
                                                     "dihedral types",
                                                     "impropers",
                                                     "improper types",
                                                     "ellipsoids",
                                                     "lines",
                                                     "triangles",
                                                     "bodies",
                                                     "extra bond per atom",
                                                     "extra angle per atom",
                                                     "extra dihedral per atom",
                                                     "extra improper per atom",
                                                     "extra special per atom"};

constexpr std::string_view any_section = "a section as Masses, Atoms or Velocities";

bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string joined(Words words) {
  std::string result;
  for (std::string_view const word : words) result.append(result.empty() ? "" : " ").append(word);
  return result;
}

/// Reads the file: header, then sections in any order, each after what it needs.
class DataFile {
 public:
  explicit DataFile(TextSource& source) : _source(source) {}

  Structure read() {
    readTitle();
    readHeader();
    while (_more) readSection();
    if (_structure.positions.empty()) _source.fail("the end of the file", "a section Atoms");
    return finished();
  }

 private:
  // The next line that holds more than a comment: its words, and the comment's; false at the end of the file.
  bool nextLine() {
    for (;;) {
      auto const line = _source.nextNonblank();
      _more = line.has_value();
      if (!_more) return false;
      std::size_t const mark = std::min(line->find('#'), line->size());
      _line = line->substr(0, mark);
      splitWords(_line, _words);
      splitWords(line->substr(mark), _comment, "# \t");
      if (!_words.empty()) return true;
    }
  }

  void readTitle() {
    auto const title = _source.next();
    if (!title) _source.fail("an empty file", "the title of a LAMMPS data file");
    if (title->starts_with("ITEM:")) _source.fail(inQuotes(*title), "the title of a LAMMPS data file (this is a dump)");
    _structure.periodic.fill(true);
    splitWords(*title, _words, " \t,");
    auto const after = [&](std::string_view key) {
      for (std::size_t w = 0; w + 1 < _words.size(); ++w)
        if (_words[w] == key && _words[w + 1] == "=") return Words(_words).subspan(w + 2);
      return Words();
    };
    if (Words const units = after("units"); !units.empty() && units[0] != "metal")
      _source.fail("units = " + inQuotes(units[0]) + " in the title", "units = metal");
    Words const boundary = after("boundary");
    for (std::size_t d = 0; d < 3 && boundary.size() >= 3; ++d) {
      if (boundary[d] != "p" && boundary[d] != "f" && boundary[d] != "s" && boundary[d] != "m")
        _source.fail(inQuotes(boundary[d]) + " as a boundary in the title", "p, f, s or m");
      _structure.periodic[d] = boundary[d] == "p";
    }
  }

  void once(std::string const& what) {
    if (!_seen.try_emplace(what).second) _source.fail(inQuotes(what) + " a second time", "each part once");
  }

  // `count` numbers in front of `words`.
  template <std::size_t count>
  std::array<double, count> numbers() const {
    std::array<double, count> result{};
    for (std::size_t k = 0; k < count; ++k) result[k] = _source.number(_words[k], "a number (Angstrom)");
    return result;
  }

  void readHeader() {
    while (nextLine() && !isLetter(_words[0][0])) {
      auto const endsWith = [&](std::size_t first, std::string_view name) {
        return _words.size() > first && joined(Words(_words).subspan(first)) == name;
      };
      if (endsWith(2, "xlo xhi") || endsWith(2, "ylo yhi") || endsWith(2, "zlo zhi")) {
        readBounds(static_cast<std::size_t>(_words[2][0] - 'x'));
      } else if (endsWith(3, "xy xz yz")) {
        once("xy xz yz");
        _tilt = numbers<3>();
      } else if (endsWith(3, "avec") || endsWith(3, "bvec") || endsWith(3, "cvec")) {
        once(std::string(_words[3]));
        _vectors[static_cast<std::size_t>(_words[3][0] - 'a')] = numbers<3>();
      } else if (endsWith(3, "abc origin")) {
        once("abc origin");
        (void)numbers<3>();
      } else {
        readCount();
      }
    }
    checkHeader();
  }

  void readBounds(std::size_t d) {
    once(std::string(_words[2]) + " " + std::string(_words[3]));
    auto const [low, high] = numbers<2>();
    if (!(high > low)) _source.fail(inQuotes(_line), "a lower bound below the upper one (Angstrom)");
    _lengths[d] = high - low;
  }

  void readCount() {
    constexpr std::string_view rule = "a line of the header, as '8 atoms', '1 atom types' or '0.0 5.43 xlo xhi'";
    std::string const name = _words.size() < 2 ? std::string() : joined(Words(_words).subspan(1));
    if (std::find(counts.begin(), counts.end(), name) == counts.end()) _source.fail(inQuotes(_line), rule);
    once(name);
    bool const needed = name == "atoms" || name == "atom types";
    bool const as_int = needed || name.find("type") != std::string::npos;
    _count[name] = _source.integer(
        _words[0], needed ? 1 : 0,
        as_int ? std::numeric_limits<std::int32_t>::max() - 1 : std::numeric_limits<std::int64_t>::max(),
        needed ? "a number from 1 to 2147483646 of " + name : "a number of " + name);
  }

  std::int64_t countOf(std::string_view name) const {
    auto const found = _count.find(std::string(name));
    return found == _count.end() ? 0 : found->second;
  }

  void checkHeader() {
    auto const missing = [&](std::string const& what) {
      _source.fail(_more ? "the header's end without " + what : "the end of the file", what);
    };
    if (countOf("atoms") == 0) missing("'N atoms'");
    if (countOf("atom types") == 0) missing("'N atom types'");
    bool const general = _vectors[0] || _vectors[1] || _vectors[2];
    bool const bounds = _lengths[0] || _lengths[1] || _lengths[2] || _tilt;
    if (general && bounds) _source.fail("avec, bvec, cvec beside bounds", "one of the two kinds of box");
    for (std::size_t d = 0; d < 3; ++d) {
      std::string const axis(1, static_cast<char>('x' + d));
      if (general && !_vectors[d]) missing(std::string(1, static_cast<char>('a' + d)) + "vec");
      if (!general && !_lengths[d]) missing(axis + "lo " + axis + "hi");
    }
    auto const [xy, xz, yz] = _tilt.value_or(Vector3{});
    if (general)
      _structure.cell = {*_vectors[0], *_vectors[1], *_vectors[2]};
    else
      _structure.cell = {{{*_lengths[0], 0, 0}, {xy, *_lengths[1], 0}, {xz, yz, *_lengths[2]}}};
  }

  // _words hold the name of a section; leaves the name of the next one there.
  void readSection() {
    std::string const name = joined(_words);
    auto const other = std::find_if(other_sections.begin(), other_sections.end(),
                                    [&](OtherSection const& section) { return section.name == name; });
    if (other == other_sections.end() && name != "Atoms" && name != "Masses" && name != "Atom Type Labels")
      _source.fail(inQuotes(name), any_section);
    once(name);
    if (name == "Atoms")
      readAtoms();
    else if (name == "Masses")
      readMasses();
    else if (name == "Atom Type Labels")
      readLabels();
    else
      skip(*other);
    if (nextLine() && !isLetter(_words[0][0])) _source.fail(inQuotes(_line), any_section);
  }

  // Line `n` (from 0) of `count` in a section.
  void sectionLine(std::string const& what, std::int64_t n, std::int64_t count) {
    if (!nextLine())
      _source.fail("the end of the file", what + " " + std::to_string(n + 1) + " of " + std::to_string(count));
  }

  void skip(OtherSection const& section) {
    if (!section.lines.empty()) {
      std::int64_t const count = countOf(section.lines);
      for (std::int64_t n = 0; n < count; ++n) {
        sectionLine("line", n, count);
        if (isLetter(_words[0][0]))
          _source.fail(inQuotes(_line), "line " + std::to_string(n + 1) + " of " + std::to_string(count) + " of " +
                                            std::string(section.name));
      }
      return;
    }
    while (nextLine())
      if (isLetter(_words[0][0])) {
        _source.repeat();
        return;
      }
  }

  std::int32_t readType(std::string_view word) const {
    if (auto const label = _labels.find(std::string(word)); label != _labels.end()) return label->second;
    std::int64_t const types = countOf("atom types");
    return static_cast<std::int32_t>(
        _source.integer(word, 1, types, "an atom type from 1 to " + std::to_string(types)));
  }

  void nameType(std::int32_t type, std::string_view symbol) {
    if (auto const z = atomicNumber(symbol)) _names.try_emplace(type, z);
  }

  void readLabels() {
    if (!_structure.positions.empty() || _seen.contains("Masses"))
      _source.fail("'Atom Type Labels' behind Masses or Atoms", "it before them");
    std::int64_t const types = countOf("atom types");
    for (std::int64_t n = 0; n < types; ++n) {
      sectionLine("type", n, types);
      if (_words.size() != 2) _source.fail(inQuotes(_line), "a type and its label");
      auto const type = static_cast<std::int32_t>(
          _source.integer(_words[0], 1, types, "an atom type from 1 to " + std::to_string(types)));
      if (parseInteger(_words[1]) || !_labels.try_emplace(std::string(_words[1]), type).second)
        _source.fail(inQuotes(_words[1]), "a label that is not a number and not used twice");
      nameType(type, _words[1]);
    }
  }

  void readMasses() {
    std::int64_t const types = countOf("atom types");
    for (std::int64_t n = 0; n < types; ++n) {
      sectionLine("type", n, types);
      if (_words.size() != 2) _source.fail(inQuotes(_line), "a type and its mass (g/mol)");
      std::int32_t const type = readType(_words[0]);
      if (!(_source.number(_words[1], "a mass (g/mol)") > 0))
        _source.fail(inQuotes(_words[1]), "a positive mass (g/mol)");
      if (!_comment.empty()) nameType(type, _comment[0]);
    }
  }

  AtomStyle styleOfComment() const {
    std::string_view name = _comment[0];
    name = name.substr(0, name.find('/'));
    auto const found =
        std::find_if(atom_styles.begin(), atom_styles.end(), [&](AtomStyle const& s) { return s.name == name; });
    if (found == atom_styles.end())
      _source.fail("the atom style " + inQuotes(name), "atomic, charge, bond, angle, molecular or full");
    return *found;
  }

  AtomStyle guessStyle() const {
    if (_words.size() == 5 || _words.size() == 8) return atom_styles.front();
    if (_words.size() == 7 || _words.size() == 10) return atom_styles.back();
    _source.fail(std::to_string(_words.size()) + " words below 'Atoms' without a style",
                 "the style behind it, as in 'Atoms # charge'");
  }

  void readAtoms() {
    std::optional<AtomStyle> style;
    if (!_comment.empty()) style = styleOfComment();
    std::int64_t const size = countOf("atoms");
    std::vector<std::int64_t> ids;
    for (std::int64_t n = 0; n < size; ++n) {
      sectionLine("atom", n, size);
      if (!style) style = guessStyle();
      if (_words.size() != style->words && _words.size() != style->words + 3)
        _source.fail(inQuotes(_line), "atom " + std::to_string(n + 1) + " of " + std::to_string(size) + " with " +
                                          std::to_string(style->words) + " words (style " + std::string(style->name) +
                                          "), or three more");
      ids.push_back(_source.integer(_words[0], 1, std::numeric_limits<std::int64_t>::max(), "an id from 1"));
      for (std::size_t w = style->words; w < _words.size(); ++w)
        (void)_source.integer(_words[w], std::numeric_limits<std::int32_t>::min(),
                              std::numeric_limits<std::int32_t>::max(), "an image flag");
      _structure.species.push_back(-readType(_words[style->type]));
      Vector3 position{};
      for (std::size_t x = 0; x < 3; ++x)
        position[x] = _source.number(_words[style->position + x], "a coordinate (Angstrom)");
      _structure.positions.push_back(position);
    }
    if (auto const twice = detail::sortAtoms(_structure, ids))
      _source.fail("the id " + std::to_string(*twice) + " twice", "each id once");
  }

  Structure finished() {
    for (std::int32_t& species : _structure.species)
      if (auto const name = _names.find(-species); name != _names.end()) species = name->second;
    return std::move(_structure);
  }

  TextSource& _source;
  std::string_view _line;  // without its comment
  std::vector<std::string_view> _words, _comment;
  bool _more = true;
  std::map<std::string, bool> _seen;
  std::map<std::string, std::int64_t> _count;  // of the header, by name
  std::array<std::optional<double>, 3> _lengths;
  std::optional<Vector3> _tilt;
  std::array<std::optional<Vector3>, 3> _vectors;
  std::map<std::string, std::int32_t> _labels;  // types by label
  std::map<std::int32_t, std::int32_t> _names;  // atomic numbers by type
  Structure _structure;
};

}  // namespace

LammpsDataReader::LammpsDataReader(std::string const& file) : _source(file) {}

std::optional<Structure> LammpsDataReader::next() {
  if (std::exchange(_finished, true)) return std::nullopt;
  Structure structure = DataFile(_source).read();
  checkStructure(structure, _source.file() + ":1");
  return structure;
}

}  // namespace sinter
