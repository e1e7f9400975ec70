// The mappings of a device give what SIMD lanes give. They are run on every backend: the host has teams of one thread
// and vector ranges of one lane, so that this checks the order of the work, not its barriers.
#include <gtest/gtest.h>

#include <Kokkos_Core.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "backends.hpp"
#include "mtp/mtp_obligations.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/species_map.hpp"
#include "sinter/core/structure_batch.hpp"
#include "sinter/mtp/mtp_kernel.hpp"
#include "sinter/mtp/mtp_sinks.hpp"
#include "sinter/neighbor/neighbor_list.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

template <class ExecutionSpace>
class MtpMappingTest : public testing::Test {};
TYPED_TEST_SUITE(MtpMappingTest, test::ExecutionSpaces);

constexpr auto outputs = MtpOutputs::site_energies | MtpOutputs::forces;

// Launches one kernel; false where it is not compiled.
template <MtpMapping mapping, class ExecutionSpace, class Plan, class List, class Sink>
bool launch(ExecutionSpace const& space, Plan plan, List const& list, Sink const& sink) {
  return detail::withShape<detail::has_template_shapes<ExecutionSpace>>(plan.shape_level, [&]<class Shape>() {
    if constexpr (detail::has_mapping<outputs, Sink, Shape, mapping>) {
      if constexpr (is_device_space<ExecutionSpace>) {
        plan.mapping = mapping;
        evaluateMtp<outputs>(space, plan, list, sink);
      } else {
        detail::launchMtp<outputs, double, Shape, mapping>(space, plan, list, sink);
      }
      return true;
    }
    return false;
  });
}

template <class ExecutionSpace, MtpMapping mapping>
bool equalsTheReference(MtpModel const& model, std::vector<Structure> const& structures) {
  using memory_space = typename ExecutionSpace::memory_space;
  ExecutionSpace const space;
  auto const plan = makeMtpPlan<memory_space>(model, MtpProgramUse::energy);
  auto const batch = makeStructureBatch<memory_space>(structures, SpeciesMap(model.species, model.species_count));
  auto const list = buildNeighborList(space, batch, model.max_dist + 0.5);
  int const atoms = batch.atoms();
  Kokkos::View<double* [3], Kokkos::LayoutRight, memory_space> forces("forces", atoms);
  EnergyForcesVirialSink<ExecutionSpace> sink;
  sink.site_energies = decltype(sink.site_energies)("energies", atoms);
  sink.site_virial = decltype(sink.site_virial)("virial", atoms);
  sink.forces.begin(space, forces);
  if (!launch<mapping>(space, plan, list, sink)) return false;
  sink.forces.finish(space);
  space.fence();
  auto const energies = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sink.site_energies);
  auto const found = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), forces);
  auto const virial = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sink.site_virial);
  int atom = 0;
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const expected = test::plainReference(model, structures[s]);
    double const scale = 1e-12 * (1 + expected.gradient_norm);
    double energy = 0, total[6] = {};
    for (std::size_t i = 0; i < structures[s].size(); ++i, ++atom) {
      energy += energies(atom);
      for (int v = 0; v < 6; ++v) total[v] += virial(atom, v);
      for (int x = 0; x < 3; ++x) EXPECT_NEAR(found(atom, x), expected.forces[i][x], scale) << s << " " << i;
    }
    EXPECT_NEAR(energy, expected.energy, 1e-12 * (1 + std::abs(expected.energy))) << s;
    constexpr int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
    for (int v = 0; v < 6; ++v)
      EXPECT_NEAR(total[v], expected.virial[row[v]][column[v]], 5 * scale * model.max_dist) << s;
  }
  return true;
}

TYPED_TEST(MtpMappingTest, EqualsTheReference) {
  auto const structures = reference::testStructures({14, 8});
  for (int const level : {4, 8, 12, 16, 20, 22}) {
    SCOPED_TRACE("level " + std::to_string(level));
    auto const model = reference::testModel(level, {14, 8});
    int kernels = 0;
    kernels += equalsTheReference<TypeParam, MtpMapping::thread>(model, structures) ? 1 : 0;
    kernels += equalsTheReference<TypeParam, MtpMapping::warp>(model, structures) ? 1 : 0;
    kernels += equalsTheReference<TypeParam, MtpMapping::block>(model, structures) ? 1 : 0;
    EXPECT_GT(kernels, 0);
  }
}

// A radial basis other than that of the templates, by every mapping.
TYPED_TEST(MtpMappingTest, PairRepulsion) {
  auto const structures = reference::testStructures({14, 8});
  for (int const level : {6, 12, 22}) {
    auto const model = reference::testModel(level, {14, 8}, 5.0, 1, RadialBasisType::RBChebyshev_repuls);
    equalsTheReference<TypeParam, MtpMapping::thread>(model, structures);
    equalsTheReference<TypeParam, MtpMapping::warp>(model, structures);
    equalsTheReference<TypeParam, MtpMapping::block>(model, structures);
  }
}

TYPED_TEST(MtpMappingTest, RefusesAMappingWithoutAKernel) {
  using memory_space = typename TypeParam::memory_space;
  auto const model = reference::testModel(12, {14});
  auto plan = makeMtpPlan<memory_space>(model, MtpProgramUse::energy);
  std::vector<Structure> const structures{reference::diamond(2, 5.43, 0.05)};
  auto const list =
      buildNeighborList(TypeParam(), makeStructureBatch<memory_space>(structures, SpeciesMap({14}, 1)), model.max_dist);
  plan.mapping = is_device_space<TypeParam> ? MtpMapping::thread : MtpMapping::warp;
  EXPECT_THROW(evaluateMtp<outputs>(TypeParam(), plan, list, EnergyForcesVirialSink<TypeParam>()), InputError);
}

}  // namespace
}  // namespace sinter
