#include "sinter/structures/atom_order.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace sinter::detail {

std::optional<std::int64_t> sortAtoms(Structure& structure, std::vector<std::int64_t> const& ids) {
  if (std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()) == ids.end()) return std::nullopt;
  std::vector<std::uint32_t> order(ids.size());  // readers refuse more than 2147483647 atoms
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return ids[a] < ids[b]; });
  auto const twice = std::adjacent_find(order.begin(), order.end(),
                                        [&](std::uint32_t a, std::uint32_t b) { return ids[a] == ids[b]; });
  if (twice != order.end()) return ids[*twice];
  auto const sort = [&](auto& values) {
    if (values.empty()) return;
    std::remove_reference_t<decltype(values)> sorted;
    sorted.reserve(values.size());
    for (std::uint32_t const i : order) sorted.push_back(values[i]);
    values = std::move(sorted);
  };
  sort(structure.positions);
  sort(structure.species);
  sort(structure.forces);
  return std::nullopt;
}

}  // namespace sinter::detail
