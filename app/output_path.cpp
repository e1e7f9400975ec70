#include "output_path.hpp"

#include <algorithm>
#include <filesystem>

#include "sinter/core/error.hpp"

namespace sinter::app {

namespace fs = std::filesystem;

void checkOutputPath(std::string const& option, std::string const& file, std::vector<std::string> const& taken) {
  auto const fail = [&](std::string const& message) { throw InputError(option + " " + file + ": " + message); };
  fs::path const path = file;
  if (path.filename().empty()) fail("found no file name, expected one");
  std::error_code ignored;
  fs::path const folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder, ignored)) fail("found no folder " + folder.string() + ", expected an existing one");
  auto const status = fs::status(path, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status))
    fail("found a folder or device, expected a file name that is free or a regular file's (it is replaced)");
  auto const normal = [](fs::path const& p) { return fs::absolute(p).lexically_normal(); };
  for (std::string const& other : taken)
    if (fs::equivalent(path, other, ignored) || normal(path) == normal(other))
      fail("found the name of another input or output, expected one of its own");
}

void checkLabelledOutput(std::string const& file, std::vector<std::string> const& taken) {
  std::string const kind = lowerExtension(file);
  if (kind != ".xyz" && kind != ".extxyz" && kind != ".cfg")
    throw InputError("-o " + file + ": found the extension '" + kind + "', expected .xyz, .extxyz or .cfg");
  checkOutputPath("-o", file, taken);
}

void checkOutputFolder(std::string const& option, std::string const& folder) {
  fs::path existing = fs::absolute(folder);
  std::error_code error;
  while (!fs::exists(existing, error) && existing.has_relative_path()) existing = existing.parent_path();
  if (!fs::is_directory(existing))
    throw InputError(option + ": found '" + folder + "', but " + existing.string() +
                     " is a file, expected a folder or the name of a new one");
}

void makeOutputFolder(std::string const& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder)) throw SystemError("cannot make the folder " + folder + ": " + error.message());
}

std::string lowerExtension(std::string const& file) {
  std::string extension = fs::path(file).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return extension;
}

}  // namespace sinter::app
