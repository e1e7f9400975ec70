#include "sinter/validation/direct_structure_factor.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "sinter/core/copy_to.hpp"
#include "sinter/core/execution.hpp"
#include "sinter/core/simd.hpp"
#include "sinter/validation/metric_checks.hpp"
#include "sinter/validation/periodic_cell.hpp"

namespace sinter {

namespace detail {

/// Sine and cosine of 2 pi t for -1/2 <= t <= 1/2, to some 1e-14: Taylor series of an angle x = pi t / 2 of at most
/// pi / 4, doubled twice.
template <class Number>
KOKKOS_FORCEINLINE_FUNCTION void sineAndCosineOfTurns(Number const& t, Number& sine, Number& cosine) {
  constexpr int terms = 8;  // up to x^15 / 15! = 2e-14, and x^14 / 14! of the cosine, whose next one is 1e-15
  struct Coefficients {
    double sine[terms] = {}, cosine[terms] = {};
    constexpr Coefficients() {  // (-1)^n (pi / 2)^m / m! for m = 2n + 1 and 2n
      double term = 1;
      for (int m = 0; m < 2 * terms; ++m) {
        double const sign = m / 2 % 2 == 0 ? 1 : -1;
        (m % 2 == 0 ? cosine : sine)[m / 2] = sign * term;
        term *= 1.57079632679489661923 / (m + 1);
      }
    }
  };
  constexpr Coefficients c;
  Number const squared = t * t;
  sine = Number(c.sine[terms - 1]);
  cosine = Number(c.cosine[terms - 1]);
  for (int n = terms - 2; n >= 0; --n) {
    sine = Kokkos::fma(sine, squared, Number(c.sine[n]));
    cosine = Kokkos::fma(cosine, squared, Number(c.cosine[n]));
  }
  sine = sine * t;
  for (int doubling = 0; doubling < 2; ++doubling) {
    Number const twice = sine + sine;
    cosine = cosine + cosine;  // 2 cos x
    sine = sine * cosine;
    cosine = Kokkos::fma(-twice, twice * Number(0.5), Number(1));
  }
}

// Sums over some atoms for as many wave vectors as a register has lanes.
template <class ExecutionSpace>
struct ScatteringKernel {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Number = Pack<ExecutionSpace, double>;
  using Indices = Kokkos::View<double const*, MemorySpace>;
  using Sums = Kokkos::View<double**, Kokkos::LayoutRight, MemorySpace>;  // (blocks, wave vectors)
  static constexpr int lanes = static_cast<int>(Number::size());
  static constexpr int atoms_per_block = 4096;  // their coordinates stay in the second-level cache

  Kokkos::View<double const* [3], Kokkos::LayoutRight, MemorySpace> fractional;  // (atoms)
  Indices h, k, l;                                                               // (wave vectors, padded)
  std::int64_t packs;                                                            // of wave vectors
  Sums real, imaginary;

