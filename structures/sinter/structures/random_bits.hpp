/// \file
/// Numbers that look random and are the same on every machine.
#pragma once

#include <cstdint>

namespace sinter::detail {

/// A bijection of 64-bit numbers whose results look random. Source: Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators" (2014), SplitMix64.
[[nodiscard]] constexpr std::uint64_t randomBits(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15U;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
  number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
  return number ^ (number >> 31);
}

/// The same in [0, 1).
[[nodiscard]] constexpr double randomNumber(std::uint64_t number) {
  return static_cast<double>(randomBits(number) >> 11) * 0x1p-53;
}

}  // namespace sinter::detail
