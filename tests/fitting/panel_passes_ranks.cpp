// panel_passes_ranks FILE: writes the numbers of all passes over panels into FILE.<rank>. Started by panel_passes_test.
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

}  // namespace
}  // namespace sinter

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  sinter::withRanks([&] {
    Kokkos::ScopeGuard const guard(Kokkos::InitializationSettings().set_disable_warnings(true));
    auto const numbers = sinter::numbersOf(sinter::test::ExecutionSpaces());
    std::ofstream file(argv[1] + ("." + std::to_string(sinter::Communicator::world().rank())), std::ios::binary);
    file.write(reinterpret_cast<char const*>(numbers.data()),
               static_cast<std::streamsize>(numbers.size() * sizeof(double)));
  });
}
