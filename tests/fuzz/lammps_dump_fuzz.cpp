// The reader of LAMMPS dumps.
#include "fuzz_target.hpp"
#include "sinter/structures/lammps_dump_reader.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  sinter::fuzz::readFrames<sinter::LammpsDumpReader>(data, size);
  return 0;
}
