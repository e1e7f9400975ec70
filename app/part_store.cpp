#include "part_store.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "json_report.hpp"
#include "output_path.hpp"
#include "sha256.hpp"
#include "sinter/core/file_output.hpp"

namespace sinter::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

// Of a part, or left behind by a run that was killed while it wrote one.
bool isPart(std::string const& name) {
  constexpr std::size_t digits = 64;
  return name.size() > digits && name.find_first_not_of("0123456789abcdef") == digits &&
         name.compare(digits, 5, ".json") == 0;
}

}  // namespace

std::string PartStore::fileOf(Json const& key) const {
  return (fs::path(_folder) / (sha256OfText(toText(key)) + ".json")).string();
}

std::optional<Json> PartStore::find(Json const& key) const {
  std::ifstream file(_resume ? fileOf(key) : std::string());
  if (!file) return std::nullopt;
  Json const part = Json::parse(file, nullptr, false);  // of another key or no JSON: nobody's, since files are whole
  if (!part.is_object() || !part.contains("value") || part.value("key", Json()) != key) return std::nullopt;
  return part["value"];
}

Json PartStore::keep(Json const& key, Json const& part) const {
  std::string const text = toText({{"key", key}, {"value", part}});
  makeOutputFolder(_folder);
  writeFile(fileOf(key), text);
  return Json::parse(text)["value"];
}

void PartStore::clear() const {
  std::error_code is_gone;  // another run may have been here
  for (auto const& entry : fs::directory_iterator(_folder, is_gone))
    if (isPart(entry.path().filename().string())) fs::remove(entry.path(), is_gone);
  fs::remove(_folder, is_gone);
}

}  // namespace sinter::app
