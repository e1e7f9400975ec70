/// \file
/// Writing structure files frame by frame.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter {

/// A file of structures in the making. It is written to a temporary name beside its own and renamed by `close`; a
/// writer destroyed without `close` leaves nothing behind. Memory does not grow with the file.
class StructureWriter {
 public:
  /// A further column of one number per atom, or of several.
  struct AtomColumn {
    std::string_view name;
    std::span<double const> values;  ///< `width` per atom, atom after atom
    std::size_t width = 1;
  };

  virtual ~StructureWriter() = default;

  /// Appends a frame, numbers with 17 significant digits; the labels of `reference`, where given, as `ref_energy`,
  /// `ref_forces`, `ref_virial` in formats that have room for them.
  /// \throws InputError when the frame does not fit into the format (nothing is written then); SystemError when the
  /// disk is full.
  void write(Structure const& structure, std::span<AtomColumn const> columns = {},
             Structure const* reference = nullptr);

  /// Finishes the file and gives it its name.
  /// \throws SystemError when the disk is full.
  virtual void close() = 0;

 protected:
  /// \param name of the class, for messages
  explicit StructureWriter(std::string name) : _name(std::move(name)) {}
  StructureWriter(StructureWriter&&) = default;
  StructureWriter& operator=(StructureWriter&&) = default;

  /// Called with as many species, forces and numbers per column as there are atoms, one at least.
  virtual void writeFrame(Structure const& structure, std::span<AtomColumn const> columns,
                          Structure const* reference) = 0;

  [[noreturn]] void fail(std::string const& message) const;

 private:
  void requireSize(std::string const& what, std::size_t found, std::size_t expected) const;

  std::string _name;
};

/// Extensions that `openStructureWriter` knows, for messages.
inline constexpr char const* writable_extensions =
    ".extxyz, .xyz, .cfg, .data, .lmp, .lammps-data, .dump, .lammpstrj, .h5, .hdf5, .h5md or .mace.h5";

/// Whether `openStructureWriter` knows the extension of `file`.
[[nodiscard]] bool isWritableStructureFile(std::string const& file);

/// Opens a writer by the extension of `file`: extended XYZ, MLIP `.cfg`, a LAMMPS data file (one frame) or dump, a
/// database
/// (`.h5`), H5MD or a training set of MACE (`.mace.h5`). More in the headers of the writers.
/// \param species atomic numbers of types 0, 1, ... (or 1, 2, ...) in formats that number their types
/// \throws InputError for another extension; SystemError when the file cannot be created.
[[nodiscard]] std::unique_ptr<StructureWriter> openStructureWriter(std::string const& file,
                                                                   std::vector<std::int32_t> const& species = {});

}  // namespace sinter
