// Parameters and groups of an optimizer: names, memory, options, and what is said about every misuse.
#include "error_of.h"

#include <thalweg/optimizer.h>
#include <thalweg/rules/adam.h>
#include <thalweg/rules/rmsprop.h>
#include <thalweg/rules/sgd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

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

TEST(Optimizer, NamesAreUtf8) {
  std::vector<float> a(1);
  Optimizer optimizer{SGD{}};
  EXPECT_THAT(error_of([&] { optimizer.add("layer\xff", a); }), AllOf(HasSubstr("\"layer\\xff\""), HasSubstr("UTF-8")));
  EXPECT_THAT(error_of([&] { optimizer.add_group("\xc3(", SGD{}); }),
              AllOf(HasSubstr("\"\\xc3(\""), HasSubstr("UTF-8")));
  EXPECT_EQ(optimizer.size(), 0u);
  EXPECT_EQ(optimizer.group_count(), 1u);
  optimizer.add("Größe", a);
  (void)safetensors::to_bytes(optimizer.state());
}

TEST(Optimizer, ErrorsShowNamesHarmlesslyAndNotAtLength) {
  std::vector<float> a(1);
  Optimizer optimizer{SGD{}};
  optimizer.add("\x1b[2J\r\n", a);
  const auto is_harmless = [](const std::string& message) {
    return std::ranges::none_of(message, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  };
  for (const std::string& unknown : {std::string("\x1b]0;title\a"), std::string("x\n"), std::string(1 << 20, 'x')}) {
    for (const std::string& message :
         {error_of([&] { (void)optimizer.find(unknown); }), error_of([&] { (void)optimizer.group(unknown); }),
          error_of([&] { optimizer.set(unknown, 1); }), error_of([&] { (void)Options::of(unknown); }),
          error_of([&] { (void)parse_options("sgd:" + unknown); }),
          error_of([&] { parse_options("sgd:lr=" + unknown); }),
          error_of([&] { optimizer.load(std::filesystem::path("/none/" + unknown.substr(0, 99))); }),
          error_of([&] { Optimizer(SGD{}, {}, {.backend = unknown}); })}) {
      EXPECT_TRUE(is_harmless(message)) << message;
      EXPECT_LT(message.size(), 700u);
    }
  }
}

/// Memory as Eigen's classes give it: data(), size() and strides, but no iterators.
struct Matrix {
  std::vector<double> elements;
  int rows, stride;

  double* data() { return elements.data(); }
  const double* data() const { return elements.data(); }
  std::ptrdiff_t size() const { return rows * (static_cast<int>(elements.size()) / stride); }
  std::ptrdiff_t innerSize() const { return rows; }
  std::ptrdiff_t innerStride() const { return 1; }
  std::ptrdiff_t outerSize() const { return static_cast<int>(elements.size()) / stride; }
  std::ptrdiff_t outerStride() const { return stride; }
};

TEST(Optimizer, TakesMemoryWithDataAndSize) {
  Matrix whole{{1, 2, 3, 4}, 2, 2}, part{{1, 2, 3, 4}, 1, 2};
  Optimizer optimizer{SGD{.lr = 1}};
  const Handle handle = optimizer.add("whole", whole);
  optimizer.step({{handle, Matrix{{1, 1, 1, 1}, 2, 2}}});
  EXPECT_THAT(whole.elements, ElementsAre(0, 1, 2, 3));
  optimizer.rebind(handle, whole);
  EXPECT_THAT(error_of([&] { optimizer.add("part", part); }), HasSubstr("one after another"));
  EXPECT_THAT(error_of([&] { Gradient("part", part); }), HasSubstr("one after another"));
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

TEST(Optimizer, UnbindKeepsTheStateAndFreesTheMemory) {
  std::vector<double> memory = {1, 1}, elsewhere = {0};
  const std::span<double> all(memory);
  Optimizer optimizer{SGD{.lr = 1, .momentum = 0.5}};
  const Handle a = optimizer.add("a", all.first(1)), b = optimizer.add("b", all.last(1));
  const std::vector<double> one = {1}, two = {2};
  optimizer.step({{a, one}, {b, two}});
  EXPECT_THAT(memory, ElementsAre(0, -1));
  // They exchange their memory, which neither could do while the other is bound.
  optimizer.unbind(a);
  optimizer.unbind(b);
  optimizer.unbind(b);  // it is free already
  EXPECT_THAT(error_of([&] { optimizer.step({{a, one}}); }), AllOf(HasSubstr("\"a\""), HasSubstr("rebind")));
  optimizer.rebind(a, all.last(1));
  optimizer.rebind(b, all.first(1));
  optimizer.step({{a, one}, {b, two}});
  EXPECT_THAT(memory, ElementsAre(0 - 3, -1 - 1.5));
  // Its old memory may be another's before it has a new place.
  optimizer.unbind(a);
  optimizer.add("c", all.last(1));
  optimizer.rebind(a, elsewhere);
  optimizer.step({{a, one}});
  EXPECT_THAT(elsewhere, ElementsAre(-1.75));
}

TEST(Optimizer, UnboundParametersAreSavedAndLoaded) {
  std::vector<float> memory = {1}, gradient = {1};
  Optimizer optimizer{SGD{.momentum = 0.5}};
  const Handle handle = optimizer.add("a", memory);
  optimizer.step({{handle, gradient}});
  const auto bound = safetensors::to_bytes(optimizer.state());
  optimizer.unbind(handle);
  EXPECT_EQ(safetensors::to_bytes(optimizer.state()), bound);
  optimizer.load(optimizer.state());
  EXPECT_EQ(optimizer.step_number(handle), 1);
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

TEST(Optimizer, HowStepsAreRunIsNoneOfItsDescriptionOrState) {
  const Execution execution{.report = Reporting::totals, .threads = 3, .backend = "reference"};
  Optimizer optimizer(Adam{}, {}, execution), other{Adam{}};
  const auto expect_kept = [&] {
    EXPECT_EQ(optimizer.execution().report, Reporting::parameters);
    EXPECT_EQ(optimizer.execution().threads, 3);
    EXPECT_EQ(optimizer.execution().backend, "reference");
  };
  optimizer.set_report(Reporting::parameters);
  expect_kept();
  other.set_clip({ClipBy::norm, 2});
  optimizer.load(other.state());
  EXPECT_EQ(optimizer.settings().clip.by, ClipBy::norm);
  expect_kept();
  const Optimizer again{optimizer.description()};
  EXPECT_EQ(again.execution().report, Reporting::none);
  EXPECT_EQ(again.execution().threads, 0);
  EXPECT_EQ(again.target(), cpu_targets().front());
}

TEST(Optimizer, ExecutionThatIsWrong) {
  EXPECT_THAT(error_of([] { Optimizer(SGD{}, {}, {.threads = -1}); }), AllOf(HasSubstr("threads"), HasSubstr("-1")));
  EXPECT_THAT(error_of([] { Optimizer(SGD{}, {}, {.backend = "AVX4"}); }), AllOf(HasSubstr("AVX4"), HasSubstr("AVX")));
  EXPECT_EQ(Optimizer(SGD{}).target(), cpu_targets().front());
  EXPECT_EQ(Optimizer(SGD{}, {}, {.backend = "reference"}).target(), "reference");
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

TEST(Groups, HaveALearningRateScale) {
  Optimizer optimizer{SGD{.lr = 0.5}};
  const Group slow = optimizer.add_group("slow", SGD{.lr = 0.25}, 0.5);
  EXPECT_EQ(optimizer.lr_scale(), 1);
  EXPECT_EQ(optimizer.lr_scale(slow), 0.5);
  EXPECT_EQ(optimizer.lr(slow), 0.25);  // the rate in force: nothing has been multiplied
  optimizer.set("lr", 3);
  EXPECT_EQ(optimizer.lr(), 3);
  EXPECT_EQ(optimizer.lr(slow), 1.5);
  optimizer.set(slow, "lr", 4);
  EXPECT_EQ(optimizer.lr(slow), 4);
  optimizer.set("momentum", 0.5);  // of lr alone
  EXPECT_EQ(optimizer.options(slow).get("momentum"), 0.5);
  optimizer.set_lr_scale({}, 2);
  optimizer.set_lr_scale(slow, 0);
  EXPECT_EQ(optimizer.lr(slow), 4);
  optimizer.set("lr", 1);
  EXPECT_EQ(optimizer.lr(), 2);
  EXPECT_EQ(optimizer.lr(slow), 0);
}

TEST(Groups, LearningRateScalesThatAreWrongChangeNothing) {
  const double infinity = std::numeric_limits<double>::infinity();
  Optimizer optimizer{SGD{.lr = 0.5}};
  const Group fast = optimizer.add_group("fast", SGD{.lr = 0.25}, 100);
  for (const double wrong : {-1.0, infinity, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(error_of([&] { optimizer.set_lr_scale(fast, wrong); }),
                AllOf(HasSubstr("\"fast\""), HasSubstr("lr_scale"), HasSubstr("[0, ")));
    EXPECT_THAT(error_of([&] { optimizer.add_group("new", SGD{}, wrong); }),
                AllOf(HasSubstr("\"new\""), HasSubstr("lr_scale"), HasSubstr("[0, ")));
  }
  EXPECT_THAT(error_of([&] { optimizer.set_lr_scale(Group{7}, 1); }), HasSubstr("7"));
  // The rate itself is allowed, its product is not.
  EXPECT_THAT(error_of([&] { optimizer.set("lr", 1e307); }),
              AllOf(HasSubstr("\"fast\""), HasSubstr("1e+307"), HasSubstr("100"), HasSubstr("inf")));
  EXPECT_THAT(error_of([&] { optimizer.set("lr", infinity); }), HasSubstr("lr = inf"));
  EXPECT_EQ(optimizer.group_count(), 2u);
  EXPECT_EQ(optimizer.lr_scale(fast), 100);
  EXPECT_EQ(optimizer.lr(), 0.5);
  EXPECT_EQ(optimizer.lr(fast), 0.25);
}

TEST(Groups, ErrorsChangeNothing) {
  std::vector<float> a(1);
  Optimizer optimizer{SGD{.lr = 0.5}};
  const Group slow = optimizer.add_group("slow", SGD{.lr = 0.25});
  EXPECT_THAT(error_of([&] { optimizer.add_group("slow", SGD{}); }), HasSubstr("\"slow\""));
  EXPECT_THAT(error_of([&] { optimizer.add_group("", SGD{}); }), HasSubstr("taken"));
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

}  // namespace
}  // namespace thalweg::tests
