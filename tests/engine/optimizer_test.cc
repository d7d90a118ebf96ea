// Optimizer: parameters, groups, options, gradients, and what it says about every misuse.
#include "engine/numbers.h"

#include <thalweg/error.h>
#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/nadam.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// The message of the Error that `call` throws.
template <class F>
std::string error_of(F&& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

// Options ---------------------------------------------------------------------------------------------------------

TEST(Options, ComeFromTheStructAndGoBack) {
  const Options options = RMSprop{.lr = 0.5, .alpha = 0.25, .centered = true};
  EXPECT_EQ(options.rule().name, "rmsprop");
  EXPECT_EQ(options.get("lr"), 0.5);
  EXPECT_EQ(options.get("alpha"), 0.25);
  EXPECT_EQ(options.get("centered"), 1);
  EXPECT_EQ(options.get("eps"), RMSprop{}.eps);
  const RMSprop back = options.as<RMSprop>();
  EXPECT_EQ(back.lr, 0.5);
  EXPECT_TRUE(back.centered);
  EXPECT_EQ(Options(back), options);
  EXPECT_NE(Options(RMSprop{}), options);
}

TEST(Options, DefaultsArePyTorchs) {
  EXPECT_EQ(Options::of("rmsprop"), Options(RMSprop{.lr = 1e-2, .alpha = 0.99, .eps = 1e-8}));
  EXPECT_EQ(Options::of("adam"), Options(Adam{.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}));
  EXPECT_EQ(Options::of("adamw").get("weight_decay"), 1e-2);
  EXPECT_EQ(Options::of("adamw").get("decoupled_weight_decay"), 1);
  EXPECT_EQ(Options::of("amsgrad").get("amsgrad"), 1);
  EXPECT_EQ(Options::of("nadam"), Options(Nadam{.lr = 2e-3, .momentum_decay = 4e-3}));
  EXPECT_EQ(Options::of("sgd"), Options(SGD{.lr = 1e-3}));
}

TEST(Options, TextGoesThereAndBack) {
  for (const char* text : {"rmsprop", "rmsprop:lr=0.001,centered=true", "sgd:momentum=0.9,nesterov=true",
                           "adam:lr=0.1,beta2=0.1234567890123456", "nadam:eps=1e-300"}) {
    EXPECT_EQ(parse_options(parse_options(text).text()), parse_options(text));
    EXPECT_EQ(parse_options(text).text(), text);
  }
}

TEST(Options, OutsideTheRange) {
  Options options = RMSprop{};
  const Options before = options;
  EXPECT_THAT(error_of([&] { options.set("alpha", 1.2); }), HasSubstr("rmsprop: alpha = 1.2 is outside [0, 1)"));
  EXPECT_THAT(error_of([&] { options.set("alpha", 1); }), HasSubstr("[0, 1)"));
  EXPECT_THAT(error_of([&] { options.set("alpha", -0.1); }), HasSubstr("-0.1"));
  EXPECT_THAT(error_of([&] { options.set("lr", -1); }), AllOf(HasSubstr("lr = -1"), HasSubstr("[0, ")));
  EXPECT_THAT(error_of([&] { options.set("lr", std::numeric_limits<double>::infinity()); }), HasSubstr("lr = inf"));
  EXPECT_THAT(error_of([&] { options.set("eps", std::nan("")); }), AllOf(HasSubstr("eps"), HasSubstr("nan")));
  EXPECT_THAT(error_of([&] { options.set("centered", 2); }), AllOf(HasSubstr("centered = 2"), HasSubstr("true")));
  EXPECT_EQ(options, before);
  EXPECT_THAT(error_of([] { Options(RMSprop{.alpha = 1.2}); }), HasSubstr("alpha = 1.2"));
  EXPECT_THAT(error_of([] { Options(SGD{.dampening = 1.5}); }), HasSubstr("dampening = 1.5 is outside [0, 1]"));
  options.set("alpha", 0);
  options.set("lr", 0);
  Options(SGD{.dampening = 1});
}

TEST(Options, UnknownNames) {
  Options options = RMSprop{};
  EXPECT_THAT(error_of([&] { options.set("aplha", 0.5); }), AllOf(HasSubstr("aplha"), HasSubstr("alpha?")));
  EXPECT_THAT(error_of([&] { (void)options.get("momentun"); }), AllOf(HasSubstr("momentun"), HasSubstr("momentum")));
  EXPECT_THAT(error_of([] { Options::of("rmsprob"); }), AllOf(HasSubstr("rmsprob"), HasSubstr("rmsprop")));
  EXPECT_THAT(error_of([] { (void)rule("quux"); }), AllOf(HasSubstr("quux"), HasSubstr("sgd")));
  EXPECT_FALSE(options.has("beta1"));
  EXPECT_TRUE(options.has("alpha"));
}

TEST(Options, TextThatIsWrong) {
  EXPECT_THAT(error_of([] { parse_options("rmsprop:alpha=x"); }), AllOf(HasSubstr("alpha"), HasSubstr("x")));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:alpha=0.5x"); }), HasSubstr("0.5x"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:alpha="); }), HasSubstr("alpha"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:alpha"); }), HasSubstr("alpha"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:"); }), HasSubstr("rmsprop"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:lr=1,"); }), HasSubstr("rmsprop:lr=1,"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:lr=1,lr=2"); }), HasSubstr("lr"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:centered=maybe"); }), HasSubstr("maybe"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:lr=1e999"); }), HasSubstr("1e999"));
  EXPECT_THAT(error_of([] { parse_options("rmsprop:lr=nan"); }), HasSubstr("lr"));
  EXPECT_THAT(error_of([] { parse_options(""); }), Not(IsEmpty()));
}

