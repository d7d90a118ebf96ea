// Steps in parts: the bits of one call in any order, parts that fail, and what must not happen in between.
#include "engine/numbers.h"
#include "engine/samples.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kSeed = 31;

/// Six tensors of both types; gradients that are there for the step alone.
struct Network {
  Network(const Options& options, Settings settings, Execution execution)
      : optimizer(options, std::move(settings), std::move(execution)) {
    for (std::uint32_t i = 0; i < 3; ++i) {
      floats.push_back(random_numbers<float>(kSizes[i], kSeed, "floats", i));
      doubles.push_back(random_numbers<double>(kSizes[i], kSeed, "doubles", i));
    }
    for (std::size_t i = 0; i < 3; ++i) {
      handles.push_back(optimizer.add("f" + std::to_string(i), floats[i]));
      handles.push_back(optimizer.add("d" + std::to_string(i), doubles[i]));
    }
  }

  std::vector<float> float_gradient(std::size_t i, std::uint32_t number) const {
    return random_numbers<float>(kSizes[i / 2], kSeed + i, "gradient", number);
  }
  std::vector<double> double_gradient(std::size_t i, std::uint32_t number) const {
    auto gradient = random_numbers<double>(kSizes[i / 2], kSeed + i, "gradient", number);
    if (i == 1) gradient.assign(gradient.size(), 0);  // whose norm cannot be told from one that has vanished
    if (i == 3) {
      for (double& g : gradient) g *= 1e180;  // whose squares overflow
    }
    return gradient;
  }

  /// Parameter 4 has no gradient in odd steps.
  bool has_gradient(std::size_t i, std::uint32_t number) const { return i != 4 || number % 2 == 0; }

  StepReport step(std::uint32_t number) {
    std::vector<std::vector<float>> f(6);
    std::vector<std::vector<double>> d(6);
    std::vector<Gradient> list;
    for (std::size_t i = 0; i < 6; ++i) {
      if (!has_gradient(i, number)) continue;
      if (i % 2 == 0) {
        list.emplace_back(handles[i], f[i] = float_gradient(i, number));
      } else {
        list.emplace_back(handles[i], d[i] = double_gradient(i, number));
      }
    }
    return optimizer.step(list);
  }

  /// Each gradient is freed as soon as its part has been taken.
  void update(std::size_t i, std::uint32_t number) {
    if (i % 2 == 0) {
      const std::unique_ptr<std::vector<float>> gradient =
          std::make_unique<std::vector<float>>(float_gradient(i, number));
      optimizer.update({handles[i], *gradient});
    } else {
      const std::unique_ptr<std::vector<double>> gradient =
          std::make_unique<std::vector<double>>(double_gradient(i, number));
      optimizer.update({handles[i], *gradient});
    }
  }

  StepReport step_in_parts(std::uint32_t number, std::uint64_t order) {
    const Random random(order, RandomPurpose::test, "order");
    std::vector<std::size_t> sequence{0, 1, 2, 3, 4, 5};
    for (std::size_t i = 5; i > 0; --i) {
      std::swap(sequence[i], sequence[static_cast<std::size_t>(random.below(i + 1, i))]);
    }
    optimizer.begin_step();
    for (const std::size_t i : sequence) {
      if (has_gradient(i, number)) update(i, number);
    }
    return optimizer.end_step();
  }

  std::vector<std::byte> bytes() const {
    std::vector<std::byte> all = safetensors::to_bytes(optimizer.state());
    for (const auto& theta : floats) all.insert(all.end(), bytes_of(theta).begin(), bytes_of(theta).end());
    for (const auto& theta : doubles) all.insert(all.end(), bytes_of(theta).begin(), bytes_of(theta).end());
    return all;
  }
  template <class T>
  static std::span<const std::byte> bytes_of(const std::vector<T>& numbers) {
    return std::as_bytes(std::span(numbers));
  }

  static constexpr std::size_t kSizes[] = {7, 5000, 129};
  std::vector<std::vector<float>> floats;
  std::vector<std::vector<double>> doubles;
  std::vector<Handle> handles;
  Optimizer optimizer;
};

