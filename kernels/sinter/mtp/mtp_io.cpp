/// \file
/// Reader and writer of `.mtp` text; the format is described in mtp_io.hpp.
#include "sinter/mtp/mtp_io.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"
#include "sinter/mtp/mtp_active_set.hpp"

namespace sinter {

namespace {

constexpr std::string_view active_set_marker = "#MVS_v";  // the binary tail of an .almtp file
constexpr std::string_view species_tag = "species";

bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool isPunctuation(char c) { return c == '{' || c == '}' || c == ',' || c == '='; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && isSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// `text` in quotes, short and printable whatever bytes it has.
std::string inQuotes(std::string_view text) {
  constexpr std::size_t longest = 40;
  std::string result = "\"";
  for (char const c : text.substr(0, longest)) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      result += c;
    } else {
      constexpr std::string_view digits = "0123456789abcdef";
      result += "\\x";
      result += digits[byte / 16];
      result += digits[byte % 16];
    }
  }
  return result + (text.size() > longest ? "...\"" : "\"");
}

/// The product, or the largest number when it is larger than that.
std::size_t saturatingProduct(std::initializer_list<std::size_t> factors) {
  std::size_t product = 1;
  for (std::size_t const factor : factors) {
    if (factor != 0 && product > std::numeric_limits<std::size_t>::max() / factor)
      return std::numeric_limits<std::size_t>::max();
    product *= factor;
  }
  return product;
}

/// Atomic numbers of a tag "species Si O", or nothing when the tag is not of this form.
std::optional<std::vector<std::int32_t>> speciesOfTag(std::string_view tag) {
  std::vector<std::string_view> words;
  for (tag = trimmed(tag); !tag.empty(); tag = trimmed(tag)) {
    auto const end = std::find_if(tag.begin(), tag.end(), isSpace);
    words.push_back(tag.substr(0, static_cast<std::size_t>(end - tag.begin())));
    tag.remove_prefix(words.back().size());
  }
  if (words.size() < 2 || words.front() != species_tag) return {};
  std::vector<std::int32_t> species;
  for (auto word = words.begin() + 1; word != words.end(); ++word) {
    species.push_back(atomicNumber(*word));
    if (species.back() == 0) return {};
  }
  return species;
}

struct Token {
  std::string_view text;  // empty at the end of the text
  std::size_t line;
};

/// Words and the signs { } , = of a text, with the line of each.
class Tokenizer {
 public:
  explicit Tokenizer(std::string_view text) : _text(text) {}

  Token next() {
    while (_position < _text.size() && isSpace(_text[_position])) _line += _text[_position++] == '\n' ? 1 : 0;
    std::size_t const begin = _position;
    if (_position < _text.size()) {
      ++_position;
      if (!isPunctuation(_text[begin]))
        while (_position < _text.size() && !isSpace(_text[_position]) && !isPunctuation(_text[_position])) ++_position;
    }
    return {_text.substr(begin, _position - begin), _line};
  }

  /// What is left of the line, without surrounding white space.
  Token restOfLine() {
    std::size_t const end = std::min(_text.find('\n', _position), _text.size());
    std::string_view const rest = _text.substr(_position, end - _position);
    _position = end;
    return {trimmed(rest), _line};
  }

  [[nodiscard]] std::size_t line() const { return _line; }
  [[nodiscard]] std::size_t remaining() const { return _text.size() - _position; }

 private:
  std::string_view _text;
  std::size_t _position = 0;
  std::size_t _line = 1;
};

class Parser {
 public:
  Parser(std::string_view text, std::string const& name) : _name(name), _tokens(text) {}

  MtpModel parse() {
    if (Token const token = _tokens.next(); token.text != "MTP") failAt(token, "first word", "MTP");
    for (Token token = _tokens.next(); !token.text.empty() && !token.text.starts_with(active_set_marker);
         token = _tokens.next())
      parseEntry(token);
    for (Key const& key : keys)
      if (key.required && !has(key.name)) fail(_tokens.line(), key.name, "end of text", "this key before it");
    nameSpecies();
    if (auto const fault = detail::findMtpFault(_model)) {
      auto const line = _lines.find(fault->key);
      fail(line == _lines.end() ? _tokens.line() : line->second, fault->key, fault->found, fault->expected);
    }
    return std::move(_model);
  }

 private:
  struct Key {
    std::string_view name;
    std::string_view alias;  // the name of the same entry in other versions
    bool required;
    void (Parser::*parseValue)();
  };
  static std::array<Key, 21> const keys;