TEST(Rules, AreDescribedCompletely) {
  EXPECT_TRUE(std::ranges::is_sorted(rules(), {}, [](const RuleInfo* info) { return info->name; }));
  for (const RuleInfo* info : rules()) {
    EXPECT_EQ(&rule(info->name), info);
    for (const std::string_view text : {info->name, info->title, info->formula, info->source}) EXPECT_NE(text, "");
    for (const OptionInfo& option : info->options) {
      EXPECT_TRUE(option.range.contains(option.default_value)) << info->name << ", " << option.name;
      EXPECT_NE(option.meaning, "") << option.name;
    }
    EXPECT_TRUE(info->find_option("lr") >= 0) << info->name;
  }
}

// Parameters ------------------------------------------------------------------------------------------------------

TEST(Optimizer, TheFirstExample) {
  std::vector<float> weight = {1, 2}, gradient = {0.5f, -4};
  Optimizer optimizer{SGD{.lr = 0.5}};
  optimizer.add("layer1.weight", weight);
  optimizer.step({{"layer1.weight", gradient}});
  EXPECT_THAT(weight, ElementsAre(0.75f, 4));
}

TEST(Optimizer, TakesAnyContiguousRange) {
  std::array<double, 2> a = {1, 2};
  double b[2] = {3, 4};
  std::vector<float> c = {5};
  Optimizer optimizer{SGD{.lr = 1}};
  optimizer.add("a", a);
  optimizer.add("b", std::span<double>(b));
  const std::string name = "c";
  const Handle handle = optimizer.add(name, c);
  const std::array<double, 2> ga = {1, 1};
  const std::vector<double> gb = {1, 1};
  const std::span<const float> gc = c;
  (void)gc;
  const std::vector<float> one = {1};
  optimizer.step({{"a", ga}, {std::string("b"), gb}, {handle, one}});
  EXPECT_THAT(a, ElementsAre(0, 1));
  EXPECT_THAT(b, ElementsAre(2, 3));
  EXPECT_THAT(c, ElementsAre(4));
}

TEST(Optimizer, NamesAndHandles) {
  std::vector<float> a(1), b(2), c(3);
  Optimizer optimizer{SGD{}};
  const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b), hc = optimizer.add("c", c);
  EXPECT_THAT(optimizer.handles(), ElementsAre(ha, hb, hc));
  EXPECT_EQ(optimizer.find("b"), hb);
  EXPECT_EQ(optimizer.name(hc), "c");
  optimizer.remove(hb);
  EXPECT_EQ(optimizer.size(), 2u);
  EXPECT_FALSE(optimizer.contains("b"));
  EXPECT_THAT(optimizer.handles(), ElementsAre(ha, hc));
  EXPECT_THAT(error_of([&] { (void)optimizer.name(hb); }), HasSubstr("removed"));
  const Handle again = optimizer.add("b", b);  // name and memory are free again, the handle is not
  EXPECT_NE(again, hb);
  EXPECT_THAT(optimizer.handles(), ElementsAre(ha, hc, again));
  EXPECT_THAT(error_of([&] { optimizer.remove(hb); }), HasSubstr("removed"));
  EXPECT_THAT(error_of([&] { (void)optimizer.find("d"); }), HasSubstr("\"d\""));
  EXPECT_THAT(error_of([&] { (void)optimizer.name(Handle{}); }), HasSubstr("handle"));
}

