// panel_passes_ranks FILE: writes into FILE.<rank> how many structures the rank works on in a pass, and the numbers of
// all passes over panels. Started by panel_passes_test.
#include <Kokkos_Core.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "backends.hpp"
#include "panel_passes_case.hpp"
#include "sinter/fitting/communicator.hpp"

namespace sinter {
namespace {

template <class... ExecutionSpaces>
std::vector<double> numbersOf(testing::Types<ExecutionSpaces...>) {
  std::vector<double> all;
  for (auto const& numbers : {test::panelPassesNumbers<ExecutionSpaces>(test::inSmallBatches())...})
    all.insert(all.end(), numbers.begin(), numbers.end());
  return all;
}

std::size_t ownStructures() {
  auto const structures = test::panelPassesStructures();
  EquationBatches<Kokkos::Serial> batches(test::inSmallBatches(), reference::testModel(8, {14, 8}), structures, {},
                                          true);
  std::size_t count = 0;
  batches.forBatches(partTasks(), [&](Equations<Kokkos::Serial> const& equations) { count += equations.size(); });
  return count;
}

}  // namespace
}  // namespace sinter

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sinter::withRanks([&] {
    Kokkos::ScopeGuard const guard(Kokkos::InitializationSettings().set_disable_warnings(true));
    auto numbers = sinter::numbersOf(sinter::test::ExecutionSpaces());
    numbers.insert(numbers.begin(), static_cast<double>(sinter::ownStructures()));
    std::ofstream file(argv[1] + ("." + std::to_string(sinter::Communicator::world().rank())), std::ios::binary);
    file.write(reinterpret_cast<char const*>(numbers.data()),
               static_cast<std::streamsize>(numbers.size() * sizeof(double)));
  });
}
