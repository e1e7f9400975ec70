#include "sinter/structures/byte_stream.hpp"

#include <lzma.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "sinter/core/error.hpp"

namespace sinter::detail {

namespace {

constexpr std::size_t chunk = std::size_t{1} << 16;
constexpr std::uint64_t xz_memory = std::uint64_t{1} << 30;  // the largest preset (xz -9) needs 65 MiB

class PlainFile final : public ByteStream {
 public:
  explicit PlainFile(std::string const& file) : _file(file) {
    std::error_code ignored;
    if (std::filesystem::is_directory(file, ignored)) throw InputError(file, 0, "found a directory, expected a file");
    _stream.reset(std::fopen(file.c_str(), "rb"));
    if (!_stream)
      throw InputError(file, 0, std::string("found nothing to read (") + std::strerror(errno) + "), expected a file");
  }

  std::size_t read(char* to, std::size_t size) override {
    std::size_t const count = std::fread(to, 1, size, _stream.get());
    if (count < size && std::ferror(_stream.get()) != 0)
      throw SystemError("cannot read " + _file + ": " + std::strerror(errno));
    return count;
  }

 private:
  struct Close {
    void operator()(std::FILE* stream) const { std::fclose(stream); }
  };
  std::string _file;
  std::unique_ptr<std::FILE, Close> _stream;
};

/// Compressed bytes of a file, a chunk at a time.
class CompressedFile : public ByteStream {
 protected:
  explicit CompressedFile(std::string const& file) : _name(file), _plain(file), _input(chunk) {}

  /// The next chunk, empty at the end of the file.
  std::string_view nextChunk() { return {_input.data(), _plain.read(_input.data(), _input.size())}; }

  [[noreturn]] void fail(std::string const& found, std::string const& expected) const {
    throw InputError(_name, 0, "found " + found + ", expected " + expected);
  }

 private:
  std::string _name;
  PlainFile _plain;
  std::vector<char> _input;
};

class XzFile final : public CompressedFile {
 public:
  explicit XzFile(std::string const& file) : CompressedFile(file) {
    if (lzma_stream_decoder(&_decoder, xz_memory, LZMA_CONCATENATED) != LZMA_OK)
      throw SystemError("cannot start to decompress " + file + ": out of memory");
  }
  ~XzFile() override { lzma_end(&_decoder); }
  XzFile(XzFile const&) = delete;
  XzFile& operator=(XzFile const&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    if (_finished) return 0;
    _decoder.next_out = reinterpret_cast<std::uint8_t*>(to);
    _decoder.avail_out = size;
    while (_decoder.avail_out == size) {
      if (_decoder.avail_in == 0 && !_exhausted) {
        std::string_view const bytes = nextChunk();
        _exhausted = bytes.empty();
        _decoder.next_in = reinterpret_cast<std::uint8_t const*>(bytes.data());
        _decoder.avail_in = bytes.size();
      }
      lzma_ret const result = lzma_code(&_decoder, _exhausted ? LZMA_FINISH : LZMA_RUN);
      if (result == LZMA_STREAM_END) {
        _finished = true;
        break;
      }
      if (result != LZMA_OK) failWith(result);
    }
    return size - _decoder.avail_out;
  }

 private:
  [[noreturn]] void failWith(lzma_ret result) const {
    switch (result) {
      case LZMA_BUF_ERROR:
        fail("a truncated .xz stream", "the whole of it");
      case LZMA_FORMAT_ERROR:
        fail("something else than an .xz stream", "one, as the name says");
      case LZMA_MEM_ERROR:
        throw SystemError("cannot decompress an .xz file: out of memory");
      case LZMA_MEMLIMIT_ERROR:
        fail("an .xz stream that needs more than 1 GiB of memory", "one made by xz -9 or below");
      case LZMA_OPTIONS_ERROR:
        fail("an .xz stream with unknown options", "one that this version of liblzma can read");
      default:
        fail("a corrupt .xz stream", "one that passes its own checksum");
    }
  }

  lzma_stream _decoder = LZMA_STREAM_INIT;
  bool _exhausted = false, _finished = false;
};

class GzFile final : public CompressedFile {
 public:
  explicit GzFile(std::string const& file) : CompressedFile(file) {
    constexpr int gzip_only = 16 + MAX_WBITS;
    if (inflateInit2(&_decoder, gzip_only) != Z_OK)
      throw SystemError("cannot start to decompress " + file + ": out of memory");
  }
  ~GzFile() override { inflateEnd(&_decoder); }
  GzFile(GzFile const&) = delete;
  GzFile& operator=(GzFile const&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    uInt const space = static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
    _decoder.next_out = reinterpret_cast<Bytef*>(to);
    _decoder.avail_out = space;
    while (_decoder.avail_out == space) {
      if (_decoder.avail_in == 0 && !refill()) {
        if (!_between_members) fail("a truncated .gz stream", "the whole of it");
        break;
      }
      if (_between_members && !startMember()) break;
      int const result = inflate(&_decoder, Z_NO_FLUSH);
      if (result == Z_STREAM_END)
        _between_members = true;
      else if (result == Z_MEM_ERROR)
        throw SystemError("cannot decompress a .gz file: out of memory");
      else if (result != Z_OK && result != Z_BUF_ERROR)
        fail("a corrupt .gz stream", "gzip data that pass their own checksum");
    }
    return space - _decoder.avail_out;
  }

