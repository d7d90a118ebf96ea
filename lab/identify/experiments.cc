// Experiments: the run's own gradients, longer, scaled, with other rates and with gaps.
#include "identify/experiments.h"

#include "identify/model.h"

#include <algorithm>
#include <cmath>

namespace thalweg::lab::identify {
namespace {

constexpr std::size_t kElements = 16;
constexpr std::int64_t kFewSteps = 20, kMostSteps = 200;
constexpr double kClear = 1e-3;  // of the largest change in the same step

bool has_gradients(const Recording& recording) {
  return std::ranges::any_of(recording.gradients, [](const auto& gradient) {
    return gradient && std::ranges::any_of(*gradient, [](double g) { return g != 0; });
  });
}

/// The run's gradients, over and over, with a mark after every step; others, where they are all 0.
View longer_run(const Recording& recording, std::int64_t steps) {
  View view;
  const Part whole = whole_parameters(recording, kElements);
  const Part part = whole.elements.empty() ? diverse_elements(recording, kElements) : whole;
  const std::vector<std::size_t>& elements = part.elements;
  view.elements = elements.size();
  if (part.is_whole) view.shapes = shapes_of(recording, part);
  view.steps = steps;
  view.lrs = recording.lrs;
  const bool is_still = !has_gradients(recording);
  for (std::int64_t step = 0; step < steps; ++step) {
    view.marks.push_back({step, step + 1});
    std::vector<double>& gradient = view.gradients.emplace_back();
    const auto& recorded = recording.gradients[static_cast<std::size_t>(step) % recording.gradients.size()];
    for (const std::size_t i : elements) {
      view.before.push_back(recording.start[i]);
      if (is_still) {
        gradient.push_back(std::sin(2.1 * static_cast<double>(step + 1) + 1.7 * static_cast<double>(i)));
      } else if (recorded) {
        gradient.push_back((*recorded)[i]);
      }
    }
  }
  view.changes.assign(view.before.size(), 0);
  return view;
}

}  // namespace

std::vector<Experiment> experiments(const Recording& recording) {
  const auto steps = std::clamp<std::int64_t>(std::ssize(recording.gradients), 1, kMostSteps);
  const std::int64_t more = std::max(kFewSteps, std::min(2 * steps, kMostSteps));
  const View same = longer_run(recording, steps), longer = longer_run(recording, more);
  std::vector<Experiment> result;
  result.push_back({has_gradients(recording) ? "more steps" : "gradients that are not 0", longer});
  View rates = same;
  // It is for the experiment, not for the candidates, to say what the rate is then.
  rates.lrs[steps / 2 + 1] = rates.lrs.empty() ? 1e-3 : rates.lrs.rbegin()->second / 4;
  result.push_back({"a learning rate that changes on the way (told in lr_schedule)", rates});
  View sizes = longer;
  for (std::vector<double>& gradient : sizes.gradients) {
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      gradient[i] *= std::pow(10.0, -8 * static_cast<double>(i + 1) / static_cast<double>(gradient.size()));
    }
  }
  result.push_back({"gradients of very different size, some of them near 0", sizes});
  View shrinking = longer;
  for (std::size_t t = 0; t < shrinking.gradients.size(); ++t) {
    for (double& g : shrinking.gradients[t]) g *= std::pow(0.5, static_cast<double>(t));
  }
  result.push_back({"gradients that become much smaller on the way", shrinking});
  View gaps = longer;
  gaps.gradients[1].clear();
  result.push_back({"steps without a gradient (null)", gaps});
  return result;
}

Outcome outcome(const std::vector<Experiment>& experiments, const Options& options, StepCount step_count) {
  Outcome result;
  for (const Experiment& experiment : experiments) result.push_back(changes_of(experiment.view, options, step_count));
  return result;
}

bool is_clear(const Experiment& experiment, const std::vector<double>& a, const std::vector<double>& b) {
  const std::size_t elements = experiment.view.elements;
  for (std::size_t begin = 0; begin < a.size(); begin += elements) {
    double largest = 0, apart = 0;
    for (std::size_t k = begin; k < begin + elements; ++k) {
      largest = std::max({largest, std::abs(a[k]), std::abs(b[k])});
      apart = std::max(apart, std::abs(a[k] - b[k]));
    }
    if (apart > kClear * largest) return true;
  }
  return false;
}

bool is_clear(const std::vector<Experiment>& experiments, const Outcome& a, const Outcome& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (is_clear(experiments[i], a[i], b[i])) return true;
  }
  return false;
}

}  // namespace thalweg::lab::identify
