/// \file
/// Which labels occur in structure files, and whether the names that the user gave for them occur at all.
#pragma once

#include <array>
#include <string>

#include "sinter/core/structure.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter::app {

/// A key that no frame has is a mistake that would otherwise look like a file without labels.
class LabelsPresent {
 public:
  void add(Structure const& structure);

  /// \param options what the keys for energy, force and virial are called in messages
  /// \throws InputError (`where` in front) for a key that is not empty while no frame had the label.
  void check(LabelKeys const& keys, std::array<std::string, 3> const& options, std::string const& where) const;

 private:
  bool _energy = false, _forces = false, _virial = false;
};

}  // namespace sinter::app
