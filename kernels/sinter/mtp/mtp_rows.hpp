/// \file
/// Rows of the least-squares problem of a fit, structure by structure on the host: what each basis function and each
/// radial coefficient adds to energy, forces and virial. Slow reference: tests/fitting/basis_differences.hpp.
///
/// With the accumulated moments m_q = sum_j f_mu(r_ij) p_q(u_ij), eq. (2.5), and f_mu = sum_n c_mu,n phi_n,
///
///   dB_k/dr_ij           = sum_q (dB_k/dm_q) dm_q/dr_ij
///   dE_i/dc_mu,n         = sum_{q of mu} g_q N_q,n,                     N_q,n = dm_q/dc_mu,n = sum_j phi_n(r_ij)
///   p_q(u_ij) d2E_i/dc_mu,n dr_ij  = sum_q h_q dm_q/dr_ij + sum_{q of mu} g_q d(phi_n p_q)/dr_ij,   h_q = sum_s
///   (d2E/dm_q dm_s) N_s,n
///
/// with g = dE_i/dm. So all rows of a centre are one product of small matrices: gradients by moments (basis functions
/// and radial coefficients) times derivatives of moments (neighbours); gradients of basis functions are sparse and go
/// in blocks of one register. The gradients, tangents h included, are programs of sums (mtp_row_program.hpp) that run
/// on one centre per SIMD lane.
#pragma once

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <vector>

#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_model.hpp"
#include "sinter/mtp/mtp_radial_functions.hpp"
#include "sinter/mtp/mtp_row_program.hpp"
#include "sinter/neighbor/neighbor_list.hpp"

namespace sinter {

/// Rows of one potential. Columns are padded to whole registers; the padding is zero.
class MtpRows {
 public:
  using Number = Pack<Kokkos::DefaultHostExecutionSpace, double>;
  static constexpr int lanes = static_cast<int>(Number::size());

  /// Energy, three force components of every atom, virial xx yy zz yz xz xy.
  static constexpr std::size_t rowsOf(std::size_t atoms) { return 1 + 3 * atoms + 6; }
  static constexpr std::size_t forceRow(std::size_t atom, std::size_t axis) { return 1 + 3 * atom + axis; }
  static constexpr std::size_t virialRow(std::size_t atoms, std::size_t v) { return 1 + 3 * atoms + v; }

  /// \param model a checked model; `setCoefficients` gives it coefficients
  explicit MtpRows(MtpModel const& model);

  /// Takes radial and linear coefficients (missing linear ones count as zero) of a model with the same tables.
  /// \throws InputError when it has no radial coefficients.
  void setCoefficients(MtpModel const& model);

  /// Number of this potential's tables among all of the process; copies have the same.
  [[nodiscard]] std::uint64_t identity() const { return _identity; }

  /// The model with the coefficients that the rows have.
  [[nodiscard]] MtpModel const& model() const { return _model; }

  [[nodiscard]] int basisFunctions() const { return static_cast<int>(_basis_column.size()); }
  [[nodiscard]] int basisWidth() const { return static_cast<int>(_basis_blocks.size()) * lanes; }
  [[nodiscard]] int basisColumn(int k) const { return _basis_column[static_cast<std::size_t>(k)]; }
  [[nodiscard]] int radialWidth() const { return _species * localRadialWidth(); }
  /// Column of c[z1][z2][mu][n].
  [[nodiscard]] int radialColumn(int z1, int z2, int mu, int n) const {
    return ((z1 * _species + z2) * _functions + mu) * _radial_stride + n;
  }

  /// Columns of all radial coefficients, in their order.
  [[nodiscard]] std::vector<int> radialColumns() const;

  /// Flops (FMA = 2) of the matrix product of a centre with so many neighbours: the better part of the rows' cost.
  [[nodiscard]] double basisProductFlops(int neighbors) const { return productFlops(_basis_gradients, neighbors); }
  [[nodiscard]] double radialProductFlops(int neighbors) const { return productFlops(_radial_gradients, neighbors); }

  /// Bytes that a workspace grows to where no atom has more neighbours.
  [[nodiscard]] std::size_t workspaceBytes(int neighbors) const;

  /// Memory of one thread; grows as needed.
  class Workspace {
    friend class MtpRows;
    std::vector<Number> values;                             // v of the programs, a centre per lane
    std::vector<Number> seeds, contracted_seeds;            // N of each species, monomial and n, a centre per lane
    std::vector<Number> sums;                               // the same of one centre, an n per lane
    std::vector<Number> coefficients;                       // c[z1][..] of the centre in each lane
    std::vector<Number> tiles;                              // neighbours of the pack's centres
    std::vector<Number> monomials;                          // of a tile, with what they add to derivatives
    std::vector<Number> derivatives;                        // -dm_q/dr_ij of a tile
    std::vector<Number> basis_gradients, radial_gradients;  // by the moments, of each centre of the pack
    std::vector<int> atoms, tile_species;
    std::vector<double> padding;  // rows that padding of tiles is added to
    int tiles_of[lanes] = {};
    int most_tiles = 0;
    std::uint64_t owner = 0;
  };

