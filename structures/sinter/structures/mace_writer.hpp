/// \file
/// Writing training sets as MACE reads them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "sinter/structures/writer.hpp"

namespace sinter {

namespace detail {
class Hdf5Id;
class Hdf5Output;
}  // namespace detail

/// Writes frames as the groups `config_batch_0/config_0`, `config_1`, ...: atomic_numbers, positions, cell, pbc,
/// config_type, weight (the feature of this name, else 1), `properties` energy, forces, virials (as ours) and stress
/// (eV/A^3, ASE's sign: -W / V), each 3x3, and `property_weights`: 1, or 0 and "None" where a label is missing.
///
/// Source: MACE (ACEsuit/mace), `mace/data/utils.py`, `save_configurations_as_HDF5`.
class MaceWriter final : public StructureWriter {
 public:
  /// \throws SystemError when the file cannot be created.
  explicit MaceWriter(std::string const& file);
  ~MaceWriter() override;

  void close() override;

 private:
  void writeFrame(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) override;
  void writeLabels(detail::Hdf5Id const& group, Structure const& structure) const;

  std::unique_ptr<detail::Hdf5Output> _output;
  std::size_t _frames = 0;
};

}  // namespace sinter
