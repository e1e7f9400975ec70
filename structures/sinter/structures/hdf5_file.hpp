/// \file
/// HDF5's C interface, as far as structures need it: identifiers that close themselves, files that appear whole.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sinter/core/structure.hpp"

namespace sinter::detail {

/// The numbers of vectors one behind the other.
[[nodiscard]] inline std::span<double const> flat(std::span<Vector3 const> vectors) {
  return {vectors.empty() ? nullptr : vectors.front().data(), 3 * vectors.size()};
}

/// An HDF5 identifier, closed with its owner.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);

  Hdf5Id() = default;
  Hdf5Id(hid_t id, Close how) : _id(id), _close(how) {}
  ~Hdf5Id() { (void)close(); }
  Hdf5Id(Hdf5Id&& other) noexcept : _id(std::exchange(other._id, -1)), _close(other._close) {}
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    std::swap(_id, other._id);
    std::swap(_close, other._close);
    return *this;
  }

  /// Negative when it could not be opened.
  [[nodiscard]] hid_t get() const { return _id; }
  explicit operator bool() const { return _id >= 0; }

  /// Closes now; whether that worked.
  [[nodiscard]] bool close() { return _id < 0 || _close(std::exchange(_id, -1)) >= 0; }

 private:
  hid_t _id = -1;
  Close _close = nullptr;
};

/// Text of up to `bytes` bytes, UTF-8, filled up with zeros. What Sinter writes: unlike text of variable length, which
/// lies in a heap of its own, it is compressed and has checksums, and damage cannot lead HDF5 (1.10) astray.
[[nodiscard]] Hdf5Id hdf5TextType(std::size_t bytes);

/// Names that a database can hold.
inline constexpr std::size_t longest_name = 4096;

/// Rows of one shape in a dataset that can grow: a scalar, a vector, a matrix each.
struct RowShape {
  std::vector<hsize_t> dimensions;  ///< of a row; none for a scalar
  hsize_t chunk = 1024;             ///< rows that are stored and read together

  [[nodiscard]] std::size_t width() const;
};

/// A file that is read.
class Hdf5Input {
 public:
  /// \throws InputError when there is none, or it is not HDF5, truncated or damaged.
  explicit Hdf5Input(std::string file);

  [[nodiscard]] std::string const& file() const { return _file; }
  [[nodiscard]] hid_t id() const { return _id.get(); }
  [[nodiscard]] bool has(std::string const& path) const;

  /// Names in a group, sorted; none when there is no such group.
  [[nodiscard]] std::vector<std::string> namesIn(std::string const& group) const;

  /// A dataset of rows, and how many there are.
  /// \throws InputError when it is missing or has another kind (`H5T_FLOAT`, ...) or shape.
  [[nodiscard]] std::pair<Hdf5Id, hsize_t> openRows(std::string const& path, H5T_class_t kind,
                                                    RowShape const& shape) const;

  /// An attribute of a group.
  /// \throws InputError when it is missing or of another kind.
  [[nodiscard]] std::int64_t integerAttribute(std::string const& group, std::string const& name) const;
  [[nodiscard]] std::string textAttribute(std::string const& group, std::string const& name) const;

  /// \throws InputError "file: path: found ..., expected ..."
  [[noreturn]] void fail(std::string const& path, std::string const& found, std::string const& expected) const;

  /// Reading failed: \throws InputError with HDF5's reason.
  [[noreturn]] void failToRead(std::string const& path) const;

 private:
  [[nodiscard]] Hdf5Id openAttribute(std::string const& group, std::string const& name, H5T_class_t kind) const;

  std::string _file;
  Hdf5Id _id;
};

/// A file that is written: under a temporary name beside its own until `close` flushes it to the disk and renames it.
/// Destroyed without `close` it leaves nothing, and an older file as it was.
class Hdf5Output {
 public:
  enum class Start { empty, copy_of_file };

  /// \param start what is in it at first; a copy can be added to, and is never seen by readers of the file
  /// \throws SystemError when it cannot be created or copied.
  Hdf5Output(std::string file, Start start);
  ~Hdf5Output();
  Hdf5Output(Hdf5Output const&) = delete;
  Hdf5Output& operator=(Hdf5Output const&) = delete;

  [[nodiscard]] hid_t id() const { return _id.get(); }

  /// A group, made where it is missing.
  [[nodiscard]] Hdf5Id group(hid_t parent, std::string const& name) const;

  /// Opens the dataset of rows `name`, or makes it (compressed, with checksums). Rows that are never written are
  /// `fill`.
  [[nodiscard]] Hdf5Id openRows(hid_t parent, std::string const& name, hid_t stored_type, RowShape const& shape,
                                void const* fill) const;

  /// A dataset of its final size.
  void writeArray(hid_t parent, std::string const& name, std::vector<hsize_t> const& dimensions,
                  std::span<double const> values) const;
  void writeArray(hid_t parent, std::string const& name, std::vector<hsize_t> const& dimensions,
                  std::span<std::int32_t const> values) const;
  void writeText(hid_t parent, std::string const& name, std::string const& text) const;

  /// Attributes; one that is there is replaced.
  void setAttribute(hid_t object, std::string const& name, std::string const& text) const;
  void setAttribute(hid_t object, std::string const& name, std::vector<std::string> const& texts) const;
  void setAttribute(hid_t object, std::string const& name, std::vector<std::int32_t> const& values) const;
  void setAttribute(hid_t object, std::string const& name, std::vector<double> const& values) const;
  void setAttribute(hid_t object, std::string const& name, double value) const;

  /// Finishes the file and gives it its name. All objects in it must have been closed.
  /// \throws SystemError when the disk is full.
  void close();

  /// Writing failed: \throws SystemError with HDF5's reason.
  [[noreturn]] void fail() const;

 private:
  void write(hid_t parent, std::string const& name, std::vector<hsize_t> const& dimensions, hid_t stored_type,
             hid_t type, void const* values) const;
  void writeAttribute(hid_t object, std::string const& name, std::vector<hsize_t> const& dimensions, hid_t stored_type,
                      hid_t type, void const* values) const;

  std::string _file, _temporary;
  Hdf5Id _id;
};

}  // namespace sinter::detail
