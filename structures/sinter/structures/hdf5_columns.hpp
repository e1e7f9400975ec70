/// \file
/// Datasets of rows, one row per frame or atom, read and written a chunk at a time.
#pragma once

#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "sinter/structures/hdf5_file.hpp"

namespace sinter::detail {

/// What a column of T (double, std::int64_t, std::int32_t, std::uint8_t, std::string) is in memory and in files.
template <class T>
struct ColumnType {
  static hid_t inMemory() {
    if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
    if constexpr (std::is_same_v<T, std::int64_t>) return H5T_NATIVE_INT64;
    if constexpr (std::is_same_v<T, std::int32_t>) return H5T_NATIVE_INT32;
    if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
  }
  static hid_t inFile() {
    if constexpr (std::is_same_v<T, double>) return H5T_IEEE_F64LE;
    if constexpr (std::is_same_v<T, std::int64_t>) return H5T_STD_I64LE;
    if constexpr (std::is_same_v<T, std::int32_t>) return H5T_STD_I32LE;
    if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_STD_U8LE;
  }
  static constexpr H5T_class_t kind = std::is_same_v<T, double>        ? H5T_FLOAT
                                      : std::is_same_v<T, std::string> ? H5T_STRING
                                                                       : H5T_INTEGER;
};

/// Selects rows [begin, begin + rows) of a dataset; the spaces of the file and of the memory.
struct RowSelection {
  RowSelection(hid_t dataset, hsize_t begin, hsize_t rows);
  [[nodiscard]] bool valid() const { return in_memory && in_file; }
  Hdf5Id in_memory, in_file;
};

/// Rows of a dataset, and another number of them (whether that worked).
[[nodiscard]] hsize_t rowsOf(hid_t dataset);
[[nodiscard]] bool resizeRows(hid_t dataset, hsize_t rows);

/// Texts one behind the other, each of `bytes` bytes (cut, or filled up with zeros).
[[nodiscard]] std::string padded(std::span<std::string const> texts, std::size_t bytes);

/// Rows on their way into a dataset that grows.
template <class T>
class ColumnWriter {
 public:
  /// Opens the dataset at its end, or makes it; `rows_before` rows of `fill` come first then.
  /// \throws SystemError when the disk is full, like all that follows.
  ColumnWriter(Hdf5Output const& output, std::string const& path, RowShape const& shape, T const* fill = nullptr,
               hsize_t rows_before = 0)
      : _output(&output),
        _dataset(output.openRows(output.id(), path, ColumnType<T>::inFile(), shape, fill)),
        _width(shape.width()),
        _chunk(shape.chunk),
        _rows(std::max(rowsOf(_dataset.get()), rows_before)) {}

  /// Appends whole rows.
  void append(std::span<T const> values) {
    while (!values.empty()) {
      // Up to the end of a chunk, so that each is compressed once.
      std::size_t const room = static_cast<std::size_t>(_chunk - _rows % _chunk) * _width - _values.size();
      std::size_t const count = std::min(room, values.size());
      _values.insert(_values.end(), values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count));
      values = values.subspan(count);
      if (count == room) flush();
    }
  }
  void append(T const& value) { append(std::span<T const>(&value, 1)); }

  /// Rows so far.
  [[nodiscard]] hsize_t rows() const { return _rows + _values.size() / _width; }

  /// Writes what is left and closes the dataset.
  void close() {
    flush();
    if (!resizeRows(_dataset.get(), _rows) || !_dataset.close()) _output->fail();
  }

 private:
  void flush() {
    if (_values.empty()) return;
    hsize_t const count = _values.size() / _width;
    if (!resizeRows(_dataset.get(), _rows + count)) _output->fail();
    RowSelection const selection(_dataset.get(), _rows, count);
    if (!selection.valid() || H5Dwrite(_dataset.get(), ColumnType<T>::inMemory(), selection.in_memory.get(),
                                       selection.in_file.get(), H5P_DEFAULT, _values.data()) < 0)
      _output->fail();
    _rows += count;
    _values.clear();
  }

  Hdf5Output const* _output;
  Hdf5Id _dataset;
  std::size_t _width;
  hsize_t _chunk, _rows;  // rows: those in the dataset
  std::vector<T> _values;
};

