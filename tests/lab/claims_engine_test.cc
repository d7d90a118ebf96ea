// The claims' experiments on the engine alone, against loops written out here; and the test of equal spreads.
#include "claim_samples.h"
#include "study/paired_spread.h"
#include "suites/chain.h"
#include "suites/convex.h"

#include <thalweg/error.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace thalweg::lab {
namespace {

using test::text_of;
using testing::HasSubstr;
using testing::Not;

/// The problem of convex.h with u = `update`(g, t) and rates η / √t or η.
template <class Update>
ConvexRun plain(const ConvexProblem& problem, Update update) {
  ConvexRun run{.problem = problem};
  const std::int64_t p = problem.period, all = p * problem.periods;
  double x = 0, best = 0, mine = 0;
  for (std::int64_t t = 1; t <= all; ++t) {
    const double g = t % p == 1 ? 2.0 * static_cast<double>(p) : -1;
    mine += g * x;
    best += g * -1;
    if (t > all - p) run.mean_x += x;
    const double eta = problem.falls ? problem.lr / std::sqrt(static_cast<double>(t)) : problem.lr;
    x -= eta * update(g, t);
    if (x > 1) x = 1;
    if (x < -1) x = -1;
  }
  run.x = x;
  run.mean_x /= static_cast<double>(p);
  run.regret = (mine - best) / static_cast<double>(all);
  return run;
}

void expect_same(const ConvexRun& run, const ConvexRun& expected) {
  EXPECT_NEAR(run.x, expected.x, 1e-9) << run.problem.label;
  EXPECT_NEAR(run.mean_x, expected.mean_x, 1e-9) << run.problem.label;
  EXPECT_NEAR(run.regret, expected.regret, 1e-9) << run.problem.label;
}

TEST(Convex, IsWhatAPlainLoopDoes) {
  const ConvexProblem rmsprop{.label = "RMSprop", .optimizer = "rmsprop:alpha=0.9", .period = 50, .periods = 9};
  double v = 0;
  expect_same(run_convex(rmsprop), plain(rmsprop, [&](double g, std::int64_t) {
                v = 0.9 * v + 0.1 * g * g;
                return g / (std::sqrt(v) + 1e-8);
              }));
  const ConvexProblem amsgrad{.label = "AMSGrad", .optimizer = "amsgrad", .period = 50, .periods = 9};
  double m = 0, most = 0;
  v = 0;
  expect_same(run_convex(amsgrad), plain(amsgrad, [&](double g, std::int64_t t) {
                m = 0.9 * m + 0.1 * g;
                v = 0.999 * v + 0.001 * g * g;
                most = std::max(most, v);
                const double n = static_cast<double>(t);
                return m / (1 - std::pow(0.9, n)) / (std::sqrt(most / (1 - std::pow(0.999, n))) + 1e-8);
              }));
  const ConvexProblem sgd{.label = "SGD", .optimizer = "sgd", .period = 7, .lr = 0.03, .falls = false, .periods = 11};
  expect_same(run_convex(sgd), plain(sgd, [](double g, std::int64_t) { return g; }));
}

// Reddi, Kale, Kumar (2018), theorems 2 and 5: where the memory is shorter than the period, RMSprop and Adam do not
// converge, AMSGrad does. Zinkevich (2003) and Duchi, Hazan, Singer (2011): SGD and Adagrad do.
TEST(Convex, AgreesWithTheTheorems) {
  int converging = 0, failing = 0;
  for (const ConvexProblem& problem : convex_problems()) {
    const bool forgets =
        problem.optimizer == "adam" || (problem.optimizer.starts_with("rmsprop") && problem.period >= 200);
    const ConvexRun run = run_convex(problem);
    if (forgets) {
      ++failing;
      EXPECT_GT(run.mean_x, 0.9) << problem.label;
      EXPECT_GT(run.regret, 1.5) << problem.label;
    } else {
      ++converging;
      EXPECT_LT(run.mean_x, -0.8) << problem.label;
      EXPECT_LT(run.regret, 1) << problem.label;
    }
  }
  EXPECT_EQ(failing, 4);
  EXPECT_EQ(converging, 4);
}

ConvexRun ended_at(const char* optimizer, double x) {
  return {
      .problem = {.label = std::string(optimizer) + "!", .optimizer = optimizer}, .x = x, .mean_x = x, .regret = x + 1};
}

TEST(Convex, EveryOutcomeHasItsSentence) {
  const ConvexRun bad = ended_at("rmsprop", 0.9), good = ended_at("rmsprop", -0.95),
                  between = ended_at("rmsprop", -0.5);
  const ConvexRun sgd = ended_at("sgd", -1), adam = ended_at("adam", 1);
  const Judgement refuted = judge_convex(std::array{bad, good, sgd, adam});
  EXPECT_EQ(refuted.holds, Holds::no);
  EXPECT_THAT(text_of(refuted), HasSubstr("stayed at the wrong place: rmsprop! at x = 0.90"));
  EXPECT_THAT(text_of(refuted), HasSubstr("found by sgd! and not by adam! at x = 1.00"));
  EXPECT_EQ(refuted.rows.size(), 4U);
  EXPECT_THAT(text_of(judge_convex(std::array{bad, adam})), HasSubstr("was found not by adam!"));
  EXPECT_THAT(text_of(judge_convex(std::array{bad})), Not(HasSubstr("longest")));
  const Judgement unrefuted = judge_convex(std::array{good, sgd});
  EXPECT_EQ(unrefuted.holds, Holds::cannot_tell);
  EXPECT_THAT(text_of(unrefuted), HasSubstr("prove no convergence"));
  EXPECT_EQ(judge_convex(std::array{good, between}).holds, Holds::cannot_tell);
  EXPECT_EQ(judge_convex({}).holds, Holds::cannot_tell);
}

// All weights are the same and stay so: a single number's loop, in double.
template <class Update>
double plain_chain(double w, double lr, Update update) {
  for (int step = 0; step < 2000; ++step) {
    const double g = (std::pow(w, 30) - 1) * std::pow(w, 29);
    w -= lr * (2000 - step) / 2000 * update(g);
  }
  return std::pow(w, 30);
}

TEST(Chain, IsWhatAPlainLoopDoes) {
  const double slow = plain_chain(0.95, 1e-4, [](double g) { return g; });
  ASSERT_GT(slow, std::pow(0.95, 30) + 0.01);  // it has moved, and has not arrived
  ASSERT_LT(slow, 0.99);
  EXPECT_NEAR(run_chain("sgd", 1e-4, 0.95F), slow, 1e-4);
  double v = 0;
  const double rms = plain_chain(0.9, 5e-5, [&](double g) {
    v = 0.9 * v + 0.1 * g * g;
    return g / (std::sqrt(v) + 1e-8);
  });
  ASSERT_GT(rms, 0.1);
  ASSERT_LT(rms, 0.95);
  EXPECT_NEAR(run_chain("rmsprop:alpha=0.9", 5e-5, 0.9F), rms, 1e-4);
}

TEST(Chain, NothingComesOfNoGradient) {
  EXPECT_EQ(run_chain("rmsprop:alpha=0.9", 1, 0.01F), 0);  // 10⁻⁶⁰ is 0 in single precision
  EXPECT_TRUE(std::isnan(run_chain("adam", 1e-3, 10)));    // a gradient of 10⁵⁹ is infinite in it
}

TEST(Chain, RunsSayWhatTheyBeganWith) {
  for (const ChainRun& run : chain_runs()) {
    const double w = run.from.start, g = (std::pow(w, 30) - 1) * std::pow(w, 29);
    const bool holds_it = std::abs(g) > 1e-45 && std::abs(g) < std::numeric_limits<float>::max();
    EXPECT_EQ(run.from.has_gradient(), holds_it) << w;
    if (holds_it) {
      EXPECT_NEAR(run.from.first_gradient / g, 1, 1e-4) << w;
    } else {
      EXPECT_FALSE(run.arrived) << run.label << " from " << w;
    }
  }
}

ChainRun chain(const char* label, bool adaptive, float start, float gradient, bool arrived) {
  return {.label = label, .is_adaptive = adaptive, .from = {start, gradient}, .arrived = arrived};
}

TEST(Chain, EveryOutcomeHasItsSentence) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<ChainRun> runs{chain("SGD", false, 0.5, 1, true), chain("SGD", false, 2, 9, true),
                                   chain("SGD", false, 9, 9, true),   chain("SGD", false, 20, kInfinity, false),
                                   chain("Adam", true, 0.5, 1, true), chain("Adam", true, 2, 9, true),
                                   chain("Adam", true, 9, 9, false),  chain("Adam", true, 20, kInfinity, false)};
  EXPECT_EQ(judge_chain(runs, true).holds, Holds::yes);
  const Judgement exploding = judge_chain(runs, false);
  EXPECT_EQ(exploding.holds, Holds::no) << "SGD's arriving is no adaptive rule's";
  EXPECT_THAT(text_of(exploding), HasSubstr("Of 2 starts"));
  EXPECT_THAT(text_of(exploding), HasSubstr("SGD from 2, Adam from 1; where they are, 0 of 2 runs reached it"));
  EXPECT_EQ(exploding.rows.at(1).value, "arrived from weights of 2");
  EXPECT_EQ(judge_chain({}, false).holds, Holds::cannot_tell);
}

