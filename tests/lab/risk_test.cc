// Tests of measures of two classes, against their definitions, other programs' numbers and simulations.
#include "risk/risk.h"

#include "error_of.h"
#include "risk/auc_interval.h"
#include "risk/risk_folds.h"

#include <thalweg/random.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

using ::testing::HasSubstr;
using tests::error_of;

/// Draws without repeating a number.
struct Draws {
  explicit Draws(std::uint64_t seed) : random(seed, RandomPurpose::test, "risk") {}
  double normal() { return random.normal(next++); }
  double uniform() { return random.uniform(next++); }
  Random random;
  std::uint64_t next = 1;
};

/// Scores of so many examples of each class, whose positive ones are `shift` standard deviations higher; `steps` > 0:
/// rounded, so that many are equal.
Scored sample(Draws& draws, std::size_t positives, std::size_t negatives, double shift, double steps = 0) {
  Scored scored;
  for (std::size_t i = 0; i < positives + negatives; ++i) {
    const bool is = i < positives;
    double score = draws.normal() + (is ? shift : 0);
    if (steps > 0) score = std::round(score * steps) / steps;
    scored.probabilities.push_back(1 / (1 + std::exp(-score)));
    scored.positive.push_back(is ? 1 : 0);
  }
  return scored;
}

/// How often a positive one is above a negative one, equal ones half: Ψ of DeLong et al.
double kernel(double positive, double negative) { return positive > negative ? 1 : positive == negative ? 0.5 : 0; }

/// DeLong's formulas (their equations 3 to 6) as they stand there.
AreaEstimate by_definition(const Scored& scored) {
  std::vector<double> x, y;
  for (std::size_t i = 0; i < scored.positive.size(); ++i)
    (scored.positive[i] != 0 ? x : y).push_back(scored.probabilities[i]);
  const auto m = static_cast<double>(x.size()), n = static_cast<double>(y.size());
  double area = 0;
  std::vector<double> of_x(x.size()), of_y(y.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      area += kernel(x[i], y[j]) / (m * n);
      of_x[i] += kernel(x[i], y[j]) / n;
      of_y[j] += kernel(x[i], y[j]) / m;
    }
  }
  double s10 = 0, s01 = 0;
  for (const double v : of_x) s10 += (v - area) * (v - area) / (m - 1);
  for (const double v : of_y) s01 += (v - area) * (v - area) / (n - 1);
  return {area, s10 / m + s01 / n};
}

TEST(AreaEstimate, IsDeLongsByDefinition) {
  Draws draws(1);
  for (const double steps : {0.0, 1.0, 4.0}) {
    for (const auto& [m, n] : {std::pair{10, 10}, {37, 150}, {200, 31}}) {
      const Scored scored = sample(draws, static_cast<std::size_t>(m), static_cast<std::size_t>(n), 0.8, steps);
      const AreaEstimate expected = by_definition(scored);
      const auto estimate = area_estimate(scored.probabilities, scored.positive);
      ASSERT_TRUE(estimate);
      EXPECT_NEAR(estimate->area, expected.area, 1e-12);
      EXPECT_NEAR(estimate->variance, expected.variance, 1e-12);
    }
  }
}

TEST(AreaEstimate, HasNoIntervalWhereItCannotTell) {
  Scored few{.probabilities = std::vector<double>(20, 0.5), .positive = std::vector<char>(20, 1)};
  std::fill_n(few.positive.begin(), 9, char{0});
  EXPECT_FALSE(area_estimate(few.probabilities, few.positive)) << "nine of a class";
  few.positive[9] = 0;
  const auto equal = area_estimate(few.probabilities, few.positive);
  ASSERT_TRUE(equal);
  EXPECT_EQ(equal->area, 0.5);
  EXPECT_FALSE(equal->interval()) << "all scores are equal: the variance is 0";
  for (std::size_t i = 0; i < 20; ++i) few.probabilities[i] = static_cast<double>(i);
  const auto perfect = area_estimate(few.probabilities, few.positive);
  EXPECT_EQ(perfect->area, 1);
  EXPECT_FALSE(perfect->interval());
  few.probabilities[3] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(area_estimate(few.probabilities, few.positive));
}

