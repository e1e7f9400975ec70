/// \file
/// How tests start several processes.
#pragma once

#include <string>

namespace sinter::test {

#if defined(SINTER_MPIEXEC)
/// What comes before the command line of a program to start it as so many ranks of one thread each.
inline std::string mpiCommand(int ranks) {
  return "OMP_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 "
         "ASAN_OPTIONS=detect_leaks=0 "  // those of Open MPI are not ours
         "OMPI_MCA_rmaps_base_oversubscribe=1 " SINTER_MPIEXEC " -q -np " +
         std::to_string(ranks) + " ";
}
#endif

}  // namespace sinter::test
