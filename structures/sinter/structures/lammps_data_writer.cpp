#include "sinter/structures/lammps_data_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/structures/lammps_box.hpp"

namespace sinter {

namespace {

// As few digits as give the same number: "28.085".
std::string shortest(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

void appendBox(detail::FrameText& text, detail::LammpsBox const& box) {
  auto const& [a, b, c] = box.cell;
  if (!box.restricted()) {
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
  appendBox(_text, detail::lammpsBoxOf(structure));
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
