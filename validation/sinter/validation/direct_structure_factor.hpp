/// \file
/// S(k) as a sum over atoms. Slow reference: tests/validation/metrics_reference.hpp.
#pragma once

#include <vector>

#include "sinter/core/structure_batch.hpp"
#include "sinter/validation/wave_vectors.hpp"

namespace sinter {

/// The structure factor of each wave vector,
///
///     S(k) = |sum_j exp(i k . r_j)|^2 / N,   k . r_j = 2 pi (h s_a + k s_b + l s_c)
///
/// with the fractional coordinates s of atom j: exact for an infinite periodic crystal of such cells.
///
/// \param batch one structure, periodic in all directions, whose cell is that of `vectors`
/// \returns S(k) in the order of `vectors`
/// \throws InputError when the batch is not one structure of one atom at least, or not periodic in all directions.
/// Cost: 3 multiplications and multiply-adds for the phase in turns, 3 additions to take whole turns off, 16 for
/// polynomials of sine and cosine of a quarter of the angle, 10 to double that twice, 2 to sum: some 34 instructions
/// (50 flops) per atom and wave vector, in SIMD registers whose lanes are wave vectors, or by a device thread for each
/// wave vector and 4096 atoms. No tables, no library calls. Memory: 24 bytes per atom, and 16 per wave vector and 4096
/// atoms. Sums are over 4096 atoms and over these sums, in the order of atoms: bitwise repeatable, whatever the number
/// of threads.
template <class ExecutionSpace>
[[nodiscard]] std::vector<double> directStructureFactor(
    ExecutionSpace const& space, StructureBatch<typename ExecutionSpace::memory_space> const& batch,
    WaveVectors const& vectors);

}  // namespace sinter
