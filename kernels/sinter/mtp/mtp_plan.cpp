#include "sinter/mtp/mtp_plan.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/mtp/mtp_shape.hpp"

namespace sinter {

namespace {

using Powers = std::array<int, 3>;

// Everything the plan holds, on the host.
struct HostPlan {
  std::vector<MonomialStep> monomials;
  std::vector<AccumulatedMoment> accumulated;
  std::vector<std::int32_t> accumulated_begin;
  std::vector<RebuiltMoment> rebuilt;
  std::vector<ProductRow> forward, reverse;
  std::vector<ProductTerm> forward_terms, reverse_terms;
  std::vector<std::int32_t> forward_level, reverse_level;
  int max_rank = 0;
};

// Trace folding, eq. (2.8): a basic moment with c >= 2 whose three parents are in the table is rebuilt from them.
void foldTraces(MtpModel const& model, HostPlan& plan) {
  auto const& basic = model.alpha_index_basic;
  std::map<std::array<int, 4>, int> index;
  for (std::size_t i = 0; i < basic.size(); ++i) index.emplace(basic[i], static_cast<int>(i));

  std::vector<std::pair<Powers, AccumulatedMoment>> direct;  // with the powers of their monomials
  for (std::size_t i = 0; i < basic.size(); ++i) {
    auto const [mu, a, b, c] = basic[i];
    plan.max_rank = std::max(plan.max_rank, a + b + c);
    auto const p = index.find({mu, a, b, c - 2}), q = index.find({mu, a + 2, b, c - 2}),
               r = index.find({mu, a, b + 2, c - 2});
    auto const moment = static_cast<std::int32_t>(i);
    bool const fold = c >= 2 && p != index.end() && q != index.end() && r != index.end();
    if (fold) {
      plan.rebuilt.push_back({moment, p->second, q->second, r->second});
    } else {
      direct.push_back({{a, b, c}, {static_cast<std::int16_t>(mu), 0, moment}});
    }
  }
  // Parents have a smaller c, so this order rebuilds them first.
  std::stable_sort(plan.rebuilt.begin(), plan.rebuilt.end(),
                   [&](auto const& x, auto const& y) { return basic[x.moment][3] < basic[y.moment][3]; });

  // Monomials that are needed, closed under division by one component, by total degree.
  std::map<Powers, int> needed;
  std::vector<Powers> stack{{0, 0, 0}};
  for (auto const& entry : direct) stack.push_back(entry.first);
  auto const parentOf = [](Powers const& m) {
    int axis = 2;  // dividing by the last component first keeps the set small: c is 0 or 1 for folded moments
    while (axis > 0 && m[axis] == 0) --axis;
    Powers parent = m;
    --parent[axis];
    return std::pair(parent, axis);
  };
  while (!stack.empty()) {
    Powers const m = stack.back();
    stack.pop_back();
    if (!needed.emplace(m, 0).second || m == Powers{0, 0, 0}) continue;
    stack.push_back(parentOf(m).first);
  }
  std::vector<Powers> order;
  for (auto const& entry : needed) order.push_back(entry.first);
  std::stable_sort(order.begin(), order.end(),
                   [](Powers const& x, Powers const& y) { return x[0] + x[1] + x[2] < y[0] + y[1] + y[2]; });
  for (std::size_t i = 0; i < order.size(); ++i) needed[order[i]] = static_cast<int>(i);
  for (auto const& m : order) {
    if (m == Powers{0, 0, 0}) {
      plan.monomials.push_back({0, 0});
      continue;
    }
    auto const [parent, axis] = parentOf(m);
    plan.monomials.push_back({static_cast<std::int16_t>(needed[parent]), static_cast<std::int16_t>(axis)});
  }

  for (auto& [powers, moment] : direct) moment.monomial = static_cast<std::int16_t>(needed[powers]);
  std::stable_sort(direct.begin(), direct.end(), [](auto const& x, auto const& y) {
    return std::pair(x.second.monomial, x.second.mu) < std::pair(y.second.monomial, y.second.mu);
  });
  plan.accumulated_begin.assign(order.size() + 1, 0);
  for (auto const& entry : direct) {
    plan.accumulated.push_back(entry.second);
    ++plan.accumulated_begin[static_cast<std::size_t>(entry.second.monomial) + 1];
  }
  for (std::size_t i = 0; i < order.size(); ++i) plan.accumulated_begin[i + 1] += plan.accumulated_begin[i];
}

// Rows of terms by target, the rows ordered by the level of their target.
void makeRows(std::vector<std::vector<ProductTerm>> const& terms_of, std::vector<int> const& level, bool descending,
              std::vector<ProductRow>& rows, std::vector<ProductTerm>& terms, std::vector<std::int32_t>& level_begin) {
  std::vector<std::int32_t> targets;
  for (std::size_t t = 0; t < terms_of.size(); ++t)
    if (!terms_of[t].empty()) targets.push_back(static_cast<std::int32_t>(t));
  std::stable_sort(targets.begin(), targets.end(),
                   [&](auto x, auto y) { return descending ? level[x] > level[y] : level[x] < level[y]; });
  level_begin.assign(1, 0);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (i > 0 && level[targets[i]] != level[targets[i - 1]]) level_begin.push_back(static_cast<std::int32_t>(i));
    auto const begin = static_cast<std::int32_t>(terms.size());
    for (auto const& term : terms_of[targets[i]]) terms.push_back(term);
    rows.push_back({targets[i], begin, static_cast<std::int32_t>(terms.size())});
  }
  if (!targets.empty()) level_begin.push_back(static_cast<std::int32_t>(targets.size()));
}

// Products as gathering rows, eq. (2.6) and its adjoint, eq. (2.10).
void makeProducts(MtpModel const& model, HostPlan& plan) {
  auto const moments = static_cast<std::size_t>(model.alpha_moments_count);
  std::vector<int> level(moments, 0);
  std::vector<std::vector<ProductTerm>> forward(moments), reverse(moments);
  for (auto const& [a, b, mult, c] : model.alpha_index_times) {
    level[c] = std::max(level[c], 1 + std::max(level[a], level[b]));
    if (mult == 0) continue;
    forward[c].push_back({a, b, double(mult)});
    if (a == b) {
      reverse[a].push_back({c, a, 2.0 * mult});
    } else {
      reverse[a].push_back({c, b, double(mult)});
      reverse[b].push_back({c, a, double(mult)});
    }
  }
  makeRows(forward, level, false, plan.forward, plan.forward_terms, plan.forward_level);
  makeRows(reverse, level, true, plan.reverse, plan.reverse_terms, plan.reverse_level);
}

// The sum of the pair repulsion, eq. (2.17), as the accumulated moment {mu, monomial 1} that becomes `moment`.
void addRepulsion(HostPlan& plan, int mu, int moment) {
  plan.accumulated.insert(plan.accumulated.begin() + plan.accumulated_begin[1],
                          {static_cast<std::int16_t>(mu), 0, static_cast<std::int32_t>(moment)});
  for (std::size_t m = 1; m < plan.accumulated_begin.size(); ++m) ++plan.accumulated_begin[m];
}

// Eq. (2.20): coefficients of Chebyshev polynomials, with the scaling; zeros for the pair repulsion.
std::vector<double> chebyshevCoefficients(MtpModel const& model, int radial_functions) {
  auto const size = static_cast<std::size_t>(model.radial_basis_size);
  auto const form = chebyshevForm(model.radial_basis_type, model.radial_basis_size, model.min_dist, model.max_dist);
  auto const given = static_cast<std::size_t>(model.radial_funcs_count);
  auto const kept = static_cast<std::size_t>(radial_functions);
  std::vector<double> result(model.radial_coeffs.size() / given * kept);
  for (std::size_t row = 0; row < model.radial_coeffs.size() / size; ++row) {
    double const* const c = &model.radial_coeffs[row * size];
    double* const to = &result[(row / given * kept + row % given) * size];
    for (std::size_t n = 0; n < size; ++n)
      for (std::size_t k = 0; k <= n; ++k) to[k] += c[n] * model.scaling * form[n * size + k];
  }
  return result;
}

// The level whose shape (known when compiling) is that of the plan, or 0.
int templateLevel(MtpModel const& model, HostPlan const& plan) {
  for (int const level : {8, 12, 16, 20}) {
    bool const same = detail::withShape(level, [&]<class Shape>() {
      if constexpr (Shape::is_static) {
        if (model.radial_funcs_count != Shape::radial_functions || plan.monomials.size() != Shape::monomials ||
            plan.accumulated.size() != static_cast<std::size_t>(Shape::table.begin[Shape::monomials]))
          return false;
        for (int m = 0; m < Shape::monomials; ++m) {
          auto const index = static_cast<std::size_t>(m);
          if (plan.accumulated_begin[index + 1] != Shape::table.begin[m + 1]) return false;
          if (m > 0 && (plan.monomials[index].parent != Shape::table.parent[m] ||
                        plan.monomials[index].axis != Shape::table.axis[m]))
            return false;
          for (int a = Shape::table.begin[m]; a < Shape::table.begin[m + 1]; ++a)
            if (plan.accumulated[static_cast<std::size_t>(a)].mu != a - Shape::table.begin[m]) return false;
        }
        return true;
      }
      return false;
    });
    if (same) return level;
  }
  return 0;
}

HostPlan makeHostPlan(MtpModel const& model) {
  HostPlan plan;
  foldTraces(model, plan);
  makeProducts(model, plan);
  return plan;
}

template <class MemorySpace, class T>
Kokkos::View<T const*, MemorySpace> toDevice(char const* label, std::vector<T> const& values) {
  Kokkos::View<T*, MemorySpace> const result(Kokkos::view_alloc(std::string(label), Kokkos::WithoutInitializing),
                                             values.size());
  Kokkos::View<T const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const host(values.data(),
                                                                                                values.size());
  Kokkos::deep_copy(result, host);
  return result;
}

}  // namespace

