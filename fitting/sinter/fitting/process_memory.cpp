#include "sinter/fitting/process_memory.hpp"

#include <unistd.h>

#include <fstream>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace sinter {

std::size_t residentBytes() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
  std::size_t whole = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace sinter