  [[noreturn]] void fail(std::size_t line, std::string_view key, std::string const& found,
                         std::string const& expected) const {
    throw InputError(_name, line, std::string(key) + ": found " + found + ", expected " + expected);
  }

  [[noreturn]] void failAt(Token const& token, std::string_view key, std::string const& expected) const {
    fail(token.line, key, token.text.empty() ? "end of text" : inQuotes(token.text), expected);
  }

  [[nodiscard]] bool has(std::string_view key) const { return _lines.find(key) != _lines.end(); }

  void parseEntry(Token const& token) {
    auto const* const key = std::find_if(keys.begin(), keys.end(), [&](Key const& candidate) {
      return token.text == candidate.name || (!candidate.alias.empty() && token.text == candidate.alias);
    });
    if (key == keys.end()) {
      std::string known;
      for (Key const& candidate : keys) known += (known.empty() ? "" : ", ") + std::string(candidate.name);
      failAt(token, "key", "one of " + known);
    }
    // The top and the radial block may each have a scaling.
    bool const second_scaling = key->name == "scaling" && has("radial_basis_type");
    _key = second_scaling ? "scaling of the radial block" : std::string(key->name);
    auto const [first, added] = _lines.emplace(_key, token.line);
    if (!added) fail(token.line, _key, "it again (first on line " + std::to_string(first->second) + ")", "it once");
    if (key->name != "radial_coeffs") expect("=");
    (this->*key->parseValue)();
  }

  void expect(std::string_view sign) {
    if (Token const token = _tokens.next(); token.text != sign) failAt(token, _key, inQuotes(sign));
  }

