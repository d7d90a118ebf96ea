// Tests of a report's sections on two classes and tables: when they apply, their numbers, and that names stay text.
#include "report/credit_samples.h"
#include "report/report.h"
#include "report/risk_section.h"
#include "report/samples.h"
#include "report/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>

namespace thalweg::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Sections {
  std::string risk, effects, drift;
};

Sections sections(const StudyData& study) {
  const std::vector<Summary> summaries = summarize(std::span(&study, 1));
  const Summary& summary = summaries.front();
  nlohmann::json pages = nlohmann::json::array();
  Charts charts(pages, {"one"}, summary);
  EXPECT_TRUE(has_risk(summary) && has_effects(summary) && has_drift(summary));
  return {risk_html(summary, charts), effects_html(summary, charts), drift_html(summary, charts)};
}

TEST(RiskReport, OfOneRun) {
  const StudyData study = samples::credit_study();
  const RiskReview& risk = *study.trials.front().result->review->risk;
  const Sections html = sections(study);
  EXPECT_THAT(
      html.risk,
      AllOf(HasSubstr(fmt::format("{:.4f}", *risk.auc)), HasSubstr(fmt::format("{:.4f}", risk.brier)),
            HasSubstr(fmt::format("{:.4f}", risk.auc_interval()->low)),
            HasSubstr(fmt::format("{:.4f}", risk.cost->chosen.cost({5, 1}))), HasSubstr("cheapest on validation"),
            HasSubstr("0.1667"), HasSubstr("Calibration"), HasSubstr("ROC"), Not(HasSubstr("<script>"))));
  EXPECT_THAT(html.effects, AllOf(HasSubstr("0.0800"), HasSubstr("checking_status"), HasSubstr("width:100.0%"),
                                  HasSubstr("width:0.0%"), Not(HasSubstr("<script>"))));
  EXPECT_THAT(html.drift, AllOf(HasSubstr("&lt; 0.0001"), HasSubstr("<bdi>class</bdi> (target)"), HasSubstr("0.310"),
                                HasSubstr("missing ones"), Not(HasSubstr("<script>"))));
}

TEST(RiskReport, OfFoldsTogether) {
  const Sections html = sections(samples::credit_study(3));
  EXPECT_THAT(html.risk, AllOf(HasSubstr("AUC by fold"), HasSubstr("all 1,200 examples"),
                               HasSubstr("mean over 3 folds"), HasSubstr("LeDell"), HasSubstr("of each fold")));
  EXPECT_THAT(html.drift, HasSubstr("Of the first fold"));
}

TEST(RiskReport, IsOfTwoClassesAlone) {
  for (const StudyData& study : {samples::train_study(), samples::regression_study(), samples::text_study()}) {
    const std::vector<Summary> summaries = summarize(std::span(&study, 1));
    EXPECT_FALSE(has_risk(summaries.front()) || has_effects(summaries.front()) || has_drift(summaries.front()));
  }
}

}  // namespace
}  // namespace thalweg::lab
