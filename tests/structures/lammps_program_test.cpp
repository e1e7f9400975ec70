// Files that LAMMPS itself writes are read, and LAMMPS reads the data files that Sinter writes.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "sinter/structures/reader.hpp"
#include "sinter/structures/writer.hpp"
#include "structure_test_support.hpp"

namespace sinter {
namespace {

namespace fs = std::filesystem;
using test::contentOf;
using test::TemporaryFolder;

#ifndef SINTER_LAMMPS_COMMAND
#define SINTER_LAMMPS_COMMAND ""
#endif

/// Runs LAMMPS in a folder of its own; skipped, visibly, where this build found no LAMMPS.
class LammpsProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(SINTER_LAMMPS_COMMAND)) GTEST_SKIP() << "no LAMMPS program (lmp) was found when this was built";
    fs::path const prefix = fs::path(SINTER_LAMMPS_COMMAND).parent_path().parent_path();
    library_path = prefix / "lib";
    potential = prefix / "src" / "lammps" / "potentials" / "Si.sw";
    if (!fs::exists(potential)) GTEST_SKIP() << "no potential " << potential;
  }

  /// Numbers that the script prints as "RESULT x y ...".
  std::vector<double> run(std::string const& script) const {
    std::string const input = folder.write("in.lammps", script);
    std::string const command =
        "cd '" + fs::path(input).parent_path().string() + "' && LD_LIBRARY_PATH='" + library_path.string() +
        "' OMP_NUM_THREADS=1 timeout 120 '" SINTER_LAMMPS_COMMAND "' -in in.lammps -nocite -log none > out 2>&1";
    int const status = std::system(command.c_str());
    std::string const out = contentOf(folder / "out");
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << out;
    std::vector<double> numbers;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("RESULT")) {
        std::istringstream words(line.substr(6));
        for (double x; words >> x;) numbers.push_back(x);
      }
    return numbers;
  }

  /// Every type is silicon.
  std::string pairStyle(std::int32_t types) const {
    std::string elements;
    for (std::int32_t t = 0; t < types; ++t) elements += " Si";
    return "mass * 28.0855\npair_style sw\npair_coeff * * " + potential.string() + elements + "\n";
  }

  /// LAMMPS's energy and |forces|^2 of a data file that Sinter wrote for `s`.
  std::vector<double> energyOf(Structure const& s) const {
    auto const writer = openStructureWriter(folder / "sinter.data");
    writer->write(s);
    writer->close();
    auto const types = -*std::min_element(s.species.begin(), s.species.end());  // unnamed, or silicon alone
    std::string boundary;
    for (bool const p : s.periodic) boundary += p ? " p" : " f";
    return run("units metal\natom_style atomic\nboundary" + boundary + "\nread_data sinter.data\n" +
               pairStyle(std::max(types, 1)) +
               "neigh_modify one 10000 page 1000000\ncompute f all reduce sumsq fx fy fz\nthermo_style custom step pe "
               "c_f[1] c_f[2] c_f[3]\nrun 0\nprint \"RESULT $(pe:%.17g) "
               "$(c_f[1]+c_f[2]+c_f[3]:%.17g) $(atoms)\"\n");
  }

  TemporaryFolder folder;
  fs::path library_path, potential;
};

// Rounding of coordinates, by scaling or by text of 17 digits, in a box of this size.
constexpr double same_place = 1e-13;
// Coordinates xsu: LAMMPS adds and takes away 512 (IMGMAX) on the way, 512 epsilon times 11 A and three terms.
constexpr double through_images = 4e-12;

void expectNear(Structure const& a, Structure const& b, double tolerance = same_place) {
  ASSERT_EQ(a.size(), b.size());
  EXPECT_EQ(a.periodic, b.periodic);
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t x = 0; x < 3; ++x) EXPECT_NEAR(a.cell[d][x], b.cell[d][x], tolerance);
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t x = 0; x < 3; ++x) ASSERT_NEAR(a.positions[i][x], b.positions[i][x], tolerance) << i;
}

/// `s` with its atoms moved by lattice vectors (of a lower triangular cell) to where `goal` has them.
Structure wrapped(Structure s, Structure const& goal) {
  for (std::size_t i = 0; i < s.size(); ++i)
    for (std::size_t d = 3; d-- > 0;) {
      Vector3 const& edge = s.cell[d];
      double const n = std::round((goal.positions.at(i)[d] - s.positions[i][d]) / edge[d]);
      for (std::size_t x = 0; x < 3; ++x) s.positions[i][x] += n * edge[x];
    }
  return s;
}

Structure rotated(Structure s) {
  double const c = std::cos(0.7), n = std::sin(0.7);
  auto const turn = [&](Vector3 const& v) {
    Vector3 const u = {c * v[0] - n * v[1], n * v[0] + c * v[1], v[2]};
    return Vector3{u[0], c * u[1] - n * u[2], n * u[1] + c * u[2]};
  };
  for (auto& v : s.cell) v = turn(v);
  for (auto& v : s.positions) v = turn(v);
  return s;
}

constexpr auto prism = R"in(units metal
atom_style charge
lattice diamond 5.43
region r prism 0 2 0 2 0 2 0.3 -0.2 0.4
create_box 2 r
create_atoms 1 box
set type 1 type/fraction 2 0.5 123
displace_atoms all random 0.1 0.1 0.1 77
)in";
constexpr auto prism_run = R"in(
velocity all create 600 1
fix 1 all nve
dump 1 all custom 5 x.dump id type x y z fx fy fz
dump_modify 1 format float %.17g
dump 2 all custom 5 s.lammpstrj type xs ys zs id element
dump_modify 2 element Si Ge format float %.17g units yes time yes
dump 3 all custom 5 u.dump id type xu yu zu
dump_modify 3 format float %.17g sort id
dump 4 all atom 5 dump.atom
dump 5 all custom 5 su.dump id type xsu ysu zsu
dump_modify 5 format float %.17g
run 10
print "RESULT $(pe:%.17g)"
write_data last.data
)in";

