/// \file
/// What the tests of `sinter soap` read from its files.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/structures/hdf5_columns.hpp"

namespace sinter::test {

/// All numbers of a dataset, whose rows have `width` numbers; 0: it has one dimension.
template <class T>
std::vector<T> dataset(std::string const& file, std::string const& path, std::size_t width = 0) {
  detail::Hdf5Input const input(file);
  detail::RowShape shape;
  if (width > 0) shape.dimensions.push_back(width);
  detail::ColumnReader<T> reader(input, path, shape);
  std::vector<T> values(reader.rows() * shape.width());
  reader.read(0, reader.rows(), values.data());
  return values;
}

/// The number of a key of the comment line.
inline double key(Structure const& structure, std::string const& name) {
  for (auto const& [feature, value] : structure.features)
    if (feature == name) return std::stod(value);
  ADD_FAILURE() << "no " << name;
  return 0;
}

}  // namespace sinter::test
