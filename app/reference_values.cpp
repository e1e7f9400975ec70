#include "reference_values.hpp"

#include <algorithm>
#include <fstream>

#include "json_report.hpp"
#include "sha256.hpp"
#include "sinter/core/error.hpp"

namespace sinter::app {

using Json = nlohmann::ordered_json;

namespace {

/// A value of a file, with where it stands there.
class Value {
 public:
  Value(Json const& json, std::string const& file, std::string path)
      : _json(json), _file(file), _path(std::move(path)) {}

  void requireNumber() const { require(_json.is_number(), "a number"); }
  void requireText() const { require(_json.is_string(), "a text"); }
  void requireNumbers() const {
    require(_json.is_array() && std::all_of(_json.begin(), _json.end(), [](Json const& x) { return x.is_number(); }),
            "a list of numbers");
  }

  /// Calls check(key, value) for each member of an object.
  template <class Check>
  void forMembers(Check const& check) const {
    require(_json.is_object(), "an object");
    for (auto const& [key, value] : _json.items()) check(key, Value(value, _file, _path + "/" + key));
  }

  [[nodiscard]] Value member(char const* key) const {
    require(_json.is_object() && _json.contains(key), "an object with " + std::string(key));
    return {_json[key], _file, _path + "/" + key};
  }
  [[nodiscard]] bool has(char const* key) const { return _json.is_object() && _json.contains(key); }
  [[nodiscard]] bool isObject() const { return _json.is_object(); }
  [[nodiscard]] std::size_t size() const { return _json.size(); }

  template <class Check>
  void forEach(Check const& check) const {
    require(_json.is_array(), "a list");
    for (std::size_t n = 0; n < _json.size(); ++n) check(Value(_json[n], _file, _path + "/" + std::to_string(n)));
  }

  void require(bool good, std::string const& expected) const {
    if (good) return;
    std::string text = toText(_json);
    if (text.size() > 40) text = text.substr(0, 37) + "...";
    throw InputError(_file, 0, _path + ": found " + text + ", expected " + expected);
  }

 private:
  Json const& _json;
  std::string const& _file;
  std::string _path;
};

void checkCrystal(std::string const& key, Value const& value) {
  if (key == "curve") {
    value.member("volume").requireNumbers();
    value.member("energy").requireNumbers();
    value.member("energy").require(value.member("energy").size() == value.member("volume").size(),
                                   "as many numbers as volumes");
  } else if (key == "lattice") {
    value.requireNumbers();
  } else if (key != "same_as") {
    value.requireNumber();
  }
}

void checkPhases(Value const& phases) {
  phases.member("pressures").requireNumbers();
  phases.member("enthalpy").forMembers([&](auto const&, Value const& list) {
    list.requireNumbers();
    list.require(list.size() == phases.member("pressures").size(), "as many numbers as pressures");
  });
  if (!phases.has("transitions")) return;
  phases.member("transitions").forEach([](Value const& transition) {
    transition.member("from").requireText();
    transition.member("to").requireText();
    transition.member("pressure").requireNumber();
  });
}

void checkStatic(std::string const& property, Value const& values) {
  auto const numbers = [](auto const&, Value const& value) { value.requireNumber(); };
  if (property == "phases") return checkPhases(values);
  values.forMembers([&](auto const&, Value const& value) {
    if (property == "crystals")
      value.forMembers(checkCrystal);
    else if (property == "phonons")
      value.requireNumbers();
    else if (value.isObject())  // constants of a crystal, energies of a defect or surface
      value.forMembers(numbers);
    else
      value.requireNumber();
  });
}

Json readObject(std::string const& file) {
  std::string const hash = sha256OfFile(file);  // throws where there is nothing to read
  std::ifstream stream(file);
  Json values = Json::parse(stream, nullptr, false);
  if (!values.is_object()) throw InputError(file, 0, "found no JSON object, expected one");
  values["file"] = file;
  values["sha256"] = hash;
  return values;
}

}  // namespace

Json readReference(std::string const& file) {
  Json values = readObject(file);
  Value const all(values, file, "");
  if (all.has("static")) all.member("static").forMembers(checkStatic);
  return values;
}

Json readCosts(std::string const& file) {
  Json values = readObject(file);
  Value(values, file, "").member("results").forEach([](Value const& result) {
    result.member("potential").requireText();
    result.member("median").requireNumber();
  });
  return values;
}

}  // namespace sinter::app
