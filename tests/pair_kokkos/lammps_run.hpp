/// \file
/// LAMMPS with the plugin as a child process: data file in; exit code, output and dumps out.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "core/temporary_folder.hpp"
#include "sinter/core/structure.hpp"

namespace sinter::test {

/// How LAMMPS runs: ranks, threads, plain or KOKKOS styles, Newton's third law.
struct LammpsSetup {
  bool kokkos = false;
  int threads = 1, ranks = 1;
  bool newton = true;
  std::string neigh = "half";      ///< of `package kokkos`
  std::string plugin_folder = {};  ///< another one than this build's

  /// "kk_newton_off_neigh_full_2ranks_1thread".
  [[nodiscard]] std::string name() const;

  /// What an input begins with, and what must follow `clear`.
  [[nodiscard]] std::string begin() const;
};

inline void PrintTo(LammpsSetup const& setup, std::ostream* stream) { *stream << setup.name(); }  // for GoogleTest

/// The numbers of a text of numbers; fails the test where it has something else.
[[nodiscard]] std::vector<double> numbersIn(std::string const& text);

/// What LAMMPS left.
struct LammpsRun {
  int exit_code = -1;
  std::string output;  ///< standard output and standard error

  /// The numbers of all lines "key number number ...", line by line; fails the test when there is none.
  [[nodiscard]] std::vector<std::vector<double>> lines(std::string_view key) const;

  /// The numbers of the only such line.
  [[nodiscard]] std::vector<double> line(std::string_view key) const;
};

/// Runs `input`, behind `setup.begin()`, in `folder`; at most two minutes.
[[nodiscard]] LammpsRun runLammps(TemporaryFolder const& folder, std::string const& input, LammpsSetup const& setup);

/// The same for an input that must succeed.
[[nodiscard]] LammpsRun runLammpsWell(TemporaryFolder const& folder, std::string const& input,
                                      LammpsSetup const& setup);

/// A LAMMPS data file of `structure`, 17 significant digits, masses 28.0855. The cell must be lower triangular with a
/// positive diagonal; it starts at the origin. \param types LAMMPS types 1, 2, ... \return the path
std::string writeLammpsData(TemporaryFolder const& folder, std::string_view name, Structure const& structure,
                            std::vector<int> const& types, int type_count);

/// The frames of a text dump: a row per atom, sorted by the first column.
[[nodiscard]] std::vector<std::vector<std::vector<double>>> readDump(std::string const& file);

}  // namespace sinter::test
