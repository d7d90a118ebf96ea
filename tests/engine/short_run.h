// Short runs of the engine on fixed inputs, for tests that compare runs with each other.
#pragma once

#include "engine/numbers.h"

#include <thalweg/optimizer.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace thalweg::tests {

inline constexpr std::uint64_t kRunSeed = 5;
inline constexpr std::size_t kRunElements = 200;
inline constexpr std::uint32_t kRunSteps = 7;  // after which RAdam's sample divides

/// Numbers for every element, step by step.
template <class T>
using Series = std::vector<std::vector<T>>;

/// Parameters in front of the first step; some are 0.
template <class T>
const std::vector<T>& run_start() {
  static const std::vector<T> numbers = random_numbers<T>(kRunElements, kRunSeed, "theta");
  return numbers;
}

/// No zeros among them.
template <class T>
const Series<T>& run_gradients() {
  static const Series<T> series = [] {
    Series<T> made;
    for (std::uint32_t step = 0; step < kRunSteps; ++step) {
      made.push_back(random_numbers<T>(kRunElements, kRunSeed, "gradient", step));
      for (T& x : made.back()) x = x == 0 ? T{1} : x;
    }
    return made;
  }();
  return series;
}

/// What a run leaves.
template <class T>
struct Outcome {
  std::vector<T> theta;
  std::map<std::string, std::vector<T>> columns;  ///< those in use
};

/// The parameter and its state after a step for each of the gradients.
template <class T>
Outcome<T> run(const Options& options, std::vector<T> theta, const Series<T>& gradients,
               const std::string& backend = "auto") {
  Optimizer optimizer(options, {}, {.threads = 1, .backend = backend});
  const Handle handle = optimizer.add("theta", theta);
  for (const std::vector<T>& gradient : gradients) optimizer.step({{handle, gradient}});
  Outcome<T> outcome;
  for (const std::string& name : column_names(optimizer)) {
    const std::span<T> column = optimizer.column<T>(handle, name);
    if (!column.empty()) outcome.columns[name].assign(column.begin(), column.end());
  }
  outcome.theta = std::move(theta);
  return outcome;
}

template <class T>
std::vector<T> scaled(std::vector<T> numbers, T factor) {
  for (T& x : numbers) x *= factor;
  return numbers;
}

template <class T>
Series<T> scaled(Series<T> series, T factor) {
  for (std::vector<T>& numbers : series) numbers = scaled(std::move(numbers), factor);
  return series;
}

}  // namespace thalweg::tests
