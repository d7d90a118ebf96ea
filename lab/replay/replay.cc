// Replay: runs a recorded case on the engine and compares.
#include "replay/replay.h"

#include <thalweg/optimizer.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

namespace thalweg::lab {
namespace {

/// The recorded case on the engine, in type T.
template <class T>
class Run {
 public:
  explicit Run(const ReplayCase& recorded)
      : recorded_(recorded),
        theta_(recorded.start.begin(), recorded.start.end()),
        optimizer_(recorded.optimizer, {.threads = 1}) {
    if (recorded.optimizer.schedule && recorded.optimizer.schedule->needs_length()) {
      optimizer_.set_run_length({.steps = std::ssize(recorded.gradients)});
    }
    std::size_t begin = 0;
    for (const Shape& shape : recorded.shapes) {
      const std::size_t length = shape.elements();
      handles_.push_back(
          optimizer_.add(recorded.names[handles_.size()], std::span(theta_).subspan(begin, length), shape));
      begin += length;
    }
  }

  /// Step `number`, counted from 1.
  void step(std::int64_t number) {
    if (const auto lr = recorded_.lrs.find(number); lr != recorded_.lrs.end()) optimizer_.set("lr", lr->second);
    const auto index = static_cast<std::size_t>(number - 1);
    const std::optional<double> loss = recorded_.losses.empty() ? std::nullopt : recorded_.losses[index];
    if (!recorded_.gradients[index]) {
      optimizer_.step({}, loss);
      return;
    }
    const std::vector<T> gradient(recorded_.gradients[index]->begin(), recorded_.gradients[index]->end());
    if (recorded_.row_width > 0) return step_on_rows(gradient, recorded_.rows[index], loss);
    std::vector<Gradient> gradients;
    std::size_t begin = 0;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
      const std::size_t length = recorded_.parameters[i];
      const std::vector<std::size_t>& without = recorded_.without[index];
      if (std::ranges::find(without, i) == without.end()) {
        gradients.emplace_back(handles_[i], std::span<const T>(gradient).subspan(begin, length));
      }
      begin += length;
    }
    optimizer_.step(gradients, loss);
  }

  std::vector<double> theta() const { return {theta_.begin(), theta_.end()}; }

  /// Empty before the first average.
  std::vector<double> average() {
    std::vector<double> all;
    for (const Handle handle : handles_) {
      const std::span<const T> one = optimizer_.average<T>(handle);
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  }

 private:
  void step_on_rows(const std::vector<T>& gradient, const std::vector<std::int64_t>& rows, std::optional<double> loss) {
    std::vector<T> values;
    for (const std::int64_t row : rows) {
      const auto first = gradient.begin() + row * static_cast<std::int64_t>(recorded_.row_width);
      values.insert(values.end(), first, first + static_cast<std::int64_t>(recorded_.row_width));
    }
    optimizer_.step({{handles_.front(), Rows<T>{rows, values}}}, loss);
  }

  const ReplayCase& recorded_;
  std::vector<T> theta_;
  Optimizer optimizer_;
  std::vector<Handle> handles_;
};

double relative_error(double ours, double expected, double largest) {
  if (ours == expected || (std::isnan(ours) && std::isnan(expected))) return 0;
  const double error = std::abs(ours - expected) / std::max(std::abs(expected), 1e-3 * largest);
  return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

void compare(ReplayResult& result, std::int64_t step, const std::vector<double>& ours,
             const std::vector<double>& expected) {
  double largest = 0;
  for (const double x : expected) largest = std::max(largest, std::abs(x));
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const double error = relative_error(ours[i], expected[i], largest);
    if (result.max_relative_error && error <= *result.max_relative_error) continue;
    result.max_relative_error = error;
    result.worst_step = step;
    result.worst_index = i;
  }
}

template <class T>
ReplayResult replay_as(const ReplayCase& recorded) {
  Run<T> run(recorded);
  ReplayResult result;
  result.steps = std::ssize(recorded.gradients);
  for (std::int64_t step = 0; step <= result.steps; ++step) {
    if (step > 0) run.step(step);
    const auto expected = recorded.expected.find(step);
    const bool is_expected = expected != recorded.expected.end();
    if (!is_expected && (step == 0 || !recorded.expected.empty())) continue;
    const std::vector<double>& theta = result.theta[step] = run.theta();
    if (is_expected) compare(result, step, theta, expected->second);
  }
  result.average = run.average();
  if (recorded.expected_average) {
    if (result.average.empty()) result.average.assign(recorded.start.size(), std::nan(""));  // none was taken
    compare(result, result.steps, result.average, *recorded.expected_average);
  }
  return result;
}

}  // namespace

ReplayResult replay(const ReplayCase& recorded) {
  return recorded.is_float64 ? replay_as<double>(recorded) : replay_as<float>(recorded);
}

}  // namespace thalweg::lab
