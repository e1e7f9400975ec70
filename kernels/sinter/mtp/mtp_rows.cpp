#include "sinter/mtp/mtp_rows.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>

#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "sinter/mtp/mtp_radial_basis.hpp"
#include "sinter/mtp/mtp_shape.hpp"

namespace sinter {

namespace {

using Number = MtpRows::Number;
constexpr int lanes = MtpRows::lanes;
// Components of a symmetric tensor, xx yy zz yz xz xy.
constexpr int voigt_row[6] = {0, 1, 2, 1, 0, 0}, voigt_column[6] = {0, 1, 2, 2, 2, 1};

int asInt(std::size_t n) { return static_cast<int>(n); }
int roundUp(int n) { return (n + lanes - 1) / lanes * lanes; }

double sumOfLanes(Number const& pack) {
  double sum = 0;
  for (int l = 0; l < lanes; ++l) sum += lanesOf(pack)[l];
  return sum;
}

void run(SumProgram const& program, Number* v) {
  ProductTerm const* const terms = program.terms.data();
  for (Row const row : program.rows) {
    Number sum(0.0);
    for (int t = row.begin; t < row.end; ++t) sum = Kokkos::fma(v[terms[t].left], v[terms[t].right], sum);
    v[row.target] = sum;
  }
}

}  // namespace

// ---- set-up ---------------------------------------------------------------------------------------------------------

MtpRows::MtpRows(MtpModel const& model)
    : _model(model),
      _species(model.species_count),
      _functions(model.radial_funcs_count),
      _radial_stride(roundUp(model.radial_basis_size)),
      _radial(model),
      _form(chebyshevForm(model.radial_basis_type, model.radial_basis_size, model.min_dist, model.max_dist)),
      _program(makeMtpProgram(model, MtpProgramUse::basis_functions)),
      _rows(makeMtpRowProgram(model, _program)) {
  if (std::max(_radial.size, _functions) > max_radial_basis_size)
    throw InputError("found " + std::to_string(std::max(_radial.size, _functions)) +
                     " radial functions, expected at most " + std::to_string(max_radial_basis_size));
  static std::atomic<std::uint64_t> counter = 0;
  _identity = ++counter;
  _monomials = asInt(_program.monomials.size());
  _accumulated = asInt(_program.accumulated.size());
  makeBlocks();
}

// Basis functions that depend on the same moments go together, greedily: the one with the most moments, then those that
// add the fewest.
void MtpRows::makeBlocks() {
  auto const& gradients = _rows.basis_gradients;
  std::vector<int> left(gradients.size());
  for (std::size_t k = 0; k < left.size(); ++k) left[k] = asInt(k);
  _basis_column.resize(left.size());
  _basis_scatter.resize(left.size());
  std::vector<int> position(static_cast<std::size_t>(_accumulated));
  int offset = 0;
  while (!left.empty()) {
    Block block;
    block.offset = offset;
    std::fill(position.begin(), position.end(), -1);
    std::vector<int> members;
    auto const cost = [&](int k) {
      int added = 0;
      for (auto const& result : gradients[static_cast<std::size_t>(k)].results)
        added += position[static_cast<std::size_t>(result.moment)] < 0 ? 1 : 0;
      return members.empty() ? -added : added;
    };
    while (asInt(members.size()) < lanes && !left.empty()) {
      auto const best = std::min_element(left.begin(), left.end(), [&](int a, int b) { return cost(a) < cost(b); });
      for (auto const& result : gradients[static_cast<std::size_t>(*best)].results) {
        int& place = position[static_cast<std::size_t>(result.moment)];
        if (place >= 0) continue;
        place = asInt(block.support.size());
        block.support.push_back(result.moment);
      }
      members.push_back(*best);
      left.erase(best);
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      auto const k = static_cast<std::size_t>(members[i]);
      _basis_column[k] = asInt(_basis_blocks.size()) * lanes + asInt(i);
      for (auto const& result : gradients[k].results)
        _basis_scatter[k].push_back(
            {result.slot, (offset + position[static_cast<std::size_t>(result.moment)]) * lanes + asInt(i)});
    }
    offset += asInt(block.support.size());
    _basis_blocks.push_back(std::move(block));
  }
  _basis_gradients = offset;

  offset = 0;
  for (int z = 0; z < _species; ++z)
    for (int mu = 0; mu < _functions; ++mu)
      for (int n = 0; n < _radial_stride; n += lanes) {
        Block block;
        block.offset = offset;
        block.species = z;
        block.mu = mu;
        block.n = n;
        for (auto const& result : _rows.tangents[static_cast<std::size_t>(mu)].results)
          block.support.push_back(result.moment);
        offset += asInt(block.support.size());
        _radial_blocks.push_back(std::move(block));
      }
  _radial_gradients = offset;
}

void MtpRows::setCoefficients(MtpModel const& model) {
  if (model.radial_coeffs.empty())
    throw InputError("MtpRows: found no radial coefficients, expected a model that has them");
  _model = model;
  _constants = _rows.constantsOf(model.moment_coeffs);
}

std::vector<int> MtpRows::radialColumns() const {
  std::vector<int> columns;
  for (int z1 = 0; z1 < _species; ++z1)
    for (int z2 = 0; z2 < _species; ++z2)
      for (int mu = 0; mu < _functions; ++mu)
        for (int n = 0; n < _radial.size; ++n) columns.push_back(radialColumn(z1, z2, mu, n));
  return columns;
}

std::size_t MtpRows::workspaceBytes(int neighbors) const {
  int const tiles = lanes * ((neighbors + lanes - 1) / lanes + _species);
  auto const packs =
      static_cast<std::size_t>(asInt(_rows.size) + 2 * seedCount() + tiles * tileSize() + 7 * _monomials +
                               3 * _accumulated + lanes * (_basis_gradients + _radial_gradients));
  return packs * sizeof(Number);
}

// ---- neighbours -----------------------------------------------------------------------------------------------------

MtpRows::Tile MtpRows::tileAt(Workspace& w, int lane, int tile) const {
  auto const index = static_cast<std::size_t>(lane) * w.most_tiles + tile;
  Number* const start = w.tiles.data() + index * tileSize();
  Number* const radial = start + 5;
  return {start,
          start + 3,
          radial,
          lanesOf(radial[2 * _radial.size]),
          w.atoms.data() + index * lanes,
          w.tile_species.data() + index};
}

void MtpRows::prepare(NeighborList<Kokkos::HostSpace> const& list, Workspace& w) const {
  auto const grow = [](auto& data, std::size_t size) {
    if (data.size() < size) data.resize(size);
  };
  w.most_tiles = std::max(w.most_tiles, (list.maxNeighbors() + lanes - 1) / lanes + _species);
  auto const tiles = static_cast<std::size_t>(lanes) * w.most_tiles;
  grow(w.values, _rows.size);
  grow(w.seeds, seedCount());
  grow(w.contracted_seeds, seedCount());
  grow(w.sums, seedCount() / lanes);
  grow(w.coefficients, localRadialWidth());
  grow(w.tiles, tiles * tileSize());
  grow(w.atoms, tiles * lanes);
  grow(w.tile_species, tiles);
  grow(w.monomials, static_cast<std::size_t>(_monomials) * 7);
  grow(w.derivatives, static_cast<std::size_t>(_accumulated) * 3);
  grow(w.padding, std::max(basisWidth(), radialWidth()) + lanes);
  if (w.owner != _identity) {  // zeros stand where no program writes
    w.basis_gradients.assign(static_cast<std::size_t>(lanes) * _basis_gradients, Number(0.0));
    w.radial_gradients.assign(static_cast<std::size_t>(lanes) * _radial_gradients, Number(0.0));
    w.owner = _identity;
  }
  for (int i = 0; i < _rows.energy_weight_end; ++i)
    w.values[static_cast<std::size_t>(i)] = _constants[static_cast<std::size_t>(i)];
  for (int m = 0; m < _program.moments; ++m)  // no program writes the adjoint of what the energy does not depend on
    w.values[static_cast<std::size_t>(_rows.adjoints + m)] = Number(0.0);
}

// Neighbours of a centre in tiles, species after species.
void MtpRows::gather(NeighborList<Kokkos::HostSpace> const& list, int centre, int lane, Workspace& w) const {
  auto const environment = list.environment(centre);
  int tiles = 0;
  for (int z = 0; z < _species; ++z) {
    int count = lanes;  // neighbours in the last tile
    Tile tile{};
    for (int k = 0; k < environment.size(); ++k) {
      int const atom = environment.neighbor(k);
      if (_species > 1 && list.type(atom) != z) continue;
      if (count == lanes) {
        tile = tileAt(w, lane, tiles++);
        *tile.species = z;
        count = 0;
      }
      Displacement const d = environment.displacement(k);
      for (int x = 0; x < 3; ++x) lanesOf(tile.direction[x])[count] = d[x];
      tile.atom[count++] = atom;
    }
    for (; count < lanes; ++count) {  // padding where all radial functions are made zero
      for (int x = 0; x < 3; ++x) lanesOf(tile.direction[x])[count] = x == 0 ? _radial.max_dist : 0;
      tile.atom[count] = -1;
    }
  }
  w.tiles_of[lane] = tiles;
  for (int t = 0; t < tiles; ++t) {
    Tile const tile = tileAt(w, lane, t);
    Number* const u = tile.direction;
    Number const r = Kokkos::sqrt(Kokkos::fma(u[0], u[0], Kokkos::fma(u[1], u[1], u[2] * u[2])));
    Number const inverse = Number(1.0) / r;
    for (int x = 0; x < 3; ++x) u[x] = u[x] * inverse;
    tile.distance[0] = r;
    tile.distance[1] = inverse;
    evaluateRadialBasis(tile);
  }
}

// phi_n and phi'_n; of padding, which stands at the cutoff, they are zero.
void MtpRows::evaluateRadialBasis(Tile const& tile) const {
  _radial.evaluate(_form.data(), tile.distance[0], tile.distance[1], tile.radial);
  std::fill_n(tile.radial_of_lane, 2 * lanes * _radial_stride, 0.0);
  for (int n = 0; n < _radial.size; ++n)
    for (int l = 0; l < lanes; ++l) {
      tile.radial_of_lane[l * _radial_stride + n] = lanesOf(tile.radial[n])[l];
      tile.radial_of_lane[(lanes + l) * _radial_stride + n] = lanesOf(tile.radial[_radial.size + n])[l];
    }
}

// p_q(u) into w.monomials[7 q].
void MtpRows::evaluateMonomials(Tile const& tile, Workspace& w) const {
  Number* const m = w.monomials.data();
  m[0] = Number(1.0);
  for (int q = 1; q < _monomials; ++q) {
    MonomialStep const step = _program.monomials[static_cast<std::size_t>(q)];
    m[7 * q] = m[7 * step.parent] * tile.direction[step.axis];
  }
}

// p_q u and (1 - u u^T) grad p_q / r into w.monomials[7 q + 1 .. 7 q + 6].
void MtpRows::differentiateMonomials(Tile const& tile, Workspace& w) const {
  Number* const m = w.monomials.data();
  Number const u[3] = {tile.direction[0], tile.direction[1], tile.direction[2]}, inverse = tile.distance[1];
  for (int x = 0; x < 3; ++x) m[4 + x] = Number(0.0);
  for (int q = 1; q < _monomials; ++q) {
    MonomialStep const step = _program.monomials[static_cast<std::size_t>(q)];
    Number const* const parent = m + 7 * step.parent;
    for (int x = 0; x < 3; ++x) m[7 * q + 4 + x] = parent[4 + x] * u[step.axis];
    m[7 * q + 4 + step.axis] = m[7 * q + 4 + step.axis] + parent[0];
  }
  for (int q = 0; q < _monomials; ++q) {
    Number* const own = m + 7 * q;
    Number const along = Kokkos::fma(own[4], u[0], Kokkos::fma(own[5], u[1], own[6] * u[2]));
    for (int x = 0; x < 3; ++x) {
      own[1 + x] = own[0] * u[x];
      own[4 + x] = Kokkos::fma(-along, u[x], own[4 + x]) * inverse;
    }
  }
}

// N of one centre, a neighbour after the other.
void MtpRows::sumSeeds(int lane, Workspace& w) const {
  int const packs = _radial_stride / lanes;
  std::fill(w.sums.begin(), w.sums.end(), Number(0.0));
  for (int t = 0; t < w.tiles_of[lane]; ++t) {
    Tile const tile = tileAt(w, lane, t);
    evaluateMonomials(tile, w);
    Number* const sums = w.sums.data() + static_cast<std::ptrdiff_t>(*tile.species) * _monomials * packs;
    for (int l = 0; l < lanes && tile.atom[l] >= 0; ++l) {
      auto const* const phi = reinterpret_cast<Number const*>(tile.radial_of_lane + l * _radial_stride);
      for (int q = 0; q < _monomials; ++q) {
        Number const p(lanesOf(w.monomials[static_cast<std::size_t>(7 * q)])[l]);
        for (int i = 0; i < packs; ++i) sums[q * packs + i] = Kokkos::fma(p, phi[i], sums[q * packs + i]);
      }
    }
  }
  spreadSums(lane, w, w.seeds);
}

// sum_j e_ij . d(phi_n p_q)/dr_ij of one centre, where row weights w give e_ij = w_i - w_j - W^T r_ij.
void MtpRows::sumContractedSeeds(NeighborList<Kokkos::HostSpace> const& list, int structure, int centre, int lane,
                                 double const* weights, Workspace& w) const {
  int const packs = _radial_stride / lanes, first = list.groupBegin(structure);
  auto const atoms = static_cast<std::size_t>(list.groupBegin(structure + 1) - first);
  std::fill(w.sums.begin(), w.sums.end(), Number(0.0));
  for (int t = 0; t < w.tiles_of[lane]; ++t) {
    Tile const tile = tileAt(w, lane, t);
    evaluateMonomials(tile, w);
    differentiateMonomials(tile, w);
    Number e[3];
    for (int x = 0; x < 3; ++x)
      for (int l = 0; l < lanes; ++l) {
        int const atom = tile.atom[l] < 0 ? centre : tile.atom[l];
        lanesOf(e[x])[l] = weights[forceRow(centre - first, x)] - weights[forceRow(atom - first, x)];
      }
    for (int v = 0; v < 6; ++v)
      e[voigt_column[v]] = Kokkos::fma(Number(-weights[virialRow(atoms, v)]),
                                       tile.direction[voigt_row[v]] * tile.distance[0], e[voigt_column[v]]);
    Number* const sums = w.sums.data() + static_cast<std::ptrdiff_t>(*tile.species) * _monomials * packs;
    for (int q = 0; q < _monomials; ++q) {
      Number* const m = w.monomials.data() + 7 * q;
      m[1] = Kokkos::fma(m[1], e[0], Kokkos::fma(m[2], e[1], m[3] * e[2]));
      m[4] = Kokkos::fma(m[4], e[0], Kokkos::fma(m[5], e[1], m[6] * e[2]));
    }
    for (int l = 0; l < lanes && tile.atom[l] >= 0; ++l) {
      auto const* const phi = reinterpret_cast<Number const*>(tile.radial_of_lane + l * _radial_stride);
      auto const* const prime = reinterpret_cast<Number const*>(tile.radial_of_lane + (lanes + l) * _radial_stride);
      for (int q = 0; q < _monomials; ++q) {
        Number const along(lanesOf(w.monomials[static_cast<std::size_t>(7 * q + 1)])[l]),
            across(lanesOf(w.monomials[static_cast<std::size_t>(7 * q + 4)])[l]);
        for (int i = 0; i < packs; ++i)
          sums[q * packs + i] = Kokkos::fma(along, prime[i], Kokkos::fma(across, phi[i], sums[q * packs + i]));
      }
    }
  }
  spreadSums(lane, w, w.contracted_seeds);
}

// Sums of one centre into its lane.
void MtpRows::spreadSums(int lane, Workspace& w, std::vector<Number>& seeds) const {
  double const* const sums = lanesOf(w.sums[0]);
  for (int s = 0; s < seedCount(); ++s) lanesOf(seeds[static_cast<std::size_t>(s)])[lane] = sums[s];
}

// ---- a pack of centres ----------------------------------------------------------------------------------------------

void MtpRows::loadCoefficients(NeighborList<Kokkos::HostSpace> const& list, int first, int active, Workspace& w) const {
  int const local = _species * _functions * _radial.size;
  for (int l = 0; l < lanes; ++l) {
    int const own = l < active && _species > 1 ? list.type(first + l) : 0;
    for (int i = 0; i < local; ++i)
      lanesOf(w.coefficients[static_cast<std::size_t>(i / _radial.size * _radial_stride + i % _radial.size)])[l] =
          _model.radial_coeffs[static_cast<std::size_t>(own * local + i)];
  }
}

// sum_z,n c[..][z][mu][n] seeds of one accumulated moment.
MtpRows::Number MtpRows::momentOf(AccumulatedMoment const& q, std::vector<Number> const& seeds,
                                  Workspace const& w) const {
  Number sum(0.0);
  for (int z = 0; z < _species; ++z) {
    Number const* const c = w.coefficients.data() + (z * _functions + q.mu) * _radial_stride;
    Number const* const n = seeds.data() + (z * _monomials + q.monomial) * _radial_stride;
    for (int i = 0; i < _radial.size; ++i) sum = Kokkos::fma(c[i], n[i], sum);
  }
  return sum;
}

// Neighbours, N and moments of centres first .. first + active - 1. Lanes without a centre have no neighbours: all
// their moments are zero.
void MtpRows::loadPack(NeighborList<Kokkos::HostSpace> const& list, int first, int active, Workspace& w) const {
  for (int l = 0; l < lanes; ++l) {
    if (l < active)
      gather(list, first + l, l, w);
    else
      w.tiles_of[l] = 0;
    sumSeeds(l, w);
  }
  loadCoefficients(list, first, active, w);
  for (int q = 0; q < _accumulated; ++q) {
    auto const& entry = _program.accumulated[static_cast<std::size_t>(q)];
    w.values[static_cast<std::size_t>(_rows.moments + q)] =
        entry.mu < _functions ? momentOf(entry, w.seeds, w) : Number(0.0);
  }
  run(_rows.forward, w.values.data());
}

// ---- rows -----------------------------------------------------------------------------------------------------------

// -dm_q/dr_ij into w.derivatives[3 q + axis].
void MtpRows::evaluateDerivatives(Tile const& tile, int own_species, Workspace& w) const {
  Number f[max_radial_basis_size], prime[max_radial_basis_size];
  for (int mu = 0; mu < _functions; ++mu) {
    double const* const c =
        _model.radial_coeffs.data() + ((own_species * _species + *tile.species) * _functions + mu) * _radial.size;
    f[mu] = prime[mu] = Number(0.0);
    for (int n = 0; n < _radial.size; ++n) {
      f[mu] = Kokkos::fma(Number(-c[n]), tile.radial[n], f[mu]);
      prime[mu] = Kokkos::fma(Number(-c[n]), tile.radial[_radial.size + n], prime[mu]);
    }
  }
  for (int q = 0; q < _accumulated; ++q) {
    auto const& entry = _program.accumulated[static_cast<std::size_t>(q)];
    if (entry.mu >= _functions) continue;
    Number const* const m = w.monomials.data() + 7 * entry.monomial;
    for (int x = 0; x < 3; ++x)
      w.derivatives[static_cast<std::size_t>(3 * q + x)] =
          Kokkos::fma(prime[entry.mu], m[1 + x], f[entry.mu] * m[4 + x]);
  }
}

// Forces and virial of one centre: gradients by moments times derivatives of moments, a tile of neighbours and a block
// of columns at a time.
template <bool radial>
void MtpRows::addForces(NeighborList<Kokkos::HostSpace> const& list, int structure, int centre, int lane, Workspace& w,
                        double* rows, int stride) const {
  using detail::unrolled;
  constexpr int size = 3 * lanes;
  int const first = list.groupBegin(structure), own = _species > 1 ? list.type(centre) : 0;
  auto const atoms = static_cast<std::size_t>(list.groupBegin(structure + 1) - first);
  auto const& blocks = radial ? _radial_blocks : _basis_blocks;
  int const begin = radial ? own * localRadialWidth() : 0;
  Number const* const gradients =
      radial ? w.radial_gradients.data() + static_cast<std::ptrdiff_t>(lane) * _radial_gradients
             : w.basis_gradients.data() + static_cast<std::ptrdiff_t>(lane) * _basis_gradients;
  double* own_rows[9];
  for (int x = 0; x < 3; ++x) own_rows[x] = rows + forceRow(centre - first, x) * stride + begin;
  for (int v = 0; v < 6; ++v) own_rows[3 + v] = rows + virialRow(atoms, v) * stride + begin;
  double* const unused = lanesOf(*reinterpret_cast<Number*>(
      (reinterpret_cast<std::uintptr_t>(w.padding.data()) + sizeof(Number) - 1) / sizeof(Number) * sizeof(Number)));

  for (int t = 0; t < w.tiles_of[lane]; ++t) {
    Tile const tile = tileAt(w, lane, t);
    evaluateMonomials(tile, w);
    differentiateMonomials(tile, w);
    evaluateDerivatives(tile, own, w);
    double* target[size];
    double distance[3][lanes];
    for (int l = 0; l < lanes; ++l)
      for (int x = 0; x < 3; ++x) {
        target[x * lanes + l] = tile.atom[l] < 0 ? unused : rows + forceRow(tile.atom[l] - first, x) * stride + begin;
        distance[x][l] = lanesOf(tile.direction[x])[l] * lanesOf(tile.distance[0])[l];
      }
    // Of each function: -(sum_q g_q p_q u) and the same with gradients, components by lane.
    Number along[max_radial_basis_size][3], across[max_radial_basis_size][3];
    if constexpr (radial) {
      for (int mu = 0; mu < _functions; ++mu)
        for (int x = 0; x < 3; ++x) along[mu][x] = across[mu][x] = Number(0.0);
      for (int q = 0; q < _accumulated; ++q) {
        auto const& entry = _program.accumulated[static_cast<std::size_t>(q)];
        if (entry.mu >= _functions) continue;
        Number const g(-lanesOf(w.values[static_cast<std::size_t>(_rows.adjoints + q)])[lane]);
        Number const* const m = w.monomials.data() + 7 * entry.monomial;
        for (int x = 0; x < 3; ++x) {
          along[entry.mu][x] = Kokkos::fma(g, m[1 + x], along[entry.mu][x]);
          across[entry.mu][x] = Kokkos::fma(g, m[4 + x], across[entry.mu][x]);
        }
      }
    }
    double const* const derivatives = lanesOf(w.derivatives[0]);
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      Block const& block = blocks[b];
      Number sum[size];
      unrolled<size>([&](auto c) SINTER_ALWAYS_INLINE { sum[c] = Number(0.0); });
      Number const* const gradient = gradients + block.offset;
      std::int32_t const* const support = block.support.data();
      int const count = asInt(block.support.size());
      for (int s = 0; s < count; ++s) {
        Number const g = gradient[s];
        double const* const d = derivatives + support[s] * size;
        unrolled<size>([&](auto c) SINTER_ALWAYS_INLINE { sum[c] = Kokkos::fma(g, Number(d[c]), sum[c]); });
      }
      if constexpr (radial) {
        if (block.species == *tile.species) {
          for (int l = 0; l < lanes; ++l) {
            Number const phi = *reinterpret_cast<Number const*>(tile.radial_of_lane + l * _radial_stride + block.n);
            Number const prime =
                *reinterpret_cast<Number const*>(tile.radial_of_lane + (lanes + l) * _radial_stride + block.n);
            for (int x = 0; x < 3; ++x)
              sum[x * lanes + l] =
                  Kokkos::fma(prime, Number(lanesOf(along[block.mu][x])[l]),
                              Kokkos::fma(phi, Number(lanesOf(across[block.mu][x])[l]), sum[x * lanes + l]));
          }
        }
      }
      int const column = asInt(b) * lanes;
      auto const add = [&](double* row, Number const& value) {
        auto* const entry = reinterpret_cast<Number*>(row + column);
        *entry = *entry + value;
      };
      unrolled<size>([&](auto c) SINTER_ALWAYS_INLINE { add(target[c], sum[c]); });
      unrolled<3>([&](auto x) SINTER_ALWAYS_INLINE {
        Number total = sum[x * lanes];
        unrolled<lanes - 1>([&](auto l) SINTER_ALWAYS_INLINE { total = total + sum[x * lanes + 1 + l]; });
        add(own_rows[x], -total);
      });
      unrolled<6>([&](auto v) SINTER_ALWAYS_INLINE {
        Number total(0.0);
        unrolled<lanes>([&](auto l) SINTER_ALWAYS_INLINE {
          total = Kokkos::fma(Number(distance[voigt_row[v]][l]), sum[voigt_column[v] * lanes + l], total);
        });
        add(own_rows[3 + v], total);
      });
    }
  }
}

