#include "sinter/mtp/mtp_row_factors.hpp"

#include <algorithm>
#include <string>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_program.hpp"

namespace sinter {

namespace detail {

namespace {

using Real = Kokkos::Experimental::basic_simd<double, Kokkos::Experimental::simd_abi::scalar>;

// v of one centre as one program sees it.
struct RowValues {
  double *shared, *own;
  int shared_count;
  std::ptrdiff_t stride;

  KOKKOS_FORCEINLINE_FUNCTION double& operator[](int slot) const {
    return slot < shared_count ? shared[slot * stride] : own[(slot - shared_count) * stride];
  }
};

template <class Tables>
KOKKOS_FUNCTION void runProgram(Tables const& tables, int number, RowValues const& v) {
  auto const& program = tables.programs(number);
  for (int r = program.rows_begin; r < program.rows_end; ++r) {
    Row const row = tables.rows(r);
    double sum = 0;
    for (int t = row.begin; t < row.end; ++t) {
      ProductTerm const term = tables.terms(t);
      sum = Kokkos::fma(v[term.left], v[term.right], sum);
    }
    v[row.target] = sum;
  }
}

// Some neighbours of a centre in team scratch, field by field: u, r, 1/r, phi_n, phi'_n, f_mu, f'_mu, powers of u.
template <class Tables, class Member>
struct RowNeighbors {
  static constexpr int chunk = 32;
  static constexpr int direction = 0, distance = 3, inverse_distance = 4, radial = 5;

  Tables const& tables;
  double* numbers;
  int *atoms, *types;

  KOKKOS_FUNCTION RowNeighbors(Tables const& t, Member const& team) : tables(t) {
    auto const& memory = team.team_scratch(0);
    numbers = static_cast<double*>(memory.get_shmem_aligned(chunk * fields(t) * sizeof(double), alignof(double)));
    atoms = static_cast<int*>(memory.get_shmem_aligned(chunk * sizeof(int), alignof(int)));
    types = static_cast<int*>(memory.get_shmem_aligned(chunk * sizeof(int), alignof(int)));
  }

  KOKKOS_FUNCTION static int fields(Tables const& t) {
    return radial + 2 * t.radial.size + 2 * t.functions + 3 * (t.degree + 1);
  }
  static int scratchBytes(Tables const& t) {
    return chunk * (fields(t) * static_cast<int>(sizeof(double)) + 2 * static_cast<int>(sizeof(int))) + 64;
  }
  KOKKOS_FUNCTION int functionField() const { return radial + 2 * tables.radial.size; }
  KOKKOS_FUNCTION int powerField(int axis) const {
    return functionField() + 2 * tables.functions + axis * (tables.degree + 1);
  }
  KOKKOS_FORCEINLINE_FUNCTION double& at(int field, int k) const { return numbers[field * chunk + k]; }

  // Neighbours from `first` on of a centre; returns their number. The f_mu are those of the potential, or all phi_n
  // where n >= 0.
  template <class List>
  KOKKOS_FUNCTION int load(Member const& team, List const& list, int centre, int first, int n) const {
    auto const environment = list.environment(centre);
    int const count = environment.size() - first < chunk ? environment.size() - first : chunk;
    int const own = tables.species > 1 ? list.type(centre) : 0;
    team.team_barrier();  // the neighbours before have been used
    Kokkos::parallel_for(Kokkos::TeamVectorRange(team, count), [&](int k) {
      int const size = tables.radial.size, functions = tables.functions;
      Displacement const d = environment.displacement(first + k);
      atoms[k] = environment.neighbor(first + k);
      types[k] = tables.species > 1 ? list.type(atoms[k]) : 0;
      double const r = Kokkos::sqrt(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]), inverse = 1 / r;
      at(distance, k) = r;
      at(inverse_distance, k) = inverse;
      for (int axis = 0; axis < 3; ++axis) {
        double const u = d[axis] * inverse;
        at(direction + axis, k) = u;
        double power = 1;
        for (int e = 0; e <= tables.degree; ++e, power *= u) at(powerField(axis) + e, k) = power;
      }
      Real phi[2 * max_radial_basis_size];
      tables.radial.evaluate(tables.form.data(), Real(r), Real(inverse), phi);
      for (int i = 0; i < 2 * size; ++i) at(radial + i, k) = lanesOf(phi[i])[0];
      for (int mu = 0; mu < functions; ++mu) {
        double f = 0, prime = 0;
        if (n >= 0) {
          f = lanesOf(phi[n])[0];
          prime = lanesOf(phi[size + n])[0];
        } else {
          double const* const c =
              tables.coefficients.data() + ((own * tables.species + types[k]) * functions + mu) * size;
          for (int i = 0; i < size; ++i) {
            f = Kokkos::fma(c[i], lanesOf(phi[i])[0], f);
            prime = Kokkos::fma(c[i], lanesOf(phi[size + i])[0], prime);
          }
        }
        at(functionField() + mu, k) = f;
        at(functionField() + functions + mu, k) = prime;
      }
    });
    team.team_barrier();
    return count;
  }

