/// \file
/// What passes over the weighted equations of a training set give, whoever makes their rows.
#pragma once

#include <cstddef>
#include <vector>

#include "sinter/linalg/least_squares.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_rows.hpp"

namespace sinter {

/// A^T A, A^T b and b^T b of the linear unknowns (xi_k, then species energies unless they are fixed) as one symmetric
/// matrix, (columns + 1)^2, the right-hand side last.
struct LinearNormalEquations {
  int columns = 0;
  std::vector<double> gram;

  [[nodiscard]] double operator()(int i, int j) const {
    return gram[static_cast<std::size_t>(j) * (static_cast<std::size_t>(columns) + 1) + static_cast<std::size_t>(i)];
  }
};

/// J^T J and J^T [A b] with the derivatives J of the prediction by the radial coefficients c[z1][z2][mu][n].
struct RadialNormalEquations {
  int columns = 0;
  std::vector<double> gram;   ///< (columns, columns), symmetric
  std::vector<double> cross;  ///< (columns, linear columns + 1), column-major
};

/// The passes, as TrainingRows has them: by HostPasses or PanelPasses.
class RowPasses {
 public:
  RowPasses() = default;
  RowPasses(RowPasses const&) = delete;
  RowPasses& operator=(RowPasses const&) = delete;
  virtual ~RowPasses() = default;

  [[nodiscard]] virtual LinearNormalEquations linearPass(MtpRows const& rows) = 0;
  [[nodiscard]] virtual RadialNormalEquations radialPass(MtpRows const& rows) = 0;
  [[nodiscard]] virtual std::vector<TriangularFactor> factors(MtpRows const& rows, int folds) = 0;
  [[nodiscard]] virtual double lossGradient(MtpRows const& rows, MtpModel const& model,
                                            std::vector<double>& gradient) = 0;
  virtual void forgetRows() = 0;
};

}  // namespace sinter