// Calls body(v, first, active) for packs of a structure's centres: moments stand in v.
template <class Body>
void MtpRows::forPacks(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& w,
                       Body const& body) const {
  prepare(list, w);
  int const end = list.groupBegin(structure + 1);
  for (int first = list.groupBegin(structure); first < end; first += lanes) {
    int const active = std::min(lanes, end - first);
    loadPack(list, first, active, w);
    body(w.values.data(), first, active);
  }
}

void MtpRows::addBasisRows(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& w, double* rows,
                           int stride) const {
  forPacks(list, structure, w, [&](Number* v, int first, int active) {
    run(_rows.basis, v);
    for (std::size_t k = 0; k < _basis_scatter.size(); ++k) {
      rows[_basis_column[k]] += sumOfLanes(v[_rows.basis_values[k]]);
      run(_rows.basis_gradients[k].program, v);
      for (auto const& entry : _basis_scatter[k]) {
        double const* const from = lanesOf(v[entry.slot]);
        double* const to = lanesOf(w.basis_gradients[0]) + entry.index;
        for (int l = 0; l < lanes; ++l) to[static_cast<std::ptrdiff_t>(l) * _basis_gradients * lanes] = from[l];
      }
    }
    for (int l = 0; l < active; ++l) addForces<false>(list, structure, first + l, l, w, rows, stride);
  });
}

