#include "sinter/mtp/mtp_program.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "sinter/mtp/mtp_radial_basis.hpp"
#include "sinter/mtp/mtp_shape.hpp"

namespace sinter {

namespace {

using Powers = std::array<int, 3>;

// A basic moment that is rebuilt by the trace identity: m[moment] = m[a] - m[b] - m[c], eq. (2.8).
struct Rebuilt {
  int power;  // of u_z
  int moment, a, b, c;
};

// A product {a, b, mult, c} of the file.
struct FileProduct {
  int a, b, mult, c;
};

int asInt(std::size_t n) { return static_cast<int>(n); }

class ProgramBuilder {
 public:
  // With `fills_shape` the accumulated moments are all those of a shape, where there is one that has those needed.
  ProgramBuilder(MtpModel const& model, MtpProgramUse use, bool fills_shape)
      : _model(model), _use(use), _fills_shape(fills_shape) {}

  MtpProgram build() {
    _slot.assign(static_cast<std::size_t>(_model.alpha_moments_count), -1);
    foldTraces();
    findNeeded();
    rebuildBasics();
    chooseScaledCopies();
    multiplyMoments();
    emitSweeps();
    emitEnergy();
    if (_use == MtpProgramUse::basis_functions) emitBasisFunctions();
    _program.moments = asInt(_stage.size());
    return std::move(_program);
  }

 private:
  double coefficient(std::size_t k) const { return _model.moment_coeffs.empty() ? 0 : _model.moment_coeffs[k]; }
  bool isLeaf(int moment) const { return !_used[moment] && moment >= asInt(_model.alpha_index_basic.size()); }

  // The lowest level whose shape has every basic moment, after trace folding, and the pair repulsion; 0 for none.
  int coveringLevel() const {
    for (int const level : detail::shape_levels) {
      bool const covers = detail::withShape<true>(level, [&]<class Shape>() {
        if constexpr (Shape::is_static) {
          auto const& basic = _model.alpha_index_basic;
          return std::all_of(basic.begin(), basic.end(),
                             [](auto const& moment) {
                               auto const [mu, a, b, c] = moment;
                               return mu < Shape::functions(a + b + c);
                             }) &&
                 _model.radial_funcs_count + (isRepulsive() ? 1 : 0) <= Shape::radial_functions;
        }
        return false;
      });
      if (covers) return level;
    }
    return 0;
  }
  bool isRepulsive() const { return formOf(_model.radial_basis_type).repulsive; }

  // Trace folding, eq. (2.8): a basic moment with c >= 2 whose three parents are in the table is rebuilt from them. The
  // others are accumulated. To fill a shape, moments are added to the table: those of the shape, and all parents.
  void foldTraces() {
    using Moment = std::array<int, 4>;  // mu, a, b, c
    std::vector<std::pair<Moment, int>> basic;
    std::map<Moment, int> index;
    auto const include = [&](Moment const& moment, int number) {
      if (index.emplace(moment, number).second) basic.emplace_back(moment, number);
    };
    auto const add = [&](Moment const& moment) {
      if (index.contains(moment)) return;
      include(moment, asInt(_slot.size()));
      _slot.push_back(-1);
    };
    for (std::size_t i = 0; i < _model.alpha_index_basic.size(); ++i) {
      auto const& moment = _model.alpha_index_basic[i];
      if (auto const first = index.find(moment); first != index.end()) _repeated.emplace_back(asInt(i), first->second);
      include(moment, asInt(i));
    }
    _program.shape_level = _fills_shape ? coveringLevel() : 0;
    if (_program.shape_level > 0) {
      detail::withShape<true>(_program.shape_level, [&]<class Shape>() {
        if constexpr (Shape::is_static)
          for (int a = 0; a <= Shape::rank; ++a)
            for (int b = 0; a + b <= Shape::rank; ++b)
              for (int c = 0; c <= 1; ++c)
                for (int mu = 0; mu < Shape::functions(a + b + c); ++mu)
                  if (!isRepulsive() || mu != _model.radial_funcs_count || a + b + c > 0) add({mu, a, b, c});
      });
      for (std::size_t i = 0; i < basic.size(); ++i) {
        auto const [mu, a, b, c] = basic[i].first;
        if (c < 2) continue;
        add({mu, a, b, c - 2});
        add({mu, a + 2, b, c - 2});
        add({mu, a, b + 2, c - 2});
      }
    }

    struct Direct {
      Powers powers;
      int mu, moment;
    };
    std::vector<Direct> direct;
    for (auto const& [moment, number] : basic) {
      auto const [mu, a, b, c] = moment;
      auto const p = index.find({mu, a, b, c - 2}), q = index.find({mu, a + 2, b, c - 2}),
                 r = index.find({mu, a, b + 2, c - 2});
      if (c >= 2 && p != index.end() && q != index.end() && r != index.end())
        _rebuilt.push_back({c, number, p->second, q->second, r->second});
      else
        direct.push_back({{a, b, c}, mu, number});
    }
    // Parents have a smaller c, so this order rebuilds them first.
    std::stable_sort(_rebuilt.begin(), _rebuilt.end(), [](auto const& x, auto const& y) { return x.power < y.power; });
    if (isRepulsive()) direct.push_back({{0, 0, 0}, _model.radial_funcs_count, repulsion});

    std::vector<Powers> wanted;
    for (auto const& entry : direct) wanted.push_back(entry.powers);
    auto const number = makeMonomials(std::move(wanted));
    std::stable_sort(direct.begin(), direct.end(), [&](auto const& x, auto const& y) {
      return std::pair(number.at(x.powers), x.mu) < std::pair(number.at(y.powers), y.mu);
    });
    auto& begin = _program.accumulated_begin;
    begin.assign(_program.monomials.size() + 1, 0);
    for (auto const& entry : direct) {
      int const monomial = number.at(entry.powers);
      (entry.moment == repulsion ? _repulsion_slot : _slot[entry.moment]) = addSlot(0);
      _program.accumulated.push_back({static_cast<std::int16_t>(entry.mu), static_cast<std::int16_t>(monomial)});
      ++begin[static_cast<std::size_t>(monomial) + 1];
    }
    for (std::size_t m = 1; m < begin.size(); ++m) begin[m] += begin[m - 1];
  }