TEST(AreaEstimate, IntervalCovers) {
  // Two normal distributions `shift` apart have the area Φ(shift / √2). Of 2000 intervals of level .95 the share that
  // covers is within .95 ± 4 √(.95 · .05 / 2000) = .02 by chance; small samples may be off by .015 more.
  Draws draws(2);
  constexpr int kSamples = 2000;
  for (const auto& [m, n, shift] : {std::tuple{10, 10, 1.0}, {15, 60, 0.6}, {20, 100, 2.0}, {60, 140, 1.2}}) {
    const double truth = std::erfc(-shift / 2) / 2;
    int covered = 0, told = 0;
    for (int k = 0; k < kSamples; ++k) {
      const Scored scored = sample(draws, static_cast<std::size_t>(m), static_cast<std::size_t>(n), shift);
      const auto estimate = area_estimate(scored.probabilities, scored.positive);
      const auto interval = estimate ? estimate->interval() : std::nullopt;
      told += interval ? 1 : 0;
      covered += interval && interval->contains(truth) ? 1 : 0;
    }
    EXPECT_GT(told, kSamples * 0.99) << m << ' ' << n;
    EXPECT_NEAR(static_cast<double>(covered) / told, 0.95, 0.035) << m << ' ' << n << ' ' << shift;
  }
}

TEST(Calibration, ByHand) {
  const Scored scored{.probabilities = {0.9, 0.8, 0.3, 0.1}, .positive = {1, 0, 1, 0}};
  EXPECT_NEAR(brier_score(scored), (0.01 + 0.64 + 0.49 + 0.01) / 4, 1e-15);
  EXPECT_NEAR(log_loss(scored), -(std::log(0.9) + std::log(0.2) + std::log(0.3) + std::log(0.9)) / 4, 1e-15);
  EXPECT_NEAR(*brier_skill(scored), 1 - brier_score(scored) / 0.25, 1e-15);
  // Whoever says the share of positives of everyone has no skill.
  EXPECT_NEAR(*brier_skill({.probabilities = {0.25, 0.25, 0.25, 0.25}, .positive = {1, 0, 0, 0}}), 0, 1e-15);
  EXPECT_FALSE(brier_skill({.probabilities = {0.5, 0.5}, .positive = {1, 1}}));
  EXPECT_TRUE(std::isfinite(log_loss({.probabilities = {0, 1}, .positive = {1, 0}})));
  EXPECT_EQ(brier_score({}), 0);
}

TEST(Calibration, WilsonsIntervalSolvesItsEquation) {
  // Its ends are the shares p from which hits / count lies 1.96 standard errors √(p (1 − p) / count) away.
  for (const auto& [hits, count] : {std::pair<std::int64_t, std::int64_t>{0, 10}, {1, 10}, {81, 263}, {15, 15}}) {
    const Interval interval = wilson_interval(hits, count);
    const double share = static_cast<double>(hits) / static_cast<double>(count);
    for (const double end : {interval.low, interval.high}) {
      if (end == 0 || end == 1) continue;
      const double distance = std::abs(share - end) / std::sqrt(end * (1 - end) / static_cast<double>(count));
      EXPECT_NEAR(distance, 1.959964, 1e-5) << hits << ' ' << count;
    }
    EXPECT_LE(interval.low, share);
    EXPECT_GE(interval.high, share);
  }
  // Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I: 81 of 263 and 15 of 148.
  EXPECT_NEAR(wilson_interval(81, 263).low, 0.2553, 5e-5);
  EXPECT_NEAR(wilson_interval(81, 263).high, 0.3662, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).low, 0.0624, 5e-5);
  EXPECT_NEAR(wilson_interval(15, 148).high, 0.1605, 5e-5);
}

TEST(Calibration, BinsShareOutAllExamples) {
  Draws draws(3);
  for (const int size : {1, 19, 40, 205, 3000}) {
    const Scored scored = sample(draws, static_cast<std::size_t>(size) / 3, static_cast<std::size_t>(size - size / 3),
                                 1, size % 2 ? 2 : 0);
    const auto curve = calibration_curve(scored);
    EXPECT_LE(std::ssize(curve), kMostBins);
    std::int64_t examples = 0, positives = 0;
    double sum = 0, before = -1;
    for (const CalibrationBin& bin : curve) {
      EXPECT_GT(bin.least, before) << "equal probabilities in two bins";
      EXPECT_GE(bin.mean_probability, bin.least - 1e-12);
      EXPECT_LE(bin.mean_probability, bin.greatest + 1e-12);
      before = bin.greatest;
      examples += bin.examples;
      positives += bin.positives;
      sum += bin.mean_probability * static_cast<double>(bin.examples);
    }
    EXPECT_EQ(examples, scored.size());
    EXPECT_EQ(positives, scored.positives());
    double all = 0;
    for (const double p : scored.probabilities) all += p;
    EXPECT_NEAR(sum, all, 1e-9);
  }
  EXPECT_TRUE(calibration_curve({}).empty());
}

TEST(Calibration, ErrorIsSmallWhereProbabilitiesAreRight) {
  Draws draws(4);
  Scored right, wrong;
  for (int i = 0; i < 20000; ++i) {
    const double p = draws.uniform();
    right.probabilities.push_back(p);
    wrong.probabilities.push_back(p * p);
    right.positive.push_back(draws.uniform() < p ? 1 : 0);
  }
  wrong.positive = right.positive;
  // By chance about √(2 · .17 / (π · 2000)) = .007; E|p − p²| = 1/6.
  EXPECT_LT(expected_calibration_error(calibration_curve(right)), 0.02);
  EXPECT_NEAR(expected_calibration_error(calibration_curve(wrong)), 1.0 / 6, 0.02);
}