  KOKKOS_FORCEINLINE_FUNCTION double monomial(MonomialExponents const& e, int k) const {
    return at(powerField(0) + e.of[0], k) * at(powerField(1) + e.of[1], k) * at(powerField(2) + e.of[2], k);
  }

  // d(f_mu p)/dr_ij of neighbour k.
  KOKKOS_FORCEINLINE_FUNCTION void derivative(MonomialExponents const& e, int mu, int k, double (&result)[3]) const {
    double power[3], slope[3];
    for (int axis = 0; axis < 3; ++axis) {
      int const exponent = e.of[axis];
      power[axis] = at(powerField(axis) + exponent, k);
      slope[axis] = exponent > 0 ? exponent * at(powerField(axis) + exponent - 1, k) : 0;
    }
    double const u[3] = {at(direction, k), at(direction + 1, k), at(direction + 2, k)};
    double const gradient[3] = {slope[0] * power[1] * power[2], power[0] * slope[1] * power[2],
                                power[0] * power[1] * slope[2]};
    double const p = power[0] * power[1] * power[2],
                 along = gradient[0] * u[0] + gradient[1] * u[1] + gradient[2] * u[2],
                 across = at(functionField() + mu, k) * at(inverse_distance, k),
                 radial_part = Kokkos::fma(at(functionField() + tables.functions + mu, k), p, -(across * along));
    for (int x = 0; x < 3; ++x) result[x] = Kokkos::fma(across, gradient[x], radial_part * u[x]);
  }
};

// A team for each centre.
template <class ExecutionSpace, class Tables>
auto teamPolicy(ExecutionSpace const& space, Tables const& tables, int centres) {
  using Policy = Kokkos::TeamPolicy<ExecutionSpace, Kokkos::LaunchBounds<128>>;
  Policy policy = is_device_space<ExecutionSpace> ? Policy(space, centres, 4, 32) : Policy(space, centres, 1, 1);
  policy.set_scratch_size(0, Kokkos::PerTeam(RowNeighbors<Tables, typename Policy::member_type>::scratchBytes(tables)));
  return policy;
}

template <class MemorySpace, class T>
Kokkos::View<T const*, MemorySpace> toSpace(std::vector<T> const& values) {
  return copyTo<MemorySpace>(values, "sinter::mtp::row_tables");
}

// The programs one after the other.
template <class MemorySpace>
struct ProgramCollector {
  std::vector<typename MtpRowTables<MemorySpace>::Program> programs;
  std::vector<Row> rows;
  std::vector<ProductTerm> terms;
  std::vector<MomentDerivative> results, inputs;

