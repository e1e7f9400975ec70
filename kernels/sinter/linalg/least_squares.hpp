/// \file
/// Dense linear least squares on streamed rows.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace sinter {

/// Solution of a least-squares problem.
struct LeastSquaresSolution {
  std::vector<double> x;     ///< one per column; 0 for columns that depend on others
  int rank = 0;              ///< columns kept
  std::vector<int> kept;     ///< their numbers, ascending
  double condition = 0;      ///< ratio of the first to the last kept diagonal element of R (equilibrated columns)
  double residual_norm = 0;  ///< |A x - b|, regularisation left out
};

/// What least squares knows of its rows: A^T A = R^T R with the right-hand side as the last column of A.
struct TriangularFactor {
  int columns = 0;        ///< unknowns n
  std::size_t rows = 0;   ///< rows of A that it stands for
  std::vector<double> r;  ///< R, upper triangular, (n + 1, n + 1) column-major; the last column is Q^T b, and below it
                          ///< the norm of what no x can reach

  /// |A x - b|^2.
  [[nodiscard]] double residual(std::span<double const> x) const;
};

/// Least squares min |A x - b|^2 + ridge |D x|^2 by QR on rows that arrive in panels; A is never stored whole.
///
/// Keeps R and Q^T b of what came so far: each panel is appended below them and factorised anew (Householder, LAPACK
/// dgeqrf). The final solve equilibrates the columns (D = their norms) and factorises R with column pivoting (dgeqp3),
/// so that exactly dependent columns are found and dropped. Cost: 2 rows columns^2 flops; memory (columns + panel) x
/// columns numbers.
class StreamedLeastSquares {
 public:
  /// \param columns number of unknowns, > 0
  explicit StreamedLeastSquares(int columns);

  /// Appends one row of A (size `columns`) and its right-hand side.
  void append(std::span<double const> row, double right_hand_side);

  /// Appends rows of A with their right-hand sides: `rows` rows of `columns` + 1 numbers, `stride` apart. Rows of zeros
  /// are left out.
  void appendRows(double const* numbers, std::size_t rows, std::size_t stride);

  /// Appends all rows that another factor stands for.
  void append(TriangularFactor const& other);

  /// The factor of all rows so far. \throws InputError when there are none.
  [[nodiscard]] TriangularFactor factor();

  /// \param rank_tolerance a column is dependent when its part orthogonal to the earlier ones is smaller than this
  /// times the
  ///        largest (columns of norm 1)
  /// \param ridge weight of the penalty, >= 0, relative to columns of norm 1
  /// \throws InputError when no row was appended or a row has numbers that are not finite.
  [[nodiscard]] LeastSquaresSolution solve(double rank_tolerance = 1e-11, double ridge = 0);

  [[nodiscard]] std::size_t rows() const { return _rows; }

  /// Rows that are factorised together, R among them.
  [[nodiscard]] static int capacityFor(int columns) { return columns + 1 + (columns > 64 ? 4 * columns : 256); }
  /// Numbers that an object of so many columns keeps.
  [[nodiscard]] static std::size_t numbersFor(int columns) {
    return static_cast<std::size_t>(capacityFor(columns)) * (static_cast<std::size_t>(columns) + 1);
  }

 private:
  void factorize();

  int _columns;
  int _capacity;               // rows of _panel
  int _filled = 0;             // rows of _panel in use
  std::size_t _rows = 0;       // rows appended
  std::vector<double> _panel;  // (_capacity, _columns + 1), column-major: R on top, new rows below; last column is b
};

}  // namespace sinter
