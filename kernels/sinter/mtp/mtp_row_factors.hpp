/// \file
/// Rows of a fit for many structures at once, on any execution space, as products of matrices. Rows and programs are
/// those of mtp_rows.hpp, which is the plain reference; this is the form for devices.
///
/// A force or virial row r of a structure is linear in the derivatives of its moments, those of basis functions and of
/// the energy's derivatives by radial coefficients alike. With i over its centres and q over accumulated moments,
///
///   row[r][k]              = sum_iq D[r][iq] X[iq][k],    X = dB_k/dm_q of centre i
///   row[r][c_z1,z,mu,n]    = sum_iq D[r][iq] X[iq][c] + sum_iq D_z,n[r][iq] Y[iq][z1,mu],    X = h_q,  Y = g_q
///
/// where D holds dm_q/dr as force on an atom or as virial, and D_z,n the same with phi_n in the place of the radial
/// functions and neighbours of species z alone; X and Y are zero where z1 is not the species of the centre, Y where mu
/// is not the function of q. Each number of D, X and Y has one owner, which adds in the order of the neighbour list: no
/// atomics. The products themselves are left to a library (PanelAlgebra).
#pragma once

#include <Kokkos_Core.hpp>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_radial_functions.hpp"
#include "sinter/mtp/mtp_row_program.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// Which unknowns have columns in a panel of rows; with both, basis functions come first.
enum class RowColumns { basis, radial, all };

namespace detail {

// x^a y^b z^c.
struct MonomialExponents {
  std::int8_t of[3];
};

// The programs and tables of a potential where a kernel reads them. Copies share data.
template <class MemorySpace>
struct MtpRowTables {
  template <class T>
  using Data = Kokkos::View<T const*, MemorySpace>;
  struct Program {
    std::int32_t rows_begin, rows_end, results_begin, results_end, inputs_begin, inputs_end;
  };
  // Their numbers; from the last one on those of basis functions, then a tangent for each radial function.
  static constexpr int forward = 0, basis = 1, adjoint = 2, basis_gradients = 3;

  int species = 0, functions = 0, monomial_count = 0, accumulated_count = 0, degree = 0, basis_functions = 0;
  int shared = 0, own = 0;  // numbers of v that all programs share, that one makes for itself
  int moments = 0, adjoints = 0, constant_count = 0, moment_count = 0;
  MtpRadialFunctions radial;
  Data<double> form, constants, coefficients;
  Data<MonomialExponents> monomials;
  Data<AccumulatedMoment> accumulated;
  Data<Program> programs;
  Data<Row> rows;
  Data<ProductTerm> terms;
  Data<MomentDerivative> results, inputs;
  Data<std::int32_t> basis_values;

  [[nodiscard]] KOKKOS_FUNCTION int seedCount() const { return species * monomial_count * radial.size; }
  // Radial columns of one species of centres.
  [[nodiscard]] KOKKOS_FUNCTION int localColumns() const { return species * functions * radial.size; }
};

}  // namespace detail

/// The matrices of one potential for ranges of centres.
template <class ExecutionSpace>
class MtpRowFactors {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using List = NeighborList<memory_space>;

  /// Centres of one structure, with their matrices (row-major, valid until the next `load`).
  struct Segment {
    int structure, first, count;  ///< centres first .. first + count - 1
    int rows;                     ///< of D: three per atom of the structure, then xx yy zz yz xz xy
    int inner;                    ///< count times accumulated moments
    double const* derivatives;    ///< D or D_z,n (rows, inner), whichever was made last
    double const* gradients;      ///< X (inner, columns)
    double const* adjoints;       ///< Y (inner, adjointColumns()); nothing without radial columns
  };

  /// \param model a checked model; `setCoefficients` gives it coefficients
  explicit MtpRowFactors(MtpModel const& model, ExecutionSpace const& space = {});

  /// Takes radial and linear coefficients (missing linear ones count as zero) of a model with the same tables.
  /// \throws InputError when it has no radial coefficients.
  void setCoefficients(MtpModel const& model);

  [[nodiscard]] int species() const { return _tables.species; }
  [[nodiscard]] int radialSize() const { return _tables.radial.size; }
  /// Columns of basis functions (by number), then those of c[z1][z2][mu][n].
  [[nodiscard]] int columns(RowColumns which) const;
  /// Columns of Y: that of (z1, mu) is where c[z1][0][mu][0] is; the column of c[z1][z][mu][n] in a panel is
  /// `adjointShift(z, n)` further on.
  [[nodiscard]] int adjointColumns() const;
  [[nodiscard]] int adjointShift(int z, int n) const { return z * _tables.functions * _tables.radial.size + n; }

  /// Memory that a centre takes (bytes). \param atoms of its structure
  [[nodiscard]] std::size_t bytesPerCentre(int atoms, RowColumns which) const;

  /// Makes X and Y of centres begin .. end - 1.
  void load(List const& list, int begin, int end, RowColumns which);

  /// Makes D of the centres loaded.
  void differentiate() { differentiate(every, 0); }
  /// Makes D_z,n of the centres loaded.
  void differentiate(int z, int n);

  [[nodiscard]] std::vector<Segment> const& segments() const { return _segments; }

  /// Adds the energy rows of the centres loaded to a panel in which structure s has its energy in row first_row(s):
  /// (rows, at least columns).
  void addEnergies(Kokkos::View<std::int64_t const*, memory_space> const& first_row,
                   Kokkos::View<double**, Kokkos::LayoutRight, memory_space> const& panel) const;

  /// Steps of `load`. (Public, because nvcc takes device lambdas from public functions only.)
  void sumSeeds();
  void evaluateMoments();
  void evaluateGradients();
  void placeAdjoints();

 private:
  using Tables = detail::MtpRowTables<memory_space>;
  using Numbers = Kokkos::View<double*, memory_space>;
  static constexpr int every = -1;
  // Threads of a device that share the programs of one centre.
  static constexpr int groups = is_device_space<ExecutionSpace> ? 16 : 1;

  [[nodiscard]] int tasks() const;
  [[nodiscard]] bool hasBasis() const { return _which != RowColumns::radial; }
  [[nodiscard]] bool hasRadial() const { return _which != RowColumns::basis; }

  ExecutionSpace _space;
  Tables _tables;
  MtpRowProgram _program;
  // Of the centres loaded.
  List _list;
  int _begin = 0, _count = 0, _first_structure = 0;
  RowColumns _which = RowColumns::all;
  std::vector<Segment> _segments;
  Kokkos::View<std::int64_t const*, memory_space> _derivatives_begin;  // (structures of the range) in _derivatives
  Numbers _seeds;                                                      // N (seeds, centres)
  Numbers _shared, _own;                                               // v (shared, centres), (groups, own, centres)
  Numbers _energies;                                                   // (centres, columns)
  Numbers _gradients, _adjoints, _derivatives;                         // X, Y, D
};

}  // namespace sinter