  template <class T>
  static std::int32_t append(std::vector<T>& all, std::vector<T> const& more) {
    all.insert(all.end(), more.begin(), more.end());
    return static_cast<std::int32_t>(all.size());
  }
  void add(SumProgram const& program, std::vector<MomentDerivative> const& of_results = {},
           std::vector<MomentDerivative> const& of_inputs = {}) {
    auto const size = [](auto const& all) { return static_cast<std::int32_t>(all.size()); };
    std::int32_t const shift = size(terms);
    auto shifted = program.rows;
    for (Row& row : shifted) {
      row.begin += shift;
      row.end += shift;
    }
    append(terms, program.terms);
    std::int32_t const begins[3] = {size(rows), size(results), size(inputs)};
    programs.push_back({begins[0], append(rows, shifted), begins[1], append(results, of_results), begins[2],
                        append(inputs, of_inputs)});
  }
};

std::vector<MonomialExponents> exponentsOf(std::vector<MonomialStep> const& steps) {
  std::vector<MonomialExponents> result(steps.size(), MonomialExponents{});
  for (std::size_t q = 1; q < steps.size(); ++q) {
    result[q] = result[static_cast<std::size_t>(steps[q].parent)];
    ++result[q].of[steps[q].axis];
  }
  return result;
}

}  // namespace
}  // namespace detail

// ---- set-up ---------------------------------------------------------------------------------------------------------

template <class ExecutionSpace>
MtpRowFactors<ExecutionSpace>::MtpRowFactors(MtpModel const& model, ExecutionSpace const& space) : _space(space) {
  if (std::max(model.radial_basis_size, model.radial_funcs_count) > max_radial_basis_size)
    throw InputError("found " + std::to_string(std::max(model.radial_basis_size, model.radial_funcs_count)) +
                     " radial functions, expected at most " + std::to_string(max_radial_basis_size));
  MtpProgram const product_program = makeMtpProgram(model, MtpProgramUse::basis_functions);
  _program = makeMtpRowProgram(model, product_program);
  auto const exponents = detail::exponentsOf(product_program.monomials);
  detail::ProgramCollector<memory_space> all;
  all.add(_program.forward);
  all.add(_program.basis);
  all.add(_program.adjoint);
  int end = _program.shared;
  auto const add = [&](MtpRowProgram::Derivative const& derivative, std::vector<MomentDerivative> const& inputs) {
    all.add(derivative.program, derivative.results, inputs);
    for (Row const& row : derivative.program.rows) end = std::max(end, row.target + 1);
    for (auto const& input : inputs) end = std::max(end, input.slot + 1);
  };
  for (auto const& gradient : _program.basis_gradients) add(gradient, {});
  for (auto const& tangent : _program.tangents) add(tangent, tangent.inputs);

  using detail::toSpace;
  Tables& t = _tables;
  t.species = model.species_count;
  t.functions = model.radial_funcs_count;
  t.monomial_count = static_cast<int>(exponents.size());
  t.accumulated_count = static_cast<int>(product_program.accumulated.size());
  for (auto const& monomial : exponents)
    for (int const e : monomial.of) t.degree = std::max(t.degree, e);
  t.basis_functions = static_cast<int>(_program.basis_gradients.size());
  t.shared = _program.shared;
  t.own = end - _program.shared;
  t.moments = _program.moments;
  t.moment_count = product_program.moments;
  t.adjoints = _program.adjoints;
  t.constant_count = _program.energy_weight_end;
  t.radial = MtpRadialFunctions(model);
  t.form = toSpace<memory_space>(
      chebyshevForm(model.radial_basis_type, model.radial_basis_size, model.min_dist, model.max_dist));
  t.monomials = toSpace<memory_space>(exponents);
  t.accumulated = toSpace<memory_space>(product_program.accumulated);
  t.programs = toSpace<memory_space>(all.programs);
  t.rows = toSpace<memory_space>(all.rows);
  t.terms = toSpace<memory_space>(all.terms);
  t.results = toSpace<memory_space>(all.results);
  t.inputs = toSpace<memory_space>(all.inputs);
  t.basis_values = toSpace<memory_space>(_program.basis_values);
}