  double number() {
    Token const token = _tokens.next();
    std::string_view digits = token.text;
    if (digits.starts_with('+') && !digits.starts_with("+-")) digits.remove_prefix(1);
    double value = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value))
      failAt(token, _key, "a finite number");
    return value;
  }

  int integer(int lowest = std::numeric_limits<int>::min(), int highest = std::numeric_limits<int>::max()) {
    Token const token = _tokens.next();
    int value = 0;
    auto const [end, error] = std::from_chars(token.text.data(), token.text.data() + token.text.size(), value);
    if (error != std::errc() || end != token.text.data() + token.text.size() || value < lowest || value > highest)
      failAt(token, _key, "an integer from " + std::to_string(lowest) + " to " + std::to_string(highest));
    return value;
  }

  /// A count that an entry further up must have given.
  [[nodiscard]] std::size_t known(std::string_view key, int count) const {
    if (!has(key)) fail(_tokens.line(), _key, "it before " + std::string(key), "it after");
    return static_cast<std::size_t>(count);
  }

  /// Every entry of a list takes at least a digit and a separator.
  void expectRoom(std::size_t entries) const {
    std::size_t const room = _tokens.remaining() / 2;
    if (entries > room)
      fail(_tokens.line(), _key,
           (entries == std::numeric_limits<std::size_t>::max() ? "a count of more"
                                                               : "a count of " + std::to_string(entries)) +
               " entries",
           "at most " + std::to_string(room) + ", for which the rest of the file has room");
  }

  /// "{entry, entry, ...}" with exactly `count` entries.
  template <class ParseEntry>
  void list(std::size_t count, ParseEntry const& parse_entry) {
    std::string const expected = std::to_string(count) + (count == 1 ? " entry" : " entries");
    expect("{");
    if (count == 0) return expect("}");
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) {
        Token const token = _tokens.next();
        if (token.text == "}") fail(token.line, _key, std::to_string(i) + (i == 1 ? " entry" : " entries"), expected);
        if (token.text != ",") failAt(token, _key, "\",\" or \"}\"");
      }
      parse_entry();
    }
    Token const token = _tokens.next();
    if (token.text == ",") fail(token.line, _key, "more entries", expected);
    if (token.text != "}") failAt(token, _key, inQuotes("}"));
  }

  std::vector<double> numbers(std::size_t count) {
    expectRoom(count);
    std::vector<double> values;
    values.reserve(count);
    list(count, [&] { values.push_back(number()); });
    return values;
  }

  std::vector<std::array<int, 4>> quadruples(std::size_t count) {
    expectRoom(saturatingProduct({count, 4}));
    std::vector<std::array<int, 4>> values;
    values.reserve(count);
    list(count, [&] {
      auto entry = values.emplace_back().begin();
      list(4, [&] { *entry++ = integer(); });
    });
    return values;
  }

  void parseVersion() {
    if (Token const token = _tokens.next(); token.text != "1.1.0") failAt(token, _key, "1.1.0");
  }

  void parseName() { _model.potential_name = _tokens.restOfLine().text; }

  void parseTag() {
    _model.potential_tag = _tokens.restOfLine().text;
    if (auto species = speciesOfTag(_model.potential_tag)) _tag_species = std::move(*species);
  }

  void parseScaling() { _model.scaling *= number(); }
  void parseSpeciesCount() { _model.species_count = integer(1, detail::max_mtp_species); }

  void parseRadialBasisType() {
    Token const token = _tokens.next();
    auto const type = radialBasisTypeOf(token.text);
    if (!type) failAt(token, _key, "one of " + radialBasisNames());
    _model.radial_basis_type = *type;
  }

  void parseMagneticBasisType() { failAt(_tokens.next(), _key, "a potential without magnetism: no such key"); }

  void parseMinDist() { _model.min_dist = number(); }
  void parseMaxDist() { _model.max_dist = number(); }
  void parseRadialBasisSize() { _model.radial_basis_size = integer(1); }
  void parseRadialFuncsCount() { _model.radial_funcs_count = integer(1); }

  void parseRadialCoeffs() {
    std::size_t const species_count = known("species_count", _model.species_count);
    std::size_t const pair_count = species_count * species_count;
    std::size_t const func_count = known("radial_funcs_count", _model.radial_funcs_count);
    std::size_t const basis_size = known("radial_basis_size", _model.radial_basis_size);
    expectRoom(saturatingProduct({pair_count, func_count, basis_size}));

    std::vector<double> coeffs;  // in the order of the file
    coeffs.reserve(pair_count * func_count * basis_size);
    for (std::size_t pair = 0; pair < pair_count; ++pair) {
      _pairs.push_back(speciesPair());
      for (std::size_t mu = 0; mu < func_count; ++mu) list(basis_size, [&] { coeffs.push_back(number()); });
    }

    std::vector<std::int32_t> const labels = typeLabels();
    auto const typeOf = [&](std::int32_t label) {
      return static_cast<std::size_t>(std::find(labels.begin(), labels.end(), label) - labels.begin());
    };
    std::size_t const block = func_count * basis_size;
    std::vector<bool> given(pair_count, false);
    _model.radial_coeffs.resize(coeffs.size());
    for (std::size_t i = 0; i < pair_count; ++i) {
      std::size_t const pair = typeOf(_pairs[i].first) * species_count + typeOf(_pairs[i].second);
      if (given[pair])
        fail(_pairs[i].line, _key, "pair " + _pairs[i].text() + " twice", "every ordered pair of species once");
      given[pair] = true;
      std::copy_n(coeffs.begin() + static_cast<std::ptrdiff_t>(i * block), block,
                  _model.radial_coeffs.begin() + static_cast<std::ptrdiff_t>(pair * block));
    }
  }

  void parseMomentsCount() { _model.alpha_moments_count = integer(1); }
  void parseBasicCount() { _basic_count = integer(1); }
  void parseBasics() { _model.alpha_index_basic = quadruples(known("alpha_index_basic_count", _basic_count)); }
  void parseTimesCount() { _times_count = integer(0); }
  void parseTimes() { _model.alpha_index_times = quadruples(known("alpha_index_times_count", _times_count)); }
  void parseScalarCount() { _scalar_count = integer(1); }

  void parseMapping() {
    std::size_t const count = known("alpha_scalar_moments", _scalar_count);
    expectRoom(count);
    _model.alpha_moment_mapping.reserve(count);
    list(count, [&] { _model.alpha_moment_mapping.push_back(integer()); });
  }

  void parseSpeciesCoeffs() { _model.species_coeffs = numbers(known("species_count", _model.species_count)); }
  void parseMomentCoeffs() { _model.moment_coeffs = numbers(known("alpha_scalar_moments", _scalar_count)); }

  struct SpeciesPair {
    std::int32_t first, second;
    std::size_t line;
    [[nodiscard]] std::string text() const { return std::to_string(first) + "-" + std::to_string(second); }
  };

  SpeciesPair speciesPair() {
    Token const token = _tokens.next();
    SpeciesPair pair{-1, -1, token.line};
    char const* const end = token.text.data() + token.text.size();
    auto const first = std::from_chars(token.text.data(), end, pair.first);
    if (first.ec == std::errc() && first.ptr != end && *first.ptr == '-') {
      auto const second = std::from_chars(first.ptr + 1, end, pair.second);
      if (second.ec != std::errc() || second.ptr != end) pair.second = -1;
    }
    if (pair.first < 0 || pair.second < 0) failAt(token, _key, "a pair of species such as 0-0");
    return pair;
  }

  /// What types 0, 1, ... are called in the lines "z1-z2": the same, or the atomic numbers.
  std::vector<std::int32_t> typeLabels() {
    auto const species_count = static_cast<std::size_t>(_model.species_count);
    std::vector<std::int32_t> labels;
    bool all_types = true;
    for (SpeciesPair const& pair : _pairs)
      for (std::int32_t const label : {pair.first, pair.second}) {
        all_types = all_types && label < _model.species_count;
        if (std::find(labels.begin(), labels.end(), label) != labels.end()) continue;
        if (labels.size() == species_count)
          fail(pair.line, _key, "pair " + pair.text() + " with another species",
               std::to_string(species_count) + " species (species_count)");
        labels.push_back(label);
      }
    if (all_types) {
      labels.resize(species_count);
      for (std::size_t t = 0; t < species_count; ++t) labels[t] = static_cast<std::int32_t>(t);
      return labels;
    }
    if (std::find(labels.begin(), labels.end(), 0) != labels.end())
      fail(_lines["radial_coeffs"], _key,
           "both species 0 and species " + std::to_string(*std::max_element(labels.begin(), labels.end())),
           "types 0 to " + std::to_string(_model.species_count - 1) + " or atomic numbers");
    _model.species = labels;
    _lines["species"] = _lines["radial_coeffs"];
    return labels;
  }

  /// Joins the names in the tag with the ones above the radial coefficients.
  void nameSpecies() {
    if (_tag_species.empty()) return;
    std::size_t const line = _lines["potential_tag"];
    if (_tag_species.size() != static_cast<std::size_t>(_model.species_count))
      fail(line, "potential_tag", std::to_string(_tag_species.size()) + " named species",
           std::to_string(_model.species_count) + " (species_count)");
    if (!_model.species.empty() && _model.species != _tag_species)
      fail(line, "potential_tag", inQuotes(_model.potential_tag), "the species of radial_coeffs in their order");
    _model.species = _tag_species;
    _lines["species"] = line;
  }

  std::string const& _name;
  Tokenizer _tokens;
  MtpModel _model;
  std::string _key;                                        // of the entry being read
  std::map<std::string, std::size_t, std::less<>> _lines;  // of the keys read so far
  std::vector<std::int32_t> _tag_species;
  std::vector<SpeciesPair> _pairs;
  int _basic_count = 0, _times_count = 0, _scalar_count = 0;
};

