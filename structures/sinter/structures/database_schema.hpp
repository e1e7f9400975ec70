/// \file
/// What a database of structures holds (docs/database.md): its columns, in one place for reader and writer.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "sinter/structures/hdf5_file.hpp"

namespace sinter::detail {

inline constexpr std::int64_t database_version = 1;
inline constexpr char const* database_units = "Angstrom, eV, eV/Angstrom";
inline constexpr char const* database_sign =
    "virial = -sum r_ij (x) dE/dr_ij in eV, xx yy zz yz xz xy, positive under compression (ASE: stress = -virial / "
    "volume); forces = -dE/dr; missing labels are NaN";

inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::int64_t no_step = -1;

/// What the rows of a column are.
enum class Rows { frames, frame_ends, atoms, feature_bytes, feature_ends };

inline RowShape shapeOf(Rows rows, std::vector<hsize_t> dimensions = {}) {
  constexpr hsize_t frames_per_chunk = 1024, atoms_per_chunk = 16384;
  bool const many = rows == Rows::atoms || rows == Rows::feature_bytes;
  return {std::move(dimensions), many ? atoms_per_chunk : frames_per_chunk};
}

/// Columns of labels: those in /frames and /atoms, or those in a group of further ones. An `Opener` opens columns:
/// `column<T>(path, rows, dimensions of a row, value of rows that have none)`.
template <template <class> class Column>
struct LabelColumns {
  Column<double> energy, virial, force;

  template <class Opener>
  explicit LabelColumns(Opener& open, std::string const& frames = "/frames", std::string const& atoms = "/atoms")
      : energy(open.template column<double>(frames + "/energy", Rows::frames, {}, &missing)),
        virial(open.template column<double>(frames + "/virial", Rows::frames, {6}, &missing)),
        force(open.template column<double>(atoms + "/force", Rows::atoms, {3}, &missing)) {}

  template <class Use>
  void forEach(Use const& use) {
    use(energy), use(virial), use(force);
  }
};

/// Columns of Structure::features: of each frame "name\0value\0name\0value\0...".
template <template <class> class Column>
struct FeatureColumns {
  Column<std::int64_t> offset;
  Column<std::uint8_t> text;

  template <class Opener>
  explicit FeatureColumns(Opener& open)
      : offset(open.template column<std::int64_t>("/features/offset", Rows::feature_ends)),
        text(open.template column<std::uint8_t>("/features/text", Rows::feature_bytes)) {}

  template <class Use>
  void forEach(Use const& use) {
    use(offset), use(text);
  }
};

/// Columns that every database has.
template <template <class> class Column>
struct DatabaseColumns {
  Column<std::int64_t> offset;  // first: it says how many rows the others have
  Column<double> cell;
  Column<std::int32_t> periodic;
  Column<double> weight;
  Column<std::string> config_type, source, trajectory;
  Column<std::int64_t> step;
  Column<std::int32_t> species;
  Column<double> position;
  LabelColumns<Column> labels;

  template <class Opener>
  explicit DatabaseColumns(Opener& open)
      : offset(open.template column<std::int64_t>("/frames/offset", Rows::frame_ends)),
        cell(open.template column<double>("/frames/cell", Rows::frames, {3, 3})),
        periodic(open.template column<std::int32_t>("/frames/pbc", Rows::frames, {3})),
        weight(open.template column<double>("/frames/weight", Rows::frames, {}, &missing)),
        config_type(open.template column<std::string>("/frames/config_type", Rows::frames)),
        source(open.template column<std::string>("/frames/source", Rows::frames)),
        trajectory(open.template column<std::string>("/frames/trajectory", Rows::frames)),
        step(open.template column<std::int64_t>("/frames/step", Rows::frames, {}, &no_step)),
        species(open.template column<std::int32_t>("/atoms/Z", Rows::atoms)),
        position(open.template column<double>("/atoms/position", Rows::atoms, {3})),
        labels(open) {}

  template <class Use>
  void forEach(Use const& use) {
    use(offset), use(cell), use(periodic), use(weight), use(config_type), use(source), use(trajectory), use(step);
    use(species), use(position);
    labels.forEach(use);
  }
};

/// The columns of the further labels `name`.
template <template <class> class Column, class Opener>
LabelColumns<Column> openLabelSet(Opener& open, std::string const& name) {
  return LabelColumns<Column>(open, "/labels/" + name, "/labels/" + name);
}

}  // namespace sinter::detail
