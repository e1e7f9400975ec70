/// \file
/// Numbers of types 0, 1, ... for formats that do not name their atoms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter::detail {

/// Elements are numbered in a given order, and after it in the order in which they are met; unnamed types keep their
/// number.
class TypeNumbers {
 public:
  /// \param order atomic numbers of types 0, 1, ...; may be empty
  explicit TypeNumbers(std::vector<std::int32_t> order);

  /// Whether elements may still be added: no order was given.
  [[nodiscard]] bool open() const { return _open; }

  /// The first species of `structure` that has no number: an element that is not in the order, or elements beside
  /// unnamed types. Elements of an open order get their numbers.
  [[nodiscard]] std::optional<std::int32_t> firstWithout(Structure const& structure);

  /// The number of a species that has one.
  [[nodiscard]] std::int32_t operator[](std::int32_t species) const;

  /// Elements of types 0, 1, ....
  [[nodiscard]] std::vector<std::int32_t> const& elements() const { return _elements; }

 private:
  std::vector<std::int32_t> _elements;
  bool _open;
};

}  // namespace sinter::detail
