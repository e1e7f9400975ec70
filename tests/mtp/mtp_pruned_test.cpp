// Tables that are no templates: basis functions left out with everything that only they need, and moments and products
// in another order, give the energies and forces of the full potential with matching coefficients.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <vector>

#include "backends.hpp"
#include "mtp/mtp_obligations.hpp"
#include "sinter/mtp/mtp_io.hpp"
#include "sinter/mtp/mtp_plan.hpp"
#include "test_systems.hpp"

namespace sinter {
namespace {

using reference::Random;

template <class ExecutionSpace>
class MtpPrunedTest : public testing::Test {};
TYPED_TEST_SUITE(MtpPrunedTest, test::ExecutionSpaces);

template <class Value>
void shuffle(std::vector<Value>& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[static_cast<std::size_t>((random() + 1) / 2 * static_cast<double>(i))]);
}

// Keeps the basis functions `kept`, drops moments and products that none of them needs, and gives what is left a random
// order that defines each moment before its use.
MtpModel prunedAndPermuted(MtpModel const& model, std::vector<int> const& kept, Random& random) {
  auto const moments = static_cast<std::size_t>(model.alpha_moments_count);
  std::vector<bool> needed(moments);
  for (int const k : kept) needed[model.alpha_moment_mapping[k]] = true;
  for (auto t = model.alpha_index_times.rbegin(); t != model.alpha_index_times.rend(); ++t)
    if (needed[(*t)[3]]) needed[(*t)[0]] = needed[(*t)[1]] = true;

  std::vector<std::vector<std::array<int, 4>>> products_of(moments);
  for (auto const& product : model.alpha_index_times) products_of[product[3]].push_back(product);
  int const basics = static_cast<int>(model.alpha_index_basic.size());
  std::vector<int> order;  // old numbers in their new order, basic moments first
  for (int m = 0; m < basics; ++m)
    if (needed[m]) order.push_back(m);
  shuffle(order, random);
  auto const basic_count = order.size();
  std::set<int> done(order.begin(), order.end());
  std::vector<int> waiting;
  for (int m = basics; m < model.alpha_moments_count; ++m)
    if (needed[m]) waiting.push_back(m);
  while (!waiting.empty()) {
    shuffle(waiting, random);
    auto const ready = std::find_if(waiting.begin(), waiting.end(), [&](int m) {
      return std::all_of(products_of[m].begin(), products_of[m].end(),
                         [&](auto const& p) { return done.count(p[0]) > 0 && done.count(p[1]) > 0; });
    });
    order.push_back(*ready);
    done.insert(*ready);
    waiting.erase(ready);
  }
  std::vector<int> new_number(moments, -1);
  for (std::size_t i = 0; i < order.size(); ++i) new_number[order[i]] = static_cast<int>(i);

  MtpModel result = model;
  result.alpha_moments_count = static_cast<int>(order.size());
  result.alpha_index_basic.clear();
  for (std::size_t i = 0; i < basic_count; ++i) result.alpha_index_basic.push_back(model.alpha_index_basic[order[i]]);
  result.alpha_index_times.clear();
  for (std::size_t i = basic_count; i < order.size(); ++i) {
    auto products = products_of[order[i]];
    shuffle(products, random);
    for (auto [a, b, mult, c] : products) {
      if (random() > 0) std::swap(a, b);
      result.alpha_index_times.push_back({new_number[a], new_number[b], mult, new_number[c]});
    }
  }
  auto functions = kept;
  shuffle(functions, random);
  result.alpha_moment_mapping.clear();
  result.moment_coeffs.clear();
  for (int const k : functions) {
    result.alpha_moment_mapping.push_back(new_number[model.alpha_moment_mapping[k]]);
    result.moment_coeffs.push_back(model.moment_coeffs[k]);
  }
  checkMtpModel(result, "pruned");
  return result;
}

// How many moments with a z power of two or more have all three parents in the table.
int foldable(MtpModel const& model) {
  std::set<std::array<int, 4>> const table(model.alpha_index_basic.begin(), model.alpha_index_basic.end());
  return static_cast<int>(std::count_if(table.begin(), table.end(), [&](auto const& entry) {
    auto const [mu, a, b, c] = entry;
    return c >= 2 && table.count({mu, a, b, c - 2}) > 0 && table.count({mu, a + 2, b, c - 2}) > 0 &&
           table.count({mu, a, b + 2, c - 2}) > 0;
  }));
}

// The basis functions that need no basic moment of rank 0: without those, second-rank moments lose a trace parent.
std::vector<int> functionsWithoutRankZero(MtpModel const& model) {
  std::vector<int> result;
  for (std::size_t k = 0; k < model.alpha_moment_mapping.size(); ++k) {
    std::set<int> needed{model.alpha_moment_mapping[k]};
    for (auto t = model.alpha_index_times.rbegin(); t != model.alpha_index_times.rend(); ++t)
      if (needed.count((*t)[3]) > 0) needed.insert({(*t)[0], (*t)[1]});
    bool const rank_zero = std::any_of(needed.begin(), needed.end(), [&](int m) {
      if (m >= static_cast<int>(model.alpha_index_basic.size())) return false;
      auto const [mu, a, b, c] = model.alpha_index_basic[m];
      return a + b + c == 0;
    });
    if (!rank_zero) result.push_back(static_cast<int>(k));
  }
  return result;
}

TYPED_TEST(MtpPrunedTest, EqualsTheFullPotentialWithZeroCoefficients) {
  auto const structures = reference::testStructures({14, 8});
  int without_parents = 0;
  struct Case {
    int level;
    RadialBasisType type;
    double share;
  };
  std::vector<Case> cases{{22, RadialBasisType::RBChebyshev, 0.2}};  // beyond all shapes
  for (auto const type : {RadialBasisType::RBChebyshev, RadialBasisType::RBChebyshev_repuls})
    for (double const share : {1.0, 0.5, 0.1, 0.0}) cases.push_back({16, type, share});
  for (auto const& [level, type, share] : cases) {
    auto const full = reference::testModel(level, {14, 8}, 5.0, 1, type);
    Random random(1 + static_cast<std::uint64_t>(1000 * share));
    std::vector<int> kept;
    for (int k = 0; k < static_cast<int>(full.moment_coeffs.size()); ++k)
      if ((random() + 1) / 2 < share) kept.push_back(k);
    if (share == 0) kept = functionsWithoutRankZero(full);
    auto zeroed = full;
    zeroed.moment_coeffs.assign(full.moment_coeffs.size(), 0);
    for (int const k : kept) zeroed.moment_coeffs[k] = full.moment_coeffs[k];
    auto const pruned = prunedAndPermuted(full, kept, random);
    SCOPED_TRACE(std::to_string(kept.size()) + " functions, " + std::to_string(pruned.alpha_index_basic.size()) +
                 " basic moments, " + std::to_string(pruned.alpha_index_times.size()) + " products");

    // Folding happens where parents are there, and only there.
    auto const sizes = mtpProgramSizes(pruned);
    EXPECT_EQ(sizes.basics - sizes.accumulated, foldable(pruned));
    for (auto const& [mu, a, b, c] : pruned.alpha_index_basic) without_parents += c >= 2 ? 1 : 0;
    without_parents -= foldable(pruned);

    // What is written is what is read.
    auto const back = parseMtp(formatMtp(pruned), "pruned.mtp");
    EXPECT_EQ(back.alpha_index_times, pruned.alpha_index_times);
    EXPECT_EQ(back.alpha_moment_mapping, pruned.alpha_moment_mapping);

    auto const expected = MtpEvaluator<TypeParam>(zeroed).evaluate(structures);
    auto const results = MtpEvaluator<TypeParam>(back).evaluate(structures);
    for (std::size_t s = 0; s < structures.size(); ++s) {
      // The same terms in another order: some hundred roundings of numbers of the size of the pair derivatives.
      double const scale = 1e-12 * (1 + test::plainReference(zeroed, structures[s]).gradient_norm);
      EXPECT_NEAR(results[s].energy, expected[s].energy, scale + 1e-12 * std::abs(expected[s].energy)) << s;
      for (std::size_t i = 0; i < structures[s].size(); ++i)
        for (int x = 0; x < 3; ++x) EXPECT_NEAR(results[s].forces[i][x], expected[s].forces[i][x], scale) << s;
      for (int v = 0; v < 6; ++v)
        EXPECT_NEAR(results[s].virial[v], expected[s].virial[v], 5 * scale * full.max_dist) << s;
    }
  }
  EXPECT_GT(without_parents, 0) << "no table lacked a parent: the test does not test this";
}

// Energies and forces of a model of one species equal the plain reference.
template <class ExecutionSpace>
void expectEqualsThePlainReference(MtpModel const& model) {
  auto const structures = reference::testStructures();
  auto const results = MtpEvaluator<ExecutionSpace>(model).evaluate(structures);
  for (std::size_t s = 0; s < structures.size(); ++s) {
    auto const expected = test::plainReference(model, structures[s]);
    EXPECT_NEAR(results[s].energy, expected.energy, 1e-12 * (1 + std::abs(expected.energy))) << s;
    for (std::size_t i = 0; i < structures[s].size(); ++i)
      for (int x = 0; x < 3; ++x)
        EXPECT_NEAR(results[s].forces[i][x], expected.forces[i][x], 1e-12 * (1 + expected.gradient_norm)) << s;
  }
}

// Basic moments that stand twice in a table, trace parents that belong to another mu only, functions that are mapped
// twice. Such a table is not invariant under rotation; the virial, which assumes that, is left out.
TYPED_TEST(MtpPrunedTest, OddTables) {
  auto model = reference::testModel(6, {14});
  model.alpha_index_basic = {{1, 0, 0, 2}, {0, 0, 0, 0}, {0, 2, 0, 0}, {0, 0, 2, 0}, {1, 0, 0, 2}};
  model.alpha_moments_count = 7;
  model.alpha_index_times = {{0, 1, 3, 5}, {4, 2, -2, 5}, {3, 3, 1, 6}};
  model.alpha_moment_mapping = {5, 6, 1, 0, 0};
  model.moment_coeffs = {0.1, 0.02, -0.3, 0.4, 0.05};
  EXPECT_EQ(mtpProgramSizes(model).accumulated, 4);
  expectEqualsThePlainReference<TypeParam>(model);
}

// A moment whose only product has the factor zero, as a factor of another one.
TYPED_TEST(MtpPrunedTest, ProductsWithTheFactorZero) {
  auto model = reference::testModel(6, {14});
  model.alpha_index_basic = {{0, 0, 0, 0}, {1, 0, 0, 0}};
  model.alpha_moments_count = 4;
  model.alpha_index_times = {{0, 1, 0, 2}, {2, 1, 2, 3}, {0, 0, 1, 3}};
  model.alpha_moment_mapping = {3, 1, 2};
  model.moment_coeffs = {0.1, 0.02, -0.3};
  expectEqualsThePlainReference<TypeParam>(model);
}

}  // namespace
}  // namespace sinter