TEST(Optimizer, UnknownNamesAreSuggested) {
  std::vector<float> weight(1), bias(1);
  Optimizer optimizer{SGD{}};
  optimizer.add("layer1.weight", weight);
  optimizer.add("layer1.bias", bias);
  EXPECT_THAT(error_of([&] { (void)optimizer.find("layer1.weigth"); }),
              AllOf(HasSubstr("layer1.weigth"), HasSubstr("layer1.weight")));
  EXPECT_THAT(error_of([&] { optimizer.step({{"layer1.bais", bias}}); }), HasSubstr("layer1.bias"));
  EXPECT_THAT(error_of([&] { (void)optimizer.column<float>(optimizer.find("layer1.bias"), "momentum"); }),
              AllOf(HasSubstr("momentum"), HasSubstr("b")));
}

TEST(Optimizer, NameTakenTwice) {
  std::vector<float> a(1), b(1);
  Optimizer optimizer{SGD{}};
  optimizer.add("a", a);
  EXPECT_THAT(error_of([&] { optimizer.add("a", b); }), AllOf(HasSubstr("\"a\""), HasSubstr("taken")));
  EXPECT_EQ(optimizer.size(), 1u);
  optimizer.add("b", b);
}

TEST(Optimizer, ParametersMayNotOverlap) {
  std::vector<float> memory(100);
  const std::span<float> all(memory);
  Optimizer optimizer{SGD{}};
  optimizer.add("middle", all.subspan(40, 20));
  for (const auto& [begin, size] : {std::pair{40, 20}, {30, 11}, {59, 10}, {45, 2}, {0, 100}}) {
    const auto part = all.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(size));
    EXPECT_THAT(error_of([&] { optimizer.add("other", part); }),
                AllOf(HasSubstr("\"other\""), HasSubstr("\"middle\"")));
    EXPECT_FALSE(optimizer.contains("other"));
  }
  optimizer.add("left", all.first(40));
  const Handle right = optimizer.add("right", all.subspan(60));
  optimizer.add("empty", all.subspan(50, 0));
  EXPECT_THAT(error_of([&] { optimizer.rebind(right, all.first(40)); }),
              AllOf(HasSubstr("\"right\""), HasSubstr("\"left\"")));
  optimizer.rebind(right, all.subspan(60));  // where it is already
}

TEST(Optimizer, RebindOverItsOwnMemory) {
  std::vector<double> memory = {1, 2, 3, 4, 5, 6, 7, 8};
  const std::span<double> all(memory);
  Optimizer optimizer{SGD{.lr = 1}};
  const Handle handle = optimizer.add("a", all.first(4));
  optimizer.add("b", all.subspan(6, 2));
  optimizer.rebind(handle, all.subspan(2, 4));
  EXPECT_THAT(error_of([&] { optimizer.rebind(handle, all.subspan(3, 4)); }), HasSubstr("\"b\""));
  optimizer.step({{handle, std::vector<double>{1, 1, 1, 1}}});
  EXPECT_THAT(memory, ElementsAre(1, 2, 2, 3, 4, 5, 7, 8));
}

TEST(Optimizer, RebindKeepsTypeAndLength) {
  std::vector<float> a(3), shorter(2);
  std::vector<double> other(3);
  Optimizer optimizer{SGD{}};
  const Handle handle = optimizer.add("a", a);
  EXPECT_THAT(error_of([&] { optimizer.rebind(handle, std::span(shorter)); }),
              AllOf(HasSubstr("\"a\""), HasSubstr("3"), HasSubstr("2")));
  EXPECT_THAT(error_of([&] { optimizer.rebind(handle, std::span(other)); }),
              AllOf(HasSubstr("\"a\""), HasSubstr("f32"), HasSubstr("f64")));
}

