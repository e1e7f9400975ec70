#include "sinter/soap/soap_settings.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "sinter/core/error.hpp"

namespace sinter {

namespace {

void require(bool holds, std::string const& name, double found, std::string const& expected) {
  if (holds) return;
  std::string number = std::to_string(found);
  if (found == std::floor(found)) number = number.substr(0, number.find('.'));
  throw InputError("SOAP: found " + name + " = " + number + ", expected " + expected);
}

}  // namespace

double SoapSettings::reach() const {
  return convention == SoapConvention::dscribe ? cutoff + sigma * std::sqrt(2 * std::log(1000.0)) : cutoff;
}

int SoapSettings::dimension() const {
  int const s = static_cast<int>(species.size()), channels = s * n_max;
  if (convention == SoapConvention::rascal) return s * (s + 1) / 2 * n_max * n_max * (l_max + 1);
  return channels * (channels + 1) / 2 * (l_max + 1) + (convention == SoapConvention::quip ? 1 : 0);
}

SoapSettings soapPreset(std::string_view name, std::int32_t species) {
  SoapSettings settings;  // the defaults are those of the scripts
  settings.species = {species};
  if (name == "paper-2022")
    settings.cutoff_width = 2;
  else if (name != "paper-2022-scripts")
    throw InputError("found SOAP preset '" + std::string(name) + "', expected paper-2022 or paper-2022-scripts");
  return settings;
}

void checkSoapSettings(SoapSettings const& s) {
  auto const isPositive = [](double x) { return std::isfinite(x) && x > 0; };
  require(isPositive(s.cutoff), "cutoff", s.cutoff, "a positive number (A)");
  require(isPositive(s.sigma), "sigma", s.sigma, "a positive number (A)");
  require(s.sigma >= s.cutoff / 200, "sigma", s.sigma,
          "at least a two-hundredth of the cutoff " + std::to_string(s.cutoff) + " A");
  require(s.cutoff_width >= 0 && s.cutoff_width <= s.cutoff, "cutoff_width", s.cutoff_width,
          "a number from 0 to the cutoff " + std::to_string(s.cutoff) + " A");
  require(s.n_max >= 1 && s.n_max <= SoapSettings::max_n, "n_max", s.n_max,
          "1 to " + std::to_string(SoapSettings::max_n));
  require(s.l_max >= 0 && s.l_max <= SoapSettings::max_l, "l_max", s.l_max,
          "0 to " + std::to_string(SoapSettings::max_l));
  require(std::isfinite(s.central_weight) && s.central_weight >= 0, "central_weight", s.central_weight,
          "a number not below 0");
  require(std::isfinite(s.covariance_sigma0), "covariance_sigma0", s.covariance_sigma0, "a finite number");
  bool const dscribe = s.convention == SoapConvention::dscribe;
  require(s.convention == SoapConvention::quip || s.covariance_sigma0 == 0, "covariance_sigma0", s.covariance_sigma0,
          std::string("0 in the convention ") + (dscribe ? "dscribe" : "rascal"));
  require(!dscribe || s.cutoff_width == 0, "cutoff_width", s.cutoff_width,
          "0 in the convention dscribe, which has no cutoff function");
  require(!dscribe || s.radial != SoapRadial::gto || s.cutoff > 1, "cutoff", s.cutoff,
          "more than 1 A in the convention dscribe with orbitals (gto)");
  if (!dscribe && s.radial != SoapRadial::gto)
    throw InputError("SOAP: found polynomial radial functions, expected them in the convention dscribe only");
  if (s.species.empty()) throw InputError("SOAP: found no species, expected at least one");
  auto sorted = s.species;
  std::sort(sorted.begin(), sorted.end());
  if (auto const twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw InputError("SOAP: found species " + std::to_string(*twice) + " twice, expected each once");
  double const channels = static_cast<double>(s.species.size()) * s.n_max;
  require(channels * (channels + s.n_max) / 2 * (s.l_max + 1) < 1e7, "components of a vector",
          channels * (channels + s.n_max) / 2 * (s.l_max + 1), "at most 10000000; take fewer species, n_max or l_max");
}

}  // namespace sinter
