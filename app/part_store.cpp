#include "part_store.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "json_report.hpp"
#include "output_path.hpp"
#include "sha256.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"

namespace sinter::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

PartStore::PartStore(std::string folder, bool resume) : _folder(std::move(folder)) {
  if (!resume) clear();
}

std::string PartStore::fileOf(Json const& key) const {
  return (fs::path(_folder) / (sha256OfText(toText(key)) + ".json")).string();
}

// Null where there is none. A file of another key or no JSON (nobody's, since files are whole) counts as none.
Json PartStore::kept(Json const& key) const {
  std::ifstream file(fileOf(key));
  if (!file) return nullptr;
  Json const part = Json::parse(file, nullptr, false);
  bool const is_ours = part.is_object() && part.contains("key") && part["key"] == key && part.contains("value");
  return is_ours ? part["value"] : Json(nullptr);
}

Json PartStore::get(Json const& key, std::function<Json()> const& compute) const {
  if (Json part = kept(key); !part.is_null()) return part;
  std::string const text = toText({{"key", key}, {"value", compute()}});
  makeOutputFolder(_folder);
  writeFile(fileOf(key), text);
  return Json::parse(text)["value"];
}

void PartStore::clear() const {
  std::error_code error;
  fs::remove_all(_folder, error);
  if (error) throw SystemError("cannot remove " + _folder + ": " + error.message());
}

}  // namespace sinter::app
