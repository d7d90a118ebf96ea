// Rules that are added from outside: the same bits as thalweg's own, everything by name, and names that are refused.
#include "engine/numbers.h"
#include "error_of.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace thalweg::tests {

/// SGD with momentum once more, under another name.
struct Heavy {
  double lr = 1e-2;
  double momentum = 0.9;
  double weight_decay = 0;

  static constexpr std::string_view name = "heavy_ball";
  static constexpr std::string_view title = "rolls";
  static constexpr std::string_view formula = "b ← μ b + g,  θ ← θ − η b";
  static constexpr std::string_view source = "Polyak (1964)";

  template <class Visitor>
  static constexpr void describe(Visitor&& option) {
    option("lr", &Heavy::lr, at_least(0), "learning rate η");
    option("momentum", &Heavy::momentum, from_below(0, 1), "momentum μ");
    option("weight_decay", &Heavy::weight_decay, at_least(0), "weight decay λ");
  }

  template <class Visitor>
  constexpr void columns(Visitor&& column) const {
    column("b", ColumnKind::average, true, 0.0);
  }

  struct Coefficients {
    double lr, momentum;
  };
  Coefficients coefficients(const StepNumbers&) const { return {.lr = lr, .momentum = momentum}; }
};

}  // namespace thalweg::tests

#define THALWEG_OWN_RULE tests::Heavy
#define THALWEG_OWN_RULE_FORMULA "engine/own_rule-inl.h"
#include <thalweg/own_rule.h>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(OwnRule, HasTheBitsOfThalwegsOwn) {
  add_rule<Heavy>();
  std::vector<std::string> backends = cpu_targets();
  backends.push_back("reference");
  for (const std::string& backend : backends) {
    for (const std::size_t length : {0u, 1u, 7u, 33u, 5000u}) {
      std::vector<float> ours = random_numbers<float>(length, 3, "theta"), theirs = ours;
      const Settings settings{.clip = {ClipBy::global_norm, 3}, .average = {.kind = AverageKind::ema}};
      Optimizer own(Heavy{.lr = 0.1, .momentum = 0.7, .weight_decay = 0.1}, settings, {.backend = backend});
      Optimizer sgd(SGD{.lr = 0.1, .momentum = 0.7, .weight_decay = 0.1}, settings, {.backend = backend});
      own.add("theta", ours);
      sgd.add("theta", theirs);
      for (std::uint32_t step = 0; step < 4; ++step) {
        const std::vector<float> gradient = random_numbers<float>(length, 3, "gradient", step);
        own.step({{"theta", gradient}});
        sgd.step({{"theta", gradient}});
      }
      EXPECT_EQ(own.target(), backend);
      EXPECT_EQ(first_bit_difference<float>(ours, theirs), "") << backend << ", " << length;
    }
  }
}

TEST(OwnRule, IsKnownByName) {
  const RuleInfo& info = add_rule<Heavy>();
  EXPECT_EQ(&rule("heavy_ball"), &info);
  EXPECT_EQ(std::ranges::count(rules(), &info), 1);
  EXPECT_TRUE(std::ranges::is_sorted(rules(), {}, &RuleInfo::name));
  EXPECT_EQ(parse_options("heavy_ball:momentum=0.5"), Options(Heavy{.momentum = 0.5}));
  EXPECT_THAT(error_of([] { parse_options("heavy_ball:momentum=2"); }),
              HasSubstr("heavy_ball: momentum = 2 is outside"));
  EXPECT_THAT(error_of([] { parse_options("heavy_bal"); }), HasSubstr("did you mean heavy_ball?"));

  std::vector<double> theta{1};
  Optimizer optimizer(Heavy{}), sgd(SGD{});
  optimizer.add("theta", theta);
  optimizer.step({{"theta", std::vector<double>{1}}});
  const State state = optimizer.state();
  optimizer.load(state);
  std::vector<double> other{1};
  sgd.add("theta", other);
  EXPECT_THAT(error_of([&] { sgd.load(state); }), HasSubstr("is of rule heavy_ball, the optimizer's is sgd"));
}

TEST(OwnRule, NamesThatAreRefused) {
  const auto refused = [](std::string_view name) {
    Rule rule = make_rule<Heavy, Heavy>();
    rule.name = name;
    return error_of([&] { add_rule(rule); });
  };
  EXPECT_THAT(refused("rmsprop"), HasSubstr("add_rule: the name \"rmsprop\" is taken"));
  for (const char* name : {"", "Heavy", "heavy ball", "heavy:lr", "schwer\xc3\xa4"}) {
    EXPECT_THAT(refused(name), HasSubstr("lower-case letters, digits and underscores")) << name;
  }
  Rule without_lr = make_rule<Heavy, Heavy>();
  without_lr.name = "without_lr";
  without_lr.options.erase(without_lr.options.begin());
  EXPECT_THAT(error_of([&] { add_rule(without_lr); }), HasSubstr("without_lr has no option lr"));
}

TEST(OwnRuleThreads, AreAddedWhileOthersLook) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([] {
      for (int turn = 0; turn < 50; ++turn) {
        add_rule<Heavy>();
        EXPECT_EQ(rule("heavy_ball").name, "heavy_ball");
        EXPECT_GE(rules().size(), 13u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace thalweg::tests
