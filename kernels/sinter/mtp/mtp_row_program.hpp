/// \file
/// Derivatives of a moment tensor potential by its moments as straight-line programs: what the rows of a fit need
/// beside the moments themselves. Made on the host from the product program (mtp_program.hpp).
///
/// All programs work on one array v of numbers: constants, then the moments m, scaled copies of them, the adjoints
/// g = dE/dm, and room for what a program makes for itself. Every step is a sum of products of two of these numbers, so
/// that one loop runs them all.
#pragma once

#include <cstdint>
#include <vector>

#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_program.hpp"

namespace sinter {

/// v[row.target] = sum of v[left] v[right] over terms row.begin .. row.end - 1, row after row.
struct SumProgram {
  std::vector<Row> rows;
  std::vector<ProductTerm> terms;
};

/// A result of a program: derivative by accumulated moment `moment`, in v[slot].
struct MomentDerivative {
  std::int32_t moment, slot;
};

/// Programs of a potential. Cost: about as many terms per basis function as it has products below it; `tangents` twice
/// the energy's for each radial function that it depends on.
struct MtpRowProgram {
  int size = 0;                   ///< numbers of v
  int shared = 0;                 ///< those before are made by forward, basis and adjoint, for all other programs
  std::vector<double> constants;  ///< v[0], v[1], ...: what never changes
  int moments = 0;                ///< v[moments + m]: moment m of the product program, the accumulated ones first
  int adjoints = 0;               ///< v[adjoints + m]: dE/dm

  /// A coefficient of the energy as a form of the moments: v[slot] += factor xi[basis_function], from zero.
  struct EnergyWeight {
    std::int32_t slot, basis_function;
    double factor;
  };
  std::vector<EnergyWeight> energy_weights;  ///< ordered by slot
  int energy_weight_begin = 0, energy_weight_end = 0;

  SumProgram forward;  ///< from the accumulated moments: all others and their copies
  SumProgram basis;    ///< from these: basis function k in v[basis_values[k]]
  std::vector<std::int32_t> basis_values;
  SumProgram adjoint;  ///< from moments and energy weights: dE/dm of accumulated moments and all between

  /// d(something)/d(accumulated moments); moments that are not listed have the derivative zero.
  struct Derivative {
    SumProgram program;
    std::vector<MomentDerivative> results;
  };
  std::vector<Derivative> basis_gradients;  ///< of basis function k, from moments

  /// Tangent of the adjoints along a change of the accumulated moments of radial function mu, which stands in
  /// v[inputs[..].slot]: sum_l d2E/(dm dm_l) v[l]. From moments and adjoints.
  struct Tangent : Derivative {
    std::vector<MomentDerivative> inputs;
  };
  std::vector<Tangent> tangents;  ///< by mu
  /// The same along changes of all accumulated moments, with the tangents of the basis functions.
  Tangent all_tangents;
  SumProgram basis_tangents;
  std::vector<std::int32_t> basis_tangent_values;

  /// v[0] .. v[energy_weight_end - 1]: constants, and the energy weights of these xi (missing ones count as zero).
  [[nodiscard]] std::vector<double> constantsOf(std::vector<double> const& moment_coeffs) const;
};

/// Makes the programs of a checked model. The pair repulsion is left out: it has no coefficients.
[[nodiscard]] MtpRowProgram makeMtpRowProgram(MtpModel const& model, MtpProgram const& program);

}  // namespace sinter
