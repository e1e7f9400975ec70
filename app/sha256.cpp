#include "sha256.hpp"

#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "sinter/core/error.hpp"

namespace sinter::app {

std::string sha256OfFile(std::string const& file) {
  auto const close = [](std::FILE* stream) { std::fclose(stream); };
  std::unique_ptr<std::FILE, decltype(close)> const stream(std::fopen(file.c_str(), "rb"), close);
  if (!stream) throw InputError(file, 0, std::string("found nothing to read (") + std::strerror(errno) + ")");

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> const context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  std::vector<char> buffer(std::size_t{1} << 16);
  while (good) {
    std::size_t const count = std::fread(buffer.data(), 1, buffer.size(), stream.get());
    if (count == 0) break;
    good = EVP_DigestUpdate(context.get(), buffer.data(), count) == 1;
  }
  if (std::ferror(stream.get()) != 0) throw SystemError("cannot read " + file + ": " + std::strerror(errno));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (!good || EVP_DigestFinal_ex(context.get(), digest.data(), &size) != 1)
    throw SystemError("cannot compute the SHA-256 of " + file + ": OpenSSL failed");

  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned k = 0; k < size; ++k) {
    text += digits[digest[k] / 16];
    text += digits[digest[k] % 16];
  }
  return text;
}

}  // namespace sinter::app