  /// Adds the rows of all basis functions of a structure to `rows`: (rowsOf(atoms), stride) numbers, rows aligned to a
  /// register, stride >= basisWidth().
  void addBasisRows(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& workspace, double* rows,
                    int stride) const;

  /// The same for all radial coefficients of the current energy, stride >= radialWidth().
  void addRadialRows(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& workspace, double* rows,
                     int stride) const;

  /// Gradient of  energy_weight E + sum_i d_i . (sum of forces) + virial : W,  that is of E's rows contracted with
  /// given weights, by all coefficients: into `gradient`, basis functions first (by number), then c[z1][z2][mu][n].
  /// \param weights rowsOf(atoms) numbers, one per row
  void addContractedRows(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& workspace,
                         double const* weights, double* gradient) const;

 private:
  // Columns lanes * block .. of a matrix of gradients, and the accumulated moments that they depend on.
  struct Block {
    std::vector<std::int32_t> support;
    int offset = 0;                    // of its packs in Workspace::gradients: a pack per moment of the support
    int species = -1, mu = -1, n = 0;  // of a radial block: neighbour, function, first n
  };
  // Where a result of a program goes: lane of a pack of the gradients.
  struct Scatter {
    std::int32_t slot, index;
  };
  // One register of neighbours of a centre, all of one species.
  struct Tile {
    Number* direction;       // u
    Number* distance;        // r; then 1/r
    Number* radial;          // phi_n, then phi'_n
    double* radial_of_lane;  // phi_n, then phi'_n, of neighbour after neighbour
    int* atom;               // -1 for padding
    int* species;
  };

  [[nodiscard]] static double productFlops(int gradients, int neighbors) {
    return 2.0 * gradients * lanes * 3 * ((neighbors + lanes - 1) / lanes * lanes);
  }
  [[nodiscard]] int localRadialWidth() const { return _species * _functions * _radial_stride; }
  [[nodiscard]] int seedCount() const { return _species * _monomials * _radial_stride; }
  [[nodiscard]] int tileSize() const { return 5 + 2 * _radial.size + 2 * _radial_stride; }
  [[nodiscard]] Tile tileAt(Workspace& w, int lane, int tile) const;

  void makeBlocks();
  void prepare(NeighborList<Kokkos::HostSpace> const& list, Workspace& w) const;
  void gather(NeighborList<Kokkos::HostSpace> const& list, int centre, int lane, Workspace& w) const;
  void evaluateRadialBasis(Tile const& tile) const;
  void evaluateMonomials(Tile const& tile, Workspace& w) const;
  void differentiateMonomials(Tile const& tile, Workspace& w) const;
  void sumSeeds(int lane, Workspace& w) const;
  void sumContractedSeeds(NeighborList<Kokkos::HostSpace> const& list, int structure, int centre, int lane,
                          double const* weights, Workspace& w) const;
  void spreadSums(int lane, Workspace& w, std::vector<Number>& seeds) const;
  void loadPack(NeighborList<Kokkos::HostSpace> const& list, int first, int active, Workspace& w) const;
  void loadCoefficients(NeighborList<Kokkos::HostSpace> const& list, int first, int active, Workspace& w) const;
  [[nodiscard]] Number momentOf(AccumulatedMoment const& q, std::vector<Number> const& seeds, Workspace const& w) const;
  template <class Body>
  void forPacks(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& w, Body const& body) const;
  void evaluateDerivatives(Tile const& tile, int own_species, Workspace& w) const;
  template <bool radial>
  void addForces(NeighborList<Kokkos::HostSpace> const& list, int structure, int centre, int lane, Workspace& w,
                 double* rows, int stride) const;

  MtpModel _model;
  std::uint64_t _identity = 0;
  int _species = 0, _functions = 0, _radial_stride = 0, _monomials = 0, _accumulated = 0;
  int _radial_gradients = 0, _basis_gradients = 0;  // packs per centre
  MtpRadialFunctions _radial;
  std::vector<double> _form;  // of the radial basis in Chebyshev polynomials, eq. (2.20)
  MtpProgram _program;
  MtpRowProgram _rows;
  std::vector<Block> _basis_blocks, _radial_blocks;  // radial ones of one central species
  std::vector<int> _basis_column;
  std::vector<std::vector<Scatter>> _basis_scatter;  // by basis function
  std::vector<double> _constants;                    // of v, up to the end of the energy weights
};

}  // namespace sinter
