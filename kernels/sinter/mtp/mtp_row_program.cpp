#include "sinter/mtp/mtp_row_program.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

namespace sinter {

namespace {

int asInt(std::size_t n) { return static_cast<int>(n); }

class RowProgramBuilder {
 public:
  RowProgramBuilder(MtpModel const& model, MtpProgram const& program) : _model(model), _program(program) {}

  MtpRowProgram build() {
    collectConstants();
    _next = asInt(_result.constants.size());
    _result.moments = take(_program.moments);
    emitForward();
    emitEnergyWeights();
    emitBasis();
    emitAdjoint();
    // What follows runs one after the other and shares its room.
    int const room = _result.shared = _next;
    int end = room;
    auto const alone = [&](auto const& emit) {
      _next = room;
      emit();
      end = std::max(end, _next);
    };
    auto const functions = static_cast<std::size_t>(basisFunctions());
    _result.basis_gradients.resize(functions);
    for (int k = 0; k < basisFunctions(); ++k) alone([&] { emitBasisGradient(k); });
    _result.tangents.resize(static_cast<std::size_t>(_model.radial_funcs_count));
    for (int mu = 0; mu < _model.radial_funcs_count; ++mu)
      alone([&] { (void)emitTangent(_result.tangents[static_cast<std::size_t>(mu)], mu); });
    alone([&] { emitBasisTangents(emitTangent(_result.all_tangents, every_function)); });
    _result.size = end;
    return std::move(_result);
  }

 private:
  static constexpr int none = -1, every_function = -1;

  [[nodiscard]] int basisFunctions() const { return asInt(_program.basis_begin.size()) - 1; }
  int take(int count) { return std::exchange(_next, _next + count); }

  // ---- constants ---------------------------------------------------------------------------------------------------

  void collectConstants() {
    (void)addConstant(1);
    for (Sweep const* sweep : {&_program.forward, &_program.reverse})
      for (auto const& term : sweep->linear.terms) (void)addConstant(term.weight);
    for (auto const& term : _program.basis_terms) (void)addConstant(term.factor);
  }
  int addConstant(double value) {
    auto const [entry, is_new] = _constants.emplace(value, asInt(_result.constants.size()));
    if (is_new) _result.constants.push_back(value);
    return entry->second;
  }
  [[nodiscard]] int constant(double value) const { return _constants.at(value); }
  [[nodiscard]] int one() const { return constant(1); }
  [[nodiscard]] int moment(int m) const { return _result.moments + m; }

  static void addRow(SumProgram& program, int target, std::vector<ProductTerm> const& terms) {
    int const begin = asInt(program.terms.size());
    program.terms.insert(program.terms.end(), terms.begin(), terms.end());
    program.rows.push_back({target, begin, asInt(program.terms.size())});
  }

  // ---- moments, basis functions ------------------------------------------------------------------------------------

  // Calls linear(row) and product(row) for the rows of a sweep, in order.
  template <class Linear, class Product>
  static void forRows(Sweep const& sweep, Linear const& linear, Product const& product) {
    for (std::size_t stage = 0; stage + 1 < sweep.linear.stage_begin.size(); ++stage) {
      for (int r = sweep.linear.stage_begin[stage]; r < sweep.linear.stage_begin[stage + 1]; ++r)
        linear(sweep.linear.rows[static_cast<std::size_t>(r)]);
      for (int r = sweep.products.stage_begin[stage]; r < sweep.products.stage_begin[stage + 1]; ++r)
        product(sweep.products.rows[static_cast<std::size_t>(r)]);
    }
  }
  template <class Term>
  static std::span<Term const> termsOf(StagedRows<Term> const& rows, Row const& row) {
    return std::span(rows.terms)
        .subspan(static_cast<std::size_t>(row.begin), static_cast<std::size_t>(row.end - row.begin));
  }

  void emitForward() {
    forRows(
        _program.forward,
        [&](Row const& row) {
          std::vector<ProductTerm> terms;
          for (auto const& t : termsOf(_program.forward.linear, row))
            terms.push_back({constant(t.weight), moment(t.index)});
          addRow(_result.forward, moment(row.target), terms);
        },
        [&](Row const& row) {
          std::vector<ProductTerm> terms;
          for (auto const& t : termsOf(_program.forward.products, row))
            terms.push_back({moment(t.left), moment(t.right)});
          addRow(_result.forward, moment(row.target), terms);
        });
    for (auto const& term : _program.basis_terms)
      if (term.right >= 0 && term.factor != 1)
        for (int const m : {term.left, term.right}) {
          auto const [entry, is_new] = _scaled.emplace(std::pair(m, term.factor), 0);
          if (!is_new) continue;
          entry->second = take(1);
          addRow(_result.forward, entry->second, {{constant(term.factor), moment(m)}});
        }
  }
  // factor times moment m.
  [[nodiscard]] int scaled(int m, double factor) const { return factor == 1 ? moment(m) : _scaled.at({m, factor}); }

