// Sobol's sequence: its spread over dyadic intervals, its shift, its limits.
#include "error_of.h"
#include "search/sampler.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

namespace thalweg::lab {
namespace {

using ::testing::HasSubstr;
using tests::error_of;

SearchSpace units(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back("x" + std::to_string(i) + "=0:1");
  return parse_space(texts);
}

// A digital shift only permutes the intervals of each length, so that the net's property stays.
TEST(Sobol, EachBlockHasOnePointInEachElementaryIntervalOfOneDimension) {
  const auto sampler = make_sampler(units(6), {"sobol", 11, 0});
  for (const int k : {1, 3, 6}) {
    const int size = 1 << k;
    for (int block = 0; block < 5; ++block) {
      std::vector<std::set<int>> intervals(6);
      for (int i = 0; i < size; ++i) {
        const Point point = sampler->propose(block * size + i, {});
        for (std::size_t d = 0; d < 6; ++d) intervals[d].insert(static_cast<int>(*point[d] * size));
      }
      for (const auto& interval : intervals) EXPECT_EQ(interval.size(), static_cast<std::size_t>(size));
    }
  }
}

// The first two dimensions are a (0, m, 2)-net: one point in each box 2⁻ᵃ × 2⁻ᵇ with a + b = m.
TEST(Sobol, EachBlockHasOnePointInEachElementaryBoxOfTheFirstTwoDimensions) {
  const auto sampler = make_sampler(units(2), {"sobol", 4, 0});
  const int m = 5, size = 1 << m;
  for (int block = 0; block < 4; ++block) {
    for (int a = 0; a <= m; ++a) {
      std::set<std::pair<int, int>> boxes;
      for (int i = 0; i < size; ++i) {
        const Point point = sampler->propose(block * size + i, {});
        boxes.emplace(static_cast<int>(*point[0] * (1 << a)), static_cast<int>(*point[1] * (1 << (m - a))));
      }
      EXPECT_EQ(boxes.size(), static_cast<std::size_t>(size)) << block << " " << a;
    }
  }
}

TEST(Sobol, TwoPointsDifferByTheUnshiftedSequence) {
  // Points 1 and 2 of the unshifted sequence are 1/2 and 3/4 in its first dimension: exclusive or undoes the shift.
  const auto sampler = make_sampler(units(1), {"sobol", 8, 0});
  const auto bits = [&](int number) { return static_cast<std::uint64_t>(*sampler->propose(number, {})[0] * 0x1p53); };
  EXPECT_EQ(bits(1) ^ bits(0), std::uint64_t{1} << 52);
  EXPECT_EQ(bits(2) ^ bits(0), std::uint64_t{3} << 51);
}

TEST(Sobol, SeedsDiffer) {
  EXPECT_NE(make_sampler(units(3), {"sobol", 1, 0})->propose(5, {}),
            make_sampler(units(3), {"sobol", 2, 0})->propose(5, {}));
}

TEST(Sobol, WhatDoesNotCountKeepsItsCoordinate) {
  const SearchSpace all = parse_space(std::vector<std::string>{"a=choice:x|y", "b=0:1", "c=0:1"});
  const SearchSpace some = parse_space(std::vector<std::string>{"a=choice:x|y", "b=0:1:if:a=y", "c=0:1"});
  const auto first = make_sampler(all, {"sobol", 1, 0}), second = make_sampler(some, {"sobol", 1, 0});
  for (int i = 0; i < 16; ++i) {
    Point expected = first->propose(i, {});
    if (*expected[0] == 0) expected[1] = {};
    EXPECT_EQ(second->propose(i, {}), expected);
  }
}

TEST(Sobol, HasAMostOfDimensions) {
  EXPECT_EQ(make_sampler(units(3667), {"sobol", 1, 0})->propose(3, {}).size(), 3667u);
  EXPECT_THAT(error_of([] {
                make_sampler(units(3668), {"sobol", 1, 0});
              }),
              HasSubstr("3668 parameters are more than its 3667"));
}

}  // namespace
}  // namespace thalweg::lab
