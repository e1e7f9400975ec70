/// \file
/// One atomic structure on the host, with the labels (energy, forces, virial) that a file may carry.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sinter {

using Vector3 = std::array<double, 3>;
using Matrix3 = std::array<Vector3, 3>;  ///< row-major; the rows of a cell are its lattice vectors
using Voigt = std::array<double, 6>;     ///< xx yy zz yz xz xy, the one order used everywhere

/// Atoms in a cell. Units: Angstrom, eV, eV/Angstrom.
///
/// `species[i]` is the atomic number Z >= 1, or -1-t for the 0-based type t of a file that does not name its species
/// (`nameTypes` turns those into atomic numbers).
struct Structure {
  Matrix3 cell{};                     ///< lattice vectors in rows (A); a zero row is a missing vector
  std::array<bool, 3> periodic{};     ///< along each lattice vector
  std::vector<Vector3> positions;     ///< (A); may lie outside the cell
  std::vector<std::int32_t> species;  ///< see above

  std::optional<double> energy;  ///< (eV)
  std::vector<Vector3> forces;   ///< (eV/A); empty when the file has none
  std::optional<Voigt> virial;   ///< (eV), W = -sum r (x) dE/dr: positive when the cell wants to expand
  std::string config_type;       ///< kind of configuration; may be empty

  /// What else the file says of the whole frame (`Feature` of `.cfg`, keys of extended XYZ): name and value, each name
  /// once.
  std::vector<std::pair<std::string, std::string>> features;

  [[nodiscard]] std::size_t size() const { return positions.size(); }
};

/// Volume of the cell (A^3), or nothing when the structure is not periodic in all three directions.
[[nodiscard]] std::optional<double> volume(Structure const& structure);

/// Determinant of a 3x3 matrix.
[[nodiscard]] double determinant(Matrix3 const& m);

/// Throws InputError (with `where` in front) unless sizes agree, all numbers are finite, lattice vectors along periodic
/// directions are present and the cell is not degenerate (its volume relative to its edges below 1e-9).
void checkStructure(Structure const& structure, std::string const& where);

/// Gives names to unnamed types: species -1-t becomes the atomic number names[t].
/// \throws InputError when a type has no name.
void nameTypes(Structure& structure, std::vector<std::int32_t> const& atomic_numbers, std::string const& where);

}  // namespace sinter
