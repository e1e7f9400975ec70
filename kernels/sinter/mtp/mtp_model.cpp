/// \file
/// The rules that a moment tensor potential keeps before anything is computed with it.
#include "sinter/mtp/mtp_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>

#include "sinter/core/error.hpp"

namespace sinter {

namespace {

using detail::MtpFault;
using Fault = std::optional<MtpFault>;

// Far above any sensible potential, and low enough that sizes computed from a damaged file stay harmless.
constexpr int max_atomic_number = 118;
constexpr int max_radial_size = 1000;    // R and K
constexpr int max_moments = 10'000'000;  // level 28 has 17 366
constexpr int max_rank = 30;             // the templates stop at 10

template <class Number>
std::string text(Number value) {
  std::ostringstream stream;
  stream.imbue(std::locale::classic());
  stream.precision(std::numeric_limits<double>::max_digits10);
  stream << value;
  return stream.str();
}

std::string text(std::array<int, 4> const& entry, std::size_t position) {
  return "{" + text(entry[0]) + ", " + text(entry[1]) + ", " + text(entry[2]) + ", " + text(entry[3]) + "} as entry " +
         text(position + 1);
}

Fault checkName(char const* key, std::string const& name) {
  bool const one_line = std::none_of(name.begin(), name.end(), [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (!one_line) return MtpFault{key, "a control character", "printable text on one line"};
  return {};
}

Fault checkCount(char const* key, int count, int lowest, int highest) {
  if (count >= lowest && count <= highest) return {};
  return MtpFault{key, text(count), "a number from " + text(lowest) + " to " + text(highest)};
}

Fault checkFinite(char const* key, std::vector<double> const& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) return MtpFault{key, text(values[i]) + " as entry " + text(i + 1), "finite numbers"};
  return {};
}

Fault checkCoefficients(char const* key, std::vector<double> const& values, std::size_t expected) {
  if (!values.empty() && values.size() != expected)
    return MtpFault{key, text(values.size()) + " numbers", text(expected) + " or none"};
  return checkFinite(key, values);
}

Fault checkHead(MtpModel const& model) {
  if (model.potential_name.empty()) return MtpFault{"potential_name", "nothing", "a name"};
  if (auto fault = checkName("potential_name", model.potential_name)) return fault;
  if (auto fault = checkName("potential_tag", model.potential_tag)) return fault;
  if (!std::isfinite(model.scaling) || model.scaling == 0)
    return MtpFault{"scaling", text(model.scaling), "a finite number other than 0"};
  if (auto fault = checkCount("species_count", model.species_count, 1, detail::max_mtp_species)) return fault;

  auto const& species = model.species;
  if (!species.empty() && species.size() != static_cast<std::size_t>(model.species_count))
    return MtpFault{"species_count", text(model.species_count) + " for " + text(species.size()) + " named species",
                    "as many as there are names"};
  for (std::size_t t = 0; t < species.size(); ++t) {
    if (species[t] < 1 || species[t] > max_atomic_number)
      return MtpFault{"species", text(species[t]), "atomic numbers from 1 to " + text(max_atomic_number)};
    if (std::find(species.begin(), species.begin() + static_cast<std::ptrdiff_t>(t), species[t]) !=
        species.begin() + static_cast<std::ptrdiff_t>(t))
      return MtpFault{"species", "atomic number " + text(species[t]) + " twice", "another element for every type"};
  }
  return {};
}

Fault checkRadialPart(MtpModel const& model) {
  if (!std::isfinite(model.min_dist) || model.min_dist < 0)
    return MtpFault{"min_dist", text(model.min_dist), "a finite number of at least 0"};
  if (!std::isfinite(model.max_dist) || model.max_dist <= model.min_dist)
    return MtpFault{"max_dist", text(model.max_dist), "a finite number above min_dist = " + text(model.min_dist)};
  if (auto fault = checkCount("radial_basis_size", model.radial_basis_size, 1, max_radial_size)) return fault;
  if (auto fault = checkCount("radial_funcs_count", model.radial_funcs_count, 1, max_radial_size)) return fault;

  auto const& form = formOf(model.radial_basis_type);
  if (model.radial_basis_size > form.max_size)
    return MtpFault{"radial_basis_size", text(model.radial_basis_size),
                    "at most " + text(form.max_size) + ", the functions of " + std::string(form.name)};
  if (form.envelope == RadialEnvelope::inverse && model.min_dist == 0)
    return MtpFault{"min_dist", "0",
                    "a number above 0, because the functions of " + std::string(form.name) + " are multiples of it"};

  auto const pairs = static_cast<std::size_t>(model.species_count) * static_cast<std::size_t>(model.species_count);
  auto const size =
      pairs * static_cast<std::size_t>(model.radial_funcs_count) * static_cast<std::size_t>(model.radial_basis_size);
  auto const largest = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (size > largest)
    return MtpFault{"radial_coeffs", text(size) + " (species_count^2 * radial_funcs_count * radial_basis_size)",
                    "at most " + text(largest)};
  return checkCoefficients("radial_coeffs", model.radial_coeffs, size);
}

Fault checkBasicMoments(MtpModel const& model) {
  auto const& basics = model.alpha_index_basic;
  if (basics.empty() || basics.size() > static_cast<std::size_t>(model.alpha_moments_count))
    return MtpFault{"alpha_index_basic_count", text(basics.size()),
                    "from 1 to alpha_moments_count = " + text(model.alpha_moments_count)};
  for (std::size_t i = 0; i < basics.size(); ++i) {
    auto const& [mu, a, b, c] = basics[i];
    if (mu < 0 || mu >= model.radial_funcs_count)
      return MtpFault{"alpha_index_basic", text(basics[i], i),
                      "mu from 0 to radial_funcs_count - 1 = " + text(model.radial_funcs_count - 1)};
    bool const in_range = std::min({a, b, c}) >= 0 && std::max({a, b, c}) <= max_rank && a + b + c <= max_rank;
    if (!in_range)
      return MtpFault{"alpha_index_basic", text(basics[i], i),
                      "powers of at least 0 with a sum of at most " + text(max_rank)};
  }
  return {};
}

Fault checkProducts(MtpModel const& model) {
  enum class State : unsigned char { Undefined, Growing, Complete };
  std::vector<State> states(static_cast<std::size_t>(model.alpha_moments_count), State::Undefined);
  std::size_t const basic_count = model.alpha_index_basic.size();
  std::fill_n(states.begin(), basic_count, State::Complete);

  auto const& products = model.alpha_index_times;
  auto const exists = [&](int moment) { return moment >= 0 && moment < model.alpha_moments_count; };
  for (std::size_t i = 0; i < products.size(); ++i) {
    auto const& [a, b, mult, c] = products[i];
    if (!exists(a) || !exists(b) || !exists(c))
      return MtpFault{"alpha_index_times", text(products[i], i),
                      "moments from 0 to alpha_moments_count - 1 = " + text(model.alpha_moments_count - 1)};
    for (int const factor : {a, b}) {
      State& state = states[static_cast<std::size_t>(factor)];
      if (state == State::Undefined || factor == c)
        return MtpFault{"alpha_index_times", text(products[i], i) + ", which uses the undefined moment " + text(factor),
                        "a moment that is basic or the result of earlier products"};
      state = State::Complete;
    }
    State& result = states[static_cast<std::size_t>(c)];
    if (result == State::Complete)
      return MtpFault{"alpha_index_times", text(products[i], i) + ", which adds to moment " + text(c),
                      "a result that is neither basic nor already used by an earlier product"};
    result = State::Growing;
  }

  auto const& mapping = model.alpha_moment_mapping;
  if (mapping.empty() || mapping.size() > static_cast<std::size_t>(model.alpha_moments_count))
    return MtpFault{"alpha_scalar_moments", text(mapping.size()),
                    "from 1 to alpha_moments_count = " + text(model.alpha_moments_count)};
  for (std::size_t k = 0; k < mapping.size(); ++k)
    if (!exists(mapping[k]) || states[static_cast<std::size_t>(mapping[k])] == State::Undefined)
      return MtpFault{"alpha_moment_mapping", text(mapping[k]) + " as entry " + text(k + 1),
                      "a moment that is basic or the result of a product"};
  return {};
}

Fault checkLinearPart(MtpModel const& model) {
  auto const species_count = static_cast<std::size_t>(model.species_count);
  if (auto fault = checkCoefficients("species_coeffs", model.species_coeffs, species_count)) return fault;
  if (auto fault = checkCoefficients("moment_coeffs", model.moment_coeffs, model.alpha_moment_mapping.size()))
    return fault;
  // One without the other is a file that was cut off.
  if (model.species_coeffs.empty() && !model.moment_coeffs.empty())
    return MtpFault{"species_coeffs", "none", "them, as there are moment_coeffs"};
  if (model.moment_coeffs.empty() && !model.species_coeffs.empty())
    return MtpFault{"moment_coeffs", "none", "them, as there are species_coeffs"};
  return {};
}

}  // namespace

std::optional<detail::MtpFault> detail::findMtpFault(MtpModel const& model) {
  if (auto fault = checkHead(model)) return fault;
  if (auto fault = checkRadialPart(model)) return fault;
  if (auto fault = checkCount("alpha_moments_count", model.alpha_moments_count, 1, max_moments)) return fault;
  if (auto fault = checkBasicMoments(model)) return fault;
  if (auto fault = checkProducts(model)) return fault;
  return checkLinearPart(model);
}

void checkMtpModel(MtpModel const& model, std::string const& where) {
  if (auto const fault = detail::findMtpFault(model))
    throw InputError(where + ": " + fault->key + ": found " + fault->found + ", expected " + fault->expected);
}

}  // namespace sinter
