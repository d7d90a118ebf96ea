// Importance where it is known.
#include "search/importance.h"

#include <gmock/gmock.h>

#include <cmath>

namespace thalweg::lab {
namespace {

using ::testing::Each;
using ::testing::SizeIs;

/// Random trials in this space, each with the value that `f` gives its point.
template <class F>
std::vector<Seen> trials_of(const SearchSpace& space, int count, const F& f) {
  const auto sampler = make_sampler(space, {"random", 2, 0});
  std::vector<Seen> trials;
  for (int i = 0; i < count; ++i) {
    const Point point = sampler->propose(i, {});
    trials.push_back({i, point, f(point)});
  }
  return trials;
}

SearchSpace space_of(std::vector<std::string> texts) { return parse_space(texts); }

TEST(Importance, OneParameterExplainsAll) {
  const SearchSpace space = space_of({"x=0:1", "y=log:1:10", "z=choice:a|b|c"});
  // However bent: ranks of (x − ½)² depend on x alone.
  const auto result =
      importances(space, trials_of(space, 400, [](const Point& p) { return std::pow(*p[0] - 0.5, 2); }));
  EXPECT_GT(result[0], 0.95);
  EXPECT_LT(result[1], 0.05);
  EXPECT_LT(result[2], 0.05);
  const auto choice = importances(space, trials_of(space, 400, [](const Point& p) { return 5 - *p[2]; }));
  EXPECT_DOUBLE_EQ(choice[2], 1);
  EXPECT_LT(choice[0], 0.05);
}

TEST(Importance, NoneExplainsChance) {
  const SearchSpace space = space_of({"x=0:1", "y=int:1:50", "z=choice:a|b|c"});
  int i = 0;
  const auto noise = [&i](const Point&) { return std::fmod(++i * 0.6180339887498949, 1.0); };
  EXPECT_THAT(importances(space, trials_of(space, 400, noise)), Each(::testing::Le(0.05)));
  EXPECT_THAT(importances(space, trials_of(space, 400, [](const Point&) { return 1.0; })), Each(0));
}

TEST(Importance, TwoShare) {
  // Of x + y's variance each explains half, and of x + 2y's a fifth and four fifths; ranks change that little.
  const SearchSpace space = space_of({"x=0:1", "y=0:1", "z=0:1"});
  const auto equal = importances(space, trials_of(space, 2000, [](const Point& p) { return *p[0] + *p[1]; }));
  EXPECT_NEAR(equal[0], 0.5, 0.05);
  EXPECT_NEAR(equal[1], 0.5, 0.05);
  EXPECT_LT(equal[2], 0.02);
  const auto unequal = importances(space, trials_of(space, 2000, [](const Point& p) { return *p[0] + 2 * *p[1]; }));
  EXPECT_NEAR(unequal[0], 0.2, 0.05);
  EXPECT_NEAR(unequal[1], 0.8, 0.05);
}

TEST(Importance, IsEpsilonSquaredByHand) {
  // Ranks 0 1 2 3 | 4 5 6 7 but with 3 and 4 changed places: group means 2.75 and 4.25 + … by hand: SS_total 42,
  // sums 0 + 1 + 2 + 4 = 7 and 21, so SS_between = 2 · 1.75² · 4 = 24.5, MS_within = 17.5 / 6.
  const SearchSpace space = space_of({"z=choice:a|b"});
  std::vector<Seen> trials;
  const std::vector<double> values = {0, 1, 2, 4, 3, 5, 6, 7};
  for (std::size_t i = 0; i < 8; ++i) trials.push_back({static_cast<std::int64_t>(i), {i < 4 ? 0.0 : 1.0}, values[i]});
  EXPECT_NEAR(importances(space, trials)[0], (24.5 - 17.5 / 6) / 42, 1e-12);
  trials.pop_back();
  EXPECT_THAT(importances(space, trials), Each(0));  // fewer than 8
  EXPECT_THAT(importances(space, {}), SizeIs(1));
}

TEST(Importance, FailedTrialsShareTheWorstRank) {
  // Of 8 ranks the failed ones share 6.5; SS_total = 42 − ½, SS_between = 8 · 2², all failures being in one group.
  const SearchSpace space = space_of({"z=choice:a|b"});
  std::vector<Seen> trials;
  for (int i = 0; i < 8; ++i) {
    trials.push_back({i, {i < 4 ? 0.0 : 1.0}, i < 6 ? std::optional<double>(i) : std::nullopt});
  }
  EXPECT_NEAR(importances(space, trials)[0], (32 - (41.5 - 32) / 6) / 41.5, 1e-12);
}

TEST(Importance, WhereItDoesNotCountIsAGroupOfItsOwn) {
  const SearchSpace space = space_of({"a=choice:x|y", "b=0:1:if:a=y"});
  const auto result = importances(space, trials_of(space, 400, [](const Point& p) { return p[1] ? 0.0 : 1.0; }));
  EXPECT_NEAR(result[0], 1, 1e-12);
  EXPECT_NEAR(result[1], 1, 1e-12);
}

TEST(Importance, EqualValuesAreInOneGroup) {
  // 3 whole numbers, of which one explains all.
  const SearchSpace space = space_of({"n=int:1:3"});
  const auto result = importances(space, trials_of(space, 100, [](const Point& p) { return *p[0] == 2 ? 0.0 : 1.0; }));
  EXPECT_NEAR(result[0], 1, 1e-12);
}

}  // namespace
}  // namespace thalweg::lab
