// Model: runs the engine from mark to mark of a recording.
#include "identify/model.h"

#include "replay/replay.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>

namespace thalweg::lab::identify {
namespace {

// A step of few elements costs as much as one of this many.
constexpr std::int64_t kStepOverhead = 32;

/// Takes what a run of this view costs, in steps times elements, off its budget.
void spend(const View& view) {
  if (view.budget == nullptr) return;
  *view.budget -= view.steps * (kStepOverhead + static_cast<std::int64_t>(view.elements));
  if (*view.budget < 0) throw CutShort();
}

bool lacks_gradient(const View& view, std::int64_t step, std::size_t parameter) {
  if (view.without.empty()) return false;
  const std::vector<std::size_t>& without = view.without[static_cast<std::size_t>(step - 1)];
  return std::ranges::find(without, parameter) != without.end();
}

}  // namespace

std::vector<double> changes_of(const View& view, const Options& options, StepCount step_count) {
  spend(view);
  std::vector<double> theta(view.elements), result;
  result.reserve(view.changes.size());
  Optimizer optimizer(options, {.step_count = step_count}, {.threads = 1, .backend = "reference"});
  std::vector<Handle> handles;
  std::vector<std::size_t> lengths;
  std::size_t end = 0;
  const std::vector<Shape> one{{static_cast<std::int64_t>(view.elements)}};
  for (const Shape& shape : view.shapes.empty() ? one : view.shapes) {
    lengths.push_back(shape.elements());
    handles.push_back(
        optimizer.add("theta" + std::to_string(handles.size()), std::span(theta).subspan(end, lengths.back()), shape));
    end += lengths.back();
  }
  std::vector<Gradient> gradients;
  std::size_t mark = 0;
  for (std::int64_t step = 1; step <= view.steps; ++step) {
    const double* const before = view.before.data() + mark * view.elements;
    if (view.marks[mark].from == step - 1) std::copy_n(before, view.elements, theta.begin());
    if (const auto lr = view.lrs.find(step); lr != view.lrs.end()) optimizer.set("lr", lr->second);
    const std::vector<double>& gradient = view.gradients[static_cast<std::size_t>(step - 1)];
    gradients.clear();
    for (std::size_t i = 0, begin = 0; i < handles.size() && !gradient.empty(); begin += lengths[i++]) {
      if (lacks_gradient(view, step, i)) continue;
      gradients.emplace_back(handles[i], std::span<const double>(gradient).subspan(begin, lengths[i]));
    }
    optimizer.step(gradients);
    if (view.marks[mark].to != step) continue;
    for (std::size_t i = 0; i < view.elements; ++i) result.push_back(theta[i] - before[i]);
    ++mark;
  }
  return result;
}

double replay_error(const Recording& recording, const Options& options, StepCount step_count) {
  ReplayCase replayed{recording, {options, {.step_count = step_count}}, {}};
  replayed.row_width = 0;  // rows give the dense numbers
  return replay(replayed).max_relative_error.value_or(0);
}

Misfit misfit(const View& view, const std::vector<double>& changes) {
  Misfit result;
  const double floor = 1e-3 * std::ranges::max(view.typical);
  for (std::size_t k = 0; k < changes.size(); ++k) {
    const double error = changes[k] - view.changes[k];
    const double units = error / view.noise[k];
    result.mean_square += units * units;
    result.largest = std::max(result.largest, std::abs(units));
    const double typical = std::max(view.typical[k % view.elements], floor);
    if (error != 0) result.relative += (error / typical) * (error / typical);
  }
  result.mean_square /= static_cast<double>(changes.size());
  result.relative = std::sqrt(result.relative / static_cast<double>(changes.size()));
  if (std::isfinite(result.mean_square) && std::isfinite(std::ranges::max(view.typical))) return result;
  const double infinity = std::numeric_limits<double>::infinity();
  return {infinity, infinity, infinity};
}

}  // namespace thalweg::lab::identify
