// Structures in memory and streamed from files: the same structures, and the same fit bit for bit.
#include "sinter/fitting/structure_set.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "backends.hpp"
#include "core/temporary_folder.hpp"
#include "mtp_reference.hpp"
#include "sinter/core/error.hpp"
#include "sinter/fitting/linear_fit.hpp"
#include "sinter/fitting/potential_fit.hpp"
#include "sinter/mtp/mtp_template.hpp"
#include "sinter/structures/writer.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

/// Structures with labels in two files of different kinds.
class StructureSetTest : public testing::Test {
 protected:
  StructureSetTest() {
    reference::Random random(3);
    for (std::uint64_t n = 0; n < 50; ++n) {
      auto s = reference::diamond(1, 5.2 + 0.02 * static_cast<double>(n % 10), 0.3, {14}, n + 1);
      if (n % 7 == 3) s = reference::diamond(2, 5.4, 0.2, {14}, n + 1);
      s.config_type = n % 3 == 0 ? "a" : "b";
      s.energy = -5 * static_cast<double>(s.size()) + random();
      for (std::size_t i = 0; i < s.size(); ++i) s.forces.push_back({random(), random(), random()});
      s.virial = Voigt{random(), random(), random(), random(), random(), random()};
      structures.push_back(s);
    }
    for (std::size_t f = 0; f < files.size(); ++f) {
      auto const writer = openStructureWriter(files[f], {14});
      for (std::size_t s = f * 23; s < (f == 0 ? 23 : structures.size()); ++s) writer->write(structures[s]);
      writer->close();
    }
  }

  [[nodiscard]] StructureSet read(std::size_t memory) const { return {files, {}, {14}, memory, {}}; }

  test::TemporaryFolder folder;
  std::vector<std::string> files = {folder / "a.extxyz", folder / "b.h5"};
  std::vector<Structure> structures;
};

void expectSame(StructureSet const& a, StructureSet const& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t s = 0; s < a.size(); ++s) {
    Structure const first = a.load(s, s + 1).front(), second = b.load(s, s + 1).front();
    EXPECT_EQ(first.positions, second.positions);
    EXPECT_EQ(first.forces, second.forces);
    EXPECT_EQ(first.energy, second.energy);
    EXPECT_EQ(a.atomsOf(s), first.size());
    EXPECT_EQ(b.atomsOf(s), first.size());
    EXPECT_EQ(a.configTypeOf(s), first.config_type);
    EXPECT_EQ(b.configTypeOf(s), first.config_type);
    EXPECT_EQ(a.nameOf(s), b.nameOf(s));
  }
}

TEST_F(StructureSetTest, StreamedStructuresAreThoseInMemory) {
  auto const kept = read(std::size_t{1} << 30), streamed = read(1000);
  EXPECT_FALSE(kept.isStreamed());
  EXPECT_TRUE(streamed.isStreamed());
  EXPECT_EQ(streamed.size(), 50U);
  EXPECT_EQ(streamed.atoms(), kept.atoms());
  EXPECT_EQ(streamed.nameOf(24), files[1] + ": frame 1");
  expectSame(kept, streamed);
  std::vector<std::size_t> const numbers = {1, 22, 23, 49};
  expectSame(kept.part(numbers), streamed.part(numbers));
  EXPECT_EQ(streamed.part(numbers).nameOf(3), files[1] + ": frame 26");
  // Backwards, and over the end of a file.
  EXPECT_EQ(streamed.load(49, 50).front().energy, structures[49].energy);
  auto const across = streamed.load(21, 25);
  ASSERT_EQ(across.size(), 4U);
  for (std::size_t s = 0; s < 4; ++s) EXPECT_EQ(across[s].positions, structures[21 + s].positions);
  EXPECT_EQ(streamed.chunkEnd(0, 24), 3U);
  EXPECT_EQ(streamed.chunkEnd(3, 24), 4U);  // 64 atoms: one at least
  EXPECT_EQ(streamed.chunkEnd(0, 100, 2), 2U);
}

TEST_F(StructureSetTest, FilesThatCannotBeReadAgainAreRefused) {
  auto const streamed = read(1000);
  std::string const content = test::contentOf(files[0]);
  (void)folder.write("a.extxyz", content.substr(0, content.size() / 2));  // ends within a frame
  EXPECT_THROW((void)streamed.load(22, 23), InputError);
  (void)folder.write("a.extxyz", "1\nProperties=species:S:1:pos:R:3\nSi 0 0 0\n");
  EXPECT_NE(test::messageOf<InputError>([&] { (void)streamed.load(0, 1); }).find("frame 0: found 1 atoms, expected 8"),
            std::string::npos);
  EXPECT_NE(test::messageOf<InputError>([&] { (void)streamed.load(1, 2); }).find("frame 1: found the end of the file"),
            std::string::npos);
}

template <class ExecutionSpace>
class StreamedFit : public StructureSetTest {};
TYPED_TEST_SUITE(StreamedFit, test::ExecutionSpaces);

TYPED_TEST(StreamedFit, GivesTheSameBits) {
  for (auto const type : {RadialBasisType::RBChebyshev, RadialBasisType::RBChebyshev_repuls}) {
    FitSettings settings;
    settings.species = {14};
    settings.levels = {4, 6};
    settings.radial_type = type;
    settings.min_dist = 1.9;
    settings.seeds = 2;
    settings.max_iterations = 2;
    auto const kept = this->read(std::size_t{1} << 30), streamed = this->read(1000);
    auto const fit = [&](StructureSet const& set) {
      auto const start = makeStartModel(TypeParam(), settings, set);
      std::string identity;
      FitHooks hooks;
      hooks.save = [&](FitState const& state) { identity = state.identity; };
      auto const result = fitPotential<TypeParam>(settings, start, 2.3, set, hooks);
      return std::pair(result, identity);
    };
    auto const [a, identity_a] = fit(kept);
    auto const [b, identity_b] = fit(streamed);
    EXPECT_EQ(a.model.radial_coeffs, b.model.radial_coeffs);
    EXPECT_EQ(a.model.moment_coeffs, b.model.moment_coeffs);
    EXPECT_EQ(a.model.species_coeffs, b.model.species_coeffs);
    EXPECT_EQ(a.loss, b.loss);
    EXPECT_EQ(a.ridge, b.ridge);
    EXPECT_EQ(identity_a, identity_b);
    EXPECT_FALSE(identity_a.empty());
  }
}

TYPED_TEST(StreamedFit, TooLittleMemoryIsRefused) {
  FitSettings settings;
  settings.species = {14};
  settings.levels = {4};
  settings.max_memory = 1 << 20;
  auto const set = this->read(1000);
  auto const start = makeStartModel(TypeParam(), settings, set);
  std::string const message =
      test::messageOf<InputError>([&] { (void)fitPotential<TypeParam>(settings, start, 2.3, set); });
  EXPECT_TRUE(message.starts_with("solver.max_memory: found 1 MiB, expected ")) << message;
}

}  // namespace
}  // namespace sinter
