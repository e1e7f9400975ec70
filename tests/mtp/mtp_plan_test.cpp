#include "sinter/mtp/mtp_plan.hpp"

#include <gtest/gtest.h>

#include "sinter/core/error.hpp"
#include "sinter/mtp/mtp_template.hpp"

namespace sinter {
namespace {

// basics / after trace folding / products / scalars / moments / max rank of the templates (design, mtp.md section 2).
TEST(MtpPlan, SizesOfTheTemplates) {
  struct Row {
    int level, basics, folded, products, scalars, moments, rank;
  };
  for (Row const& r : {Row{8, 11, 10, 14, 9, 18, 2}, Row{12, 46, 35, 117, 29, 84, 4}, Row{16, 130, 84, 969, 92, 350, 6},
                       Row{20, 295, 165, 6349, 288, 1352, 8}, Row{24, 581, 286, 36170, 864, 4991, 10}}) {
    MtpTemplateOptions options;
    options.level = r.level;
    auto const sizes = mtpPlanSizes(makeMtpTemplate(options));
    EXPECT_EQ(sizes.basics, r.basics) << r.level;
    EXPECT_EQ(sizes.accumulated, r.folded) << r.level;
    EXPECT_EQ(sizes.products, r.products) << r.level;
    EXPECT_EQ(sizes.scalars, r.scalars) << r.level;
    EXPECT_EQ(sizes.moments, r.moments) << r.level;
    EXPECT_EQ(sizes.max_rank, r.rank) << r.level;
  }
}

TEST(MtpPlan, RefusesAnUntrainedTemplate) {
  MtpTemplateOptions options;
  options.level = 4;
  EXPECT_THROW((void)makeMtpPlan<Kokkos::HostSpace>(makeMtpTemplate(options)), InputError);
}

}  // namespace
}  // namespace sinter
