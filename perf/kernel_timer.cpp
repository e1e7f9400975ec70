/// \file
/// A Kokkos tools library that prints, when a program ends, how often its kernels ran, the median and the mean of their
/// times, and, as "-> KERNEL", of the times between the end of any other kernel and the begin of this one.
///
/// KOKKOS_TOOLS_LIBS=build/openmp-release/perf/kernel_timer.so lmp -k on t 2 -sf kk -in INPUT
///
/// Times are of the calls: kernels that a device runs asynchronously need KOKKOS_TOOLS_GLOBALFENCES=1 as well.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <numeric>
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
Clock::time_point last_end;  // of a kernel that was not part of another

void add(std::string const& name, Clock::time_point from) {
  std::chrono::duration<double, std::micro> const time = Clock::now() - from;
  times[name].push_back(time.count());
}

void begin(char const* name, std::uint64_t* id) {
  *id = running.size();
  if (running.empty() && !times.empty()) add(std::string("-> ") + name, last_end);
  running.push_back({name, Clock::now()});
}

void end() {
  add(running.back().name, running.back().begin);
  running.pop_back();
  if (running.empty()) last_end = Clock::now();
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
  std::fprintf(stderr, "%10s %12s %12s  kernel\n", "calls", "median us", "mean us");
  for (auto& [name, all] : times) {
    auto const middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    double const mean = std::accumulate(all.begin(), all.end(), 0.0) / static_cast<double>(all.size());
    std::fprintf(stderr, "%10zu %12.2f %12.2f  %s\n", all.size(), *middle, mean, name.c_str());
  }
}

}  // extern "C"