template <class MemorySpace>
MtpPlan<MemorySpace> makeMtpPlan(MtpModel const& model) {
  if (model.radial_coeffs.empty())
    throw InputError("the potential has no radial coefficients (an untrained template); expected a trained one");
  if (model.radial_basis_size > max_radial_basis_size)
    throw InputError("found " + std::to_string(model.radial_basis_size) + " radial basis functions, expected at most " +
                     std::to_string(max_radial_basis_size));
  HostPlan host = makeHostPlan(model);
  auto const& form = formOf(model.radial_basis_type);

  MtpPlan<MemorySpace> plan;
  plan.species_count = model.species_count;
  plan.radial_functions = model.radial_funcs_count;
  plan.radial_basis_size = model.radial_basis_size;
  plan.moments = model.alpha_moments_count;
  plan.envelope = form.envelope;
  plan.clamped = form.clamped;
  if (form.repulsive) {
    plan.repulsion_moment = plan.moments++;
    addRepulsion(host, plan.radial_functions++, plan.repulsion_moment);
  }
  plan.basis_functions = static_cast<int>(model.alpha_moment_mapping.size());
  plan.monomial_count = static_cast<int>(host.monomials.size());
  plan.accumulated_count = static_cast<int>(host.accumulated.size());
  plan.rebuilt_count = static_cast<int>(host.rebuilt.size());
  plan.forward_levels = static_cast<int>(host.forward_level.size()) - 1;
  plan.reverse_levels = static_cast<int>(host.reverse_level.size()) - 1;
  plan.template_level = templateLevel(model, host);
  plan.min_dist = model.min_dist;
  plan.max_dist = model.max_dist;

  plan.radial = toDevice<MemorySpace>("sinter::mtp::radial", chebyshevCoefficients(model, plan.radial_functions));
  plan.monomials = toDevice<MemorySpace>("sinter::mtp::monomials", host.monomials);
  plan.accumulated = toDevice<MemorySpace>("sinter::mtp::accumulated", host.accumulated);
  plan.accumulated_begin = toDevice<MemorySpace>("sinter::mtp::accumulated_begin", host.accumulated_begin);
  plan.rebuilt = toDevice<MemorySpace>("sinter::mtp::rebuilt", host.rebuilt);
  plan.forward = toDevice<MemorySpace>("sinter::mtp::forward", host.forward);
  plan.reverse = toDevice<MemorySpace>("sinter::mtp::reverse", host.reverse);
  plan.forward_terms = toDevice<MemorySpace>("sinter::mtp::forward_terms", host.forward_terms);
  plan.reverse_terms = toDevice<MemorySpace>("sinter::mtp::reverse_terms", host.reverse_terms);
  plan.forward_level = toDevice<MemorySpace>("sinter::mtp::forward_level", host.forward_level);
  plan.reverse_level = toDevice<MemorySpace>("sinter::mtp::reverse_level", host.reverse_level);
  plan.basis_moment = toDevice<MemorySpace>(
      "sinter::mtp::basis_moment",
      std::vector<std::int32_t>(model.alpha_moment_mapping.begin(), model.alpha_moment_mapping.end()));

  std::vector<double> species_coeffs = model.species_coeffs, moment_coeffs = model.moment_coeffs;
  species_coeffs.resize(static_cast<std::size_t>(model.species_count));
  moment_coeffs.resize(model.alpha_moment_mapping.size());
  std::vector<double> seed(static_cast<std::size_t>(plan.moments));
  for (std::size_t k = 0; k < moment_coeffs.size(); ++k)
    seed[static_cast<std::size_t>(model.alpha_moment_mapping[k])] += moment_coeffs[k];
  if (plan.repulsion_moment >= 0) seed[static_cast<std::size_t>(plan.repulsion_moment)] = 1;
  plan.species_coeffs = toDevice<MemorySpace>("sinter::mtp::species_coeffs", species_coeffs);
  plan.moment_coeffs = toDevice<MemorySpace>("sinter::mtp::moment_coeffs", moment_coeffs);
  plan.energy_seed = toDevice<MemorySpace>("sinter::mtp::energy_seed", seed);
  return plan;
}

MtpPlanSizes mtpPlanSizes(MtpModel const& model) {
  HostPlan const plan = makeHostPlan(model);
  return {static_cast<int>(model.alpha_index_basic.size()),
          static_cast<int>(plan.accumulated.size()),
          static_cast<int>(plan.monomials.size()),
          static_cast<int>(model.alpha_index_times.size()),
          static_cast<int>(model.alpha_moment_mapping.size()),
          model.alpha_moments_count,
          plan.max_rank};
}

template MtpPlan<Kokkos::HostSpace> makeMtpPlan(MtpModel const&);
#define SINTER_INSTANTIATE(SPACE) template MtpPlan<SPACE::memory_space> makeMtpPlan(MtpModel const&);
SINTER_FOR_EACH_DEVICE_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
