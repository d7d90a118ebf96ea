// What is said of claims, by made-up studies: every outcome, and studies with gaps.
#include "claim_samples.h"
#include "study/compare_config.h"
#include "suites/evidence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace thalweg::lab::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kThree[] = {"rmsprop", "adam", "sgd:momentum=0.9"};

TEST(Claims, PartsCanBeCompared) {
  for (const bool quick : {false, true}) {
    std::set<std::string> names;
    const Suite suite = make_suite("claims", quick);
    EXPECT_EQ(suite.name, "claims");
    for (const SuitePart& part : suite.parts) {
      EXPECT_TRUE(names.insert(part.name).second) << part.name;
      EXPECT_EQ(part.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos) << part.name;
      EXPECT_FALSE(part.question.empty());
      EXPECT_NO_THROW(check(part.config)) << part.name;
      EXPECT_GT(part.config.training.stop.epochs, 0);
      EXPECT_GT(part.config.training.batch, 0);
      if (quick) {
        EXPECT_LE(part.config.training.train_limit, 300);
        EXPECT_GT(part.config.training.train_limit, 0);
        EXPECT_LE(part.config.tuning.grid.size(), 2U);
        EXPECT_LE(part.config.seeds.size(), 2U);
      } else {
        EXPECT_GE(part.config.seeds.size(), kSeedsForVerdict) << part.name;
      }
    }
    // Each claim's parts are in the suite, and each of its judgements is about its own.
    std::size_t count = 0;
    for (const Claim& claim : suite.claims) count += claim.parts.size();
    EXPECT_EQ(count, suite.parts.size());
  }
}

TEST(Claims, WithoutStudiesCannotTell) {
  const Suite suite = make_suite("claims", true);
  for (const Claim& claim : suite.claims) {
    if (claim.parts.empty()) continue;
    const Judgement judgement = claim.judge({});
    EXPECT_EQ(judgement.holds, Holds::cannot_tell) << claim.name;
    EXPECT_FALSE(judgement.sentence.empty()) << claim.name;
    MadeStudies empty;  // planned, but not begun
    for (const SuitePart& part : claim.parts) empty.study(part.name).name = part.name;
    EXPECT_EQ(claim.judge(empty.all()).holds, Holds::cannot_tell) << claim.name;
  }
}

TEST(Claims, TwoSeedsTellNothing) {
  const Suite suite = make_suite("claims", true);
  for (const Claim& claim : suite.claims) {
    if (claim.parts.empty()) continue;
    MadeStudies made;
    for (const SuitePart& part : claim.parts)
      for (const std::string& optimizer : part.config.optimizers)
        made.finals(part.name, optimizer, 0.8, 2, 0.01, 0.5, part.config.tune);
    EXPECT_EQ(claim.judge(made.all()).holds, Holds::cannot_tell) << claim.name;
  }
}

TEST(Claims, PartsOfAnAnswer) {
  using enum Holds;
  EXPECT_EQ(together({yes, yes}), yes);
  EXPECT_EQ(together({no, no}), no);
  EXPECT_EQ(together({yes, no}), partly);
  EXPECT_EQ(together({partly, yes}), partly);
  EXPECT_EQ(together({yes, cannot_tell}), cannot_tell);
  EXPECT_EQ(together({no, cannot_tell}), no);
  EXPECT_EQ(together({yes, no, cannot_tell}), cannot_tell);
  EXPECT_EQ(together({cannot_tell}), cannot_tell);
}

// ---- Vanishing gradients. The chain is the engine's own; its exploding half does not hold (claims_engine_test.cc).

MadeStudies networks(double rmsprop, double adam, double sgd) {
  MadeStudies made;
  for (const char* optimizer : kThree) {
    made.finals("gradients-shallow-sigmoid", optimizer, 0.85);
    made.finals("gradients-deep-batch-norm", optimizer, 0.87);
  }
  made.finals("gradients-deep-sigmoid", kThree[0], rmsprop);
  made.finals("gradients-deep-sigmoid", kThree[1], adam);
  made.finals("gradients-deep-sigmoid", kThree[2], sgd);
  return made;
}

TEST(GradientsClaim, FallsShort) {
  const Judgement judgement = claim_named("gradients").judge(networks(0.7, 0.75, 0.1).all());
  EXPECT_EQ(judgement.holds, Holds::no);
  EXPECT_THAT(text_of(judgement), HasSubstr("No adaptive rule"));
  EXPECT_THAT(text_of(judgement), HasSubstr("60.0"));  // points ahead of SGD, give or take the seeds' noise
  EXPECT_THAT(text_of(judgement), HasSubstr("ahead of SGD"));
}