template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::setCoefficients(MtpModel const& model) {
  if (model.radial_coeffs.empty())
    throw InputError("MtpRowFactors: found no radial coefficients, expected a model that has them");
  _tables.coefficients = detail::toSpace<memory_space>(model.radial_coeffs);
  _tables.constants = detail::toSpace<memory_space>(_program.constantsOf(model.moment_coeffs));
}

template <class ExecutionSpace>
int MtpRowFactors<ExecutionSpace>::columns(RowColumns which) const {
  int const radial = _tables.species * _tables.localColumns();
  return (which == RowColumns::radial ? 0 : _tables.basis_functions) + (which == RowColumns::basis ? 0 : radial);
}

template <class ExecutionSpace>
int MtpRowFactors<ExecutionSpace>::adjointColumns() const {
  return columns(RowColumns::radial) - adjointShift(_tables.species - 1, _tables.radial.size - 1);
}

// What each centre has programs to run for: columns that are not zero.
template <class ExecutionSpace>
int MtpRowFactors<ExecutionSpace>::tasks() const {
  return (hasBasis() ? _tables.basis_functions : 0) + (hasRadial() ? _tables.localColumns() : 0);
}

template <class ExecutionSpace>
std::size_t MtpRowFactors<ExecutionSpace>::bytesPerCentre(int atoms, RowColumns which) const {
  auto const size = [](int n) { return static_cast<std::size_t>(n); };
  auto const& t = _tables;
  std::size_t const of_moment =
      3 * size(atoms) + 6 + size(columns(which)) + (which == RowColumns::basis ? 0 : size(adjointColumns()));
  return sizeof(double) * (of_moment * size(t.accumulated_count) + size(t.seedCount()) + size(t.shared) +
                           size(groups) * size(t.own) + size(columns(which)));
}

// ---- gradients ------------------------------------------------------------------------------------------------------

template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::load(List const& list, int begin, int end, RowColumns which) {
  _list = list;
  _begin = begin;
  _count = end - begin;
  _which = which;
  auto const grow = [&](Numbers& numbers, std::size_t size) {
    if (numbers.extent(0) >= size) return;
    numbers = {};
    numbers = Numbers(Kokkos::view_alloc(_space, Kokkos::WithoutInitializing, "sinter::mtp::row_factors"), size);
  };
  auto const& t = _tables;
  auto const centres = static_cast<std::size_t>(_count), moments = static_cast<std::size_t>(t.accumulated_count);
  auto const width = static_cast<std::size_t>(columns(which));
  grow(_seeds, static_cast<std::size_t>(t.seedCount()) * centres);
  grow(_shared, static_cast<std::size_t>(t.shared) * centres);
  grow(_own, static_cast<std::size_t>(groups) * static_cast<std::size_t>(t.own) * centres);
  grow(_energies, centres * width);
  grow(_gradients, centres * moments * width);
  if (hasRadial()) grow(_adjoints, centres * moments * static_cast<std::size_t>(adjointColumns()));

  auto const offsets = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), list.batch.offsets);
  auto const structures = static_cast<int>(offsets.extent(0)) - 1;
  auto const structureOf = [&](int centre) {
    return static_cast<int>(std::upper_bound(offsets.data(), offsets.data() + structures, centre) - offsets.data()) - 1;
  };
  _segments.clear();
  std::vector<std::int64_t> derivatives_begin;
  std::int64_t size = 0;
  for (int first = begin, s = structureOf(begin); first < end; ++s) {
    int const next = std::min(end, static_cast<int>(offsets(s + 1)));
    if (derivatives_begin.empty()) _first_structure = s;
    Segment segment{};
    segment.structure = s;
    segment.first = first;
    segment.count = next - first;
    segment.rows = 3 * static_cast<int>(offsets(s + 1) - offsets(s)) + 6;
    segment.inner = segment.count * t.accumulated_count;
    derivatives_begin.push_back(size);
    size += static_cast<std::int64_t>(segment.rows) * segment.inner;
    _segments.push_back(segment);
    first = next;
  }
  grow(_derivatives, static_cast<std::size_t>(size));
  _derivatives_begin = detail::toSpace<memory_space>(derivatives_begin);
  for (std::size_t i = 0; i < _segments.size(); ++i) {
    Segment& segment = _segments[i];
    auto const moment = static_cast<std::size_t>(segment.first - begin) * moments;
    segment.derivatives = _derivatives.data() + derivatives_begin[i];
    segment.gradients = _gradients.data() + moment * width;
    segment.adjoints = hasRadial() ? _adjoints.data() + moment * static_cast<std::size_t>(adjointColumns()) : nullptr;
  }

  sumSeeds();
  evaluateMoments();
  evaluateGradients();
  if (hasRadial()) placeAdjoints();
}