// Values by SciPy 1.17: pearsonr of sums and differences; the interval's ends by a search for the ratio ρ at which
// pearsonr of x + ρ y and x − ρ y has p = .05.
TEST(PairedSpread, IsPitmansAndMorgans) {
  const std::array first{.81, .84, .79, .90, .76, .88, .83, .80}, second{.84, .83, .82, .85, .80, .81, .83, .815};
  const auto result = compare_spreads(first, second);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->pairs, 8U);
  EXPECT_NEAR(result->first_sd, 0.0465794252556089, 1e-12);
  EXPECT_NEAR(result->second_sd, 0.016352697462061527, 1e-12);
  EXPECT_NEAR(result->p, 0.010218550435740647, 1e-9);
  EXPECT_NEAR(result->ratio.low, 1.3394048712314037, 1e-6);
  EXPECT_NEAR(result->ratio.high, 6.057557883975259, 1e-6);
}

TEST(PairedSpread, TurnedRoundIsTheInverse) {
  const std::array first{1.0, 3.0, 2.5, 7.0, 4.0}, second{2.0, 1.0, 5.0, 4.5, 9.0};
  const auto there = compare_spreads(first, second, 0.9), back = compare_spreads(second, first, 0.9);
  ASSERT_TRUE(there && back);
  EXPECT_NEAR(there->p, back->p, 1e-12);
  EXPECT_NEAR(there->ratio.low, 1 / back->ratio.high, 1e-12);
  EXPECT_EQ(there->ratio.contains(1), there->p > 0.1);
}

TEST(PairedSpread, WhereThereIsNoTest) {
  const std::array varied{1.0, 2.0, 4.0}, constant{3.0, 3.0, 3.0}, doubled{2.0, 4.0, 8.0};
  EXPECT_FALSE(compare_spreads(varied, constant));
  EXPECT_FALSE(compare_spreads(varied, doubled));
  EXPECT_THROW(compare_spreads(std::array{1.0, 2.0}, std::array{2.0, 1.0}), Error);
  EXPECT_THROW(compare_spreads(varied, std::array{2.0, 1.0}), Error);
  EXPECT_THROW(compare_spreads(varied, doubled, 1), Error);
}

}  // namespace
}  // namespace thalweg::lab