  // The moments of a basis term in order.
  static std::pair<int, int> pairOf(BasisTerm const& term) { return std::minmax(term.left, term.right); }

  void emitEnergyWeights() {
    for (auto const& term : _program.basis_terms) _energy_weight.emplace(pairOf(term), 0);
    _result.energy_weight_begin = _next;
    for (auto& entry : _energy_weight) entry.second = take(1);
    _result.energy_weight_end = _next;
    forBasisTerms([&](int k, BasisTerm const& term) {
      _result.energy_weights.push_back({_energy_weight.at(pairOf(term)), k, term.factor});
    });
    std::stable_sort(_result.energy_weights.begin(), _result.energy_weights.end(),
                     [](auto const& a, auto const& b) { return a.slot < b.slot; });
  }

  template <class Body>
  void forBasisTerms(Body const& body) const {
    for (int k = 0; k < basisFunctions(); ++k)
      for (auto const& term : basisTerms(k)) body(k, term);
  }
  [[nodiscard]] std::span<BasisTerm const> basisTerms(int k) const {
    auto const begin = static_cast<std::size_t>(_program.basis_begin[static_cast<std::size_t>(k)]),
               end = static_cast<std::size_t>(_program.basis_begin[static_cast<std::size_t>(k) + 1]);
    return std::span(_program.basis_terms).subspan(begin, end - begin);
  }

  void emitBasis() {
    for (int k = 0; k < basisFunctions(); ++k) {
      std::vector<ProductTerm> terms;
      for (auto const& t : basisTerms(k))
        terms.push_back(t.right < 0 ? ProductTerm{constant(t.factor), moment(t.left)}
                                    : ProductTerm{scaled(t.left, t.factor), moment(t.right)});
      _result.basis_values.push_back(take(1));
      addRow(_result.basis, _result.basis_values.back(), terms);
    }
  }

  // ---- derivatives -------------------------------------------------------------------------------------------------

  // What is summed into an adjoint (or its tangent) before anything reads it. A number is emitted when it is first
  // read: what a row of a sweep reads is complete.
  struct Pending {
    std::vector<std::vector<ProductTerm>> terms;  // by moment
    std::vector<int> slot;                        // by moment; none until emitted
  };
  [[nodiscard]] Pending makePending() const {
    auto const count = static_cast<std::size_t>(_program.moments);
    return {std::vector<std::vector<ProductTerm>>(count), std::vector<int>(count, none)};
  }
  // The slot of an adjoint, or none where it is zero. `fixed` is where adjoints have their place, or none.
  int read(Pending& pending, SumProgram& program, int m, int fixed) {
    auto const index = static_cast<std::size_t>(m);
    if (pending.slot[index] == none && !pending.terms[index].empty()) {
      pending.slot[index] = fixed == none ? take(1) : fixed + m;
      addRow(program, pending.slot[index], pending.terms[index]);
    }
    return pending.slot[index];
  }

  // The reverse sweep, eqs. (2.10), (2.11), on what is pending; `more(target, source, partner)` adds what else a
  // product does. Results are the accumulated moments.
  template <class More>
  void sweepBack(Pending& pending, MtpRowProgram::Derivative& derivative, int fixed, More const& more) {
    auto& program = derivative.program;
    forRows(
        _program.reverse,
        [&](Row const& row) {
          for (auto const& t : termsOf(_program.reverse.linear, row))
            if (int const source = read(pending, program, t.index, fixed); source != none)
              pending.terms[static_cast<std::size_t>(row.target)].push_back({constant(t.weight), source});
        },
        [&](Row const& row) {
          for (auto const& t : termsOf(_program.reverse.products, row)) {
            if (int const source = read(pending, program, t.left, fixed); source != none)
              pending.terms[static_cast<std::size_t>(row.target)].push_back({source, moment(t.right)});
            more(row.target, t.left, t.right);
          }
        });
    for (int m = 0; m < asInt(_program.accumulated.size()); ++m)
      if (int const slot = read(pending, program, m, fixed); slot != none) derivative.results.push_back({m, slot});
  }

  void emitBasisGradient(int k) {
    auto pending = makePending();
    auto const add = [&](int m, ProductTerm const& term) {
      pending.terms[static_cast<std::size_t>(m)].push_back(term);
    };
    for (auto const& t : basisTerms(k)) {
      if (t.right < 0) {
        add(t.left, {one(), constant(t.factor)});
      } else {
        add(t.left, {one(), scaled(t.right, t.factor)});
        add(t.right, {one(), scaled(t.left, t.factor)});
      }
    }
    sweepBack(pending, _result.basis_gradients[static_cast<std::size_t>(k)], none, [](int, int, int) {});
  }

