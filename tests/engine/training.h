// Training: two parameters of both types under one rule, with gradients that depend on the step alone.
#pragma once

#include "engine/numbers.h"

#include <thalweg/optimizer.h>
#include <thalweg/safetensors.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace thalweg::tests {

/// The second parameter is in a group of its own, and has no gradient in every third step.
struct Training {
  explicit Training(const Options& options, bool reversed = false, StepCount count = StepCount::per_parameter)
      : optimizer(options, {.step_count = count}, {.threads = 1}) {
    optimizer.add_group("second", options);
    const auto add_a = [&] { optimizer.add("a", a); };
    const auto add_b = [&] { optimizer.add("b", b, optimizer.group("second")); };
    if (reversed) add_b();
    add_a();
    if (!reversed) add_b();
  }

  void step(std::uint32_t number) {
    const std::vector<float> ga = random_numbers<float>(a.size(), 3, "a", number);
    const std::vector<double> gb = random_numbers<double>(b.size(), 3, "b", number);
    optimizer.set("lr", number % 2 == 0 ? 0.02 : 0.05);
    if (number % 3 == 1) {
      optimizer.step({{"a", ga}});
    } else {
      optimizer.step({{"a", ga}, {"b", gb}});
    }
  }

  std::vector<std::byte> bytes() const { return safetensors::to_bytes(optimizer.state()); }

  std::vector<float> a = random_numbers<float>(37, 3, "a");
  std::vector<double> b = random_numbers<double>(19, 3, "b");
  Optimizer optimizer;
};

inline Training stepped(const Options& options) {
  Training run(options);
  run.step(0);
  return run;
}

}  // namespace thalweg::tests
