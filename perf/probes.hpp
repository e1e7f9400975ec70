/// \file
/// What the machine can do at most, measured in the same run as the kernels: the threads of the default execution space
/// together, best of some repeats.
#pragma once

namespace sinter::perf {

/// Floating-point operations per second: independent chains of fused multiply-adds in registers, full vector width,
/// double.
double measureFmaRate();

/// Bytes per second of the STREAM triad a = b + s c (24 bytes per element, as STREAM counts) on three arrays of 256
/// MiB.
///
/// Source: McCalpin, IEEE TCCA Newsletter (Dec. 1995), 19.
double measureTriadRate();

}  // namespace sinter::perf
