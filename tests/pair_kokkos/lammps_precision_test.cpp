// Mixed precision against double on what simulations see: a crystal, hot liquids, compressed ones. Prints the table of
// docs/lammps.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "pair_kokkos/lammps_systems.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

// Stated in docs/lammps.md: a float has 24 bits, and some hundred operations lie between positions and results, so
// errors are 1e-6 of the scale of what a pair contributes (some eV, some eV/A).
struct Bounds {
  double energy, force, virial;  // eV/atom, eV/A (component), eV/atom (component)
};

struct Frame {
  std::string name;
  double temperature, scale;  // K; of lengths before the run
  int steps;
};
std::vector<Frame> const frames = {{"crystal, 300 K", 600, 1, 200},
                                   {"crystal at 0.85 V, 300 K", 600, 0.947, 200},
                                   {"liquid, 2000 K", 2000, 1, 1000},
                                   {"liquid, 4000 K", 4000, 1, 1000},
                                   {"liquid at 0.75 V, 4000 K", 4000, 0.909, 1000}};

// All frames from one run of LAMMPS in double.
std::vector<Structure> makeFrames(TemporaryFolder const& folder, double spacing) {
  writeLammpsData(folder, "data", reference::diamond(4, spacing, 0.05), std::vector<int>(512, 1), 1);
  std::string input;
  LammpsSetup const setup = {true, 2, 1, true, "half"};
  for (std::size_t f = 0; f < frames.size(); ++f) {
    auto const& frame = frames[f];
    bool const liquid = frame.name.starts_with("liquid");
    std::string const scale = std::to_string(frame.scale), t = std::to_string(frame.temperature),
                      bath = std::to_string(liquid ? frame.temperature : 300), n = std::to_string(f);
    input += (f > 0 ? "clear\n" + setup.begin() : "") + setUp("test.mtp", "Si") + "change_box all x scale " + scale +
             " y scale " + scale + " z scale " + scale + " remap\nvelocity all create " +
             std::to_string(liquid ? 2 * frame.temperature : frame.temperature) + " 4711 loop geom\ntimestep 0.001\n" +
             "fix move all nvt temp " + bath + " " + bath + " 0.05\nrun " + std::to_string(frame.steps) +
             " post no\nprint \"box $(lx:%.17g)\"\nwrite_dump all custom frame" + n +
             " id x y z modify sort id format float %23.17g\n";
  }
  auto const run = runLammpsWell(folder, input, setup);
  std::vector<Structure> structures;
  if (run.exit_code != 0) return structures;
  auto const boxes = run.lines("box");
  for (std::size_t f = 0; f < frames.size(); ++f) {
    Structure structure;
    double const l = boxes.at(f).at(0);
    structure.cell = {{{l, 0, 0}, {0, l, 0}, {0, 0, l}}};
    structure.periodic = {true, true, true};
    auto const atoms = readDump(folder / ("frame" + std::to_string(f))).at(0);
    for (auto const& row : atoms) {
      structure.positions.push_back({row.at(1), row.at(2), row.at(3)});
      structure.species.push_back(14);
    }
    structures.push_back(structure);
  }
  return structures;
}

void checkMixed(MtpModel const& model, double spacing, Bounds const& bounds) {
  TemporaryFolder const folder;
  writeMtp(model, folder / "test.mtp");
  auto const structures = makeFrames(folder, spacing);
  ASSERT_EQ(structures.size(), frames.size());
  std::printf("| frame | rms force | rms force error | largest | energy error per atom | virial error per atom |\n");
  for (std::size_t f = 0; f < structures.size(); ++f) {
    auto const& structure = structures[f];
    auto const exact = evaluate(model, structure), mixed = evaluate(model, structure, Precision::mixed);
    auto const atoms = static_cast<double>(structure.size());
    double squares = 0, error_squares = 0, largest = 0, virial = 0;
    Vector3 resultant{};
    for (std::size_t i = 0; i < structure.size(); ++i)
      for (int x = 0; x < 3; ++x) {
        double const error = mixed.forces[i][x] - exact.forces[i][x];
        squares += exact.forces[i][x] * exact.forces[i][x];
        error_squares += error * error;
        largest = std::fmax(largest, std::abs(error));
        resultant[x] += mixed.forces[i][x];
      }
    for (int v = 0; v < 6; ++v) virial = std::fmax(virial, std::abs(mixed.virial[v] - exact.virial[v]) / atoms);
    double const energy = std::abs(mixed.energy - exact.energy) / atoms;
    std::printf("| %s | %.2f | %.1e | %.1e | %.1e | %.1e |\n", frames[f].name.c_str(), std::sqrt(squares / (3 * atoms)),
                std::sqrt(error_squares / (3 * atoms)), largest, energy, virial);
    SCOPED_TRACE(frames[f].name);
    EXPECT_GT(largest, 1e-10);  // it was not double
    EXPECT_LE(largest, bounds.force);
    EXPECT_LE(energy, bounds.energy);
    EXPECT_LE(virial, bounds.virial);
    for (double const sum : resultant) EXPECT_LE(std::abs(sum), 1e-10);
  }
}

TEST(LammpsPrecisionTest, TestPotential) { checkMixed(solidModel(), 5.43, {2e-6, 6e-5, 2e-5}); }

TEST(LammpsPrecisionTest, PaperPotential) {
  if (!std::filesystem::exists(paperPotential())) GTEST_SKIP() << "no " << paperPotential();
  auto model = readMtp(paperPotential().string());
  model.species = {14};
  checkMixed(model, 5.444, {2e-6, 3e-5, 1e-5});
}

// The pair style gives what the library gives, also in mixed precision.
TEST(LammpsPrecisionTest, PairStyleIsMixedToo) {
  auto const model = reference::testModel(12);
  auto const structure = reference::diamond(3, 5.43, 0.15);
  auto const exact = evaluate(model, structure);
  TemporaryFolder const folder;
  writeSystem(folder, model, structure);
  for (auto const& setup : few_setups) {
    auto const run = runLammpsWell(folder, setUp("test.mtp precision mixed", "Si") + staticPoint(), setup);
    if (run.exit_code != 0) continue;
    auto const frame = readDump(folder / "forces.dump").at(0);
    double worst = 0, scale = 1;
    Vector3 resultant{};
    for (std::size_t i = 0; i < structure.size(); ++i)
      for (int x = 0; x < 3; ++x) {
        scale = std::max(scale, std::abs(exact.forces[i][x]));
        worst = std::fmax(worst, std::abs(frame[i].at(x + 1) - exact.forces[i][x]));
        resultant[x] += frame[i].at(x + 1);
      }
    EXPECT_LE(worst, 2e-5 * scale);
    EXPECT_GT(worst, 1e-10);
    for (double const sum : resultant) EXPECT_LE(std::abs(sum), 1e-10 * scale);
  }
}

}  // namespace
}  // namespace sinter
