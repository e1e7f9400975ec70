/// \file
/// Reading structure files frame by frame.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/structures/frame_error.hpp"
#include "sinter/structures/frame_record.hpp"

namespace sinter {

/// Which properties of an extended XYZ file are the labels; empty means the usual names (see `openStructureFile`). A
/// name given here is the only one tried: frames without it have no such label. A virial key with "stress" in its name
/// is a stress with ASE's sign. In a database: "energy", "force", "virial", or "dft/energy", ... of its labels "dft".
struct LabelKeys {
  std::string energy, force, virial;
};

/// A stream of structures; one frame is in memory at a time.
class StructureReader {
 public:
  virtual ~StructureReader() = default;

  /// The next frame, checked (`checkStructure`), or nothing at the end of the file.
  /// \throws InputError "file:line: found ..., expected ..."; FrameError where the next call gives the frame behind.
  virtual std::optional<Structure> next() = 0;

  /// What a database knows of the frame that `next` gave last beside the structure; nothing of other files.
  virtual std::optional<FrameRecord> record() { return std::nullopt; }
};

/// Opens a structure file by its extension: extended XYZ (`.xyz`, `.extxyz`), MLIP `.cfg`, LAMMPS data (`.data`,
/// `.lammps-data`, `.lmp`) or dump (`.dump`, `.lammpstrj`; also `.lmp` when it begins with `ITEM:`), text with `.xz`
/// or `.gz` behind it compressed; or a database (`.h5`, `.hdf5`). A file of another name is opened when its first lines
/// are those of a `.cfg` or LAMMPS file.
///
/// Extended XYZ: any column order; `species` or `Z`; labels from `keys`, else the first that is present of
/// energy | dft_energy | DFT_energy | REF_energy | Energy, forces | force | dft_force | dft_forces | DFT_forces |
/// REF_forces, virial | dft_virial | virials | REF_virial (nine numbers row-major or six in Voigt order xx yy zz yz xz
/// xy, eV) or else stress | dft_stress | REF_stress (eV/A^3, ASE's sign: W = -V stress).
/// `.cfg`: PlusStress is the virial; types stay unnamed. More in extxyz_reader.hpp, cfg_reader.hpp,
/// lammps_data_reader.hpp, lammps_dump_reader.hpp and database_reader.hpp.
/// \throws InputError when the file is missing or of an unknown kind.
[[nodiscard]] std::unique_ptr<StructureReader> openStructureFile(std::string const& file, LabelKeys const& keys = {});

/// All frames of a file.
[[nodiscard]] std::vector<Structure> readStructures(std::string const& file, LabelKeys const& keys = {});

}  // namespace sinter
