#include "sinter/structures/extxyz_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/file_output.hpp"

namespace sinter {

namespace {

// 17 significant digits: reading gives the same bits back.
void append(std::string& text, double value) {
  std::array<char, 32> digits;
  auto const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::general, 17).ptr;
  text.append(digits.data(), end);
}

void append(std::string& text, std::span<double const> values) {
  for (std::size_t k = 0; k < values.size(); ++k) {
    if (k > 0) text += ' ';
    append(text, values[k]);
  }
}

// Bare where every reader agrees on it, else in quotation marks.
void appendValue(std::string& text, std::string_view value) {
  constexpr std::string_view bare = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.:/";
  if (value.find_first_not_of(bare) == std::string_view::npos) {
    text += value;
    return;
  }
  text += '"';
  for (char const c : value) {
    if (c == '"' || c == '\\') text += '\\';
    if (c == '\n')
      text += "\\n";
    else
      text += c;
  }
  text += '"';
}

void appendLabels(std::string& text, Structure const& structure, std::string_view prefix) {
  if (structure.energy) {
    text.append(" ").append(prefix).append("energy=");
    append(text, *structure.energy);
  }
  if (structure.virial) {
    auto const& [xx, yy, zz, yz, xz, xy] = *structure.virial;
    text.append(" ").append(prefix).append("virial=\"");
    append(text, std::array{xx, xy, xz, xy, yy, yz, xz, yz, zz});
    text += '"';
  }
}

[[noreturn]] void fail(std::string const& message) { throw InputError("ExtxyzWriter::write: " + message); }

void requireSize(std::string const& what, std::size_t found, std::size_t expected) {
  if (found != expected)
    fail("found " + std::to_string(found) + " " + what + " for " + std::to_string(expected) +
         " atoms, expected one per atom");
}

void check(Structure const& structure, std::span<ExtxyzWriter::AtomColumn const> columns, Structure const* reference) {
  constexpr std::array<std::string_view, 4> used = {"species", "pos", "forces", "ref_forces"};
  std::size_t const size = structure.size();
  if (size == 0) fail("found a structure without atoms, expected at least one");
  requireSize("species", structure.species.size(), size);
  if (!structure.forces.empty()) requireSize("forces", structure.forces.size(), size);
  if (reference != nullptr && !reference->forces.empty())
    requireSize("reference forces", reference->forces.size(), size);
  for (std::int32_t const species : structure.species)
    if (species == 0 || species > 118)
      fail("found species " + std::to_string(species) + ", expected an atomic number from 1 to 118 or a type below 0");
  for (auto const& [name, values] : columns) {
    if (name.empty() || name.find_first_of(" \t\r\n:=\"") != std::string_view::npos ||
        std::find(used.begin(), used.end(), name) != used.end())
      fail("found a column named '" + std::string(name) + "', expected a free name without blanks : = and quotes");
    requireSize("numbers in column " + std::string(name), values.size(), size);
  }
}

void appendComment(std::string& text, Structure const& structure, std::span<ExtxyzWriter::AtomColumn const> columns,
                   Structure const* reference) {
  auto const& [a, b, c] = structure.cell;
  std::array const lattice{a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]};
  if (std::any_of(lattice.begin(), lattice.end(), [](double x) { return x != 0; })) {
    text += "Lattice=\"";
    append(text, lattice);
    text += "\" ";
  }
  text += "Properties=species:S:1:pos:R:3";
  if (!structure.forces.empty()) text += ":forces:R:3";
  if (reference != nullptr && !reference->forces.empty()) text += ":ref_forces:R:3";
  for (auto const& column : columns) text.append(":").append(column.name).append(":R:1");
  appendLabels(text, structure, "");
  if (reference != nullptr) appendLabels(text, *reference, "ref_");
  if (!structure.config_type.empty()) {
    text += " config_type=";
    appendValue(text, structure.config_type);
  }
  auto const yes = [](bool value) { return value ? "T" : "F"; };
  auto const& [along_a, along_b, along_c] = structure.periodic;
  text.append(" pbc=\"").append(yes(along_a)).append(" ").append(yes(along_b)).append(" ").append(yes(along_c));
  text += "\"\n";
}

}  // namespace

struct ExtxyzWriter::Implementation {
  FileOutput output;
  std::string text;  // of one frame
};

ExtxyzWriter::ExtxyzWriter(std::string const& file)
    : _implementation(new Implementation{.output = FileOutput(file), .text = {}}) {}
ExtxyzWriter::~ExtxyzWriter() = default;
ExtxyzWriter::ExtxyzWriter(ExtxyzWriter&&) noexcept = default;
ExtxyzWriter& ExtxyzWriter::operator=(ExtxyzWriter&&) noexcept = default;

void ExtxyzWriter::write(Structure const& structure, std::span<AtomColumn const> columns, Structure const* reference) {
  check(structure, columns, reference);
  std::string& text = _implementation->text;
  text = std::to_string(structure.size()) + "\n";
  appendComment(text, structure, columns, reference);
  for (std::size_t i = 0; i < structure.size(); ++i) {
    text += chemicalSymbol(structure.species[i]);
    text += ' ';
    append(text, structure.positions[i]);
    auto const appendForce = [&](std::vector<Vector3> const& forces) {
      if (forces.empty()) return;
      text += ' ';
      append(text, forces[i]);
    };
    appendForce(structure.forces);
    if (reference != nullptr) appendForce(reference->forces);
    for (auto const& column : columns) {
      text += ' ';
      append(text, column.values[i]);
    }
    text += '\n';
  }
  _implementation->output.write(text);
}

void ExtxyzWriter::close() { _implementation->output.close(); }

}  // namespace sinter
