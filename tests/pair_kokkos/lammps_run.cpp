#include "pair_kokkos/lammps_run.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace sinter::test {

namespace {

std::string quoted(std::string const& text) { return "'" + text + "'"; }  // paths of tests have no quotes

}  // namespace

std::vector<double> numbersIn(std::string const& text) {
  std::vector<double> numbers;
  std::istringstream stream(text);
  for (std::string word; stream >> word;) {
    char* end = nullptr;
    numbers.push_back(std::strtod(word.c_str(), &end));
    EXPECT_EQ(*end, '\0') << "not a number: " << word;
  }
  return numbers;
}

std::string LammpsSetup::name() const {
  return std::string(kokkos ? "kk" : "plain") + (newton ? "_newton_on" : "_newton_off") +
         (kokkos ? "_neigh_" + neigh : "") + "_" + std::to_string(ranks) + (ranks == 1 ? "rank_" : "ranks_") +
         std::to_string(threads) + (threads == 1 ? "thread" : "threads");
}

// For KOKKOS styles newton is an option of the package, which LAMMPS repeats after `clear`.
std::string LammpsSetup::begin() const {
  return "units metal\n" + std::string(kokkos ? "" : newton ? "newton on\n" : "newton off\n");
}

std::vector<std::vector<double>> LammpsRun::lines(std::string_view key) const {
  std::vector<std::vector<double>> found;
  std::istringstream stream(output);
  for (std::string text; std::getline(stream, text);)
    if (text.size() > key.size() && text.starts_with(key) && text[key.size()] == ' ')
      found.push_back(numbersIn(text.substr(key.size())));
  EXPECT_FALSE(found.empty()) << "no line \"" << key << " ...\" in\n" << output;
  return found;
}

std::vector<double> LammpsRun::line(std::string_view key) const {
  auto const found = lines(key);
  EXPECT_EQ(found.size(), 1U) << key;
  return found.empty() ? std::vector<double>{} : found.front();
}

LammpsRun runLammps(TemporaryFolder const& folder, std::string const& input, LammpsSetup const& setup) {
  auto const file = folder.write("in.lammps", setup.begin() + input);
  auto const output = folder / "output";
  auto const libraries = std::filesystem::path(SINTER_LAMMPS_COMMAND).parent_path().parent_path() / "lib";
  // OpenMPI: run as root in a container, and more ranks than cores. OpenMP: threads that wait leave the core to others.
  std::string command = "cd " + quoted(folder / "") + " && LD_LIBRARY_PATH=" + quoted(libraries.string()) +
                        "${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" + " LAMMPS_PLUGIN_PATH=" +
                        quoted(setup.plugin_folder.empty() ? SINTER_PLUGIN_FOLDER : setup.plugin_folder) +
                        " OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"
                        " OMPI_MCA_ess_singleton_isolated=1 OMPI_MCA_rmaps_base_oversubscribe=1 "
                        "OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_hwloc_base_binding_policy=none"
                        " OMP_PROC_BIND=false OMP_WAIT_POLICY=passive OMP_NUM_THREADS=" +
                        std::to_string(setup.threads) + " timeout 120 ";
  if (setup.ranks > 1) command += quoted(SINTER_MPIEXEC) + " -n " + std::to_string(setup.ranks) + " ";
  command += quoted(SINTER_LAMMPS_COMMAND);
  if (setup.kokkos)
    command += " -k on t " + std::to_string(setup.threads) + " -sf kk -pk kokkos newton " +
               (setup.newton ? "on" : "off") + " neigh " + setup.neigh;
  command += " -log none -in " + quoted(file) + " > " + quoted(output) + " 2>&1";

  LammpsRun run;
  int const status = std::system(command.c_str());
  if (WIFEXITED(status)) run.exit_code = WEXITSTATUS(status);
  run.output = contentOf(output);
  return run;
}

LammpsRun runLammpsWell(TemporaryFolder const& folder, std::string const& input, LammpsSetup const& setup) {
  auto run = runLammps(folder, input, setup);
  EXPECT_EQ(run.exit_code, 0) << setup.name() << "\n" << run.output;
  return run;
}

std::string writeLammpsData(TemporaryFolder const& folder, std::string_view name, Structure const& structure,
                            std::vector<int> const& types, int type_count) {
  auto const& cell = structure.cell;
  EXPECT_TRUE(cell[0][1] == 0 && cell[0][2] == 0 && cell[1][2] == 0) << "the cell must be lower triangular";
  std::string text = "made by a test\n\n" + std::to_string(structure.size()) + " atoms\n" + std::to_string(type_count) +
                     " atom types\n\n";
  char line[160];
  char const* const names[3] = {"x", "y", "z"};
  for (int d = 0; d < 3; ++d) {
    std::snprintf(line, sizeof line, "0 %.17g %slo %shi\n", cell[d][d], names[d], names[d]);
    text += line;
  }
  if (cell[1][0] != 0 || cell[2][0] != 0 || cell[2][1] != 0) {
    std::snprintf(line, sizeof line, "%.17g %.17g %.17g xy xz yz\n", cell[1][0], cell[2][0], cell[2][1]);
    text += line;
  }
  text += "\nMasses\n\n";
  for (int t = 1; t <= type_count; ++t) text += std::to_string(t) + " 28.0855\n";
  text += "\nAtoms # atomic\n\n";
  for (std::size_t i = 0; i < structure.size(); ++i) {
    auto const& r = structure.positions[i];
    std::snprintf(line, sizeof line, "%zu %d %.17g %.17g %.17g\n", i + 1, types[i], r[0], r[1], r[2]);
    text += line;
  }
  return folder.write(name, text);
}

std::vector<std::vector<std::vector<double>>> readDump(std::string const& file) {
  std::vector<std::vector<std::vector<double>>> frames;
  std::ifstream stream(file);
  EXPECT_TRUE(stream.good()) << file;
  bool atoms = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("ITEM:")) {
      atoms = line.starts_with("ITEM: ATOMS");
      if (atoms) frames.emplace_back();
    } else if (atoms) {
      frames.back().push_back(numbersIn(line));
    }
  }
  for (auto& frame : frames)
    std::sort(frame.begin(), frame.end(), [](auto const& a, auto const& b) { return a.front() < b.front(); });
  return frames;
}

}  // namespace sinter::test