TEST(GradientsClaim, HelpsNothingWhereSgdIsAsGood) {
  const Judgement judgement = claim_named("gradients").judge(networks(0.1, 0.1, 0.1).all());
  EXPECT_EQ(judgement.holds, Holds::no);
  EXPECT_THAT(text_of(judgement), Not(HasSubstr("ahead of SGD")));
}

TEST(GradientsClaim, OneRuleIsEnough) {
  // Vanishing ones are solved, exploding ones are not.
  const Judgement judgement = claim_named("gradients").judge(networks(0.7, 0.845, 0.1).all());
  EXPECT_EQ(judgement.holds, Holds::partly);
  EXPECT_THAT(text_of(judgement), HasSubstr("An adaptive rule brought"));
}

TEST(GradientsClaim, SgdIsNotAdaptive) {
  EXPECT_THAT(text_of(claim_named("gradients").judge(networks(0.7, 0.7, 0.85).all())), HasSubstr("No adaptive rule"));
}

TEST(GradientsClaim, GapsAreNoAnswer) {
  MadeStudies missing = networks(0.7, 0.7, 0.1), crashed = missing, diverged = missing;
  missing.drop("gradients-shallow-sigmoid");
  EXPECT_EQ(claim_named("gradients").judge(missing.all()).holds, Holds::cannot_tell);
  MadeStudies::fail(crashed.study("gradients-deep-sigmoid").trials[3]);  // seven of rmsprop are left
  const Judgement judgement = claim_named("gradients").judge(crashed.all());
  EXPECT_EQ(judgement.holds, Holds::cannot_tell);
  EXPECT_THAT(judgement.rows.front().value, HasSubstr("1 failed"));
  for (TrialData& trial : diverged.study("gradients-deep-sigmoid").trials) MadeStudies::diverge(trial);
  EXPECT_EQ(claim_named("gradients").judge(diverged.all()).holds, Holds::cannot_tell);
}

TEST(GradientsClaim, NearTwoPointsCannotBeTold) {
  // 2 points behind one reference, more behind the other; the seeds spread by as much.
  MadeStudies made;
  for (const char* optimizer : kThree) {
    made.finals("gradients-shallow-sigmoid", optimizer, 0.85, 8, 0.001);
    made.finals("gradients-deep-batch-norm", optimizer, 0.90, 8, 0.001);
    made.finals("gradients-deep-sigmoid", optimizer, 0.82, 8, 0.03);
  }
  EXPECT_EQ(claim_named("gradients").judge(made.all()).holds, Holds::cannot_tell);
}

// ---- Rates and decays.

constexpr const char* kDecays[] = {"rmsprop:alpha=0.5", "rmsprop:alpha=0.9", "rmsprop:alpha=0.99",
                                   "rmsprop:alpha=0.999"};

/// Validation accuracies after the first epoch: of tuning trials at .001, .01, .1, 1 (below 0: diverged), of the
/// finals.
MadeStudies rates(const std::vector<double>& at_rates, const std::vector<double>& finals, std::uint64_t seeds = 8) {
  MadeStudies made;
  for (std::size_t i = 0; i < 4; ++i) {
    double lr = 1e-3;
    for (const double value : at_rates) {
      TrialData& trial = made.tuning("rates-mlp", kDecays[i], lr, 0.4, std::abs(value));
      if (value < 0) MadeStudies::diverge(trial);
      lr *= 10;
    }
    made.finals("rates-mlp", kDecays[i], finals[i], seeds);
  }
  return made;
}

Judgement judge_rates(const MadeStudies& made) { return claim_named("rates").judge(made.all()); }

TEST(RatesClaim, BothHold) {
  const Judgement judgement = judge_rates(rates({0.5, 0.6, 0.7, 0.8}, {0.70, 0.75, 0.80, 0.85}));
  EXPECT_EQ(judgement.holds, Holds::yes);
  EXPECT_THAT(text_of(judgement), HasSubstr("0.999, the largest, was shown to get furthest"));
}

TEST(RatesClaim, TheLargestThatDivergedDoesNotCount) {
  EXPECT_EQ(judge_rates(rates({0.5, 0.6, 0.7, -1}, {0.70, 0.75, 0.80, 0.85})).holds, Holds::yes);
}

