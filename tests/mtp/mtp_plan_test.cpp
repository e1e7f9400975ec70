#include "sinter/mtp/mtp_plan.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_shape.hpp"
#include "sinter/mtp/mtp_template.hpp"

namespace sinter {
namespace {

MtpModel templateOf(int level) {
  MtpTemplateOptions options;
  options.level = level;
  return makeMtpTemplate(options);
}

// basics / after trace folding / products / scalars / moments / max rank of the templates (design, mtp.md section 2).
TEST(MtpPlan, SizesOfTheTemplates) {
  struct Row {
    int level, basics, folded, products, scalars, moments, rank;
  };
  for (Row const& r : {Row{8, 11, 10, 14, 9, 18, 2}, Row{12, 46, 35, 117, 29, 84, 4}, Row{16, 130, 84, 969, 92, 350, 6},
                       Row{20, 295, 165, 6349, 288, 1352, 8}, Row{24, 581, 286, 36170, 864, 4991, 10}}) {
    auto const sizes = mtpProgramSizes(templateOf(r.level));
    EXPECT_EQ(sizes.basics, r.basics) << r.level;
    EXPECT_EQ(sizes.accumulated, r.folded) << r.level;
    EXPECT_EQ(sizes.products, r.products) << r.level;
    EXPECT_EQ(sizes.scalars, r.scalars) << r.level;
    EXPECT_EQ(sizes.moments, r.moments) << r.level;
    EXPECT_EQ(sizes.max_rank, r.rank) << r.level;
  }
}

// What is left of the products (counted by a script of a few lines from the tables themselves), and what a multiply-add
// costs less.
TEST(MtpProgram, SizesOfTheTemplates) {
  struct Case {
    int level, inner, leaf;
  };
  for (Case const& c :
       {Case{8, 5, 9}, Case{12, 76, 41}, Case{16, 801, 168}, Case{20, 5670, 679}, Case{24, 33300, 2870}}) {
    auto const sizes = mtpProgramSizes(templateOf(c.level));
    EXPECT_EQ(sizes.inner_products, c.inner) << c.level;
    EXPECT_EQ(sizes.leaf_products, c.leaf) << c.level;
    EXPECT_LT(sizes.operations, 0.52 * sizes.operations_before) << c.level;
  }
}

MtpModel trainedModel(int level) {
  MtpModel model = templateOf(level);
  setExponentialStart(model, 2.5);
  model.species_coeffs = {0};
  model.moment_coeffs.assign(model.alpha_moment_mapping.size(), 0.5);
  return model;
}

TEST(MtpProgram, RowsReadOnlyWhatEarlierStagesMade) {
  auto const program = makeMtpProgram(trainedModel(16), MtpProgramUse::basis_functions);
  auto const expectInOrder = [&](Sweep const& sweep, bool forward) {
    // When each moment gets its value in the forward sweep, or its adjoint is complete in the reverse one.
    std::vector<std::size_t> made(static_cast<std::size_t>(program.moments), 0);
    std::size_t const stages = sweep.linear.stage_begin.size() - 1;
    ASSERT_EQ(sweep.products.stage_begin.size() - 1, stages);
    auto const eachRow = [&](auto const& rows, auto const& visit) {
      for (std::size_t stage = 0; stage < stages; ++stage)
        for (int r = rows.stage_begin[stage]; r < rows.stage_begin[stage + 1]; ++r)
          visit(stage, rows.rows[static_cast<std::size_t>(r)]);
    };
    auto const note = [&](std::size_t stage, Row const& row) { made[static_cast<std::size_t>(row.target)] = stage; };
    eachRow(sweep.linear, note);
    eachRow(sweep.products, note);
    std::size_t read = 0;
    eachRow(sweep.linear, [&](std::size_t stage, Row const& row) {
      for (int t = row.begin; t < row.end; ++t, ++read)
        EXPECT_LT(made[static_cast<std::size_t>(sweep.linear.terms[static_cast<std::size_t>(t)].index)], stage);
    });
    eachRow(sweep.products, [&](std::size_t stage, Row const& row) {
      for (int t = row.begin; t < row.end; ++t, ++read) {
        auto const term = sweep.products.terms[static_cast<std::size_t>(t)];
        EXPECT_LT(made[static_cast<std::size_t>(term.left)], stage);
        if (forward) {
          EXPECT_LT(made[static_cast<std::size_t>(term.right)], stage);
        }
      }
    });
    EXPECT_EQ(read, sweep.linear.terms.size() + sweep.products.terms.size());
  };
  expectInOrder(program.forward, true);
  expectInOrder(program.reverse, false);
}

TEST(MtpProgram, DropsWhatTheEnergyDoesNotNeed) {
  MtpModel model = trainedModel(16);
  auto const all = makeMtpProgram(model, MtpProgramUse::basis_functions);
  auto const full = makeMtpProgram(model, MtpProgramUse::energy);
  EXPECT_EQ(full.moments, all.moments);
  EXPECT_TRUE(full.basis_begin.empty());
  for (std::size_t k = 20; k < model.moment_coeffs.size(); ++k) model.moment_coeffs[k] = 0;
  auto const sparse = makeMtpProgram(model, MtpProgramUse::energy);
  EXPECT_LT(sparse.moments, all.moments);
  EXPECT_LT(sparse.forward.products.terms.size(), all.forward.products.terms.size());
  EXPECT_EQ(makeMtpProgram(model, MtpProgramUse::basis_functions).moments, all.moments);
}

// Where code was made for a shape, programs accumulate its moments in its order, also those that the table lacks.
TEST(MtpProgram, FillsAShape) {
  auto pruned = trainedModel(16);  // without its basic moments of mu = 2 and the basis functions that need them
  std::vector<bool> lost(static_cast<std::size_t>(pruned.alpha_moments_count));
  for (std::size_t m = 0; m < pruned.alpha_index_basic.size(); ++m) lost[m] = pruned.alpha_index_basic[m][0] == 2;
  std::erase_if(pruned.alpha_index_times, [&](auto const& product) {
    if (lost[product[0]] || lost[product[1]]) lost[product[3]] = true;
    return lost[product[3]];
  });
  for (std::size_t k = 0; k < pruned.moment_coeffs.size(); ++k)
    if (lost[pruned.alpha_moment_mapping[k]]) pruned.alpha_moment_mapping[k] = 0;

  struct Case {
    MtpModel model;
    int shape_level;
  };
  std::vector<Case> cases{{pruned, 16}, {trainedModel(22), 0}};
  for (int const level : {2, 6, 8, 10, 12, 14, 16, 18, 20})
    cases.push_back({trainedModel(level), level <= 8 ? 8 : (level + 3) / 4 * 4});
  for (auto const& [model, shape_level] : cases) {
    auto const program = makeMtpProgram(model, MtpProgramUse::energy);
    ASSERT_EQ(program.shape_level, shape_level);
    detail::withShape<true>(shape_level, [&]<class Shape>() {
      if constexpr (Shape::is_static) {
        ASSERT_EQ(program.monomials.size(), Shape::monomials);
        ASSERT_EQ(program.accumulated.size(), Shape::table.begin[Shape::monomials]);
        for (int m = 0; m < Shape::monomials; ++m) {
          EXPECT_EQ(program.accumulated_begin[m + 1], Shape::table.begin[m + 1]);
          if (m > 0) {
            EXPECT_EQ(program.monomials[m].parent, Shape::table.parent[m]);
            EXPECT_EQ(program.monomials[m].axis, Shape::table.axis[m]);
          }
          for (int a = Shape::table.begin[m]; a < Shape::table.begin[m + 1]; ++a) {
            EXPECT_EQ(program.accumulated[a].monomial, m);
            EXPECT_EQ(program.accumulated[a].mu, a - Shape::table.begin[m]);
          }
        }
      }
    });
  }
}

TEST(MtpPlan, RefusesAnUntrainedTemplate) {
  EXPECT_THROW((void)makeMtpPlan<Kokkos::HostSpace>(templateOf(4)), InputError);
}

}  // namespace
}  // namespace sinter
