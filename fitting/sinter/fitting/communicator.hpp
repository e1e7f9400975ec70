/// \file
/// The processes that share a fit: ranks of MPI, or one process alone. The only place that knows MPI.
#pragma once

#include <functional>
#include <span>

namespace sinter {

/// The ranks of this run. Every rank makes the same calls in the same order.
class Communicator {
 public:
  /// This process alone, unless `withRanks` finds more.
  [[nodiscard]] static Communicator const& world();

  [[nodiscard]] int rank() const { return _rank; }
  [[nodiscard]] int size() const { return _size; }

  /// Gives all ranks the numbers of rank `from`.
  void broadcast(std::span<double> numbers, int from) const;

  /// Runs `body` on every rank and waits for all of them.
  /// \throws what it throws on any rank, on every rank: InputError and SystemError with the message of the first rank
  ///         that failed.
  void together(std::function<void()> const& body) const;

 private:
  friend void withRanks(std::function<void()> const& body);
  int _rank = 0, _size = 1;
};

/// Number of this process among those that mpirun or srun has started together; 0 of a process alone. Known without
/// MPI, so that one of them speaks for all from the beginning.
[[nodiscard]] int launchedRank();

/// Runs `body` with MPI initialised (until the end of the process), when this process was started by mpirun or srun
/// together with others. What fails outside `Communicator::together` on one rank ends all of them at once (exit code
/// 1). \throws what `body` throws; InputError in a build without MPI that was started as several processes.
void withRanks(std::function<void()> const& body);

}  // namespace sinter
