/// \file
/// What the tests of the LAMMPS plugin share: ways to set up LAMMPS, pieces of input, potentials.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pair_kokkos/lammps_run.hpp"
#include "sinter/core/evaluation.hpp"
#include "sinter/mtp/mtp_evaluator.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "test_systems.hpp"

namespace sinter::test {

/// LAMMPS's bar per eV/A^3 in units metal (force->nktv2p).
inline constexpr double bar = 1.6021765e6;

/// Places of LAMMPS's xx yy zz xy xz yz in the library's order.
inline constexpr int lammps_order[6] = {0, 1, 2, 5, 4, 3};

/// The indirectly learned level-16 potential of the paper; not everywhere there.
std::filesystem::path paperPotential();

[[nodiscard]] Evaluation evaluate(MtpModel const& model, Structure const& structure,
                                  Precision precision = Precision::full);

/// All ways to set up LAMMPS that are valid: with `neigh full` LAMMPS itself wants newton off.
std::vector<LammpsSetup> allSetups(std::vector<int> const& rank_counts = {1, 2});

/// One of each kind, for tests of things that do not depend on numbers of ranks and threads.
inline std::vector<LammpsSetup> const few_setups = {{false, 1, 1, true, "half"}, {true, 2, 1, false, "full"}};

/// Sets up a box of a data file with a potential, LAMMPS's types named `names`.
std::string setUp(std::string const& potential, std::string const& names, std::string const& boundary = "p p p",
                  std::string const& data = "data");

/// Prints lines "energy", "virial" (bar, as LAMMPS orders it) and "volume", and writes forces.
std::string staticPoint(std::string const& dump = "forces.dump");

/// Compares static point number `point` of a run with what the library says.
void expectEqual(LammpsRun const& run, std::string const& dump, Structure const& structure, Evaluation const& expected,
                 std::size_t point = 0);

using reference::solidModel;

/// Writes the structure as data file "data" (one type) and the potential as "test.mtp".
void writeSystem(TemporaryFolder const& folder, MtpModel const& model, Structure const& structure);

/// LAMMPS types 1, 2, ... of the species, in the order of `species`.
std::vector<int> typesIn(std::vector<int> const& species, Structure const& structure);

/// Starts dynamics at 300 K; an ideal crystal is given the kinetic energy that its vibrations will share out.
inline std::string const start_dynamics = R"(
timestep 0.001
velocity all create 600 8613 mom yes rot no dist gaussian loop geom
fix move all nve
)";

}  // namespace sinter::test
