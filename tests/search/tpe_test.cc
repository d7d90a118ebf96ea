// Tree-structured Parzen estimator: its proposals lie in their ranges, are a function of what it was given, and learn.
#include "search/sampler.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace thalweg::lab {
namespace {

constexpr std::int64_t kLag = 8;

SearchSpace space_of(std::vector<std::string> texts) { return parse_space(texts); }

SearchSpace tree() {
  return space_of({"lr=log:1e-5:1", "width=int:log:8:512", "depth=int:1:3", "rule=choice:sgd|adam|lion",
                   "momentum=0:0.99:if:rule=sgd", "nesterov=choice:no|yes:if:rule=sgd",
                   "dampening=-1.7e308:1.7e308:if:nesterov=no", "beta=0.9:0.999:if:rule=adam|lion"});
}

/// A study: trial n is proposed by what trials up to n − kLag have given.
template <class F>
std::vector<Seen> study(const SearchSpace& space, const SamplerSettings& settings, std::int64_t trials, const F& f) {
  const auto sampler = make_sampler(space, settings);
  std::vector<Seen> seen;
  for (std::int64_t n = 0; n < trials; ++n) {
    const auto known = static_cast<std::size_t>(std::max<std::int64_t>(0, n - kLag + 1));
    const Point point = sampler->propose(n, std::span(seen).first(known));
    seen.push_back({n, point, f(point)});
  }
  return seen;
}

double least(const std::vector<Seen>& trials) {
  double least = std::numeric_limits<double>::infinity();
  for (const Seen& trial : trials) least = std::min(least, trial.value.value_or(least));
  return least;
}

std::optional<double> sum_of_logs(const Point& p) {
  return std::abs(std::log10(*p[0]) + 3) + std::abs(std::log2(*p[1]) - 6) + *p[3] + p[4].value_or(0.5);
}

TEST(Tpe, ProposesWhatTheSpaceHas) {
  const SearchSpace space = tree();
  for (const Seen& trial : study(space, {"tpe", 3, 80}, 80, sum_of_logs)) {
    ASSERT_EQ(trial.point.size(), space.dimensions.size());
    for (std::size_t d = 0; d < trial.point.size(); ++d) {
      EXPECT_EQ(trial.point[d].has_value(), space.counts(d, trial.point)) << d;
    }
    EXPECT_EQ(space.point(space.parameters(trial.point)), trial.point);  // throws where one is out of its range
  }
}

TEST(Tpe, IsAFunctionOfWhatItIsGiven) {
  const SearchSpace space = tree();
  const std::vector<Seen> trials = study(space, {"tpe", 3, 50}, 50, sum_of_logs);
  const auto sampler = make_sampler(space, {"tpe", 3, 50}), again = make_sampler(space, {"tpe", 3, 999});
  sampler->propose(30, std::span(trials).first(20));
  EXPECT_EQ(sampler->propose(50, trials), again->propose(50, trials));
  EXPECT_NE(sampler->propose(50, trials), sampler->propose(51, trials));
  EXPECT_NE(sampler->propose(50, trials), make_sampler(space, {"tpe", 4, 50})->propose(50, trials));
  EXPECT_NE(sampler->propose(50, trials), sampler->propose(50, std::span(trials).first(40)));
}

TEST(Tpe, BeginsAtRandom) {
  const SearchSpace space = tree();
  const std::vector<Seen> trials = study(space, {"tpe", 3, 30}, 30, sum_of_logs);
  const auto random = make_sampler(space, {"random", 3, 30});
  for (std::int64_t n = 0; n < 10; ++n) EXPECT_EQ(trials[static_cast<std::size_t>(n)].point, random->propose(n, {}));
  int same = 0;
  for (std::int64_t n = 20; n < 30; ++n) same += trials[static_cast<std::size_t>(n)].point == random->propose(n, {});
  EXPECT_EQ(same, 0);
}

std::optional<double> quadratic(const Point& p) {
  return std::pow(*p[0] - 0.3, 2) + std::pow(*p[1] - 0.6, 2) + std::pow(*p[2] - 0.8, 2);
}

TEST(Tpe, FindsMoreThanRandomSearch) {
  const SearchSpace space = space_of({"x=0:1", "y=0:1", "z=0:1"});
  double tpe = 0, random = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    tpe += least(study(space, {"tpe", seed, 80}, 80, quadratic));
    random += least(study(space, {"random", seed, 80}, 80, quadratic));
  }
  EXPECT_LT(tpe, 0.5 * random);
}

TEST(Tpe, LearnsWhichChoiceIsBest) {
  const SearchSpace space = space_of({"a=choice:p|q|r|s", "b=choice:p|q|r|s", "x=0:1:if:a=r"});
  int hits = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto trials = study(space, {"tpe", seed, 60}, 60, [](const Point& p) -> std::optional<double> {
      return (*p[0] == 2 ? 0 : 1) + (*p[1] == 1 ? 0 : 1) + p[2].value_or(1);
    });
    for (std::size_t n = 40; n < 60; ++n) hits += trials[n].point[0] == 2.0 && trials[n].point[1] == 1.0;
  }
  EXPECT_GT(hits, 400 / 4);  // a sixteenth by chance
}

TEST(Tpe, AvoidsWhereTrialsFail) {
  const SearchSpace space = space_of({"x=0:1"});
  int avoided = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto trials = study(space, {"tpe", seed, 60}, 60, [](const Point& p) -> std::optional<double> {
      if (*p[0] > 0.5) return std::nullopt;
      return 1;
    });
    for (std::size_t n = 40; n < 60; ++n) avoided += *trials[n].point[0] <= 0.5;
  }
  EXPECT_GT(avoided, 400 * 3 / 4);
}

TEST(Tpe, GoesOnWhenEveryTrialFailed) {
  const SearchSpace space = tree();
  for (const Seen& trial : study(space, {"tpe", 1, 40}, 40, [](const Point&) { return std::optional<double>(); })) {
    EXPECT_EQ(space.point(space.parameters(trial.point)), trial.point);
  }
}

// Eight trials in a row see nearly the same; each keeps away from those that still run.
TEST(Tpe, TrialsOfOneRoundKeepApart) {
  const SearchSpace space = space_of({"x=0:1", "y=0:1", "z=0:1"});
  const auto sampler = make_sampler(space, {"tpe", 5, 0});
  std::vector<Seen> seen = study(space, {"tpe", 5, 40}, 40, quadratic);
  std::set<Point> round;
  for (std::int64_t n = 40; n < 48; ++n) round.insert(sampler->propose(n, seen));
  EXPECT_EQ(round.size(), 8u);
}

TEST(Tpe, WorksWithGapsInWhatItSees) {
  const SearchSpace space = tree();
  std::vector<Seen> some;
  for (const Seen& trial : study(space, {"tpe", 3, 60}, 60, sum_of_logs)) {
    if (trial.number % 3 != 0) some.push_back(trial);
  }
  const Point point = make_sampler(space, {"tpe", 3, 0})->propose(200, some);
  EXPECT_EQ(space.point(space.parameters(point)), point);
}

TEST(Tpe, AnEmptySpaceHasAnEmptyPoint) {
  const std::vector<Seen> seen(30);
  EXPECT_EQ(make_sampler(SearchSpace{}, {"tpe", 1, 0})->propose(40, seen), Point{});
}

}  // namespace
}  // namespace thalweg::lab