  // The monomials that are wanted, closed under division by one component, by total degree; their numbers.
  std::map<Powers, int> makeMonomials(std::vector<Powers> wanted) {
    auto const parentOf = [](Powers const& m) {
      int axis = 2;  // dividing by the last component first keeps the set small: c is 0 or 1 for folded moments
      while (axis > 0 && m[axis] == 0) --axis;
      Powers parent = m;
      --parent[axis];
      return std::pair(parent, axis);
    };
    std::map<Powers, int> number;
    wanted.push_back({0, 0, 0});
    while (!wanted.empty()) {
      Powers const m = wanted.back();
      wanted.pop_back();
      if (number.emplace(m, 0).second && m != Powers{0, 0, 0}) wanted.push_back(parentOf(m).first);
    }
    std::vector<Powers> order;
    for (auto const& entry : number) order.push_back(entry.first);
    std::stable_sort(order.begin(), order.end(),
                     [](Powers const& x, Powers const& y) { return x[0] + x[1] + x[2] < y[0] + y[1] + y[2]; });
    for (std::size_t i = 0; i < order.size(); ++i) number[order[i]] = asInt(i);
    for (auto const& m : order) {
      auto const [parent, axis] = m == Powers{0, 0, 0} ? std::pair(m, 0) : parentOf(m);
      _program.monomials.push_back({static_cast<std::int16_t>(number[parent]), static_cast<std::int16_t>(axis)});
    }
    return number;
  }

  // Which moments a basis function needs, and which of them are factors of a product that is needed.
  void findNeeded() {
    _needed.assign(_slot.size(), false);
    _used.assign(_slot.size(), false);
    for (std::size_t k = 0; k < _model.alpha_moment_mapping.size(); ++k)
      if (_use == MtpProgramUse::basis_functions || coefficient(k) != 0) _needed[_model.alpha_moment_mapping[k]] = true;
    auto const& products = _model.alpha_index_times;
    for (auto product = products.rbegin(); product != products.rend(); ++product) {
      auto const& [a, b, mult, c] = *product;
      if (!_needed[c]) continue;
      for (int const factor : {a, b}) _needed[factor] = _used[factor] = true;
    }
    for (auto const& [a, b, mult, c] : products)
      if (_needed[c]) (isLeaf(c) ? _leaf_products : _inner_products).push_back({a, b, mult, c});
  }

  void rebuildBasics() {
    for (auto const& [moment, first] : _repeated)
      if (_needed[moment]) _needed[first] = true;
    for (auto e = _rebuilt.rbegin(); e != _rebuilt.rend(); ++e)
      if (_needed[e->moment]) _needed[e->a] = _needed[e->b] = _needed[e->c] = true;
    for (auto const& e : _rebuilt) {
      if (!_needed[e.moment]) continue;
      int const a = _slot[e.a], b = _slot[e.b], c = _slot[e.c];
      _slot[e.moment] = addLinear({{a, 1.0}, {b, -1.0}, {c, -1.0}});
    }
    for (auto const& [moment, first] : _repeated) _slot[moment] = _slot[first];
  }

  // The factor of a product goes to the operand that more products with this factor have.
  void chooseScaledCopies() {
    for (auto const& [a, b, mult, c] : _inner_products) {
      if (mult == 1) continue;
      ++_copies[{a, mult}].uses;
      if (a != b) ++_copies[{b, mult}].uses;
    }
  }

