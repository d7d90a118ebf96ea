// Whatever has been done to an optimizer, one that is made from its description, with parameters of the same names, has
// the same groups and steps to the same bits.
#include "engine/samples.h"

#include <thalweg/description.h>
#include <thalweg/error.h>
#include <thalweg/optimizer.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace thalweg::tests {
namespace {

/// A random optimizer and what has been done to it, reproducible by its number.
class Changed {
 public:
  explicit Changed(std::uint64_t number) : random_(number), optimizer(description(), {.threads = 1}) {
    const std::size_t count = 1 + below(5);
    while (memory.size() < count) add();
    for (std::size_t i = below(8); i > 0; --i) change();
  }

  std::size_t below(std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_); }
  double number() { return std::uniform_real_distribution<double>(0.01, 1)(random_); }

  /// The same gradients for both.
  std::map<std::string, std::vector<float>> gradients() {
    std::map<std::string, std::vector<float>> result;
    for (const Handle handle : optimizer.handles()) {
      if (below(4) == 0) continue;
      for (int i = 0; i < 4; ++i) result[optimizer.name(handle)].push_back(static_cast<float>(number() - 0.5));
    }
    return result;
  }

 private:
  template <std::size_t n>
  const char* one_of(const char* const (&texts)[n]) {
    return texts[below(n)];
  }
  std::string name() {
    static const char* const kFirst[] = {"a", "b", "body", "a*", "w[0]", "\u00e9"};
    static const char* const kLast[] = {".weight", ".bias", ".bias", "", ".?", "\\"};
    return std::string(one_of(kFirst)) + std::to_string(below(3)) + one_of(kLast);
  }
  Options options(const char* rule = nullptr) {
    static const char* const kRules[] = {"sgd", "sgd", "adam", "adamw", "rmsprop", "lion"};
    Options result = Options::of(rule != nullptr ? rule : one_of(kRules));
    result.set("lr", number());
    if (below(2) == 0) result.set("weight_decay", number());
    return result;
  }
  double scale() { return below(2) == 0 ? 1 : below(8) == 0 ? 0 : 2 * number(); }

  Description description() {
    static const char* const kAround[] = {"",
                                          " clip=norm:0.5",
                                          " average=ema:0.9 check=guard",
                                          " accumulation=2",
                                          " step_count=shared schedule=step:every=2,gamma=0.7",
                                          " schedule=cosine:steps=9,warmup=3",
                                          " check=guard loss_scale=dynamic:initial=4"};
    static const char* const kGroups[] = {"", "", " group[*.bias]=lr_scale=0.3", " group[a*]=lr=0.25,lr_scale=0.7",
                                          " group[*.bias]=lion:lr=0.1 group[b?.*]=weight_decay=0.5"};
    return parse_description(options().text() + one_of(kAround) + one_of(kGroups));
  }

  void add() {
    std::string its = name();
    while (memory.contains(its)) its += "x";
    if (below(4) == 0) {
      const std::string group = "group" + std::to_string(optimizer.group_count());
      optimizer.add_group(group, options(), scale());
    }
    std::vector<float>& numbers = memory[its];
    for (int i = 0; i < 4; ++i) numbers.push_back(static_cast<float>(number()));
    optimizer.add(its, numbers, below(3) == 0 ? std::optional(group()) : std::nullopt);
  }

  Group group() { return {static_cast<std::uint32_t>(below(optimizer.group_count()))}; }

  void change() {
    const std::vector<Handle> handles = optimizer.handles();
    const Handle handle = handles[below(handles.size())];
    const Group its = group();
    switch (below(8)) {
      case 0:
        return optimizer.move(handle, its);
      case 1:
        return optimizer.set("lr", number());
      case 2:
        return optimizer.set(its, "lr", number());
      case 3:
        return optimizer.set_options(its, options(std::string(optimizer.options(its).rule().name).c_str()));
      case 4:
        return optimizer.set_lr_scale(its, scale());
      case 5:
        return optimizer.set_clip({ClipBy::value, number()});
      case 6:
        return optimizer.set_average({.kind = AverageKind::mean});
      default:
        if (handles.size() == 1) return;
        memory.erase(optimizer.name(handle));
        return optimizer.remove(handle);
    }
  }

  std::mt19937_64 random_;

 public:
  std::map<std::string, std::vector<float>> memory;  // its elements stay where they are
  Optimizer optimizer;
};

std::vector<Gradient> listed(const std::map<std::string, std::vector<float>>& gradients) {
  std::vector<Gradient> result;
  for (const auto& [name, numbers] : gradients) result.emplace_back(name, numbers);
  return result;
}

TEST(OptimizerDescription, MadeAgainStepsTheSame) {
  int stepped = 0;
  for (std::uint64_t number = 0; number < 1000; ++number) {
    Changed changed(number);
    const Description description = changed.optimizer.description();
    SCOPED_TRACE(std::to_string(number) + ": " + description.text());
    EXPECT_EQ(parse_description(description.text()).groups, description.groups);
    Optimizer again(description, {.threads = 1});
    std::map<std::string, std::vector<float>> memory = changed.memory;
    for (const Handle handle : changed.optimizer.handles()) {
      const std::string& name = changed.optimizer.name(handle);
      const Group group = again.group_of(again.add(name, memory.at(name))), its = changed.optimizer.group_of(handle);
      ASSERT_EQ(again.options(group), changed.optimizer.options(its)) << name;
      ASSERT_EQ(again.lr_scale(group), changed.optimizer.lr_scale(its)) << name;
    }
    for (int step = 0; step < 4; ++step) {
      const auto gradients = changed.gradients();
      std::string first, second;
      const auto take = [&](Optimizer& optimizer, std::string& refused) {
        try {
          optimizer.step(listed(gradients));
          ++stepped;
        } catch (const Error& error) {  // a pattern that fits nothing yet
          refused = error.what();
        }
      };
      take(changed.optimizer, first);
      take(again, second);
      ASSERT_EQ(first, second);
      ASSERT_EQ(changed.memory, memory);
    }
  }
  EXPECT_GT(stepped, 5000);
}

}  // namespace
}  // namespace thalweg::tests