TEST(RatesClaim, NeitherHolds) {
  const Judgement judgement = judge_rates(rates({0.5, 0.8, 0.7, 0.1}, {0.85, 0.80, 0.75, 0.70}));
  EXPECT_EQ(judgement.holds, Holds::no);
  EXPECT_THAT(text_of(judgement), HasSubstr("fastest at η = 0.01"));
  EXPECT_THAT(text_of(judgement), HasSubstr("up to which each larger one was faster"));
  EXPECT_THAT(text_of(judgement), HasSubstr("0.5, 0.9 and 0.99 got further than 0.999"));
}

TEST(RatesClaim, SaysThatLargerIsFasterUpToTheFastestOnlyWhereItIs) {
  for (const std::vector<double>& values : {std::vector{0.6, 0.5, 0.8, 0.1}, {0.8, 0.6, 0.5, 0.1}})
    EXPECT_THAT(text_of(judge_rates(rates(values, {0.7, 0.7, 0.7, 0.7}))), Not(HasSubstr("each larger one")));
}

TEST(RatesClaim, OneOfTwo) {
  EXPECT_EQ(judge_rates(rates({0.5, 0.6, 0.7, 0.8}, {0.85, 0.80, 0.75, 0.70})).holds, Holds::partly);
  EXPECT_EQ(judge_rates(rates({0.5, 0.8, 0.7, 0.1}, {0.70, 0.75, 0.80, 0.85})).holds, Holds::partly);
}

TEST(RatesClaim, WithinAPointTheLargestIsAsFast) {
  EXPECT_EQ(judge_rates(rates({0.5, 0.6, 0.8, 0.793}, {0.70, 0.75, 0.80, 0.85})).holds, Holds::yes);
  EXPECT_EQ(judge_rates(rates({0.5, 0.6, 0.8, 0.787}, {0.70, 0.75, 0.80, 0.85})).holds, Holds::partly);
}

TEST(RatesClaim, DecaysThatCannotBeTold) {
  EXPECT_EQ(judge_rates(rates({0.5, 0.6, 0.7, 0.8}, {0.8, 0.8, 0.8, 0.8})).holds, Holds::cannot_tell);
  const Judgement few = judge_rates(rates({0.5, 0.8, 0.7, 0.1}, {0.85, 0.80, 0.75, 0.70}, 7));
  EXPECT_EQ(few.holds, Holds::no) << "what is told, of the rates, is against it";
  EXPECT_THAT(text_of(few), HasSubstr("nothing can be told with 7 seeds"));
}

TEST(RatesClaim, TooFewRates) {
  EXPECT_EQ(judge_rates(rates({0.5, -1, -1, -1}, {0.70, 0.75, 0.80, 0.85})).holds, Holds::cannot_tell);
}

// ---- Defaults.

const Claim& tuning() {
  static const Claim claim = claim_named("tuning");
  return claim;
}

/// Tuned RMSprop at .85; PyTorch's and Keras' default of each task.
MadeStudies defaults(const std::vector<std::pair<double, double>>& of_tasks, double spread = 0.001) {
  MadeStudies made;
  std::size_t task = 0;
  for (const SuitePart& part : tuning().parts) {
    if (part.config.tune) {
      for (const char* optimizer : kThree) {
        made.finals(part.name, optimizer, 0.85, 8, spread);
        for (const double lr : {1e-4, 1e-3, 1e-2, 1e-1})
          made.tuning(part.name, optimizer, lr, 0.5, lr == 1e-3 || lr == 1e-2 ? 0.85 : 0.8);
      }
    } else {
      const auto& [pytorch, keras] = of_tasks.at(task++);
      made.finals(part.name, part.config.optimizers.at(0), pytorch, 8, spread, 0.5, false);
      made.finals(part.name, part.config.optimizers.at(1), keras, 8, spread, 0.5, false);
    }
  }
  return made;
}

TEST(TuningClaim, EveryOutcome) {
  const auto holds = [](const MadeStudies& made) { return tuning().judge(made.all()).holds; };
  EXPECT_EQ(holds(defaults({{0.85, 0.85}, {0.847, 0.85}, {0.86, 0.9}})), Holds::yes);
  EXPECT_EQ(holds(defaults({{0.85, 0.8}, {0.8, 0.85}, {0.85, 0.85}})), Holds::no);
  EXPECT_EQ(holds(defaults({{0.85, 0.85}, {0.8, 0.85}, {0.85, 0.85}})), Holds::partly);
  EXPECT_EQ(holds(defaults({{0.84, 0.84}, {0.84, 0.84}, {0.84, 0.84}}, 0.01)), Holds::cannot_tell);
}

