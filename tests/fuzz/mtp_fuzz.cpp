// The reader of moment tensor potentials, and its writer: what was read is written so that it reads back the same.
#include "fuzz_target.hpp"
#include "sinter/mtp/mtp_io.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace sinter;
  static fuzz::MemoryFile const file;
  file.assign(data, size);
  MtpModel model;
  try {
    model = readMtp(file.name());
  } catch (InputError const& error) {
    fuzz::requireGoodMessage(error.what());
    return 0;
  }
  checkMtpModel(model, "a model that the reader passed");
  std::string const written = formatMtp(model);
  fuzz::require(formatMtp(parseMtp(written, "written")) == written, "what was written reads back the same");
  return 0;
}