std::array<Parser::Key, 21> const Parser::keys = {{
    {"version", "", true, &Parser::parseVersion},
    {"potential_name", "", false, &Parser::parseName},
    {"scaling", "", false, &Parser::parseScaling},
    {"species_count", "", true, &Parser::parseSpeciesCount},
    {"potential_tag", "", false, &Parser::parseTag},
    {"radial_basis_type", "", true, &Parser::parseRadialBasisType},
    {"magnetic_basis_type", "", false, &Parser::parseMagneticBasisType},
    {"min_dist", "min_val", true, &Parser::parseMinDist},
    {"max_dist", "max_val", true, &Parser::parseMaxDist},
    {"radial_basis_size", "basis_size", true, &Parser::parseRadialBasisSize},
    {"radial_funcs_count", "", true, &Parser::parseRadialFuncsCount},
    {"radial_coeffs", "", false, &Parser::parseRadialCoeffs},
    {"alpha_moments_count", "", true, &Parser::parseMomentsCount},
    {"alpha_index_basic_count", "", true, &Parser::parseBasicCount},
    {"alpha_index_basic", "", true, &Parser::parseBasics},
    {"alpha_index_times_count", "", true, &Parser::parseTimesCount},
    {"alpha_index_times", "", true, &Parser::parseTimes},
    {"alpha_scalar_moments", "", true, &Parser::parseScalarCount},
    {"alpha_moment_mapping", "", true, &Parser::parseMapping},
    {"species_coeffs", "", false, &Parser::parseSpeciesCoeffs},
    {"moment_coeffs", "", false, &Parser::parseMomentCoeffs},
}};

std::string decimal(double value) {
  std::array<char, 32> buffer{};
  // 16 digits after the first one identify every double.
  auto const result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific, 16);
  return {buffer.data(), result.ptr};
}

