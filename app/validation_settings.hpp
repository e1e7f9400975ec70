/// \file
/// What `sinter validate` is asked for: its TOML file (docs/validate.md).
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "sinter/simulation/point_defects.hpp"
#include "sinter/simulation/surfaces.hpp"
#include "sinter/structures/reader.hpp"
#include "trajectory_analysis.hpp"

namespace sinter::app {

/// A file, and what the report calls it.
struct NamedFile {
  std::string name, file;
};

/// Where a number of the report has to lie.
struct PassBand {
  std::string name;
  std::string value;   ///< JSON pointer into report.json; * stands for every member
  std::string source;  ///< where the limits come from
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
};

/// Properties of crystals of one element at rest; lists that are empty are not computed.
struct StaticSettings {
  std::int32_t element = 0;           ///< atomic number
  double diamond_volume = 20;         ///< per atom of the diamond structure, where relaxations start (A^3)
  std::vector<std::string> crystals;  ///< equations of state
  std::vector<double> volumes;        ///< of them, relative to the relaxed one
  std::vector<std::string> elastic;   ///< crystals
  std::vector<double> pressures;      ///< of enthalpies of `crystals` (GPa), ascending
  std::vector<PointDefect> defects;   ///< of the diamond structure
  int supercell = 3;                  ///< cubic cells along each direction around a defect
  std::vector<DiamondSurface> surfaces;
  int planes = 12;                   ///< of slabs
  std::vector<std::string> phonons;  ///< points of the zone of the diamond structure: G, X, L
};

/// Sections that are not asked for are empty.
struct ValidationSettings {
  std::vector<NamedFile> potentials;
  std::string species;                ///< of the types of potentials and sets that do not name them
  std::vector<NamedFile> references;  ///< values known from elsewhere, as JSON: what a potential has in `static`

  std::vector<NamedFile> sets;  ///< structures with labels
  LabelKeys keys;
  std::string costs;  ///< of perf/paper_timing

  std::optional<StaticSettings> statics;

  std::vector<NamedFile> trajectories;
  AnalysisOptions analysis;   ///< of each of them
  std::string analysis_text;  ///< the same as TOML, without the files

  std::vector<NamedFile> mapped;  ///< structures of the map
  std::string mapped_frames = ":", map_kind = "kpca", preset = "paper-2022";

  std::vector<PassBand> bands;
  std::string output_dir = "validation";
};

/// Reads `file` and applies overrides "a.b=value".
/// \throws InputError with file and line for unknown keys, wrong types, values out of range, and where nothing is asked
/// for.
[[nodiscard]] ValidationSettings readValidationSettings(std::string const& file,
                                                        std::vector<std::string> const& overrides);

}  // namespace sinter::app
