/// \file
/// Differences between predicted and reference labels, overall and by kind of configuration.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>

#include "sinter/core/structure.hpp"

namespace sinter {

struct Evaluation;

/// Mean absolute, root mean square and largest absolute difference of one quantity, number by number.
class ErrorStatistics {
 public:
  /// Counts `difference` as `times` equal ones.
  void add(double difference, std::size_t times = 1);

  [[nodiscard]] std::size_t count() const { return _count; }

  /// sum |d| / n, sqrt(sum d^2 / n) and max |d|; nothing when nothing was counted. A difference that is not a number
  /// makes all three so.
  [[nodiscard]] std::optional<double> mae() const;
  [[nodiscard]] std::optional<double> rmse() const;
  [[nodiscard]] std::optional<double> largest() const;

 private:
  std::size_t _count = 0;
  double _sum = 0, _sum_of_squares = 0, _largest = 0;
};

/// Errors of a set of frames.
struct ErrorGroup {
  std::size_t frames = 0;  ///< those with a label at least
  std::size_t atoms = 0;   ///< in these frames
  ErrorStatistics energy;  ///< (eV/atom), a number per frame
  ErrorStatistics force;   ///< (eV/A), three components per atom
  ErrorStatistics virial;  ///< (eV/atom), nine components per frame: off-diagonal ones of the Voigt form count twice
};

/// Collects errors frame by frame; memory grows with the number of different config types only.
class LabelErrors {
 public:
  /// Counts the labels that `labelled` has: energy difference per atom, each force component, each of the nine virial
  /// components per atom (of structures periodic in all three directions; without a volume it means nothing).
  /// \throws InputError when `labelled` has no atoms or another number of forces than `predicted`.
  void add(Structure const& labelled, Evaluation const& predicted);

  [[nodiscard]] ErrorGroup const& all() const { return _all; }

  /// Errors of the frames with a config type, by its name.
  [[nodiscard]] std::map<std::string, ErrorGroup> const& byConfigType() const { return _by_config_type; }

 private:
  ErrorGroup _all;
  std::map<std::string, ErrorGroup> _by_config_type;
};

/// A table for people: a line for all frames and one per config type; meV/atom and eV/A, "-" where no label was. Ends
/// with a line break.
[[nodiscard]] std::string formatErrorTable(LabelErrors const& errors);

}  // namespace sinter
