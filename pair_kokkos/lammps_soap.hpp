/// \file
/// SOAP similarities of LAMMPS's atoms to reference crystals: what a compute asks for, whatever list and execution
/// space it has.
#pragma once

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "sinter/soap/soap_chunks.hpp"
#include "sinter/soap/soap_evaluator.hpp"
#include "sinter/soap/soap_similarity.hpp"
#include "sinter/structures/reference_structures.hpp"

namespace sinter {

/// Reference crystals, their inner averages, on one execution space.
template <class ExecutionSpace>
class LammpsSoap {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Similarities = Kokkos::View<double**, Kokkos::LayoutRight, memory_space>;

  /// \throws InputError when the references cannot be evaluated.
  LammpsSoap(SoapSettings const& settings, ReferenceStructures const& references, double zeta)
      : LammpsSoap(SoapEvaluator<ExecutionSpace>(settings), references, zeta) {}

  /// Sums over the centres of `source` of their density coefficients, behind them the number of centres.
  /// \param similarities (owned atoms, references): rows of centres are written. Empty: they are not asked for.
  template <class Source>
  [[nodiscard]] std::vector<double> evaluate(Source const& source, Similarities const& similarities) const {
    using Chunks = SoapChunks<ExecutionSpace, double, Source>;
    Chunks const chunks(_space, _plan, source);
    typename Chunks::Sums const sums("sinter::soap::sums", 1, columns());
    if (similarities.extent(0) == 0) {
      chunks.addCoefficients(sums);
    } else {
      Similarities const some("sinter::soap::similarities", static_cast<std::size_t>(chunks.size()),
                              similarities.extent(1));
      chunks.template forEach<SoapOutputs::coefficients | SoapOutputs::spectra>(
          [&](SoapRows<memory_space, double> const& rows, CentreRange<Source> const& range) {
            chunks.addToGroups(rows.coefficients, range.first, range.count, sums);
            std::pair<int, int> const here(0, range.count);
            _similarity.evaluate(Kokkos::subview(rows.spectra, here, Kokkos::ALL),
                                 Kokkos::subview(some, here, Kokkos::ALL));
            putToAtoms(range, some, similarities);
          });
    }
    std::vector<double> result(columns() + 1, source.numCentres());
    _space.fence("sinter::soap::sums");
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), sums);
    std::copy_n(host.data(), columns(), result.begin());
    return result;
  }

  /// Similarities of the inner average of which `evaluate` gave sums and number.
  [[nodiscard]] std::vector<double> ofAverage(std::vector<double> const& sums) const {
    SoapRows<memory_space, double> const mean(_plan, 1);
    auto const host = Kokkos::create_mirror_view(mean.coefficients);
    for (std::size_t k = 0; k < columns(); ++k) host(0, k) = sums[k] / sums.back();
    Kokkos::deep_copy(mean.coefficients, host);
    evaluateSpectra(_space, _plan, mean, 1);
    Similarities const similarities("sinter::soap::similarities", 1,
                                    static_cast<std::size_t>(_similarity.references()));
    _similarity.evaluate(mean.spectra, similarities);
    _space.fence("sinter::soap::similarities");
    auto const result = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), similarities);
    return {result.data(), result.data() + result.size()};
  }

  // Rows of a range of centres to those of their atoms. (Public, because nvcc takes device lambdas from public
  // functions only.)
  template <class Source>
  void putToAtoms(CentreRange<Source> const& range, Similarities const& rows, Similarities const& to) const {
    auto const width = static_cast<int>(rows.extent(1));
    Kokkos::parallel_for(
        "sinter::soap::put_to_atoms", Kokkos::RangePolicy<ExecutionSpace>(_space, 0, range.count),
        KOKKOS_LAMBDA(int c) {
          for (int r = 0; r < width; ++r) to(range.centre(c), r) = rows(c, r);
        });
  }

 private:
  LammpsSoap(SoapEvaluator<ExecutionSpace> const& soap, ReferenceStructures const& references, double zeta)
      : _plan(soap.plan()),
        _similarity(soap.evaluate(references.structures, SoapAverage::inner, references.places), soap.dimension(),
                    zeta) {}

  [[nodiscard]] std::size_t columns() const {
    return static_cast<std::size_t>(_plan.rows()) * static_cast<std::size_t>(_plan.template width<double>());
  }

  ExecutionSpace _space;
  SoapPlan<memory_space> _plan;
  SoapSimilarity<ExecutionSpace> _similarity;
};

}  // namespace sinter