TEST(Costs, AreTwoNumbers) {
  EXPECT_EQ(parse_costs("5:1"), (Costs{5, 1}));
  EXPECT_EQ(to_string(parse_costs("0.5:2e3")), "0.5:2000");
  for (const char* const wrong :
       {"", "5", ":", "5:", ":1", "5:1:1", "0:1", "5:-1", "a:1", "nan:1", "1:inf", "1e10:1", "5 :1", "5/1"})
    EXPECT_THAT(error_of([&] { parse_costs(wrong); }), HasSubstr("expected FN:FP")) << wrong;
  EXPECT_DOUBLE_EQ(parse_costs("5:1").threshold(), 1.0 / 6) << "of bad loans; 5/6 of good ones";
}

/// What it costs to take those for positive that are in `taken`.
double cost_of(const Scored& scored, const Costs& costs, double threshold) {
  double sum = 0;
  for (std::size_t i = 0; i < scored.positive.size(); ++i) {
    const bool taken = scored.probabilities[i] >= threshold;
    if (taken && scored.positive[i] == 0) sum += costs.false_positive;
    if (!taken && scored.positive[i] != 0) sum += costs.false_negative;
  }
  return sum / static_cast<double>(scored.positive.size());
}

TEST(Costs, TheCheapestThresholdIsCheapest) {
  Draws draws(5);
  for (const double steps : {0.0, 2.0}) {
    for (const Costs& costs : {Costs{5, 1}, Costs{1, 1}, Costs{1, 20}, Costs{0.3, 0.1}}) {
      const Scored scored = sample(draws, 30, 70, 0.7, steps);
      const Decided best = cheapest(scored, costs);
      EXPECT_NEAR(best.cost(costs), cost_of(scored, costs, best.threshold), 1e-12);
      EXPECT_EQ(best, decide(scored, best.threshold));
      for (double threshold = 0; threshold <= 1.01; threshold += 0.001)
        EXPECT_LE(best.cost(costs), cost_of(scored, costs, threshold) + 1e-12) << threshold;
    }
  }
}

TEST(Costs, DecisionsAreAllThereAre) {
  const Scored scored{.probabilities = {0.2, 0.8, 0.2, 1, 0}, .positive = {0, 1, 1, 0, 0}};
  const std::vector<Decided> all = all_decisions(scored);
  ASSERT_EQ(all.size(), 5u) << "four distinct probabilities";
  for (const Decided& each : all) EXPECT_EQ(each, decide(scored, each.threshold)) << each.threshold;
  EXPECT_EQ(all.front().true_positives + all.front().false_positives, 5);
  EXPECT_EQ(all.back().true_positives + all.back().false_positives, 0);
  EXPECT_GT(all.back().threshold, 1) << "one of probability 1 is negative too";
}

TEST(Costs, OfEqualThresholdsTheTheoreticalOneIsTaken) {
  // Anything between .1 and .9 makes no error.
  const Scored scored{.probabilities = {0.1, 0.9}, .positive = {0, 1}};
  EXPECT_DOUBLE_EQ(cheapest(scored, {5, 1}).threshold, 1.0 / 6);
  EXPECT_DOUBLE_EQ(cheapest(scored, {1, 1}).threshold, 0.5);
  // The theoretical .5 takes the first for positive: .6 to .7 is cheaper, and half way is .65.
  EXPECT_DOUBLE_EQ(cheapest({.probabilities = {0.6, 0.7}, .positive = {0, 1}}, {1, 1}).threshold, 0.65);
  EXPECT_THAT(error_of([] { cheapest({}, {1, 1}); }), HasSubstr("no examples"));
}

TEST(Costs, WhatRightProbabilitiesAskForIsTheory) {
  // Elkan 2001: with right probabilities, and many examples, the cheapest threshold is FP / (FP + FN).
  Draws draws(6);
  Scored scored;
  for (int i = 0; i < 100000; ++i) {
    scored.probabilities.push_back(draws.uniform());
    scored.positive.push_back(draws.uniform() < scored.probabilities.back() ? 1 : 0);
  }
  for (const Costs& costs : {Costs{5, 1}, Costs{1, 1}, Costs{1, 3}})
    EXPECT_NEAR(cheapest(scored, costs).threshold, costs.threshold(), 0.03) << to_string(costs);
}

