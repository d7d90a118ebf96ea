// Averages of the parameters: when they are taken and with which share, and the exchange with the parameters.
#include "step/passes.h"
#include "text.h"

#include <thalweg/error.h>
#include <thalweg/power.h>

#include <algorithm>
#include <string>

namespace thalweg {
namespace {

/// w in a ← (1 − w) a + w θ of a parameter's `number`-th average, counted from 1.
double share_of(const Average& average, std::int64_t number) {
  if (average.kind == AverageKind::mean) return 1 / static_cast<double>(number);
  if (number == 1) return 1;
  return average.bias_correction ? (1 - average.decay) / (1 - power(average.decay, number)) : 1 - average.decay;
}

}  // namespace

std::string_view to_string(AverageKind kind) {
  switch (kind) {
    case AverageKind::none:
      return "none";
    case AverageKind::ema:
      return "ema";
    case AverageKind::mean:
      return "mean";
  }
  return "unknown";
}

void check(const Average& average) {
  const auto fail = [&](const char* name, const std::string& value, const char* allowed) {
    throw Error(std::string(name) + " = " + value + " is outside " + allowed);
  };
  const double decay = average.decay;
  if (!(decay >= 0 && decay <= 1)) fail("decay of the average", to_text(decay), "[0, 1]");
  if (average.bias_correction && decay == 1) fail("decay of the average with bias correction", "1", "[0, 1)");
  if (average.start < 1) fail("start of the average", std::to_string(average.start), "[1, ∞)");
  if (average.every < 1) fail("every of the average", std::to_string(average.every), "[1, ∞)");
  if (average.overwrite_every < 0) {
    fail("overwrite_every of the average", std::to_string(average.overwrite_every), "[0, ∞)");
  }
}

bool Optimizer::Impl::averages_now() const {
  const Average& average = settings.average;
  const std::int64_t since = steps + 1 - average.start;
  return average.kind != AverageKind::none && since >= 0 && since % average.every == 0;
}

/// Adds the parameters without a gradient to the tasks, and gives all their shares.
void Optimizer::Impl::plan_averages() {
  for (std::uint32_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = parameters[i];
    if (!parameter.alive || parameter.last_step == serial || parameter.data == nullptr) continue;
    tasks.push_back({.parameter = i});
    sizes.push_back(parameter.size);
  }
  std::int64_t number = 0;  // most parameters have been averaged equally often
  double share = 0;
  for (Task& task : tasks) {
    Parameter& parameter = parameters[task.parameter];
    if (parameter.averaged >= kMostSteps) {
      throw Error("step: " + in_quotes(records[task.parameter].name) + " has been averaged " +
                  std::to_string(parameter.averaged) + " times, the most");
    }
    if (parameter.average == nullptr) {
      const std::size_t bytes = std::max<std::size_t>(1, parameter.size * bytes_of(parameter.precision));
      records[task.parameter].average = make_buffer(bytes);
      std::fill_n(records[task.parameter].average.get(), bytes, std::byte{0});
      parameter.average = records[task.parameter].average.get();
    }
    if (parameter.averaged + 1 != number) {
      number = parameter.averaged + 1;
      share = share_of(settings.average, number);
    }
    task.averages = true;
    task.average_share = share;
  }
}

void Optimizer::Impl::check_not_swapped(std::string_view what) const {
  if (!averages_are_swapped) return;
  throw Error(std::string(what) + ": the parameters hold their averages; swap_averages() first");
}

void Optimizer::Impl::swap_averages() {
  const auto has_average = [](const Parameter& parameter) {
    return parameter.alive && parameter.size > 0 && parameter.averaged > 0;
  };
  if (settings.average.kind == AverageKind::none && std::none_of(parameters.begin(), parameters.end(), has_average)) {
    throw Error("swap_averages: the optimizer keeps no averages; Settings::average says which to keep");
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].alive && parameters[i].size > 0 && parameters[i].data == nullptr) {
      throw Error("swap_averages: " + in_quotes(records[i].name) + " is unbound; rebind it first");
    }
  }
  for (const Parameter& parameter : parameters) {
    if (!parameter.alive || parameter.averaged == 0) continue;
    auto* theta = static_cast<std::byte*>(parameter.data);
    auto* average = static_cast<std::byte*>(parameter.average);
    std::swap_ranges(theta, theta + parameter.size * bytes_of(parameter.precision), average);
  }
  averages_are_swapped = !averages_are_swapped;
}

void Optimizer::set_average(const Average& average) {
  check(average);
  impl_->settings.average = average;
}

template <Element T>
std::span<T> Optimizer::average(Handle handle) {
  const std::uint32_t index = impl_->index_of(handle);
  impl_->check_type<T>(index, "average");
  const Parameter& parameter = impl_->parameters[index];
  return {static_cast<T*>(parameter.average), parameter.averaged == 0 ? 0 : parameter.size};
}

template std::span<float> Optimizer::average<float>(Handle);
template std::span<double> Optimizer::average<double>(Handle);

void Optimizer::swap_averages() { impl_->swap_averages(); }
bool Optimizer::averages_are_swapped() const { return impl_->averages_are_swapped; }

}  // namespace thalweg
