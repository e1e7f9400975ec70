// The reader of MLIP configurations.
#include "fuzz_target.hpp"
#include "sinter/structures/cfg_reader.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  sinter::fuzz::readFrames<sinter::CfgReader>(data, size);
  return 0;
}
