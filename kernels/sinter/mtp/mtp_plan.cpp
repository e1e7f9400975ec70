#include "sinter/mtp/mtp_plan.hpp"

#include <string>
#include <vector>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_radial_basis.hpp"
#include "sinter/mtp/mtp_shape.hpp"

namespace sinter {

namespace {

template <class MemorySpace, class T>
Kokkos::View<T const*, MemorySpace> toDevice(std::vector<T> const& values) {
  return copyTo<MemorySpace>(values, "sinter::mtp::plan");
}

void scaleIndices(LinearTerm& term, int unit) { term.index *= unit; }
void scaleIndices(ProductTerm& term, int unit) {
  term.left *= unit;
  term.right *= unit;
}

template <class MemorySpace, class Term>
typename MtpPlan<MemorySpace>::template Rows<Term> toDevice(StagedRows<Term> rows) {
  constexpr int unit = MtpPlan<MemorySpace>::index_unit;
  for (Row& row : rows.rows) row.target *= unit;
  for (Term& term : rows.terms) scaleIndices(term, unit);
  return {toDevice<MemorySpace>(rows.rows), toDevice<MemorySpace>(rows.terms), toDevice<MemorySpace>(rows.stage_begin),
          toDevice<MemorySpace>(rows.runs), toDevice<MemorySpace>(rows.stage_runs)};
}

template <class MemorySpace>
typename MtpPlan<MemorySpace>::Sweep toDevice(Sweep const& sweep) {
  return {static_cast<int>(sweep.linear.stage_begin.size()) - 1, toDevice<MemorySpace>(sweep.linear),
          toDevice<MemorySpace>(sweep.products)};
}

// Eqs. (2.20), (2.22): coefficients of Chebyshev polynomials, with the scaling; zeros for the pair repulsion.
template <class Real, class MemorySpace>
typename MtpPlan<MemorySpace>::template RadialTable<Real> radialTable(MtpModel const& model, int functions,
                                                                      double xi_slope) {
  using Table = typename MtpPlan<MemorySpace>::template RadialTable<Real>;
  constexpr int block = Table::block;
  int const row = (functions + block - 1) / block * 2 * block;
  auto const size = static_cast<std::size_t>(model.radial_basis_size),
             count = static_cast<std::size_t>(model.radial_funcs_count);
  auto const form = chebyshevForm(model.radial_basis_type, model.radial_basis_size, model.min_dist, model.max_dist);
  std::size_t const pairs = model.radial_coeffs.size() / (count * size);
  std::vector<Real> rows(pairs * size * static_cast<std::size_t>(row));
  auto const species = static_cast<std::size_t>(model.species_count);
  constexpr std::size_t lanes = 2 * static_cast<std::size_t>(block);
  auto const all_functions = static_cast<std::size_t>(functions);
  std::vector<Real> of_neighbors(species > 1 && species <= lanes ? species * size * all_functions * 2 * lanes : 0);
  for (std::size_t pair = 0; pair < pairs; ++pair) {
    for (std::size_t mu = 0; mu < count; ++mu) {
      std::vector<double> value(size + 2), prime(size + 2);
      for (std::size_t n = 0; n < size; ++n)
        for (std::size_t k = 0; k <= n; ++k)
          value[k] += model.radial_coeffs[(pair * count + mu) * size + n] * model.scaling * form[n * size + k];
      for (std::size_t n = size; n-- > 0;)
        prime[n] = 2 * static_cast<double>(n + 1) * xi_slope * value[n + 1] + prime[n + 2];
      prime[0] /= 2;
      for (std::size_t n = 0; n < size; ++n) {
        Real* const place =
            rows.data() + (pair * size + n) * static_cast<std::size_t>(row) + Table::place(static_cast<int>(mu));
        place[0] = static_cast<Real>(value[n]);
        place[block] = static_cast<Real>(prime[n]);
        if (of_neighbors.empty()) continue;
        Real* const pack =
            of_neighbors.data() + ((pair / species * size + n) * all_functions + mu) * 2 * lanes + pair % species;
        pack[0] = place[0];
        pack[lanes] = place[block];
      }
    }
  }
  return {toDevice<MemorySpace>(rows), row, toDevice<MemorySpace>(of_neighbors)};
}

}  // namespace

template <class MemorySpace>
MtpPlan<MemorySpace> makeMtpPlan(MtpModel const& model, MtpProgramUse use) {
  if (model.radial_coeffs.empty())
    throw InputError("the potential has no radial coefficients (an untrained template); expected a trained one");
  if (model.radial_basis_size > max_radial_basis_size)
    throw InputError("found " + std::to_string(model.radial_basis_size) + " radial basis functions, expected at most " +
                     std::to_string(max_radial_basis_size));
  MtpProgram const program = makeMtpProgram(model, use);
  auto const& form = formOf(model.radial_basis_type);

  MtpPlan<MemorySpace> plan;
  plan.species_count = model.species_count;
  plan.repulsion = form.repulsive ? model.radial_funcs_count : -1;
  plan.radial_functions = model.radial_funcs_count + (form.repulsive ? 1 : 0);
  detail::withShape<true>(program.shape_level, [&]<class Shape>() {
    if constexpr (Shape::is_static) plan.radial_functions = Shape::radial_functions;
  });
  plan.radial_basis_size = model.radial_basis_size;
  plan.moments = program.moments;
  plan.basis_functions = static_cast<int>(model.alpha_moment_mapping.size());
  plan.monomial_count = static_cast<int>(program.monomials.size());
  plan.accumulated_count = static_cast<int>(program.accumulated.size());
  plan.envelope = form.envelope;
  plan.clamped = form.clamped;
  plan.shape_level = program.shape_level;
  plan.min_dist = model.min_dist;
  plan.max_dist = model.max_dist;
  plan.xi_slope = 2 / (model.max_dist - model.min_dist);
  plan.xi_offset = -(model.max_dist + model.min_dist) / (model.max_dist - model.min_dist);

  plan.radial = radialTable<double, MemorySpace>(model, plan.radial_functions, plan.xi_slope);
  plan.radial_single = radialTable<float, MemorySpace>(model, plan.radial_functions, plan.xi_slope);
  plan.monomials = toDevice<MemorySpace>(program.monomials);
  plan.accumulated = toDevice<MemorySpace>(program.accumulated);
  plan.accumulated_begin = toDevice<MemorySpace>(program.accumulated_begin);
  plan.forward = toDevice<MemorySpace>(program.forward);
  plan.reverse = toDevice<MemorySpace>(program.reverse);
  plan.seeds = toDevice<MemorySpace>(program.seeds);
  plan.quadratic = toDevice<MemorySpace>(program.quadratic);
  plan.basis_terms = toDevice<MemorySpace>(program.basis_terms);
  plan.basis_begin = toDevice<MemorySpace>(program.basis_begin);
  std::vector<double> species_coeffs = model.species_coeffs;
  species_coeffs.resize(static_cast<std::size_t>(model.species_count));
  plan.species_coeffs = toDevice<MemorySpace>(species_coeffs);
  return plan;
}

template MtpPlan<Kokkos::HostSpace> makeMtpPlan(MtpModel const&, MtpProgramUse);
#define SINTER_INSTANTIATE(SPACE) template MtpPlan<SPACE::memory_space> makeMtpPlan(MtpModel const&, MtpProgramUse);
SINTER_FOR_EACH_DEVICE_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
