/// \file
/// The structures of a data set as passes go through them: in memory, or read from their files anew in every pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter {

/// Structures in a fixed order. Copies share data and, where files are read, the place in them: one thread uses them.
class StructureSet {
 public:
  /// In memory; the structures stay where they are and must outlive this object. (A list of structures is a set.)
  StructureSet(std::span<Structure const> structures) : _structures(structures) {}                 // NOLINT
  StructureSet(std::vector<Structure> const& structures) : StructureSet(std::span(structures)) {}  // NOLINT

  /// Called for each structure of files when it is read first.
  using Visit = std::function<void(std::size_t file, std::string const& name, Structure const&)>;

  /// All frames of files one after another. They stay in memory when that takes `memory` bytes at most; otherwise only
  /// their sizes do, and `load` reads them again.
  /// \param species atomic numbers of types 0, 1, ... in files that do not name them
  /// \throws InputError when a file is malformed, or cannot be read again (a pipe) but must be.
  StructureSet(std::vector<std::string> const& files, LabelKeys const& keys, std::vector<std::int32_t> const& species,
               std::size_t memory, Visit const& visit);

  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t atoms() const;
  [[nodiscard]] bool isStreamed() const { return _files != nullptr && !_owned; }

  [[nodiscard]] std::size_t atomsOf(std::size_t s) const;
  [[nodiscard]] std::string const& configTypeOf(std::size_t s) const;
  /// "file: frame n", or "structure n" of those without a file.
  [[nodiscard]] std::string nameOf(std::size_t s) const;
  [[nodiscard]] std::vector<std::string> namesOf(std::size_t begin, std::size_t end) const;

  /// Structures begin <= s < end; valid until the next call for this set, a copy or a part of it.
  /// \throws InputError when a file is no longer as it was.
  [[nodiscard]] std::span<Structure const> load(std::size_t begin, std::size_t end) const;

  /// End of the structures from `begin` on that have `atoms` atoms at most together, one structure at least.
  [[nodiscard]] std::size_t chunkEnd(std::size_t begin, std::size_t atoms,
                                     std::size_t structures = std::numeric_limits<std::size_t>::max()) const;

  /// The structures with these numbers (ascending), as a set of their own.
  [[nodiscard]] StructureSet part(std::vector<std::size_t> numbers) const;

 private:
  class Files;

  [[nodiscard]] std::size_t numberInFiles(std::size_t s) const { return _chosen ? (*_chosen)[s] : s; }

  std::span<Structure const> _structures;                   // of a set in memory
  std::shared_ptr<std::vector<Structure> const> _owned;     // what _structures looks at, unless it is somebody else's
  std::shared_ptr<Files> _files;                            // where there are some
  std::shared_ptr<std::vector<std::size_t> const> _chosen;  // of a part: numbers in the whole
};

/// Bytes that a structure takes in memory.
[[nodiscard]] std::size_t bytesOf(Structure const& structure);

}  // namespace sinter