TEST(Optimizer, MovedFromAndTo) {
  std::vector<float> a = {1}, gradient = {1};
  Optimizer first{SGD{.lr = 1, .momentum = 0.5}};
  const Handle handle = first.add("a", a);
  first.step({{handle, gradient}});
  Optimizer second = std::move(first);
  second.step({{handle, gradient}});
  EXPECT_THAT(a, ElementsAre(1 - 1 - 1.5f));
}

TEST(Optimizer, SettingsThatAreWrong) {
  EXPECT_THAT(error_of([] { Optimizer(SGD{}, {.threads = -1}); }), AllOf(HasSubstr("threads"), HasSubstr("-1")));
  EXPECT_THAT(error_of([] { Optimizer(SGD{}, {.backend = "AVX4"}); }), AllOf(HasSubstr("AVX4"), HasSubstr("AVX")));
  EXPECT_EQ(Optimizer(SGD{}).target(), cpu_targets().front());
  EXPECT_EQ(Optimizer(SGD{}, {.backend = "reference"}).target(), "reference");
}

// Groups ----------------------------------------------------------------------------------------------------------

TEST(Groups, HaveOptionsOfTheirOwn) {
  std::vector<double> a = {1}, b = {1}, gradient = {1};
  Optimizer optimizer{SGD{.lr = 0.5}};
  const Group slow = optimizer.add_group("slow", SGD{.lr = 0.25});
  EXPECT_EQ(optimizer.group("slow"), slow);
  EXPECT_EQ(optimizer.group(""), Group{});
  EXPECT_EQ(optimizer.group_name(slow), "slow");
  EXPECT_EQ(optimizer.group_count(), 2u);
  const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b, slow);
  optimizer.step({{ha, gradient}, {hb, gradient}});
  EXPECT_THAT(a, ElementsAre(0.5));
  EXPECT_THAT(b, ElementsAre(0.75));
  optimizer.set("lr", 1);
  EXPECT_EQ(optimizer.lr(slow), 1);
  optimizer.set(slow, "lr", 2);
  EXPECT_EQ(optimizer.lr(), 1);
  optimizer.move(ha, slow);
  EXPECT_EQ(optimizer.group_of(ha), slow);
  optimizer.step({{ha, gradient}});
  EXPECT_THAT(a, ElementsAre(-1.5));
  optimizer.set_options(slow, SGD{.lr = 4});
  optimizer.step({{ha, gradient}});
  EXPECT_THAT(a, ElementsAre(-5.5));
}

TEST(Groups, ErrorsChangeNothing) {
  std::vector<float> a(1);
  Optimizer optimizer{SGD{.lr = 0.5}};
  const Group slow = optimizer.add_group("slow", SGD{.lr = 0.25});
  EXPECT_THAT(error_of([&] { optimizer.add_group("slow", SGD{}); }), HasSubstr("\"slow\""));
  EXPECT_THAT(error_of([&] { optimizer.add_group("", SGD{}); }), HasSubstr("taken"));
  EXPECT_THAT(error_of([&] { optimizer.add_group("adam", Adam{}); }), AllOf(HasSubstr("adam"), HasSubstr("sgd")));
  EXPECT_THAT(error_of([&] { optimizer.set_options(slow, RMSprop{}); }), AllOf(HasSubstr("rmsprop"), HasSubstr("sgd")));
  EXPECT_THAT(error_of([&] { (void)optimizer.group("slwo"); }), AllOf(HasSubstr("slwo"), HasSubstr("slow")));
  EXPECT_THAT(error_of([&] { optimizer.add("a", a, Group{7}); }), HasSubstr("7"));
  EXPECT_THAT(error_of([&] { (void)optimizer.options(Group{7}); }), HasSubstr("7"));
  EXPECT_THAT(error_of([&] { optimizer.set("lr", -1); }), HasSubstr("lr = -1"));
  EXPECT_THAT(error_of([&] { optimizer.set("rl", 1); }), HasSubstr("lr"));
  EXPECT_EQ(optimizer.group_count(), 2u);
  EXPECT_EQ(optimizer.size(), 0u);
  EXPECT_EQ(optimizer.lr(), 0.5);
  EXPECT_EQ(optimizer.lr(slow), 0.25);
}

