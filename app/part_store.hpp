/// \file
/// Parts of a long computation, each kept in a file as soon as it is known, so that a stopped run can go on.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

namespace sinter::app {

/// A folder with a file for each part, named after the SHA-256 of its key: what the part depends on. A file is there as
/// a whole or not at all.
class PartStore {
 public:
  /// \param folder made by the first part that is kept \param resume whether parts of earlier runs are used
  PartStore(std::string folder, bool resume) : _folder(std::move(folder)), _resume(resume) {}

  /// The part of this key, where it is there and used.
  [[nodiscard]] std::optional<nlohmann::ordered_json> find(nlohmann::ordered_json const& key) const;

  /// Keeps a part. \returns what the file holds: numbers that are not finite are null
  /// \throws SystemError when the file cannot be written.
  nlohmann::ordered_json keep(nlohmann::ordered_json const& key, nlohmann::ordered_json const& part) const;

  /// Removes all parts, and the folder when nothing else is in it.
  void clear() const;

 private:
  [[nodiscard]] std::string fileOf(nlohmann::ordered_json const& key) const;

  std::string _folder;
  bool _resume;
};

}  // namespace sinter::app
