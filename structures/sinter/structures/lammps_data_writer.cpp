#include "sinter/structures/lammps_data_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "sinter/core/chemical_elements.hpp"

namespace sinter {

namespace {

double dot(Vector3 const& a, Vector3 const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector3 cross(Vector3 const& a, Vector3 const& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

Vector3 scaled(Vector3 const& v, double factor) { return {v[0] * factor, v[1] * factor, v[2] * factor}; }

Vector3 unit(Vector3 const& v) { return scaled(v, 1 / std::sqrt(dot(v, v))); }

struct Box {
  Vector3 origin{};
  Matrix3 cell{};
};

/// Lowest and highest component of the atoms along `direction`.
std::pair<double, double> extent(Structure const& structure, Vector3 const& direction) {
  double low = dot(structure.positions[0], direction), high = low;
  for (Vector3 const& r : structure.positions) {
    double const component = dot(r, direction);
    low = std::min(low, component);
    high = std::max(high, component);
  }
  return {low, high};
}

// Whether the lattice vectors along directions that are not periodic are normal to all others and hold the atoms.
bool holdsAtoms(Structure const& structure) {
  Matrix3 const& cell = structure.cell;
  if (!(determinant(cell) > 0)) return false;
  for (std::size_t d = 0; d < 3; ++d) {
    if (structure.periodic[d]) continue;
    for (std::size_t e = 0; e < 3; ++e)
      if (e != d && dot(cell[d], cell[e]) != 0) return false;
    auto const [low, high] = extent(structure, cell[d]);
    if (!(low > 0 && high < dot(cell[d], cell[d]))) return false;
  }
  return true;
}

// Unit vectors normal to the periodic directions, for the others, such that all three are right-handed.
Matrix3 normals(Structure const& structure) {
  Matrix3 result{};
  auto const& periodic = structure.periodic;
  auto const count = std::count(periodic.begin(), periodic.end(), true);
  for (std::size_t d = 0; d < 3; ++d) {
    std::size_t const e = (d + 1) % 3, f = (d + 2) % 3;
    if (count == 0) {
      result[d][d] = 1;
    } else if (count == 1 && periodic[d]) {
      Vector3 const along = unit(structure.cell[d]);
      std::size_t axis = e;  // the one that is farthest from the wire, in this order where several are
      for (std::size_t const other : {f, d})
        if (std::abs(along[other]) < std::abs(along[axis])) axis = other;
      Vector3 any{};
      any[axis] = 1;
      result[f] = unit(cross(along, any));
      result[e] = unit(cross(result[f], along));
    } else if (count == 2 && !periodic[d]) {
      result[d] = unit(cross(structure.cell[e], structure.cell[f]));
    }
  }
  return result;
}

Box boxOf(Structure const& structure) {
  constexpr double margin = 5;  // Angstrom between the atoms and a wall; any does
  Box box{.origin = {}, .cell = structure.cell};
  auto const& periodic = structure.periodic;
  if (periodic[0] && periodic[1] && periodic[2]) {
    if (determinant(box.cell) < 0) box.cell[2] = scaled(box.cell[2], -1);
    return box;
  }
  if (holdsAtoms(structure)) return box;
  Matrix3 const normal = normals(structure);
  for (std::size_t d = 0; d < 3; ++d) {
    if (periodic[d]) continue;
    auto const [low, high] = extent(structure, normal[d]);
    box.cell[d] = scaled(normal[d], high - low + 2 * margin);
    for (std::size_t x = 0; x < 3; ++x) box.origin[x] += (low - margin) * normal[d][x];
  }
  return box;
}

// As few digits as give the same number: "28.085".
std::string shortest(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

void appendBox(detail::FrameText& text, Box const& box) {
  auto const& [a, b, c] = box.cell;
  bool const restricted = a[1] == 0 && a[2] == 0 && b[2] == 0 && a[0] > 0 && b[1] > 0 && c[2] > 0;
  if (!restricted) {
    text << a << " avec\n" << b << " bvec\n" << c << " cvec\n" << box.origin << " abc origin\n";
    return;
  }
  std::array<std::string_view, 3> const names = {" xlo xhi\n", " ylo yhi\n", " zlo zhi\n"};
  for (std::size_t d = 0; d < 3; ++d) text << box.origin[d] << " " << box.origin[d] + box.cell[d][d] << names[d];
  if (b[0] != 0 || c[0] != 0 || c[1] != 0) text << std::array{b[0], c[0], c[1]} << " xy xz yz\n";
}

}  // namespace

LammpsDataWriter::LammpsDataWriter(std::string const& file, std::vector<std::int32_t> species)
    : StructureWriter("LammpsDataWriter"), _text(file), _types(std::move(species)) {}

void LammpsDataWriter::writeFrame(Structure const& structure, std::span<AtomColumn const>, Structure const*) {
  if (_written) fail("found a second frame, expected one: a LAMMPS data file holds no more (choose it by --frames)");
  if (auto const without = _types.firstWithout(structure))
    fail("found " + chemicalSymbol(*without) + ", expected " +
         (_types.open() ? "elements or types without names, not both"
                        : "an element of the order of species (--species)"));
  _written = true;
  auto const elements = _types.elements();
  std::int32_t types = static_cast<std::int32_t>(elements.size());
  for (std::int32_t const species : structure.species) types = std::max(types, _types[species] + 1);

  auto const boundary = [&](std::size_t d) { return structure.periodic[d] ? " p" : " f"; };
  _text << "LAMMPS data file by sinter, units = metal, boundary =" << boundary(0) << boundary(1) << boundary(2)
        << "\n\n"
        << structure.size() << " atoms\n"
        << types << " atom types\n\n";
  appendBox(_text, boxOf(structure));
  if (static_cast<std::size_t>(types) == elements.size()) {
    _text << "\nMasses\n\n";
    for (std::size_t t = 0; t < elements.size(); ++t)
      _text << t + 1 << " " << shortest(atomicMass(elements[t])) << " # " << chemicalSymbol(elements[t]) << "\n";
  }
  _text << "\nAtoms # atomic\n\n";
  for (std::size_t i = 0; i < structure.size(); ++i)
    _text << i + 1 << " " << _types[structure.species[i]] + 1 << " " << structure.positions[i] << "\n";
}

void LammpsDataWriter::close() { _text.close(); }

}  // namespace sinter
