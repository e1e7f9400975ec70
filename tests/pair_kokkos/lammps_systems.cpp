#include "pair_kokkos/lammps_systems.hpp"

#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cmath>

#include "sinter/mtp/mtp_io.hpp"

namespace sinter::test {

std::filesystem::path paperPotential() {
  return std::filesystem::path(SINTER_SHARED_DATA) / "si_mtp_paper" / "PQ1k-1_g18_rand_u16_fw0.1.mtp";
}

Evaluation evaluate(MtpModel const& model, Structure const& structure, Precision precision) {
  return MtpEvaluator<Kokkos::DefaultHostExecutionSpace>(model, precision).evaluate({&structure, 1})[0];
}

std::vector<LammpsSetup> allSetups(std::vector<int> const& rank_counts) {
  std::vector<LammpsSetup> setups;
  for (int const ranks : rank_counts) {
    for (bool const newton : {true, false}) setups.push_back({false, 1, ranks, newton, "half"});
    for (int const threads : {1, 2}) {
      setups.push_back({true, threads, ranks, true, "half"});
      setups.push_back({true, threads, ranks, false, "full"});
      setups.push_back({true, threads, ranks, false, "half"});
    }
  }
  return setups;
}

std::string setUp(std::string const& potential, std::string const& names, std::string const& boundary,
                  std::string const& data) {
  return "boundary " + boundary + "\natom_style atomic\nread_data " + data + "\nneighbor 1.0 bin\npair_style mtp " +
         potential + "\npair_coeff * * " + names + "\n";
}

std::string staticPoint(std::string const& dump) {
  return R"in(
compute p all pressure NULL virial
thermo_style custom step pe c_p[1] c_p[2] c_p[3] c_p[4] c_p[5] c_p[6]
run 0 post no
print "energy $(pe:%.17g)"
print "virial $(c_p[1]:%.17g) $(c_p[2]:%.17g) $(c_p[3]:%.17g) $(c_p[4]:%.17g) $(c_p[5]:%.17g) $(c_p[6]:%.17g)"
print "volume $(vol:%.17g)"
write_dump all custom )in" +
         dump + " id fx fy fz modify sort id format float %23.17g\n";
}

void expectEqual(LammpsRun const& run, std::string const& dump, Structure const& structure, Evaluation const& expected,
                 std::size_t point) {
  if (run.exit_code != 0) return;
  auto const atoms = static_cast<double>(structure.size());
  // Sums of `atoms` numbers of some eV each, in any order: rounding of about 1e-16 sqrt(atoms) eV per atom.
  EXPECT_NEAR(run.lines("energy").at(point).at(0), expected.energy, 1e-10 * atoms);

  double scale = 0;
  for (double const w : expected.virial) scale = std::max(scale, std::abs(w));
  auto const pressure = run.lines("virial").at(point);
  double const volume = run.lines("volume").at(point).at(0);
  for (int v = 0; v < 6; ++v)
    EXPECT_NEAR(pressure.at(v) * volume / bar, expected.virial[lammps_order[v]], 1e-10 * scale) << "virial " << v;

  auto const frames = readDump(dump);
  ASSERT_EQ(frames.size(), 1U);
  ASSERT_EQ(frames[0].size(), structure.size());
  double worst = 0;
  for (std::size_t i = 0; i < structure.size(); ++i) {
    ASSERT_EQ(frames[0][i].at(0), static_cast<double>(i + 1));
    for (int x = 0; x < 3; ++x) worst = std::fmax(worst, std::abs(frames[0][i].at(x + 1) - expected.forces[i][x]));
  }
  EXPECT_LE(worst, 1e-10);
}

void writeSystem(TemporaryFolder const& folder, MtpModel const& model, Structure const& structure) {
  writeLammpsData(folder, "data", structure, std::vector<int>(structure.size(), 1), 1);
  writeMtp(model, folder / "test.mtp");
}

std::vector<int> typesIn(std::vector<int> const& species, Structure const& structure) {
  std::vector<int> types;
  for (int const s : structure.species)
    types.push_back(static_cast<int>(std::find(species.begin(), species.end(), s) - species.begin()) + 1);
  return types;
}

}  // namespace sinter::test
