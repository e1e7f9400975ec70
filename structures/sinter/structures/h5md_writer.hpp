/// \file
/// Writing trajectories for other programs as H5MD.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "sinter/structures/writer.hpp"

namespace sinter {

/// Writes frames of one number of atoms as the particles `all` of an H5MD file: position and force (Angstrom, eV/A),
/// species (atomic numbers, or -1, -2, ... for unnamed types), edges of the box; energy (eV) and virial (eV, xx yy zz
/// yz xz xy) as observables. Missing labels are NaN. Steps are the feature `timestep` where that rises, else one more
/// than the step before; times are not known.
///
/// Source: H5MD specification 1.1, de Buyl, Colberg and Hoefling (2014), with its module `units`.
class H5mdWriter final : public StructureWriter {
 public:
  /// \throws SystemError when the file cannot be created.
  explicit H5mdWriter(std::string const& file);
  ~H5mdWriter() override;

  void close() override;

 private:
  void writeFrame(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) override;

  class File;
  std::unique_ptr<File> _data;
};

}  // namespace sinter
