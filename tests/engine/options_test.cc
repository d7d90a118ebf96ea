// Options and the descriptions of the rules: values, texts, ranges, and what is said about wrong ones.
#include "error_of.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/nadam.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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

}  // namespace
}  // namespace thalweg::tests
