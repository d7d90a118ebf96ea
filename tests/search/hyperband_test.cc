// Hyperband's brackets against its paper, and the best of some values.
#include "search/hyperband.h"
#include "error_of.h"

#include <gmock/gmock.h>

#include <limits>

namespace thalweg::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::error_of;

using Rungs = std::vector<std::pair<std::int64_t, std::int64_t>>;  // trials, budget

std::vector<Rungs> rungs(const std::vector<Bracket>& brackets) {
  std::vector<Rungs> result;
  for (const Bracket& bracket : brackets) {
    Rungs& rungs = result.emplace_back();
    for (const Rung& rung : bracket.rungs) rungs.emplace_back(rung.trials, rung.budget);
  }
  return result;
}

// Li et al. 2018, Table 1: n and r by their Algorithm 1 for R = 81 and η = 3.
TEST(Hyperband, IsThePapersTable) {
  const std::vector<Bracket> brackets = hyperband(143, 1, 81);
  EXPECT_THAT(rungs(brackets),
              ElementsAre(Rungs{{81, 1}, {27, 3}, {9, 9}, {3, 27}, {1, 81}}, Rungs{{34, 3}, {11, 9}, {3, 27}, {1, 81}},
                          Rungs{{15, 9}, {5, 27}, {1, 81}}, Rungs{{8, 27}, {2, 81}}, Rungs{{5, 81}}));
  std::vector<std::int64_t> firsts;
  for (const Bracket& bracket : brackets) firsts.push_back(bracket.first);
  EXPECT_THAT(firsts, ElementsAre(0, 81, 115, 130, 138));
}

TEST(Hyperband, BeginsAgainAndCutsTheLastBracket) {
  const std::vector<Bracket> brackets = hyperband(150, 1, 81);
  ASSERT_EQ(brackets.size(), 6u);
  EXPECT_EQ(brackets[5].first, 143);
  EXPECT_EQ(rungs(brackets)[5], (Rungs{{7, 1}, {2, 3}, {1, 9}, {1, 27}, {1, 81}}));
}

TEST(Hyperband, BudgetsAreWholeAndWithinTheirLimits) {
  EXPECT_THAT(rungs(hyperband(9, 4, 100)), ElementsAre(Rungs{{9, 11}, {3, 33}, {1, 100}}));  // 4 · 27 > 100
  EXPECT_THAT(rungs(hyperband(3, 10, 10)), ElementsAre(Rungs{{1, 10}}, Rungs{{1, 10}}, Rungs{{1, 10}}));
  EXPECT_THAT(rungs(hyperband(4, 5, 10, 2)), ElementsAre(Rungs{{2, 5}, {1, 10}}, Rungs{{2, 10}}));
}

TEST(Hyperband, SurvivesHugeNumbers) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::vector<Bracket> brackets = hyperband(most, 1, most, 2);
  std::int64_t sum = 0;
  for (const Bracket& bracket : brackets) {
    EXPECT_EQ(bracket.first, sum);
    EXPECT_EQ(bracket.rungs.back().budget, most);
    sum += bracket.rungs.front().trials;
  }
  EXPECT_EQ(sum, most);
}

TEST(Hyperband, RefusesWhatHasNoMeaning) {
  EXPECT_THAT(error_of([] { hyperband(0, 1, 9); }), HasSubstr("trials = 0"));
  EXPECT_THAT(error_of([] { hyperband(1, 0, 9); }), HasSubstr("least = 0"));
  EXPECT_THAT(error_of([] { hyperband(1, 1, -1); }), HasSubstr("most = -1"));
  EXPECT_THAT(error_of([] { hyperband(1, 10, 9); }), HasSubstr("least = 10 is above most = 9"));
  EXPECT_THAT(error_of([] { hyperband(1, 1, 9, 1); }), HasSubstr("eta = 1"));
}

TEST(BestOf, AreTheLowestAscendingByIndex) {
  const std::vector<std::optional<double>> values = {3, {}, 1, 2, 1, {}};
  EXPECT_THAT(best_of(values, 0), IsEmpty());
  EXPECT_THAT(best_of(values, 1), ElementsAre(2));
  EXPECT_THAT(best_of(values, 2), ElementsAre(2, 4));
  EXPECT_THAT(best_of(values, 3), ElementsAre(2, 3, 4));
  EXPECT_THAT(best_of(values, 5), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(best_of(values, 9), ElementsAre(0, 1, 2, 3, 4, 5));
}

}  // namespace
}  // namespace thalweg::lab
