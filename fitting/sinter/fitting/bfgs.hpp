/// \file
/// All coefficients of a potential at once by BFGS, as moment tensor potentials are usually trained: the baseline that
/// variable projection is compared with.
#pragma once

#include <functional>

#include "sinter/fitting/training_rows.hpp"
#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// Minimises the loss over xi_k, c[z1][z2][mu][n] and fitted species energies: dense BFGS with a backtracking line
/// search from the coefficients of `start`. A pass for energies and forces and one for the gradient per evaluation.
/// \param tolerance ends when the loss falls by less than this part in 50 steps
/// \param step called with the number of steps and the sum of weighted squares
/// Source: Nocedal and Wright, Numerical Optimization, 2nd ed., algorithm 6.1.
template <class ExecutionSpace>
[[nodiscard]] MtpModel minimizeBfgs(TrainingRows<ExecutionSpace>& training, MtpModel const& start, double tolerance,
                                    int max_iterations, std::function<void(int, double)> const& step);

}  // namespace sinter
