#include "sinter/fitting/communicator.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "sinter/core/error.hpp"
#if defined(SINTER_HAS_MPI)
#include <mpi.h>
#endif

namespace sinter {

namespace {

// What mpirun of Open MPI and others, or srun, says to each process: rank and number of processes.
constexpr std::array<std::array<char const*, 2>, 3> launchers = {
    {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, {"PMI_RANK", "PMI_SIZE"}, {"PMIX_RANK", "SLURM_NTASKS"}}};

struct Launched {
  int rank = 0, size = 1;
};

Launched launched() {
  for (auto const& [rank, size] : launchers)
    if (char const* const number = std::getenv(rank)) {
      char const* const all = std::getenv(size);
      return {std::atoi(number), all != nullptr ? std::atoi(all) : 1};
    }
  return {};
}

Communicator& worldToChange() {
  static Communicator world;
  return world;
}

#if defined(SINTER_HAS_MPI)
bool failed_together = false;  // the error that is on its way is on its way on all ranks

enum Failure { none, bad_input, machine_failed };

// What failed on some rank fails on all.
void agree(Communicator const& world, std::exception_ptr const& own) {
  int first = own ? world.rank() : world.size();
  MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  if (first == world.size()) return;
  std::string message;
  int facts[2] = {none, 0};
  if (own) {
    try {
      std::rethrow_exception(own);
    } catch (InputError const& error) {
      message = error.what();
      facts[0] = bad_input;
    } catch (std::exception const& error) {
      message = error.what();
      facts[0] = machine_failed;
    }
    facts[1] = static_cast<int>(message.size());
  }
  MPI_Bcast(facts, 2, MPI_INT, first, MPI_COMM_WORLD);
  message.resize(static_cast<std::size_t>(facts[1]));
  MPI_Bcast(message.data(), facts[1], MPI_CHAR, first, MPI_COMM_WORLD);
  failed_together = true;
  if (own && first == world.rank()) std::rethrow_exception(own);
  if (facts[0] == bad_input) throw InputError(message);
  throw SystemError(message);
}
#endif

}  // namespace

int launchedRank() { return launched().rank; }

Communicator const& Communicator::world() { return worldToChange(); }

#if defined(SINTER_HAS_MPI)

void Communicator::broadcast(std::span<double> numbers, int from) const {
  constexpr std::size_t at_once = std::size_t{1} << 28;  // counts of MPI are of type int
  if (_size == 1) return;
  for (std::size_t begin = 0; begin < numbers.size(); begin += at_once) {
    auto const part = numbers.subspan(begin, std::min(at_once, numbers.size() - begin));
    MPI_Bcast(part.data(), static_cast<int>(part.size()), MPI_DOUBLE, from, MPI_COMM_WORLD);
  }
}

void Communicator::together(std::function<void()> const& body) const {
  if (_size == 1) return body();
  std::exception_ptr failure;
  try {
    body();
  } catch (...) {
    failure = std::current_exception();
  }
  agree(*this, failure);
}

void withRanks(std::function<void()> const& body) {
  if (launched().size == 1) return body();
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  std::atexit([] { MPI_Finalize(); });  // mpirun ends all ranks when one is gone: not before the first one has spoken
  auto& world = worldToChange();
  MPI_Comm_rank(MPI_COMM_WORLD, &world._rank);
  MPI_Comm_size(MPI_COMM_WORLD, &world._size);
  try {
    body();
  } catch (std::exception const& error) {
    if (!failed_together) {
      std::fprintf(stderr, "sinter: error: rank %d: %s\n", world._rank, error.what());
      MPI_Abort(MPI_COMM_WORLD, 1);
    }
    throw;
  }
}

#else

void Communicator::broadcast(std::span<double>, int) const {}
void Communicator::together(std::function<void()> const& body) const { body(); }

void withRanks(std::function<void()> const& body) {
  if (int const size = launched().size; size > 1)
    throw InputError("found " + std::to_string(size) +
                     " processes started together, expected one: this build of sinter is without MPI "
                     "(SINTER_ENABLE_MPI)");
  body();
}

#endif

}  // namespace sinter
