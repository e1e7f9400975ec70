/// \file
/// Index tables of the untrained potentials and the exponential start.
///
/// A basis function is a full contraction of k <= 4 factors M_{mu_i,nu_i}. It is given by mu_1 <= ... <= mu_k and a
/// symmetric matrix: bonds(i,j) indices are contracted between factors i and j, and nu_i is the sum of row i (Shapeev,
/// Multiscale Model. Simul. 14, 1153 (2016)). An intermediate tensor is the same with free indices left on
/// its factors, `open[i]` of them on factor i. Tensors that differ by an exchange of factors are one; its canonical
/// form is the one with the smallest key
///
///     k, mu_1 ... mu_k, then row by row: nu_i, bonds(i,i+1), ..., bonds(i,k).
///
/// The keys also order the tables: basis functions by key, moments by the depth of their product tree, then by key.
/// This order, the way tensors are split into two, and the merging of equal components were inferred from the tables
/// in published potentials; they reproduce those of levels 2 to 26 entry by entry, and the sizes of level 28.
#include "sinter/mtp/mtp_template.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <numbers>
#include <numeric>
#include <span>
#include <string>
#include <utility>

#include "sinter/core/error.hpp"

namespace sinter {

namespace {

constexpr int lowest_level = 2, highest_level = 28;
constexpr int max_factors = 4;
constexpr int max_mu = 5;
constexpr int max_rank = 10;

/// lev(M_{mu,0}).
int scalarLevel(int mu) { return 2 + 4 * mu; }

std::size_t index(int i) { return static_cast<std::size_t>(i); }

// --- tensors ---------------------------------------------------------------------------------------------------------

using Factors = std::vector<int>;  ///< some factors of a tensor
using Key = std::vector<int>;

struct Tensor {
  int size = 0;  ///< number of factors
  std::array<int, max_factors> mu{};
  std::array<int, max_factors> open{};
  std::array<std::array<int, max_factors>, max_factors> bonds{};