/// Texts on their way into a dataset; the dataset is made anew when they become longer than it has room for.
template <>
class ColumnWriter<std::string> {
 public:
  /// \throws InputError when the dataset is there and has text of variable length; else as above.
  ColumnWriter(Hdf5Output const& output, std::string path, RowShape shape, std::string const* = nullptr,
               hsize_t rows_before = 0);

  /// Appends a text of at most `longest_name` bytes.
  void append(std::string const& text) {
    _texts.push_back(text);
    if ((_rows + _texts.size()) % _shape.chunk == 0) flush();
  }
  [[nodiscard]] hsize_t rows() const { return _rows + _texts.size(); }
  void close();

 private:
  void flush();
  void widen(std::size_t bytes);
  void write(Hdf5Id const& dataset, hsize_t begin, std::span<std::string const> texts) const;

  Hdf5Output const* _output;
  std::string _path;
  RowShape _shape;
  Hdf5Id _dataset;
  std::size_t _bytes = 32;  // of a text in the dataset
  hsize_t _rows = 0;        // those in the dataset
  std::vector<std::string> _texts;
};

/// The texts of rows [begin, begin + rows), of fixed or variable length.
/// \param fail called when they cannot be read; must throw
[[nodiscard]] std::vector<std::string> readTexts(hid_t dataset, hsize_t begin, hsize_t rows,
                                                 std::function<void()> const& fail);

/// Rows of a dataset, through a window of a chunk.
template <class T>
class ColumnReader {
 public:
  /// \throws InputError when the dataset is missing or has another kind or shape.
  ColumnReader(Hdf5Input const& input, std::string path, RowShape const& shape)
      : _input(&input), _path(std::move(path)), _width(shape.width()), _chunk(shape.chunk) {
    std::tie(_dataset, _rows) = input.openRows(_path, ColumnType<T>::kind, shape);
  }

  [[nodiscard]] hsize_t rows() const { return _rows; }
  [[nodiscard]] std::string const& path() const { return _path; }

  /// \throws InputError unless there are `rows` rows; `reason` says why there should be.
  void requireRows(hsize_t rows, std::string const& reason) const {
    if (_rows != rows) _input->fail(_path, std::to_string(_rows) + " rows", std::to_string(rows) + " (" + reason + ")");
  }

  /// Copies the rows [begin, begin + rows), which must be there, to `values`.
  /// \throws InputError when they cannot be read.
  void read(hsize_t begin, hsize_t rows, T* values) {
    while (rows > 0) {
      if (begin < _begin || begin >= _begin + _window.size() / _width) fill(begin);
      hsize_t const count = std::min<hsize_t>(rows, _begin + _window.size() / _width - begin);
      auto const first = _window.begin() + static_cast<std::ptrdiff_t>((begin - _begin) * _width);
      values = std::copy(first, first + static_cast<std::ptrdiff_t>(count * _width), values);
      begin += count;
      rows -= count;
    }
  }
  [[nodiscard]] T at(hsize_t row) {
    T value;
    read(row, 1, &value);
    return value;
  }

 private:
  // The window that holds `row`.
  void fill(hsize_t row) {
    _begin = row / _chunk * _chunk;
    hsize_t const count = std::min(_chunk, _rows - _begin);
    if constexpr (std::is_same_v<T, std::string>) {
      _window = readTexts(_dataset.get(), _begin, count, [&] { _input->failToRead(_path); });
    } else {
      _window.resize(static_cast<std::size_t>(count) * _width);
      RowSelection const selection(_dataset.get(), _begin, count);
      if (!selection.valid() || H5Dread(_dataset.get(), ColumnType<T>::inMemory(), selection.in_memory.get(),
                                        selection.in_file.get(), H5P_DEFAULT, _window.data()) < 0)
        _input->failToRead(_path);
    }
  }

  Hdf5Input const* _input;
  std::string _path;
  Hdf5Id _dataset;
  std::size_t _width;
  hsize_t _chunk, _rows = 0, _begin = 0;
  std::vector<T> _window;  // rows from _begin on
};

}  // namespace sinter::detail
