/// \file
/// Parts of a long computation, each kept in a file as soon as it is known, so that a stopped run can go on.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace sinter::app {

/// A folder with a file for each part, named after the SHA-256 of its key: what the part depends on. A file is there as
/// a whole or not at all.
class PartStore {
 public:
  /// \param folder made by the first part that is kept \param resume whether parts of an earlier run are used
  explicit PartStore(std::string folder, bool resume);

  /// The part of this key, from its file or from `compute`. Either way it is what the file holds: numbers that are not
  /// finite are null.
  /// \throws what `compute` throws, then nothing is kept; SystemError when the file cannot be written.
  nlohmann::ordered_json get(nlohmann::ordered_json const& key,
                             std::function<nlohmann::ordered_json()> const& compute) const;

  /// Whether the part of this key is there.
  [[nodiscard]] bool has(nlohmann::ordered_json const& key) const { return !kept(key).is_null(); }

  /// Removes all parts.
  void clear() const;

 private:
  [[nodiscard]] std::string fileOf(nlohmann::ordered_json const& key) const;
  [[nodiscard]] nlohmann::ordered_json kept(nlohmann::ordered_json const& key) const;

  std::string _folder;
};

}  // namespace sinter::app
