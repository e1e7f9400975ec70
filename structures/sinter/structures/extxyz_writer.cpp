#include "sinter/structures/extxyz_writer.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/structures/extxyz_keys.hpp"

namespace sinter {

namespace {

using detail::FrameText;

// Bare where every reader agrees on it, else in quotation marks.
void appendValue(FrameText& text, std::string_view value) {
  constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.:/";
  if (!value.empty() && value.find_first_not_of(bare) == std::string_view::npos) {
    text << value;
    return;
  }
  std::string quoted = "\"";
  for (char const c : value) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n')
      quoted += "\\n";
    else
      quoted += c;
  }
  text << quoted << "\"";
}

void appendLabels(FrameText& text, Structure const& structure, std::string_view prefix) {
  if (structure.energy) text << " " << prefix << "energy=" << *structure.energy;
  if (structure.virial) {
    auto const& [xx, yy, zz, yz, xz, xy] = *structure.virial;
    text << " " << prefix << "virial=\"" << std::array{xx, xy, xz, xy, yy, yz, xz, yz, zz} << "\"";
  }
}

void appendFeatures(FrameText& text, Structure const& structure) {
  for (auto const& [name, value] : structure.features) {
    std::string key = name;
    std::replace_if(
        key.begin(), key.end(),
        [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '=' || c == '"' || c == '\''; }, '_');
    if (key.empty() || detail::hasMeaning(key)) continue;
    text << " " << key << "=";
    appendValue(text, value);
  }
}

void appendComment(FrameText& text, Structure const& structure, std::span<StructureWriter::AtomColumn const> columns,
                   Structure const* reference) {
  auto const& [a, b, c] = structure.cell;
  std::array const lattice{a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]};
  if (std::any_of(lattice.begin(), lattice.end(), [](double x) { return x != 0; }))
    text << "Lattice=\"" << lattice << "\" ";
  text << "Properties=species:S:1:pos:R:3";
  if (!structure.forces.empty()) text << ":forces:R:3";
  if (reference != nullptr && !reference->forces.empty()) text << ":ref_forces:R:3";
  for (auto const& column : columns) text << ":" << column.name << ":R:" << column.width;
  appendLabels(text, structure, "");
  if (reference != nullptr) appendLabels(text, *reference, "ref_");
  appendFeatures(text, structure);
  if (!structure.config_type.empty()) {
    text << " config_type=";
    appendValue(text, structure.config_type);
  }
  auto const yes = [](bool value) { return value ? "T" : "F"; };
  auto const& [along_a, along_b, along_c] = structure.periodic;
  text << " pbc=\"" << yes(along_a) << " " << yes(along_b) << " " << yes(along_c) << "\"\n";
}

}  // namespace

ExtxyzWriter::ExtxyzWriter(std::string const& file) : StructureWriter("ExtxyzWriter"), _text(file) {}

void ExtxyzWriter::checkColumns(std::span<AtomColumn const> columns) const {
  constexpr std::array<std::string_view, 4> used = {"species", "pos", "forces", "ref_forces"};
  for (auto const& [name, values, width] : columns)
    if (name.empty() || name.find_first_of(" \t\r\n:=\"") != std::string_view::npos ||
        std::find(used.begin(), used.end(), name) != used.end())
      fail("found a column named '" + std::string(name) + "', expected a free name without blanks : = and quotes");
}

void ExtxyzWriter::writeFrame(Structure const& structure, std::span<AtomColumn const> columns,
                              Structure const* reference) {
  checkColumns(columns);
  _text << structure.size() << "\n";
  appendComment(_text, structure, columns, reference);
  for (std::size_t i = 0; i < structure.size(); ++i) {
    _text << chemicalSymbol(structure.species[i]) << " " << structure.positions[i];
    if (!structure.forces.empty()) _text << " " << structure.forces[i];
    if (reference != nullptr && !reference->forces.empty()) _text << " " << reference->forces[i];
    for (auto const& column : columns) _text << " " << column.values.subspan(i * column.width, column.width);
    _text << "\n";
  }
}

void ExtxyzWriter::close() { _text.close(); }

}  // namespace sinter