void expect_same(const StepReport& a, const StepReport& b) {
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.gradient_norm, b.gradient_norm);
  EXPECT_EQ(a.update_norm, b.update_norm);
  EXPECT_EQ(a.parameter_norm, b.parameter_norm);
  EXPECT_EQ(a.clip_factor, b.clip_factor);
  EXPECT_EQ(a.non_finite, b.non_finite);
  EXPECT_EQ(a.first_non_finite, b.first_non_finite);
  ASSERT_EQ(a.parameters.size(), b.parameters.size());
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    const ParameterReport &x = a.parameters[i], &y = b.parameters[i];
    EXPECT_EQ(x.name, y.name);
    EXPECT_EQ(x.gradient_norm, y.gradient_norm) << x.name;
    EXPECT_EQ(x.update_norm, y.update_norm) << x.name;
    EXPECT_EQ(x.parameter_norm, y.parameter_norm) << x.name;
    EXPECT_EQ(x.clip_factor, y.clip_factor) << x.name;
    EXPECT_EQ(x.zero_share, y.zero_share) << x.name;
    EXPECT_EQ(x.non_finite, y.non_finite) << x.name;
  }
}

class Parts : public ::testing::TestWithParam<Sample> {};

TEST_P(Parts, HaveTheBitsOfOneCallInAnyOrder) {
  const Options options = parse_options(GetParam().options);
  const Average ema{.kind = AverageKind::ema, .decay = 0.9, .bias_correction = true, .overwrite_every = 3};
  const std::vector<std::pair<Settings, Reporting>> all{
      {{}, Reporting::none},
      {{.average = ema}, Reporting::parameters},
      {{.step_count = StepCount::shared, .clip = {ClipBy::value, 0.5}, .average = ema}, Reporting::totals},
      {{.loss_scale = 8, .clip = {ClipBy::norm, 2}}, Reporting::parameters},
      {{.clip = {ClipBy::norm, 2}, .check = Check::off}, Reporting::none}};
  for (std::size_t k = 0; k < all.size(); ++k) {
    SCOPED_TRACE("settings " + std::to_string(k));
    const auto& [settings, report] = all[k];
    Network whole(options, settings, {.report = report}), parts(options, settings, {.report = report});
    for (std::uint32_t number = 0; number < 4; ++number) {
      const StepReport expected = whole.step(number);
      expect_same(parts.step_in_parts(number, 10 * k + number), expected);
      expect_same(parts.optimizer.report(), expected);
    }
    EXPECT_EQ(parts.bytes(), whole.bytes());
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, Parts, ::testing::ValuesIn(samples()),
                         [](const auto& info) { return info.param.rule(); });

TEST(StepInParts, ThreadsChangeNoBit) {
  std::vector<float> first;
  for (const int threads : {1, 2, 3}) {
    std::vector<float> theta = random_numbers<float>(200'001, kSeed, "theta");
    Optimizer optimizer(RMSprop{.momentum = 0.9}, {.clip = {ClipBy::norm, 3}},
                        {.report = Reporting::totals, .threads = threads});
    const Handle handle = optimizer.add("theta", theta);
    const std::vector<float> gradient = random_numbers<float>(theta.size(), kSeed, "gradient");
    optimizer.begin_step();
    optimizer.update({handle, gradient});
    optimizer.end_step();
    if (first.empty()) first = theta;
    EXPECT_EQ(first_bit_difference<float>(theta, first), "") << threads;
  }
}

TEST(StepInParts, APartThatFailsChangesNothingAndTheStepGoesOn) {
  const Settings settings{.average = {.kind = AverageKind::ema}};
  const Execution execution{.report = Reporting::parameters};
  Network whole(RMSprop{.momentum = 0.5}, settings, execution), parts(RMSprop{.momentum = 0.5}, settings, execution);
  for (Network* network : {&whole, &parts}) network->step(0);
  Optimizer& optimizer = parts.optimizer;
  const std::vector<float> wrong(8);
  const std::vector<double> other(129);
  const auto fail = [&] {
    const std::vector<std::vector<float>> thetas = parts.floats;
    EXPECT_THAT(error_of([&] { optimizer.update({"f2", wrong}); }), HasSubstr("has 8 elements, the parameter 129"));
    EXPECT_THAT(error_of([&] { optimizer.update({"f2", other}); }), HasSubstr("is f64, the parameter f32"));
    EXPECT_THAT(error_of([&] { optimizer.update({"f", wrong}); }), HasSubstr("unknown parameter \"f\""));
    EXPECT_THAT(error_of([&] { optimizer.update({"f2", parts.floats[2]}); }), HasSubstr("overlaps"));
    EXPECT_EQ(parts.floats, thetas);
    EXPECT_TRUE(optimizer.in_step());
  };
  optimizer.begin_step();
  fail();
  for (const std::size_t i : {3u, 0u, 1u, 5u, 2u}) {
    parts.update(i, 1);
    EXPECT_THAT(error_of([&] { parts.update(i, 1); }), HasSubstr("two gradients for"));
    fail();
  }
  expect_same(optimizer.end_step(), whole.step(1));
  EXPECT_EQ(parts.bytes(), whole.bytes());
}

TEST(StepInParts, CallsOutOfTurn) {
  std::vector<float> theta{1}, more{1};
  const std::vector<float> gradient{1};
  Optimizer optimizer(SGD{.lr = 1, .momentum = 0.5}, {.average = {.kind = AverageKind::ema}});
  const Handle handle = optimizer.add("theta", theta);
  const Group other = optimizer.add_group("other", SGD{});
  optimizer.step({{"theta", gradient}});
  const State state = optimizer.state();
  EXPECT_THAT(error_of([&] {
                optimizer.update({handle, gradient});
              }),
              HasSubstr("update: no step has begun; begin_step() first"));
  EXPECT_THAT(error_of([&] { optimizer.end_step(); }), HasSubstr("end_step: no step has begun"));

  optimizer.begin_step();
  EXPECT_TRUE(optimizer.in_step());
  optimizer.update({handle, gradient});
  const std::vector<std::int64_t> rows{0};
  const std::vector<std::pair<std::string, std::function<void()>>> refused{
      {"begin_step", [&] { optimizer.begin_step(); }},
      {"step", [&] { optimizer.step({}); }},
      {"state", [&] { optimizer.state(); }},
      {"state", [&] { optimizer.save(std::filesystem::temp_directory_path() / "never_written"); }},
      {"load", [&] { optimizer.load(state); }},
      {"swap_averages", [&] { optimizer.swap_averages(); }},
      {"add_group", [&] { optimizer.add_group("late", SGD{}); }},
      {"remove", [&] { optimizer.remove(handle); }},
      {"move", [&] { optimizer.move(handle, other); }},
      {"rebind with a shape",
       [&] {
         optimizer.rebind(handle, std::span(theta), Shape{1, 1});
       }},
      {"set", [&] { optimizer.set("lr", 2); }},
      {"set", [&] { optimizer.set(Group{}, "lr", 2); }},
      {"set_options", [&] { optimizer.set_options({}, SGD{}); }},
      {"set_clip", [&] { optimizer.set_clip({ClipBy::global_norm}); }},
      {"set_check", [&] { optimizer.set_check(Check::guard); }},
      {"set_report", [&] { optimizer.set_report(Reporting::totals); }},
      {"set_average", [&] { optimizer.set_average({}); }},
      {"keep_rows", [&] { optimizer.keep_rows(handle, rows); }},
      {"append_rows", [&] { optimizer.append_rows(handle, std::span(theta)); }},
      {"reset_rows", [&] { optimizer.reset_rows(handle, rows); }}};
  for (const auto& [what, call] : refused) {
    EXPECT_EQ(error_of(call), what + ": a step has begun and not ended; end_step() first");
  }
  // A parameter that joins is one without a gradient, unless it is given one.
  const Handle joined = optimizer.add("more", more);
  optimizer.update({joined, gradient});
  EXPECT_TRUE(optimizer.end_step().applied());
  EXPECT_FALSE(optimizer.in_step());
  EXPECT_EQ(theta[0], 1 - 1 - 1.5f);
  EXPECT_EQ(more[0], 0);
  EXPECT_THAT(error_of([&] { optimizer.update({handle, gradient}); }), HasSubstr("update: no step has begun"));
  EXPECT_THAT(error_of([&] { optimizer.end_step(); }), HasSubstr("end_step: no step has begun"));
  optimizer.begin_step();
  EXPECT_TRUE(optimizer.end_step().applied()) << "a step without gradients";
  optimizer.step({{handle, gradient}});
}

TEST(StepInParts, RefusesWhatMustSeeAllGradients) {
  const auto begun = [](const Settings& settings) {
    Optimizer optimizer(SGD{}, settings);
    const std::string message = error_of([&] { optimizer.begin_step(); });
    EXPECT_FALSE(optimizer.in_step());
    optimizer.step({});
    return message;
  };
  EXPECT_THAT(begun({.clip = {ClipBy::global_norm}}),
              AllOf(HasSubstr("begin_step: clipping by the global norm must see all gradients first"),
                    HasSubstr("clip by norm or value, or take the step in one call")));
  EXPECT_THAT(begun({.check = Check::guard}), AllOf(HasSubstr("Check::guard"), HasSubstr("use Check::detect")));
  EXPECT_THAT(begun({.accumulation = {.calls = 2}}), AllOf(HasSubstr("accumulation"), HasSubstr("in one call")));
  EXPECT_THAT(begun({.dynamic_loss_scale = {.on = true}, .check = Check::guard}), HasSubstr("dynamic loss scale"));
}

}  // namespace
}  // namespace thalweg::tests