void MtpRows::addRadialRows(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& w, double* rows,
                            int stride) const {
  forPacks(list, structure, w, [&](Number* v, int first, int active) {
    run(_rows.adjoint, v);
    for (std::size_t b = 0; b < _radial_blocks.size(); ++b) {
      Block const& block = _radial_blocks[b];
      auto const& tangent = _rows.tangents[static_cast<std::size_t>(block.mu)];
      for (int i = 0; i < lanes && block.n + i < _radial.size; ++i) {
        Number const* const seeds =
            w.seeds.data() + static_cast<std::ptrdiff_t>(block.species) * _monomials * _radial_stride + block.n + i;
        Number energy(0.0);
        for (auto const& input : tangent.inputs) {
          Number const seed =
              seeds[_program.accumulated[static_cast<std::size_t>(input.moment)].monomial * _radial_stride];
          v[input.slot] = seed;
          energy = Kokkos::fma(v[_rows.adjoints + input.moment], seed, energy);
        }
        for (int l = 0; l < active; ++l)
          rows[(_species > 1 ? list.type(first + l) : 0) * localRadialWidth() + asInt(b) * lanes + i] +=
              lanesOf(energy)[l];
        run(tangent.program, v);
        for (std::size_t s = 0; s < tangent.results.size(); ++s) {
          double const* const from = lanesOf(v[tangent.results[s].slot]);
          double* const to = lanesOf(w.radial_gradients[0]) + (block.offset + asInt(s)) * lanes + i;
          for (int l = 0; l < lanes; ++l) to[static_cast<std::ptrdiff_t>(l) * _radial_gradients * lanes] = from[l];
        }
      }
    }
    for (int l = 0; l < active; ++l) addForces<true>(list, structure, first + l, l, w, rows, stride);
  });
}

