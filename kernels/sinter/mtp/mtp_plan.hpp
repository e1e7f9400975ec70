/// \file
/// A moment tensor potential made ready for evaluation: its product program (mtp_program.hpp) and coefficients where a
/// kernel can read them.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>

#include "sinter/core/simd.hpp"
#include "sinter/mtp/mtp_mapping.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_program.hpp"

namespace sinter {

/// Largest number of radial basis functions that the kernels evaluate (the templates have 8).
inline constexpr int max_radial_basis_size = 32;

/// The evaluation plan on the device (or host) of `MemorySpace`. Copies share data. What the numbers mean:
/// `MtpProgram`.
///
/// Products run in rows that gather their terms: no two rows of a stage write the same number, so lanes need no
/// atomics.
template <class MemorySpace>
struct MtpPlan {
  using memory_space = MemorySpace;
  template <class T>
  using Data = Kokkos::View<T const*, MemorySpace>;

  /// Rows in stages (`StagedRows`), on the device. Targets and indices of moments are times `index_unit`.
  template <class Term>
  struct Rows {
    Data<Row> rows;
    Data<Term> terms;
    Data<std::int32_t> stage_begin;  ///< (stages + 1)
    Data<RowRun> runs;
    Data<std::int32_t> stage_runs;  ///< (stages + 1)
  };

  /// On the host the lanes of a pack of doubles, so that a processor gets from an index to an address without a shift.
  static constexpr int index_unit = Kokkos::SpaceAccessibility<Kokkos::HostSpace, MemorySpace>::accessible
                                        ? static_cast<int>(Pack<Kokkos::DefaultHostExecutionSpace, double>::size())
                                        : 1;
  struct Sweep {
    int stages = 0;
    Rows<LinearTerm> linear;
    Rows<ProductTerm> products;
  };

  /// Coefficients of T_n, eqs. (2.20), (2.22): for [z1][z2][n] a row of blocks, each c' of as many radial functions as
  /// fill half a pack (on a device: of one), then their d'; the last block padded with zeros.
  template <class Real>
  struct RadialTable {
    static constexpr int block = [] {
      int const lanes = index_unit > 1 ? static_cast<int>(Pack<Kokkos::DefaultHostExecutionSpace, Real>::size()) : 1;
      return lanes > 1 ? lanes / 2 : 1;
    }();
    Data<Real> coefficients;
    int row = 0;              ///< length of a row
    Data<Real> of_neighbors;  ///< [z1][n][mu]: a pack of c'[z2], a pack of d'[z2]; empty for more species than lanes

    KOKKOS_FORCEINLINE_FUNCTION static int place(int mu) { return mu / block * 2 * block + mu % block; }
  };

  int species_count = 0, radial_functions = 0, radial_basis_size = 0;
  int moments = 0, basis_functions = 0, monomial_count = 0, accumulated_count = 0;
  RadialEnvelope envelope = RadialEnvelope::cutoff;
  bool clamped = false;  ///< radial functions keep their value at R_min below it, eq. (2.16)
  int repulsion = -1;    ///< number of the radial function that is the pair repulsion, eq. (2.17); -1: none
  int shape_level = 0;   ///< level of the shape that the accumulated moments have; 0: none
  MtpMapping mapping = MtpMapping::automatic;  ///< see evaluateMtp
  double min_dist = 0, max_dist = 0;
  double xi_slope = 0, xi_offset = 0;  ///< xi = xi_slope r + xi_offset, eq. (2.1)

  RadialTable<double> radial;
  RadialTable<float> radial_single;
  Data<MonomialStep> monomials;          ///< (monomial_count)
  Data<AccumulatedMoment> accumulated;   ///< ordered by monomial, then mu
  Data<std::int32_t> accumulated_begin;  ///< (monomial_count + 1) first accumulated moment of each monomial
  Sweep forward, reverse;
  Data<LinearTerm> seeds;
  Rows<LinearTerm> quadratic;  ///< a row for every moment
  Data<BasisTerm> basis_terms;
  Data<std::int32_t> basis_begin;  ///< (basis_functions + 1)
  Data<double> species_coeffs;     ///< zero where the model has none
};

/// Makes the plan of a checked model (`checkMtpModel`). Linear coefficients that are missing count as zero; radial
/// coefficients must be there.
/// \param use a plan for `MtpProgramUse::energy` has no basis functions, and is faster where coefficients are zero
/// \throws InputError when the model has no radial coefficients or exceeds the limits above.
template <class MemorySpace>
[[nodiscard]] MtpPlan<MemorySpace> makeMtpPlan(MtpModel const& model,
                                               MtpProgramUse use = MtpProgramUse::basis_functions);

}  // namespace sinter