TEST(RiskReview, TrivialRulesAndBoth) {
  Draws draws(7);
  const Scored scored = sample(draws, 25, 75, 1), validation = sample(draws, 25, 75, 1);
  const Costs costs{5, 1};
  const CostReview review = review_costs(scored, costs, cheapest(validation, costs));
  EXPECT_DOUBLE_EQ(review.cost_of_all(), 0.75);
  EXPECT_DOUBLE_EQ(review.cost_of_none(), 1.25);
  EXPECT_NEAR(review.theoretical.cost(costs), cost_of(scored, costs, 1.0 / 6), 1e-12);
  EXPECT_NEAR(review.half.cost(costs), cost_of(scored, costs, 0.5), 1e-12);
  EXPECT_EQ(review.validation_examples, 100);
  EXPECT_EQ(review_costs(scored, review), review);
}

TEST(RiskReview, GoesThroughJson) {
  Draws draws(8);
  for (const auto& [positives, negatives] :
       {std::pair<std::size_t, std::size_t>{25, 75}, {0, 3}, {4, 0}, {3000, 9000}}) {
    const Scored scored = sample(draws, positives, negatives, 1);
    RiskReview review = review_risk(scored, "b\"ad");
    EXPECT_EQ(review.auc.has_value(), positives > 0 && negatives > 0);
    if (positives == 25) review.cost = review_costs(scored, {5, 1}, cheapest(scored, {5, 1}));
    const nlohmann::json json = nlohmann::json::parse(nlohmann::json(review).dump());
    EXPECT_EQ(json.get<RiskReview>(), review);
    EXPECT_FALSE(measures_json(review).contains("of_positives"));
    const bool all = positives + negatives <= static_cast<std::size_t>(kMostScores);
    EXPECT_EQ(review.has_all_scores(), all);
    EXPECT_EQ(kept_scores(review).size(), all ? scored.size() : kMostScores);
    EXPECT_FALSE(risk_lines(review).empty());
  }
  RiskReview review = review_risk(sample(draws, 2, 2, 0), "x");
  nlohmann::json json = review;
  json["positives"] = 5;
  EXPECT_THAT(error_of([&] { json.get<RiskReview>(); }), HasSubstr("positives = 5 is outside [0, 4]"));
}

TEST(RiskFolds, AreTakenTogether) {
  Draws draws(9);
  std::vector<RiskReview> folds;
  const Costs costs{3, 1};
  double pairs = 0, variances = 0, wrong = 0, brier = 0;
  for (int k = 0; k < 4; ++k) {
    const Scored scored = sample(draws, 30, 60, 1);
    folds.push_back(review_risk(scored, "bad"));
    const Decided decided = cheapest(sample(draws, 30, 60, 1), costs);
    folds.back().cost = review_costs(scored, costs, decided);
    const AreaEstimate own = by_definition(scored);
    pairs += own.area / 4;
    variances += own.variance / 16;
    wrong += cost_of(scored, costs, decided.threshold) / 4;
    brier += brier_score(scored) / 4;
  }
  std::vector<const RiskReview*> pointers;
  for (const RiskReview& each : folds) pointers.push_back(&each);
  const auto together = risk_over_folds(pointers);
  ASSERT_TRUE(together);
  EXPECT_NEAR(together->mean_area(), pairs, 1e-12);
  // ± 1.96 standard errors on the logit's scale.
  const double half = 1.959964 * std::sqrt(variances) / (pairs * (1 - pairs));
  EXPECT_NEAR(std::log(together->interval->high / (1 - together->interval->high)) - std::log(pairs / (1 - pairs)), half,
              1e-6);
  EXPECT_NEAR(together->cost->chosen.cost(costs), wrong, 1e-12);
  EXPECT_NEAR(together->pooled.brier, brier, 1e-6);
  EXPECT_EQ(together->pooled.examples, 360);
  EXPECT_FALSE(together->pooled.auc_variance);
  folds[1].auc.reset();
  EXPECT_FALSE(risk_over_folds(pointers));
}

TEST(RiskFolds, IntervalCovers) {
  // Five fixed models on new test parts: the interval is about the mean of their true areas.
  Draws draws(10);
  constexpr int kSamples = 1000;
  const std::vector<double> shifts{0.6, 0.8, 1.0, 1.2, 1.4};
  double truth = 0;
  for (const double shift : shifts) truth += std::erfc(-shift / 2) / 2 / 5;
  int covered = 0;
  for (int sampled = 0; sampled < kSamples; ++sampled) {
    std::vector<RiskReview> folds;
    std::vector<const RiskReview*> pointers;
    for (const double shift : shifts) folds.push_back(review_risk(sample(draws, 20, 50, shift), "bad"));
    for (const RiskReview& each : folds) pointers.push_back(&each);
    covered += risk_over_folds(pointers)->interval->contains(truth) ? 1 : 0;
  }
  EXPECT_NEAR(covered / static_cast<double>(kSamples), 0.95, 0.035);
}

}  // namespace
}  // namespace thalweg::lab