// N[z][monomial][n] = sum_j phi_n p.
template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::sumSeeds() {
  auto const t = _tables;
  auto const list = _list;
  double* const seeds = _seeds.data();
  int const begin = _begin, count = _count;
  auto const policy = detail::teamPolicy(_space, t, count);
  using Member = typename decltype(policy)::member_type;
  Kokkos::parallel_for(
      "sinter::mtp::row_seeds", policy, KOKKOS_LAMBDA(Member const& team) {
        int const c = team.league_rank(), size = t.radial.size;
        detail::RowNeighbors<Tables, Member> const neighbors(t, team);
        int const all = list.environment(begin + c).size();
        for (int first = 0; first == 0 || first < all; first += neighbors.chunk) {
          int const loaded = neighbors.load(team, list, begin + c, first, 0);
          Kokkos::parallel_for(Kokkos::TeamVectorRange(team, t.seedCount()), [&](int item) {
            int const n = item % size, monomial = item / size % t.monomial_count, z = item / (size * t.monomial_count);
            double& seed = seeds[static_cast<std::ptrdiff_t>(item) * count + c];
            double sum = first == 0 ? 0 : seed;
            for (int k = 0; k < loaded; ++k)
              if (neighbors.types[k] == z)
                sum = Kokkos::fma(neighbors.at(neighbors.radial + n, k), neighbors.monomial(t.monomials(monomial), k),
                                  sum);
            seed = sum;
          });
        }
      });
}

// Moments, basis functions and adjoints, a centre by a thread.
template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::evaluateMoments() {
  auto const t = _tables;
  auto const list = _list;
  double const* const seeds = _seeds.data();
  double* const shared = _shared.data();
  int const begin = _begin, count = _count;
  bool const with_basis = hasBasis(), with_adjoints = hasRadial();
  Kokkos::parallel_for(
      "sinter::mtp::row_moments", Kokkos::RangePolicy<ExecutionSpace>(_space, 0, count), KOKKOS_LAMBDA(int c) {
        int const size = t.radial.size, own = t.species > 1 ? list.type(begin + c) : 0;
        detail::RowValues const v{shared + c, nullptr, t.shared, count};
        for (int i = 0; i < t.constant_count; ++i) v[i] = t.constants(i);
        for (int m = 0; m < t.moment_count; ++m) v[t.adjoints + m] = 0;  // some no program writes
        for (int q = 0; q < t.accumulated_count; ++q) {
          auto const moment = t.accumulated(q);
          double sum = 0;
          for (int z = 0; z < t.species && moment.mu < t.functions; ++z) {
            double const* const coefficients =
                t.coefficients.data() + ((own * t.species + z) * t.functions + moment.mu) * size;
            for (int n = 0; n < size; ++n)
              sum = Kokkos::fma(
                  coefficients[n],
                  seeds[static_cast<std::ptrdiff_t>((z * t.monomial_count + moment.monomial) * size + n) * count + c],
                  sum);
          }
          v[t.moments + q] = sum;
        }
        detail::runProgram(t, t.forward, v);
        if (with_basis) detail::runProgram(t, t.basis, v);
        if (with_adjoints) detail::runProgram(t, t.adjoint, v);
      });
}

