// Tests of the grid of learning rates that grows, on a runner that only pretends to train.
#include "fake_study.h"
#include "study/grid.h"

#include <thalweg/error.h>
#include <thalweg/options.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace thalweg::lab {
namespace {

using test::lr_of;
using test::Pretended;
using test::sample_config;
using test::StudyTest;
using test::TemporaryFolder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::ThrowsMessage;

TEST(Grid, GrowsByItsOwnRatioAtMostTwoRatesASide) {
  const auto edge = [](double rate) { return std::vector<Choice>{{.optimizer = "a", .lr = rate, .at_edge = true}}; };
  Grid grid(Tuning{}.grid, true);
  EXPECT_THAT(grid.grow(edge(1e-2)), IsEmpty());
  EXPECT_FALSE(grid.grown());
  EXPECT_THAT(grid.grow(edge(1)), ElementsAre(3));
  EXPECT_THAT(grid.grow(edge(1)), IsEmpty()) << "1 is at the edge no longer";
  EXPECT_THAT(grid.grow(edge(3)), ElementsAre(10));
  EXPECT_THAT(grid.grow(edge(10)), IsEmpty());
  EXPECT_THAT(grid.grow(edge(1e-4)), ElementsAre(3e-5));
  EXPECT_THAT(grid.grow(edge(3e-5)), ElementsAre(1e-5));
  EXPECT_THAT(grid.grow(edge(1e-5)), IsEmpty());
  EXPECT_THAT(grid.rates(), ElementsAre(1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1, 1, 3, 10));

  Grid both({1e-3, 1e-2, 1e-1}, true);
  EXPECT_THAT(both.grow(std::vector<Choice>{
                  {.optimizer = "a", .lr = 1e-3}, {.optimizer = "b", .lr = 1e-1}, {.optimizer = "c", .lr = {}}}),
              ElementsAre(1e-4, 1));
  Grid given({1e-3, 1e-2}, false);
  EXPECT_THAT(given.grow(edge(1e-3)), IsEmpty());
  Grid single({1e-3}, true);
  EXPECT_THAT(single.grow(edge(1e-3)), IsEmpty());
}

TEST(Grid, IsTakenUpAsFarAsAStudyHasGrownIt) {
  Grid grid(Tuning{}.grid, true);
  grid.resume({{"grid", {3e-5, 1e-4, 1, 3, 10}}});
  EXPECT_EQ(grid.rates().front(), 3e-5);
  EXPECT_EQ(grid.rates().back(), 10);
  for (const char* odd : {"null", "7", "{}", R"({"grid": 3})", R"({"grid": ["x", null, 0.01]})"}) {
    Grid fresh(Tuning{}.grid, true);
    fresh.resume(nlohmann::json::parse(odd));
    EXPECT_EQ(fresh.rates(), Tuning{}.grid) << odd;
  }
  grid.resume({{"grid", {1e-9, 1e-8, 1e-7, 1e-6}}});
  EXPECT_EQ(grid.rates().front(), 1e-5) << "no further than a grid may grow";
}

/// As a default grid of three rates. rmsprop is best at 1e-2, sgd at `peak`.
class GrowingStudy : public StudyTest {
 protected:
  static CompareConfig growing() {
    CompareConfig config = sample_config();
    config.tuning.given = false;
    config.tuning.seeds = {101};
    return config;
  }
  void peak_at(double peak) {
    fake_.train = [peak](const TrainingConfig& config) {
      const double best = config.optimizer.starts_with("sgd") ? peak : 1e-2;
      return Pretended{.accuracy = 0.9 - 0.1 * std::abs(std::log10(lr_of(config) / best))};
    };
  }
  /// Rates that this optimizer was tuned with.
  std::set<double> tuned(const std::string& optimizer) const {
    std::set<double> rates;
    for (const TrialData& trial : load().trials) {
      if (trial.role == TrialRole::tune && trial.optimizer == optimizer) rates.insert(trial.lr);
    }
    return rates;
  }
};

TEST_F(GrowingStudy, TunesAllWithTheRatesThatOneNeeds) {
  peak_at(1);
  EXPECT_EQ(run(growing()), StudyEnd::complete);
  const StudyData study = load();
  EXPECT_EQ(study.outcome["chosen"]["sgd:momentum=0.9"]["lr"], 1);
  EXPECT_EQ(study.outcome["chosen"]["sgd:momentum=0.9"]["at_edge"], false);
  EXPECT_EQ(study.outcome["chosen"]["rmsprop"]["lr"], 1e-2);
  EXPECT_THAT(study.outcome["warnings"], IsEmpty());
  EXPECT_EQ(study.outcome["grid"], nlohmann::json({1e-3, 1e-2, 1e-1, 1.0, 10.0}));
  EXPECT_EQ(study.config["tuning"]["grid"], nlohmann::json({1e-3, 1e-2, 1e-1})) << "what it was begun with";
  EXPECT_EQ(tuned("rmsprop"), tuned("sgd:momentum=0.9"));
  EXPECT_THAT(tuned("rmsprop"), ElementsAre(1e-3, 1e-2, 1e-1, 1, 10));
  EXPECT_THAT(messages_,
              AllOf(HasSubstr("sgd:momentum=0.9 with lr 0.1"), HasSubstr("grows for all optimizers by lr 1")));
}

TEST_F(GrowingStudy, GrowsNoFurtherThanTwoRatesAndSaysSo) {
  peak_at(1e-9);
  EXPECT_EQ(run(growing()), StudyEnd::complete);
  EXPECT_EQ(load().outcome["grid"], nlohmann::json({1e-5, 1e-4, 1e-3, 1e-2, 1e-1}));
  EXPECT_EQ(load().outcome["chosen"]["sgd:momentum=0.9"]["at_edge"], true);
  EXPECT_THAT(load().outcome["warnings"].dump(), AllOf(HasSubstr("1e-05 is at the edge"), HasSubstr("no further")));
}

TEST_F(GrowingStudy, AGivenGridIsOnlyWarnedAbout) {
  peak_at(1);
  CompareConfig config = growing();
  config.tuning.given = true;
  EXPECT_EQ(run(config), StudyEnd::complete);
  EXPECT_THAT(tuned("sgd:momentum=0.9"), ElementsAre(1e-3, 1e-2, 1e-1));
  EXPECT_THAT(load().outcome["warnings"].dump(), AllOf(HasSubstr("edge"), Not(HasSubstr("no further"))));
  EXPECT_THAT([&] { run(growing()); },
              ThrowsMessage<Error>(HasSubstr("tuning.grid: given by --tune-lr, now the default")));
}

TEST_F(GrowingStudy, OneRateIsNotTuned) {
  CompareConfig config = growing();
  config.tuning.grid = {1e-2};
  EXPECT_EQ(run(config), StudyEnd::complete);
  EXPECT_THAT(tuned("rmsprop"), ElementsAre(1e-2));
  EXPECT_THAT(messages_, HasSubstr("not tuned"));
}

TEST_F(GrowingStudy, TakesTheSameCourseWhereverItWasCutOff) {
  peak_at(1);
  CompareConfig config = growing();
  config.seeds = {1};
  EXPECT_EQ(run(config), StudyEnd::complete);
  const auto facts = [](const StudyData& study) {
    std::multiset<std::string> trials;
    for (const TrialData& trial : study.trials) {
      EXPECT_EQ(trial.status, TrialStatus::finished);
      trials.insert(to_string(trial.role) + nlohmann::json(trial.config).dump());
    }
    return std::pair(trials, study.outcome);
  };
  const auto whole = facts(load());
  for (std::size_t cut = 0; cut < whole.first.size(); ++cut) {
    TemporaryFolder fresh;
    for (const std::size_t stop_after : {cut, std::size_t{1}, std::size_t{1000}}) {
      StudyFolder folder = open_study_folder(fresh.path(), config, "classification", "", false);
      fake_.stopped = false;
      fake_.stop_after = stop_after;
      fake_.given.clear();
      run_compare(folder.config, folder.store, fake_.runner(), {.stop_requested = &fake_.stopped});
    }
    EXPECT_EQ(facts(Store::open_for_reading(fresh.path() / kStudyFile).load()), whole) << "cut off after " << cut;
  }
}

TEST_F(GrowingStudy, CutOffBeforeTheFirstTrialOfANewRateItGrowsAgain) {
  peak_at(1);
  run(growing());
  {
    // As if killed between keeping the grown grid and its trials.
    StudyFolder folder = open_study_folder(folder_.path(), growing(), "classification", "", false);
    for (const TrialData& trial : folder.store.load().trials) {
      if (trial.lr > 0.1) folder.store.remove(trial.id);
    }
    nlohmann::json outcome = folder.store.load().outcome;
    outcome["grid"] = {1e-3, 1e-2, 1e-1, 1.0};
    folder.store.set_outcome(outcome);
  }
  EXPECT_EQ(run(growing()), StudyEnd::complete);
  EXPECT_THAT(tuned("rmsprop"), ElementsAre(1e-3, 1e-2, 1e-1, 1, 10));
}

TEST_F(GrowingStudy, ProgressRisesToTheEnd) {
  peak_at(1);
  run(growing());
  double last = 0;
  for (const StudyProgress& progress : progress_) {
    EXPECT_GE(progress.fraction, last);
    EXPECT_LE(progress.done, progress.total);
    last = progress.fraction;
  }
  EXPECT_EQ(last, 1);
  EXPECT_EQ(progress_.front().total, 2U * 3 + 4);
  EXPECT_EQ(progress_.back().total, 2U * 5 + 4);
  EXPECT_EQ(progress_.back().done, progress_.back().total);
}

TEST_F(GrowingStudy, AFailedTrialIsNotRetriedByTheNextRound) {
  fake_.train = [](const TrainingConfig& config) {
    return Pretended{.accuracy = std::min(1.0, lr_of(config)), .crashes = lr_of(config) == 1e-3};
  };
  EXPECT_EQ(run(growing()), StudyEnd::failed_trials);
  EXPECT_EQ(std::ranges::count(fake_.given, 1e-3, lr_of), 2);
}

TEST_F(GrowingStudy, AStudyThatAnEarlierThalwegBeganGoesOnAsItWasBegun) {
  peak_at(1);
  StudyData old;
  old.name = "old";
  old.kind = "compare";
  old.command = "thalweg compare …";
  old.created = now_utc();
  old.config = growing();
  old.config.erase("looks");
  old.config["tuning"].erase("given");
  { Store::create(folder_.path() / kStudyFile, old); }
  EXPECT_EQ(run(growing()), StudyEnd::complete);
  EXPECT_THAT(tuned("sgd:momentum=0.9"), ElementsAre(1e-3, 1e-2, 1e-1)) << "its grid did not grow";
  EXPECT_THAT(load().outcome["warnings"].dump(), HasSubstr("edge"));
  EXPECT_EQ(load().config, old.config);
}

}  // namespace
}  // namespace thalweg::lab