template <class Values, class Format>
void appendList(std::string& text, Values const& values, Format const& format) {
  text += '{';
  bool first = true;
  for (auto const& value : values) {
    if (!first) text += ", ";
    first = false;
    format(value);
  }
  text += '}';
}

void appendNumbers(std::string& text, double const* begin, double const* end) {
  appendList(text, std::vector<double>(begin, end), [&](double value) { text += decimal(value); });
  text += '\n';
}

void appendIntegers(std::string& text, std::vector<int> const& values) {
  appendList(text, values, [&](int value) { text += std::to_string(value); });
}

void appendTable(std::string& text, std::vector<std::array<int, 4>> const& table) {
  appendList(text, table, [&](std::array<int, 4> const& entry) { appendIntegers(text, {entry.begin(), entry.end()}); });
}

/// MLIP-3 reads the name as one word, and loses its way when there are more.
std::string nameInOneWord(std::string name) {
  std::replace_if(name.begin(), name.end(), isSpace, '_');
  return name;
}

std::string tagOf(MtpModel const& model) {
  if (model.species.empty() || (!model.potential_tag.empty() && !speciesOfTag(model.potential_tag)))
    return model.potential_tag;
  std::string tag(species_tag);
  for (std::int32_t const z : model.species) tag += " " + chemicalSymbol(z);
  return tag;
}

void appendRadialCoeffs(std::string& text, MtpModel const& model) {
  text += "\tradial_coeffs\n";
  double const* row = model.radial_coeffs.data();
  for (int z1 = 0; z1 < model.species_count; ++z1)
    for (int z2 = 0; z2 < model.species_count; ++z2) {
      text += "\t\t" + std::to_string(z1) + "-" + std::to_string(z2) + "\n";
      for (int mu = 0; mu < model.radial_funcs_count; ++mu, row += model.radial_basis_size) {
        text += "\t\t\t";
        appendNumbers(text, row, row + model.radial_basis_size);
      }
    }
}

}  // namespace

MtpModel parseMtp(std::string const& text, std::string const& name) { return Parser(text, name).parse(); }

MtpModel readMtp(std::string const& file) {
  auto const text = detail::readMtpText(file);
  MtpModel model = parseMtp(text.text, file);
  static_cast<void>(detail::findActiveSet(text, file, model));  // for its checks
  return model;
}

std::string formatMtp(MtpModel const& model) {
  checkMtpModel(model, "formatMtp");
  std::string text = "MTP\nversion = 1.1.0\n";
  text += "potential_name = " + nameInOneWord(model.potential_name) + "\n";
  text += "scaling = " + decimal(model.scaling) + "\n";
  text += "species_count = " + std::to_string(model.species_count) + "\n";
  text += "potential_tag = " + tagOf(model) + "\n";
  text += "radial_basis_type = " + std::string(formOf(model.radial_basis_type).name) + "\n";
  text += "\tmin_dist = " + decimal(model.min_dist) + "\n";
  text += "\tmax_dist = " + decimal(model.max_dist) + "\n";
  text += "\tradial_basis_size = " + std::to_string(model.radial_basis_size) + "\n";
  text += "\tradial_funcs_count = " + std::to_string(model.radial_funcs_count) + "\n";
  if (!model.radial_coeffs.empty()) appendRadialCoeffs(text, model);

  text += "alpha_moments_count = " + std::to_string(model.alpha_moments_count) + "\n";
  text += "alpha_index_basic_count = " + std::to_string(model.alpha_index_basic.size()) + "\n";
  text += "alpha_index_basic = ";
  appendTable(text, model.alpha_index_basic);
  text += "\nalpha_index_times_count = " + std::to_string(model.alpha_index_times.size()) + "\n";
  text += "alpha_index_times = ";
  appendTable(text, model.alpha_index_times);
  text += "\nalpha_scalar_moments = " + std::to_string(model.alpha_moment_mapping.size()) + "\n";
  text += "alpha_moment_mapping = ";
  appendIntegers(text, model.alpha_moment_mapping);
  text += "\n";

  if (!model.species_coeffs.empty()) {
    text += "species_coeffs = ";
    appendNumbers(text, model.species_coeffs.data(), model.species_coeffs.data() + model.species_coeffs.size());
    text += "moment_coeffs = ";
    appendNumbers(text, model.moment_coeffs.data(), model.moment_coeffs.data() + model.moment_coeffs.size());
  }
  return text;
}

void writeMtp(MtpModel const& model, std::string const& file) { writeFile(file, formatMtp(model)); }

}  // namespace sinter
