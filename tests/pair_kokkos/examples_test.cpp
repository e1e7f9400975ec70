// The inputs and batch jobs of examples/ run, on the CPU and in little.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "pair_kokkos/lammps_systems.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

// A copy of the example's files, with a potential "test.mtp".
class Example {
 public:
  Example(std::string const& name, MtpModel const& model) {
    for (auto const& file : std::filesystem::directory_iterator(std::filesystem::path(SINTER_EXAMPLES) / name))
      std::filesystem::copy(file, _folder / "");
    writeMtp(model, _folder / "test.mtp");
  }

  // Its output; fails the test when it fails.
  std::string run(std::string const& command) const {
    auto const bin = std::filesystem::path(SINTER_LAMMPS_COMMAND).parent_path();
    std::string const environment =
        "cd '" + (_folder / "") + "' && export PATH='" + bin.string() + "':\"$PATH\" LD_LIBRARY_PATH='" +
        (bin.parent_path() / "lib").string() + "' LAMMPS_PLUGIN_PATH='" + SINTER_PLUGIN_FOLDER +
        "' OMP_NUM_THREADS=2 OMP_PROC_BIND=false OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1"
        " OMPI_MCA_ess_singleton_isolated=1 && ";
    int const status = std::system((environment + "{ " + command + "; } > output 2>&1").c_str());
    auto output = contentOf(_folder / "output");
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << output;
    return output;
  }

  bool has(std::string const& file) const { return std::filesystem::exists(_folder / file); }

 private:
  TemporaryFolder _folder;
};

TEST(ExamplesTest, GpuNode) {
  Example const example("gpu-node", solidModel());
  // As on GPUs but for the devices.
  auto const output = example.run(
      "LAUNCHER= KOKKOS='-k on t 2' PACKAGE='newton off neigh full comm device' bash job.slurm test.mtp -var n 4 -var "
      "steps 100");
  EXPECT_NE(output.find("Loop time"), std::string::npos) << output;
}

TEST(ExamplesTest, RestartChain) {
  Example const example("restart-chain", solidModel());
  auto const output = example.run(
      "LAUNCHER= KOKKOS='-k on t 1' SUBMIT=bash POTENTIAL=test.mtp STEPS=20000 WALLTIME=00:00:01 timeout 120 bash "
      "job.slurm -var n 3");
  EXPECT_NE(output.find("chain: step 20000 of 20000"), std::string::npos) << output;
  EXPECT_NE(output.find("Reading restart file"), std::string::npos) << "it was done in one job\n" << output;
  EXPECT_TRUE(example.has("chain.data"));
}

TEST(ExamplesTest, Alloy) {
  // Three species, the same solid for all of them.
  auto model = solidModel();
  auto const one = model.radial_coeffs;
  model.species = {14, 32, 6};
  model.species_count = 3;
  model.radial_coeffs.clear();
  for (int pair = 0; pair < 9; ++pair) model.radial_coeffs.insert(model.radial_coeffs.end(), one.begin(), one.end());
  model.species_coeffs = {0, 0, 0};
  Example const example("alloy", model);
  auto const output = example.run("lmp -k on t 2 -sf kk -in in.alloy -var potential test.mtp -var n 3 -var steps 100");
  EXPECT_NE(output.find("Loop time"), std::string::npos) << output;
  EXPECT_TRUE(example.has("stress.dump"));
}

TEST(ExamplesTest, HybridZbl) {
  Example const example("hybrid-zbl", solidModel());
  auto const output = example.run(
      "lmp -k on t 2 -sf kk -in in.cascade -var potential test.mtp -var n 4 -var steps 300 -var energy 100");
  EXPECT_NE(output.find("Loop time"), std::string::npos) << output;
}

TEST(ExamplesTest, Similarity) {
  Example const example("similarity", solidModel());
  auto const output =
      example.run("lmp -k on t 2 -sf kk -in in.similarity -var potential test.mtp -var n 3 -var steps 200");
  EXPECT_NE(output.find("similarities to 1 sh 2 dia 3 bSn 4 hcp"), std::string::npos) << output;
  EXPECT_NE(output.find("Loop time"), std::string::npos) << output;
  EXPECT_TRUE(example.has("similarity.dump"));
}

}  // namespace
}  // namespace sinter