// Steps -----------------------------------------------------------------------------------------------------------

/// Two parameters with some state, and a step that must fail without changing anything.
class StepError : public ::testing::Test {
 protected:
  StepError() {
    optimizer_.add("a", a_);
    optimizer_.add("b", b_);
    optimizer_.step({{"a", ga_}, {"b", gb_}});
  }

  std::string error_of_step(std::initializer_list<Gradient> gradients) {
    const std::vector<float> a = a_;
    const std::vector<double> b = b_;
    const auto state = safetensors::to_bytes(optimizer_.state());
    std::string error = error_of([&] { optimizer_.step(gradients); });
    EXPECT_EQ(a_, a);
    EXPECT_EQ(b_, b);
    EXPECT_EQ(safetensors::to_bytes(optimizer_.state()), state);
    optimizer_.step({{"a", ga_}, {"b", gb_}});  // and the next one is as if nothing had been
    EXPECT_EQ(optimizer_.step_number(optimizer_.find("a")), steps_ += 1);
    return error;
  }

  std::vector<float> a_ = {1, 2, 3, 4, 5, 6}, ga_ = {1, 1, 1, 1, 1, 1};
  std::vector<double> b_ = {1, 2}, gb_ = {1, 1};
  Optimizer optimizer_{RMSprop{.momentum = 0.5}, {.check_finite = true}};
  std::int64_t steps_ = 1;
};

TEST_F(StepError, UnknownParameter) {
  EXPECT_THAT(error_of_step({{"a", ga_}, {"c", gb_}}), HasSubstr("\"c\""));
  EXPECT_THAT(error_of_step({{"a", ga_}, {Handle{9}, gb_}}), HasSubstr("9"));
}

TEST_F(StepError, TwoGradientsForOne) {
  EXPECT_THAT(error_of_step({{"a", ga_}, {optimizer_.find("a"), ga_}}), AllOf(HasSubstr("two"), HasSubstr("\"a\"")));
}

TEST_F(StepError, OtherTypeOrLength) {
  EXPECT_THAT(error_of_step({{"b", gb_}, {"a", gb_}}), AllOf(HasSubstr("\"a\""), HasSubstr("f64"), HasSubstr("f32")));
  const std::vector<float> five(5);
  EXPECT_THAT(error_of_step({{"b", gb_}, {"a", five}}), AllOf(HasSubstr("\"a\""), HasSubstr("5"), HasSubstr("6")));
}

TEST_F(StepError, MemoryOfAParameter) {
  EXPECT_THAT(error_of_step({{"b", gb_}, {"a", a_}}), HasSubstr("\"a\""));
  EXPECT_THAT(error_of_step({{"a", ga_}, {"b", b_}}), HasSubstr("\"b\""));
  const std::int64_t row = 0;
  EXPECT_THAT(error_of_step({{"a", Rows<float>{{&row, 1}, std::span(a_).first(2)}}}), HasSubstr("\"a\""));
}

TEST_F(StepError, AGradientThatBecameAParameter) {
  std::vector<float> memory = {1, 1, 1, 1, 1, 1};
  optimizer_.step({{"a", memory}});  // fine so far
  optimizer_.add("c", std::span(memory).subspan(2, 1));
  steps_ = 2;
  EXPECT_THAT(error_of_step({{"a", memory}}), HasSubstr("\"c\""));
}

TEST_F(StepError, NotFinite) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
    std::vector<float> gradient = ga_;
    gradient[4] = bad;
    EXPECT_THAT(error_of_step({{"b", gb_}, {"a", gradient}}), AllOf(HasSubstr("\"a\""), HasSubstr("4")));
    try {
      optimizer_.step({{"b", gb_}, {"a", gradient}});
    } catch (const NonFiniteError& error) {
      EXPECT_EQ(error.parameter(), "a");
    }
    const std::vector<std::int64_t> rows = {2};
    EXPECT_THAT(error_of_step({{"b", gb_}, {"a", Rows<float>{rows, std::span(gradient).last(2)}}}), HasSubstr("\"a\""));
  }
}

