// The reader of LAMMPS data files.
#include "fuzz_target.hpp"
#include "sinter/structures/lammps_data_reader.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  sinter::fuzz::readFrames<sinter::LammpsDataReader>(data, size);
  return 0;
}