  [[nodiscard]] int rank(int i) const {
    auto const& row = bonds[index(i)];
    return std::accumulate(row.begin(), row.end(), open[index(i)]);
  }
};

Key keyOf(Tensor const& tensor) {
  Key key{tensor.size};
  for (int i = 0; i < tensor.size; ++i) key.push_back(tensor.mu[index(i)]);
  for (int i = 0; i < tensor.size; ++i) {
    key.push_back(tensor.rank(i));
    for (int j = i + 1; j < tensor.size; ++j) key.push_back(tensor.bonds[index(i)][index(j)]);
  }
  return key;
}

/// The factors `kept` of a tensor, in this order; their bonds to other factors become open.
Tensor part(Tensor const& whole, Factors const& kept) {
  Tensor result;
  result.size = static_cast<int>(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    std::size_t const from = index(kept[i]);
    result.mu[i] = whole.mu[from];
    result.open[i] = whole.rank(kept[i]);
    for (std::size_t j = 0; j < kept.size(); ++j) {
      result.bonds[i][j] = whole.bonds[from][index(kept[j])];
      result.open[i] -= result.bonds[i][j];
    }
  }
  return result;
}

/// The canonical form of the factors `kept` of a tensor; puts `kept` into its order.
Key makeCanonical(Tensor const& whole, Factors& kept) {
  Factors order = kept;
  std::sort(order.begin(), order.end());
  kept = order;
  Key smallest = keyOf(part(whole, kept));
  while (std::next_permutation(order.begin(), order.end())) {
    Key key = keyOf(part(whole, order));
    if (key >= smallest) continue;
    smallest = std::move(key);
    kept = order;
  }
  return smallest;
}

Factors allFactors(Tensor const& tensor) {
  Factors all(index(tensor.size));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// All scalars of a number of factors in canonical form whose level is at most `level`.
class ScalarSearch {
 public:
  explicit ScalarSearch(int level) : _level(level) {}

  /// In the order of their keys.
  std::map<Key, Tensor> run() {
    for (_tensor.size = 1; _tensor.size <= max_factors; ++_tensor.size) chooseMu(0, 0, 0);
    return std::move(_found);
  }

 private:
  void chooseMu(int factor, int lowest_mu, int level) {
    if (factor == _tensor.size) return chooseBonds(0, 1, (_level - level) / 2);  // a bond adds 1 to two ranks
    for (int mu = lowest_mu; mu <= max_mu && level + scalarLevel(mu) <= _level; ++mu) {
      _tensor.mu[index(factor)] = mu;
      chooseMu(factor + 1, mu, level + scalarLevel(mu));
    }
  }

  void chooseBonds(int i, int j, int left) {
    if (j >= _tensor.size) {
      if (i + 2 < _tensor.size) return chooseBonds(i + 1, i + 2, left);
      return keep();
    }
    for (int bonds = 0; bonds <= left; ++bonds) {
      setBonds(i, j, bonds);
      chooseBonds(i, j + 1, left - bonds);
    }
    setBonds(i, j, 0);
  }

  void setBonds(int i, int j, int bonds) {
    _tensor.bonds[index(i)][index(j)] = _tensor.bonds[index(j)][index(i)] = bonds;
  }

  void keep() {
    for (int i = 0; i < _tensor.size; ++i)
      if (_tensor.rank(i) > max_rank) return;
    Factors factors = allFactors(_tensor);
    Key key = makeCanonical(_tensor, factors);
    if (key == keyOf(_tensor)) _found.emplace(std::move(key), _tensor);
  }

  int _level;
  Tensor _tensor;
  std::map<Key, Tensor> _found;
};

/// How a tensor is made from two: m = first . second, contracted over the bonds between them.
struct Split {
  Factors first, second;
};

/// The split with the fewest contracted indices; among equals, the one with the fewest factors in the first part, then
/// the one with the earliest.
Split splitOf(Tensor const& tensor) {
  Split best;
  int fewest = -1;
  for (int size = 1; 2 * size <= tensor.size; ++size) {
    std::vector<bool> in_first(index(tensor.size), false);
    std::fill_n(in_first.begin(), size, true);
    do {
      Split split;
      for (int i = 0; i < tensor.size; ++i) (in_first[index(i)] ? split.first : split.second).push_back(i);
      int contracted = 0;
      for (int const i : split.first)
        for (int const j : split.second) contracted += tensor.bonds[index(i)][index(j)];
      if (fewest >= 0 && contracted >= fewest) continue;
      fewest = contracted;
      best = std::move(split);
    } while (std::prev_permutation(in_first.begin(), in_first.end()));
  }
  return best;
}

// --- components ------------------------------------------------------------------------------------------------------

/// Powers of x, y, z; also the component of a symmetric tensor of their rank.
using Monomial = std::array<int, 3>;
/// One monomial for each factor of a tensor (its component), or for each pair of bonded factors (an index of a sum).
using Monomials = std::vector<Monomial>;

Monomial operator+(Monomial const& p, Monomial const& q) { return {p[0] + q[0], p[1] + q[1], p[2] + q[2]}; }

/// Number of index tuples that give this monomial, (a+b+c)! / (a! b! c!).
int multiplicity(Monomial const& m) {
  auto const binomial = [](int n, int k) {
    int result = 1;
    for (int i = 1; i <= k; ++i) result = result * (n - k + i) / i;
    return result;
  };
  return binomial(m[0] + m[1] + m[2], m[0]) * binomial(m[1] + m[2], m[1]);
}

/// Calls f for all monomials of the given ranks; the last runs fastest, each in the order xx, xy, xz, yy, yz, zz.
template <class Function>
void forEachMonomials(std::span<int const> ranks, Monomials& monomials, Function const& f) {
  if (monomials.size() == ranks.size()) return f();
  int const rank = ranks[monomials.size()];
  for (int a = rank; a >= 0; --a)
    for (int b = rank - a; b >= 0; --b) {
      monomials.push_back({a, b, rank - a - b});
      forEachMonomials(ranks, monomials, f);
      monomials.pop_back();
    }
}

/// Numbers all moments and writes the products that compute them.
class TableBuilder {
 public:
  explicit TableBuilder(std::map<Key, Tensor> const& scalars) {
    for (auto const& [key, scalar] : scalars) require(key, scalar);
  }

  void fill(MtpModel& model, std::map<Key, Tensor> const& scalars) {
    for (auto const& [place, tensor] : _ordered) {
      auto& components = _moments[place.second];
      if (place.first == 0)
        addBasics(*tensor, components, model);
      else
        addProducts(*tensor, components, model);
    }
    model.alpha_moments_count = _count;
    for (auto const& [key, scalar] : scalars)
      model.alpha_moment_mapping.push_back(_moments.at(key).at(Monomials(index(scalar.size))));
  }

 private:
  using Components = std::map<Monomials, int>;  ///< the moment of each component of a tensor
  using Place = std::pair<int, Key>;            ///< depth of the product tree, key

  /// Asks for the moments of a tensor in canonical form and all that it is made of. Returns the depth.
  int require(Key const& key, Tensor const& tensor) {
    auto const [entry, added] = _tensors.emplace(key, std::pair{tensor, 0});
    auto& [kept, depth] = entry->second;
    if (!added) return depth;
    if (tensor.size > 1) {
      Split const split = splitOf(tensor);
      for (Factors factors : {split.first, split.second}) {
        Key const part_key = makeCanonical(tensor, factors);
        depth = std::max(depth, 1 + require(part_key, part(tensor, factors)));
      }
    }
    _ordered.emplace(Place{depth, key}, &kept);
    return depth;
  }

  void addBasics(Tensor const& tensor, Components& components, MtpModel& model) {
    Monomials component;
    forEachMonomials({tensor.open.data(), 1}, component, [&] {
      auto const& [a, b, c] = component.front();
      model.alpha_index_basic.push_back({tensor.mu.front(), a, b, c});
      components.emplace(component, _count++);
    });
    model.radial_funcs_count = std::max(model.radial_funcs_count, tensor.mu.front() + 1);
  }

  void addProducts(Tensor const& tensor, Components& components, MtpModel& model) {
    Split split = splitOf(tensor);
    Components const& first_moments = _moments.at(makeCanonical(tensor, split.first));
    Components const& second_moments = _moments.at(makeCanonical(tensor, split.second));

    std::vector<std::pair<int, int>> bonded;
    std::vector<int> bonds;
    for (int const i : split.first)
      for (int const j : split.second)
        if (int const n = tensor.bonds[index(i)][index(j)]; n > 0) {
          bonded.emplace_back(i, j);
          bonds.push_back(n);
        }

    // Two components with the same sum of products are one moment.
    using Sum = std::map<std::pair<int, int>, int>;  // {a, b} -> mult
    std::map<Sum, int> moments;
    Monomials component, summed;
    forEachMonomials({tensor.open.data(), index(tensor.size)}, component, [&] {
      Sum sum;
      forEachMonomials(bonds, summed, [&] {
        Monomials indices = component;
        int mult = 1;
        for (std::size_t bond = 0; bond < bonded.size(); ++bond) {
          for (int const factor : {bonded[bond].first, bonded[bond].second})
            indices[index(factor)] = indices[index(factor)] + summed[bond];
          mult *= multiplicity(summed[bond]);
        }
        int const a = momentOf(first_moments, split.first, indices);
        int const b = momentOf(second_moments, split.second, indices);
        sum[std::minmax({a, b})] += mult;
      });
      auto const [moment, added] = moments.emplace(std::move(sum), _count);
      components.emplace(component, moment->second);
      if (!added) return;
      for (auto const& [factors, mult] : moment->first)
        model.alpha_index_times.push_back({factors.first, factors.second, mult, _count});
      ++_count;
    });
  }

  static int momentOf(Components const& moments, Factors const& factors, Monomials const& indices) {
    Monomials component;
    for (int const factor : factors) component.push_back(indices[index(factor)]);
    return moments.at(component);
  }

  std::map<Key, std::pair<Tensor, int>> _tensors;  ///< with their depth
  std::map<Place, Tensor const*> _ordered;
  std::map<Key, Components> _moments;
  int _count = 0;
};

// --- radial functions ------------------------------------------------------------------------------------------------

/// Dense matrix, column-major.
struct Matrix {
  Matrix(std::size_t row_count, std::size_t column_count)
      : rows(row_count), columns(column_count), values(row_count * column_count) {}
  [[nodiscard]] double& operator()(std::size_t i, std::size_t j) { return values[j * rows + i]; }
  [[nodiscard]] std::span<double> column(std::size_t j, std::size_t from) {
    return {values.data() + j * rows + from, rows - from};
  }
  std::size_t rows, columns;
  std::vector<double> values;
};

double dot(std::span<double const> x, std::span<double const> y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

/// x with minimal |A x - b| for each column b by Householder reflections; A (at least as many rows as columns, full
/// rank) is overwritten, and x ends up in the upper rows of b.
void solveLeastSquares(Matrix& a, Matrix& b) {
  auto const reflect = [](std::span<double const> v, double v_squared, std::span<double> x) {
    double const factor = 2 * dot(v, x) / v_squared;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= factor * v[i];
  };
  for (std::size_t k = 0; k < a.columns; ++k) {
    auto const column = a.column(k, k);
    double const diagonal = -std::copysign(std::sqrt(dot(column, column)), column.front());
    std::vector<double> v(column.begin(), column.end());
    v.front() -= diagonal;
    double const v_squared = dot(v, v);
    for (std::size_t j = k + 1; j < a.columns; ++j) reflect(v, v_squared, a.column(j, k));
    for (std::size_t j = 0; j < b.columns; ++j) reflect(v, v_squared, b.column(j, k));
    column.front() = diagonal;
  }
  for (std::size_t j = 0; j < b.columns; ++j)
    for (std::size_t k = a.columns; k-- > 0;) {
      for (std::size_t l = k + 1; l < a.columns; ++l) b(k, j) -= a(k, l) * b(l, j);
      b(k, j) /= a(k, k);
    }
}

}  // namespace

MtpModel makeMtpTemplate(MtpTemplateOptions const& options) {
  if (options.level < lowest_level || options.level > highest_level || options.level % 2 != 0)
    throw InputError("makeMtpTemplate: level: found " + std::to_string(options.level) +
                     ", expected an even number from " + std::to_string(lowest_level) + " to " +
                     std::to_string(highest_level));
  MtpModel model;
  model.species = options.species;
  model.species_count = options.species.empty() ? 1 : static_cast<int>(options.species.size());
  model.min_dist = options.min_dist;
  model.max_dist = options.max_dist;
  model.radial_basis_size = options.radial_basis_size;
  model.radial_basis_type = options.radial_basis_type;

  auto const scalars = ScalarSearch(options.level).run();
  TableBuilder(scalars).fill(model, scalars);
  checkMtpModel(model, "makeMtpTemplate");
  return model;
}

void setExponentialStart(MtpModel& model, double r0) {
  checkMtpModel(model, "setExponentialStart");
  if (!(r0 > 0 && r0 < model.max_dist))
    throw InputError("setExponentialStart: r0: found " + std::to_string(r0) +
                     ", expected a distance between 0 and max_dist = " + std::to_string(model.max_dist));

  auto const& form = formOf(model.radial_basis_type);
  auto const envelope = [&](double r, double to_cutoff) {
    double const gap = form.envelope == RadialEnvelope::inverse ? to_cutoff / r : to_cutoff;
    return form.envelope == RadialEnvelope::none ? 1 : gap * gap;
  };
  // Chebyshev points with the weights that make their sum the integral over r: the basis stays well conditioned.
  auto const basis_size = index(model.radial_basis_size);
  auto const func_count = index(model.radial_funcs_count);
  std::size_t const point_count = std::max<std::size_t>(256, 8 * basis_size);
  Matrix basis(point_count, basis_size), target(point_count, func_count);
  for (std::size_t i = 0; i < point_count; ++i) {
    double const angle = std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(point_count);
    double const xi = std::cos(angle);
    double const weight = std::sqrt(std::sin(angle));
    double const half_range = (model.max_dist - model.min_dist) / 2;
    double const r = model.max_dist - half_range * (1 - xi);
    double const to_cutoff = half_range * (1 - xi);

    double phi = weight * model.scaling * envelope(r, to_cutoff);
    double previous = xi * phi;  // phi_{-1} of the recursion that gives phi_1 = xi phi_0
    for (std::size_t n = 0; n < basis_size; ++n) {
      basis(i, n) = phi;
      double const next = 2 * xi * phi - previous;
      previous = phi;
      phi = next;
    }

    double const cutoff_ratio = to_cutoff / (model.max_dist - r0);
    double steepness = 1;  // s_mu
    for (std::size_t mu = 0; mu < func_count; ++mu, steepness *= 2)
      target(i, mu) = weight * std::exp(-steepness * (r - r0)) * cutoff_ratio * cutoff_ratio;
  }
  solveLeastSquares(basis, target);
  // From coefficients of envelope times T_k to those of phi_n, eq. (2.20): c' = t^T c, solved from the last n.
  auto const to_chebyshev =
      chebyshevForm(model.radial_basis_type, model.radial_basis_size, model.min_dist, model.max_dist);
  auto const form_entry = [&](std::size_t n, std::size_t k) { return to_chebyshev[n * basis_size + k]; };
  for (std::size_t mu = 0; mu < func_count; ++mu)
    for (std::size_t k = basis_size; k-- > 0;) {
      for (std::size_t n = k + 1; n < basis_size; ++n) target(k, mu) -= form_entry(n, k) * target(n, mu);
      target(k, mu) /= form_entry(k, k);
    }

  std::vector<double> coeffs;  // c[mu][n], the same for every pair of species
  for (std::size_t mu = 0; mu < func_count; ++mu)
    for (std::size_t n = 0; n < basis_size; ++n) coeffs.push_back(target(n, mu));
  if (!std::all_of(coeffs.begin(), coeffs.end(), [](double c) { return std::isfinite(c); }))
    throw InputError(
        "setExponentialStart: found functions that overflow at min_dist = " + std::to_string(model.min_dist) +
        ", expected r0 = " + std::to_string(r0) + " nearer to it or fewer radial functions");
  model.radial_coeffs.clear();
  for (int pair = 0; pair < model.species_count * model.species_count; ++pair)
    model.radial_coeffs.insert(model.radial_coeffs.end(), coeffs.begin(), coeffs.end());
}

}  // namespace sinter
