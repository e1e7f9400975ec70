/// \file
/// SOAP power spectra by plain loops in double, in the order of chapter 4 of kernels/README.md:
/// Bessel functions and spherical harmonics of the standard library, complex coefficients, no tables.
#pragma once

#include <complex>
#include <vector>

#include "sinter/core/structure.hpp"
#include "sinter/soap/soap_settings.hpp"

namespace sinter::reference {

/// Density coefficients X of one centre, with index [channel][l][l + m], the channel being s n_max + n.
using SoapCoefficients = std::vector<std::vector<std::vector<std::complex<double>>>>;

/// Coefficients of every atom, eqs. (4.1)-(4.7), (4.14)-(4.16), (4.18)-(4.21).
std::vector<SoapCoefficients> soapCoefficients(SoapSettings const& settings, Structure const& structure);

/// The vector that belongs to coefficients, eqs. (4.8), (4.9), (4.17), (4.22).
std::vector<double> soapVector(SoapSettings const& settings, SoapCoefficients const& coefficients);

/// Vectors of all atoms.
std::vector<std::vector<double>> soapVectors(SoapSettings const& settings, Structure const& structure);

/// The vector of the mean of all atoms' coefficients.
std::vector<double> soapInnerAverage(SoapSettings const& settings, std::vector<SoapCoefficients> const& coefficients);

}  // namespace sinter::reference
