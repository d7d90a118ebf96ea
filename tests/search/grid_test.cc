// Grids: how many points, and which.
#include "error_of.h"
#include "search/sampler.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace thalweg::lab {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using tests::error_of;

SearchSpace space_of(std::vector<std::string> texts) { return parse_space(texts); }

std::vector<Point> points(const SearchSpace& space, std::int64_t trials) {
  const auto sampler = make_sampler(space, {"grid", 1, trials});
  std::vector<Point> result;
  for (std::int64_t i = 0; i < grid_points(space, trials); ++i) result.push_back(sampler->propose(i, {}));
  EXPECT_EQ(std::set<Point>(result.begin(), result.end()).size(), result.size()) << "a point twice";
  return result;
}

std::vector<double> values(const SearchSpace& space, std::int64_t trials) {
  std::vector<double> result;
  for (const Point& point : points(space, trials)) result.push_back(point[0].value());
  return result;
}

TEST(Grid, TakesTheMostPointsThatTheTrialsAllow) {
  const SearchSpace space = space_of({"x=0:1", "y=log:1:10", "z=choice:a|b|c"});
  EXPECT_EQ(grid_points(space, 12), 12);
  EXPECT_EQ(grid_points(space, 26), 12);
  EXPECT_EQ(grid_points(space, 27), 27);
  EXPECT_EQ(grid_points(space, 1000), 3 * 18 * 18);
}

TEST(Grid, IsEvenOnItsScaleWithBothEnds) {
  EXPECT_THAT(values(space_of({"x=-1:1"}), 5), ElementsAre(-1, -0.5, 0, 0.5, 1));
  EXPECT_THAT(values(space_of({"x=log:0.001:10"}), 5),
              Pointwise(DoubleNear(1e-9), std::vector<double>{0.001, 0.01, 0.1, 1, 10}));
  EXPECT_EQ(values(space_of({"x=log:0.1:0.7"}), 3).front(), 0.1);
  EXPECT_EQ(values(space_of({"x=log:0.1:0.7"}), 3).back(), 0.7);
}

TEST(Grid, WholeNumbersAreThereOnce) {
  EXPECT_THAT(values(space_of({"x=int:0:10"}), 3), ElementsAre(0, 5, 10));
  EXPECT_THAT(values(space_of({"x=int:1:4"}), 100), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(values(space_of({"x=int:log:1:64"}), 4), ElementsAre(1, 4, 16, 64));
  // The other dimension has what this one leaves.
  EXPECT_EQ(grid_points(space_of({"x=int:1:3", "y=0:1"}), 100), 3 * 33);
}

TEST(Grid, WhatDoesNotCountHasNoPoints) {
  // sgd: 2 momentums × 2 nesterov, of which one has 2 dampenings; adam: 1; each with 2 learning rates.
  const SearchSpace space = space_of({"rule=choice:sgd|adam", "momentum=0:1:if:rule=sgd", "lr=log:0.1:1",
                                      "nesterov=choice:no|yes:if:rule=sgd", "dampening=0:1:if:nesterov=no"});
  const std::int64_t count = (2 * (2 + 1) + 1) * 2;
  EXPECT_EQ(grid_points(space, count), count);
  for (const Point& point : points(space, count)) {
    EXPECT_TRUE(point[0] && point[2]);
    EXPECT_EQ(point[1].has_value(), *point[0] == 0);
    EXPECT_EQ(point[3].has_value(), *point[0] == 0);
    EXPECT_EQ(point[4].has_value(), point[3] == 0.0);
  }
}

TEST(Grid, SaysHowManyTrialsItNeeds) {
  const SearchSpace space = space_of({"x=0:1", "y=0:1", "z=choice:a|b|c"});
  EXPECT_THAT(error_of([&] { grid_points(space, 11); }), AllOf(HasSubstr("trials = 11"), HasSubstr("has 12 points")));
  EXPECT_THAT(error_of([&] { make_sampler(space, {"grid", 1, 11}); }), HasSubstr("has 12 points"));
  std::vector<std::string> many;
  for (int i = 0; i < 70; ++i) many.push_back("x" + std::to_string(i) + "=0:1");
  EXPECT_THAT(error_of([&] { grid_points(space_of(many), 1000); }), HasSubstr("more than 2^63"));
  EXPECT_THAT(error_of([&] {
                make_sampler(space, {"grid", 1, 12})->propose(12, {});
              }),
              HasSubstr("trial 12 is outside"));
}

}  // namespace
}  // namespace thalweg::lab
