/// \file
/// `sinter info`: this build, or what is in a file.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "kokkos_session.hpp"
#include "potential_file.hpp"
#include "sha256.hpp"
#include "sinter/core/chemical_elements.hpp"
#include "sinter/core/version.hpp"
#include "sinter/mtp/mtp_active_set.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/structures/database_reader.hpp"
#include "sinter/structures/reader.hpp"

namespace sinter::app {

namespace {

void printField(std::string_view name, std::string_view value) { fmt::print("{:<22} {}\n", name, value); }

std::string environment(char const* name) {
  char const* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Folders of a list like PATH that hold `file`.
std::vector<std::string> foldersWith(std::string const& file, std::string_view list) {
  std::vector<std::string> folders;
  while (!list.empty()) {
    std::string const folder(list.substr(0, list.find(':')));
    list.remove_prefix(std::min(list.size(), folder.size() + 1));
    std::error_code ignored;
    if (!folder.empty() && std::filesystem::is_regular_file(std::filesystem::path(folder) / file, ignored))
      folders.push_back(folder);
  }
  return folders;
}

std::string compiler() {
#if defined(__clang__)
  return "clang++ " __clang_version__;
#elif defined(__GNUC__)
  return "g++ " __VERSION__;
#else
  return "unknown";
#endif
}

void printBackends() {
  if (!deviceAvailable()) {
    printField("backends",
               fmt::format("{} (no GPU on this machine: nothing can run)", fmt::join(backendNames(), ", ")));
    return;
  }
  KokkosSession const session;
  using Host = Kokkos::DefaultHostExecutionSpace;
  printField("backends", fmt::format("{} (default {})", fmt::join(backendNames(), ", "),
                                     backendName<Kokkos::DefaultExecutionSpace>()));
  printField("threads", fmt::format("{} ({})", Host().concurrency(), backendName<Host>()));
  auto const devices = deviceNames();
  printField("devices", devices.empty() ? "none" : fmt::format("{}", fmt::join(devices, ", ")));
}

void printLammps() {
  printField("LAMMPS", SINTER_LAMMPS_VERSION);
  auto const programs = foldersWith("lmp", environment("PATH"));
  printField("LAMMPS program", programs.empty() ? "not in PATH" : programs.front() + "/lmp");
  constexpr std::string_view plugin = "sinterplugin.so";
  std::string const list = environment("LAMMPS_PLUGIN_PATH");
  auto const folders = foldersWith(std::string(plugin), list);
  printField("LAMMPS plugin", list.empty()      ? "LAMMPS_PLUGIN_PATH is not set"
                              : folders.empty() ? fmt::format("no {} in LAMMPS_PLUGIN_PATH ({})", plugin, list)
                                                : fmt::format("{}/{}", folders.front(), plugin));
}

void printBuild() {
  printField("sinter", version());
  printField("commit", gitCommit());
  printField("compiler", compiler());
  printField("Kokkos",
             fmt::format("{}.{}.{}", KOKKOS_VERSION / 10000, KOKKOS_VERSION / 100 % 100, KOKKOS_VERSION % 100));
  printBackends();
  using Host = Kokkos::DefaultHostExecutionSpace;
  std::size_t const doubles = Pack<Host, double>::size(), floats = Pack<Host, float>::size();
  printField("vector length", fmt::format("{} double, {} float", doubles, floats));
  printField("BLAS and LAPACK", SINTER_LAPACK);
  printLammps();
}

void printPotential(std::string const& file) {
  MtpModel const model = readPotential(file);
  MtpProgramSizes const sizes = mtpProgramSizes(model);
  std::vector<std::string> symbols;
  for (auto const z : model.species) symbols.push_back(chemicalSymbol(z));
  printField("potential", file);
  printField("sha256", sha256OfFile(file));
  printField("kind", "moment tensor potential");
  printField("name", model.potential_name);
  printField("species", symbols.empty() ? fmt::format("{} (not named)", model.species_count)
                                        : fmt::format("{}", fmt::join(symbols, ", ")));
  printField("trained", model.trained() ? "yes" : "no (no coefficients: a template)");
  printField("cutoff", fmt::format("{} A", model.max_dist));
  printField("minimum distance", fmt::format("{} A", model.min_dist));
  auto const& form = formOf(model.radial_basis_type);
  printField("radial basis", fmt::format("{}, {} functions{}", form.name, model.radial_basis_size,
                                         form.repulsive ? ", and a pair repulsion below the minimum distance" : ""));
  if (form.envelope == RadialEnvelope::none) printField("", "no cutoff factor: the energy jumps at the cutoff");
  printField("radial functions", std::to_string(model.radial_funcs_count));
  printField("basis functions", std::to_string(model.alpha_moment_mapping.size()));
  printField("moments", fmt::format("{}, rank up to {}", sizes.moments, sizes.max_rank));
  printField("products", std::to_string(sizes.products));
  printField("basic moments",
             fmt::format("{}, of which {} are accumulated after trace folding", sizes.basics, sizes.accumulated));
  if (auto const set = readMtpActiveSet(file, model))
    printField("active set",
               set->size == 0
                   ? fmt::format("of unknown version {}, {} bytes (not used)", set->version, set->bytes)
                   : fmt::format("{} environments or equations, {} bytes (not used)", set->size, set->bytes));
}

/// The product program of the energy: what it costs per atom, before and after, and its rows stage by stage.
void printProgram(std::string const& file) {
  MtpModel const model = readPotential(file);
  MtpProgramSizes const sizes = mtpProgramSizes(model);
  MtpProgram const program =
      makeMtpProgram(model, model.trained() ? MtpProgramUse::energy : MtpProgramUse::basis_functions);
  printField("program of", file);
  printField("products", fmt::format("{} in the file: {} of scalars, now a quadratic form with {} terms; {} in rows",
                                     sizes.products, sizes.leaf_products, program.quadratic.terms.size(),
                                     program.forward.products.terms.size()));
  printField("scaled copies", std::to_string(sizes.scaled_copies));
  printField("moments", fmt::format("{} in the file, {} kept ({} accumulated)", sizes.moments, program.moments,
                                    program.accumulated.size()));
  // A multiply-add counts as two.
  printField("flops per atom", fmt::format("{} as in the file, {} now (products, forward and reverse)",
                                           2 * sizes.operations_before, 2 * sizes.operations));
  auto const print = [](std::string_view name, Sweep const& sweep) {
    fmt::print("\n{:<10}{:>8}{:>16}{:>16}\n", name, "stage", "linear terms", "products");
    auto const terms = [](auto const& rows, std::size_t stage) {
      std::int64_t count = 0;
      for (auto r = static_cast<std::size_t>(rows.stage_begin[stage]);
           r < static_cast<std::size_t>(rows.stage_begin[stage + 1]); ++r)
        count += rows.rows[r].end - rows.rows[r].begin;
      return fmt::format("{} in {}", count, rows.stage_begin[stage + 1] - rows.stage_begin[stage]);
    };
    for (std::size_t stage = 0; stage + 1 < sweep.linear.stage_begin.size(); ++stage)
      fmt::print("{:<10}{:>8}{:>16}{:>16}\n", "", stage, terms(sweep.linear, stage), terms(sweep.products, stage));
  };
  print("forward", program.forward);
  print("reverse", program.reverse);
  fmt::print("\nTerms in rows; rows of one stage are independent of each other.\n");
}

/// What a structure file holds; grows with the number of species, config types, sources and trajectories only.
struct Contents {
  std::size_t frames = 0, atoms = 0, smallest = std::numeric_limits<std::size_t>::max(), largest = 0;
  std::size_t periodic = 0, energies = 0, forces = 0, virials = 0;
  std::map<std::int32_t, std::size_t> species;      // atoms
  std::map<std::string, std::size_t> config_types;  // frames
  // Of databases, in frames:
  std::map<std::string, std::size_t> sources, trajectories;
  std::size_t weights = 0;
  struct Labels {
    std::size_t energies = 0, forces = 0, virials = 0;
  };
  std::map<std::string, Labels> labels;  // further ones

  void add(Structure const& structure) {
    ++frames;
    atoms += structure.size();
    smallest = std::min(smallest, structure.size());
    largest = std::max(largest, structure.size());
    if (volume(structure)) ++periodic;
    if (structure.energy) ++energies;
    if (!structure.forces.empty()) ++forces;
    if (structure.virial) ++virials;
    for (auto const s : structure.species) ++species[s];
    ++config_types[structure.config_type];
  }

  void add(FrameRecord const& record) {
    ++sources[record.source];
    ++trajectories[record.trajectory];
    if (record.weight) ++weights;
    for (auto const& [name, set] : record.labels) {
      if (set.energy) ++labels[name].energies;
      if (!set.forces.empty()) ++labels[name].forces;
      if (set.virial) ++labels[name].virials;
    }
  }
};

void printCounts(std::string_view heading, std::map<std::string, std::size_t> const& frames_by_name) {
  for (auto const& [name, count] : frames_by_name) {
    printField(heading, fmt::format("{} {} frames", name.empty() ? "(none)" : name, count));
    heading = "";
  }
}

void printOrigin(DatabaseOrigin const& origin) {
  printField("teacher", origin.teacher.empty() ? "not named" : origin.teacher);
  if (!origin.teacher_sha256.empty()) printField("teacher's sha256", origin.teacher_sha256);
  std::string_view heading = "made by";
  for (auto const& command : origin.commands) {
    printField(heading, command);
    heading = "";
  }
}

void printStructures(std::string const& file) {
  Contents contents;
  bool const database = isDatabaseName(file);
  auto const reader = openStructureFile(file);
  while (auto const structure = reader->next()) {
    contents.add(*structure);
    if (database) contents.add(reader->record().value());
  }
  printField(database ? "database" : "structures", file);
  if (database) printOrigin(DatabaseReader(file).origin());
  printField("frames", std::to_string(contents.frames));
  if (contents.frames == 0) return;
  printField("atoms", fmt::format("{} ({} to {} per frame)", contents.atoms, contents.smallest, contents.largest));
  std::vector<std::string> species;
  for (auto const& [z, count] : contents.species) species.push_back(fmt::format("{} {}", chemicalSymbol(z), count));
  printField("species", fmt::format("{}", fmt::join(species, ", ")));
  printField("fully periodic", fmt::format("{} frames", contents.periodic));
  printField("labels", fmt::format("energy {}, forces {}, virial {} frames", contents.energies, contents.forces,
                                   contents.virials));
  for (auto const& [name, labels] : contents.labels)
    printField("labels " + name,
               fmt::format("energy {}, forces {}, virial {} frames", labels.energies, labels.forces, labels.virials));
  printCounts("config types", contents.config_types);
  if (!database) return;
  if (contents.weights > 0) printField("weights", fmt::format("{} frames", contents.weights));
  printCounts("sources", contents.sources);
  printField("trajectories", std::to_string(contents.trajectories.size()));
}

}  // namespace

void addInfoCommand(CLI::App& app) {
  auto const file = std::make_shared<std::string>();
  auto const program = std::make_shared<bool>(false);
  CLI::App* const command = app.add_subcommand("info", "This build of sinter, or what is in a file");
  command->add_option(
      "FILE", *file,
      "Potential (.mtp, .almtp) or structures (extended XYZ, .cfg, LAMMPS data or dump; also .xz, .gz) or a "
      "database of them (.h5)");
  command->add_flag("--program", *program, "How the products of the potential FILE are evaluated, and what they cost")
      ->needs("FILE");
  command->callback([file, program, command] {
    if (command->count("FILE") == 0) {
      printBuild();
    } else if (*program) {
      printProgram(*file);
    } else if (isPotential(*file)) {
      printPotential(*file);
    } else {
      printStructures(*file);
    }
  });
}

}  // namespace sinter::app
