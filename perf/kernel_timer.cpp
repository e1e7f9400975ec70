/// \file
/// A Kokkos tools library that prints, when a program ends, how often its kernels ran and the median of their times.
///
/// KOKKOS_TOOLS_LIBS=build/openmp-release/perf/kernel_timer.so lmp -k on t 2 -sf kk -in INPUT
///
/// Times are of the calls: kernels that a device runs asynchronously need KOKKOS_TOOLS_GLOBALFENCES=1 as well.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Kernel {
  std::string name;
  Clock::time_point begin;
};

std::map<std::string, std::vector<double>> times;  // us
std::vector<Kernel> running;

void begin(char const* name, std::uint64_t* id) {
  *id = running.size();
  running.push_back({name, Clock::now()});
}

void end() {
  std::chrono::duration<double, std::micro> const time = Clock::now() - running.back().begin;
  times[running.back().name].push_back(time.count());
  running.pop_back();
}

}  // namespace

extern "C" {

void kokkosp_begin_parallel_for(char const* name, std::uint32_t, std::uint64_t* id) { begin(name, id); }
void kokkosp_begin_parallel_reduce(char const* name, std::uint32_t, std::uint64_t* id) { begin(name, id); }
void kokkosp_begin_parallel_scan(char const* name, std::uint32_t, std::uint64_t* id) { begin(name, id); }
void kokkosp_end_parallel_for(std::uint64_t) { end(); }
void kokkosp_end_parallel_reduce(std::uint64_t) { end(); }
void kokkosp_end_parallel_scan(std::uint64_t) { end(); }

void kokkosp_finalize_library() {
  std::fprintf(stderr, "%10s %12s  kernel\n", "calls", "median us");
  for (auto& [name, all] : times) {
    auto const middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    std::fprintf(stderr, "%10zu %12.2f  %s\n", all.size(), *middle, name.c_str());
  }
}

}  // extern "C"
