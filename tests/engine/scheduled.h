// Scheduled: an optimizer of three groups with a schedule, and the same one without, whose rates are set by hand.
#pragma once

#include "engine/numbers.h"

#include <thalweg/optimizer.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace thalweg::tests {

inline constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Gradients depend on the step alone. Three parameters in three groups: the first, one with another lr_scale, one with
/// a rate of its own.
struct Scheduled {
  explicit Scheduled(const Description& description) : optimizer(description, {.threads = 1}) { add_all(); }

  /// Groups by name instead of by pattern, and no schedule.
  static Scheduled by_hand(const Description& description) {
    Scheduled run(Description(description.options, description.settings), {});
    for (const GroupDescription& group : description.groups) {
      run.optimizer.add_group(group.pattern, description.options_of(group), group.lr_scale);
    }
    run.add_all(true);
    return run;
  }

  /// Every group's rate becomes its own times the factor.
  void set_rates(double factor) {
    if (rates.empty()) {
      for (std::uint32_t i = 0; i < optimizer.group_count(); ++i) rates.push_back(optimizer.lr(Group{i}));
    }
    for (std::uint32_t i = 0; i < rates.size(); ++i) optimizer.set(Group{i}, "lr", rates[i] * factor);
  }

  std::vector<Gradient> gradients(std::uint32_t number) {
    kept.clear();
    for (auto& [name, values] : parameters) kept[name] = random_numbers<double>(values.size(), 5, name, number);
    return {{"a.weight", kept["a.weight"]}, {"a.bias", kept["a.bias"]}, {"head", kept["head"]}};
  }
  const StepReport& step(std::uint32_t number) { return optimizer.step(gradients(number)); }
  const StepReport& step_with_nan(std::uint32_t number) {
    std::vector<Gradient> all = gradients(number);
    kept["a.bias"][1] = kNan;
    return optimizer.step(all);
  }

  std::vector<std::byte> bytes() const { return safetensors::to_bytes(optimizer.state()); }
  /// Parameters and columns, without rates and schedules.
  std::vector<std::vector<std::byte>> numbers() const {
    std::vector<std::vector<std::byte>> all;
    for (const auto& [name, values] : parameters) {
      const auto bytes = std::as_bytes(std::span(values));
      all.emplace_back(bytes.begin(), bytes.end());
    }
    for (const auto& [name, tensor] : optimizer.state().tensors) all.push_back(tensor.data);
    return all;
  }

  std::map<std::string, std::vector<double>> parameters = {{"a.weight", random_numbers<double>(12, 5, "w")},
                                                           {"a.bias", random_numbers<double>(5, 5, "b")},
                                                           {"head", random_numbers<double>(6, 5, "h")}};
  std::map<std::string, std::vector<double>> kept;
  std::vector<double> rates;
  Optimizer optimizer;

 private:
  Scheduled(const Description& description, std::nullptr_t) : optimizer(description, {.threads = 1}) {}

  void add_all(bool by_hand = false) {
    const bool grouped = by_hand && optimizer.group_count() > 2;
    const auto in = [&](const char* name) {
      return grouped ? std::optional(optimizer.group(name)) : std::optional<Group>();
    };
    optimizer.add("a.weight", parameters["a.weight"], {4, 3});
    optimizer.add("a.bias", parameters["a.bias"], in("*.bias"));
    optimizer.add("head", parameters["head"], {2, 3}, in("he?d"));
  }
};

inline Description grouped(const Options& options, const std::string& schedule, const Settings& settings = {}) {
  return {options,
          settings,
          schedule.empty() ? std::nullopt : std::optional(parse_schedule(schedule)),
          {{.pattern = "*.bias", .rule = "", .lr_scale = 0.3},
           {.pattern = "he?d", .rule = "", .options = {{"lr", 0.07}}, .lr_scale = 3}}};
}

inline const std::vector<std::string> kSchedules = {
    "cosine:steps=9,warmup=3", "linear:start=0.1,end=1,steps=4,then=exponential:gamma=0.7",
    "step:every=1,gamma=0.5,interval=epoch", "piecewise_constant:boundaries=1/3,values=1/0/0.25"};

}  // namespace thalweg::tests
