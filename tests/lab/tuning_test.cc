// Tests of the plan of trials and the choice of a learning rate.
#include "fake_study.h"
#include "study/plan.h"

#include <thalweg/error.h>
#include <thalweg/options.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace thalweg::lab {
namespace {

using test::lr_of;
using test::Pretended;
using test::sample_config;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::ThrowsMessage;

/// The choices that tuning trials with these ends lead to.
std::vector<Choice> choose(const CompareConfig& config, const std::function<Pretended(const TrainingConfig&)>& train) {
  std::vector<TrialData> trials = tuning_trials(config);
  for (TrialData& trial : trials) {
    const Pretended end = train(trial.config);
    trial.status = end.crashes ? TrialStatus::failed : TrialStatus::finished;
    if (end.crashes) continue;
    trial.result.emplace().outcome = end.diverged ? Outcome::diverged : Outcome::completed;
    trial.epochs.push_back({.epoch = 1, .validation = MetricValues{{"loss", end.loss}, {"accuracy", end.accuracy}}});
  }
  return choose_learning_rates(config, trials, find_metric("accuracy"));
}

TEST(Plan, TunesEveryOptimizerOnTheSameGridAndSeeds) {
  const CompareConfig config = sample_config();
  std::map<std::string, std::set<std::pair<double, std::uint64_t>>> tried;
  for (const TrialData& trial : tuning_trials(config)) {
    EXPECT_EQ(trial.role, TrialRole::tune);
    EXPECT_EQ(trial.config.stop.epochs, 2);
    EXPECT_FALSE(trial.config.test_at_end) << "the test set must not be looked at while tuning";
    EXPECT_EQ(lr_of(trial.config), trial.lr);
    EXPECT_TRUE(tried[trial.optimizer].emplace(trial.lr, trial.config.seed).second);
  }
  ASSERT_EQ(tried.size(), 2U);
  EXPECT_EQ(tried.at("rmsprop"), tried.at("sgd:momentum=0.9"));
  EXPECT_EQ(tried.at("rmsprop").size(), 9U);
}

TEST(Plan, FinalTrialsUseOtherSeedsAndTheChosenRates) {
  const CompareConfig config = sample_config();
  std::vector<Choice> choices(2);
  choices[0] = {.optimizer = "rmsprop", .lr = 1e-3};
  choices[1] = {.optimizer = "sgd:momentum=0.9", .lr = 1e-1};
  const std::vector<TrialData> finals = final_trials(config, choices);
  ASSERT_EQ(finals.size(), 4U);
  for (const TrialData& trial : finals) {
    EXPECT_EQ(trial.role, TrialRole::final);
    EXPECT_TRUE(trial.config.test_at_end);
    EXPECT_EQ(trial.config.stop.epochs, 5);
    EXPECT_TRUE(std::ranges::count(config.tuning.seeds, trial.config.seed) == 0);
    EXPECT_EQ(lr_of(trial.config), trial.optimizer == "rmsprop" ? 1e-3 : 1e-1);
  }
  EXPECT_EQ(parse_options(finals[1].config.optimizer).get("momentum"), 0.9);
}

// The highest rate does best after two epochs, and overfits in the third.
TEST(Plan, ARateIsChosenByTheWeightsThatItsRunsEndWith) {
  CompareConfig config = sample_config();
  config.optimizers = {"rmsprop"};
  const auto chosen = [&](bool restore_best, double tolerance) {
    config.training.restore_best = restore_best;
    config.training.stop.tolerance = tolerance;
    std::vector<TrialData> trials = tuning_trials(config);
    for (TrialData& trial : trials) {
      const bool overfits = trial.lr == 1e-1;
      trial.status = TrialStatus::finished;
      trial.result.emplace();
      std::int64_t epoch = 0;
      for (const auto& [loss, accuracy] : {std::pair(0.9, 0.4), std::pair(overfits ? 0.7 : 0.8, overfits ? 0.7 : 0.6),
                                           std::pair(overfits ? 2.0 : 0.79, overfits ? 0.3 : 0.65)}) {
        trial.epochs.push_back({.epoch = ++epoch, .validation = MetricValues{{"loss", loss}, {"accuracy", accuracy}}});
      }
    }
    return choose_learning_rates(config, trials, find_metric("accuracy"))[0];
  };
  EXPECT_EQ(chosen(false, 0).lr, 1e-3) << "the lowest of equals";
  EXPECT_EQ(chosen(false, 0).validation, 0.65);
  EXPECT_EQ(chosen(true, 0).lr, 1e-1);
  EXPECT_EQ(chosen(true, 0).validation, 0.7);
  EXPECT_DOUBLE_EQ(chosen(true, 0).validation_loss, 0.7);
  // Of falls of .05 or more the third epoch's is none, and of .3 or more there is only the first epoch.
  EXPECT_EQ(chosen(true, 0.05).validation, 0.7);
  EXPECT_EQ(chosen(true, 0.3).validation, 0.4);
}

TEST(Plan, WithoutTuningEachKeepsItsOwnRate) {
  CompareConfig config = sample_config();
  config.tune = false;
  EXPECT_THAT(tuning_trials(config), IsEmpty());
  const std::vector<Choice> choices = choose_learning_rates(config, {}, find_metric("accuracy"));
  EXPECT_EQ(choices[0].lr, 0.5);
  EXPECT_EQ(choices[0].optimizer, "rmsprop:lr=0.5");
  EXPECT_EQ(choices[1].lr, parse_options("sgd").get("lr"));
}

TEST(Choice, TakesTheHighestValidationAccuracy) {
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.accuracy = 1 - std::abs(lr_of(config) - 1e-2)};
  });
  EXPECT_EQ(choices[0].lr, 1e-2);
  EXPECT_FALSE(choices[0].at_edge);
  EXPECT_EQ(choices[0].validation, 1);
}