TEST_F(StepError, Rows) {
  const std::vector<float> four = {1, 1, 1, 1};
  const auto rows = [&](std::vector<std::int64_t> indices, std::span<const float> values) {
    return error_of_step({{"b", gb_}, {"a", Rows<float>{indices, values}}});
  };
  EXPECT_THAT(rows({0, 3}, four), AllOf(HasSubstr("\"a\""), HasSubstr("row 3"), HasSubstr("2")));
  EXPECT_THAT(rows({0, -1}, four), AllOf(HasSubstr("\"a\""), HasSubstr("row -1")));
  EXPECT_THAT(rows({0, std::numeric_limits<std::int64_t>::max()}, four), HasSubstr("9223372036854775807"));
  EXPECT_THAT(rows({0, 1, 2}, four), AllOf(HasSubstr("\"a\""), HasSubstr("4"), HasSubstr("3")));
  EXPECT_THAT(rows({0}, four), AllOf(HasSubstr("\"a\""), HasSubstr("4"), HasSubstr("6")));
  EXPECT_THAT(rows({}, four), HasSubstr("\"a\""));
  EXPECT_THAT(rows({0}, {}), HasSubstr("\"a\""));
  const std::vector<double> two = {1, 1};
  const std::vector<std::int64_t> first = {0};
  EXPECT_THAT(error_of_step({{"a", thalweg::Rows<double>{first, two}}}), AllOf(HasSubstr("f64"), HasSubstr("f32")));
}

TEST(Step, LargeGradientsAreFinite) {
  // Their squares overflow, which is no reason to refuse them.
  std::vector<float> a(5000), ga(5000, 1e30f);
  std::vector<double> b(5), gb(5, 1e300);
  Optimizer optimizer{SGD{.lr = 0}, {.check_finite = true}};
  optimizer.add("a", a);
  optimizer.add("b", b);
  optimizer.step({{"a", ga}, {"b", gb}});
  ga[4321] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(error_of([&] { optimizer.step({{"a", ga}, {"b", gb}}); }), HasSubstr("4321"));
}

TEST(Step, WithoutTheCheckNonFiniteGoesThrough) {
  std::vector<float> a = {1, 1}, gradient = {std::numeric_limits<float>::quiet_NaN(), 1};
  Optimizer optimizer{SGD{.lr = 1}};
  optimizer.add("a", a);
  optimizer.step({{"a", gradient}});
  EXPECT_TRUE(std::isnan(a[0]));
  EXPECT_EQ(a[1], 0);
}

TEST(Step, RowsEqualTheDenseGradient) {
  for (const Options& options : {Options(SGD{.lr = 0.5, .momentum = 0.5}), Options(RMSprop{.momentum = 0.5}),
                                 Options(Adam{.weight_decay = 0.5}), Options(Nadam{})}) {
    std::vector<float> dense = {1, 2, 3, 4, 5, 6}, sparse = dense;
    Optimizer a(options), b(options);
    a.add("table", dense);
    b.add("table", sparse);
    const std::vector<std::int64_t> indices = {2, 0, 2};
    const std::vector<float> values = {1, 2, 8, 16, 32, 64};
    const std::vector<float> same = {8, 16, 0, 0, 33, 66};
    for (int step = 0; step < 3; ++step) {
      a.step({{"table", same}});
      b.step({{"table", Rows<float>{indices, values}}});
      EXPECT_EQ(dense, sparse) << options.text();
    }
    a.step({{"table", std::vector<float>(6)}});
    b.step({{"table", Rows<float>{}}});
    EXPECT_EQ(dense, sparse) << options.text() << ", no rows";
    EXPECT_EQ(b.step_number(b.find("table")), 4);
  }
}