  // The slot of mult times a moment, made when first asked for.
  int scaledCopy(int moment, int mult) {
    int& slot = _copies.at({moment, mult}).slot;
    if (slot < 0) slot = addLinear({{_slot[moment], double(mult)}});
    return slot;
  }

  // Eq. (2.6): the rows of moments that are factors or that stand alone.
  void multiplyMoments() {
    std::map<int, std::vector<FileProduct>> products_of;
    std::map<int, std::size_t> last;  // all factors of a moment are complete where its last product stands
    for (std::size_t p = 0; p < _inner_products.size(); ++p) {
      products_of[_inner_products[p].c].push_back(_inner_products[p]);
      last[_inner_products[p].c] = p;
    }
    for (std::size_t p = 0; p < _inner_products.size(); ++p) {
      int const target = _inner_products[p].c;
      if (last[target] != p) continue;
      std::vector<ProductTerm> terms;
      int stage = 0;
      for (auto const& [a, b, mult, c] : products_of[target]) {
        if (mult == 1)
          terms.push_back({_slot[a], _slot[b]});
        else if (_copies.at({a, mult}).uses > _copies.at({b, mult}).uses)
          terms.push_back({scaledCopy(a, mult), _slot[b]});
        else
          terms.push_back({_slot[a], scaledCopy(b, mult)});
        stage = std::max({stage, 1 + _stage[terms.back().left], 1 + _stage[terms.back().right]});
      }
      _slot[target] = addSlot(stage);
      _products.back() = std::move(terms);
    }
  }

  int addSlot(int stage) {
    _stage.push_back(stage);
    _linear.emplace_back();
    _products.emplace_back();
    return asInt(_stage.size()) - 1;
  }
  int addLinear(std::vector<LinearTerm> terms) {
    int stage = 0;
    for (auto const& term : terms) stage = std::max(stage, 1 + _stage[term.index]);
    int const slot = addSlot(stage);
    _linear.back() = std::move(terms);
    return slot;
  }

  // Rows of `terms_of` (by target) in the order of `stages`; within a stage by length, so that a processor foresees the
  // ends of loops and vector lanes finish together.
  template <class Term>
  static StagedRows<Term> makeRows(std::vector<std::vector<Term>> const& terms_of,
                                   std::vector<std::vector<int>> const& stages, bool keep_empty = false) {
    StagedRows<Term> result;
    for (auto targets : stages) {
      if (!keep_empty) std::erase_if(targets, [&](int t) { return terms_of[t].empty(); });
      std::stable_sort(targets.begin(), targets.end(),
                       [&](int x, int y) { return terms_of[x].size() < terms_of[y].size(); });
      for (int const t : targets) {
        int const begin = asInt(result.terms.size());
        result.terms.insert(result.terms.end(), terms_of[t].begin(), terms_of[t].end());
        int const end = asInt(result.terms.size()), stage_runs = result.stage_runs.back();
        result.rows.push_back({t, begin, end});
        if (asInt(result.runs.size()) == stage_runs || result.runs.back().length != end - begin)
          result.runs.push_back({end - begin, 0});
        result.runs.back().end = asInt(result.rows.size());
      }
      result.stage_begin.push_back(asInt(result.rows.size()));
      result.stage_runs.push_back(asInt(result.runs.size()));
    }
    return result;
  }

  void emitSweeps() {
    int const last = *std::max_element(_stage.begin(), _stage.end());
    std::vector<std::vector<int>> up(static_cast<std::size_t>(last) + 1);
    for (std::size_t s = 0; s < _stage.size(); ++s) up[_stage[s]].push_back(asInt(s));
    std::vector<std::vector<int>> const down(up.rbegin(), up.rend());
    _program.forward = {makeRows(_linear, up), makeRows(_products, up)};

    // The transposes, gathered by what they add to. The users of a moment stand in later stages than it does.
    std::vector<std::vector<LinearTerm>> linear(_stage.size());
    std::vector<std::vector<ProductTerm>> products(_stage.size());
    for (std::size_t s = 0; s < _stage.size(); ++s) {
      int const target = asInt(s);
      for (auto const& term : _linear[s]) linear[term.index].push_back({target, term.weight});
      for (auto const& term : _products[s]) {  // a square adds twice, as it should
        products[term.left].push_back({target, term.right});
        products[term.right].push_back({target, term.left});
      }
    }
    _program.reverse = {makeRows(linear, down), makeRows(products, down)};
  }

