#include "sinter/mtp/mtp_active_set.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "sinter/core/error.hpp"

namespace sinter {

namespace {

constexpr std::string_view line_marker = "\n#MVS_v";
constexpr std::size_t longest_header = 4096;  // it has about 180 bytes

std::size_t activeSetSize(MtpModel const& model) {
  auto const species = static_cast<std::size_t>(model.species_count);
  return species * species * static_cast<std::size_t>(model.radial_funcs_count) *
             static_cast<std::size_t>(model.radial_basis_size) +
         species + model.alpha_moment_mapping.size();
}

}  // namespace

detail::MtpText detail::readMtpText(std::string const& file) {
  constexpr std::size_t chunk_size = std::size_t{1} << 20;
  constexpr std::size_t largest = std::size_t{1} << 30;  // level 28 has 4 MB
  auto const cannotRead = [&] {
    return InputError(file, 0, std::string("file: found ") + std::strerror(errno) + ", expected a readable .mtp file");
  };

  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    throw InputError(file, 0, "file: found a directory, expected a readable .mtp file");
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> const stream(std::fopen(file.c_str(), "rb"), &std::fclose);
  if (!stream) throw cannotRead();

  MtpText result;
  std::string& text = result.text;
  for (bool at_end = false; !at_end;) {
    std::size_t const size = text.size();
    text.resize(size + chunk_size);
    std::size_t const count = std::fread(text.data() + size, 1, chunk_size, stream.get());
    text.resize(size + count);
    if (std::ferror(stream.get()) != 0) throw cannotRead();
    // The marker may lie across two chunks.
    if (result.marker == std::string::npos) {
      std::size_t const found = text.find(line_marker, size - std::min(size, line_marker.size()));
      if (found != std::string::npos) result.marker = found + 1;
    }
    at_end =
        count < chunk_size || (result.marker != std::string::npos && text.size() - result.marker >= longest_header);
    if (text.size() > largest)
      throw InputError(file, 0,
                       "file: found more than " + std::to_string(largest) + " bytes of text, expected an .mtp file");
  }
  return result;
}

std::optional<MtpActiveSet> detail::findActiveSet(MtpText const& text, std::string const& file, MtpModel const& model) {
  if (text.marker == std::string::npos) return {};
  auto const line = 1 + static_cast<std::size_t>(std::count(
                            text.text.begin(), text.text.begin() + static_cast<std::ptrdiff_t>(text.marker), '\n'));
  std::string_view rest = std::string_view(text.text).substr(text.marker, longest_header);
  std::size_t taken = 0;
  auto const takeTo = [&](char end) -> std::optional<std::string_view> {
    std::size_t const length = rest.find(end);
    if (length == std::string_view::npos) return {};
    auto const part = rest.substr(0, length);
    rest.remove_prefix(length + 1);
    taken += length + 1;
    return part;
  };

  MtpActiveSet set;
  set.bytes = std::filesystem::file_size(file) - text.marker;
  constexpr std::string_view marker = line_marker.substr(1);
  auto head = takeTo('\n');
  if (head && head->ends_with('\r')) head->remove_suffix(1);
  if (!head || head->size() == marker.size())
    throw InputError(file, line, "active set: found a cut off head, expected #MVS_v1.1 and its version");
  set.version = head->substr(marker.size());
  if (set.version != "1.1") return set;  // nothing is known of it

  constexpr std::array<std::string_view, 5> keys = {"energy_weight", "force_weight", "stress_weight", "site_en_weight",
                                                    "weight_scaling"};
  for (auto const key : keys)
    if (auto const entry = takeTo('\n'); !entry || !entry->starts_with(key))
      throw InputError(file, line, "active set: found no " + std::string(key) + ", expected it in the head");
  if (!rest.starts_with('#'))
    throw InputError(file, line, "active set: found no # after the weights, expected it in front of the matrices");
  ++taken;

  set.size = activeSetSize(model);
  set.matrices = 2 * sizeof(double) * set.size * set.size;
  if (set.bytes - taken < set.matrices)
    throw InputError(file, line,
                     "active set: found " + std::to_string(set.bytes - taken) + " bytes of matrices, expected " +
                         std::to_string(set.matrices) + " (two of " + std::to_string(set.size) + " x " +
                         std::to_string(set.size) + " numbers); the file is cut off");
  return set;
}

std::optional<MtpActiveSet> readMtpActiveSet(std::string const& file, MtpModel const& model) {
  return detail::findActiveSet(detail::readMtpText(file), file, model);
}

}  // namespace sinter