// X and the energy rows, a share of a centre's columns by a thread.
template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::evaluateGradients() {
  auto const t = _tables;
  auto const list = _list;
  double const* const seeds = _seeds.data();
  double *const shared = _shared.data(), *const own_values = _own.data(), *const gradients = _gradients.data(),
                *const energies = _energies.data();
  int const begin = _begin, count = _count, width = columns(_which), of_basis = hasBasis() ? t.basis_functions : 0,
            all_tasks = tasks();
  Kokkos::deep_copy(_space, _gradients, 0.0);  // most are and stay zero
  Kokkos::deep_copy(_space, _energies, 0.0);
  Kokkos::parallel_for(
      "sinter::mtp::row_gradients", Kokkos::RangePolicy<ExecutionSpace>(_space, 0, count * groups),
      KOKKOS_LAMBDA(int index) {
        int const c = index % count, group = index / count;
        detail::RowValues const v{shared + c, own_values + static_cast<std::ptrdiff_t>(group) * t.own * count + c,
                                  t.shared, count};
        double* const energy = energies + static_cast<std::ptrdiff_t>(c) * width;
        for (int task = group; task < all_tasks; task += groups) {
          int column = task, number = t.basis_gradients + task;
          if (task < of_basis) {
            energy[column] = v[t.basis_values(task)];
          } else {
            int const local = task - of_basis, size = t.radial.size, n = local % size, mu = local / size % t.functions,
                      z = local / (size * t.functions), own = t.species > 1 ? list.type(begin + c) : 0;
            column += own * t.localColumns();
            number = t.basis_gradients + t.basis_functions + mu;
            auto const& program = t.programs(number);
            double sum = 0;
            for (int i = program.inputs_begin; i < program.inputs_end; ++i) {
              auto const input = t.inputs(i);
              int const seed = (z * t.monomial_count + t.accumulated(input.moment).monomial) * size + n;
              double const value = seeds[static_cast<std::ptrdiff_t>(seed) * count + c];
              v[input.slot] = value;
              sum = Kokkos::fma(v[t.adjoints + input.moment], value, sum);
            }
            energy[column] = sum;
          }
          detail::runProgram(t, number, v);
          auto const& program = t.programs(number);
          for (int i = program.results_begin; i < program.results_end; ++i) {
            auto const result = t.results(i);
            gradients[(static_cast<std::ptrdiff_t>(c) * t.accumulated_count + result.moment) * width + column] =
                v[result.slot];
          }
        }
      });
}

template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::placeAdjoints() {
  auto const t = _tables;
  auto const list = _list;
  double const* const shared = _shared.data();
  double* const adjoints = _adjoints.data();
  int const begin = _begin, count = _count, width = adjointColumns();
  Kokkos::deep_copy(_space, _adjoints, 0.0);
  Kokkos::parallel_for(
      "sinter::mtp::row_adjoints",
      Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<std::int64_t>>(
          _space, 0, static_cast<std::int64_t>(count) * t.accumulated_count),
      KOKKOS_LAMBDA(std::int64_t index) {
        auto const c = static_cast<int>(index % count), q = static_cast<int>(index / count);
        int const mu = t.accumulated(q).mu, own = t.species > 1 ? list.type(begin + c) : 0;
        if (mu < t.functions)
          adjoints[(static_cast<std::ptrdiff_t>(c) * t.accumulated_count + q) * width + own * t.localColumns() +
                   mu * t.radial.size] = shared[static_cast<std::ptrdiff_t>(t.adjoints + q) * count + c];
      });
}

template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::addEnergies(
    Kokkos::View<std::int64_t const*, memory_space> const& first_row,
    Kokkos::View<double**, Kokkos::LayoutRight, memory_space> const& panel) const {
  auto const list = _list;
  double const* const energies = _energies.data();
  int const begin = _begin, end = _begin + _count, width = columns(_which), first_structure = _first_structure;
  Kokkos::parallel_for(
      "sinter::mtp::row_energies",
      Kokkos::RangePolicy<ExecutionSpace>(_space, 0, static_cast<int>(_segments.size()) * width),
      KOKKOS_LAMBDA(int index) {
        int const s = first_structure + index / width, column = index % width;
        int const first = list.groupBegin(s) > begin ? list.groupBegin(s) : begin,
                  last = list.groupBegin(s + 1) < end ? list.groupBegin(s + 1) : end;
        double sum = 0;
        for (int i = first; i < last; ++i) sum += energies[static_cast<std::ptrdiff_t>(i - begin) * width + column];
        panel(first_row(s), column) += sum;
      });
}

