#include "sinter/structures/lammps_dump_writer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/structures/lammps_box.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

namespace {

using detail::FrameText;

// Bounds of the orthogonal box around a restricted one, if its periodic edges come back from them to the last bit.
std::optional<std::array<std::array<double, 2>, 3>> boundsOf(detail::LammpsBox const& box,
                                                             std::array<bool, 3> const& periodic) {
  auto const& [a, b, c] = box.cell;
  double const xy = b[0], xz = c[0], yz = c[1];
  std::array<double, 3> const below = {std::min({0.0, xy, xz, xy + xz}), std::min(0.0, yz), 0};
  std::array<double, 3> const above = {std::max({0.0, xy, xz, xy + xz}), std::max(0.0, yz), 0};
  std::array<std::array<double, 2>, 3> bounds{};
  for (std::size_t d = 0; d < 3; ++d) {
    double const low = box.origin[d], high = low + box.cell[d][d];
    bounds[d] = {low + below[d], high + above[d]};
    double const edge = (bounds[d][1] - above[d]) - (bounds[d][0] - below[d]);
    if (periodic[d] && edge != box.cell[d][d]) return std::nullopt;
  }
  return bounds;
}

void appendBox(FrameText& text, Structure const& structure) {
  detail::LammpsBox const box = detail::lammpsBoxOf(structure);
  auto const& [a, b, c] = box.cell;
  bool const orthogonal = b[0] == 0 && c[0] == 0 && c[1] == 0;
  auto const bounds = box.restricted() ? boundsOf(box, structure.periodic) : std::nullopt;
  text << "ITEM: BOX BOUNDS" << (!bounds ? " abc origin" : orthogonal ? "" : " xy xz yz");
  for (bool const periodic : structure.periodic) text << (periodic ? " pp" : " ff");
  std::array<double, 3> const tilts = {b[0], c[0], c[1]};
  for (std::size_t d = 0; d < 3; ++d) {
    text << "\n";
    if (!bounds)
      text << box.cell[d] << " " << box.origin[d];
    else
      text << (*bounds)[d];
    if (bounds && !orthogonal) text << " " << tilts[d];
  }
  text << "\n";
}

}  // namespace

LammpsDumpWriter::LammpsDumpWriter(std::string const& file, std::vector<std::int32_t> species)
    : StructureWriter("LammpsDumpWriter"), _text(file), _types(std::move(species)) {}

void LammpsDumpWriter::writeFrame(Structure const& structure, std::span<AtomColumn const>, Structure const*) {
  if (auto const without = _types.firstWithout(structure))
    fail("found " + chemicalSymbol(*without) + ", expected " +
         (_types.open() ? "elements or types without names, not both"
                        : "an element of the order of species (--species)"));
  std::int64_t step = _frames++;
  for (auto const& [name, value] : structure.features)
    if (auto const number = parseInteger(value); name == "timestep" && number && *number >= 0) step = *number;
  _text << "ITEM: TIMESTEP\n" << step << "\nITEM: NUMBER OF ATOMS\n" << structure.size() << "\n";
  appendBox(_text, structure);
  bool const named = structure.species[0] > 0, forces = !structure.forces.empty();
  _text << "ITEM: ATOMS id type" << (named ? " element" : "") << " x y z" << (forces ? " fx fy fz" : "") << "\n";
  for (std::size_t i = 0; i < structure.size(); ++i) {
    _text << i + 1 << " " << _types[structure.species[i]] + 1;
    if (named) _text << " " << chemicalSymbol(structure.species[i]);
    _text << " " << structure.positions[i];
    if (forces) _text << " " << structure.forces[i];
    _text << "\n";
  }
}

void LammpsDumpWriter::close() { _text.close(); }

}  // namespace sinter
