// Random streams: Random123's vectors, numbers of an independent implementation, and statistics with wide bounds.
#include "thalweg/random.h"

#include "random/philox.h"
#include "thalweg/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <vector>

namespace thalweg::inline v0_1 {
namespace {

// Random123's kat_vectors, "philox4x32 10".
TEST(Philox, GivesRandom123KnownAnswers) {
  using philox::philox;
  using philox::Words;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

// The numbers come from a separate implementation in Python, with integers of any size.
TEST(Random, GivesTheNumbersOfAnIndependentImplementation) {
  const Random plain{0, RandomPurpose::test};
  const std::vector<std::uint64_t> positions = {0, 1, std::uint64_t{1} << 32, ~std::uint64_t{0}};
  const std::vector<std::uint32_t> plain_bits = {0x6b728cba, 0xefda31b0, 0xc99f34bb, 0x5d959b0f};
  const Random named{0x0123456789abcdef, RandomPurpose::initial_weights, "layer1.weight", 7};
  const std::vector<std::uint32_t> named_bits = {0x3615869a, 0x735a3180, 0xe1f8869a, 0x2f0cf692};
  for (std::size_t i = 0; i < positions.size(); ++i) {
    EXPECT_EQ(plain.bits(positions[i]), plain_bits[i]) << positions[i];
    EXPECT_EQ(named.bits(positions[i]), named_bits[i]) << positions[i];
    EXPECT_EQ(named.uniform(positions[i]), named_bits[i] / 4294967296.0) << positions[i];
  }

  const std::vector<double> normals = {-1.3707183619064374, 1.1879589848144274, 1.3586619289638115, -1.245481791784361};
  const std::vector<std::uint64_t> below_1000 = {157, 771, 919, 955};
  for (std::size_t i = 0; i < normals.size(); ++i) {
    EXPECT_NEAR(named.normal(i), normals[i], 1e-14) << i;
    EXPECT_EQ(named.below(1000, i), below_1000[i]) << i;
  }

  // Half of all candidates are rejected here; positions 3 and 20 need a third block.
  const std::uint64_t bound = (std::uint64_t{1} << 63) + 1;
  EXPECT_EQ(named.below(bound, 0), 3833372680973401178U);
  EXPECT_EQ(named.below(bound, 1), 8208274106462519041U);
  EXPECT_EQ(named.below(bound, 3), 5935173461731136412U);
  EXPECT_EQ(named.below(bound, 20), 1214683644653902146U);

  std::vector<std::int64_t> items(10);
  std::iota(items.begin(), items.end(), 0);
  Random(42, RandomPurpose::shuffle, "epoch", 3).shuffle(items);
  EXPECT_EQ(items, (std::vector<std::int64_t>{0, 6, 9, 7, 8, 2, 5, 4, 1, 3}));
}

TEST(Random, EveryArgumentTellsStreamsApart) {
  std::set<std::vector<std::uint32_t>> streams;
  std::size_t made = 0;
  for (const std::uint64_t seed :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 32, std::uint64_t{1} << 63}) {
    for (const RandomPurpose purpose : {RandomPurpose::initial_weights, RandomPurpose::shuffle, RandomPurpose::test}) {
      for (const char* name : {"", "a", "b", "ab", "ba"}) {
        for (const std::uint32_t step : {0U, 1U, 0x80000000U}) {
          const Random random{seed, purpose, name, step};
          streams.insert({random.bits(0), random.bits(1)});
          ++made;
        }
      }
    }
  }
  EXPECT_EQ(streams.size(), made);
}

// Correlation of the uniforms of two streams; its standard deviation is 1 / √n.
double correlation(const Random& a, const Random& b, std::uint64_t shift) {
  constexpr int kCount = 20000;
  double sum = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    sum += (a.uniform(i) - 0.5) * (b.uniform(i + shift) - 0.5) * 12;
  }
  return sum / kCount;
}

TEST(Random, StreamsAreIndependent) {
  const double bound = 5 / std::sqrt(20000.0);
  const Random base{1, RandomPurpose::dropout, "layer1", 4};
  EXPECT_LT(std::abs(correlation(base, base, 1)), bound);
  EXPECT_LT(std::abs(correlation(base, base, std::uint64_t{1} << 32)), bound);
  EXPECT_LT(std::abs(correlation(base, {2, RandomPurpose::dropout, "layer1", 4}, 0)), bound);
  EXPECT_LT(std::abs(correlation(base, {1, RandomPurpose::split, "layer1", 4}, 0)), bound);
  EXPECT_LT(std::abs(correlation(base, {1, RandomPurpose::dropout, "layer2", 4}, 0)), bound);
  EXPECT_LT(std::abs(correlation(base, {1, RandomPurpose::dropout, "layer1", 5}, 0)), bound);
  EXPECT_GT(correlation(base, base, 0), 0.9);  // The measure sees what it should.
}

TEST(Random, UniformIsUniform) {
  constexpr int kCount = 100000;
  constexpr int kBins = 64;
  const Random random{3, RandomPurpose::test};
  std::vector<double> bins(kBins);
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.uniform(static_cast<std::uint64_t>(i));
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    ++bins[static_cast<std::size_t>(value * kBins)];
    sum += value;
    squares += value * value;
  }
  const double mean = sum / kCount;
  EXPECT_NEAR(mean, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(squares / kCount - mean * mean, 1.0 / 12, 0.002);
  double chi_square = 0;
  for (const double observed : bins) {
    const double expected = double{kCount} / kBins;
    chi_square += (observed - expected) * (observed - expected) / expected;
  }
  // 63 degrees of freedom: mean 63, standard deviation √126 = 11.2.
  EXPECT_GT(chi_square, 63 - 5 * 11.2);
  EXPECT_LT(chi_square, 63 + 5 * 11.2);
}

TEST(Random, NormalIsNormal) {
  constexpr int kCount = 100000;
  const Random random{4, RandomPurpose::test};
  std::vector<double> moments(5);
  int inside_one = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.normal(static_cast<std::uint64_t>(i));
    ASSERT_TRUE(std::isfinite(value));
    inside_one += std::abs(value) < 1 ? 1 : 0;
    for (int power = 1; power <= 4; ++power) {
      moments[static_cast<std::size_t>(power)] += std::pow(value, power) / kCount;
    }
  }
  // Bounds: five standard deviations of each estimate.
  const double scale = 5 / std::sqrt(double{kCount});
  EXPECT_NEAR(moments[1], 0, scale);
  EXPECT_NEAR(moments[2], 1, scale * std::sqrt(2.0));
  EXPECT_NEAR(moments[3], 0, scale * std::sqrt(15.0));
  EXPECT_NEAR(moments[4], 3, scale * std::sqrt(96.0));
  EXPECT_NEAR(double{1} * inside_one / kCount, 0.6826894921, scale * 0.4655);
}

