/// \file
/// What a core can do at most, measured in the same run as the kernels.
#pragma once

namespace sinter::perf {

/// Floating-point operations per second of one core: independent chains of fused multiply-adds in registers, full
/// vector width, double.
double measureFmaRate();

}  // namespace sinter::perf
