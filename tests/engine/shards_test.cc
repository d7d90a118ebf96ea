// Shards: parts of a parameter, each in an optimizer of its own, have the bits of the whole one.
#include "engine/numbers.h"
#include "engine/samples.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rule.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/lamb.h>
#include <thalweg/rules/rmsprop.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const Shape kWhole{100, 101};
constexpr std::size_t kElements = 100 * 101;
/// Where shards begin and end: some on a boundary of a block, some not, one without elements.
constexpr std::size_t kCuts[] = {0, 1, 4096, 4096, 8192, 9001, kElements};
constexpr std::size_t kShards = std::size(kCuts) - 1;

const Settings kSettings{.clip = {ClipBy::value, 0.5}, .average = {.kind = AverageKind::ema, .decay = 0.9}};
const Execution kExecution{.report = Reporting::parameters};

template <class T>
std::vector<T> part_of(const std::vector<T>& whole, std::size_t shard) {
  const auto at = [&](std::size_t i) { return whole.begin() + static_cast<std::ptrdiff_t>(kCuts[i]); };
  return {at(shard), at(shard + 1)};
}

Shape shape_of(std::size_t shard) { return kWhole.shard(kCuts[shard], kCuts[shard + 1] - kCuts[shard]); }

template <class T>
class Shards : public ::testing::Test {};
using Types = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Shards, Types);

TYPED_TEST(Shards, HaveTheBitsOfTheWholeParameter) {
  using T = TypeParam;
  for (const Sample& sample : samples()) {
    const Options options = parse_options(sample.options);
    if (!options.rule().sums.empty()) continue;
    SCOPED_TRACE(sample.options);
    std::vector<T> theta = random_numbers<T>(kElements, 7, sample.options);
    std::vector<std::vector<T>> parts;
    std::vector<Optimizer> optimizers;
    for (std::size_t i = 0; i < kShards; ++i) {
      parts.push_back(part_of(theta, i));
      optimizers.emplace_back(options, kSettings, kExecution).add("theta", parts.back(), shape_of(i));
    }
    Optimizer whole(options, kSettings, kExecution);
    const Handle handle = whole.add("theta", theta, kWhole);
    for (std::uint32_t step = 0; step < sample.steps; ++step) {
      const std::vector<T> gradient = random_numbers<T>(kElements, 8, sample.options, step);
      const StepReport& report = whole.step({{handle, gradient}});
      double squares = 0;
      for (std::size_t i = 0; i < kShards; ++i) {
        const std::vector<T> part = part_of(gradient, i);
        squares += std::pow(optimizers[i].step({{"theta", part}}).update_norm.value(), 2);
      }
      EXPECT_NEAR(std::sqrt(squares), report.update_norm.value(), 1e-6 * std::sqrt(squares));
    }
    for (std::size_t i = 0; i < kShards; ++i) {
      EXPECT_EQ(first_bit_difference<T>(part_of(theta, i), parts[i]), "") << i;
      const std::span<const T> average = whole.template average<T>(handle);
      EXPECT_EQ(first_bit_difference<T>(part_of(std::vector<T>(average.begin(), average.end()), i),
                                        optimizers[i].template average<T>(Handle{0})),
                "")
          << i;
    }
  }
}

TEST(Shard, TellWhereANumberIsNotFinite) {
  std::vector<float> part(5000, 1.0f), gradient(5000, 1.0f);
  gradient[4999] = std::numeric_limits<float>::quiet_NaN();
  Optimizer optimizer{RMSprop{}};
  optimizer.add("theta", part, Shape{1000, 1000}.shard(12345, 5000));
  const StepReport& report = optimizer.step({{"theta", gradient}});
  EXPECT_EQ(report.non_finite, 1);
  EXPECT_EQ(report.first_non_finite, "theta");
}

TEST(Shard, KeepTheirPlaceInTheState) {
  std::vector<float> theta(100, 1.0f), gradient(100, 0.5f);
  const auto with = [&](const Shape& shape) {
    Optimizer optimizer(AdamW{});
    optimizer.add("theta", theta, shape);
    return optimizer;
  };
  Optimizer saved = with(kWhole.shard(200, 100));
  saved.step({{"theta", gradient}});
  Optimizer same = with(kWhole.shard(200, 100));
  same.load(saved.state());
  EXPECT_EQ(same.step_number(Handle{0}), 1);
  EXPECT_EQ(same.shape(Handle{0}), kWhole.shard(200, 100));
  for (const Shape& other : {kWhole.shard(100, 100), Shape{101, 100}.shard(200, 100), Shape{100}}) {
    Optimizer optimizer = with(other);
    EXPECT_THAT(error_of([&] { optimizer.load(saved.state()); }),
                AllOf(HasSubstr("theta"), HasSubstr("[100] at 200 of [100, 101]"), HasSubstr(other.text())));
  }
}

TEST(Shard, AreRefusedWhereTheWholeParameterIsNeeded) {
  std::vector<float> part(100, 1.0f), gradient(100, 1.0f);
  const Shape shard = kWhole.shard(200, 100);
  const auto error_with = [&](Options options, const Settings& settings, const Shape& shape) {
    return error_of([&] { Optimizer(std::move(options), settings).add("theta", part, shape); });
  };
  EXPECT_THAT(error_with(LAMB{}, {}, shard), AllOf(HasSubstr("theta"), HasSubstr("lamb"), HasSubstr("whole")));
  EXPECT_THAT(error_with(AdamW{}, {.step_count = StepCount::per_row}, shard), HasSubstr("no rows"));
  EXPECT_THAT(error_with(AdamW{}, {}, kWhole.shard(kElements - 99, 100)), HasSubstr("10100 elements"));
  EXPECT_THAT(error_with(AdamW{}, {}, kWhole.shard(UINT64_MAX, 100)), HasSubstr("10100 elements"));
  EXPECT_THAT(error_with(AdamW{}, {}, kWhole.shard(0, 99)), HasSubstr("99"));

  Optimizer optimizer(AdamW{}, {.clip = {ClipBy::global_norm, 1}});
  const Handle handle = optimizer.add("theta", part, shard);
  EXPECT_THAT(error_of([&] {
                optimizer.step({{handle, gradient}});
              }),
              AllOf(HasSubstr("clipping by a norm"), HasSubstr("\"theta\""), HasSubstr("[100] at 200 of [100, 101]")));
  EXPECT_EQ(optimizer.step_number(handle), 0);
  EXPECT_THAT(error_of([&] { optimizer.keep_rows(handle, std::vector<std::int64_t>{0}); }), HasSubstr("a shard"));
  EXPECT_THAT(error_of([&] { optimizer.rebind(handle, part, kWhole.shard(300, 100)); }), HasSubstr("at 300"));
  const Group lamb = optimizer.add_group("lamb", LAMB{});
  EXPECT_THAT(error_of([&] { optimizer.move(handle, lamb); }), HasSubstr("whole"));
  optimizer.rebind(handle, part, shard);
  optimizer.remove(handle);
  const Handle whole = optimizer.add("whole", part);
  EXPECT_NO_THROW(optimizer.step({{whole, gradient}}));
}

}  // namespace
}  // namespace thalweg::tests