TEST(Random, BelowStaysBelowAndFavoursNobody) {
  const Random random{5, RandomPurpose::test};
  for (const std::uint64_t bound : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{10},
                                    (std::uint64_t{1} << 32) + 1, ~std::uint64_t{0}}) {
    for (std::uint64_t i = 0; i < 1000; ++i) {
      ASSERT_LT(random.below(bound, i), bound);
    }
  }
  constexpr int kCount = 60000;
  std::vector<double> counts(6);
  // At two thirds of 2⁶⁴ a plain remainder would give the lower half twice its share.
  const std::uint64_t two_thirds = ~std::uint64_t{0} / 3 * 2;
  double lower_half = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    ++counts[random.below(6, i)];
    lower_half += random.below(two_thirds, i) < two_thirds / 2 ? 1 : 0;
  }
  for (const double count : counts) {
    EXPECT_NEAR(count, kCount / 6, 5 * std::sqrt(kCount / 6 * 5 / 6));
  }
  EXPECT_NEAR(lower_half / kCount, 0.5, 5 * 0.5 / std::sqrt(kCount));
  EXPECT_THROW(random.below(0, 0), Error);
}

TEST(Random, ShufflePermutes) {
  for (const std::size_t size : {0U, 1U, 17U, 1000U}) {
    std::vector<std::int64_t> items(size);
    std::iota(items.begin(), items.end(), -3);
    const std::vector<std::int64_t> sorted = items;
    Random(6, RandomPurpose::shuffle).shuffle(items);
    EXPECT_EQ(items == sorted, size < 2);
    std::sort(items.begin(), items.end());
    EXPECT_EQ(items, sorted);
  }
}

TEST(Random, ShuffleGivesEveryOrderItsShare) {
  constexpr int kCount = 24000;
  std::map<std::vector<std::int64_t>, int> counts;
  for (std::uint32_t step = 0; step < kCount; ++step) {
    std::vector<std::int64_t> items = {0, 1, 2, 3};
    Random(7, RandomPurpose::shuffle, "epoch", step).shuffle(items);
    ++counts[items];
  }
  EXPECT_EQ(counts.size(), 24U);
  for (const auto& [order, count] : counts) {
    EXPECT_NEAR(count, 1000, 5 * std::sqrt(1000.0));
  }
}

}  // namespace
}  // namespace thalweg::inline v0_1