TEST(Step, NumbersCountPerParameterOrForAll) {
  const std::vector<double> gradient = {1};
  for (const StepCount count : {StepCount::per_parameter, StepCount::shared}) {
    const bool shared = count == StepCount::shared;
    std::vector<double> a = {0}, b = {0}, c = {0};
    Optimizer optimizer(Adam{.lr = 1, .beta1 = 0.5, .beta2 = 0.75, .eps = 0}, {.step_count = count});
    const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b);
    optimizer.step({{ha, gradient}});
    optimizer.step({});
    optimizer.step({{ha, gradient}, {hb, gradient}});
    EXPECT_EQ(optimizer.step_number(ha), shared ? 3 : 2);
    EXPECT_EQ(optimizer.step_number(hb), shared ? 3 : 1);
    // b's first step: m = ½, v = ¼, over 1 − ½ᵗ and 1 − ¾ᵗ.
    const double t = shared ? 3 : 1;
    const double expected = -(0.5 / (1 - std::pow(0.5, t))) / std::sqrt(0.25 / (1 - std::pow(0.75, t)));
    EXPECT_NEAR(b[0], expected, 1e-14);
    const Handle hc = optimizer.add("c", c);
    EXPECT_EQ(optimizer.step_number(hc), shared ? 3 : 0);
  }
}

TEST(Step, AParameterWithoutAGradientStandsStill) {
  std::vector<float> a = {1}, b = {1}, gradient = {1};
  Optimizer optimizer{RMSprop{.momentum = 0.9, .weight_decay = 0.5}};
  const Handle ha = optimizer.add("a", a), hb = optimizer.add("b", b);
  optimizer.step({{ha, gradient}, {hb, gradient}});
  const std::vector<float> before = everything<float>(optimizer, hb, b);
  optimizer.step({{ha, gradient}});
  EXPECT_EQ(everything<float>(optimizer, hb, b), before);
}

TEST(Step, OptionsMayChangeAtAnyTime) {
  std::vector<double> a = {0}, gradient = {1};
  Optimizer optimizer{SGD{.lr = 1}};
  const Handle handle = optimizer.add("a", a);
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "b"), IsEmpty());
  optimizer.set("momentum", 0.5);  // its column begins at 0
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "b"), ElementsAre(1));
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "b"), ElementsAre(1.5));
  optimizer.set("lr", 0.25);
  optimizer.step({{handle, gradient}});
  EXPECT_EQ(a[0], -1 - 1 - 1.5 - 0.25 * 1.75);
  EXPECT_EQ(optimizer.step_number(handle), 4);
}

// Columns ---------------------------------------------------------------------------------------------------------

TEST(Columns, CanBeReadAndWritten) {
  std::vector<double> a = {0, 0}, gradient = {0, 0};
  Optimizer optimizer{SGD{.lr = 1, .momentum = 0.5}};
  const Handle handle = optimizer.add("a", a);
  optimizer.step({{handle, gradient}});
  const std::span<double> b = optimizer.column<double>(handle, "b");
  ASSERT_EQ(b.size(), 2u);
  b[1] = 8;
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(a, ElementsAre(0, -4));
}

TEST(Columns, Errors) {
  std::vector<double> a = {0};
  Optimizer optimizer{RMSprop{}};
  const Handle handle = optimizer.add("a", a);
  EXPECT_THAT(error_of([&] { (void)optimizer.column<double>(handle, "w"); }),
              AllOf(HasSubstr("\"w\""), HasSubstr("rmsprop"), HasSubstr("v")));
  EXPECT_THAT(error_of([&] { (void)optimizer.column<float>(handle, "v"); }), AllOf(HasSubstr("f64"), HasSubstr("f32")));
  EXPECT_THAT(optimizer.column<double>(handle, "m"), IsEmpty());
}

TEST(Columns, Bytes) {
  std::vector<float> a(10), ga(10);
  std::vector<double> b(10), gb(10);
  Optimizer optimizer{RMSprop{.momentum = 0.5, .centered = true}};
  optimizer.add("a", a);
  const Handle hb = optimizer.add("b", b);
  optimizer.step({{"a", ga}, {"b", gb}});
  EXPECT_EQ(optimizer.state_bytes(), 3 * 10 * (sizeof(float) + sizeof(double)));
  optimizer.remove(hb);
  EXPECT_EQ(optimizer.state_bytes(), 3 * 10 * sizeof(float));
}

TEST(Columns, FirstValuesAreTheOptions) {
  std::vector<double> a = {0}, gradient = {0};
  Optimizer optimizer{RMSprop{.alpha = 0.5, .initial_accumulator_value = 3}};
  const Handle handle = optimizer.add("a", a);
  optimizer.step({{handle, gradient}});
  EXPECT_THAT(optimizer.column<double>(handle, "v"), ElementsAre(1.5));
}

}  // namespace
}  // namespace thalweg::tests
