// The reader of extended XYZ.
#include "fuzz_target.hpp"
#include "sinter/structures/extxyz_reader.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  sinter::fuzz::readFrames<sinter::ExtxyzReader>(data, size);
  return 0;
}
