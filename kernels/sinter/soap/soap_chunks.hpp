/// \file
/// SOAP of all centres of a source in bounded memory: some of them at a time.
#pragma once

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "sinter/core/execution.hpp"
#include "sinter/neighbor/centre_range.hpp"
#include "sinter/soap/soap_kernel.hpp"
#include "sinter/soap/soap_sinks.hpp"

namespace sinter {

/// Coefficients and vectors of the centres of a source, as many at a time as the caches of a host hold or fill a
/// device, and their sums over groups of centres (structures), of which averages are made.
template <class ExecutionSpace, class Real, EnvironmentSource Source>
class SoapChunks {
 public:
  using memory_space = typename ExecutionSpace::memory_space;
  using Plan = SoapPlan<memory_space>;
  using Rows = SoapRows<memory_space, Real>;
  using Sums = Kokkos::View<double**, Kokkos::LayoutRight, memory_space>;

  SoapChunks(ExecutionSpace const& space, Plan const& plan, Source const& source)
      : _space(space), _plan(plan), _source(source), _group_begins(groupBegins(space, source)) {
    std::size_t const memory =
        is_device_space<ExecutionSpace> ? 256 << 20 : (1 << 20) * static_cast<std::size_t>(space.concurrency());
    std::size_t const numbers =
        static_cast<std::size_t>(plan.rows()) * plan.template width<Real>() + static_cast<std::size_t>(plan.dimension);
    std::size_t const row = numbers * sizeof(double), least = std::clamp<std::size_t>((64 << 20) / row, 1, 64);
    auto const chunk = std::clamp<std::size_t>(memory / row, least, 1 << 20);
    _size = static_cast<int>(std::min<std::size_t>(chunk, static_cast<std::size_t>(source.numCentres())));
    _rows = Rows(plan, _size);
  }

  /// Most centres of a chunk.
  [[nodiscard]] int size() const { return _size; }

  /// The group of a centre.
  [[nodiscard]] int groupOf(int centre) const {
    return static_cast<int>(std::upper_bound(_group_begins.begin(), _group_begins.end(), centre) -
                            _group_begins.begin()) -
           1;
  }

  /// Calls body(rows, range) for all centres in their order, a `CentreRange` at a time; what `outputs` names of them is
  /// in the first rows when all launches before have ended.
  template <SoapOutputs outputs, class Body>
  void forEach(Body const& body) const {
    for (int first = 0; first < _source.numCentres(); first += _size) {
      CentreRange<Source> const range{_source, first, std::min(_size, _source.numCentres() - first)};
      evaluateSoap<outputs, Real>(_space, _plan, range, SoapRowsSink<ExecutionSpace, Real>{_rows});
      body(_rows, range);
    }
  }

  /// Adds rows of centres first ... first + count - 1 to those of their groups, (groups, columns), centre after centre;
  /// bitwise repeatable.
  template <class Matrix>
  void addToGroups(Matrix const& rows, int first, int count, Sums const& sums) const {
    auto const source = _source;
    auto const columns = static_cast<int>(rows.extent(1));
    using Policy = Kokkos::MDRangePolicy<ExecutionSpace, Kokkos::Rank<2, Kokkos::Iterate::Right>>;
    Kokkos::parallel_for(
        "sinter::soap::add_to_groups",
        Policy(_space, {groupOf(first), 0}, {groupOf(first + count - 1) + 1, columns}, {1, 64}),  // tiles: shares
        KOKKOS_LAMBDA(int g, int k) {
          int const begin = Kokkos::max(source.groupBegin(g), first),
                    end = Kokkos::min(source.groupBegin(g + 1), first + count);
          for (int i = begin; i < end; ++i) sums(g, k) += static_cast<double>(rows(i - first, k));
        });
  }

  /// Adds coefficients of all centres to those of their groups, (groups, as `SoapRows`).
  void addCoefficients(Sums const& sums) const {
    forEach<SoapOutputs::coefficients>([&](Rows const& rows, CentreRange<Source> const& range) {
      addToGroups(rows.coefficients, range.first, range.count, sums);
    });
  }

  /// (groups + 1) first centre of each group. (Public, because nvcc takes device lambdas from public functions only.)
  [[nodiscard]] static std::vector<int> groupBegins(ExecutionSpace const& space, Source const& source) {
    int const count = source.numGroups();
    Kokkos::View<int*, memory_space> const begins("sinter::soap::group_begins", static_cast<std::size_t>(count) + 1);
    Kokkos::parallel_for(
        "sinter::soap::group_begins", Kokkos::RangePolicy<ExecutionSpace>(space, 0, count + 1),
        KOKKOS_LAMBDA(int g) { begins(g) = source.groupBegin(g); });
    space.fence("sinter::soap::group_begins");
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), begins);
    return {host.data(), host.data() + host.size()};
  }

 private:
  ExecutionSpace _space;
  Plan _plan;
  Source _source;
  std::vector<int> _group_begins;
  Rows _rows;
  int _size = 0;
};

}  // namespace sinter