  KOKKOS_FUNCTION void operator()(std::int64_t item) const {
    std::int64_t const block = item / packs, first = item % packs * lanes;
    Number h_pack, k_pack, l_pack;
    for (int lane = 0; lane < lanes; ++lane) {
      lanesOf(h_pack)[lane] = h(first + lane);
      lanesOf(k_pack)[lane] = k(first + lane);
      lanesOf(l_pack)[lane] = l(first + lane);
    }
    // Adding 1.5 2^52 rounds to an integer.
    Number const shift(6755399441055744.0);
    Number sum_real(0.0), sum_imaginary(0.0);
    std::int64_t const begin = block * atoms_per_block, all = static_cast<std::int64_t>(fractional.extent(0)),
                       end = begin + atoms_per_block < all ? begin + atoms_per_block : all;
    for (std::int64_t j = begin; j < end; ++j) {
      Number turns = h_pack * Number(fractional(j, 0));
      turns = Kokkos::fma(k_pack, Number(fractional(j, 1)), turns);
      turns = Kokkos::fma(l_pack, Number(fractional(j, 2)), turns);
      turns = turns - ((turns + shift) - shift);
      Number sine, cosine;
      sineAndCosineOfTurns(turns, sine, cosine);
      sum_real = sum_real + cosine;
      sum_imaginary = sum_imaginary + sine;
    }
    for (int lane = 0; lane < lanes; ++lane) {
      real(block, first + lane) = lanesOf(sum_real)[lane];
      imaginary(block, first + lane) = lanesOf(sum_imaginary)[lane];
    }
  }
};

}  // namespace detail

template <class ExecutionSpace>
std::vector<double> directStructureFactor(ExecutionSpace const& space,
                                          StructureBatch<typename ExecutionSpace::memory_space> const& batch,
                                          WaveVectors const& vectors) {
  using MemorySpace = typename ExecutionSpace::memory_space;
  using Kernel = detail::ScatteringKernel<ExecutionSpace>;
  using LongPolicy = Kokkos::RangePolicy<ExecutionSpace, Kokkos::IndexType<std::int64_t>>;
  (void)detail::periodicVolume("directStructureFactor", space, batch);
  int const atoms = batch.atoms();
  std::int64_t const packs = static_cast<std::int64_t>((vectors.size() + Kernel::lanes - 1) / Kernel::lanes),
                     padded = packs * Kernel::lanes,
                     blocks = (atoms + std::int64_t{Kernel::atoms_per_block} - 1) / Kernel::atoms_per_block;
  auto const indices = [&](std::size_t d) {
    std::vector<double> values(static_cast<std::size_t>(padded));
    for (std::size_t v = 0; v < vectors.size(); ++v) values[v] = vectors.indices[v][d];
    return copyTo<MemorySpace>(values, "sinter::validation::wave_vectors");
  };
  Kokkos::View<double* [3], Kokkos::LayoutRight, MemorySpace> const fractional(
      Kokkos::view_alloc(space, "sinter::validation::fractional", Kokkos::WithoutInitializing), atoms);
  Kokkos::parallel_for(
      "sinter::validation::fractional", Kokkos::RangePolicy<ExecutionSpace>(space, 0, atoms), KOKKOS_LAMBDA(int i) {
        DeviceCell const& cell = batch.cells(0);
        for (int d = 0; d < 3; ++d) {
          double const s = batch.positions(i, 0) * cell.inverse[0][d] + batch.positions(i, 1) * cell.inverse[1][d] +
                           batch.positions(i, 2) * cell.inverse[2][d];
          fractional(i, d) = s - Kokkos::floor(s);
        }
      });
  auto const allocate = [&] {
    return typename Kernel::Sums(
        Kokkos::view_alloc(space, "sinter::validation::scattering_sums", Kokkos::WithoutInitializing), blocks, padded);
  };
  Kernel const kernel{fractional, indices(0), indices(1), indices(2), packs, allocate(), allocate()};
  Kokkos::parallel_for("sinter::validation::scattering", LongPolicy(space, 0, blocks * packs), kernel);
  Kokkos::View<double*, MemorySpace> const result("sinter::validation::structure_factor", vectors.size());
  auto const real = kernel.real, imaginary = kernel.imaginary;
  Kokkos::parallel_for(
      "sinter::validation::structure_factor", LongPolicy(space, 0, static_cast<std::int64_t>(vectors.size())),
      KOKKOS_LAMBDA(std::int64_t v) {
        double a = 0, b = 0;
        for (std::int64_t block = 0; block < blocks; ++block) {
          a += real(block, v);
          b += imaginary(block, v);
        }
        result(v) = (a * a + b * b) / atoms;
      });
  return detail::toHost(space, result);
}

#define SINTER_INSTANTIATE(SPACE)                                                                              \
  template std::vector<double> directStructureFactor(SPACE const&, StructureBatch<SPACE::memory_space> const&, \
                                                     WaveVectors const&);
SINTER_FOR_EACH_EXECUTION_SPACE(SINTER_INSTANTIATE)

}  // namespace sinter
