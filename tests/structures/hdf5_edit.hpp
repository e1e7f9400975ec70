/// \file
/// HDF5 files seen and changed from outside, with HDF5's own functions.
#pragma once

#include <gtest/gtest.h>
#include <hdf5.h>

#include <string>
#include <vector>

namespace sinter::test {

/// A file that is open for changes until the end of its life.
class Hdf5Edit {
 public:
  explicit Hdf5Edit(std::string const& file) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    _file = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    EXPECT_GE(_file, 0) << file;
  }
  ~Hdf5Edit() { EXPECT_GE(H5Fclose(_file), 0); }
  Hdf5Edit(Hdf5Edit const&) = delete;
  Hdf5Edit& operator=(Hdf5Edit const&) = delete;

  [[nodiscard]] std::vector<hsize_t> shape(std::string const& path) const {
    hid_t const data = open(path), space = H5Dget_space(data);
    std::vector<hsize_t> result(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, result.data(), nullptr);
    H5Sclose(space);
    H5Dclose(data);
    return result;
  }

  /// All numbers of a dataset.
  [[nodiscard]] std::vector<double> numbers(std::string const& path) const {
    std::size_t count = 1;
    for (hsize_t const d : shape(path)) count *= d;
    std::vector<double> result(count);
    hid_t const data = open(path);
    EXPECT_GE(H5Dread(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, result.data()), 0) << path;
    H5Dclose(data);
    return result;
  }

  void setNumber(std::string const& path, std::size_t index, double value) const {
    auto all = numbers(path);
    all.at(index) = value;
    hid_t const data = open(path);
    EXPECT_GE(H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()), 0) << path;
    H5Dclose(data);
  }

  void remove(std::string const& path) const { EXPECT_GE(H5Ldelete(_file, path.c_str(), H5P_DEFAULT), 0) << path; }

  /// Puts a dataset of zeros in the place of another one.
  void replace(std::string const& path, hid_t type, std::vector<hsize_t> const& dimensions) const {
    remove(path);
    hid_t const space = H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr);
    hid_t const data = H5Dcreate2(_file, path.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(data, 0) << path;
    H5Dclose(data);
    H5Sclose(space);
  }

  /// Gives a dataset another number of rows.
  void resize(std::string const& path, hsize_t rows) const {
    auto dimensions = shape(path);
    dimensions.at(0) = rows;
    hid_t const data = open(path);
    EXPECT_GE(H5Dset_extent(data, dimensions.data()), 0) << path;
    H5Dclose(data);
  }

  void setAttribute(std::string const& group, std::string const& name, int value) const {
    hid_t const object = H5Oopen(_file, group.c_str(), H5P_DEFAULT);
    hid_t const attribute = H5Aopen(object, name.c_str(), H5P_DEFAULT);
    EXPECT_GE(H5Awrite(attribute, H5T_NATIVE_INT, &value), 0) << name;
    H5Aclose(attribute);
    H5Oclose(object);
  }

  void removeAttribute(std::string const& group, std::string const& name) const {
    EXPECT_GE(H5Adelete_by_name(_file, group.c_str(), name.c_str(), H5P_DEFAULT), 0) << name;
  }

  /// The one text (of fixed length) of a dataset.
  [[nodiscard]] std::string text(std::string const& path) const {
    hid_t const data = open(path), type = H5Dget_type(data);
    std::string bytes(H5Tget_size(type), '\0');
    EXPECT_GE(H5Dread(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), 0) << path;
    H5Tclose(type);
    H5Dclose(data);
    return bytes.c_str();
  }

  [[nodiscard]] std::vector<double> attributeNumbers(std::string const& object, std::string const& name) const {
    hid_t const attribute = H5Aopen_by_name(_file, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    std::vector<double> result(countOf(attribute));
    EXPECT_GE(H5Aread(attribute, H5T_NATIVE_DOUBLE, result.data()), 0) << name;
    H5Aclose(attribute);
    return result;
  }

  /// The texts (of fixed length) of an attribute.
  [[nodiscard]] std::vector<std::string> attributeTexts(std::string const& object, std::string const& name) const {
    hid_t const attribute = H5Aopen_by_name(_file, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    hid_t const type = H5Aget_type(attribute);
    std::size_t const size = H5Tget_size(type), count = countOf(attribute);
    std::string bytes(size * count, '\0');
    EXPECT_GE(H5Aread(attribute, type, bytes.data()), 0) << name;
    H5Tclose(type);
    H5Aclose(attribute);
    std::vector<std::string> result;
    for (std::size_t n = 0; n < count; ++n) result.emplace_back(bytes.substr(n * size, size).c_str());
    return result;
  }

 private:
  static std::size_t countOf(hid_t attribute) {
    EXPECT_GE(attribute, 0);
    hid_t const space = H5Aget_space(attribute);
    auto const count = H5Sget_simple_extent_npoints(space);
    H5Sclose(space);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  [[nodiscard]] hid_t open(std::string const& path) const {
    hid_t const data = H5Dopen2(_file, path.c_str(), H5P_DEFAULT);
    EXPECT_GE(data, 0) << path;
    return data;
  }

  hid_t _file = -1;
};

/// A new HDF5 file with nothing in it.
inline void makeEmptyHdf5(std::string const& file) {
  hid_t const id = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  EXPECT_GE(id, 0) << file;
  H5Fclose(id);
}

}  // namespace sinter::test
