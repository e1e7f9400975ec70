/// \file
/// Where the results of `evaluateSoap` go.
#pragma once

#include <Kokkos_Core.hpp>

#include "sinter/core/simd.hpp"
#include "sinter/neighbor/force_sum.hpp"
#include "sinter/neighbor/pair_sums.hpp"
#include "sinter/soap/soap_spectrum.hpp"

namespace sinter {

/// Coefficients, vectors and norms of centres in memory.
template <class ExecutionSpace, class Real>
struct SoapRowsSink {
  SoapRows<typename ExecutionSpace::memory_space, Real>
      rows;  ///< (centres or more); what is not asked for may be empty

  KOKKOS_FUNCTION Real* coefficients(int c) const { return &rows.coefficients(c, 0); }
  KOKKOS_FUNCTION double* spectrum(int c) const { return &rows.spectra(c, 0); }
  KOKKOS_FUNCTION void norm(int c, double value) const { rows.norms(c) = value; }
};

/// Forces and the virial of each centre, eqs. (2.13), of a scalar with given derivatives by coefficients.
template <class ExecutionSpace, class Real>
struct SoapForcesSink {
  using memory_space = typename ExecutionSpace::memory_space;

  Kokkos::View<Real const**, Kokkos::LayoutRight, memory_space> derivatives;  ///< rows dE/dX, as in `SoapRows`
  Kokkos::View<int const*, memory_space> row;                                 ///< row of each centre; empty: its own
  ForceSum<ExecutionSpace> forces;                                            ///< begun by the caller
  Kokkos::View<double* [6], Kokkos::LayoutRight, memory_space> site_virial;   ///< (atoms, 6) eV, xx yy zz yz xz xy

  KOKKOS_FUNCTION Real const* adjoints(int c) const { return &derivatives(row.extent(0) == 0 ? c : row(c), 0); }

  /// What one thread adds through.
  struct Access {
    SoapForcesSink const& sink;
    typename ForceSum<ExecutionSpace>::Access forces;

    KOKKOS_FUNCTION void pair(int j, Triple const& gradient) const { forces.subtract(j, gradient); }
    KOKKOS_FUNCTION void centre(int i, PairSums const& sums) const {
      forces.subtract(i, {-sums.gradient[0], -sums.gradient[1], -sums.gradient[2]});
      for (int v = 0; v < 6; ++v) sink.site_virial(i, v) = sums.virial[v];
    }
  };
  KOKKOS_FUNCTION Access access(int) const { return {*this, typename ForceSum<ExecutionSpace>::Access(forces)}; }
};

/// The derivatives of one scalar per centre with respect to the positions of all atoms, one component of a vector, say.
template <class ExecutionSpace, class Real>
struct SoapJacobianSink {
  using memory_space = typename ExecutionSpace::memory_space;

  Kokkos::View<Real const**, Kokkos::LayoutRight, memory_space> derivatives;  ///< rows dE/dX, as in `SoapRows`
  Kokkos::View<double** [3], Kokkos::LayoutRight, memory_space> jacobian;     ///< (centres, atoms, 3), added to

  KOKKOS_FUNCTION Real const* adjoints(int c) const { return &derivatives(c, 0); }

  /// Results of one centre.
  struct Access {
    SoapJacobianSink const& sink;
    int row;

    KOKKOS_FUNCTION void pair(int j, Triple const& gradient) const {
      for (int x = 0; x < 3; ++x)
        if constexpr (is_device_space<ExecutionSpace>)  // threads may meet in two images of one atom
          Kokkos::atomic_add(&sink.jacobian(row, j, x), gradient[x]);
        else
          sink.jacobian(row, j, x) += gradient[x];
    }
    KOKKOS_FUNCTION void centre(int i, PairSums const& sums) const {
      for (int x = 0; x < 3; ++x)
        if constexpr (is_device_space<ExecutionSpace>)
          Kokkos::atomic_sub(&sink.jacobian(row, i, x), sums.gradient[x]);
        else
          sink.jacobian(row, i, x) -= sums.gradient[x];
    }
  };
  KOKKOS_FUNCTION Access access(int c) const { return {*this, c}; }
};

}  // namespace sinter