  void emitAdjoint() {
    _result.adjoints = take(_program.moments);
    auto pending = makePending();
    auto const add = [&](int m, ProductTerm const& term) {
      pending.terms[static_cast<std::size_t>(m)].push_back(term);
    };
    for (auto const& [pair, weight] : _energy_weight) {  // a single moment stands as {-1, m}
      if (pair.first < 0) {
        add(pair.second, {one(), weight});
      } else {
        add(pair.first, {weight, moment(pair.second)});
        add(pair.second, {weight, moment(pair.first)});
      }
    }
    MtpRowProgram::Derivative derivative;
    sweepBack(pending, derivative, _result.adjoints, [](int, int, int) {});
    _result.adjoint = std::move(derivative.program);
    _has_adjoint.assign(static_cast<std::size_t>(_program.moments), false);
    for (std::size_t m = 0; m < _has_adjoint.size(); ++m) _has_adjoint[m] = pending.slot[m] != none;
  }

  // The tangent program; returns the slots of the tangents of moments, none where they are zero.
  std::vector<int> emitTangent(MtpRowProgram::Tangent& tangent, int mu) {
    std::vector<int> moved(static_cast<std::size_t>(_program.moments), none);
    auto const movedOf = [&](int m) -> int& { return moved[static_cast<std::size_t>(m)]; };
    for (int m = 0; m < asInt(_program.accumulated.size()); ++m) {
      int const function = _program.accumulated[static_cast<std::size_t>(m)].mu;
      if (function < _model.radial_funcs_count && (mu == every_function || function == mu)) {
        movedOf(m) = take(1);
        tangent.inputs.push_back({m, movedOf(m)});
      }
    }
    auto const put = [&](int target, std::vector<ProductTerm> const& terms) {
      if (terms.empty()) return;
      movedOf(target) = take(1);
      addRow(tangent.program, movedOf(target), terms);
    };
    forRows(
        _program.forward,
        [&](Row const& row) {
          std::vector<ProductTerm> terms;
          for (auto const& t : termsOf(_program.forward.linear, row))
            if (movedOf(t.index) != none) terms.push_back({constant(t.weight), movedOf(t.index)});
          put(row.target, terms);
        },
        [&](Row const& row) {
          std::vector<ProductTerm> terms;
          for (auto const& t : termsOf(_program.forward.products, row)) {
            if (movedOf(t.left) != none) terms.push_back({movedOf(t.left), moment(t.right)});
            if (movedOf(t.right) != none) terms.push_back({movedOf(t.right), moment(t.left)});
          }
          put(row.target, terms);
        });

    auto pending = makePending();
    auto const add = [&](int m, ProductTerm const& term) {
      pending.terms[static_cast<std::size_t>(m)].push_back(term);
    };
    for (auto const& [pair, weight] : _energy_weight) {
      if (pair.first < 0) continue;
      if (movedOf(pair.second) != none) add(pair.first, {weight, movedOf(pair.second)});
      if (movedOf(pair.first) != none) add(pair.second, {weight, movedOf(pair.first)});
    }
    sweepBack(pending, tangent, none, [&](int target, int source, int partner) {
      if (movedOf(partner) != none && _has_adjoint[static_cast<std::size_t>(source)])
        add(target, {_result.adjoints + source, movedOf(partner)});
    });
    return moved;
  }

  // dB_k along the same change, from its tangents of moments.
  void emitBasisTangents(std::vector<int> const& moved) {
    auto const movedOf = [&](int m) { return moved[static_cast<std::size_t>(m)]; };
    for (int k = 0; k < basisFunctions(); ++k) {
      std::vector<ProductTerm> terms;
      for (auto const& t : basisTerms(k)) {
        if (t.right < 0) {
          if (movedOf(t.left) != none) terms.push_back({constant(t.factor), movedOf(t.left)});
        } else {
          if (movedOf(t.left) != none) terms.push_back({movedOf(t.left), scaled(t.right, t.factor)});
          if (movedOf(t.right) != none) terms.push_back({movedOf(t.right), scaled(t.left, t.factor)});
        }
      }
      _result.basis_tangent_values.push_back(take(1));
      addRow(_result.basis_tangents, _result.basis_tangent_values.back(), terms);
    }
  }

  MtpModel const& _model;
  MtpProgram const& _program;
  MtpRowProgram _result;
  int _next = 0;  // first number of v that is free
  std::map<double, int> _constants;
  std::map<std::pair<int, double>, int> _scaled;
  std::map<std::pair<int, int>, int> _energy_weight;  // by the moments of a basis term; {-1, m} for a single one
  std::vector<bool> _has_adjoint;
};

}  // namespace

std::vector<double> MtpRowProgram::constantsOf(std::vector<double> const& moment_coeffs) const {
  std::vector<double> result(static_cast<std::size_t>(energy_weight_end));
  std::copy(constants.begin(), constants.end(), result.begin());
  if (!moment_coeffs.empty())
    for (auto const& weight : energy_weights)
      result[static_cast<std::size_t>(weight.slot)] +=
          weight.factor * moment_coeffs[static_cast<std::size_t>(weight.basis_function)];
  return result;
}

MtpRowProgram makeMtpRowProgram(MtpModel const& model, MtpProgram const& program) {
  return RowProgramBuilder(model, program).build();
}

}  // namespace sinter