  // Eqs. (2.7), (2.9): seeds of moments that are stored, and the quadratic form of those that are not.
  void emitEnergy() {
    std::vector<double> leaf_weight(_slot.size(), 0.0);
    std::map<int, double> seeds;
    for (std::size_t k = 0; k < _model.alpha_moment_mapping.size(); ++k) {
      int const moment = _model.alpha_moment_mapping[k];
      double const xi = coefficient(k);
      if (xi == 0) continue;
      if (isLeaf(moment))
        leaf_weight[moment] += xi;
      else
        seeds[_slot[moment]] += xi;
    }
    if (_repulsion_slot >= 0) seeds[_repulsion_slot] = 1;
    for (auto const& [slot, weight] : seeds) _program.seeds.push_back({slot, weight});

    std::map<std::pair<int, int>, double> form;  // symmetric
    for (auto const& [a, b, mult, c] : _leaf_products) {
      double const weight = leaf_weight[c] * mult;
      if (weight == 0) continue;
      form[{_slot[a], _slot[b]}] += weight;
      form[{_slot[b], _slot[a]}] += weight;
    }
    std::vector<std::vector<LinearTerm>> rows(_stage.size());
    for (auto const& [slots, weight] : form) rows[slots.first].push_back({slots.second, weight});
    std::vector<std::vector<int>> one(1);
    for (std::size_t s = 0; s < rows.size(); ++s) one[0].push_back(asInt(s));
    _program.quadratic = makeRows(rows, one, true);
  }

  void emitBasisFunctions() {
    std::map<int, std::vector<BasisTerm>> leaves;
    for (auto const& [a, b, mult, c] : _leaf_products) leaves[c].push_back({_slot[a], _slot[b], double(mult)});
    auto& terms = _program.basis_terms;
    for (int const moment : _model.alpha_moment_mapping) {
      _program.basis_begin.push_back(asInt(terms.size()));
      if (isLeaf(moment))
        terms.insert(terms.end(), leaves[moment].begin(), leaves[moment].end());
      else
        terms.push_back({_slot[moment], -1, 1.0});
    }
    _program.basis_begin.push_back(asInt(terms.size()));
  }

  static constexpr int repulsion = -1;  // in place of a moment of the model

  MtpModel const& _model;
  MtpProgramUse _use;
  bool _fills_shape;
  MtpProgram _program;
  std::vector<Rebuilt> _rebuilt;
  std::vector<std::pair<int, int>> _repeated;  // basic moments that stand twice in the table, and the first of each
  std::vector<int> _slot;                      // of the moments of the model and those added to them, -1 for none
  int _repulsion_slot = -1;
  std::vector<bool> _needed, _used;  // by moment of the model
  std::vector<FileProduct> _inner_products, _leaf_products;
  struct Copy {
    int uses = 0, slot = -1;
  };
  std::map<std::pair<int, int>, Copy> _copies;  // (moment, mult)
  std::vector<int> _stage;                      // by slot, as are the two below
  std::vector<std::vector<LinearTerm>> _linear;
  std::vector<std::vector<ProductTerm>> _products;
};

}  // namespace

MtpProgram makeMtpProgram(MtpModel const& model, MtpProgramUse use) { return ProgramBuilder(model, use, true).build(); }

MtpProgramSizes mtpProgramSizes(MtpModel const& model) {
  MtpProgram const program = ProgramBuilder(model, MtpProgramUse::basis_functions, false).build();
  MtpProgramSizes sizes;
  sizes.basics = asInt(model.alpha_index_basic.size());
  for (auto const& [mu, a, b, c] : model.alpha_index_basic) sizes.max_rank = std::max(sizes.max_rank, a + b + c);
  sizes.accumulated = asInt(program.accumulated.size()) - (formOf(model.radial_basis_type).repulsive ? 1 : 0);
  sizes.monomials = asInt(program.monomials.size());
  sizes.products = asInt(model.alpha_index_times.size());
  sizes.scalars = asInt(model.alpha_moment_mapping.size());
  sizes.moments = model.alpha_moments_count;
  sizes.slots = program.moments;
  sizes.inner_products = asInt(program.forward.products.terms.size());
  for (auto const& term : program.basis_terms) sizes.leaf_products += term.right >= 0 ? 1 : 0;
  for (auto const& row : program.forward.linear.rows) sizes.scaled_copies += row.end - row.begin == 1 ? 1 : 0;
  // A product of the file is a multiplication by its factor and a multiply-add, forward and for each factor in reverse.
  sizes.operations_before = 3 * 2 * sizes.products + 2 * 3 * (sizes.basics - sizes.accumulated);
  for (Sweep const* sweep : {&program.forward, &program.reverse})
    sizes.operations += asInt(sweep->linear.terms.size() + sweep->products.terms.size());
  sizes.operations += 2 * sizes.leaf_products;  // as many as pairs of the quadratic form, counted from both sides
  return sizes;
}

}  // namespace sinter
