#include "sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <vector>

#include "sinter/core/error.hpp"

namespace sinter::app {

namespace {

class Sha256 {
 public:
  void add(char const* bytes, std::size_t count) {
    _good = _good && EVP_DigestUpdate(_context.get(), bytes, count) == 1;
  }

  std::string digits() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (!_good || EVP_DigestFinal_ex(_context.get(), digest.data(), &size) != 1)
      throw SystemError("cannot compute a SHA-256: OpenSSL failed");
    constexpr char digits[] = "0123456789abcdef";
    std::string text;
    for (unsigned k = 0; k < size; ++k) {
      text += digits[digest[k] / 16];
      text += digits[digest[k] % 16];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> _context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  bool _good = _context && EVP_DigestInit_ex(_context.get(), EVP_sha256(), nullptr) == 1;
};

}  // namespace

std::string sha256OfFile(std::string const& file) {
  if (std::filesystem::is_directory(file)) throw InputError(file, 0, "found a folder, expected a file");
  auto const close = [](std::FILE* stream) { std::fclose(stream); };
  std::unique_ptr<std::FILE, decltype(close)> const stream(std::fopen(file.c_str(), "rb"), close);
  if (!stream) throw InputError(file, 0, std::string("found nothing to read (") + std::strerror(errno) + ")");
  Sha256 sum;
  std::vector<char> buffer(std::size_t{1} << 16);
  while (std::size_t const count = std::fread(buffer.data(), 1, buffer.size(), stream.get()))
    sum.add(buffer.data(), count);
  if (std::ferror(stream.get()) != 0) throw SystemError("cannot read " + file + ": " + std::strerror(errno));
  return sum.digits();
}

std::string sha256OfText(std::string_view text) {
  Sha256 sum;
  sum.add(text.data(), text.size());
  return sum.digits();
}

}  // namespace sinter::app