TEST(TuningClaim, WidthsOfRates) {
  const Judgement judgement = tuning().judge(defaults({{0.85, 0.8}, {0.8, 0.85}, {0.85, 0.85}}).all());
  const auto row = std::ranges::find_if(judgement.rows, [](const ClaimRow& r) {
    return r.label == "MLP on fashion-mnist: rmsprop, rates within 1 point of its best";
  });
  ASSERT_NE(row, judgement.rows.end());
  EXPECT_EQ(row->value, "0.001 to 0.01, 1.0 decades; best 0.001");
}

TEST(TuningClaim, ADefaultThatDivergesCosts) {
  MadeStudies made = defaults({{0.85, 0.8}, {0.85, 0.85}, {0.85, 0.85}});
  ASSERT_EQ(tuning().judge(made.all()).holds, Holds::partly);
  StudyData& study = made.study("tuning-cnn-defaults");
  for (TrialData& trial : study.trials)
    if (trial.optimizer == study.trials.front().optimizer) MadeStudies::diverge(trial);
  const Judgement judgement = tuning().judge(made.all());
  EXPECT_EQ(judgement.holds, Holds::no);
  EXPECT_THAT(text_of(judgement), HasSubstr("8 of 8 runs diverge"));
}

TEST(TuningClaim, AMissingTaskIsNoAnswerForADefaultThatIsFineElsewhere) {
  MadeStudies made = defaults({{0.85, 0.85}, {0.85, 0.85}, {0.85, 0.85}});
  made.drop("tuning-cnn-defaults");
  EXPECT_EQ(tuning().judge(made.all()).holds, Holds::cannot_tell);
}

TEST(TuningClaim, LowerMayBeBetter) {
  for (const auto& [value, expected] : {std::pair{0.9, Holds::no}, {0.8, Holds::yes}}) {
    MadeStudies made = defaults({{value, value}, {value, value}, {value, value}});
    for (const SuitePart& part : tuning().parts) {
      StudyData& study = made.study(part.name);
      study.task = "regression";
      for (TrialData& trial : study.trials)
        if (trial.result->test) trial.result->test = {{"rmse", trial.result->test->at("accuracy")}};
    }
    EXPECT_EQ(tuning().judge(made.all()).holds, expected) << value;
  }
}

// ---- Small samples.

/// Spreads of rmsprop, adam and SGD in both small settings.
MadeStudies spreads(double rmsprop, double adam, double sgd, std::uint64_t seeds = 20) {
  MadeStudies made;
  for (const char* part : {"samples-few", "samples-batch-2", "samples-many", "samples-batch-64"}) {
    const bool small = part == std::string_view("samples-few") || part == std::string_view("samples-batch-2");
    made.finals(part, kThree[0], 0.8, seeds, small ? rmsprop : 0.001);
    made.finals(part, kThree[1], 0.8, seeds, small ? adam : 0.001);
    made.finals(part, kThree[2], 0.8, seeds, small ? sgd : 0.001);
  }
  return made;
}

TEST(SamplesClaim, EveryOutcome) {
  const auto judged = [](const MadeStudies& made) { return claim_named("samples").judge(made.all()); };
  EXPECT_EQ(judged(spreads(0.02, 0.002, 0.002)).holds, Holds::yes);
  EXPECT_EQ(judged(spreads(0.02, 0.002, 0.02)).holds, Holds::partly);
  EXPECT_THAT(text_of(judged(spreads(0.02, 0.002, 0.02))), HasSubstr("in 2 of 4 comparisons"));
  EXPECT_EQ(judged(spreads(0.002, 0.02, 0.02)).holds, Holds::no);
  EXPECT_EQ(judged(spreads(0.01, 0.01, 0.01)).holds, Holds::cannot_tell);
  EXPECT_EQ(judged(spreads(0.02, 0.002, 0.002, 7)).holds, Holds::cannot_tell);
  EXPECT_EQ(judged(spreads(0, 0.002, 0.002)).holds, Holds::cannot_tell);  // not one value varies: no test
}

TEST(SamplesClaim, DivergedRunsAreCounted) {
  MadeStudies made = spreads(0.01, 0.01, 0.01);
  MadeStudies::diverge(made.study("samples-few").trials[0]);
  EXPECT_THAT(text_of(claim_named("samples").judge(made.all())),
              HasSubstr("1 of its 40 runs on small samples diverged"));
}

}  // namespace
}  // namespace thalweg::lab::test
