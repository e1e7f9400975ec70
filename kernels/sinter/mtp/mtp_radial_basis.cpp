#include "sinter/mtp/mtp_radial_basis.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

namespace sinter {

namespace {

constexpr int unlimited = std::numeric_limits<int>::max();
constexpr int most_shapeev = 12;  // MLIP tabulates these

constexpr std::array<RadialBasisForm, 6> forms = {{
    {RadialBasisType::RBChebyshev, "RBChebyshev", RadialEnvelope::cutoff, false, false, unlimited},
    {RadialBasisType::RBChebyshev_repuls, "RBChebyshev_repuls", RadialEnvelope::cutoff, true, true, unlimited},
    {RadialBasisType::BChebyshev, "BChebyshev", RadialEnvelope::none, false, false, unlimited},
    {RadialBasisType::BChebyshev_repuls, "BChebyshev_repuls", RadialEnvelope::none, true, false, unlimited},
    {RadialBasisType::RBShapeev, "RBShapeev", RadialEnvelope::inverse, false, false, most_shapeev},
    {RadialBasisType::RBTaylor, "RBTaylor", RadialEnvelope::none, false, false, unlimited},
}};

// Coefficients of T_0, T_1, ...
using Series = std::vector<double>;

// (a xi + b) p: xi T_0 = T_1, xi T_k = (T_{k+1} + T_{k-1}) / 2. The highest coefficient of p must be zero.
Series timesLinear(double a, double b, Series const& p) {
  Series result(p.size());
  for (std::size_t k = 0; k < p.size(); ++k) {
    result[k] += b * p[k];
    if (k == 0) {
      if (p.size() > 1) result[1] += a * p[0];
    } else {
      if (k + 1 < p.size()) result[k + 1] += a / 2 * p[k];
      result[k - 1] += a / 2 * p[k];
    }
  }
  return result;
}

}  // namespace

RadialBasisForm const& formOf(RadialBasisType type) {
  return *std::find_if(forms.begin(), forms.end(), [&](auto const& form) { return form.type == type; });
}

std::optional<RadialBasisType> radialBasisTypeOf(std::string_view name) {
  auto const* const form = std::find_if(forms.begin(), forms.end(), [&](auto const& f) { return f.name == name; });
  if (form == forms.end()) return {};
  return form->type;
}

std::string radialBasisNames() {
  std::string names;
  for (auto const& form : forms) names += (names.empty() ? "" : ", ") + std::string(form.name);
  return names;
}

std::vector<double> chebyshevForm(RadialBasisType type, int size, double min_dist, double max_dist) {
  auto const columns = static_cast<std::size_t>(size);
  std::vector<double> form(columns * columns);
  auto const put = [&](std::size_t n, double factor, Series const& p) {
    std::transform(p.begin(), p.end(), form.begin() + static_cast<std::ptrdiff_t>(n * columns),
                   [&](double c) { return factor * c; });
  };
  Series p(columns);
  p[0] = 1;
  if (type == RadialBasisType::RBTaylor) {  // eq. (2.19): r = (R_max - R_min) / 2 xi + (R_max + R_min) / 2
    for (std::size_t n = 0; n < columns; ++n) {
      put(n, 1, p);
      if (n + 1 < columns) p = timesLinear((max_dist - min_dist) / 2, (max_dist + min_dist) / 2, p);
    }
  } else if (type == RadialBasisType::RBShapeev) {  // eq. (2.18): Jacobi polynomials P_n^(5,1)
    double const scale = min_dist / (max_dist - min_dist);
    Series previous(columns);
    for (std::size_t i = 0; i < columns; ++i) {
      auto const n = static_cast<double>(i);
      put(i, scale * scale * std::sqrt((2 * n + 7) * (n + 6) / (8 * (n + 1) * (n + 1) * (n + 1))), p);
      if (i + 1 == columns) break;
      double const divisor = 2 * (n + 1) * (n + 7) * (2 * n + 6);
      Series next = timesLinear((2 * n + 7) * (2 * n + 8) * (2 * n + 6) / divisor, (2 * n + 7) * 24 / divisor, p);
      for (std::size_t k = 0; k < columns; ++k) next[k] -= 2 * (n + 5) * (n + 1) * (2 * n + 8) / divisor * previous[k];
      previous = std::move(p);
      p = std::move(next);
    }
  } else {
    for (std::size_t n = 0; n < columns; ++n) form[n * columns + n] = 1;
  }
  return form;
}

}  // namespace sinter
