/// \file
/// The products of a moment tensor potential as a program of gathering rows: equations (2.6)-(2.11) of
/// kernels/README.md as data, made on the host when a potential is loaded.
///
/// What the tables of a file ask for is reduced first: moments that nothing needs are dropped (and, for energies alone,
/// those that only basis functions with a coefficient of zero need); the trace identity replaces accumulation; scalars
/// that no product uses are never stored, their sum is a quadratic form of their factors; whole-number factors of
/// products move into scaled copies of moments, so that a product costs one multiply-add.
#pragma once

#include <cstdint>
#include <vector>

#include "sinter/mtp/mtp_model.hpp"

namespace sinter {

/// Monomial u_x^a u_y^b u_z^c as an earlier monomial times one component of u (the first one is 1).
struct MonomialStep {
  std::int16_t parent, axis;
};

/// A moment that is accumulated over neighbours: sum_j f_mu(r_ij) monomial(u_ij).
struct AccumulatedMoment {
  std::int16_t mu, monomial;
};

/// weight x[index], a term of a sum.
struct LinearTerm {
  std::int32_t index;
  double weight;
};

/// x[left] y[right], a term of a sum.
struct ProductTerm {
  std::int32_t left, right;
};

/// A sum of `terms[begin .. end)` that makes (or adds to) one number.
struct Row {
  std::int32_t target, begin, end;
};

/// A term of a basis function: factor m[left] m[right], or factor m[left] where `right` is -1.
struct BasisTerm {
  std::int32_t left, right;
  double factor;
};

/// Rows before row `end` that all have `length` terms.
struct RowRun {
  std::int32_t length, end;
};

/// Rows in stages: a row reads what earlier stages made, never a target of its own stage. Within a stage rows are
/// sorted by length, in runs.
template <class Term>
struct StagedRows {
  std::vector<Row> rows;
  std::vector<Term> terms;
  std::vector<std::int32_t> stage_begin{0};  ///< (stages + 1) first row of each stage
  std::vector<RowRun> runs;
  std::vector<std::int32_t> stage_runs{0};  ///< (stages + 1) first run of each stage
};

/// A sweep over all moments: stage by stage the linear rows, then the rows of products.
struct Sweep {
  StagedRows<LinearTerm> linear;
  StagedRows<ProductTerm> products;
};

/// What a program is made for.
enum class MtpProgramUse {
  basis_functions,  ///< values and gradients of every basis function, and the energy
  energy            ///< the energy alone: basis functions with a coefficient of zero are left out
};

/// The program. Moments are numbered anew: first the accumulated ones, in the order of their monomials, then mu.
struct MtpProgram {
  int moments = 0;
  int shape_level = 0;  ///< the accumulated moments are those of detail::TemplateShape<shape_level>; 0: of no shape
  std::vector<MonomialStep> monomials;
  std::vector<AccumulatedMoment> accumulated;
  std::vector<std::int32_t> accumulated_begin;  ///< (monomials + 1) first accumulated moment of each monomial

  Sweep forward;  ///< makes m: rebuilt moments (2.8), scaled copies, sums of products (2.6)
  Sweep reverse;  ///< adds to g = dE/dm, left factors from g, right ones from m: (2.10), (2.11)

  /// The energy is sum_t seeds[t].weight m[..] + 1/2 sum_r m[target] sum_t weight m[index] over the rows of
  /// `quadratic`, one for every moment; its adjoint is the seeds plus these rows.
  std::vector<LinearTerm> seeds;
  StagedRows<LinearTerm> quadratic;

  /// Basis function k is the sum of basis_terms[basis_begin[k] .. basis_begin[k + 1]); empty for energies alone.
  std::vector<BasisTerm> basis_terms;
  std::vector<std::int32_t> basis_begin;
};

/// Makes the program of a checked model (`checkMtpModel`); linear coefficients that are missing count as zero. The pair
/// repulsion of `RBChebyshev_repuls` is one more accumulated moment (radial function number radial_funcs_count) with
/// the seed 1. Where a shape has all moments that the table needs, the others of that shape are accumulated too: code
/// made for it is faster than loops over any table. Cost: O(products log products).
[[nodiscard]] MtpProgram makeMtpProgram(MtpModel const& model, MtpProgramUse use);

/// Work per centre, for people: multiply-adds and multiplications, and numbers kept.
struct MtpProgramSizes {
  int basics = 0, accumulated = 0, monomials = 0, products = 0, scalars = 0, moments = 0,
      max_rank = 0;           ///< of the file
  int slots = 0;              ///< moments kept
  int inner_products = 0;     ///< products that are left in rows
  int leaf_products = 0;      ///< products of scalars that are part of the quadratic form
  int scaled_copies = 0;      ///< moments that stand for a whole-number multiple of another
  int operations_before = 0;  ///< of the products as the file has them: forward, and twice that in reverse
  int operations = 0;         ///< of the program: forward, quadratic form and reverse
};
[[nodiscard]] MtpProgramSizes mtpProgramSizes(MtpModel const& model);

}  // namespace sinter