void MtpRows::addContractedRows(NeighborList<Kokkos::HostSpace> const& list, int structure, Workspace& w,
                                double const* weights, double* gradient) const {
  forPacks(list, structure, w, [&](Number* v, int first, int active) {
    auto const functions = _basis_scatter.size();
    for (int l = 0; l < lanes; ++l)  // a lane without a centre has no tiles: the centre named does not matter
      sumContractedSeeds(list, structure, l < active ? first + l : first, l, weights, w);
    run(_rows.basis, v);
    run(_rows.adjoint, v);
    auto const& tangent = _rows.all_tangents;
    for (auto const& input : tangent.inputs)
      v[input.slot] = momentOf(_program.accumulated[static_cast<std::size_t>(input.moment)], w.contracted_seeds, w);
    run(tangent.program, v);
    run(_rows.basis_tangents, v);
    for (std::size_t k = 0; k < functions; ++k)
      gradient[k] += weights[0] * sumOfLanes(v[_rows.basis_values[k]]) + sumOfLanes(v[_rows.basis_tangent_values[k]]);

    // sum_q (a g_q + h_q) N_q,n + g_q dN_q,n.
    std::vector<int> slot(static_cast<std::size_t>(_accumulated), -1);
    for (auto const& result : tangent.results) slot[static_cast<std::size_t>(result.moment)] = result.slot;
    for (int z = 0; z < _species; ++z)
      for (auto const& input : tangent.inputs) {
        auto const q = static_cast<std::size_t>(input.moment);
        auto const& entry = _program.accumulated[q];
        Number const g = v[_rows.adjoints + input.moment];
        Number by_moment = Number(weights[0]) * g;
        if (slot[q] >= 0) by_moment = by_moment + v[slot[q]];
        auto const seed = static_cast<std::size_t>((z * _monomials + entry.monomial) * _radial_stride);
        for (int n = 0; n < _radial.size; ++n) {
          Number const part = Kokkos::fma(by_moment, w.seeds[seed + n], g * w.contracted_seeds[seed + n]);
          for (int l = 0; l < active; ++l) {
            int const own = _species > 1 ? list.type(first + l) : 0;
            gradient[functions + ((own * _species + z) * _functions + entry.mu) * _radial.size + n] += lanesOf(part)[l];
          }
        }
      }
  });
}

}  // namespace sinter