TEST(Choice, NotesTheEdgesOfTheGrid) {
  for (const double sign : {1.0, -1.0}) {
    const auto choices = choose(sample_config(), [&](const TrainingConfig& config) {
      return Pretended{.accuracy = 0.5 + sign * lr_of(config)};
    });
    EXPECT_EQ(choices[0].lr, sign > 0 ? 1e-1 : 1e-3);
    EXPECT_TRUE(choices[0].at_edge);
  }
  CompareConfig single = sample_config();
  single.tuning.grid = {1e-2};
  EXPECT_FALSE(choose(single, [](const TrainingConfig&) { return Pretended{}; })[0].at_edge)
      << "a grid of one rate is a decision, no edge";
}

TEST(Choice, UsesTheMedianOverSeeds) {
  // 1e-2: one excellent seed, two poor ones. 1e-1: three good ones.
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    const double lr = lr_of(config);
    if (lr == 1e-2) return Pretended{.accuracy = config.seed == 101 ? 0.99 : 0.6};
    return Pretended{.accuracy = lr == 1e-1 ? 0.8 : 0.1};
  });
  EXPECT_EQ(choices[0].lr, 1e-1);
  EXPECT_EQ(choices[0].validation, 0.8);
}

TEST(Choice, DivergedIsWorseThanAnyOther) {
  // 1e-2 is excellent where it does not diverge, which is in one of three.
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    const double lr = lr_of(config);
    if (lr == 1e-2) return Pretended{.accuracy = 0.99, .diverged = config.seed != 101};
    return Pretended{.accuracy = lr == 1e-3 ? 0.01 : 0.001};
  });
  EXPECT_EQ(choices[0].lr, 1e-3);
}

TEST(Choice, BreaksTiesByLossThenByTheLowerRate) {
  const auto by_loss = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.accuracy = 0.5, .loss = lr_of(config) == 1e-1 ? 0.5 : 0.6};
  });
  EXPECT_EQ(by_loss[0].lr, 1e-1);
  const auto by_rate = choose(sample_config(), [](const TrainingConfig&) { return Pretended{}; });
  EXPECT_EQ(by_rate[0].lr, 1e-3);
}

TEST(Choice, IgnoresFailedTrialsAndKnowsWhenNoneIsLeft) {
  const auto choices = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.accuracy = lr_of(config), .crashes = lr_of(config) == 1e-1 || config.seed == 102};
  });
  EXPECT_EQ(choices[0].lr, 1e-2);
  const auto none = choose(sample_config(), [](const TrainingConfig& config) {
    return Pretended{.diverged = config.optimizer.starts_with("sgd")};
  });
  EXPECT_TRUE(none[0].lr);
  EXPECT_FALSE(none[1].lr);
}

TEST(CompareConfigCheck, NamesWhatCannotBeCompared) {
  const auto says = [](const std::function<void(CompareConfig&)>& change, const char* what) {
    CompareConfig config = sample_config();
    change(config);
    EXPECT_THAT([&] { check(config); }, ThrowsMessage<Error>(HasSubstr(what)));
  };
  EXPECT_NO_THROW(check(sample_config()));
  says([](CompareConfig& c) { c.optimizers.clear(); }, "no optimizers");
  says([](CompareConfig& c) { c.optimizers = {"rmsprob"}; }, "rmsprop");
  says([](CompareConfig& c) { c.optimizers = {"rmsprop", "rmsprop:lr=1e-3"}; }, "given twice");
  says([](CompareConfig& c) { c.seeds = {1, 2, 1}; }, "seed 1 stands twice");
  says([](CompareConfig& c) { c.seeds = {101}; }, "seed 101 is used for tuning");
  says([](CompareConfig& c) { c.tuning.grid = {1e-2, 1e-3}; }, "not ascending");
  says([](CompareConfig& c) { c.tuning.grid = {}; }, "empty");
  says([](CompareConfig& c) { c.tuning.grid = {0, 1}; }, "outside (0");
  says([](CompareConfig& c) { c.tuning.epochs = -1; }, "tuning epochs = -1");
  says([](CompareConfig& c) { c.training.validation_fraction = 0; }, "validation");
  CompareConfig untuned = sample_config();
  untuned.tune = false;
  untuned.optimizers = {"rmsprop", "rmsprop:lr=1e-3"};
  EXPECT_NO_THROW(check(untuned));
}

}  // namespace
}  // namespace thalweg::lab
