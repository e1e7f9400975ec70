#include "sinter/structures/hdf5_columns.hpp"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "sinter/core/error.hpp"

namespace sinter::detail {

std::string padded(std::span<std::string const> texts, std::size_t bytes) {
  std::string result(texts.size() * bytes, '\0');
  for (std::size_t n = 0; n < texts.size(); ++n) texts[n].copy(result.data() + n * bytes, bytes);
  return result;
}

hsize_t rowsOf(hid_t dataset) {
  hsize_t dimensions[H5S_MAX_RANK] = {};
  Hdf5Id const space(H5Dget_space(dataset), H5Sclose);
  H5Sget_simple_extent_dims(space.get(), dimensions, nullptr);
  return dimensions[0];
}

bool resizeRows(hid_t dataset, hsize_t rows) {
  hsize_t dimensions[H5S_MAX_RANK] = {};
  Hdf5Id const space(H5Dget_space(dataset), H5Sclose);
  if (H5Sget_simple_extent_dims(space.get(), dimensions, nullptr) < 0) return false;
  dimensions[0] = rows;
  return H5Dset_extent(dataset, dimensions) >= 0;
}

RowSelection::RowSelection(hid_t dataset, hsize_t begin, hsize_t rows) {
  Hdf5Id space(H5Dget_space(dataset), H5Sclose);
  hsize_t count[H5S_MAX_RANK] = {}, start[H5S_MAX_RANK] = {begin};
  int const rank = H5Sget_simple_extent_dims(space.get(), count, nullptr);
  if (rank < 1) return;
  count[0] = rows;
  if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start, nullptr, count, nullptr) < 0) return;
  in_file = std::move(space);
  in_memory = Hdf5Id(H5Screate_simple(rank, count, nullptr), H5Sclose);
}

std::vector<std::string> readTexts(hid_t dataset, hsize_t begin, hsize_t rows, std::function<void()> const& fail) {
  std::vector<std::string> result(rows);
  Hdf5Id const type(H5Dget_type(dataset), H5Tclose);  // also in memory: HDF5 does not convert between character sets
  RowSelection const selection(dataset, begin, rows);
  auto const read = [&](void* values) {
    if (!selection.valid() ||
        H5Dread(dataset, type.get(), selection.in_memory.get(), selection.in_file.get(), H5P_DEFAULT, values) < 0)
      fail();
  };
  if (H5Tis_variable_str(type.get()) > 0) {
    std::vector<char*> texts(rows);
    read(texts.data());
    std::transform(texts.begin(), texts.end(), result.begin(),
                   [](char const* text) { return std::string(text == nullptr ? "" : text); });
    H5Dvlen_reclaim(type.get(), selection.in_memory.get(), H5P_DEFAULT, texts.data());
    return result;
  }
  std::size_t const bytes = H5Tget_size(type.get());
  std::string texts(rows * bytes, '\0');
  read(texts.data());
  for (std::size_t n = 0; n < rows; ++n) {
    std::string_view const text = std::string_view(texts).substr(n * bytes, bytes);
    result[n] = text.substr(0, text.find('\0'));
  }
  return result;
}

ColumnWriter<std::string>::ColumnWriter(Hdf5Output const& output, std::string path, RowShape shape, std::string const*,
                                        hsize_t rows_before)
    : _output(&output), _path(std::move(path)), _shape(std::move(shape)) {
  _dataset = output.openRows(output.id(), _path, hdf5TextType(_bytes).get(), _shape, nullptr);
  Hdf5Id const type(H5Dget_type(_dataset.get()), H5Tclose);
  if (H5Tis_variable_str(type.get()) > 0)
    throw InputError(_path +
                     ": found text of variable length, expected text of fixed length to append to (sinter convert " +
                     "makes such a database from this one)");
  _bytes = H5Tget_size(type.get());
  _rows = std::max(rowsOf(_dataset.get()), rows_before);
}

void ColumnWriter<std::string>::write(Hdf5Id const& dataset, hsize_t begin, std::span<std::string const> texts) const {
  Hdf5Id const type(H5Dget_type(dataset.get()), H5Tclose);
  if (!resizeRows(dataset.get(), begin + texts.size())) _output->fail();
  RowSelection const selection(dataset.get(), begin, texts.size());
  if (!selection.valid() || H5Dwrite(dataset.get(), type.get(), selection.in_memory.get(), selection.in_file.get(),
                                     H5P_DEFAULT, padded(texts, _bytes).data()) < 0)
    _output->fail();
}

// A dataset with room for `bytes` per text takes the place of this one.
void ColumnWriter<std::string>::widen(std::size_t bytes) {
  _bytes = bytes;
  std::string const wide = _path + "~";
  Hdf5Id dataset = _output->openRows(_output->id(), wide, hdf5TextType(_bytes).get(), _shape, nullptr);
  hsize_t const stored = rowsOf(_dataset.get());
  for (hsize_t begin = 0; begin < stored; begin += _shape.chunk) {
    write(dataset, begin,
          readTexts(_dataset.get(), begin, std::min(_shape.chunk, stored - begin), [&] { _output->fail(); }));
  }
  std::swap(_dataset, dataset);
  if (!dataset.close() || H5Ldelete(_output->id(), _path.c_str(), H5P_DEFAULT) < 0 ||
      H5Lmove(_output->id(), wide.c_str(), _output->id(), _path.c_str(), H5P_DEFAULT, H5P_DEFAULT) < 0)
    _output->fail();
}

void ColumnWriter<std::string>::flush() {
  if (_texts.empty()) return;
  std::size_t longest = 0;
  for (auto const& text : _texts) longest = std::max(longest, text.size());
  if (longest > _bytes) widen(std::bit_ceil(longest));
  write(_dataset, _rows, _texts);
  _rows += _texts.size();
  _texts.clear();
}

void ColumnWriter<std::string>::close() {
  flush();
  if (!resizeRows(_dataset.get(), _rows) || !_dataset.close()) _output->fail();
}

}  // namespace sinter::detail