// ---- derivatives of moments -----------------------------------------------------------------------------------------

// The columns of a centre are its team's: force on its neighbours and on itself, and virial, eq. (2.13).
template <class ExecutionSpace>
void MtpRowFactors<ExecutionSpace>::differentiate(int z, int n) {
  auto const t = _tables;
  auto const list = _list;
  auto const derivatives_begin = _derivatives_begin;
  double* const derivatives = _derivatives.data();
  int const begin = _begin, count = _count, end = _begin + _count, first_structure = _first_structure;
  auto const policy = detail::teamPolicy(_space, t, count);
  using Member = typename decltype(policy)::member_type;
  Kokkos::deep_copy(_space, _derivatives, 0.0);
  Kokkos::parallel_for(
      "sinter::mtp::row_derivatives", policy, KOKKOS_LAMBDA(Member const& team) {
        constexpr int row[6] = {0, 1, 2, 1, 0, 0}, column[6] = {0, 1, 2, 2, 2, 1};
        int const centre = begin + team.league_rank(), s = list.batch.structure(centre);
        int const first_atom = list.groupBegin(s), end_atom = list.groupBegin(s + 1);
        int const first_centre = first_atom > begin ? first_atom : begin, end_centre = end_atom < end ? end_atom : end;
        std::ptrdiff_t const stride = static_cast<std::ptrdiff_t>(end_centre - first_centre) * t.accumulated_count;
        double* const block = derivatives + derivatives_begin(s - first_structure) +
                              static_cast<std::ptrdiff_t>(centre - first_centre) * t.accumulated_count;
        detail::RowNeighbors<Tables, Member> const neighbors(t, team);
        int const all = list.environment(centre).size();
        for (int first = 0; first < all; first += neighbors.chunk) {
          int const loaded = neighbors.load(team, list, centre, first, z == every ? every : n);
          Kokkos::parallel_for(Kokkos::TeamVectorRange(team, t.accumulated_count), [&](int q) {
            auto const moment = t.accumulated(q);
            if (moment.mu >= t.functions) return;
            auto const exponents = t.monomials(moment.monomial);
            double own[3] = {0, 0, 0}, virial[6] = {0, 0, 0, 0, 0, 0};
            for (int k = 0; k < loaded; ++k) {
              if (z != every && neighbors.types[k] != z) continue;
              double d[3];
              neighbors.derivative(exponents, moment.mu, k, d);
              double* const force =
                  block + 3 * static_cast<std::ptrdiff_t>(neighbors.atoms[k] - first_atom) * stride + q;
              for (int x = 0; x < 3; ++x) {
                force[x * stride] -= d[x];
                own[x] += d[x];
              }
              double const r = neighbors.at(neighbors.distance, k);
              for (int v = 0; v < 6; ++v)
                virial[v] = Kokkos::fma(-r * neighbors.at(neighbors.direction + row[v], k), d[column[v]], virial[v]);
            }
            double* const own_force = block + 3 * static_cast<std::ptrdiff_t>(centre - first_atom) * stride + q;
            double* const own_virial = block + 3 * static_cast<std::ptrdiff_t>(end_atom - first_atom) * stride + q;
            for (int x = 0; x < 3; ++x) own_force[x * stride] += own[x];
            for (int v = 0; v < 6; ++v) own_virial[v * stride] += virial[v];
          });
        }
      });
}

#define SINTER_INSTANTIATE(SPACE) template class MtpRowFactors<SPACE>;
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
