#include "sinter/structures/hdf5_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>
#include <system_error>

#include "sinter/core/error.hpp"
#include "sinter/structures/hdf5_columns.hpp"

namespace sinter::detail {

namespace {

// HDF5 neither prints errors nor works on after main(), where a full disk would make it complain.
void prepareHdf5() {
  static bool const once = [] { return H5dont_atexit() >= 0; }();
  (void)once;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

// What HDF5 says of its last failure, which any call that succeeds makes it forget (closing something, too): the
// innermost message, or in it that of the system.
std::string lastError() {
  std::string message;
  auto const innermost = [](unsigned, H5E_error2_t const* error, void* text) -> herr_t {
    *static_cast<std::string*>(text) = error->desc == nullptr ? "" : error->desc;
    return 1;  // no further ones
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, innermost, &message);
  constexpr std::string_view of_system = "error message = '";
  if (auto const at = message.find(of_system); at != std::string::npos) {
    message.erase(0, at + of_system.size());
    message.erase(std::min(message.find('\''), message.size()));
  }
  return message.empty() ? "no reason given" : message;
}

Hdf5Id newList(hid_t kind) { return {H5Pcreate(kind), H5Pclose}; }

// How objects are made: without times, so that the same content gives the same bytes.
Hdf5Id newObjectList(hid_t kind) {
  Hdf5Id list = newList(kind);
  H5Pset_obj_track_times(list.get(), false);
  return list;
}

// Locks of files are not needed where no file is changed in its place, and some file systems have none.
Hdf5Id accessList() {
  Hdf5Id list = newList(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(list.get(), H5F_LIBVER_V110, H5F_LIBVER_V110);
  H5Pset_file_locking(list.get(), false, true);
  return list;
}

std::string shapeText(std::span<hsize_t const> dimensions) {
  std::string text;
  for (hsize_t const d : dimensions) text += (text.empty() ? "" : " x ") + std::to_string(d);
  return text.empty() ? "one value" : text;
}

std::string kindText(H5T_class_t kind) {
  switch (kind) {
    case H5T_INTEGER:
      return "integers";
    case H5T_FLOAT:
      return "floating-point numbers";
    case H5T_STRING:
      return "text";
    default:
      return "data of another type";
  }
}

}  // namespace

Hdf5Id hdf5TextType(std::size_t bytes) {
  Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), bytes);
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

std::size_t RowShape::width() const {
  return static_cast<std::size_t>(
      std::accumulate(dimensions.begin(), dimensions.end(), hsize_t{1}, std::multiplies<>()));
}

// ---- reading -------------------------------------------------------------------------------------------------------

Hdf5Input::Hdf5Input(std::string file) : _file(std::move(file)) {
  prepareHdf5();
  auto const refuse = [&](std::string const& found, std::string const& expected) {
    throw InputError(_file, 0, "found " + found + ", expected " + expected);
  };
  std::error_code error;
  auto const status = std::filesystem::status(_file, error);
  if (std::filesystem::is_directory(status)) refuse("a directory", "a file");
  if (::access(_file.c_str(), R_OK) != 0)
    refuse(std::string("nothing to read (") + std::strerror(errno) + ")", "a file");
  if (!std::filesystem::is_regular_file(status)) refuse("a pipe or device", "a file (HDF5 is read at random places)");
  htri_t const is_hdf5 = H5Fis_hdf5(_file.c_str());
  if (is_hdf5 == 0) refuse("a file that is not HDF5", "an HDF5 file");
  Hdf5Id const access = accessList();
  _id = Hdf5Id(H5Fopen(_file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (_id) return;
  std::string const reason = lastError();
  if (reason.find("truncated file") != std::string::npos) refuse("a truncated HDF5 file", "the whole of it");
  refuse("a damaged HDF5 file (HDF5: " + reason + ")", "one that HDF5 can open");
}

bool Hdf5Input::has(std::string const& path) const {
  // Each part by itself: HDF5 takes a missing group in the middle for an error.
  for (auto at = path.find('/', 1);; at = path.find('/', at + 1)) {
    if (H5Lexists(_id.get(), path.substr(0, at).c_str(), H5P_DEFAULT) <= 0) return false;
    if (at == std::string::npos) return true;
  }
}

std::vector<std::string> Hdf5Input::namesIn(std::string const& group) const {
  std::vector<std::string> names;
  if (!has(group)) return names;
  Hdf5Id const id(H5Gopen2(_id.get(), group.c_str(), H5P_DEFAULT), H5Gclose);
  auto const add = [](hid_t, char const* name, H5L_info_t const*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  if (H5Literate(id.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names) < 0) failToRead(group);
  return names;
}

std::pair<Hdf5Id, hsize_t> Hdf5Input::openRows(std::string const& path, H5T_class_t kind, RowShape const& shape) const {
  if (!has(path)) throw InputError(_file, 0, "found no dataset " + path + ", expected one");
  Hdf5Id dataset(H5Dopen2(_id.get(), path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset) failToRead(path);
  Hdf5Id const type(H5Dget_type(dataset.get()), H5Tclose), space(H5Dget_space(dataset.get()), H5Sclose);
  if (H5Tget_class(type.get()) != kind) fail(path, kindText(H5Tget_class(type.get())), kindText(kind));
  if (kind == H5T_STRING && H5Tis_variable_str(type.get()) == 0 && H5Tget_size(type.get()) > longest_name)
    fail(path, "text of " + std::to_string(H5Tget_size(type.get())) + " bytes",
         std::to_string(longest_name) + " at most");
  hsize_t dimensions[H5S_MAX_RANK] = {};
  int const rank = H5Sget_simple_extent_dims(space.get(), dimensions, nullptr);
  if (rank < 0) failToRead(path);
  std::span<hsize_t const> const found(dimensions, static_cast<std::size_t>(rank));
  if (found.empty() || !std::equal(found.begin() + 1, found.end(), shape.dimensions.begin(), shape.dimensions.end()))
    fail(path, "shape " + shapeText(found),
         shape.dimensions.empty() ? "one number of rows" : "rows x " + shapeText(shape.dimensions));
  return {std::move(dataset), dimensions[0]};
}

Hdf5Id Hdf5Input::openAttribute(std::string const& group, std::string const& name, H5T_class_t kind) const {
  if (!has(group) || H5Aexists_by_name(_id.get(), group.c_str(), name.c_str(), H5P_DEFAULT) <= 0)
    fail(group, "no attribute " + name, "one (is this a database of Sinter?)");
  Hdf5Id attribute(H5Aopen_by_name(_id.get(), group.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  Hdf5Id const type(H5Aget_type(attribute.get()), H5Tclose), space(H5Aget_space(attribute.get()), H5Sclose);
  if (H5Tget_class(type.get()) != kind) fail(group + " " + name, kindText(H5Tget_class(type.get())), kindText(kind));
  if (H5Sget_simple_extent_npoints(space.get()) != 1)
    fail(group + " " + name, std::to_string(H5Sget_simple_extent_npoints(space.get())) + " values", "one");
  return attribute;
}

std::int64_t Hdf5Input::integerAttribute(std::string const& group, std::string const& name) const {
  std::int64_t value = 0;
  if (H5Aread(openAttribute(group, name, H5T_INTEGER).get(), H5T_NATIVE_INT64, &value) < 0) failToRead(group);
  return value;
}

std::string Hdf5Input::textAttribute(std::string const& group, std::string const& name) const {
  Hdf5Id const attribute = openAttribute(group, name, H5T_STRING), type(H5Aget_type(attribute.get()), H5Tclose);
  if (H5Tis_variable_str(type.get()) > 0) {
    char* text = nullptr;
    if (H5Aread(attribute.get(), type.get(), &text) < 0) failToRead(group);
    std::string result = text == nullptr ? "" : text;
    H5free_memory(text);
    return result;
  }
  std::size_t const size = H5Tget_size(type.get());
  std::string text(size, '\0');
  if (H5Aread(attribute.get(), type.get(), text.data()) < 0) failToRead(group);
  text.erase(std::min(text.find('\0'), size));
  return text;
}

void Hdf5Input::fail(std::string const& path, std::string const& found, std::string const& expected) const {
  throw InputError(_file + ": " + path + ": found " + found + ", expected " + expected);
}

void Hdf5Input::failToRead(std::string const& path) const {
  std::string const reason = lastError();
  fail(path, "damaged data (HDF5: " + reason + ")", "data that HDF5 can read");
}

// ---- writing -------------------------------------------------------------------------------------------------------

Hdf5Output::Hdf5Output(std::string file, Start start)
    : _file(std::move(file)), _temporary(_file + ".part" + std::to_string(::getpid())) {
  prepareHdf5();
  Hdf5Id const access = accessList(), root = newObjectList(H5P_FILE_CREATE);
  if (start == Start::empty) {
    _id = Hdf5Id(H5Fcreate(_temporary.c_str(), H5F_ACC_TRUNC, root.get(), access.get()), H5Fclose);
    if (!_id) throw SystemError("cannot create " + _temporary + ": " + lastError());
    return;
  }
  std::error_code error;
  std::filesystem::copy_file(_file, _temporary, std::filesystem::copy_options::overwrite_existing, error);
  if (!error) {
    _id = Hdf5Id(H5Fopen(_temporary.c_str(), H5F_ACC_RDWR, access.get()), H5Fclose);
    if (_id) return;
  }
  std::string const reason = error ? error.message() : lastError();
  std::remove(_temporary.c_str());
  throw SystemError("cannot write " + _temporary + ": " + reason);
}

Hdf5Output::~Hdf5Output() {
  if (_temporary.empty()) return;
  (void)_id.close();
  std::remove(_temporary.c_str());
}

Hdf5Id Hdf5Output::group(hid_t parent, std::string const& name) const {
  Hdf5Id const list = newObjectList(H5P_GROUP_CREATE);
  bool const there = H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0;
  Hdf5Id id(there ? H5Gopen2(parent, name.c_str(), H5P_DEFAULT)
                  : H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, list.get(), H5P_DEFAULT),
            H5Gclose);
  if (!id) fail();
  return id;
}

Hdf5Id Hdf5Output::openRows(hid_t parent, std::string const& name, hid_t stored_type, RowShape const& shape,
                            void const* fill) const {
  if (H5Lexists(parent, name.c_str(), H5P_DEFAULT) > 0) {
    Hdf5Id dataset(H5Dopen2(parent, name.c_str(), H5P_DEFAULT), H5Dclose);
    if (!dataset) fail();
    return dataset;
  }
  std::vector<hsize_t> now = {0}, most = {H5S_UNLIMITED}, chunk = {shape.chunk};
  for (auto* const list : {&now, &most, &chunk})
    list->insert(list->end(), shape.dimensions.begin(), shape.dimensions.end());
  Hdf5Id const space(H5Screate_simple(static_cast<int>(now.size()), now.data(), most.data()), H5Sclose);
  for (auto end = name.find('/', 1); end != std::string::npos; end = name.find('/', end + 1))
    (void)group(parent, name.substr(0, end));
  Hdf5Id const list = newObjectList(H5P_DATASET_CREATE);
  constexpr unsigned fast = 1;  // more effort gains little: digits of positions do not repeat
  bool const set = H5Pset_chunk(list.get(), static_cast<int>(chunk.size()), chunk.data()) >= 0 &&
                   (fill == nullptr || H5Pset_fill_value(list.get(), stored_type, fill) >= 0) &&
                   H5Pset_shuffle(list.get()) >= 0 && H5Pset_deflate(list.get(), fast) >= 0 &&
                   H5Pset_fletcher32(list.get()) >= 0;
  Hdf5Id dataset(H5Dcreate2(parent, name.c_str(), stored_type, space.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT),
                 H5Dclose);
  if (!set || !dataset) fail();
  return dataset;
}

void Hdf5Output::write(hid_t parent, std::string const& name, std::vector<hsize_t> const& dimensions, hid_t stored_type,
                       hid_t type, void const* values) const {
  Hdf5Id const list = newObjectList(H5P_DATASET_CREATE);
  Hdf5Id const space(H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr), H5Sclose);
  Hdf5Id const dataset(H5Dcreate2(parent, name.c_str(), stored_type, space.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT),
                       H5Dclose);
  if (!dataset || H5Dwrite(dataset.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) fail();
}

void Hdf5Output::writeArray(hid_t parent, std::string const& name, std::vector<hsize_t> const& dimensions,
                            std::span<double const> values) const {
  write(parent, name, dimensions, ColumnType<double>::inFile(), ColumnType<double>::inMemory(), values.data());
}

void Hdf5Output::writeArray(hid_t parent, std::string const& name, std::vector<hsize_t> const& dimensions,
                            std::span<std::int32_t const> values) const {
  write(parent, name, dimensions, ColumnType<std::int32_t>::inFile(), ColumnType<std::int32_t>::inMemory(),
        values.data());
}

void Hdf5Output::writeText(hid_t parent, std::string const& name, std::string const& text) const {
  Hdf5Id const type = hdf5TextType(std::max<std::size_t>(1, text.size()));
  write(parent, name, {}, type.get(), type.get(), text.c_str());
}

void Hdf5Output::writeAttribute(hid_t object, std::string const& name, std::vector<hsize_t> const& dimensions,
                                hid_t stored_type, hid_t type, void const* values) const {
  if (H5Aexists(object, name.c_str()) > 0) H5Adelete(object, name.c_str());
  Hdf5Id const space(H5Screate_simple(static_cast<int>(dimensions.size()), dimensions.data(), nullptr), H5Sclose);
  Hdf5Id const attribute(H5Acreate2(object, name.c_str(), stored_type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                         H5Aclose);
  if (!attribute || H5Awrite(attribute.get(), type, values) < 0) fail();
}

void Hdf5Output::setAttribute(hid_t object, std::string const& name, std::string const& text) const {
  Hdf5Id const type = hdf5TextType(std::max<std::size_t>(1, text.size()));
  writeAttribute(object, name, {}, type.get(), type.get(), text.c_str());
}

void Hdf5Output::setAttribute(hid_t object, std::string const& name, std::vector<std::string> const& texts) const {
  std::size_t longest = 1;
  for (auto const& text : texts) longest = std::max(longest, text.size());
  Hdf5Id const type = hdf5TextType(longest);
  writeAttribute(object, name, {texts.size()}, type.get(), type.get(), padded(texts, longest).data());
}

void Hdf5Output::setAttribute(hid_t object, std::string const& name, std::vector<std::int32_t> const& values) const {
  std::vector<hsize_t> const dimensions =
      values.size() == 1 ? std::vector<hsize_t>{} : std::vector<hsize_t>{values.size()};
  writeAttribute(object, name, dimensions, ColumnType<std::int32_t>::inFile(), ColumnType<std::int32_t>::inMemory(),
                 values.data());
}

void Hdf5Output::setAttribute(hid_t object, std::string const& name, std::vector<double> const& values) const {
  writeAttribute(object, name, {values.size()}, ColumnType<double>::inFile(), ColumnType<double>::inMemory(),
                 values.data());
}

void Hdf5Output::setAttribute(hid_t object, std::string const& name, double value) const {
  writeAttribute(object, name, {}, ColumnType<double>::inFile(), ColumnType<double>::inMemory(), &value);
}

void Hdf5Output::close() {
  if (H5Fflush(_id.get(), H5F_SCOPE_GLOBAL) < 0 || !_id.close()) fail();
  int const descriptor = ::open(_temporary.c_str(), O_RDONLY | O_CLOEXEC);
  bool const flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  std::string const reason = std::strerror(errno);
  if (descriptor >= 0) ::close(descriptor);
  if (!flushed) throw SystemError("cannot write " + _temporary + ": " + reason);
  if (std::rename(_temporary.c_str(), _file.c_str()) != 0)
    throw SystemError("cannot write " + _file + ": " + std::strerror(errno));
  _temporary.clear();
}

void Hdf5Output::fail() const { throw SystemError("cannot write " + _temporary + ": " + lastError()); }

}  // namespace sinter::detail
