#include "sinter/structures/group_split.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>

#include "sinter/core/error.hpp"
#include "sinter/structures/random_bits.hpp"
#include "sinter/structures/text_source.hpp"

namespace sinter {

GroupSplit::GroupSplit(std::string_view parts, std::uint64_t seed) : _seed(seed) {
  auto const fail = [&](std::string const& found) {
    throw InputError("split: found " + found +
                     ", expected two or more parts as in train=0.9,test=0.1: names of letters, digits, _ and -, each "
                     "once, and shares above 0 that sum to 1");
  };
  std::vector<std::string_view> items;
  splitWords(parts, items, ",");
  double sum = 0;
  for (std::string_view const item : items) {
    auto const equals = item.find('=');
    std::string const name(item.substr(0, equals));
    auto const share = equals == std::string_view::npos ? std::nullopt : parseNumber(item.substr(equals + 1));
    bool const known = std::any_of(_parts.begin(), _parts.end(), [&](Part const& part) { return part.name == name; });
    if (known || !isPlainName(name) || !share || !(*share > 0)) fail(inQuotes(item));
    _parts.push_back({name, *share});
    sum += *share;
  }
  if (_parts.size() < 2 || !(std::abs(sum - 1) < 1e-6)) fail(inQuotes(parts));
}

void GroupSplit::assign() {
  if (_groups.size() < _parts.size())
    throw InputError("split: found " + std::to_string(_groups.size()) + " groups of frames for " +
                     std::to_string(_parts.size()) + " parts, expected as many or more (other ones: --by)");
  std::size_t frames = 0;
  std::vector<std::tuple<std::uint64_t, std::string_view, Group*>> order;
  for (auto& [name, group] : _groups) {
    std::uint64_t key = detail::randomBits(_seed);
    for (char const c : name) key = detail::randomBits(key + static_cast<unsigned char>(c));
    order.emplace_back(key, name, &group);
    frames += group.frames;
  }
  std::sort(order.begin(), order.end());
  std::size_t left = order.size();
  for (auto& [key, name, group] : order) {
    auto const empty = static_cast<std::size_t>(
        std::count_if(_parts.begin(), _parts.end(), [](Part const& part) { return part.groups == 0; }));
    auto const lack = [&](Part const& part) {
      bool const last_chance = left == empty && part.groups > 0;
      return last_chance ? -std::numeric_limits<double>::infinity()
                         : part.share * static_cast<double>(frames) - static_cast<double>(part.frames);
    };
    auto const most =
        std::max_element(_parts.begin(), _parts.end(), [&](Part const& a, Part const& b) { return lack(a) < lack(b); });
    group->part = static_cast<std::size_t>(most - _parts.begin());
    ++most->groups;
    most->frames += group->frames;
    --left;
  }
}

}  // namespace sinter