TEST_F(LammpsProgram, DumpsAndDataFilesOfATriclinicRun) {
  auto const energy = run(std::string(prism) + pairStyle(2) + prism_run);
  auto const frames = readStructures(folder / "x.dump");
  ASSERT_EQ(frames.size(), 3U);
  ASSERT_EQ(frames[0].size(), 64U);
  EXPECT_NEAR(frames[0].cell[1][0], 0.3 * 5.43, same_place);
  EXPECT_EQ(frames[2].features.at(0).second, "10");
  ASSERT_EQ(frames[2].forces.size(), 64U);
  auto const scaled = readStructures(folder / "s.lammpstrj");
  auto const unwrapped = readStructures(folder / "u.dump"), parts = readStructures(folder / "su.dump");
  auto const coarse = readStructures(folder / "dump.atom");
  for (std::size_t f = 0; f < 3; ++f) {
    expectNear(scaled.at(f), frames[f]);
    expectNear(wrapped(parts.at(f), frames[f]), frames[f], through_images);
    expectNear(wrapped(unwrapped.at(f), frames[f]), frames[f]);
    expectNear(coarse.at(f), frames[f], 2e-4);  // six digits
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(scaled[f].species[i], frames[f].species[i] == -1 ? 14 : 32);
  }
  auto const data = readStructures(folder / "last.data");
  ASSERT_EQ(data.size(), 1U);
  expectNear(data[0], frames[2]);
  EXPECT_EQ(data[0].species, frames[2].species);
  // And back: the energy of this frame from a file of ours, also as a general triclinic box.
  for (Structure const& s : {frames[2], data[0], rotated(frames[2])}) {
    auto const again = energyOf(s);
    ASSERT_EQ(again.size(), 3U);
    EXPECT_NEAR(again[0], energy.at(0), 1e-11 * std::abs(energy.at(0)));  // rounding of 64 times 16 pairs
    EXPECT_EQ(again[2], 64);
  }
}

constexpr auto primitive = R"in(units metal
atom_style atomic
lattice custom 5.43 a1 0 0.6 0.5 a2 0.5 0 0.6 a3 0.6 0.5 0 basis 0 0 0 basis 0.25 0.25 0.25 triclinic/general
create_box 2 NULL 0 3 0 3 0 3
create_atoms 1 box
)in";
constexpr auto primitive_run = R"in(
displace_atoms all random 0.1 0.1 0.1 77
dump 1 all custom 5 g.dump id type x y z fx fy fz
dump_modify 1 format float %.17g triclinic/general yes
dump 2 all custom 5 r.dump id type x y z
dump_modify 2 format float %.17g
run 0
print "RESULT $(pe:%.17g)"
write_data general.data triclinic/general
)in";

TEST_F(LammpsProgram, GeneralTriclinicDumpsAndDataFiles) {
  auto const energy = run(std::string(primitive) + pairStyle(2) + primitive_run);
  Structure const general = readStructures(folder / "g.dump").at(0);
  Structure const data = readStructures(folder / "general.data").at(0);
  EXPECT_NEAR(general.cell[0][0], 0, same_place);
  EXPECT_NEAR(general.cell[0][1], 3 * 0.6 * 5.43, same_place);
  expectNear(data, general);
  for (Structure const& s : {general, data, readStructures(folder / "r.dump").at(0)}) {
    auto const again = energyOf(s);
    ASSERT_EQ(again.size(), 3U);
    EXPECT_NEAR(again[0], energy.at(0), 1e-11 * std::abs(energy.at(0)));
  }
}

// A cluster of silicon on its own and in boxes that are periodic along no, one, two or three directions, the latter so
// large that its images are out of reach: the same energy.
TEST_F(LammpsProgram, MoleculesWiresAndSlabs) {
  Structure cluster;
  for (int i = 0; i < 8; ++i) {
    cluster.positions.push_back({2.2 * (i & 1) + 0.1 * i, 2.3 * ((i >> 1) & 1) - 0.05 * i, 2.4 * ((i >> 2) & 1)});
    cluster.species.push_back(14);
  }
  auto const alone = energyOf(cluster);
  ASSERT_EQ(alone.size(), 3U);
  EXPECT_LT(alone[0], -1);
  for (auto const& periodic : std::vector<std::array<bool, 3>>{
           {true, false, false}, {false, true, false}, {false, true, true}, {true, true, false}, {true, true, true}}) {
    Structure s = cluster;
    s.periodic = periodic;
    Matrix3 const cell = {{{15, 0, 0}, {4, 16, 0}, {-3, 5, 17}}};
    for (std::size_t d = 0; d < 3; ++d)
      if (periodic[d]) s.cell[d] = cell[d];
    // The box lies skew along the axes where the first periodic direction is not x: LAMMPS turns it.
    auto const result = energyOf(s);
    ASSERT_EQ(result.size(), 3U) << periodic[0] << periodic[1] << periodic[2];
    EXPECT_NEAR(result[0], alone[0], 1e-12 * std::abs(alone[0]));
    EXPECT_NEAR(result[1], alone[1], 1e-11 * alone[1]);
    EXPECT_EQ(result[2], 8);
  }
}

}  // namespace
}  // namespace sinter