 private:
  bool refill() {
    std::string_view const bytes = nextChunk();
    // zlib's interface of before const: it only reads through next_in.
    _decoder.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    _decoder.avail_in = static_cast<uInt>(bytes.size());
    return !bytes.empty();
  }

  // After the end of a gzip member: another one follows, or zeros (padding, as gzip itself accepts) to the end.
  bool startMember() {
    constexpr Bytef first_byte_of_a_member = 0x1f;
    do {
      while (_decoder.avail_in > 0 && *_decoder.next_in == 0) {
        ++_decoder.next_in;
        --_decoder.avail_in;
      }
    } while (_decoder.avail_in == 0 && refill());
    if (_decoder.avail_in == 0) return false;
    if (*_decoder.next_in != first_byte_of_a_member)
      fail("other bytes behind a .gz stream", "the end of the file or a further stream");
    inflateReset(&_decoder);
    _between_members = false;
    return true;
  }

  z_stream _decoder{};
  bool _between_members = false;
};

/// Passes `inner` on, or the only member of it where it is a tar archive (POSIX.1-1988 "ustar": blocks of 512 bytes,
/// a header with the size in octal at byte 124, the kind at 156 and "ustar" at 257; zeros at the end).
class Unarchived final : public ByteStream {
 public:
  Unarchived(std::string file, std::unique_ptr<ByteStream> inner) : _file(std::move(file)), _inner(std::move(inner)) {
    while (_head_end < _head.size()) {
      std::size_t const count = _inner->read(_head.data() + _head_end, _head.size() - _head_end);
      if (count == 0) return;
      _head_end += count;
    }
    std::string_view const head(_head.data(), _head.size());
    if (head.substr(257, 5) != "ustar") return;
    char const kind = head[156];
    char const* const size = head.data() + 124;
    std::from_chars_result const parsed = std::from_chars(size, size + 12, _left, 8);
    if ((kind != '0' && kind != '\0') || parsed.ec != std::errc{})
      fail("a tar archive whose first member is not a plain file", "an archive of one file; unpack it");
    _archive = true;
    _padding = (block - _left % block) % block;
    _head_end = 0;
  }

  std::size_t read(char* to, std::size_t size) override {
    if (_head_begin < _head_end) {
      std::size_t const count = std::min(size, _head_end - _head_begin);
      std::memcpy(to, _head.data() + _head_begin, count);
      _head_begin += count;
      return count;
    }
    if (_archive && _left == 0) {
      checkTail();
      return 0;
    }
    std::size_t const count = _inner->read(to, static_cast<std::size_t>(std::min<std::uint64_t>(size, _left)));
    if (!_archive) return count;
    if (count == 0) fail("a truncated tar archive", std::to_string(_left) + " more bytes");
    _left -= count;
    return count;
  }

 private:
  static constexpr std::size_t block = 512;

  void checkTail() {
    while (std::size_t const count = _inner->read(_head.data(), _head.size())) {
      auto const begin = _head.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count, _padding));
      _padding -= std::min<std::uint64_t>(count, _padding);
      if (std::any_of(begin, _head.begin() + static_cast<std::ptrdiff_t>(count), [](char c) { return c != '\0'; }))
        fail("a tar archive of several files", "an archive of one file; unpack it");
    }
  }

  [[noreturn]] void fail(std::string const& found, std::string const& expected) const {
    throw InputError(_file, 0, "found " + found + ", expected " + expected);
  }

  std::string _file;
  std::unique_ptr<ByteStream> _inner;
  std::array<char, block> _head{};
  std::size_t _head_begin = 0, _head_end = 0;  // bytes of _head that are still to be passed on
  bool _archive = false;
  std::uint64_t _left = std::numeric_limits<std::uint64_t>::max(), _padding = 0;
};

std::unique_ptr<ByteStream> openCompressed(std::string const& file) {
  std::string_view const name = file;
  if (name.ends_with(".xz")) return std::make_unique<XzFile>(file);
  if (name.ends_with(".gz")) return std::make_unique<GzFile>(file);
  return std::make_unique<PlainFile>(file);
}

}  // namespace

std::unique_ptr<ByteStream> openBytes(std::string const& file) {
  return std::make_unique<Unarchived>(file, openCompressed(file));
}

}  // namespace sinter::detail
